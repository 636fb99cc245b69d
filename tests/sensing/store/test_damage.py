"""What is broken on disk is set aside and reported; everything else is still served."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from shoutu.sensing.store import Store, StoreBlocked, StoreSettings
from tests.sensing.store.plain import DAY, NOON, Row, expected, figures, offer, set_aside, told

SETTINGS = StoreSettings(min_day_rows=5, row_group=64)
LATER = NOON + 30 * DAY


def day(number: int, point: int = 1, count: int = 400) -> list[Row]:
    return [Row(point, NOON + number * DAY + i * 1000, NOON, i * 0.37, 0) for i in range(count)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two settled days, one part with a conflict."""
    store = Store(tmp_path / "store", SETTINGS)
    offer(store, 1, day(0))
    offer(store, 401, day(1))
    store.settle(LATER)
    offer(store, 801, [*day(0, point=2), Row(2, NOON, NOON, -1.0, 0)])
    store.close()
    return tmp_path / "store"


def files(folder: Path, name: str) -> list[Path]:
    return sorted((folder / name).glob("*.parquet"))


@pytest.mark.parametrize("harm", ["missing", "cut", "garbage"])
def test_broken_day_is_quarantined_and_the_rest_served(folder: Path, harm: str) -> None:
    victim = next(path for path in files(folder, "raw") if path.name.startswith("2026-11-01"))
    if harm == "missing":
        victim.unlink()
    elif harm == "cut":
        victim.write_bytes(victim.read_bytes()[:-100])
    else:
        victim.write_bytes(b"\0" * victim.stat().st_size)
    store = Store(folder, SETTINGS)
    try:
        assert any(victim.name in problem and "400 readings" in problem for problem in store.problems)
        assert store.figures().quarantined == 400
        assert told(store.query(1)) == expected(day(1))
        assert told(store.query(2)) == expected(day(0, point=2))
        assert (harm == "missing") == (not list((folder / "quarantine").iterdir()))
        hours = figures(store.query(1, NOON, NOON + DAY, 100, 3_600_000))
        assert sum(hour[-1] for hour in hours) == 400, "the hours outlive the lost readings"
    finally:
        store.close()
    again = Store(folder, SETTINGS)
    assert again.figures().quarantined == 400
    assert again.problems == []
    again.close()


def test_page_broken_while_running_is_found_by_the_query(folder: Path) -> None:
    store = Store(folder, SETTINGS)
    victim = next(path for path in files(folder, "raw") if path.name.startswith("2026-11-02"))
    whole = bytearray(victim.read_bytes())
    whole[4:600] = bytes(596)
    victim.write_bytes(whole)
    assert told(store.query(1)) == expected(day(0))
    assert "2026-11-02" in store.problems[0]
    store.close()


def test_broken_rollup_is_made_again(folder: Path) -> None:
    for path in (*files(folder, "minute"), *files(folder, "hour")):
        path.write_bytes(b"x" * path.stat().st_size)
    store = Store(folder, SETTINGS)
    assert len(store.problems) == 4
    before = figures(store.query(1, NOON, NOON + DAY, 100, 3_600_000))
    store.settle(LATER)
    assert figures(store.query(1, NOON, NOON + DAY, 100, 3_600_000)) == before
    assert len(files(folder, "minute")) == 2
    store.close()


def test_lost_conflicts_cost_no_readings(folder: Path) -> None:
    [path] = files(folder, "conflict")
    path.unlink()
    store = Store(folder, SETTINGS)
    assert store.figures().quarantined == 1
    assert told(store.query(2)) == expected(day(0, point=2))
    store.close()


@pytest.mark.parametrize("harm", ["garbage", "missing"])
def test_lost_manifest_is_rebuilt_from_the_files(folder: Path, harm: str) -> None:
    manifest = folder / "manifest.json"
    if harm == "garbage":
        manifest.write_bytes(manifest.read_bytes().replace(b"2026", b"2027", 1))
    else:
        manifest.unlink()
    store = Store(folder, SETTINGS)
    assert store.stored_through == 1201
    assert store.problems if harm == "garbage" else True
    for number in (0, 1):
        window = store.query(1, NOON + number * DAY, NOON + number * DAY + DAY // 2)
        assert told(window) == expected(day(number))
    assert set_aside(store) == [(2, NOON, NOON, "-1.0", 0, "0.0", 0)]
    store.settle(LATER)
    assert store.figures().rows == 1200
    store.close()


def test_rebuilding_beside_an_unfinished_merge_doubles_nothing(folder: Path, tmp_path: Path) -> None:
    before = tmp_path / "before"
    shutil.copytree(folder, before)
    store = Store(folder, SETTINGS)
    store.settle(LATER)
    store.close()
    for path in files(before, "raw"):
        shutil.copy(path, folder / "raw")
    (folder / "manifest.json").unlink()
    store = Store(folder, SETTINGS)
    assert told(store.query(1)) == expected([*day(0), *day(1)])
    store.settle(LATER)
    assert store.figures().rows == 1200
    store.close()


def test_orphans_are_removed(folder: Path) -> None:
    orphan = folder / "raw" / "part.000000000005000-000000000006000.99.parquet"
    orphan.write_bytes(b"half a file")
    store = Store(folder, SETTINGS)
    assert not orphan.exists()
    assert store.problems == []
    store.close()


def test_one_process_at_a_time(folder: Path) -> None:
    store = Store(folder, SETTINGS)
    with pytest.raises(StoreBlocked, match="another process"):
        Store(folder, SETTINGS)
    store.close()
    Store(folder, SETTINGS).close()
