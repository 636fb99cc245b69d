"""The store against a dict, over random adds, repeats, conflicts, late readings, merges, crashes and reopenings."""

from __future__ import annotations

import math
import os
import shutil
import tempfile
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shoutu.sensing.store import Store, StoreSettings
from tests.sensing.store.plain import DAY, NOON, Plain, Row, expected, figures, offer, set_aside, told

POINTS = (1, 2, 70_000)
NOW = NOON + 40 * DAY
SETTINGS = StoreSettings(max_pending=60, row_group=7, min_day_rows=6, fan=2, settle_s=1, resettle_s=0)

times = st.one_of(
    st.builds(lambda day, s: NOON + day * DAY + s * 20_000, st.integers(0, 2), st.integers(-40, 40)),
    st.sampled_from([0, -1, NOON + 300 * 365 * DAY, 2**62, -(2**62), NOON + 12 * 3_600_000]),
)
rows = st.builds(
    Row,
    point=st.sampled_from(POINTS),
    ts=times,
    received=st.just(NOON),
    value=st.sampled_from([0.0, 1.0, 2.5, -7.0, math.nan, math.inf, 1e308]),
    quality=st.sampled_from([0, 0, 0, 1, 3]),
)
batches = st.lists(rows, min_size=1, max_size=25)
actions = st.lists(
    st.one_of(
        st.tuples(st.just("add"), batches),
        st.tuples(st.just("again"), st.integers(0, 30)),
        st.sampled_from([("flush",), ("maintain",), ("settle",), ("reopen",), ("ask",), ("mark",)]),
        st.tuples(st.just("crash"), st.integers(0, 12), st.sampled_from(["flush", "maintain", "settle"])),
    ),
    min_size=3,
    max_size=25,
)


class Bench:
    """A store, its journal (every row by number) and the dict, driven together."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.copies = 0
        self.store = Store(folder / "0", SETTINGS)
        self.journal: list[tuple[int, list[Row]]] = []
        self.next = 1
        self.plain = Plain()

    def add(self, batch: list[Row]) -> None:
        offer(self.store, self.next, batch)
        self.journal.append((self.next, batch))
        self.plain.add(batch)
        self.next += len(batch)

    def again(self, back: int) -> None:
        """Replay the last batches, as a restart does."""
        for seq0, batch in self.journal[-back - 1 :]:
            offer(self.store, seq0, batch)

    def mark(self) -> None:
        self.next += 3
        self.store.mark(self.next - 1)

    def reopen(self) -> None:
        path = self.store._files.folder
        self.store.close()
        self.store = Store(path, SETTINGS)
        assert self.store.stored_through == self.next - 1

    def crash(self, at: int, during: str) -> None:
        """Copy the directory as it is at the ``at``-th fsync, and go on from the copy and the journal."""
        self.copies += 1
        copy, seen, real = self.folder / str(self.copies), 0, os.fsync

        def fsync(descriptor: int) -> None:
            nonlocal seen
            if seen == at:
                shutil.copytree(self.store._files.folder, copy)
            seen += 1
            real(descriptor)

        with mock.patch("os.fsync", fsync):
            {"flush": self.store.flush, "maintain": self.maintain, "settle": self.settle}[during]()
        if not copy.exists():
            shutil.copytree(self.store._files.folder, copy)
        self.store.close()
        self.store = Store(copy, SETTINGS)
        assert not self.store.problems
        for seq0, batch in self.journal:
            offer(self.store, seq0, batch)
        self.store.mark(self.next - 1)

    def maintain(self) -> None:
        self.store.maintain(NOW)

    def settle(self) -> None:
        self.store.settle(NOW)

    def flush(self) -> None:
        self.store.flush()

    def ask(self) -> None:
        for point in POINTS:
            wanted = self.plain.rows(point, -(2**63), 2**63)
            assert told(self.store.query(point)) == expected(wanted)
            low, high = NOON - 400_000, NOON + DAY + 100_000
            part = self.plain.rows(point, low, high)
            few = self.store.query(point, low, high, limit=5)
            assert told(few) == expected(part[:5])
            assert few.next == (part[5].ts if len(part) > 5 else None)
            mine = sorted(c for c in self.plain.conflicts if c[0] == point)
            assert set_aside(self.store, point) == mine
        many = self.store.query_many(POINTS, NOON, NOON + 3 * DAY, limit=7)
        for point in POINTS:
            assert told(many[point]) == expected(self.plain.rows(point, NOON, NOON + 3 * DAY)[:7])
        for step, origin in ((60_000, 0), (3_600_000, 0), (7 * 3_600_000, 600_000), (45_000, 5_000), (DAY, -DAY // 3)):
            self.steps(step, origin)

    def steps(self, step: int, origin: int) -> None:
        for point in POINTS:
            got = figures(self.store.query(point, NOON - DAY, NOON + 4 * DAY, 10_000, step, origin))
            want = self.plain.steps(point, NOON - DAY, NOON + 4 * DAY, step, origin)
            assert [(*g[:3], *g[4:]) for g in got] == [(*w[:3], *w[4:]) for w in want]
            for g, w in zip(got, want, strict=True):
                assert math.isinf(w[3]) or g[3] == pytest.approx(w[3])
                assert g[1] <= g[3] <= g[2]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(actions)
def test_same_as_a_dict(todo: list[tuple[object, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        try:
            for name, *arguments in todo:
                getattr(bench, str(name))(*arguments)
            bench.ask()
            bench.settle()
            bench.ask()
            numbers = bench.store.figures()
            assert numbers.rows == len(bench.plain.kept)
            assert numbers.repeats == bench.plain.repeats
            assert numbers.conflicts == len(bench.plain.conflicts)
            assert set_aside(bench.store) == sorted(bench.plain.conflicts)
            bench.reopen()
            bench.ask()
        finally:
            bench.store.close()
