"""The catalog as the county tells it: sources, points, rules; merged from deltas, kept on disk.

The form is that of ``GET /internal/v1/catalog`` (docs/architecture.md, *Down*). Entries are kept as they
came: what is wrong in one must not keep the others from being watched, and is named by who uses it.
"""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from .catalog_section import BLOCK, Block, Entry, Section, by_id
from .journal_segments import write_atomically

PACKED = b"SHOUTU-CATALOG-1\n"
PACKED_WAITING = b"SHOUTU-CATALOG-2\n"
KEPT, KEPT_BEFORE = "catalog.packed", "catalog.json"
"""The copy on disk, in the folder of the pipeline; older versions wrote the other."""
PART_BYTES = 32 << 20
"""A change longer than this is told in parts of about this length: far below a frame of the journal."""


class OutOfTurn(ValueError):
    """A part of a change that does not follow the one before; the change must be told again from its first part."""


class Removed(msgspec.Struct, frozen=True):
    """Ids that are no longer."""

    sources: tuple[int, ...] = ()
    points: tuple[int, ...] = ()
    rules: tuple[int, ...] = ()


class Delta(msgspec.Struct, frozen=True):
    """A change up to ``version``; ``full`` replaces everything.

    What is too long for one answer comes in parts: ``part`` 1, 2, … of one ``change``, all with the same ``full``.
    Nothing of them is in force before the last, the one without ``more``. ``next``: what to ask for the part after it.
    """

    version: int
    full: bool = False
    sources: tuple[Entry, ...] = ()
    points: tuple[Entry, ...] = ()
    rules: tuple[Entry, ...] = ()
    removed: Removed = Removed()
    part: int = 0
    more: bool = False
    change: str = ""
    next: str = ""

    @property
    def empty(self) -> bool:
        """Whether it changes nothing but the version."""
        gone = self.removed.sources or self.removed.points or self.removed.rules
        return not (self.part or self.full or self.sources or self.points or self.rules or gone)

    def cut(self, most: int = PART_BYTES) -> Iterator[bytes]:
        """The JSON of the parts that together are this change, each of about ``most`` bytes."""
        named = (("sources", self.sources), ("points", self.points), ("rules", self.rules))
        rows = (
            (name, msgspec.json.encode(entries[at : at + BLOCK])[1:-1])
            for name, entries in named
            for at in range(0, len(entries), BLOCK)
        )
        return _parts(self.version, self.full, rows, most, self.removed)


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
        self.waiting: Waiting | None = None

    def taken(self, delta: Delta) -> Catalog:
        """This catalog after a change, or after one part of one: what is in force stays until the last part.

        Raises OutOfTurn when it is not the part that comes next. Part 1 and a whole change always may come: they end
        what was not told to its end.
        """
        waiting = self.waiting
        if delta.part <= 1:
            made = self.merged(delta)
        elif waiting is None or (waiting.change, waiting.part) != (delta.change, delta.part):
            raise OutOfTurn(
                f"part {delta.part} of change {delta.change!r} of the catalog does not follow what was told"
            )
        else:
            made = waiting.catalog.merged(msgspec.structs.replace(delta, full=False))
        if not delta.part or not delta.more:
            return made
        return self._with(Waiting(made, delta.change, delta.part + 1))

    def same(self, other: Catalog) -> bool:
        """Whether the same is in force, be it of another version."""
        mine, theirs = (self.sources, self.points, self.rules), (other.sources, other.points, other.rules)
        return mine == theirs

    def settled(self) -> Catalog:
        """The same without what waits for further parts."""
        return self if self.waiting is None else self._with(None)

    def _with(self, waiting: Waiting | None) -> Catalog:
        new = Catalog()
        new.version, new.sources, new.points, new.rules = self.version, self.sources, self.points, self.rules
        new.waiting = waiting
        return new

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
        if delta.full or delta.part:
            return self.points.differing(before.points), self.rules.differing(before.rules)
        points, rules = by_id(delta.points), by_id(delta.rules)
        return {*points, *delta.removed.points}, {*rules, *delta.removed.rules}

    def encode(self) -> bytes:
        """The JSON of the delta that makes this catalog out of any other."""
        named = ((b"sources", self.sources), (b"points", self.points), (b"rules", self.rules))
        told = b"".join(b',"%b":[%b]' % (name, b",".join(section.rows())) for name, section in named)
        return b'{"version":%d,"full":true%b}' % (self.version, told)

    def parts(self, most: int = PART_BYTES) -> Iterator[bytes]:
        """The JSON of the changes that one after the other make this catalog out of any other: of one, if it fits."""
        named = (("sources", self.sources), ("points", self.points), ("rules", self.rules))
        return _parts(self.version, True, ((name, rows) for name, one in named for rows in one.rows()), most)

    def pack(self) -> bytes:
        """The same as it lies in memory with what waits, about a tenth as long; ``decode`` takes both."""
        if self.waiting is None:
            return PACKED + msgspec.msgpack.encode(self._told())
        waiting = (self.waiting.change, self.waiting.part, self.waiting.catalog._told())
        return PACKED_WAITING + msgspec.msgpack.encode((self._told(), waiting))

    def _told(self) -> tuple[int, list[_Blocks]]:
        sections = (self.sources, self.points, self.rules)
        told = [[(block.ids.astype("<i8").tobytes(), block.packed) for block in one.blocks] for one in sections]
        return self.version, told

    @classmethod
    def decode(cls, raw: bytes) -> Catalog:
        """Raises msgspec.MsgspecError when it is not a catalog."""
        if raw.startswith(PACKED):
            return cls._of(*_packed.decode(memoryview(raw)[len(PACKED) :]))
        if raw.startswith(PACKED_WAITING):
            told, (change, part, waiting) = _packed_waiting.decode(memoryview(raw)[len(PACKED_WAITING) :])
            return cls._of(*told)._with(Waiting(cls._of(*waiting), change, part))
        return cls().merged(read_delta(raw))

    @classmethod
    def _of(cls, version: int, told: Iterable[_Blocks]) -> Catalog:
        new = cls()
        new.version = version
        new.sources, new.points, new.rules = (
            Section(Block(np.frombuffer(ids, "<i8"), packed) for ids, packed in one) for one in told
        )
        return new

    def save(self, path: Path) -> None:
        """Replace the copy on disk by what is in force. Raises OSError."""
        packed = self.settled().pack()
        write_atomically(path, b"%08x\n" % zlib.crc32(packed), packed)

    @classmethod
    def load(cls, path: Path) -> Catalog | None:
        """The catalog kept on disk; None when there is none or it is damaged (the county tells it again)."""
        try:
            raw = path.read_bytes()
            if raw[9:].startswith(PACKED):
                # What lies packed is opened later, block by block: damage must show now.
                raw, told = raw[9:], raw[:9]
                return cls.decode(raw) if told == b"%08x\n" % zlib.crc32(raw) else None
            return cls.decode(raw)
        except (OSError, msgspec.MsgspecError):
            return None

    @classmethod
    def kept_in(cls, folder: Path) -> Catalog | None:
        """The copy in a pipeline's folder, or the one that an older version wrote there; None as ``load``."""
        return cls.load(folder / KEPT) or cls.load(folder / KEPT_BEFORE)


