"""Parting a journal by site: which shard sees which readings and which part of the catalog."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import msgspec
import numpy as np

from shoutu.sensing.catalog import Catalog, Delta, OutOfTurn, Removed, read_delta
from shoutu.sensing.catalog_section import Entry, Section
from shoutu.sensing.journal_records import Readings, Record, Switch, Tick
from shoutu.sensing.model import Ints32, Ints64

from .parts import Part

MAX_SHARDS = 1 << 15


def shard_of(site: object, shards: int) -> int:
    """The shard of a site; of what has no site, shard 0."""
    return site % shards if type(site) is int and site > 0 else 0


class Splitter:
    """Follows one journal from its start (or from ``unpack``) and parts each record. One thread calls it.

    The same journal gives the same parts, however its readings are cut into records: but for where a part of readings
    ends, which nobody may depend on.
    """

    def __init__(self, identity: int, shards: int) -> None:
        if not 1 <= shards <= MAX_SHARDS:
            raise ValueError(f"shards: {shards}, expected a number from 1 to {MAX_SHARDS}")
        self.identity = identity
        self.catalog = Catalog()
        self.next_seq = 1
        """The next number to come."""
        self.missed = 0
        """Numbers that never came: damage or gaps of the journal."""
        self._last = [0] * shards
        self._index()

    @property
    def shards(self) -> int:
        return len(self._last)

    def take(self, record: Record) -> list[Part]:
        """The parts of a record, in order of shard; numbers seen before give none."""
        if record.seq + record.count <= self.next_seq:
            return []
        if isinstance(record, Readings):
            record = record.after(self.next_seq)
        self.missed += max(0, record.seq - self.next_seq)
        self.next_seq = record.seq + record.count
        if isinstance(record, Readings):
            return self._readings(record)
        if isinstance(record, Tick):
            return [self._part(shard, record.seq, record) for shard in range(self.shards)]
        return self._switch(record)

    def _part(self, shard: int, seq: int, record: Record, numbers: Ints64 | None = None) -> Part:
        after, self._last[shard] = self._last[shard], seq
        return Part(self.identity, shard, after, seq, record, np.empty(0, np.int64) if numbers is None else numbers)

    def _readings(self, r: Readings) -> list[Part]:
        shards, parts = self._shards_of(r.point), []
        for shard in np.unique(shards).tolist():
            mine = np.flatnonzero(shards == shard)
            numbers = r.seq + mine
            first, last = int(numbers[0]), int(numbers[-1])
            own = Readings(first, r.point[mine], r.ts[mine], r.received[mine], r.value[mine], r.quality[mine])
            parts.append(self._part(shard, last, own, numbers))
        return parts

    def _switch(self, record: Switch) -> list[Part]:
        delta = read_delta(record.delta)
        before = self.catalog
        try:
            self.catalog = before.taken(delta)
        except OutOfTurn:
            self.catalog = before.settled()
            return []
        if self.catalog.waiting is not None:
            # Nothing of it is in force for anybody before its last part.
            return []
        deltas = self._deltas(before, delta)
        self._index()
        return [
            self._part(shard, record.seq, Switch(record.seq, msgspec.json.encode(deltas[shard])))
            for shard in range(self.shards)
        ]

    def _deltas(self, before: Catalog, delta: Delta) -> list[Delta]:
        """What the switch is for each shard: also of shards that nothing changes for, as a switch counts anew."""
        points, rules = self.catalog.changed_since(before, delta)
        moved = {key for key in points if self._of_point(before, key) != self._of_point(self.catalog, key)}
        if delta.full:
            points, rules = {*self.catalog.points}, {*self.catalog.rules}
        elif moved:
            rules |= {key for key, entry in self.catalog.rules.items() if _point_of(entry) in moved}
        told_points = _told(self.catalog.points, points, lambda key: self._of_point(self.catalog, key))
        told_rules = _told(self.catalog.rules, rules, lambda key: self._of_rule(self.catalog, key))
        gone_points: dict[int, list[int]] = defaultdict(list)
        gone_rules: dict[int, list[int]] = defaultdict(list)
        if not delta.full:
            _gone(gone_points, points, before.points, self._of_point, (before, self.catalog))
            _gone(gone_rules, rules, before.rules, self._of_rule, (before, self.catalog))
        return [
            Delta(
                delta.version,
                delta.full,
                points=tuple(told_points[shard]),
                rules=tuple(told_rules[shard]),
                removed=Removed(points=tuple(gone_points[shard]), rules=tuple(gone_rules[shard])),
            )
            for shard in range(self.shards)
        ]

    def _of_point(self, catalog: Catalog, key: int) -> int | None:
        entry = catalog.points.get(key)
        return None if entry is None else shard_of(entry.get("site"), self.shards)

    def _of_rule(self, catalog: Catalog, key: int) -> int | None:
        entry = catalog.rules.get(key)
        if entry is None:
            return None
        if entry.get("kind") == "composite":
            return shard_of(entry.get("site"), self.shards)
        return self._of_point(catalog, _point_of(entry)) or 0

    def _index(self) -> None:
        self._ids = self.catalog.points.ids
        sites = (entry.get("site") for entry in self.catalog.points.values())
        self._places = np.array([shard_of(site, self.shards) for site in sites], np.int32)

    def _shards_of(self, point: Ints32) -> Ints32:
        """The shard of each reading; unknown points go to shard 0, whose engine counts them."""
        if not len(self._ids):
            return np.zeros(len(point), np.int32)
        at = np.minimum(np.searchsorted(self._ids, point), len(self._ids) - 1)
        return np.where(self._ids[at] == point, self._places[at], 0).astype(np.int32)

    def pack(self) -> bytes:
        """Where it stands, as bytes."""
        told = (1, self.identity, self.next_seq, self.missed, self._last, self.catalog.pack())
        return msgspec.msgpack.encode(told)

    @classmethod
    def unpack(cls, blob: bytes) -> Splitter:
        """As it stood at ``pack``. Raises ValueError when the bytes are not such a state."""
        version, identity, next_seq, missed, last, catalog = msgspec.msgpack.decode(blob)
        if version != 1:
            raise ValueError(f"the state of the parting is of version {version}, expected 1; begin the journal anew")
        made = cls(identity, len(last))
        made.next_seq, made.missed, made._last = next_seq, missed, list(last)
        made.catalog = Catalog.decode(catalog)
        made._index()
        return made


def _point_of(entry: Entry) -> int:
    """The point a rule is about, 0 where it names none."""
    point = entry.get("point")
    return point if type(point) is int else 0


def _told(entries: Section, changed: set[int], place: Callable[[int], int | None]) -> dict[int, list[Entry]]:
    """The changed entries of each shard, in the catalog's order."""
    told: dict[int, list[Entry]] = defaultdict(list)
    for key in sorted(changed):
        if key in entries:
            told[place(key) or 0].append(entries[key])
    return told


def _gone(
    gone: dict[int, list[int]],
    changed: set[int],
    known: Section,
    place: Callable[[Catalog, int], int | None],
    catalogs: tuple[Catalog, Catalog],
) -> None:
    """Note for each shard what it knew and is no longer its own."""
    before, after = catalogs
    for key in sorted(changed):
        old = place(before, key) if key in known else None
        if old is not None and old != place(after, key):
            gone[old].append(key)
