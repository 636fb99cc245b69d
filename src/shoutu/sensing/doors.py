"""What every door does with parsed readings: judge, resolve, make durable, count. Acknowledged means durable."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

import numpy as np

from shoutu.config import SettingError
from shoutu.sensing import metrics
from shoutu.sensing.decode.items import usable_address
from shoutu.sensing.decode.model import Columns, Refusal
from shoutu.sensing.model import (
    FOREIGN_POINT,
    INVALID,
    UNKNOWN_POINT,
    Acceptor,
    Batch,
    Directory,
    Ints32,
    NotDurable,
    Overloaded,
    Rejected,
    Source,
)

EARLIEST = 946_684_800_000
"""2000-01-01T00:00:00Z in ms: what is older comes from a clock that was never set."""
LATEST_AHEAD = 3_652 * 86_400_000
"""Ten years in ms: what is further ahead is no clock drift but rubbish. Nearer, the engine raises a clock finding."""
SECONDS_BELOW = 100_000_000_000
"""A stamp below this is in seconds (until the year 5138), where its source is said to stamp so; in ms it is 1973."""


DECODER = ThreadPoolExecutor(1, "decode")
Result = TypeVar("Result")


@dataclass(slots=True)
class Taken:
    """What became of one body: how many readings are durable, and which were refused."""

    accepted: int
    refused: list[Refusal] = field(default_factory=list)


class Settled(NamedTuple):
    """A body judged against the catalog: what may be taken, what is refused, what is kept for 待认领."""

    batch: Batch
    refused: list[Refusal]
    rejected: list[Rejected]


async def aside(large: bool, work: Callable[..., Result], *args: Any) -> Result:
    """Do heavy work on the decoding thread, light work here, so that a huge body does not hold up the others."""
    if not large:
        return work(*args)
    return await asyncio.get_running_loop().run_in_executor(DECODER, work, *args)


async def take(acceptor: Acceptor, settled: Settled) -> Taken:
    """Make the good readings of one body durable and count the rest. Returns once they are on disk.

    Raises Overloaded or NotDurable, and then nothing was taken or counted as refused, because the sender will
    send the same again.
    """
    batch, refused, rejected = settled
    accepted = len(batch.ts)
    if accepted:
        try:
            await acceptor.accept(batch)
        except Overloaded:
            metrics.OVERLOADED.labels(batch.door).inc()
            raise
        except NotDurable:
            metrics.NOT_DURABLE.labels(batch.door).inc()
            raise
        metrics.ACCEPTED.labels(batch.door).inc(accepted)
    for start in range(0, len(rejected), 5_000):
        if start:
            await asyncio.sleep(0)
        acceptor.reject(rejected[start : start + 5_000])
    if refused:
        count_refused(batch.door, refused)
    return Taken(accepted, refused)


async def insist(acceptor: Acceptor, settled: Settled, seconds: float, lost: Callable[[], bool]) -> NotDurable | None:
    """`take`, over and over: while full for as long as it takes, while the disk is broken for so many seconds.

    None once it is durable; else what is wrong, earlier too when the sender is lost.
    """
    loop = asyncio.get_running_loop()
    broken_since: float | None = None
    while True:
        try:
            await take(acceptor, settled)
            return None
        except Overloaded:
            await asyncio.sleep(0.05)
        except NotDurable as error:
            broken_since = broken_since or loop.time()
            if loop.time() - broken_since > seconds or lost():
                return error
            await asyncio.sleep(0.25)


def count_refused(door: str, refused: list[Refusal]) -> None:
    """Raise the counter of each reason by its readings."""
    counts: dict[str, int] = {}
    for refusal in refused:
        counts[refusal.code] = counts.get(refusal.code, 0) + 1
    for code, count in counts.items():
        metrics.REJECTED.labels(door, code).inc(count)


def settle(directory: Directory, source: Source, columns: Columns, door: str, now: int) -> Settled:
    """Judge times, resolve addresses to points, keep what may be taken; ``now`` is the time received, UTC ms."""
    if columns.codes is None:
        point = directory.resolve(source, columns.addresses)
    else:
        point = resolve(directory, source, columns.addresses)[columns.codes]
    ts, value, quality, refused = columns.ts, columns.value, columns.quality, columns.refused
    if source.seconds:
        # As ms such a stamp would lie in 1970: nothing that is right in ms is touched.
        ts = np.where(np.abs(ts) < SECONDS_BELOW, ts * 1000, ts)
    finite = np.isfinite(value)
    if not finite.all():
        # Binary forms can say "not a number": the device speaks of its own fault, which the engine must hear.
        quality = np.where(finite, quality, np.uint8(INVALID))
    timely = (ts >= EARLIEST) & (ts <= now + LATEST_AHEAD)
    keep = timely & (point > 0)
    rejected: list[Rejected] = []
    if not keep.all():
        for row in np.flatnonzero(~keep).tolist():
            address, when = columns.address(row), int(ts[row]) if timely[row] else now
            code = _code(int(point[row]), address)
            words = {"got": moment(int(ts[row]))} if code == "time_implausible" else {"address": address}
            refused.append(Refusal(columns.place(row), code, words))
            if code in CLAIMABLE:
                rejected.append(Rejected(source.id, address, when, float(value[row]), CLAIMABLE[code]))
        refused.sort(key=lambda refusal: refusal.index)
        point, ts, value, quality = point[keep], ts[keep], value[keep], quality[keep]
    return Settled(Batch(point, ts, value, quality, now, source.id, door), refused, rejected)


class Resolved(NamedTuple):
    """The points of one list of addresses; both are held so that an identity cannot be reused."""

    directory: Directory
    addresses: list[str]
    point: Ints32


RESOLVED: dict[tuple[int, int], Resolved] = {}
RESOLVED_COUNT = 64


def resolve(directory: Directory, source: Source, addresses: list[str]) -> Ints32:
    """Points of a list of distinct addresses; a list seen under the same catalog is not looked up again."""
    key = (source.id, id(addresses))
    known = RESOLVED.get(key)
    if known is not None and known.addresses is addresses and known.directory is directory:
        return known.point
    point = directory.resolve(source, addresses)
    if known is not None and known.directory is not directory:
        RESOLVED.clear()  # the catalog changed: let go of the old one
    while len(RESOLVED) >= RESOLVED_COUNT:
        RESOLVED.pop(next(iter(RESOLVED)), None)
    RESOLVED[key] = Resolved(directory, addresses, point)
    return point


CLAIMABLE = {"unknown_point": "unknown", "foreign_point": "foreign"}


def _code(point: int, address: str) -> str:
    """Why a row is not taken: its address first, so that a new device with a wrong clock still shows in 待认领."""
    if not usable_address(address):
        return "address_bad"
    if point == FOREIGN_POINT:
        return "foreign_point"
    return "unknown_point" if point == UNKNOWN_POINT else "time_implausible"


def listen(host: str, port: int, setting: str) -> socket.socket:
    """A listening TCP socket (port 0: a free one). Raises SettingError naming the setting when it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
        opened.listen(1024)
    except OSError as error:
        opened.close()
        if error.errno == errno.EADDRINUSE:
            raise SettingError(
                f"{setting}={port}: port {port} on {host} is taken; stop the program that uses it or choose another"
            ) from None
        raise SettingError(f"{setting}={port}: cannot listen on {host}:{port} ({error.strerror})") from error
    opened.setblocking(False)
    return opened


def moment(ts: int) -> str:
    """A time of epoch ms as people read it, with the number itself."""
    if -62_135_596_800_000 <= ts <= 253_402_300_799_999:
        return f"{np.datetime64(ts, 'ms')}Z ({ts})"
    return str(ts)
