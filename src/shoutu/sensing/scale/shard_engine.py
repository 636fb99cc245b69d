"""The engine of one shard of one journal: parts in, signals out, and all it knows as one byte string."""

from __future__ import annotations

import logging

import msgspec

from shoutu.sensing.catalog import Catalog, read_delta
from shoutu.sensing.core_rules import Watch
from shoutu.sensing.journal_records import Readings, Tick
from shoutu.sensing.spool import Signal

from .parts import Part

logger = logging.getLogger(__name__)

VERSION = 1


class ShardEngine:
    """Says of a shard's sites what an engine of the whole journal says of them, with the same ids.

    A part that comes again says nothing the second time.
    """

    def __init__(self, identity: int, shard: int, watch: Watch | None = None) -> None:
        self.identity, self.shard = identity, shard
        self.watch = watch or Watch(Catalog())
        self.watch.shard = identity
        self.seq = 0
        """The last number of the journal that this shard was told."""
        self.repeated = 0
        self.missed = 0
        """Times that parts before one were missing; see the log for their numbers."""

    def take(self, part: Part) -> list[Signal]:
        """Judge a part. Raises ValueError when it is another shard's."""
        if (part.identity, part.shard) != (self.identity, self.shard):
            at = f"{self.identity}, {self.shard}"
            raise ValueError(f"a part of journal {part.identity}, shard {part.shard} came to {at}")
        record, numbers = part.record, part.numbers
        if part.seq <= self.seq:
            self.repeated += 1
            return []
        if part.after > self.seq:
            self.missed += 1
            logger.error(
                "journal %d, shard %d: records after %d and up to %d never came",
                self.identity, self.shard, self.seq, part.after,
            )  # fmt: skip
        if isinstance(record, Readings):
            known = int((numbers <= self.seq).sum())
            signals = self.watch.readings(_without(record, known), numbers[known:])
        elif isinstance(record, Tick):
            signals = self.watch.tick(record.seq, record.now)
        else:
            signals = []
            self.watch.switch(record.seq, read_delta(record.delta))
        self.seq = part.seq
        return signals

    def pack(self) -> bytes:
        """Everything it knows."""
        engine = b"".join(self.watch.freeze().parts())
        told = (VERSION, self.identity, self.shard, self.seq, self.repeated, self.missed)
        return msgspec.msgpack.encode((*told, engine, self.watch.catalog.pack()))

    @classmethod
    def unpack(cls, blob: bytes) -> ShardEngine:
        """As it was at ``pack``. Raises ValueError when the bytes are not such a state."""
        version, identity, shard, seq, repeated, missed, engine, catalog = msgspec.msgpack.decode(blob)
        if version != VERSION:
            raise ValueError(f"the shard's state is of version {version}, expected {VERSION}; begin the journal anew")
        made = cls(identity, shard, Watch.restore(engine, Catalog.decode(catalog)))
        made.seq, made.repeated, made.missed = seq, repeated, missed
        return made


def _without(r: Readings, known: int) -> Readings:
    """The readings after the first ``known``, which have come before."""
    if not known:
        return r
    cut = slice(known, None)
    return Readings(r.seq, r.point[cut], r.ts[cut], r.received[cut], r.value[cut], r.quality[cut])
