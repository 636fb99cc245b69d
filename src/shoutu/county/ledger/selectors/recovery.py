"""What a damaged ledger must be, as far as a signed head proves it, from all copies there are.

For each place in the tree the candidates are the leaf hash stored, the hash of the entry stored, and the same two of an
earlier export. The choice that leads to the root of a signed head is right; no other is ever used.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from shoutu.county.ledger import merkle, notes
from shoutu.county.ledger.models import Entry, Leaf, Node, TreeHead
from shoutu.county.ledger.selectors import tree
from shoutu.county.ledger.selectors.copy import Copy
from shoutu.county.ledger.selectors.epochs import Epochs
from shoutu.county.ledger.selectors.rows import EntryRow, entry_rows
from shoutu.county.ledger.selectors.walk import Walk

# How many choices are tried before a stretch counts as not provable: 2 ** 10 is ten doubtful places at once.
TRIES = 1024
CHUNK = 900


@dataclass
class Place:
    """One leaf as it must be: `content` is None when no copy holds the bytes that were signed."""

    index: int
    leaf: bytes
    content: bytes | None
    stored: tuple[bytes, int] | None
    entry: EntryRow | None


@dataclass
class Stretch:
    """Leaves from `start` on, under a head that proves them, with the subtrees they complete."""

    start: int
    places: list[Place]
    made: dict[merkle.Name, bytes]
    proved: bool


@dataclass
class Sources:
    """Everything a repair may draw on."""

    h: merkle.Hasher
    heads: dict[tuple[int, int], tuple[notes.Head, str]] = field(default_factory=dict)
    copy: Copy | None = None
    # Leaf hash → bytes of entries that no place in the tree points to any more.
    spare: dict[bytes, bytes] = field(default_factory=dict)

    @classmethod
    def gather(cls, copy: Copy | None, trusted: list[Any]) -> Sources:
        """Heads of the database and of the copy, each with a good signature of a trusted key."""
        texts = list(TreeHead.objects.order_by("size").values_list("note", flat=True))
        heads: dict[tuple[int, int], tuple[notes.Head, str]] = {}
        for text in [*texts, *(copy.notes() if copy else [])]:
            try:
                head = notes.read(text, *trusted)
            except notes.NoteError:
                continue
            heads.setdefault((head.epoch, head.size), (head, text))
        newest = heads[max(heads)][0].hash if heads else Epochs.load().hash
        found = cls(merkle.hasher(newest), heads, copy)
        size = max((size for _epoch, size in heads), default=0)
        loose = Q(leaf__index__gte=size) | Q(leaf__index__lt=0) | Q(leaf__isnull=True, unsealed__isnull=True)
        for canonical in Entry.objects.filter(loose).values_list("canonical", flat=True)[:TRIES]:
            found.spare[found.h.leaf(bytes(canonical))] = bytes(canonical)
        return found

    def roots(self) -> list[tuple[int, bytes]]:
        """(size, root) of the heads, by size."""
        return sorted({(head.size, head.root) for head, _text in self.heads.values()})


def stretches(sources: Sources) -> Iterator[Stretch]:
    """The tree from its beginning, stretch by stretch, each as long as it takes to reach a head that proves it."""
    h, fringe, start = sources.h, dict[merkle.Name, bytes](), 0
    waiting: list[_Doubt] = []
    for size, root in sources.roots():
        if size <= start:
            continue
        waiting += _doubts(sources, start + len(waiting), size)
        chosen = _choose(h, start, fringe, waiting, root)
        if chosen is None:
            # Perhaps this head is of another history; a later one may still prove these leaves.
            continue
        made = merkle.append(h, start, fringe, chosen)
        places = [doubt.place(leaf) for doubt, leaf in zip(waiting, chosen, strict=True)]
        yield Stretch(start, places, made, True)
        have = {**fringe, **made}
        start, waiting = size, []
        fringe = {name: have[name] for name in merkle.peaks(size)}
    if waiting:
        yield Stretch(start, [doubt.place(doubt.candidates[0]) for doubt in waiting], {}, False)


@dataclass
class _Doubt:
    index: int
    candidates: list[bytes]
    contents: dict[bytes, bytes]
    stored: tuple[bytes, int] | None
    entry: EntryRow | None

    def place(self, leaf: bytes) -> Place:
        return Place(self.index, leaf, self.contents.get(leaf), self.stored, self.entry)


def _doubts(sources: Sources, start: int, end: int) -> list[_Doubt]:
    made: list[_Doubt] = []
    for low in range(start, end, CHUNK):
        high = min(low + CHUNK, end)
        rows = Leaf.objects.filter(index__gte=low, index__lt=high).values_list("index", "hash", "entry_id")
        leaves = {index: (bytes(hash_), entry) for index, hash_, entry in rows}
        entries = entry_rows(pk__in=[entry for _hash, entry in leaves.values()])
        made += [_doubt(sources, index, leaves.get(index), entries) for index in range(low, high)]
    _lost_pointers(sources.h, made)
    return made


def _doubt(sources: Sources, index: int, stored: tuple[bytes, int] | None, entries: dict[int, EntryRow]) -> _Doubt:
    h, copy = sources.h, sources.copy
    votes: Counter[bytes] = Counter()
    contents: dict[bytes, bytes] = {}
    entry = entries.get(stored[1]) if stored else None
    if stored:
        votes[stored[0]] += 1
    if entry is not None:
        own = h.leaf(entry.canonical)
        votes[own] += 1
        contents[own] = entry.canonical
    if copy is not None:
        if (line := copy.entry(index)) is not None:
            theirs = h.leaf(line)
            votes[theirs] += 1
            contents[theirs] = line
        if leaf := copy.leaf(index):
            votes[leaf] += 1
        if len(votes) > 1 or not contents.keys() >= votes.keys():
            moved = copy.by_hash(h, index)
            contents |= {leaf: moved[leaf] for leaf in votes if leaf in moved and leaf not in contents}
    candidates = [leaf for leaf, _count in votes.most_common() if len(leaf) == len(h.empty())]
    if not contents.keys() & set(candidates):
        contents |= sources.spare
        candidates = candidates or list(sources.spare)
    return _Doubt(index, candidates or [bytes(len(h.empty()))], contents, stored, entry)


def _lost_pointers(h: merkle.Hasher, doubts: list[_Doubt]) -> None:
    """Where leaves were made to point at each other's entries, the bytes are all there, in other places."""
    bad = [doubt for doubt in doubts if len(doubt.candidates) > 1 or not doubt.contents]
    known = {leaf: content for doubt in bad for leaf, content in doubt.contents.items()}
    for doubt in bad:
        doubt.contents = {leaf: known[leaf] for leaf in doubt.candidates if leaf in known} | doubt.contents


