"""The catalog as the county tells it: sources, points, rules; merged from deltas, kept on disk.

The form is that of ``GET /internal/v1/catalog`` (docs/architecture.md, *Down*). Entries are kept as they
came: what is wrong in one must not keep the others from being watched, and is named by who uses it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from .journal_segments import write_atomically

Entry = dict[str, Any]
STEP = 500


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


def _by_id(entries: Iterable[Entry]) -> dict[int, Entry]:
    return {entry["id"]: entry for entry in entries if type(entry.get("id")) is int}


class Catalog:
    """Everything in force at one version, by id. Treated as unchangeable: ``merged`` makes a new one."""

    def __init__(self) -> None:
        self.version = 0
        self.sources: dict[int, Entry] = {}
        self.points: dict[int, Entry] = {}
        self.rules: dict[int, Entry] = {}

    def merged(self, delta: Delta) -> Catalog:
        """This catalog after a change."""
        new = Catalog()
        new.version = delta.version
        if not delta.full:
            new.sources = _without(self.sources, delta.removed.sources)
            new.points = _without(self.points, delta.removed.points)
            new.rules = _without(self.rules, delta.removed.rules)
        new.sources |= _by_id(delta.sources)
        new.points |= _by_id(delta.points)
        new.rules |= _by_id(delta.rules)
        return new

    def changed_since(self, before: Catalog, delta: Delta) -> tuple[set[int], set[int]]:
        """Ids of the points and of the rules that differ from ``before``, of which ``delta`` made this catalog."""
        if delta.full:
            return _differing(before.points, self.points), _differing(before.rules, self.rules)
        points, rules = _by_id(delta.points), _by_id(delta.rules)
        return {*points, *delta.removed.points}, {*rules, *delta.removed.rules}

    def encode(self) -> bytes:
        """The JSON of the delta that makes this catalog out of any other; made once."""
        return self._encoded

    @cached_property
    def _encoded(self) -> bytes:
        rows = (_rows(self.sources), _rows(self.points), _rows(self.rules))
        return b'{"version":%d,"full":true,"sources":[%b],"points":[%b],"rules":[%b]}' % (self.version, *rows)

    @classmethod
    def decode(cls, raw: bytes) -> Catalog:
        """Raises msgspec.MsgspecError when it is not a catalog."""
        return cls().merged(read_delta(raw))

    def save(self, path: Path) -> None:
        """Replace the copy on disk. Raises OSError."""
        write_atomically(path, self.encode())

    @classmethod
    def load(cls, path: Path) -> Catalog | None:
        """The catalog kept on disk; None when there is none or it is damaged (the county tells it again)."""
        try:
            return cls.decode(path.read_bytes())
        except (OSError, msgspec.MsgspecError):
            return None


def _rows(entries: dict[int, Entry]) -> bytes:
    """The inside of a JSON array, in steps, because the encoder lets no other thread run until it is through."""
    values = list(entries.values())
    steps = (msgspec.json.encode(values[at : at + STEP])[1:-1] for at in range(0, len(values), STEP))
    return b",".join(steps)


def _differing(before: dict[int, Entry], after: dict[int, Entry]) -> set[int]:
    return (before.keys() - after.keys()) | {key for key, entry in after.items() if before.get(key) != entry}


def _without(entries: dict[int, Entry], gone: Iterable[int]) -> dict[int, Entry]:
    kept = dict(entries)
    for key in gone:
        kept.pop(key, None)
    return kept
