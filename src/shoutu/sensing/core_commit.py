"""Group commit: whatever waits goes to disk together, one sync for all, then everybody is told at once."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Sequence

from . import metrics
from .core_feed import Feed
from .journal import Item, Journal, size_of
from .journal_records import Record
from .model import Batch, NotDurable, Overloaded

logger = logging.getLogger(__name__)

QUEUE_BYTES = 64 << 20
COMMIT_BYTES = 16 << 20
ROOM_BYTES = 1 << 20
"""So much must fit on the disk for the journal to count as writable when it starts or has failed."""

Waiter = asyncio.Future[int]


class Committer:
    """One thread that owns the journal's writing end."""

    def __init__(self, journal: Journal, feeds: Sequence[Feed], queue_bytes: int = QUEUE_BYTES) -> None:
        self._journal = journal
        self._feeds = feeds
        self._limit = queue_bytes
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._queue: list[tuple[Item, Waiter, int]] = []
        self._bytes = 0
        self._stopping = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="committer", daemon=True)
        self.failing: str | None = None
        """Why readings cannot be made durable; None while they can.

        A tick is small and may fit where readings do not: once something was refused, only a commit as large, or
        the proof that one would fit, counts as mended.
        """
        self._wanted = 0

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._thread.start()

    def put(self, item: Item, waiter: Waiter) -> None:
        """Queue an item; the waiter gets its first number. Raises Overloaded for readings beyond the bound."""
        size = size_of(item)
        with self._lock:
            if self._stopping:
                raise NotDurable("the pipeline is stopping; send again in a moment")
            if self._queue and self._bytes + size > self._limit and isinstance(item, Batch):
                raise Overloaded("more readings are waiting for the disk than may wait; send again later")
            self._queue.append((item, waiter, size))
            self._bytes += size
            first = len(self._queue) == 1
        if first:
            self._wake.set()

    def _take(self) -> list[tuple[Item, Waiter, int]]:
        with self._lock:
            taken, size = 0, 0
            for _, _, item_size in self._queue:
                if taken and size + item_size > COMMIT_BYTES:
                    break
                size += item_size
                taken += 1
            group = self._queue[:taken]
            del self._queue[:taken]
            self._bytes -= size
            if not self._queue and not self._stopping:
                self._wake.clear()
            metrics.QUEUE_BYTES.set(self._bytes)
            return group

    def _run(self) -> None:
        self._prove(ROOM_BYTES)
        while True:
            self._wake.wait()
            group = self._take()
            if group:
                self._commit(group)
            elif self._stopping:
                return

    def _commit(self, group: list[tuple[Item, Waiter, int]]) -> None:
        start = time.perf_counter()
        try:
            records = self._journal.commit([item for item, _, _ in group])
        except NotDurable as error:
            self._refuse(group, error)
            return
        except Exception as error:
            logger.exception("the journal could not be written")
            self._refuse(group, NotDurable(f"the journal could not be written: {error}"))
            return
        for feed in self._feeds:
            feed.publish(records)
        self._tell([(waiter, seq) for (_, waiter, _), seq in zip(group, _numbers(group, records), strict=True)])
        metrics.COMMIT_SECONDS.observe(time.perf_counter() - start)
        metrics.JOURNAL_COMMITS.inc()
        metrics.JOURNAL_SEQ.set(self._journal.next_seq)
        if self.failing is not None:
            size = sum(size for _, _, size in group)
            self._mended() if size >= self._wanted else self._prove(self._wanted)

    def _prove(self, size: int) -> None:
        """Whether ``size`` bytes would fit now decides whether the journal counts as writable."""
        try:
            self._journal.room(size)
        except NotDurable as error:
            self._failed(size, error)
        else:
            self._mended()

    def _failed(self, size: int, error: NotDurable) -> None:
        if self.failing is None:
            logger.error("readings are refused: %s", error)
        self.failing = str(error)
        self._wanted = max(self._wanted, size, ROOM_BYTES)
        metrics.JOURNAL_WRITABLE.set(0)

    def _mended(self) -> None:
        if self.failing is not None:
            logger.warning("readings are taken again")
        self.failing = None
        self._wanted = 0
        metrics.JOURNAL_WRITABLE.set(1)

    def _refuse(self, group: list[tuple[Item, Waiter, int]], error: NotDurable) -> None:
        self._failed(sum(size for _, _, size in group), error)
        # The clock and the catalog are small: they may still fit where the readings did not.
        small = [entry for entry in group if not isinstance(entry[0], Batch)]
        if len(small) == len(group):
            small = []
        self._tell([(waiter, error) for item, waiter, _ in group if not small or isinstance(item, Batch)])
        if small:
            self._commit(small)

    def _tell(self, answers: list[tuple[Waiter, int | NotDurable]]) -> None:
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(_finish, answers)
        except RuntimeError:
            logger.warning("%d senders were gone before their answer", len(answers))

    def stop(self) -> None:
        """Commit what waits, then end the thread."""
        with self._lock:
            self._stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()


def _numbers(group: list[tuple[Item, Waiter, int]], records: Sequence[Record]) -> list[int]:
    seq = records[0].seq
    numbers = []
    for item, _, _ in group:
        numbers.append(seq)
        seq += len(item.point) if isinstance(item, Batch) else 1
    return numbers


def _finish(answers: list[tuple[Waiter, int | NotDurable]]) -> None:
    for waiter, answer in answers:
        if waiter.done():
            continue
        if isinstance(answer, int):
            waiter.set_result(answer)
        else:
            waiter.set_exception(NotDurable(str(answer)))