class Waiting(NamedTuple):
    """A change not told to its end: what will be in force then, and which ``part`` comes next."""

    catalog: Catalog
    change: str
    part: int


def _parts(
    version: int, full: bool, rows: Iterable[tuple[str, bytes]], most: int, removed: Removed = Removed()
) -> Iterator[bytes]:
    """Changes of pieces (section, the insides of a JSON array), filled up to ``most`` bytes, in order."""
    head = b'{"version":%d,"full":%s' % (version, b"true" if full else b"false")
    gone, change, number = msgspec.json.encode(removed), secrets.token_hex(8).encode(), 0
    held: list[tuple[str, bytes]] = []
    size = len(gone)

    def told(more: bool) -> bytes:
        part = b',"part":%d,"change":"%b","more":%s' % (number, change, b"true" if more else b"false")
        body = b"".join(
            b',"%b":[%b]' % (name.encode(), b",".join(piece for _, piece in pieces))
            for name, pieces in groupby(held, itemgetter(0))
        )
        away = b',"removed":' + gone if number <= 1 else b""
        return head + (part if number else b"") + body + away + b"}"

    for name, piece in rows:
        if held and size + len(piece) > most:
            number += 1
            yield told(more=True)
            held, size = [], 0
        held.append((name, piece))
        size += len(piece)
    number += number > 0
    yield told(more=False)


_Blocks = list[tuple[bytes, bytes]]
_Told = tuple[int, tuple[_Blocks, _Blocks, _Blocks]]
_packed = msgspec.msgpack.Decoder(_Told)
_packed_waiting = msgspec.msgpack.Decoder(tuple[_Told, tuple[str, int, _Told]])
