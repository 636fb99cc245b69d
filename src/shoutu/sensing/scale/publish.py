"""Publishing a journal's parts: what follows it, parts it and remembers how far it is."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from shoutu.sensing.catalog import KEPT, Catalog, Delta
from shoutu.sensing.journal_records import Readings, Record, Switch
from shoutu.sensing.journal_segments import identity_of, write_atomically

from .follow import Follower
from .parts import Part
from .split import Splitter

logger = logging.getLogger(__name__)

READINGS = 16_384
"""A part has at most so many readings (37 bytes each), so that it stays below Kafka's usual limit of a message."""


class Publisher:
    """Parts of one journal, each handed to ``send`` at least once and in order.

    ``journal``: the folder ``sensing/journal`` of a pipeline. ``place``: a folder of the publisher's own on the same
    file system. ``settle``: returns once everything sent is kept for good, or raises; only then is the place noted, so
    whoever begins again sends some parts twice and leaves none out. Raises ValueError when ``place`` is of another
    journal or another number of shards.

    Where the journal's start or a stretch of it is gone, each shard is told the pipeline's whole catalog there: its
    rules go on from then on, without what they remembered of a switch that was lost.
    """

    def __init__(
        self, journal: Path, place: Path, shards: int, send: Callable[[Part], None], settle: Callable[[], None]
    ) -> None:
        self.journal, self.send, self.settle = journal, send, settle
        self._state = place / "state"
        place.mkdir(parents=True, exist_ok=True)
        self.follower = Follower(journal, place / "segments")
        identity = identity_of(self.follower.salt)
        self.splitter = Splitter(identity, shards)
        if self._state.exists():
            self.splitter = Splitter.unpack(self._state.read_bytes())
            self._check(identity, shards)
            self.follower.seq = self.splitter.next_seq

    def _check(self, identity: int, shards: int) -> None:
        kept = self.splitter
        if kept.identity != identity:
            raise ValueError(
                f"{self._state.parent} is the place in another journal than {self.journal}: "
                "remove that folder to publish this journal from its start"
            )
        if kept.shards != shards:
            raise ValueError(f"shards: {shards}, but {self._state.parent} was begun with {kept.shards}, for good")

    def step(self, whole: bool = False) -> int:
        """Publish what has come; how many parts. ``whole``: as ``Follower.read``."""
        sent = 0
        for record in self.follower.read(whole):
            for part in self._parts(record):
                self.send(part)
                sent += 1
        if sent:
            self.settle()
            write_atomically(self._state, self.splitter.pack())
            self.follower.let_go(self.splitter.next_seq)
        return sent

    def run_through(self) -> None:
        """Publish all of a journal that nobody writes any more."""
        before = -1
        while self.follower.seq > before:
            before = self.follower.seq
            self.step(whole=True)

    def _parts(self, record: Record) -> Iterator[Part]:
        if record.seq > self.splitter.next_seq:
            yield from self._anew(record.seq)
        for piece in _pieces(record):
            yield from self.splitter.take(piece)

    def _anew(self, seq: int) -> list[Part]:
        """The whole catalog for every shard, in place of the record before ``seq``, which is gone."""
        catalog = Catalog.kept_in(self.journal.parent)
        logger.error("the journal has no records %d to %d", self.splitter.next_seq, seq - 1)
        if catalog is None:
            raise FileNotFoundError(
                f"{self.journal.parent / KEPT}: not there; it tells the rules of a journal whose start is gone"
            )
        delta = Delta(catalog.version, True, points=tuple(catalog.points.values()), rules=tuple(catalog.rules.values()))
        return self.splitter.take(Switch(seq - 1, msgspec.json.encode(delta)))


def _pieces(record: Record) -> Iterator[Record]:
    if not isinstance(record, Readings) or record.count <= READINGS:
        yield record
        return
    for at in range(0, record.count, READINGS):
        cut = slice(at, at + READINGS)
        r = record
        yield Readings(r.seq + at, r.point[cut], r.ts[cut], r.received[cut], r.value[cut], r.quality[cut])
