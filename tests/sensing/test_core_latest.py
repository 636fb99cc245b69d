"""The newest reading of each point, against the obvious way of finding it."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoutu.sensing.core_latest import AHEAD_MS, TABLE_IDS, Latest
from shoutu.sensing.journal_records import Readings

T = 1_793_500_000_000
Row = tuple[int, int, int, float]
row = st.tuples(
    st.sampled_from([1, 2, 5, 9, 77]),
    st.one_of(st.integers(0, 20), st.sampled_from([-(10**11), AHEAD_MS + 30, 10**11])).map(lambda d: T + d),
    st.integers(0, 20).map(lambda d: T + d),
    st.floats(-5, 5),
)


def readings(rows: list[Row]) -> Readings:
    point, ts, received, value = zip(*rows, strict=True)
    return Readings(
        1, np.array(point, np.int32), np.array(ts), np.array(received), np.array(value), np.zeros(len(rows), np.uint8)
    )


@pytest.mark.parametrize("shift", [0, TABLE_IDS])
@given(batches=st.lists(st.lists(row, min_size=1, max_size=12), max_size=8))
def test_newest_by_event_time_the_last_of_equals(shift: int, batches: list[list[Row]]) -> None:
    latest = Latest()
    latest.points(np.array([1, 2, 5, 9]) + shift)
    plain: dict[int, tuple[int, Row]] = {}
    for i, batch in enumerate(batches):
        moved = [(p + shift, ts, received, value) for p, ts, received, value in batch]
        latest.update(readings(moved))
        for one in moved:
            at = one[2] if one[1] > one[2] + AHEAD_MS else one[1]
            if one[0] != 77 + shift and (one[0] not in plain or at >= plain[one[0]][0]):
                plain[one[0]] = (at, one)
        if i == 3:
            latest = Latest.load(b"".join(latest.dump()))
    for point in (1, 2, 5, 9, 77, 0, 3, 10**6):
        assert latest.get(point + shift) == told(plain.get(point + shift))


def told(kept: tuple[int, Row] | None) -> dict[str, Any] | None:
    if kept is None:
        return None
    _, ts, received, value = kept[1]
    return {"ts": ts, "received": received, "value": value, "quality": 0}


def test_points_come_and_go_and_keep_what_is_known() -> None:
    latest = Latest()
    latest.points(np.array([2, 5]))
    latest.update(readings([(2, T, T, 1.0), (5, T, T, 2.0)]))
    latest.points(np.array([1, 5, 9]))
    assert [latest.get(p) is not None for p in (1, 2, 5, 9)] == [False, False, True, False]
    assert latest.get(5) == {"ts": T, "received": T, "value": 2.0, "quality": 0}


def test_what_older_versions_kept_is_read() -> None:
    """Their columns, with the time by which a reading is the newest beside."""
    file = io.BytesIO()
    never = np.iinfo(np.int64).min
    np.savez(
        file, ids=np.array([2, 5]), at=np.array([T, never]), ts=np.array([T, 0]), received=np.array([T + 3, 0]),
        value=np.array([1.5, 0.0]), quality=np.array([4, 0], np.uint8),
    )  # fmt: skip
    latest = Latest.load(file.getvalue())
    assert latest.get(2) == {"ts": T, "received": T + 3, "value": 1.5, "quality": 4}
    assert latest.get(5) is None
    latest.update(readings([(5, T - 10**12, T, 2.0)]))
    newest = latest.get(5)
    assert newest is not None
    assert newest["value"] == 2.0


def test_a_dump_cut_short_is_refused_and_a_copy_stays_as_it_was() -> None:
    latest = Latest()
    latest.points(np.array([2, 5]))
    latest.update(readings([(2, T, T, 1.0)]))
    copied = latest.copy()
    latest.update(readings([(2, T + 1, T + 1, 2.0)]))
    latest.points(np.array([5]))
    told_copy = b"".join(copied.dump())
    newest = Latest.load(told_copy).get(2)
    assert newest is not None
    assert newest["value"] == 1.0
    with pytest.raises(ValueError, match="no whole number"):
        Latest.load(told_copy[:-1])
    assert Latest.load(b"".join(Latest().dump())).get(2) is None
