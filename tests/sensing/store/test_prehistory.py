"""History from before the journal: asked like any other, never in the journal's way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from shoutu.sensing.store import Columns, Store, StoreBlocked, StoreSettings, lay_prehistory
from tests.sensing.store.plain import DAY, NOON, Row, expected, offer, told

HOUR = 3_600_000


def history(days: int = 3, point: int = 1, shift: float = 0.0) -> list[Row]:
    """A reading a minute of some days, received when measured."""
    times = range(NOON, NOON + days * DAY, 60_000)
    return [Row(point, ts, ts, shift + i % 100, 0) for i, ts in enumerate(times)]


def columns(rows: list[Row]) -> Columns:
    point, ts, received, value, quality = zip(*rows, strict=True)
    return Columns(
        np.array(point, np.int32), np.array(ts, np.int64), np.array(received, np.int64),
        np.array(value, np.float64), np.array(quality, np.uint8),
    )  # fmt: skip


def test_is_asked_like_any_other_and_takes_no_number_of_the_journal(tmp_path: Path) -> None:
    rows = history(point=2) + history()
    lay_prehistory(tmp_path, columns(rows))
    store = Store(tmp_path)
    assert store.stored_through == 0
    for point in (1, 2):
        mine = [row for row in rows if row.point == point]
        assert told(store.query(point, limit=len(rows))) == expected(mine)
    live = [Row(1, NOON + 3 * DAY + i * 1000, NOON + 3 * DAY, float(i), 0) for i in range(10)]
    offer(store, 1, live)
    store.flush()
    assert store.stored_through == 10
    assert told(store.query(1, limit=len(rows))) == expected([*history(), *live])
    store.close()


def test_days_but_the_last_have_their_rollups(tmp_path: Path) -> None:
    lay_prehistory(tmp_path, columns(history()))
    made = len(list((tmp_path / "hour").iterdir()))
    assert made == 3  # from noon to noon: four days, the last of them not over
    store = Store(tmp_path)
    steps = store.query(1, NOON, NOON + 3 * DAY, 1_000, HOUR)
    assert steps.n.tolist() == [60] * 72
    assert steps.high.max() == 99
    store.settle(NOON + 30 * DAY)
    again = store.query(1, NOON, NOON + 3 * DAY, 1_000, HOUR)
    assert [column.tolist() for column in again[:7]] == [column.tolist() for column in steps[:7]]
    store.close()


def test_what_the_journal_tells_of_the_same_time_is_a_repeat_or_a_conflict(tmp_path: Path) -> None:
    rows = history(1)
    lay_prehistory(tmp_path, columns(rows))
    store = Store(tmp_path, StoreSettings(fan=2))
    offer(store, 1, rows[:5])
    store.flush()
    offer(store, 6, [rows[5]._replace(value=-7.0)])
    store.flush()
    for _merged in range(2):
        assert told(store.query(1, limit=len(rows))) == expected(rows)
        assert [(one.value, one.kept_value) for one in store.conflicts(1)] == [(-7.0, rows[5].value)]
        store.settle(NOON + 30 * DAY)
    assert store.figures().repeats == 5
    store.close()


def test_laid_again_it_replaces_itself(tmp_path: Path) -> None:
    lay_prehistory(tmp_path, columns(history(5)))
    other = history(2, shift=1000.0)
    lay_prehistory(tmp_path, columns(other))
    store = Store(tmp_path)
    assert told(store.query(1, limit=100_000)) == expected(other)
    assert store.query(1, NOON, NOON + 5 * DAY, 1_000, HOUR).low.min() == 1000.0
    assert store.figures().rows == len(other)
    store.close()


def test_journal_keeps_what_it_told_when_history_is_laid_again(tmp_path: Path) -> None:
    lay_prehistory(tmp_path, columns(history(1)))
    store = Store(tmp_path)
    live = [Row(1, NOON + 9 * DAY, NOON + 9 * DAY, 5.0, 0)]
    offer(store, 1, live)
    store.close()
    lay_prehistory(tmp_path, columns(history(2)))
    store = Store(tmp_path)
    assert store.stored_through == 1
    assert told(store.query(1, limit=100_000)) == expected([*history(2), *live])
    store.close()


def test_merged_with_the_journal_it_stays(tmp_path: Path) -> None:
    lay_prehistory(tmp_path, columns(history(1)))
    store = Store(tmp_path)
    offer(store, 1, [Row(1, NOON + 1, NOON + 1, 5.0, 0)])
    store.settle(NOON + 30 * DAY)
    before = told(store.query(1, limit=100_000))
    store.close()
    files = {path: path.read_bytes() for path in tmp_path.rglob("*.parquet")}
    with pytest.raises(ValueError, match="merged with the journal"):
        lay_prehistory(tmp_path, columns(history(2)))
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.parquet")} == files
    store = Store(tmp_path)
    assert told(store.query(1, limit=100_000)) == before
    store.close()


def test_outlives_the_loss_of_the_manifest(tmp_path: Path) -> None:
    lay_prehistory(tmp_path, columns(history()))
    (tmp_path / "manifest.json").unlink()
    store = Store(tmp_path)
    assert told(store.query(1, limit=100_000)) == expected(history())
    assert store.stored_through == 0
    store.close()


def test_a_store_in_use_is_left_alone(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(StoreBlocked, match="another process"):
        lay_prehistory(tmp_path, columns(history(1)))
    store.close()
