"""One section of the catalog: entries by id, as compressed JSON in blocks.

As Python's dicts a rule takes about a kilobyte; here it takes some tens of bytes, for the entries of a section are much
alike. So a country's catalog fits beside its readings. Reading all is a pass over the blocks; looking one up opens one.
"""

from __future__ import annotations

import zlib
from collections.abc import ItemsView, Iterable, Iterator, Mapping, Sequence, ValuesView
from typing import Any, NamedTuple

import msgspec
import numpy as np

from .model import Ints64

Entry = dict[str, Any]
BLOCK = 256
MOST_ID = 2**62


class Block(NamedTuple):
    """Entries of rising ``ids``; ``packed``: their JSON array, compressed."""

    ids: Ints64
    packed: bytes

    def json(self) -> bytes:
        return zlib.decompress(self.packed)

    def entries(self) -> list[Entry]:
        opened: list[Entry] = msgspec.json.decode(self.json())
        return opened


class Section(Mapping[int, Entry]):
    """A mapping in order of id that nobody changes: ``merged`` makes a new one, which shares what stayed."""

    def __init__(self, blocks: Iterable[Block] = ()) -> None:
        self.blocks = tuple(blocks)
        self._first = np.array([block.ids[0] for block in self.blocks], np.int64)
        self._size = sum(len(block.ids) for block in self.blocks)
        self._opened: tuple[int, list[Entry]] = (-1, [])

    @property
    def ids(self) -> Ints64:
        """All ids, rising."""
        return np.concatenate([block.ids for block in self.blocks]) if self.blocks else np.empty(0, np.int64)

    def merged(self, changed: Mapping[int, Entry], gone: Iterable[int] = ()) -> Section:
        """This section without ``gone`` and then with ``changed``; only the blocks they lie in are made anew."""
        wanted: dict[int, Entry | None] = dict.fromkeys(key for key in gone if key in self)
        wanted.update(changed)
        if not wanted:
            return self
        if not self.blocks:
            return Section(_cut(changed))
        keys = list(wanted)
        places = np.maximum(np.searchsorted(self._first, np.array(keys, np.int64), "right") - 1, 0)
        touched: dict[int, list[int]] = {}
        for key, place in zip(keys, places.tolist(), strict=True):
            touched.setdefault(place, []).append(key)
        blocks: list[Block] = []
        for place, block in enumerate(self.blocks):
            if place not in touched:
                blocks.append(block)
                continue
            entries = dict(zip(block.ids.tolist(), block.entries(), strict=True))
            for key in touched[place]:
                entry = wanted[key]
                if entry is None:
                    entries.pop(key, None)
                else:
                    entries[key] = entry
            blocks += _cut(entries)
        return Section(blocks)

    def differing(self, before: Section) -> set[int]:
        """Ids that are in one of them only, or whose entries differ."""
        found: set[int] = set(np.setxor1d(self.ids, before.ids, assume_unique=True).tolist())
        twins = {(int(block.ids[0]), len(block.ids)): block for block in before.blocks}
        for block in self.blocks:
            twin = twins.get((int(block.ids[0]), len(block.ids)))
            if twin is block or (
                twin is not None and twin.packed == block.packed and np.array_equal(twin.ids, block.ids)
            ):
                continue
            for key, entry in zip(block.ids.tolist(), block.entries(), strict=True):
                if key not in found and before[key] != entry:
                    found.add(key)
        return found

    def each(self) -> Iterator[tuple[int, Entry]]:
        """(id, entry), block by block."""
        for block in self.blocks:
            yield from zip(block.ids.tolist(), block.entries(), strict=True)

    def rows(self) -> Iterator[bytes]:
        """The insides of JSON arrays that together are that of all entries."""
        return (block.json()[1:-1] for block in self.blocks)

    def _place(self, key: object) -> tuple[int, int] | None:
        if type(key) is not int or not -MOST_ID < key < MOST_ID or not self.blocks:
            return None
        block = int(np.searchsorted(self._first, key, "right")) - 1
        if block < 0:
            return None
        ids = self.blocks[block].ids
        at = int(np.searchsorted(ids, key))
        return (block, at) if at < len(ids) and ids[at] == key else None

    def __getitem__(self, key: int) -> Entry:
        place = self._place(key)
        if place is None:
            raise KeyError(key)
        block, at = place
        opened = self._opened
        if opened[0] != block:
            # Who looks up many mostly does so in order of id.
            self._opened = opened = (block, self.blocks[block].entries())
        return opened[1][at]

    def __contains__(self, key: object) -> bool:
        return self._place(key) is not None

    def __iter__(self) -> Iterator[int]:
        for block in self.blocks:
            yield from block.ids.tolist()

    def __len__(self) -> int:
        return self._size

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Section):
            return self is other or (len(self) == len(other) and not self.differing(other))
        return dict(self.each()) == other if isinstance(other, Mapping) else NotImplemented

    def items(self) -> ItemsView[int, Entry]:
        return _Items(self)

    def values(self) -> ValuesView[Entry]:
        return _Values(self)


class _Items(ItemsView[int, Entry]):
    """Opens each block once, and not once for each entry."""

    _mapping: Section

    def __iter__(self) -> Iterator[tuple[int, Entry]]:
        return self._mapping.each()


class _Values(ValuesView[Entry]):
    _mapping: Section

    def __iter__(self) -> Iterator[Entry]:
        return (entry for _, entry in self._mapping.each())


def _cut(entries: Mapping[int, Entry]) -> list[Block]:
    """Blocks of entries in order of id. Encoded in steps, for the encoder lets no other thread run."""
    keys = sorted(entries)
    blocks = []
    for at in range(0, len(keys), BLOCK):
        some = keys[at : at + BLOCK]
        text = msgspec.json.encode([entries[key] for key in some])
        blocks.append(Block(np.array(some, np.int64), zlib.compress(text, 1)))
    return blocks


def by_id(entries: Sequence[Entry]) -> dict[int, Entry]:
    """Entries by their ids, of several with one id the last; those without an id are left out."""
    ids = ((entry.get("id"), entry) for entry in entries)
    return {key: entry for key, entry in ids if type(key) is int and -MOST_ID < key < MOST_ID}
