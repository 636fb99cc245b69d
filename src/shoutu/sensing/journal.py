"""The journal: one total order of readings, ticks and catalog switches, durable before anything is acknowledged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from .journal_log import FrameLog, NewFrame
from .journal_reader import CHUNK, Reader
from .journal_records import (
    READING_BYTES,
    Readings,
    Record,
    Switch,
    Tick,
    decode,
    readings_frame,
    switch_frame,
    tick_frame,
)
from .journal_segments import identity_of
from .model import Batch

FRAME_READINGS = 16_384
"""Small batches of one commit share a frame of at most this many readings."""


@dataclass(frozen=True, slots=True)
class NewTick:
    now: int


@dataclass(frozen=True, slots=True)
class NewSwitch:
    delta: bytes


Item = Batch | NewTick | NewSwitch


def size_of(item: Item) -> int:
    """Bytes an item will take while it waits."""
    if isinstance(item, Batch):
        return 150 + READING_BYTES * len(item.point)
    return 150 + (len(item.delta) if isinstance(item, NewSwitch) else 0)


class Journal:
    """The log of records; ``commit`` by one thread, readers by others."""

    def __init__(
        self,
        directory: Path,
        floor: int = 1,
        segment_bytes: int = 64 << 20,
        sync: Callable[[int], None] | None = None,
    ) -> None:
        self.log = (
            FrameLog(directory, segment_bytes, floor)
            if sync is None
            else FrameLog(directory, segment_bytes, floor, sync)
        )

    @property
    def next_seq(self) -> int:
        return self.log.next_seq

    @cached_property
    def identity(self) -> int:
        """A number of 31 bits that tells this journal from any other; part of every signal's id (its shard).

        Of the random salt, which is made with the journal and lies in each of its segments, so that the same journal
        gives the same ids for ever, and one that begins again at number 1 gives none the county has seen.
        """
        return identity_of(self.log.salt)

    def commit(self, items: Sequence[Item]) -> list[Record]:
        """Make items durable in their order; the records they became. Raises NotDurable (then none is kept)."""
        frames: list[NewFrame] = []
        made: list[Record] = []
        waiting: list[Batch] = []
        held = 0

        def close_run() -> None:
            nonlocal held
            if waiting:
                frame, record = readings_frame(waiting)
                frames.append(frame)
                made.append(record)
                waiting.clear()
                held = 0

        for item in items:
            if isinstance(item, Batch):
                if held and held + len(item.point) > FRAME_READINGS:
                    close_run()
                waiting.append(item)
                held += len(item.point)
                continue
            close_run()
            if isinstance(item, NewTick):
                frames.append(tick_frame(item.now))
                made.append(Tick(0, item.now))
            else:
                frames.append(switch_frame(item.delta))
                made.append(Switch(0, item.delta))
        close_run()
        seq = self.log.append(frames)
        records: list[Record] = []
        for record in made:
            records.append(replace(record, seq=seq))
            seq += record.count
        return records

    def room(self, size: int) -> None:
        """Prove that ``size`` more bytes would fit now. Raises NotDurable when they would not."""
        self.log.room(size)

    def reader(self, seq: int) -> JournalReader:
        return JournalReader(self.log, seq)

    def drop_below(self, seq: int) -> int:
        return self.log.drop_below(seq)

    def close(self) -> None:
        self.log.close()


class JournalReader:
    """Records from a number on, as far as they are durable."""

    def __init__(self, log: FrameLog, seq: int) -> None:
        self._reader = Reader(log, seq)

    @property
    def seq(self) -> int:
        """The next number to come."""
        return self._reader.seq

    def read(self, budget: int = CHUNK) -> list[Record]:
        start = self._reader.seq
        records = []
        for frame in self._reader.read(budget):
            record = decode(frame)
            if isinstance(record, Readings):
                record = record.after(start)
            if record is not None:
                records.append(record)
        return records

    def close(self) -> None:
        self._reader.close()
