"""Kill -9 and a full disk, for real: a child process writes, the parent looks at what is left."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from shoutu.sensing.store import Store, StoreSettings
from tests.sensing.store.plain import DAY, NOON

BATCH = 200
SETTINGS = StoreSettings(max_pending=1000, min_day_rows=50, fan=2, settle_s=0.001, resettle_s=0.001, row_group=500)

CHILD = """
import sys
from pathlib import Path
from shoutu.sensing.store import Store
from tests.sensing.store.test_crash import SETTINGS, columns, LATER
store = Store(Path(sys.argv[1]), SETTINGS)
store.start_keeper(lambda: LATER, every_s=0.001)
at = store.stored_through // 200
print("ready", flush=True)
while True:
    store.add(at * 200 + 1, *columns(at))
    at += 1
    if at % 3 == 0:
        store.flush()
        print(store.stored_through, flush=True)
"""

LATER = NOON + 300 * DAY


def columns(at: int) -> tuple[np.ndarray, ...]:
    """The readings of batch ``at``: spread over days, a repeat of the batch before at its end."""
    number = np.arange(at * BATCH, at * BATCH + BATCH)
    number[-1] = max(0, at * BATCH - 5)
    point = (number % 5 + 1).astype(np.int32)
    ts = NOON + number // 5 * 1000 + number % 7 * DAY
    return point, ts, ts, number * 0.5, np.zeros(BATCH, np.uint8)


def start(folder: Path, **limits: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
        env={**os.environ, "PYTHONPATH": "src:."},
    )


def everything(through: int) -> set[tuple[int, int, float]]:
    whole = [columns(at) for at in range(-(-through // BATCH))]
    return {
        row for point, ts, _, value, _ in whole
        for row in zip(point.tolist(), ts.tolist(), value.tolist(), strict=True)
    }  # fmt: skip


def rounds() -> list[object]:
    return [4, pytest.param(40, marks=pytest.mark.full)]


@pytest.mark.parametrize("times", rounds())
def test_killed_at_any_instant_nothing_is_lost_or_doubled(tmp_path: Path, times: int) -> None:
    chance = random.Random(11)
    for _ in range(times):
        child = start(tmp_path / "store")
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        said, lines, wanted = 0, 0, chance.randint(1, 40)
        while lines < wanted:
            said, lines = int(child.stdout.readline()), lines + 1
        time.sleep(chance.random() * 0.03)  # the instant of death is what is varied here
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        store = Store(tmp_path / "store", SETTINGS)
        assert store.problems == []
        assert store.stored_through >= said
        through = store.stored_through
        assert through % BATCH == 0
        expected = everything(through)
        found = store.query_many(range(1, 6), 0, LATER, 10**6)
        got = [(p, t, v) for p, r in found.items() for t, v in zip(r.ts.tolist(), r.value.tolist(), strict=True)]
        assert len(got) == len(expected)
        assert set(got) == expected
        numbers = store.figures()
        store.settle(LATER)
        numbers = store.figures()
        assert numbers.rows + numbers.repeats == through
        assert (numbers.rows, numbers.conflicts) == (len(expected), 0)
        store.close()


FULL = """
import resource, sys
from pathlib import Path
from shoutu.sensing.store import Store, StoreBlocked
from tests.sensing.store.test_crash import SETTINGS, columns
store = Store(Path(sys.argv[1]), SETTINGS)
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
at, seen = 0, []
for size in (hard, 1500, hard):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    for _ in range(8):
        try:
            store.add(at * 200 + 1, *columns(at))
            at += 1
        except StoreBlocked as error:
            assert size == 1500 and "free space" in str(error), error
            assert store.pending == 1000, store.pending
            assert len(store.query(1, limit=10**6).ts) > 0
            seen.append(size)
    before = store.stored_through
    try:
        store.flush()
    except StoreBlocked:
        assert store.stored_through == before and store.error
        seen.append(0)
    files = {str(path.relative_to(store._files.folder)) for path in store._files.folder.glob("raw/*")}
    assert files == {run.file for run in store._files.manifest.runs}, files
    for _ in range(3):
        try:
            store.maintain(0, all_of_it=True)
        except StoreBlocked:
            seen.append(-1)
assert 1500 in seen and 0 in seen and -1 in seen, seen
assert not store.error and not store.problems, (store.error, store.problems)
assert store.stored_through == at * 200
print(at, flush=True)
store.close()
"""


def test_full_disk_blocks_cleanly_and_heals(tmp_path: Path) -> None:
    """A limit on the size of files refuses writes in mid-file, as a full disk does."""
    child = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / "store")],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[3],
        env={**os.environ, "PYTHONPATH": "src:."},
    )
    assert child.returncode == 0, child.stderr
    store = Store(tmp_path / "store", SETTINGS)
    expected = everything(int(child.stdout) * BATCH)
    found = store.query_many(range(1, 6), 0, LATER, 10**6)
    assert sum(len(r.ts) for r in found.values()) == len(expected)
    store.close()
