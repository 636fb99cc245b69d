"""Single promises of the store, one by one."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from shoutu.sensing.store import Kept, Store, StoreSettings
from tests.sensing.store.plain import DAY, NOON, Row, expected, figures, offer, told

LATER = NOON + 30 * DAY


def ramp(count: int, first: int = 0, step: int = 1000) -> list[Row]:
    return [Row(1, NOON + i * step, NOON, float(i), i % 3) for i in range(first, first + count)]


def test_visible_at_once_and_durable_after_flush(tmp_path: Path) -> None:
    store = Store(tmp_path)
    offer(store, 1, ramp(10))
    assert told(store.query(1)) == expected(ramp(10))
    assert (store.stored_through, store.pending) == (0, 10)
    store.flush()
    assert (store.stored_through, store.pending) == (10, 0)
    store.mark(14)
    store.flush()
    assert store.stored_through == 14
    store.close()


def test_one_stamp_for_all_and_reused_arrays(tmp_path: Path) -> None:
    store = Store(tmp_path)
    point, ts = np.ones(3, np.int32), np.arange(3) + NOON
    value, quality = np.arange(3.0), np.zeros(3, np.uint8)
    store.add(1, point, ts, NOON + 9, value, quality)
    value[:] = -1
    assert told(store.query(1)) == [(NOON + i, NOON + 9, repr(float(i)), 0) for i in range(3)]
    store.close()


def test_numbers_already_taken_are_ignored(tmp_path: Path) -> None:
    store = Store(tmp_path)
    rows = ramp(30)
    offer(store, 1, rows[:20])
    offer(store, 11, rows[10:])
    offer(store, 1, rows)
    store.flush()
    assert store.figures().repeats == 0
    assert store.ignored == 10 + 30
    assert told(store.query(1)) == expected(rows)
    store.close()


def test_memory_is_bounded_by_the_setting(tmp_path: Path) -> None:
    store = Store(tmp_path, StoreSettings(max_pending=100))
    for at in range(10):
        offer(store, 1 + at * 60, ramp(60, at * 60))
        assert store.pending <= 100
    assert told(store.query(1)) == expected(ramp(600))
    store.close()


def test_ten_thousand_days_make_few_files(tmp_path: Path) -> None:
    store = Store(tmp_path, StoreSettings(fan=2))
    rows = [Row(7, NOON + (i - 5000) * 37 * DAY, NOON, float(i), 0) for i in range(10_000)]
    random.Random(5).shuffle(rows)
    for at in range(0, 10_000, 500):
        offer(store, at + 1, rows[at : at + 500])
        store.flush()
        store.maintain(LATER)
    store.settle(LATER)
    assert store.figures().files <= 3
    assert told(store.query(7, limit=20_000)) == expected(sorted(rows))
    store.close()


def test_a_day_that_fills_leaves_the_far_file(tmp_path: Path) -> None:
    store = Store(tmp_path, StoreSettings(min_day_rows=100, fan=2))
    for at in range(10):
        offer(store, 1 + at * 20, ramp(20, at * 20))
        store.settle(LATER)
    names = [path.name for path in (tmp_path / "raw").iterdir()]
    assert len(names) == 1
    assert names[0].startswith("2026-11-01.")
    assert told(store.query(1)) == expected(ramp(200))
    store.close()


def test_many_days_at_once(tmp_path: Path) -> None:
    store = Store(tmp_path, StoreSettings(min_day_rows=3))
    rows = [Row(p, NOON + d * DAY + i, NOON, float(i), 0) for d in range(150) for p in (1, 2) for i in range(3)]
    offer(store, 1, rows)
    store.settle(NOON + 400 * DAY)
    assert store.figures().rows == 900
    assert len(list((tmp_path / "raw").iterdir())) == 150
    assert told(store.query(2)) == expected([row for row in rows if row.point == 2])
    days = figures(store.query(2, NOON - DAY // 2, NOON + 150 * DAY, 1000, DAY))
    assert [(d[0], d[-1]) for d in days] == [(NOON - DAY // 2 + i * DAY, 3) for i in range(150)]
    store.close()


def test_a_late_reading_changes_the_figures_at_once_and_after_merging(tmp_path: Path) -> None:
    store = Store(tmp_path, StoreSettings(min_day_rows=5))
    offer(store, 1, ramp(100))
    store.settle(LATER)
    offer(store, 101, [Row(1, NOON + 500, LATER, 1000.0, 0)])
    first = figures(store.query(1, NOON, NOON + DAY, 100, 60_000))[0]
    assert (first[2], first[-1]) == (1000.0, 61)
    store.settle(LATER)
    assert figures(store.query(1, NOON, NOON + DAY, 100, 60_000))[0] == first
    assert len(list((tmp_path / "raw").iterdir())) == 1
    store.close()


def test_the_keeper_settles_a_finished_day_by_itself(tmp_path: Path) -> None:
    store = Store(tmp_path, StoreSettings(min_day_rows=5, fan=2, settle_s=1))
    for at in range(4):
        offer(store, 1 + at * 10, ramp(10, at * 10))
        store.flush()
    store.start_keeper(lambda: LATER, every_s=0.01)
    deadline = time.monotonic() + 30
    while not list((tmp_path / "hour").iterdir()) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(list((tmp_path / "hour").iterdir())) == 1
    store.close()


def test_retention_removes_by_age_and_keeps_longer_rollups(tmp_path: Path) -> None:
    rules = StoreSettings(min_day_rows=5, raw_hours=240, minute_days=20, hour_days=40)
    store = Store(tmp_path, rules)
    offer(store, 1, ramp(100))
    store.settle(NOON + 5 * DAY)
    told_before = figures(store.query(1, NOON - NOON % DAY, NOON + DAY, 100, 60_000))
    store.settle(NOON + 12 * DAY)
    assert len(store.query(1).ts) == 100, "until somebody has said what is evidence"
    assert store.forget(NOON + 12 * DAY, Kept()) == 0
    assert told(store.query(1)) == []
    assert store.figures().expired == 100
    assert figures(store.query(1, NOON - NOON % DAY, NOON + DAY, 100, 60_000)) == told_before
    store.settle(NOON + 22 * DAY)
    assert [f[-1] for f in figures(store.query(1, NOON - NOON % DAY, NOON + DAY, 100, 60_000))] == [100]
    store.settle(NOON + 45 * DAY)
    assert figures(store.query(1, NOON - DAY, NOON + DAY, 100, 60_000)) == []
    assert store.figures().files == 0
    store.close()


def test_old_stamps_received_lately_are_kept(tmp_path: Path) -> None:
    store = Store(tmp_path, StoreSettings(min_day_rows=2, raw_hours=240, minute_days=10, hour_days=10))
    old = [Row(1, 1000 + i, NOON, 1.0, 0) for i in range(5)]
    offer(store, 1, [*old, Row(1, 40 * DAY, NOON, 2.0, 0)])
    store.settle(NOON + 9 * DAY)
    store.forget(NOON + 9 * DAY, Kept())
    assert len(store.query(1).ts) == 6
    store.settle(NOON + 11 * DAY)
    store.forget(NOON + 11 * DAY, Kept())
    assert len(store.query(1).ts) == 0
    store.close()


def test_constant_stamp_flood(tmp_path: Path) -> None:
    """A device whose clock stands still: one reading kept, each further value set aside once."""
    store = Store(tmp_path, StoreSettings(row_group=1000))
    for at in range(3):
        value = np.arange(200_000) % 50_000 + 0.5
        store.add(
            1 + at * 200_000, np.full(200_000, 4, np.int32), np.full(200_000, NOON), NOON, value,
            np.zeros(200_000, np.uint8),
        )  # fmt: skip
        store.flush()
    store.settle(LATER)
    numbers = store.figures()
    assert (numbers.rows, numbers.conflicts, numbers.repeats) == (1, 49_999, 550_000)
    assert told(store.query(4)) == [(NOON, NOON, "0.5", 0)]
    store.close()


def test_questions_while_adding_and_merging(tmp_path: Path) -> None:
    store = Store(tmp_path, StoreSettings(fan=2, min_day_rows=50, max_pending=500, settle_s=0.001))
    failures: list[str] = []
    counts = [0, 0, 0]
    done = threading.Event()

    def ask(which: int) -> None:
        seen = 0
        while not done.is_set():
            found = store.query(1, limit=100_000)
            if len(found.ts) < seen or not np.array_equal(found.value, np.arange(len(found.ts))):
                failures.append(f"after {seen} readings came {len(found.ts)}")
            steps = store.query(1, NOON - DAY, NOON + 40 * DAY, 100_000, 60_000)
            if int(steps.n.sum()) < seen:
                failures.append(f"after {seen} readings the steps told {steps.n.sum()}")
            seen = len(found.ts)
            counts[which] += 1

    threads = [threading.Thread(target=ask, args=(which,)) for which in range(3)]
    for thread in threads:
        thread.start()
    store.start_keeper(lambda: LATER, every_s=0.001)
    rows = ramp(60_000, step=24_000)
    at = 0
    # As many readings as it takes: how far the keeper gets beside them depends on the machine.
    while at < 12_000 or (at < len(rows) and (store.merges < 3 or min(counts) < 3)):
        offer(store, at + 1, rows[at : at + 40])
        at += 40
    rows = rows[:at]
    done.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert min(counts) >= 3
    assert store.merges >= 3
    store.settle(LATER)
    assert told(store.query(1, limit=100_000)) == expected(rows)
    store.close()


def test_engine_cannot_leave_its_directory(tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("a\n1\n")
    store = Store(tmp_path / "store")
    with pytest.raises(Exception, match="disabled by configuration"):
        store._engine._db.execute(f"SELECT * FROM read_csv('{other}')")
    store.close()


@pytest.mark.parametrize(
    ("name", "value"), [("max_pending", 0), ("fan", 1), ("raw_hours", 0), ("row_group", -1), ("hour_days", -5)]
)
def test_settings_say_what_is_wrong(name: str, value: int) -> None:
    with pytest.raises(ValueError, match=f"{name}={value}: expected"):
        StoreSettings(**{name: value})


def test_limit_and_step_are_checked(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(ValueError, match="limit=0"):
        store.query(1, 0, 10, 0)
    with pytest.raises(ValueError, match="step=0"):
        store.query(1, 0, 10, 10, 0)
    with pytest.raises(ValueError, match="limit=0"):
        store.query_many([1], 0, 10, 0)
    assert store.query_many([], 0, 10) == {}
    store.close()
