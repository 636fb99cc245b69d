"""The catalog as the county tells it: sources, points, rules; merged from deltas, kept on disk.

The form is that of ``GET /internal/v1/catalog`` (docs/architecture.md, *Down*). Entries are kept as they
came: what is wrong in one must not keep the others from being watched, and is named by who uses it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

from .catalog_section import Block, Entry, Section, by_id
from .journal_segments import write_atomically

PACKED = b"SHOUTU-CATALOG-1\n"


class Removed(msgspec.Struct, frozen=True):
    """Ids that are no longer."""

    sources: tuple[int, ...] = ()
    points: tuple[int, ...] = ()
    rules: tuple[int, ...] = ()


class Delta(msgspec.Struct, frozen=True):
    """A change up to ``version``; ``full`` replaces everything."""

    version: int
    full: bool = False
    sources: tuple[Entry, ...] = ()
    points: tuple[Entry, ...] = ()
    rules: tuple[Entry, ...] = ()
    removed: Removed = Removed()

    @property
    def empty(self) -> bool:
        """Whether it changes nothing but the version."""
        gone = self.removed.sources or self.removed.points or self.removed.rules
        return not (self.full or self.sources or self.points or self.rules or gone)


_delta = msgspec.json.Decoder(Delta)


def read_delta(raw: bytes) -> Delta:
    """A delta from JSON. Raises msgspec.MsgspecError naming the field that is wrong."""
    return _delta.decode(raw)


class Catalog:
    """Everything in force at one version, by id. Treated as unchangeable: ``merged`` makes a new one."""

    def __init__(self) -> None:
        self.version = 0
        self.sources = Section()
        self.points = Section()
        self.rules = Section()

    def merged(self, delta: Delta) -> Catalog:
        """This catalog after a change; shares with it what the change left alone."""
        new, before = Catalog(), Catalog() if delta.full else self
        new.version = delta.version
        new.sources = before.sources.merged(by_id(delta.sources), delta.removed.sources)
        new.points = before.points.merged(by_id(delta.points), delta.removed.points)
        new.rules = before.rules.merged(by_id(delta.rules), delta.removed.rules)
        return new

    def changed_since(self, before: Catalog, delta: Delta) -> tuple[set[int], set[int]]:
        """Ids of the points and of the rules that differ from ``before``, of which ``delta`` made this catalog."""
        if delta.full:
            return self.points.differing(before.points), self.rules.differing(before.rules)
        points, rules = by_id(delta.points), by_id(delta.rules)
        return {*points, *delta.removed.points}, {*rules, *delta.removed.rules}

    def encode(self) -> bytes:
        """The JSON of the delta that makes this catalog out of any other."""
        return b"".join(self._pieces())

    def _pieces(self) -> Iterator[bytes]:
        yield b'{"version":%d,"full":true' % self.version
        for name, section in ((b"sources", self.sources), (b"points", self.points), (b"rules", self.rules)):
            yield b',"%b":[' % name
            for number, rows in enumerate(section.rows()):
                yield b"," + rows if number else rows
            yield b"]"
        yield b"}"

    def pack(self) -> bytes:
        """The same as it lies in memory, about a tenth as long; ``decode`` takes both."""
        sections = (self.sources, self.points, self.rules)
        told = [[(block.ids.astype("<i8").tobytes(), block.packed) for block in one.blocks] for one in sections]
        return PACKED + msgspec.msgpack.encode((self.version, told))

    @classmethod
    def decode(cls, raw: bytes) -> Catalog:
        """Raises msgspec.MsgspecError when it is not a catalog."""
        if not raw.startswith(PACKED):
            return cls().merged(read_delta(raw))
        new = cls()
        new.version, told = _packed.decode(memoryview(raw)[len(PACKED) :])
        new.sources, new.points, new.rules = (
            Section(Block(np.frombuffer(ids, "<i8"), packed) for ids, packed in one) for one in told
        )
        return new

    def save(self, path: Path) -> None:
        """Replace the copy on disk. Raises OSError."""
        write_atomically(path, pieces=self._pieces())

    @classmethod
    def load(cls, path: Path) -> Catalog | None:
        """The catalog kept on disk; None when there is none or it is damaged (the county tells it again)."""
        try:
            return cls.decode(path.read_bytes())
        except (OSError, msgspec.MsgspecError):
            return None


_Blocks = list[tuple[bytes, bytes]]
_packed = msgspec.msgpack.Decoder(tuple[int, tuple[_Blocks, _Blocks, _Blocks]])
