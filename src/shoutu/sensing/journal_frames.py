"""Frames: how one record lies on disk, and how a damaged file is read past its damage.

A frame is a 32-byte head (magic, kind, length, count, first sequence number, CRC of the payload, CRC of
the head) and its payload. Both CRCs start from a salt that only this log knows, so bytes that a sender
chose can never pass for a frame when the reader looks for the next good one after damage.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

MAGIC = b"\xf5SJ\x1a"
VERSION = 1
_HEAD = struct.Struct("<4sBBHIIQI")
_CRC = struct.Struct("<I")
HEAD_BYTES = _HEAD.size + _CRC.size
MAX_PAYLOAD = 256 << 20

Buffer = bytes | bytearray | memoryview


class Frame(NamedTuple):
    """One whole, checked frame; it takes ``numbers`` numbers from ``seq`` on."""

    kind: int
    seq: int
    numbers: int
    payload: bytes
    size: int

    @property
    def end_seq(self) -> int:
        return self.seq + self.numbers


class Fault(Enum):
    """Why no frame could be read at an offset."""

    SHORT = "short"  # the file ends inside the frame
    BAD = "bad"  # no frame head here
    BAD_PAYLOAD = "payload"  # a good head, but the payload fails its CRC


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes of a segment that hold no valid frame; ``tail`` when nothing valid follows them."""

    offset: int
    length: int
    tail: bool


def head(kind: int, seq: int, count: int, parts: Sequence[Buffer], salt: int) -> bytes:
    """The 32 bytes before a payload given in parts."""
    crc, length = salt, 0
    for part in parts:
        crc = zlib.crc32(part, crc)
        length += part.nbytes if isinstance(part, memoryview) else len(part)
    if length > MAX_PAYLOAD:
        raise ValueError(f"a frame holds at most {MAX_PAYLOAD} bytes, not {length}")
    packed = _HEAD.pack(MAGIC, kind, VERSION, 0, length, count, seq, crc)
    return packed + _CRC.pack(zlib.crc32(packed, salt))


def parse_head(buffer: Buffer, at: int, salt: int) -> tuple[int, int, int, int, int] | Fault:
    """(kind, seq, count, length, payload crc) of the head at ``at``."""
    if len(buffer) - at < HEAD_BYTES:
        return Fault.SHORT
    magic, kind, version, _, length, count, seq, crc = _HEAD.unpack_from(buffer, at)
    if magic != MAGIC:
        return Fault.BAD
    (own,) = _CRC.unpack_from(buffer, at + _HEAD.size)
    if zlib.crc32(memoryview(buffer)[at : at + _HEAD.size], salt) != own or version != VERSION:
        return Fault.BAD
    return kind, seq, count, length, crc


def read_frame(buffer: Buffer, at: int, salt: int) -> Frame | Fault:
    """The frame at ``at``, checked, or why there is none."""
    parsed = parse_head(buffer, at, salt)
    if isinstance(parsed, Fault):
        return parsed
    kind, seq, count, length, crc = parsed
    start = at + HEAD_BYTES
    if len(buffer) - start < length:
        return Fault.SHORT
    payload = bytes(memoryview(buffer)[start : start + length])
    if zlib.crc32(payload, salt) != crc:
        return Fault.BAD_PAYLOAD
    return Frame(kind, seq, count, payload, HEAD_BYTES + length)


def next_frame_after(buffer: bytes, at: int, salt: int) -> int | None:
    """Offset of the first valid frame after ``at``, or None."""
    found = buffer.find(MAGIC, at + 1)
    while found >= 0:
        if isinstance(read_frame(buffer, found, salt), Frame):
            return found
        found = buffer.find(MAGIC, found + 1)
    return None


def scan(buffer: bytes, salt: int) -> Iterator[tuple[int, Frame] | Damage]:
    """Every valid frame with its offset, and every stretch of damage between, in order."""
    at = 0
    while at < len(buffer):
        frame = read_frame(buffer, at, salt)
        if isinstance(frame, Frame):
            yield at, frame
            at += frame.size
            continue
        after = next_frame_after(buffer, at, salt)
        end = len(buffer) if after is None else after
        yield Damage(at, end - at, after is None)
        at = end
