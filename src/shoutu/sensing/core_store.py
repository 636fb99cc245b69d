"""The store stage: one thread that hands every reading of the journal to the store, however often it must try."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial

from . import metrics
from .core_feed import Feed, joined
from .journal_records import Readings
from .model import Store

logger = logging.getLogger(__name__)

STEP_BYTES = 8 << 20
FLUSH_SECONDS = 15.0
FLUSH_READINGS = 500_000
IDLE_FLUSH_SECONDS = 60.0


class StoreStage:
    """The store lags behind the journal as far as it must; the journal keeps what is not stored yet."""

    def __init__(self, feed: Feed, store: Store) -> None:
        self.feed = feed
        self.store = store
        self.failing: str | None = None
        self.added = feed.position
        self._unflushed = 0
        self._flushed_at = time.monotonic()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="store", daemon=True)

    @property
    def stored(self) -> int:
        """First number that may not be durable in the store yet."""
        return self.store.stored_through + 1

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()

    def _run(self) -> None:
        while not (self._stopping.is_set() and self.feed.live and self.added >= self.feed.end()):
            for record in joined(self.feed.take(STEP_BYTES, 0.25)):
                if isinstance(record, Readings) and not self._insist(partial(self._add, record)):
                    return
                self.added = record.seq + record.count
            self.store.mark(self.added - 1)
            if self._due() and not self._insist(self._flush):
                return

    def _add(self, record: Readings) -> None:
        self.store.add(record.seq, record.point, record.ts, record.received, record.value, record.quality)
        self._unflushed += record.count

    def _due(self) -> bool:
        waited = time.monotonic() - self._flushed_at
        limit = FLUSH_SECONDS if self._unflushed else IDLE_FLUSH_SECONDS
        return waited >= limit or self._unflushed >= FLUSH_READINGS

    def _flush(self) -> None:
        self.store.flush()
        self._flushed_at = time.monotonic()
        self._unflushed = 0
        metrics.STORED_SEQ.set(self.stored)

    def _insist(self, work: Callable[[], None]) -> bool:
        """Do it, however long the store refuses; False when told to stop meanwhile."""
        wait = 0.1
        while True:
            try:
                work()
            except Exception as error:
                metrics.STALLED.labels("store").inc()
                self.failing = str(error)
                logger.error("the store refuses at record %d; trying again: %s", self.added, error)
                if self._stopping.wait(wait):
                    return False
                wait = min(wait * 2, 5.0)
            else:
                self.failing = None
                return True

    def stop(self) -> None:
        """Store what is durable in the journal, then close; what the store refuses stays in the journal."""
        self._stopping.set()
        self.feed.wake()
        if self._thread.is_alive():
            self._thread.join()
        try:
            self.store.close()
        except Exception:
            logger.exception("the store could not be flushed; the journal keeps what is missing")
