"""Forgetting raw readings: evidence and what is young stays, figures stay what they were, nothing goes uncounted."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoutu.sensing.store import Kept, Store, StoreSettings
from shoutu.sensing.store import manifest as manifests
from tests.sensing.store.plain import DAY, NOON, Plain, Row, expected, figures, offer, told

HOUR = 3_600_000
POINTS = (1, 2, 3)
WIDE = (NOON - 3 * DAY, NOON + 3 * DAY, 10**6)

stamps = st.integers(-DAY // 60_000, DAY // 60_000).map(lambda minute: NOON + minute * 60_000)
rows = st.builds(
    lambda point, ts, off, late, value: Row(point, ts + off, ts + off + late, value, 0),
    st.sampled_from(POINTS), stamps, st.sampled_from([0, 0, 17_000]), st.sampled_from([0, 500, 5 * HOUR]),
    st.sampled_from([1.0, 2.0, -3.5]),
)  # fmt: skip
spans = st.tuples(stamps, st.integers(1, 300)).map(lambda pair: (pair[0], pair[0] + pair[1] * 60_000))


def hours_of(start: int, end: int) -> tuple[int, int]:
    return start // HOUR * HOUR, -(-end // HOUR) * HOUR


@settings(max_examples=40, deadline=None)
@given(
    st.lists(rows, min_size=1, max_size=60), st.integers(1, 59), st.sampled_from([1, 5, 30, 71, 72]),
    st.lists(st.tuples(st.sampled_from(POINTS), spans), max_size=3), st.lists(spans, max_size=1),
    st.integers(0, 3 * DAY // HOUR), st.lists(rows, max_size=8),
)  # fmt: skip
def test_what_is_kept_or_young_stays_and_figures_are_what_they_were(
    first: list[Row], cut: int, hours: int, points: list[tuple[int, tuple[int, int]]],
    everything: list[tuple[int, int]],
    later_h: int, late: list[Row],
) -> None:  # fmt: skip
    folder = Path(tempfile.mkdtemp())
    now = NOON + later_h * HOUR
    kept = Kept([(point, *span) for point, span in points], everything)
    plain = Plain()
    store = Store(folder, StoreSettings(min_day_rows=1, fan=2, settle_s=1, raw_hours=hours))
    try:
        seq = 1
        for part in (first[:cut], first[cut:]):
            if part:
                offer(store, seq, part)
                plain.add(part)
                seq += len(part)
                store.flush()
        store.settle(now)
        before = {p: {step: figures(store.query(p, *WIDE, step)) for step in (60_000, HOUR)} for p in POINTS}
        total = store.figures().rows + store.figures().conflicts
        asked = store.due(now)
        waiting = store.forget(now, kept)
        assert (asked is None) <= (waiting == 0)
        numbers = store.figures()
        assert numbers.rows + numbers.conflicts + numbers.expired == total
        gone = store.gone(WIDE[0], WIDE[1])
        for point in POINTS:
            left = expected(plain.rows(point, *WIDE[:2]))
            there = told(store.query(point, *WIDE))
            lost = set(left) - set(there)
            assert set(there) <= set(left)
            for ts, received, *_ in lost:
                assert max(ts, received) < now - hours * HOUR
                assert any(one.start <= ts < one.end for one in gone)
                assert not any(p == point and hours_of(*s)[0] <= ts < hours_of(*s)[1] for p, s in points)
                assert not any(start <= ts < end for start, end in everything)
            for step in (60_000, HOUR):
                assert figures(store.query(point, *WIDE, step)) == before[point][step]
        if late:
            offer(store, seq, late)
            plain.add(late)
            store.settle(now + 2)
            for point in POINTS:
                there = {ts for ts, *_ in told(store.query(point, *WIDE))}
                assert {row.ts for row in late if row.point == point} <= there, "what comes later is kept"
                minutes = {at for at, *_ in figures(store.query(point, *WIDE, 60_000))}
                assert minutes == {row.ts // 60_000 * 60_000 for row in plain.rows(point, *WIDE[:2])}
    finally:
        store.close()
        again = Store(folder, StoreSettings(min_day_rows=1, raw_hours=hours))
        assert again.problems == []
        again.close()
        shutil.rmtree(folder)


def minutely(point: int, start: int, count: int) -> list[Row]:
    return [Row(point, start + i * 60_000, start + i * 60_000 + 300, float(i % 7), 0) for i in range(count)]


def filled(folder: Path) -> Store:
    """Two points, a reading a minute, six hours up to noon; an hour is kept."""
    store = Store(folder, StoreSettings(min_day_rows=5, raw_hours=1, settle_s=1))
    rows = sorted([*minutely(1, NOON - 6 * HOUR, 360), *minutely(2, NOON - 6 * HOUR, 360)], key=lambda row: row.ts)
    offer(store, 1, rows)
    store.settle(NOON)
    return store


def test_an_hour_of_raw_readings_then_figures_of_minutes(tmp_path: Path) -> None:
    store = filled(tmp_path)
    assert store.due(NOON) == (NOON - 6 * HOUR, NOON - 3 * HOUR)
    assert store.forget(NOON, Kept([(2, NOON - 4 * HOUR - 60_000, NOON - 4 * HOUR)])) == 0
    assert len(store.query(1).ts) == 180
    assert (store.query(2).ts < NOON - 3 * HOUR).sum() == 60, "the whole hour the evidence lies in"
    numbers = store.figures()
    assert (numbers.rows, numbers.expired, numbers.held) == (420, 300, 60)
    steps = store.query(1, NOON - 6 * HOUR, NOON, 1000, 10_000)
    assert [tuple(one) for one in steps.coarse] == [(NOON - 6 * HOUR, NOON - 3 * HOUR, 60_000)]
    assert len(steps.ts) == 360
    assert store.query(1, NOON - 6 * HOUR, NOON, 1000, 60_000).coarse == ()
    assert store.due(NOON) is None
    store.settle(NOON + DAY)
    assert store.due(NOON + 30 * HOUR) == (NOON - 3 * HOUR, NOON)
    store.close()


def test_while_everything_is_kept_nothing_goes_and_it_is_told(tmp_path: Path) -> None:
    store = filled(tmp_path)
    assert store.forget(NOON, Kept(everything=[(NOON - 5 * HOUR, NOON - 4 * HOUR)])) == 1
    assert (store.figures().expired, store.gone(NOON - DAY, NOON)) == (0, [])
    store.close()


def test_a_repeat_of_what_is_gone_changes_no_figure(tmp_path: Path) -> None:
    store = filled(tmp_path)
    store.forget(NOON, Kept())
    before = figures(store.query(1, NOON - 6 * HOUR, NOON, 1000, 60_000))
    offer(store, 721, [Row(1, NOON - 5 * HOUR, NOON, 99.0, 0), Row(1, NOON - 7 * HOUR, NOON, 5.0, 0)])
    after = figures(store.query(1, NOON - 7 * HOUR, NOON, 1000, 60_000))
    assert after[1:] == before
    assert after[0][0] == NOON - 7 * HOUR
    store.close()


def test_figures_of_what_is_gone_survive_the_loss_of_the_manifest(tmp_path: Path) -> None:
    store = filled(tmp_path)
    store.forget(NOON, Kept([(2, NOON - 4 * HOUR - 60_000, NOON - 4 * HOUR)]))
    before = {p: figures(store.query(p, NOON - 6 * HOUR, NOON, 1000, 60_000)) for p in (1, 2)}
    store.close()
    (tmp_path / manifests.MANIFEST).write_text("broken")
    store = Store(tmp_path, StoreSettings(min_day_rows=5, raw_hours=1, settle_s=1))
    assert {p: figures(store.query(p, NOON - 6 * HOUR, NOON, 1000, 60_000)) for p in (1, 2)} == before
    store.settle(NOON)
    assert {p: figures(store.query(p, NOON - 6 * HOUR, NOON, 1000, 60_000)) for p in (1, 2)} == before
    assert len(store.gone(NOON - DAY, NOON)) == 1
    store.close()


@pytest.mark.parametrize("hours", [(None, 1), (1, None), (1, 100), (100, 1)])
def test_a_day_is_cut_as_it_was_begun_when_the_setting_changes(
    tmp_path: Path, hours: tuple[int | None, int | None]
) -> None:
    rows = minutely(1, NOON - 12 * HOUR, 1440)
    for at, setting in enumerate(hours):
        store = Store(tmp_path, StoreSettings(min_day_rows=5, fan=2, settle_s=1, raw_hours=setting))
        offer(store, 1 + at * 700, rows[at * 700 : (at + 1) * 700])
        store.settle(NOON)
        store.close()
    store = Store(tmp_path, StoreSettings(min_day_rows=5, raw_hours=hours[1]))
    assert told(store.query(1)) == expected(rows[:1400])
    names = {path.name.split(".")[0] for path in (tmp_path / "raw").iterdir()}
    assert len({"T" in name for name in names}) == 1
    plain = Plain()
    plain.add(rows[:1400])
    got = figures(store.query(1, *WIDE, HOUR))
    assert [row[0] for row in got] == [row[0] for row in plain.steps(1, *WIDE[:2], HOUR, 0)]
    assert int(np.sum([row[-1] for row in got])) == 1400
    store.close()
