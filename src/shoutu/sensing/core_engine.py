"""The engine stage: one thread that evaluates the journal in order and spools what the engine raises.

It passes a record only when its signals are durable in the spool; a checkpoint is only as far as that.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from shoutu.engine.snapshot import Frozen

from . import metrics
from .catalog import Catalog, read_delta
from .checkpoint import Checkpoints, Facts
from .core_feed import Feed, joined
from .core_latest import Latest
from .core_rules import Watch
from .journal_records import Readings, Record, Tick
from .model import NotDurable
from .spool import Signal, Spool

logger = logging.getLogger(__name__)

STEP_BYTES = 4 << 20
CHECKPOINT_SECONDS = 15.0
"""While readings come. What lies between is evaluated again after a kill: at 10,000 readings/s well under a second."""
CHECKPOINT_READINGS = 5_000_000
IDLE_CHECKPOINT_SECONDS = 30.0
CAREFUL_READINGS = 100_000
"""After a failure so many numbers are evaluated one by one: more than any one step takes together."""


class EngineStage:
    """``watch``: the engine with its catalog, as of ``feed.position``; ``skip_through``: signals of records up
    to this number are in the spool already."""

    def __init__(
        self,
        feed: Feed,
        watch: Watch,
        latest: Latest,
        tick: int,
        spool: Spool,
        checkpoints: Checkpoints,
        skip_through: int,
        on_checkpoint: Callable[[], None],
    ) -> None:
        self.feed = feed
        self.watch = watch
        watch.shard = feed.identity
        self.latest = latest
        self.tick = tick
        self.lock = threading.Lock()
        self.known: Catalog | None = None
        """The doors' catalog that comes: where it is the engine's, too, both hold the same blocks."""
        self.on_signals: Callable[[], None] = lambda: None
        self.failing: str | None = None
        self.skipped: list[int] = []
        self.evaluated = feed.position
        self._spool = spool
        self._checkpoints = checkpoints
        self._skip_through = skip_through
        self._on_checkpoint = on_checkpoint
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._writer = ThreadPoolExecutor(1, "checkpoint")
        self._writing: Future[None] | None = None
        self._spare: Frozen | None = None
        self._saved_at = time.monotonic()
        self._saved_seq = feed.position
        self._readings_since = 0
        self._careful_until = 0

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()

    def _run(self) -> None:
        while not (self._stopping.is_set() and self.feed.live and self.caught_up()):
            records = self.feed.take(STEP_BYTES, 0.25)
            try:
                for record in self._steps(records):
                    self._step(record)
            except Exception as error:
                if not self._recover(error):
                    return
            self._checkpoint_if_due()

    def _steps(self, records: Sequence[Record]) -> Iterator[Record]:
        """The records as they are best evaluated: together, or one by one where one is known to fail."""
        for record in joined(records):
            if record.seq < self._careful_until and isinstance(record, Readings):
                yield from (record.after(seq).first() for seq in range(record.seq, record.seq + record.count))
            else:
                yield record

    def caught_up(self) -> bool:
        return self.evaluated >= self.feed.end()

    def _step(self, record: Record) -> None:
        start = record.seq
        with self.lock:
            if record.seq in self.skipped:
                signals: list[Signal] = []
            elif isinstance(record, Readings):
                signals = self.watch.readings(record)
                self.latest.update(record)
                self._readings_since += record.count
            elif isinstance(record, Tick):
                signals = self.watch.tick(record.seq, record.now)
            else:
                signals = []
                self._switch(record.seq, record.delta)
        self._keep([signal for signal in signals if signal["seq"] > self._skip_through])
        if isinstance(record, Tick):
            self.tick = record.now
            metrics.TICK_TS.set(record.now / 1000)
        self.evaluated = start + record.count
        self.failing = None
        metrics.EVALUATED_SEQ.set(self.evaluated)

    def _switch(self, seq: int, delta: bytes) -> None:
        before = self.watch.catalog.points.ids
        self.watch.switch(seq, read_delta(delta))
        mine, known = self.watch.catalog, self.known
        if known is not None and mine.waiting is None and mine.version == known.version and mine.same(known):
            self.watch.catalog = known
        if not np.array_equal(after := self.watch.catalog.points.ids, before):
            self.latest.points(after)

    def _keep(self, signals: Sequence[Signal]) -> None:
        """Spool signals, however long the disk takes to have room: they must not be passed over."""
        if not signals:
            return
        wait = 0.1
        while True:
            try:
                self._spool.append(signals)
                break
            except NotDurable as error:
                self.failing = str(error)
                metrics.STALLED.labels("spool").inc()
                logger.error("%d signals wait for the disk: %s", len(signals), error)
                if self._stopping.wait(wait):
                    raise
                wait = min(wait * 2, 2.0)
        self.failing = None
        for signal in signals:
            metrics.SIGNALS.labels(str(signal["type"])).inc()
        self.on_signals()

    def _recover(self, error: Exception) -> bool:
        """After a failure: go back to the last checkpoint; pass over a record that fails twice, and say so."""
        if isinstance(error, NotDurable) and self._stopping.is_set():
            return False
        metrics.STALLED.labels("engine").inc()
        failed = self.evaluated
        logger.error("evaluating record %d failed", failed, exc_info=error)
        if failed < self._careful_until and failed not in self.skipped:
            self.skipped.append(failed)
            logger.critical("record %d cannot be evaluated and is passed over", failed)
        self.failing = f"record {failed}: {error}"
        self._careful_until = max(self._careful_until, failed + CAREFUL_READINGS)
        self._finish_writing()
        with self.lock:
            loaded = next(self._checkpoints.load(), None)
            if loaded is None:
                self.watch, self.latest, seq = Watch(Catalog()), Latest(), 1
            else:
                self.watch = Watch.restore(loaded.engine, Catalog.decode(loaded.catalog))
                self.latest, seq = Latest.load(loaded.latest), loaded.facts.seq
            self.watch.shard = self.feed.identity
        self._skip_through = max(self._skip_through, self._spool.high_seq)
        self.evaluated = seq
        self.feed.rewind(seq)
        time.sleep(0.05)
        return True

    def _checkpoint_if_due(self) -> None:
        waited = time.monotonic() - self._saved_at
        fresh = self.evaluated - self._saved_seq
        busy = self._readings_since > 0
        due = waited >= (CHECKPOINT_SECONDS if busy else IDLE_CHECKPOINT_SECONDS)
        if fresh and (due or self._readings_since >= CHECKPOINT_READINGS):
            self.checkpoint()

    def checkpoint(self) -> None:
        """Copy the state now; encode and write it beside the hot path unless the last one is still being written.

        The copy goes into the memory of the one before, which is written by then.
        """
        if self._writing is not None and not self._writing.done():
            return
        with self.lock:
            facts = Facts(self.evaluated, self.tick, self._spool.next_index)
            taken = facts, self.watch.freeze(self._spare), self.watch.catalog, self.latest.copy()
        self._saved_at, self._saved_seq, self._readings_since = time.monotonic(), self.evaluated, 0
        self._writing = self._writer.submit(self._write, *taken)

    def _write(self, facts: Facts, engine: Frozen, catalog: Catalog, latest: Latest) -> None:
        try:
            self._checkpoints.write(facts, engine.parts(), catalog.pack(), latest.dump())
        except OSError as error:
            metrics.CHECKPOINTS.labels("failed").inc()
            logger.error("checkpoint not written: %s", error)
            return
        finally:
            self._spare = engine
        self._on_checkpoint()

    def _finish_writing(self) -> None:
        if self._writing is not None:
            self._writing.result()

    def stop(self) -> None:
        """Evaluate what is durable, write a last checkpoint, end."""
        self._stopping.set()
        self.feed.wake()
        if self._thread.is_alive():
            self._thread.join()
        self._finish_writing()
        if self.evaluated > self._saved_seq:
            self.checkpoint()
        self._writer.shutdown(wait=True)
