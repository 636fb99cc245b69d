"""Parts: what one journal record is for one shard, as the bytes that go through Flink.

A part is a head of 36 bytes and a body, little-endian. The head: magic ``SPT1``, kind (1 readings, 2 tick, 3 switch),
a byte 0, the shard (u16), the journal's identity (u32), ``after`` (i64), ``seq`` (i64), how many readings (u32), the
CRC-32 of the head before it and of the body. ``seq`` is the part's last number in the journal, ``after`` that of the
part of this shard before it: so whoever misses a part knows it. Bodies: readings are columns (numbers, ts, received,
value as 8 bytes each, point as 4, quality as 1); a tick is its time (i64, UTC ms); a switch is the JSON of the delta
for this shard.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import numpy as np

from shoutu.sensing.journal_records import READINGS, SWITCH, TICK, Readings, Record, Switch, Tick
from shoutu.sensing.model import Ints64

MAGIC = b"SPT1"
_HEAD = struct.Struct("<4sBBHIqqI")
_CRC = struct.Struct("<I")
HEAD_BYTES = _HEAD.size + _CRC.size
_NOW = struct.Struct("<q")
COLUMNS = (
    ("numbers", "<i8"), ("ts", "<i8"), ("received", "<i8"), ("value", "<f8"), ("point", "<i4"), ("quality", "u1"),
)  # fmt: skip
READING_BYTES = 37


class PartError(ValueError):
    """Bytes that are no part: of another program, another version, or damaged."""


@dataclass(frozen=True, slots=True)
class Part:
    """One record for one shard of the journal ``identity``; ``numbers`` of its readings (empty for other records)."""

    identity: int
    shard: int
    after: int
    seq: int
    record: Record
    numbers: Ints64

    def encode(self) -> bytes:
        """The bytes of the part."""
        record = self.record
        if isinstance(record, Readings):
            kind, count = READINGS, record.count
            columns = (self.numbers, record.ts, record.received, record.value, record.point, record.quality)
            body = b"".join(
                np.ascontiguousarray(column, dtype).tobytes()
                for column, (_, dtype) in zip(columns, COLUMNS, strict=True)
            )
        elif isinstance(record, Tick):
            kind, count, body = TICK, 0, _NOW.pack(record.now)
        else:
            kind, count, body = SWITCH, 0, record.delta
        head = _HEAD.pack(MAGIC, kind, 0, self.shard, self.identity, self.after, self.seq, count)
        return head + _CRC.pack(zlib.crc32(body, zlib.crc32(head))) + body


def place_of(raw: bytes) -> int:
    """The key a part is grouped by: identity and shard in one number. Raises PartError."""
    _, shard, identity, *_ = _head(raw)
    return identity << 16 | shard


def decode_part(raw: bytes) -> Part:
    """The part of these bytes. Raises PartError saying what is wrong with them."""
    kind, shard, identity, after, seq, count = _head(raw)
    body = memoryview(raw)[HEAD_BYTES:]
    if _CRC.unpack_from(raw, _HEAD.size)[0] != zlib.crc32(body, zlib.crc32(raw[: _HEAD.size])):
        raise PartError("a part of readings is damaged: its checksum is wrong")
    none = np.empty(0, np.int64)
    if kind == TICK and len(body) == _NOW.size:
        return Part(identity, shard, after, seq, Tick(seq, _NOW.unpack(body)[0]), none)
    if kind == SWITCH:
        return Part(identity, shard, after, seq, Switch(seq, bytes(body)), none)
    if kind != READINGS or len(body) != READING_BYTES * count or not count:
        raise PartError(f"a part of kind {kind} with {count} readings in {len(body)} bytes is of another version")
    at, columns = 0, {}
    for name, dtype in COLUMNS:
        columns[name] = np.frombuffer(body, dtype, count, at)
        at += columns[name].nbytes
    numbers = columns.pop("numbers")
    if numbers[-1] != seq or (count > 1 and not (numbers[1:] > numbers[:-1]).all()):
        raise PartError("a part of readings is damaged: its numbers do not increase to its last")
    return Part(identity, shard, after, seq, Readings(int(numbers[0]), **columns), numbers)


def _head(raw: bytes) -> tuple[int, int, int, int, int, int]:
    """(kind, shard, identity, after, seq, count)."""
    if len(raw) < HEAD_BYTES or raw[: len(MAGIC)] != MAGIC:
        raise PartError(f"not a part: expected {HEAD_BYTES} bytes or more beginning with {MAGIC.decode()}")
    _, kind, _, shard, identity, after, seq, count = _HEAD.unpack_from(raw)
    return kind, shard, identity, after, seq, count
