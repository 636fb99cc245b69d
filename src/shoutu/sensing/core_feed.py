"""Records for one stage behind the journal: out of memory while it keeps up, from disk when it falls behind.

A stage that stands still therefore never holds up the others, and a restart is nothing but falling behind.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence

import numpy as np

from .journal import Journal, JournalReader
from .journal_records import Readings, Record


class Feed:
    """``publish`` is called by the committer after each commit, ``take`` by the stage's one thread."""

    def __init__(self, journal: Journal, seq: int, limit: int = 64 << 20) -> None:
        self._journal = journal
        self._limit = limit
        self._ready = threading.Condition()
        self._queue: deque[Record] = deque()
        self._bytes = 0
        self._live = False
        self._tail = seq
        self._reader: JournalReader | None = None
        self.position = seq
        """The next number the stage will be given."""

    @property
    def live(self) -> bool:
        """Whether the stage keeps up with the journal."""
        return self._live

    @property
    def identity(self) -> int:
        """The journal's; see ``Journal.identity``."""
        return self._journal.identity

    def end(self) -> int:
        """The next number of the journal."""
        return self._journal.next_seq

    def publish(self, records: Sequence[Record]) -> None:
        """Hand on what is durable now; forgets it (to be read from disk) when the stage is too far behind."""
        with self._ready:
            if not self._live:
                return
            for record in records:
                if record.seq >= self._tail:
                    self._queue.append(record)
                    self._bytes += record.size
                    self._tail = record.seq + record.count
            if self._bytes > self._limit:
                self._live = False
                self._queue.clear()
                self._bytes = 0
            self._ready.notify()

    def wake(self) -> None:
        """Let a waiting ``take`` return now."""
        with self._ready:
            self._ready.notify_all()

    def take(self, budget: int, timeout: float) -> list[Record]:
        """Up to about ``budget`` bytes of records, in order; [] when none came within ``timeout`` seconds."""
        with self._ready:
            if self._live:
                if not self._queue:
                    self._ready.wait(timeout)
                if self._live:
                    return self._from_queue(budget)
        return self._from_disk(budget)

    def _from_queue(self, budget: int) -> list[Record]:
        out: list[Record] = []
        while self._queue and budget > 0:
            record = self._queue.popleft()
            self._bytes -= record.size
            budget -= record.size
            out.append(record)
        if out:
            self.position = out[-1].seq + out[-1].count
        return out

    def _from_disk(self, budget: int) -> list[Record]:
        if self._reader is None:
            self._reader = self._journal.reader(self.position)
        records = self._reader.read(budget)
        self.position = self._reader.seq
        if not records:
            with self._ready:
                # Nothing can be committed and published between this check and going live: publish needs the lock.
                if self._journal.next_seq == self.position:
                    self._live = True
                    self._tail = self.position
                    self._reader.close()
                    self._reader = None
        return records

    def rewind(self, seq: int) -> None:
        """Give everything from ``seq`` on again, from disk."""
        with self._ready:
            self._live = False
            self._queue.clear()
            self._bytes = 0
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        self.position = seq


def joined(records: Sequence[Record], limit: int = 65_536) -> list[Record]:
    """The same records with readings that follow each other put into one, up to ``limit`` readings each."""
    out: list[Record] = []
    run: list[Readings] = []
    held = 0

    def close_run() -> None:
        nonlocal held
        if len(run) == 1:
            out.append(run[0])
        elif run:
            out.append(
                Readings(
                    run[0].seq,
                    np.concatenate([r.point for r in run]),
                    np.concatenate([r.ts for r in run]),
                    np.concatenate([r.received for r in run]),
                    np.concatenate([r.value for r in run]),
                    np.concatenate([r.quality for r in run]),
                )
            )
        run.clear()
        held = 0

    for record in records:
        if not isinstance(record, Readings):
            close_run()
            out.append(record)
            continue
        if run and (run[-1].seq + run[-1].count != record.seq or held + record.count > limit):
            close_run()
        run.append(record)
        held += record.count
    close_run()
    return out