def _choose(
    h: merkle.Hasher, start: int, fringe: dict[merkle.Name, bytes], doubts: list[_Doubt], root: bytes
) -> list[bytes] | None:
    """The leaf hashes that lead to `root`, the likeliest choice first; None when none of `TRIES` does."""
    leaves = [doubt.candidates[0] for doubt in doubts]
    open_ = [place for place, doubt in enumerate(doubts) if len(doubt.candidates) > 1]
    # The last doubtful place varies fastest, and the first choice of all is tried first.
    for choice in itertools.islice(itertools.product(*(doubts[place].candidates for place in open_)), TRIES):
        for place, leaf in zip(open_, choice, strict=True):
            leaves[place] = leaf
        have = {**fringe, **merkle.append(h, start, fringe, leaves)}
        if merkle.fold(h, [have[name] for name in merkle.peaks(start + len(leaves))]) == root:
            return leaves
    return None


def stored_nodes(start: int, end: int) -> dict[int, bytes]:
    """Stored subtrees that become complete between two sizes, by id."""
    return {
        node_id: bytes(hash_)
        for low, high in Walk.node_ranges(start, end)
        for node_id, hash_ in Node.objects.filter(id__gte=low, id__lt=high).values_list("id", "hash")
    }


def wanted_nodes(stretch: Stretch) -> dict[int, bytes]:
    return {tree.node_id(name): hash_ for name, hash_ in stretch.made.items() if name[0]}
