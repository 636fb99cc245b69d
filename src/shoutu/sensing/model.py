"""The types every part of the sensing wing shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Ints32 = NDArray[np.int32]
Ints64 = NDArray[np.int64]
Floats = NDArray[np.float64]
Bytes8 = NDArray[np.uint8]

UNKNOWN_POINT = 0
FOREIGN_POINT = -1

GOOD, SUSPECT, CALIBRATING, INVALID = 0, 1, 2, 3
"""Quality of a reading: good; doubted by the device; taken under calibration; not a number or not usable."""


class Batch(NamedTuple):
    """Readings of one source as columns of one length; ``received`` is one stamp (UTC ms) for all of them."""

    point: Ints32
    ts: Ints64
    value: Floats
    quality: Bytes8
    received: int
    source: int
    door: str


@dataclass(frozen=True, slots=True)
class Source:
    """Who a token speaks for: a gateway, an enterprise's system, or the county itself (``trusted``)."""

    id: int
    name: str
    trusted: bool
    disabled: bool


class Directory(Protocol):
    """What the doors need of the catalog; replaced as a whole when the catalog changes."""

    version: int

    def authenticate(self, token: str) -> Source | None:
        """The source a token speaks for, or None when unknown, revoked or disabled."""
        ...

    def resolve(self, source: Source, addresses: Sequence[str]) -> Ints32:
        """Point id per address; 0 where unknown, −1 where the point belongs to another source."""
        ...


class Rejected(NamedTuple):
    """A reading refused because its address is not this source's; kept for 待认领."""

    source: int
    address: str
    ts: int
    value: float
    reason: str  # "unknown" | "foreign"


class Overloaded(Exception):
    """The queue before the journal is full: the sender must wait (HTTP 429, MQTT back-pressure)."""


class NotDurable(Exception):
    """The journal cannot be written (disk full or broken): nothing is acknowledged (HTTP 503)."""


class Acceptor(Protocol):
    """What a door calls: durable when it returns."""

    @property
    def directory(self) -> Directory: ...

    async def accept(self, batch: Batch) -> None:
        """Return once every reading of the batch is on disk. Raises Overloaded or NotDurable."""
        ...

    def reject(self, readings: Sequence[Rejected]) -> None:
        """Count refused addresses and keep their last value for 待认领; bounded memory, never blocks."""
        ...
