"""The engine's state as bytes, made beside the hot path: the copy is taken at once, the encoding when there is time."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .ruleset import RuleSet

MAGIC = b"SHOUTU-ENGINE-4\n"
BEFORE = {b"SHOUTU-ENGINE-3\n": (11,), b"SHOUTU-ENGINE-2\n": (10, 11)}
"""Versions before, and the arrays they knew nothing of (3: detectors; 2: nor sums and forecasts): all they held is
read."""
HEAD = len(MAGIC) + 32
"""Bytes before the body: the magic and the body's SHA-256."""

Part = bytes | memoryview


def brought_up(magic: bytes, columns: list[bytes]) -> list[bytes]:
    """The arrays of a snapshot with this magic in the order of ``Arrays``."""
    columns = list(columns)
    for at in BEFORE.get(magic, ()):
        columns.insert(at, b"")
    return columns


@dataclass(frozen=True, eq=False)
class Frozen:
    """A state at one place in the journal: its rule set and copies of its arrays, which nobody changes any more."""

    ruleset: RuleSet
    arrays: tuple[NDArray[Any], ...]
    composites: tuple[bytes, ...] = ()
    """What each composite remembers, encoded, in order of rule."""

    def parts(self) -> Sequence[Part]:
        """The snapshot in pieces, to be written one after another. Hardly holds the interpreter while it works.

        The body is the msgpack of (rule set, [array, …], [composite, …]). It is put together by hand, because an
        encoder would copy tens of megabytes in one step during which no other thread can run.
        """
        ruleset = self.ruleset.encode()
        body: list[Part] = [b"\x93", _bin(len(ruleset)), ruleset, struct.pack(">BH", 0xDC, len(self.arrays))]
        for array in self.arrays:
            body += (_bin(array.nbytes), _bytes_of(array))
        body.append(struct.pack(">BI", 0xDD, len(self.composites)))
        for memory in self.composites:
            body += (_bin(len(memory)), memory)
        digest = hashlib.sha256()
        for part in body:
            digest.update(part)
        return [MAGIC, digest.digest(), *body]


def copied(arrays: Sequence[NDArray[Any]], spare: Sequence[NDArray[Any]]) -> tuple[NDArray[Any], ...]:
    """Copies of arrays, in the memory of ``spare`` where shape and type agree.

    Fresh memory must be fetched page by page from the system, which takes longer than to copy into what is there.
    """
    copies = []
    for at, array in enumerate(arrays):
        there = spare[at] if at < len(spare) else None
        if there is None or there.shape != array.shape or there.dtype != array.dtype:
            there = np.empty_like(array)
        # As bytes: copied in one go, and not field by field.
        there.reshape(-1).view(np.uint8)[...] = array.reshape(-1).view(np.uint8)
        copies.append(there)
    return tuple(copies)


def _bytes_of(array: NDArray[Any]) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


def _bin(length: int) -> bytes:
    """The head of a msgpack byte string."""
    if length < 1 << 8:
        return struct.pack(">BB", 0xC4, length)
    if length < 1 << 16:
        return struct.pack(">BH", 0xC5, length)
    return struct.pack(">BI", 0xC6, length)
