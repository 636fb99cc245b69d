"""What a journal record is, in memory and as bytes: readings in columns, a tick of the clock, a catalog switch."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .journal_frames import Buffer, Frame
from .journal_log import NewFrame
from .model import Batch, Bytes8, Floats, Ints32, Ints64

READINGS, TICK, SWITCH = 1, 2, 3

_COUNTS = struct.Struct("<II")
_NOW = struct.Struct("<q")
RUN = np.dtype([("count", "<u4"), ("source", "<i4"), ("received", "<i8"), ("door", "S8")])
"""One run of readings that came together: how many, of which source, when (UTC ms), by which door."""

READING_BYTES = 21


@dataclass(frozen=True, slots=True)
class Readings:
    """Readings numbered ``seq`` … ``seq + n − 1``; columns of one length n; times in UTC ms."""

    seq: int
    point: Ints32
    ts: Ints64
    received: Ints64
    value: Floats
    quality: Bytes8

    @property
    def count(self) -> int:
        return len(self.point)

    @property
    def size(self) -> int:
        return 200 + 29 * len(self.point)

    def after(self, seq: int) -> Readings:
        """What of it is numbered ``seq`` or later."""
        if seq <= self.seq:
            return self
        cut = slice(seq - self.seq, None)
        return Readings(seq, self.point[cut], self.ts[cut], self.received[cut], self.value[cut], self.quality[cut])

    def first(self) -> Readings:
        """Its first reading alone."""
        cut = slice(0, 1)
        return Readings(self.seq, self.point[cut], self.ts[cut], self.received[cut], self.value[cut], self.quality[cut])


@dataclass(frozen=True, slots=True)
class Tick:
    """The clock as data: ``now`` in UTC ms, never less than the tick before."""

    seq: int
    now: int
    count: int = 1
    size: int = 100


@dataclass(frozen=True, slots=True)
class Switch:
    """A change of the catalog, as the JSON of its delta."""

    seq: int
    delta: bytes
    count: int = 1

    @property
    def size(self) -> int:
        return 200 + len(self.delta)


Record = Readings | Tick | Switch


def readings_frame(batches: Sequence[Batch]) -> tuple[NewFrame, Readings]:
    """One frame for batches that follow each other, and the record it will be (numbered later)."""
    runs = np.empty(len(batches), RUN)
    for i, batch in enumerate(batches):
        runs[i] = (len(batch.point), batch.source, batch.received, batch.door.encode()[:8])
    if len(batches) == 1:
        point, ts, value, quality = batches[0][:4]
    else:
        point = np.concatenate([batch.point for batch in batches])
        ts = np.concatenate([batch.ts for batch in batches])
        value = np.concatenate([batch.value for batch in batches])
        quality = np.concatenate([batch.quality for batch in batches])
    received = np.repeat(runs["received"], runs["count"])
    parts: list[Buffer] = [_COUNTS.pack(len(point), len(runs)) + runs.tobytes()]
    # Eight-byte columns first, so that a reader gets them aligned.
    parts += [column.data.cast("B") for column in (ts, value, point, quality) if len(column)]
    return NewFrame(READINGS, len(point), parts), Readings(0, point, ts, received, value, quality)


def tick_frame(now: int) -> NewFrame:
    return NewFrame(TICK, 1, [_NOW.pack(now)])


def switch_frame(delta: bytes) -> NewFrame:
    return NewFrame(SWITCH, 1, [delta])


def decode(frame: Frame) -> Record | None:
    """The record of a frame; None when its kind is of a later version than ours."""
    if frame.kind == TICK:
        return Tick(frame.seq, _NOW.unpack(frame.payload)[0])
    if frame.kind == SWITCH:
        return Switch(frame.seq, frame.payload)
    if frame.kind != READINGS:
        return None
    n, n_runs = _COUNTS.unpack_from(frame.payload)
    at = _COUNTS.size
    runs = np.frombuffer(frame.payload, RUN, n_runs, at)
    at += runs.nbytes
    ts = np.frombuffer(frame.payload, "<i8", n, at)
    value = np.frombuffer(frame.payload, "<f8", n, at + 8 * n)
    point = np.frombuffer(frame.payload, "<i4", n, at + 16 * n)
    quality = np.frombuffer(frame.payload, "u1", n, at + 20 * n)
    received = np.repeat(runs["received"], runs["count"])
    return Readings(frame.seq, point, ts, received, value, quality)


def runs_of(frame: Frame) -> list[tuple[int, int, int, str]]:
    """(count, source, received, door) of each run of a readings frame: who sent what, for diagnosis."""
    _, n_runs = _COUNTS.unpack_from(frame.payload)
    runs = np.frombuffer(frame.payload, RUN, n_runs, _COUNTS.size)
    return [(int(r["count"]), int(r["source"]), int(r["received"]), r["door"].decode()) for r in runs]
