"""The core: what the doors call, and the order of everything behind the commit.

accept → group commit → (engine thread → spool), (store thread). Each stage remembers how far it is; a restart
goes on from the last checkpoint by reading the journal again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from . import metrics
from .catalog import KEPT, KEPT_BEFORE, Catalog, Delta, read_delta
from .checkpoint import Checkpoints
from .core_clock import SteadyClock
from .core_commit import QUEUE_BYTES, Committer
from .core_engine import EngineStage
from .core_feed import Feed
from .core_latest import Latest
from .core_rules import Watch
from .core_store import StoreStage
from .directory import CatalogDirectory
from .journal import Item, Journal, NewSwitch, NewTick
from .model import Batch, NotDurable, Overloaded, Rejected, Store
from .spool import Spool
from .unclaimed import Unclaimed

logger = logging.getLogger(__name__)

TICK_SECONDS = 1.0
AGREE_PATIENCE_S = 15.0
"""So long doors stay closed for a replay at the start."""
MOST_SWITCH_BYTES = 64 << 20
"""A change that is longer is journaled in parts, whoever tells it; a frame of the journal holds 256 MB."""
MAX_SEGMENTS = 64
"""Segments the journal may keep for a stage that lags before senders are told to wait (64 × 64 MB)."""


class Core:
    """One pipeline's heart over one data directory. Built and stopped on the event loop's thread."""

    def __init__(
        self, directory: Path, store: Store, clock: SteadyClock | None = None, queue_bytes: int = QUEUE_BYTES
    ) -> None:
        self._directory_path = directory
        self._catalog_path = directory / KEPT
        self.unclaimed = Unclaimed()
        self.spool = Spool(directory / "spool")
        checkpoints = Checkpoints(directory / "checkpoint")
        watch, latest, seq, tick, skip = self._resume(checkpoints, directory / "journal")
        floor = max(self.spool.high_seq + 1, store.stored_through + 1, seq)
        self.journal = Journal(directory / "journal", floor)
        self.clock = clock or SteadyClock(tick)
        self.checkpoints = checkpoints
        self.engine = EngineStage(
            Feed(self.journal, seq), watch, latest, tick, self.spool, checkpoints, skip, self._forget
        )
        self.store = StoreStage(Feed(self.journal, store.stored_through + 1), store)
        self.committer = Committer(self.journal, (self.engine.feed, self.store.feed), queue_bytes)
        self.catalog = Catalog.kept_in(self._directory_path) or watch.catalog
        if watch.catalog.version > self.catalog.version or watch.catalog.same(self.catalog):
            # Equal ones are one: a country's catalog is in memory once.
            self.catalog = watch.catalog.settled()
        self._directory = CatalogDirectory(self.catalog)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ticker: asyncio.Task[None] | None = None
        self._switching = asyncio.Lock()

    def _resume(self, checkpoints: Checkpoints, journal: Path) -> tuple[Watch, Latest, int, int, int]:
        """(engine, latest values, next number to evaluate, last tick, signals spooled through)."""
        for kept in checkpoints.load():
            if kept.facts.spool > self.spool.next_index:
                logger.error("the spool lost signals after checkpoint %d; going back further", kept.facts.seq)
                continue
            try:
                watch = Watch.restore(kept.engine, Catalog.decode(kept.catalog))
                latest = Latest.load(kept.latest)
            except Exception:
                logger.exception("checkpoint %d is not one of this version; going back further", kept.facts.seq)
                continue
            return watch, latest, kept.facts.seq, kept.facts.tick, self.spool.high_seq
        first = min((int(p.name[:20]) for p in journal.glob("*.log")), default=1)
        if first <= 1:
            # The whole journal is here: evaluating it again gives the same signals.
            return Watch(Catalog()), Latest(), 1, 0, self.spool.high_seq
        logger.critical("no checkpoint can be read: rules start anew from record %d", first)
        catalog = Catalog.kept_in(self._directory_path) or Catalog()
        latest = Latest()
        latest.points(catalog.points.ids)
        # The county knows signals it had already by their ids; those of a fresh start may be others.
        return Watch(catalog), latest, first, 0, 0

    async def start(self) -> None:
        """Start the stages and the clock; replay goes on in the background (see ``live``)."""
        self._loop = asyncio.get_running_loop()
        self.committer.start(self._loop)
        self.engine.start()
        self.store.start()
        self._ticker = asyncio.create_task(self._tick_on(), name="ticks")

    # For the doors

    @property
    def directory(self) -> CatalogDirectory:
        return self._directory

    async def accept(self, batch: Batch) -> None:
        """Return once every reading of the batch is on disk. Raises Overloaded or NotDurable."""
        if not len(batch.point):
            return
        if len(self.journal.log.segments) > MAX_SEGMENTS:
            raise Overloaded("evaluating or storing is too far behind; send again later")
        now, offset = self.clock.read()
        received = min(batch.received + offset, now) if offset > 0 else batch.received
        await self._commit(_checked(batch, received))

    def reject(self, readings: Sequence[Rejected]) -> None:
        """Keep refused addresses for 待认领; bounded."""
        self.unclaimed.add(readings)

    # Clock and catalog

    def _commit(self, item: Item) -> asyncio.Future[int]:
        assert self._loop is not None, "start() first"
        waiter: asyncio.Future[int] = self._loop.create_future()
        self.committer.put(item, waiter)
        return waiter

    async def _tick_on(self) -> None:
        while True:
            try:
                await self._commit(NewTick(self.clock.now()))
            except NotDurable as error:
                logger.error("the clock is not journaled: %s", error)
            await asyncio.sleep(TICK_SECONDS)

    async def switch(self, raw: bytes) -> bool:
        """Put a catalog delta into force: journaled, then for the doors at once and for the engine in its place.

        Of a change in parts each is journaled, and nothing is in force before the last; what is too long for one
        record is parted here. False when it changes nothing in force, be it that everything was told once more: that
        is no switch. Raises msgspec.MsgspecError (not a delta), OutOfTurn or NotDurable; then everything in force
        stays as it was.
        """
        async with self._switching:
            delta = await asyncio.to_thread(read_delta, raw)
            if delta.part or len(raw) <= MOST_SWITCH_BYTES:
                return await self._switch(raw, delta)
            changed = False
            for part in delta.cut(MOST_SWITCH_BYTES // 2):
                changed = await self._switch(part, read_delta(part))
            return changed

    async def _switch(self, raw: bytes, delta: Delta) -> bool:
        taken = await asyncio.to_thread(self.catalog.taken, delta)
        if taken.waiting is not None:
            await self._commit(NewSwitch(raw))
            self.catalog = taken
            return False
        changed = not delta.empty and not await asyncio.to_thread(taken.same, self.catalog)
        if not changed and not delta.part and taken.version == self.catalog.version:
            return False
        if changed or delta.part:
            # The last part is told in any case: the engine waits for it.
            directory = await asyncio.to_thread(CatalogDirectory, taken)
            self.engine.known = taken
            await self._commit(NewSwitch(raw))
            self._directory = directory
        self._directory.version = taken.version
        self.catalog = taken
        metrics.CATALOG_VERSION.set(taken.version)
        try:
            await asyncio.to_thread(taken.save, self._catalog_path)
            self._catalog_path.with_name(KEPT_BEFORE).unlink(missing_ok=True)
        except OSError as error:
            # The journal has it; the copy only helps while the county is down.
            logger.error("%s: not written: %s", self._catalog_path, error)
        return changed

    async def _tell_all(self) -> None:
        """Tell the engine the whole catalog in force; what the county was telling in parts begins again."""
        self.catalog = self.catalog.settled()
        for raw in self.catalog.parts(MOST_SWITCH_BYTES // 2):
            await self._commit(NewSwitch(raw))

    async def agree(self) -> bool:
        """Once replay is done: when damage cost the engine a switch, tell it the whole catalog again; when the doors'
        copy is the older one, the doors take the engine's.

        False while replay goes on.
        """
        async with self._switching:
            if not (self.live and self.engine.caught_up()):
                return False
            mine = self.engine.watch.catalog
            if mine.version > self.catalog.version:
                # Killed after a switch was journaled and before its copy was written: the journal is right.
                self._directory = await asyncio.to_thread(CatalogDirectory, mine)
                self.catalog = mine
                metrics.CATALOG_VERSION.set(mine.version)
            elif not mine.same(self.catalog):
                logger.error("the engine has catalog %d, the doors %d", mine.version, self.catalog.version)
                await self._tell_all()
            return True

    async def agree_first(self, patience_s: float = AGREE_PATIENCE_S) -> bool:
        """Before the doors open: agree, so that what they take is judged by the rules they know of.

        False when replay takes longer than ``patience_s``: senders cannot wait for ever. The journal keeps the order,
        so that is harm only where a switch was lost; then the engine is told everything again in any case.
        """
        end = time.monotonic() + patience_s
        while not await self.agree():
            if time.monotonic() >= end or not self.alive:
                if self.journal.log.missing or self.journal.log.damaged:
                    logger.error("the journal is damaged and replay goes on; the engine is told the catalog again")
                    async with self._switching:
                        await self._tell_all()
                return False
            await asyncio.sleep(0.01)
        return True

    # For whoever looks after it

    @property
    def live(self) -> bool:
        """Whether the engine keeps up with the journal (replay is done)."""
        return self.engine.feed.live

    @property
    def alive(self) -> bool:
        """Whether every thread and the clock are at work."""
        if self._ticker is None or self._ticker.done():
            return False
        return self.committer.alive and self.engine.alive and self.store.alive

    def _forget(self) -> None:
        """Drop journal segments that the older checkpoint and the store have passed."""
        self.journal.drop_below(min(self.checkpoints.oldest_seq(), self.store.stored))
        metrics.JOURNAL_SEGMENTS.set(len(self.journal.log.segments))

    def state(self) -> dict[str, Any]:
        """The figures of the beat (docs/architecture.md, *Up*) and what is wrong, if anything."""
        return {
            "tick_ts": self.engine.tick,
            "journal_seq": self.journal.next_seq - 1,
            "evaluated_seq": self.engine.evaluated - 1,
            "stored_seq": self.store.stored - 1,
            "spool_pending": self.spool.pending,
            "catalog_version": self.catalog.version,
            "catalog_parts": self.catalog.waiting.part - 1 if self.catalog.waiting else 0,
            "live": self.live,
            "clock": self.clock.state(),
            "rules_refused": list(self.engine.watch.problems[:100]),
            "damage": {
                "quarantined": len(self.journal.log.damaged) + len(self.spool.log.damaged),
                "missing": self.journal.log.missing + self.spool.log.missing,
                "skipped": self.engine.skipped[:100],
            },
            "failing": {
                name: text
                for name, text in (
                    ("journal", self.committer.failing),
                    ("engine", self.engine.failing),
                    ("store", self.store.failing),
                )
                if text
            },
        }

    async def stop(self) -> None:
        """Commit what waits, evaluate and store it, write a checkpoint, let go of the files."""
        if self._ticker is not None:
            self._ticker.cancel()
        for part in (self.committer, self.engine, self.store):
            await asyncio.to_thread(part.stop)
        self.journal.close()
        self.spool.close()


def _checked(batch: Batch, received: int) -> Batch:
    """The batch with columns of the journal's types. Raises ValueError when they are not of one length."""
    n = len(batch.point)
    if not len(batch.ts) == len(batch.value) == len(batch.quality) == n:
        raise ValueError("the columns of a batch must be of one length")
    return Batch(
        np.ascontiguousarray(batch.point, np.int32),
        np.ascontiguousarray(batch.ts, np.int64),
        np.ascontiguousarray(batch.value, np.float64),
        np.ascontiguousarray(batch.quality, np.uint8),
        received,
        batch.source,
        batch.door,
    )
