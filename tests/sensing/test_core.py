"""The core with the real engine and store: back-pressure, falling behind, defects, forgetting, the clock."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoutu.engine import warm_up
from shoutu.sensing.core import Core
from shoutu.sensing.core_clock import SteadyClock
from shoutu.sensing.core_commit import Committer
from shoutu.sensing.core_feed import Feed, joined
from shoutu.sensing.core_rules import Watch
from shoutu.sensing.journal import Item, Journal, NewTick, size_of
from shoutu.sensing.journal_records import Readings, Record, Tick
from shoutu.sensing.model import Batch, NotDurable, Overloaded
from shoutu.sensing.spool import Signal
from shoutu.sensing.store import Store
from tests.sensing.test_core_clock import Machine
from tests.sensing.test_journal import batch, flat, read_all

pytestmark = pytest.mark.anyio
T = 1_793_500_000_000


def catalog(points: int) -> bytes:
    return json.dumps(
        {
            "version": 1,
            "full": True,
            "sources": [{"id": 3, "name": "甲", "token_hashes": []}],
            "points": [
                {"id": i, "source": 3, "address": f"P{i}", "site": 5, "interval_s": 3600, "danger": "high"}
                for i in range(1, points + 1)
            ],
            "rules": [
                {"id": 100 + i, "version": 1, "point": i, "kind": "threshold", "params": {"levels": {"3": 5.0}}}
                for i in range(1, points + 1)
            ],
        }
    ).encode()


def readings(point: int, start: int, values: list[float]) -> Batch:
    n = len(values)
    ts = T + 1000 * np.arange(start, start + n)
    return Batch(np.full(n, point, np.int32), ts, np.array(values, float), np.zeros(n, np.uint8), T + 10**7, 3, "http")


async def until(question: Callable[[], Any]) -> None:
    async with asyncio.timeout(60):
        while not question():
            await asyncio.sleep(0.01)


@pytest.fixture(autouse=True, scope="module")
def _compiled() -> None:
    """Waits below are for what the core does, not for the compiler."""
    warm_up()


@asynccontextmanager
async def running(directory: Path, clock: SteadyClock | None = None) -> AsyncIterator[Core]:
    core = Core(directory, Store(directory / "store"), clock)
    await core.start()
    try:
        yield core
    finally:
        await core.stop()


def told(core: Core) -> list[tuple[int, int, int]]:
    return [(s["point"], s["event_ts"], s["to"]) for s in core.spool.peek(10_000)[0]]


async def test_a_reading_that_defeats_the_engine_costs_only_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Watch.readings

    def defective(self: Watch, r: Readings) -> list[Signal]:
        if (r.value == 666.0).any():
            raise ArithmeticError("a defect of the engine")
        return real(self, r)

    monkeypatch.setattr(Watch, "readings", defective)
    async with running(tmp_path) as core:
        await core.switch(catalog(2))
        await core.accept(readings(1, 0, [9.0, 1.0]))
        await core.accept(readings(2, 0, [1.0, 666.0, 9.0]))
        await core.accept(readings(1, 2, [9.0]))
        await until(lambda: core.engine.skipped and core.engine.caught_up())
        assert len(core.state()["damage"]["skipped"]) == 1
        assert core.state()["failing"] == {}, "the others are watched again"
        assert sorted(told(core)) == [(1, T, 3), (1, T + 1000, 0), (1, T + 2000, 3), (2, T + 2000, 3)]


async def test_restart_goes_on_where_it_was(tmp_path: Path) -> None:
    async with running(tmp_path) as core:
        await core.switch(catalog(2))
        await core.accept(readings(1, 0, [9.0]))
    async with running(tmp_path) as core:
        assert core.directory.version == 1
        assert core.engine.watch.catalog is core.catalog, "one copy in memory"
        await core.accept(readings(1, 1, [9.5, 1.0]))
        await until(lambda: core.live and core.engine.caught_up())
        assert await core.agree()
        assert told(core) == [(1, T, 3), (1, T + 2000, 0)]
        latest = core.engine.latest.get(1)
        assert latest is not None
        assert latest["value"] == 1.0


async def test_signals_the_spool_lost_are_raised_anew(tmp_path: Path) -> None:
    async with running(tmp_path) as core:
        await core.switch(catalog(2))
        await core.accept(readings(1, 0, [9.0, 1.0]))
        await until(core.engine.caught_up)
        before = core.spool.peek(10)[0]
        assert len(before) == 2
    for lost in (tmp_path / "spool").glob("*.log"):
        lost.unlink()
    async with running(tmp_path) as core:
        await until(lambda: core.live and core.engine.caught_up())
        assert core.spool.peek(10)[0] == before, "the same signals with the same ids"


async def test_a_journal_wiped_by_somebody_goes_on_above_the_numbers_used(tmp_path: Path) -> None:
    """Else the store would take new readings for old ones, and the spool new signals for told ones."""
    async with running(tmp_path) as core:
        await core.switch(catalog(2))
        await core.accept(readings(1, 0, [9.0, 1.0, 9.0]))
        await until(core.engine.caught_up)
        before = core.spool.peek(10)[0]
        used = core.journal.next_seq
    shutil.rmtree(tmp_path / "journal")
    shutil.rmtree(tmp_path / "checkpoint")
    async with running(tmp_path) as core:
        assert core.journal.next_seq >= before[-1]["seq"] + 1
        assert core.journal.next_seq >= used - 1, "the store has seen all but the last tick"
        assert await core.agree_first()
        await core.accept(readings(1, 10, [9.5]))
        await until(core.engine.caught_up)
        after = core.spool.peek(10)[0]
        assert [s["event_ts"] for s in after[len(before) :]] == [T + 10_000]
        assert len({s["id"] for s in after}) == len(after)
    async with running(tmp_path) as core:
        assert len((await asyncio.to_thread(core.store.store.query, 1)).ts) == 4  # type: ignore[attr-defined]


async def test_a_core_with_nothing_but_the_catalog_copy_agrees_before_it_takes_readings(tmp_path: Path) -> None:
    (tmp_path / "catalog.json").write_bytes(catalog(2))
    async with running(tmp_path) as core:
        assert core.directory.version == 1
        assert await core.agree_first()
        await core.accept(readings(1, 0, [9.0]))
        await until(core.engine.caught_up)
        assert told(core) == [(1, T, 3)]


async def test_a_copy_older_than_the_journal_gives_way(tmp_path: Path) -> None:
    async with running(tmp_path) as core:
        await core.switch(catalog(2))
        older = (tmp_path / "catalog.packed").read_bytes()
        await core.switch(json.dumps({**json.loads(catalog(3)), "version": 2}).encode())
        await core.accept(readings(3, 0, [9.0]))
    (tmp_path / "catalog.packed").write_bytes(older)
    for kept in (tmp_path / "checkpoint").glob("*.ckpt"):
        kept.unlink()
    async with running(tmp_path) as core:
        assert await core.agree_first()
        assert (core.catalog.version, core.directory.version, len(core.catalog.points)) == (2, 2, 3)
        assert core.engine.watch.catalog is core.catalog, "one copy in memory"
        await core.accept(readings(3, 1, [1.0]))
        await until(core.engine.caught_up)
        assert told(core) == [(3, T, 3), (3, T + 1000, 0)]


async def test_doors_do_not_wait_for_ever_for_a_replay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    real = Watch.tick

    def slow(self: Watch, seq: int, now: int) -> list[Signal]:
        gate.wait(20)
        return real(self, seq, now)

    monkeypatch.setattr(Watch, "tick", slow)
    async with running(tmp_path) as core:
        await core._commit(NewTick(1))
        assert not await core.agree_first(0.05)
        gate.set()
        assert await core.agree_first()


async def test_segments_go_when_checkpoint_and_store_have_passed_them(tmp_path: Path) -> None:
    async with running(tmp_path) as core:
        core.journal.log.segment_bytes = 2_000
        await core.switch(catalog(2))
        for i in range(30):
            await core.accept(readings(1, i * 10, [1.0] * 10))
        await until(core.engine.caught_up)
        assert len(core.journal.log.segments) > 3
    async with running(tmp_path) as core:
        await core.accept(readings(1, 300, [9.0]))
        await until(lambda: core.live and core.engine.caught_up())
    assert len(list((tmp_path / "journal").glob("*.log"))) == 1
    async with running(tmp_path) as core:
        assert len((await asyncio.to_thread(core.store.store.query, 1)).ts) == 301  # type: ignore[attr-defined]
        assert told(core) == [(1, T + 300_000, 3)]


async def test_ticks_never_go_back_and_receipts_keep_with_them(tmp_path: Path) -> None:
    machine = Machine()
    async with running(tmp_path, machine.clock()) as core:
        await core.switch(catalog(1))
        machine.pass_(1000, -3_600_000)
        await core.accept(readings(1, 0, [1.0])._replace(received=machine.wall))
        await core._commit(NewTick(core.clock.now()))
        await until(core.engine.caught_up)
        latest = core.engine.latest.get(1)
        assert latest is not None
        assert latest["received"] == core.clock.now()
        records = read_all(core.journal)
        ticks = [r.now for r in records if isinstance(r, Tick)]
        assert ticks == sorted(ticks)
        assert core.state()["clock"]["jumps_back"] == 1


@pytest.mark.parametrize("jump", [3_600_000, -3_600_000, 400 * 86_400_000], ids=["ahead", "back", "next year"])
async def test_a_clock_set_by_somebody_makes_nobody_silent_and_hides_no_silence(tmp_path: Path, jump: int) -> None:
    """Twenty points of two sources report each minute; the clock jumps; then one of them falls silent in earnest."""
    told_catalog = json.loads(catalog(20))
    told_catalog["sources"].append({"id": 4, "name": "乙", "token_hashes": []})
    for entry in told_catalog["points"]:
        entry.update(source=3 + entry["id"] % 2, site=5 + entry["id"] % 4, interval_s=60, item="depth")
    told_catalog["rules"] += [
        {"id": 200 + i, "version": 1, "point": i, "kind": "no_data", "params": {"intervals": 3}} for i in range(1, 21)
    ]
    machine = Machine()

    def minute(points: int) -> Batch:
        ids = np.arange(21 - points, 21, dtype=np.int32)
        ts = np.full(points, machine.wall)
        return Batch(ids, ts, np.ones(points), np.zeros(points, np.uint8), machine.wall, 3, "http")

    async with running(tmp_path, machine.clock()) as core:
        await core.switch(json.dumps(told_catalog).encode())
        for _ in range(5):
            machine.pass_(60_000)
            await core.accept(minute(20))
            await core._commit(NewTick(core.clock.now()))
        machine.pass_(1_000, jump)
        for _ in range(10):
            await core._commit(NewTick(core.clock.now()))
            machine.pass_(60_000)
            await core.accept(minute(20))
        await until(core.engine.caught_up)
        assert core.spool.peek(100)[0] == []
        state = core.clock.state()
        assert (state["jumps_ahead"], state["jumps_back"]) == ((1, 0) if jump > 0 else (0, 1))
        assert abs(state["last_jump_ms"] - jump) < 1_000
        for _ in range(20):
            machine.pass_(60_000)
            await core.accept(minute(19))
            await core._commit(NewTick(core.clock.now()))
        await until(core.engine.caught_up)
        assert [(s["type"], s["rule"], s["point"]) for s in core.spool.peek(100)[0]] == [("level", 201, 1)]


async def test_a_clock_set_back_while_nothing_ran_goes_on_from_the_last_tick(tmp_path: Path) -> None:
    machine = Machine()
    machine.wall = time.time_ns() // 1_000_000 + 3_600_000
    async with running(tmp_path, machine.clock()) as core:
        await core._commit(NewTick(core.clock.now()))
    async with running(tmp_path) as core:
        assert core.clock.now() >= machine.wall
        assert core.clock.state()["jumps_back"] == 1
        await core._commit(NewTick(core.clock.now()))
        ticks = [r.now for r in read_all(core.journal) if isinstance(r, Tick)]
        assert len(ticks) >= 2
        assert ticks == sorted(ticks)


async def test_senders_beyond_the_queue_are_told_to_wait_and_nobody_is_lost(tmp_path: Path) -> None:
    gate = threading.Event()

    def slow_disk(descriptor: int) -> None:
        gate.wait(20)
        os.fdatasync(descriptor)

    gate.set()
    journal = Journal(tmp_path, sync=slow_disk)
    committer = Committer(journal, (), queue_bytes=20_000)
    loop = asyncio.get_running_loop()
    committer.start(loop)
    gate.clear()
    waiters: list[asyncio.Future[int]] = []

    def fill() -> None:
        for i in range(1000):
            waiter: asyncio.Future[int] = loop.create_future()
            committer.put(batch(20, i * 20), waiter)
            waiters.append(waiter)

    with pytest.raises(Overloaded, match="send again later"):
        fill()
    assert 20_000 / (150 + 21 * 20) - 1 <= len(waiters) < 200
    tick: asyncio.Future[int] = loop.create_future()
    committer.put(NewTick(5), tick)
    gate.set()
    numbers = await asyncio.gather(*waiters, tick)
    assert numbers == [1 + 20 * i for i in range(len(waiters) + 1)]
    await asyncio.to_thread(committer.stop)
    assert len(flat(read_all(journal))) == 20 * len(waiters) + 1


async def test_what_still_fits_does_not_hide_that_readings_do_not(tmp_path: Path) -> None:
    """The journal may grow by so many bytes and no more: a stand-in for the disk, not for the journal."""
    left = 100_000_000

    class Disk(Journal):
        def commit(self, items: Sequence[Item]) -> list[Record]:
            self._need(sum(map(size_of, items)))
            return super().commit(items)

        def room(self, size: int) -> None:
            self._need(size)
            super().room(size)

        def _need(self, size: int) -> None:
            if size > left:
                raise NotDurable(f"{size} bytes do not fit")

    committer = Committer(Disk(tmp_path), ())
    loop = asyncio.get_running_loop()
    committer.start(loop)

    async def commit(item: Item) -> int:
        waiter: asyncio.Future[int] = loop.create_future()
        committer.put(item, waiter)
        return await waiter

    await commit(batch(100_000))
    assert committer.failing is None
    left = 1_000_000
    with pytest.raises(NotDurable):
        await commit(batch(100_000))
    for _ in range(3):
        await commit(NewTick(1))
        await commit(batch(20))
        assert committer.failing, "what is as large as the refused one would still be refused"
    left = 3_000_000
    await commit(NewTick(2))
    await until(lambda: committer.failing is None)
    left = 500
    with pytest.raises(NotDurable):
        await commit(batch(20))
    left = 60_000
    await commit(batch(20))
    await asyncio.to_thread(committer.stop)
    assert committer.failing, "a disk with room for hardly more than this is full"


@given(st.lists(st.one_of(st.integers(1, 30), st.just(0), st.just(-1)), max_size=40), st.integers(200, 4_000))
def test_a_stage_gets_everything_once_however_far_it_falls_behind(
    tmp_path_factory: pytest.TempPathFactory, steps: list[int], limit: int
) -> None:
    journal = Journal(tmp_path_factory.mktemp("feed"), segment_bytes=1_000)
    feed = Feed(journal, 1, limit)
    made: list[Record] = []
    got: list[Record] = []
    for n in steps:
        if n > 0:
            records = journal.commit([batch(n, len(made)), NewTick(n)])
            made += records
            feed.publish(records)
        elif n == 0:
            got += joined(feed.take(300, 0))
        else:
            feed.rewind(1)
            got.clear()
    while feed.position < journal.next_seq:
        got += feed.take(500, 0)
    assert flat(got) == flat(made)


async def signals_of(directory: Path) -> list[Signal]:
    async with running(directory) as core:
        if not core.catalog.version:
            await core.switch(catalog(1))
            await core.accept(readings(1, 0, [1.0, 6.0, 1.0]))
        await until(lambda: core.live and core.engine.caught_up())
        return core.spool.peek(100)[0]


async def test_the_same_journal_gives_the_same_ids_and_a_new_one_gives_others(tmp_path: Path) -> None:
    first = await signals_of(tmp_path)
    for part in ("checkpoint", "spool"):
        shutil.rmtree(tmp_path / part)
    (tmp_path / "journal" / "salt").unlink()  # a copy is in every segment
    assert await signals_of(tmp_path) == first
    for part in ("checkpoint", "spool", "store", "journal", "catalog.packed"):
        path = tmp_path / part
        path.unlink() if path.is_file() else shutil.rmtree(path)
    again = await signals_of(tmp_path)
    assert [s["to"] for s in first] == [s["to"] for s in again] == [3, 0]
    assert not {s["id"] for s in first} & {s["id"] for s in again}
    assert {s["shard"] for s in first} != {s["shard"] for s in again}


async def test_a_journal_that_lost_its_segments_is_a_new_one_though_its_salt_was_left(tmp_path: Path) -> None:
    first = await signals_of(tmp_path)
    for part in ("checkpoint", "spool", "store"):
        shutil.rmtree(tmp_path / part)
    (tmp_path / "catalog.packed").unlink()
    for segment in (tmp_path / "journal").glob("*.log"):
        segment.unlink()
    again = await signals_of(tmp_path)
    assert len(again) == len(first) == 2
    assert not {s["id"] for s in first} & {s["id"] for s in again}


async def test_a_small_change_among_many_rules_leaves_the_rest_as_it_was(tmp_path: Path) -> None:
    async with running(tmp_path) as core:
        await core.switch(catalog(50))
        for point in range(1, 51):
            await core.accept(readings(point, 0, [6.0]))
        rule = {"id": 107, "version": 2, "point": 7, "kind": "threshold", "params": {"levels": {"4": 6.0}}}
        gone = {"points": [9], "rules": [109]}
        await core.switch(json.dumps({"version": 2, "rules": [rule], "removed": gone}).encode())
        for point in range(1, 51):
            await core.accept(readings(point, 1, [6.0]))
        await until(lambda: core.engine.caught_up())
        assert len(told(core)) == 51
        assert told(core)[-1] == (7, T + 1000, 4)
        assert core.engine.latest.get(9) is None
        assert core.state()["rules_refused"] == []
