"""Segment files of a frame log: their names, their heads, and what lies in a directory.

A segment is named after the first sequence number it may hold and a generation, which tells apart two
segments that begin at the same number (the first was given up after a failed sync). Its head says where
its predecessor ends: frames beyond that point were never acknowledged and are not read.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path

from shoutu.files import sync_folder

SEGMENT_MAGIC = b"SHOUTUJ1"
_HEAD = struct.Struct("<8sQIIQQQ")  # magic, first, generation, salt, previous first, previous gen, previous end
_CRC = struct.Struct("<I")
SEGMENT_HEAD = _HEAD.size + _CRC.size
_NAME = re.compile(r"(\d{20})-(\d{6})\.log")
NO_LIMIT = (1 << 64) - 1


@dataclass(slots=True)
class Segment:
    """One file; ``end`` is the offset its successor declared as its end (None: the end of the file)."""

    path: Path
    first: int
    generation: int
    end: int | None = None

    @property
    def key(self) -> tuple[int, int]:
        return self.first, self.generation


@dataclass(frozen=True, slots=True)
class SegmentHead:
    first: int
    generation: int
    salt: int
    previous: tuple[int, int]
    previous_end: int

    def pack(self) -> bytes:
        body = _HEAD.pack(SEGMENT_MAGIC, self.first, self.generation, self.salt, *self.previous, self.previous_end)
        return body + _CRC.pack(zlib.crc32(body))


def segment_name(first: int, generation: int) -> str:
    return f"{first:020d}-{generation:06d}.log"


def read_head(path: Path) -> SegmentHead | None:
    """The head of a segment file, or None when it is torn or damaged."""
    with path.open("rb") as file:
        raw = file.read(SEGMENT_HEAD)
    if len(raw) < SEGMENT_HEAD or _CRC.unpack_from(raw, _HEAD.size)[0] != zlib.crc32(raw[: _HEAD.size]):
        return None
    magic, first, generation, salt, previous_first, previous_generation, previous_end = _HEAD.unpack_from(raw)
    if magic != SEGMENT_MAGIC:
        return None
    return SegmentHead(first, generation, salt, (previous_first, previous_generation), previous_end)


def list_segments(directory: Path) -> list[Segment]:
    """The segments of a directory in order, each with the end its successor declared."""
    found = []
    for path in directory.iterdir():
        match = _NAME.fullmatch(path.name)
        if match:
            found.append(Segment(path, int(match[1]), int(match[2])))
    found.sort(key=lambda segment: segment.key)
    by_key = {segment.key: segment for segment in found}
    for segment in found:
        head = read_head(segment.path)
        if head is not None and head.previous in by_key and head.previous_end != NO_LIMIT:
            by_key[head.previous].end = head.previous_end
    return found


def write_atomically(
    path: Path, *content: bytes | memoryview, step: int = 1 << 30, pieces: Iterable[bytes] = ()
) -> None:
    """Replace a file by these pieces so that a crash leaves either the old one or the new one, whole.

    ``step``: sync each time about so many bytes are written, where others must not wait for the whole at once.
    ``pieces``: follow ``content``, and are asked for one after another where all together would be too much at once.
    """
    draft = path.with_name(f"{path.name}.new")
    with draft.open("wb") as file:
        since = 0
        for part in chain(content, pieces):
            view = memoryview(part)
            for at in range(0, len(view), step):
                since += file.write(view[at : at + step])
                if since >= step:
                    file.flush()
                    os.fdatasync(file.fileno())
                    since = 0
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync_folder(path.parent)


def log_salt(directory: Path) -> int:
    """The salt of a log: from its file, else from any whole segment head, else new.

    A log without a segment is a new one whatever the file says: its numbering begins anew, and so must all that is
    told apart by the salt.
    """
    path = directory / "salt"
    segments = list_segments(directory)
    if segments and path.exists():
        parts = path.read_text().split()
        if len(parts) == 2 and parts[0].isdigit() and f"{zlib.crc32(parts[0].encode()):08x}" == parts[1]:
            return int(parts[0])
    heads = (read_head(segment.path) for segment in segments)
    salt = next((head.salt for head in heads if head is not None), None)
    if salt is None:
        salt = secrets.randbits(32)
    text = str(salt)
    write_atomically(path, f"{text} {zlib.crc32(text.encode()):08x}\n".encode())
    return salt


@lru_cache
def identity_of(salt: int) -> int:
    """The identity of the log with this salt: a number of 31 bits above 0; see ``Journal.identity``."""
    # Costly on purpose: signals are read by many, and the salt must not be found from them by trial.
    digest = hashlib.pbkdf2_hmac("sha256", b"%d" % salt, b"shoutu journal identity", 50_000)
    return int.from_bytes(digest[:4]) >> 1 or 1
