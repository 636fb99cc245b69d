"""Checkpoints: the engine's state at a place in the journal, so that a restart replays seconds, not days.

The last two are kept; one that fails its check is passed over for the older.
"""

from __future__ import annotations

import logging
import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from . import metrics
from .journal_segments import write_atomically

logger = logging.getLogger(__name__)

_MAGIC = b"SHOUTUC1"
_SIZES = struct.Struct("<IQQQI")  # length of facts, engine, catalog, latest; CRC of facts and blobs together
_NAME = re.compile(r"(\d{20})\.ckpt")
KEEP = 2
SYNC_BYTES = 1 << 20
"""Written and synced so much at a time: a reading's own sync waits for whatever the disk was given before it."""


class Facts(msgspec.Struct, frozen=True):
    """``seq``: first number not evaluated yet; ``tick``: last tick evaluated (ms); ``spool``: its next index."""

    seq: int
    tick: int
    spool: int


Part = bytes | memoryview


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """As it is read; the large parts lie in the bytes of the file."""

    facts: Facts
    engine: memoryview
    catalog: bytes
    latest: memoryview


class Checkpoints:
    """The checkpoint files of one directory."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory

    def _files(self) -> list[Path]:
        """Newest first."""
        return sorted((p for p in self.directory.iterdir() if _NAME.fullmatch(p.name)), reverse=True)

    def write(self, facts: Facts, engine: Sequence[Part], catalog: bytes, latest: Sequence[Part]) -> None:
        """Write one atomically and forget all but the last two. Raises OSError.

        ``engine`` and ``latest`` in pieces: joining tens of megabytes would hold up every other thread.
        """
        told = msgspec.json.encode(facts)
        crc = 0
        for part in (told, *engine, catalog, *latest):
            crc = zlib.crc32(part, crc)
        sizes = (len(told), sum(map(len, engine)), len(catalog), sum(map(len, latest)))
        head = _MAGIC + _SIZES.pack(*sizes, crc)
        content = (head, told, *engine, catalog, *latest)
        write_atomically(self.directory / f"{facts.seq:020d}.ckpt", *content, step=SYNC_BYTES)
        for old in self._files()[KEEP:]:
            old.unlink()
        metrics.CHECKPOINTS.labels("written").inc()

    def load(self) -> Iterator[Checkpoint]:
        """The good ones, newest first; a bad one is told and passed over."""
        for path in self._files():
            checkpoint = _read(path)
            if checkpoint is None:
                metrics.CHECKPOINTS.labels("bad").inc()
                logger.error("%s: damaged; going back to the checkpoint before", path)
                continue
            yield checkpoint

    def oldest_seq(self) -> int:
        """Replay may begin here: the seq of the older kept checkpoint, 0 when fewer than two are kept."""
        files = self._files()
        if len(files) < KEEP:
            return 0
        return int(files[KEEP - 1].stem)


def _read(path: Path) -> Checkpoint | None:
    try:
        raw = path.read_bytes()
        if raw[: len(_MAGIC)] != _MAGIC:
            return None
        *sizes, crc = _SIZES.unpack_from(raw, len(_MAGIC))
        at = len(_MAGIC) + _SIZES.size
        view = memoryview(raw)  # a slice of bytes would be a copy, of gigabytes for a country
        if at + sum(sizes) != len(raw) or zlib.crc32(view[at:]) != crc:
            return None
        blobs = []
        for size in sizes:
            blobs.append(view[at : at + size])
            at += size
        return Checkpoint(msgspec.json.decode(blobs[0], type=Facts), blobs[1], bytes(blobs[2]), blobs[3])
    except (OSError, struct.error, msgspec.MsgspecError):
        return None
