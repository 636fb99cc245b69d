"""The types every part of the sensing wing shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

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
    """Who a token speaks for: a gateway, an enterprise's system, or the county itself (``trusted``).

    ``zone``: on whose clock its times without a zone are; "" where nobody said so. ``seconds``: it stamps in epoch
    seconds.
    """

    id: int
    name: str
    trusted: bool
    disabled: bool
    zone: str = ""
    seconds: bool = False


class Device(NamedTuple):
    """A device that we call. ``id``: its registration; ``settings``: as the catalog has them, not yet judged."""

    source: Source
    id: int
    name: str
    kind: str
    settings: dict[str, Any]


class Directory(Protocol):
    """What the doors need of the catalog; replaced as a whole when the catalog changes."""

    version: int

    def authenticate(self, token: str) -> Source | None:
        """The source a token speaks for, or None when unknown, revoked or disabled."""
        ...

    def station(self, mn: str, password: str) -> Source | None:
        """The source a data logger (HJ 212) belongs to, or None when unknown, wrong, revoked or disabled."""
        ...

    def named(self, name: str) -> Source | None:
        """The source of this name, or None when unknown or disabled; for what the operator of the machine sets up."""
        ...

    def devices(self) -> Sequence[Device]:
        """The devices that we call, of sources that are not disabled."""
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


class Store(Protocol):
    """Where readings are kept for asking; called by one thread only, except for its queries."""

    @property
    def stored_through(self) -> int:
        """Last sequence number up to which (inclusive) every reading added is durable here; 0 at first."""
        ...

    def add(self, seq0: int, point: Ints32, ts: Ints64, received: Ints64, value: Floats, quality: Bytes8) -> None:
        """Take readings numbered from ``seq0``; numbers up to ``stored_through`` come again after a kill."""
        ...

    def mark(self, seq: int) -> None:
        """Every reading up to ``seq`` has been added (ticks and switches take numbers too)."""
        ...

    def flush(self) -> None:
        """Make everything added so far durable. Raises when it cannot; nothing is lost, call again."""
        ...

    def close(self) -> None: ...


class LocalApi(Protocol):
    """What the HTTP door serves for the pipeline: local queries (wing token), health and metrics."""

    def is_wing(self, token: str) -> bool:
        """Whether this is the wing token (compared in constant time)."""
        ...

    async def readings(
        self, point: int, start: int | None, end: int | None, limit: int, step: int | None, fill: bool = False
    ) -> dict[str, Any]:
        """The answer of ``GET /local/v1/readings`` (times and step in ms). Raises ValueError with a clear text."""
        ...

    async def latest(self, points: Sequence[int]) -> dict[str, Any]:
        """The answer of ``/local/v1/latest``."""
        ...

    def senders(self, sources: Sequence[int]) -> dict[str, Any]:
        """The answer of ``/local/v1/senders``: who of these sources is connected, and when it was heard last."""
        ...

    async def trial(self, asked: Any) -> dict[str, Any]:
        """The answer of ``/local/v1/trial`` (a ``trial.Asked``). Raises ValueError with a clear text, TrialsBusy."""
        ...

    async def backtest(self, asked: Any) -> dict[str, Any]:
        """The answer of ``/local/v1/backtest`` (a ``backtest.BacktestAsked``). Raises ValueError, TrialsBusy."""
        ...

    async def quality(self, asked: Any) -> dict[str, Any]:
        """The answer of ``/local/v1/quality`` (a ``quality_asked.QualityAsked``). Raises ValueError, QualityBusy."""
        ...

    async def falsified(self, asked: Any) -> dict[str, Any]:
        """The answer of ``/local/v1/falsified`` (a ``falsified_asked.FalsifiedAsked``). Raises as its ``Falsified``."""
        ...

    def ready(self) -> tuple[bool, dict[str, Any]]:
        """Whether readings are taken and evaluated now, with the figures that say why (``/readyz``)."""
        ...


class DoorHandle(Protocol):
    """A door that is open. ``stats`` goes into the beat, ``port`` is the port really bound."""

    port: int

    def stats(self) -> dict[str, Any]: ...

    async def close(self) -> None:
        """Take nothing new, answer what is under way, let go of the port."""
        ...
