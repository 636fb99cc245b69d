"""What all HJ 212 connections share: the catalog, the way to the journal, and the clocks that end connections."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter, OrderedDict
from dataclasses import dataclass
from typing import Any

from shoutu.sensing import metrics
from shoutu.sensing.decode import say
from shoutu.sensing.decode.model import Refusal, Rows
from shoutu.sensing.doors import Settled, insist, settle
from shoutu.sensing.hj212.connection import DOOR, Connection, Waiting
from shoutu.sensing.hj212.frames import DATA_MAX, frame
from shoutu.sensing.hj212.packet import Packet, answer
from shoutu.sensing.hj212.payload import data_time, gather
from shoutu.sensing.model import Acceptor, Source
from shoutu.sensing.senders import SENDERS

log = logging.getLogger("shoutu.sensing.hj212")
REMEMBERED = 16
"""Packets of a logger whose bytes are known again when it sends them once more."""
STATIONS_REMEMBERED = 10_000
GUESSES, GUESS_SECONDS = 10, 60.0
"""Wrong passwords for one MN from one address before it is not asked any more for a while: six digits are few."""


@dataclass(frozen=True, slots=True)
class Limits:
    """``window`` packets and ``queue_bytes`` bytes may wait per connection; times in seconds.

    ``first_seconds``: a logger connects and is silent until its next reading is due, which may be ten minutes.
    ``idle_seconds``: over an hour, since there are loggers that send hourly figures alone.
    ``packet_seconds``: from the first byte of a packet to its last.
    """

    connections: int = 2_000
    window: int = 200
    queue_bytes: int = 512 * 1024
    packet_bytes: int = DATA_MAX
    stations: int = 1_000
    strikes: int = 100
    strikes_of_strangers: int = 3
    first_seconds: float = 900.0
    idle_seconds: float = 4_500.0
    packet_seconds: float = 60.0
    write_seconds: float = 60.0
    not_durable_seconds: float = 10.0


class Hub:
    """Every connection of the door."""

    def __init__(self, acceptor: Acceptor, limits: Limits) -> None:
        self.acceptor, self.limits = acceptor, limits
        self.open: dict[Connection, None] = {}
        self.gauge = metrics.DOOR_CONNECTIONS.labels(DOOR)
        self.pumps: set[asyncio.Task[None]] = set()
        self.said: dict[int, float] = {}
        self.guesses: OrderedDict[tuple[str, str], tuple[int, float]] = OrderedDict()
        self.known: OrderedDict[tuple[int, str], OrderedDict[bytes, None]] = OrderedDict()
        self.packets = self.accepted = self.refused = self.repeats = 0

    # who is here
    def admit(self, connection: Connection) -> bool:
        """Whether there is room; when the house is full, one that can best be spared makes room for a new one."""
        if len(self.open) >= self.limits.connections:
            if (silent := next((c for c in self.open if not c.stations), None)) is not None:
                silent.end("evicted")
            elif (spared := self._of_the_most_numerous()) is not None:
                spared.end("evicted")
            else:
                return False
        self.open[connection] = None
        self.gauge.set(len(self.open))
        return True

    def _of_the_most_numerous(self) -> Connection | None:
        """The longest unheard connection of the source that holds most: one gone wild shuts out nobody else."""

        def source(connection: Connection) -> int:
            return next(iter(connection.stations.values()))[0]

        held = Counter(source(c) for c in self.open if c.stations)
        most, count = held.most_common(1)[0] if held else (0, 0)
        mine = (c for c in self.open if c.stations and source(c) == most)
        return min(mine, key=lambda c: c.heard) if count > 1 else None

    def leave(self, connection: Connection) -> None:
        connection.forget_all()
        self.open.pop(connection, None)
        self.gauge.set(len(self.open))

    def authenticate(self, peer: str, packet: Packet) -> Source | None:
        """The source of a packet's MN and password; None when they are not known, or guessed too often."""
        key, now = (peer, packet.mn), time.monotonic()
        count, since = self.guesses.get(key, (0, now))
        if now - since > GUESS_SECONDS:
            count, since = 0, now
        source = self.acceptor.directory.station(packet.mn, packet.pw) if count < GUESSES else None
        if source is not None:
            self.guesses.pop(key, None)
            return source
        self.guesses[key] = (count + 1, since)
        self.guesses.move_to_end(key)
        if len(self.guesses) > STATIONS_REMEMBERED:
            self.guesses.popitem(last=False)
        metrics.AUTH_FAILED.labels(DOOR).inc()
        self.say(0, f"unknown MN {packet.mn} or wrong password, from {peer}; register it with its source first")
        return None

    async def watch(self, seconds: float = 0.5) -> None:
        """End connections whose loggers were all revoked, that fell silent or read no answers; until cancelled."""
        version = self.acceptor.directory.version
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(seconds)
            changed, version = version != self.acceptor.directory.version, self.acceptor.directory.version
            now = loop.time()
            for connection in list(self.open):
                if changed and connection.stations and not self._still(connection):
                    connection.end("revoked")
                else:
                    self._check(connection, now)

    def _still(self, connection: Connection) -> bool:
        directory = self.acceptor.directory
        return any(directory.station(mn, pw) is not None for mn, (_, pw) in connection.stations.items())

    def _check(self, connection: Connection, now: float) -> None:
        limits = self.limits
        if not connection.writable.is_set():
            if now - connection.blocked_since > limits.write_seconds:
                connection.end("timeout")
                connection.transport.abort()
        elif not connection.reading or connection.queue:
            return
        elif connection.framer.partial and now - connection.begun > limits.packet_seconds:
            connection.end("timeout")  # counted from the packet's begin: who drips one byte at a time is cut as well
        elif not connection.stations and now - connection.opened > limits.first_seconds:
            connection.end("timeout")
        elif now - connection.heard > limits.idle_seconds:
            connection.end("idle")

    # readings
    async def drain(self, connection: Connection) -> None:
        """Make durable what a connection has queued, over and over until it is empty, and answer in order."""
        task = asyncio.current_task()
        assert task is not None
        self.pumps.add(task)
        try:
            while connection.queue:
                queue, connection.queue = connection.queue, []
                kept = True
                for group in _by_source(queue):
                    kept = kept and await self._store(connection, group)
                connection.queued_bytes -= sum(one.size for one in queue)
                if not kept:
                    break
                await connection.writable.wait()
                connection.advance()
        except Exception:
            log.exception("an HJ 212 connection from %s failed", connection.peer)
            connection.end("error")
        finally:
            self.pumps.discard(task)
            connection.pump = None
        if connection.leaving and not connection.transport.is_closing():
            connection.end("left")

    async def _store(self, connection: Connection, group: list[Waiting]) -> bool:
        """Packets of one source; whether they were kept. None of them is answered before that."""
        source = group[0].source
        now = time.time_ns() // 1_000_000
        rows, counts, total = Rows(), [], 0
        for one in group:
            count = 0
            if not self._repeated(one):
                time_ = connection.time_of(one.packet, data_time(one.packet.cp))
                count = gather(one.packet, source.zone, rows, total, time_)
            counts.append(count)
            total += count
        settled = settle(self.acceptor.directory, source, rows.columns(total), DOOR, now)
        if not await self._insist(connection, settled):
            return False
        self.packets += len(group)
        self.accepted += len(settled.batch.ts)
        self.refused += len(settled.refused)
        metrics.DOOR_REQUESTS.labels(DOOR, "taken").inc(len(group))
        self._note(source, group, counts, settled.refused)
        connection.write(b"".join(frame(told) for one in group if (told := answer(one.packet)) is not None))
        return True

    def _note(self, source: Source, group: list[Waiting], counts: list[int], refused: list[Refusal]) -> None:
        """Who was heard; what was taken whole is remembered by its bytes, so that it is not written twice."""
        bad = Counter(_number_of(refusal.index, counts) for refusal in refused)
        for number, (one, count) in enumerate(zip(group, counts, strict=True)):
            SENDERS.heard(source.id, DOOR, one.packet.mn, count - bad[number], bad[number])
            if not bad[number]:
                self._remember(one)
        if refused:
            words = say(refused[0].code, refused[0].params, english=True)
            self.say(source.id, f"{len(refused)} readings refused: {words}")

    def _repeated(self, one: Waiting) -> bool:
        """Whether a logger sends once more what is durable already, byte for byte and under the same QN."""
        kept = self.known.get((one.source.id, one.packet.mn))
        if not one.packet.qn or kept is None or one.digest not in kept:
            return False
        self.repeats += 1
        metrics.DOOR_REQUESTS.labels(DOOR, "repeat").inc()
        return True

    def _remember(self, one: Waiting) -> None:
        key = (one.source.id, one.packet.mn)
        kept = self.known.setdefault(key, OrderedDict())
        self.known.move_to_end(key)
        kept[one.digest] = None
        if len(kept) > REMEMBERED:
            kept.popitem(last=False)
        if len(self.known) > STATIONS_REMEMBERED:
            self.known.popitem(last=False)

    async def _insist(self, connection: Connection, settled: Settled) -> bool:
        """Whether it became durable; the connection ends where it did not."""
        error = await insist(self.acceptor, settled, self.limits.not_durable_seconds, lambda: connection.lost)
        if error is None:
            return True
        log.error("readings cannot be made durable now (%s); %s is not answered", error, connection.peer)
        connection.end("not_durable")
        return False

    def say(self, source: int, words: str) -> None:
        """Log what a logger cannot be told, once a minute for each source."""
        now = time.monotonic()
        if now - self.said.get(source, -60.0) >= 60.0:
            self.said[source] = now
            log.warning("source %d: %s", source, words)

    def stats(self) -> dict[str, Any]:
        return {
            "connections": len(self.open),
            "packets": self.packets,
            "repeats": self.repeats,
            "accepted": self.accepted,
            "refused": self.refused,
        }


def _by_source(queue: list[Waiting]) -> list[list[Waiting]]:
    """The queue in its order, cut where another source begins."""
    groups: list[list[Waiting]] = []
    for one in queue:
        if groups and groups[-1][0].source is one.source:
            groups[-1].append(one)
        else:
            groups.append([one])
    return groups


def _number_of(index: int, counts: list[int]) -> int:
    """Which packet of a group a reading belongs to."""
    for number, count in enumerate(counts):
        index -= count
        if index < 0:
            return number
    return len(counts) - 1
