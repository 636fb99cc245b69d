"""uvicorn's HTTP protocol with deadlines: a slow or silent client loses its own connection and nobody else's."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from shoutu.sensing import metrics


class Phase(IntEnum):
    """Where a connection is between two requests."""

    FRESH = 0
    IDLE = 1
    HEAD = 2
    BODY = 3
    ANSWER = 4
    DRAIN = 5


@dataclass(frozen=True, slots=True)
class Limits:
    """Times in seconds, sizes in bytes. A body must average ``rate`` bytes/s once ``grace`` has passed."""

    connections: int = 2_000
    head_seconds: float = 10.0
    head_bytes: int = 64 * 1024
    grace: float = 10.0
    rate: float = 1024.0
    answer_seconds: float = 120.0
    drain_bytes: int = 128 * 1024 * 1024


class Watch:
    """Every connection of the door, swept each second; when the house is full the stillest one must go."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.open: dict[GuardedProtocol, None] = {}
        self.gauge = metrics.DOOR_CONNECTIONS.labels("http")

    def admit(self, newcomer: GuardedProtocol) -> bool:
        """Whether a new connection may stay; an older one that is between requests makes room for it."""
        if len(self.open) >= self.limits.connections:
            still = next((c for c in self.open if c.phase <= Phase.HEAD), None)
            if still is None:
                metrics.DOOR_REQUESTS.labels("http", "full").inc()
                return False
            still.cut("evicted")
        self.open[newcomer] = None
        self.gauge.set(len(self.open))
        return True

    def leave(self, connection: GuardedProtocol) -> None:
        self.open.pop(connection, None)
        self.gauge.set(len(self.open))

    async def sweep(self, seconds: float = 1.0) -> None:
        """Cut connections past their deadline, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(seconds)
            now = loop.time()
            for connection in list(self.open):
                if connection.overdue(now, self.limits):
                    connection.cut("timeout")


class GuardedProtocol(HttpToolsProtocol):
    """One connection; ``watch`` is set by the server on a subclass."""

    watch: Watch
    phase = Phase.FRESH
    since = 0.0
    got = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.since = self.loop.time()
        if not self.watch.admit(self):
            transport.write(
                b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
            )
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.watch.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.phase is not Phase.IDLE and self.phase is not Phase.ANSWER:
            self.got += len(data)
            if self.phase <= Phase.HEAD:
                if self.got > self.watch.limits.head_bytes:
                    self.cut("head_too_large", 431)
            elif self.phase is Phase.DRAIN and self.got > self.watch.limits.drain_bytes:
                self.cut("too_large")

    def send_400_response(self, msg: str) -> None:
        metrics.DOOR_REQUESTS.labels("http", "not_http").inc()
        if not self.transport.is_closing():
            super().send_400_response(msg)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._enter(Phase.HEAD)

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._enter(Phase.BODY)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._enter(Phase.IDLE if self.phase is Phase.DRAIN else Phase.ANSWER)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._enter(Phase.DRAIN if self.phase is Phase.BODY else Phase.IDLE)

    def _enter(self, phase: Phase) -> None:
        self.phase = phase
        self.got = 0
        self.since = self.loop.time()

    def overdue(self, now: float, limits: Limits) -> bool:
        """Whether this connection has had its time."""
        spent = now - self.since
        if self.phase is Phase.IDLE:
            return False  # uvicorn's own keep-alive timer
        if self.pipeline or self.phase is Phase.ANSWER:
            return spent > limits.answer_seconds
        if self.phase <= Phase.HEAD:
            return spent > limits.head_seconds
        return spent > limits.grace and self.got < limits.rate * spent

    def cut(self, outcome: str, status: int = 408) -> None:
        """End this connection, saying why if no answer has begun."""
        metrics.DOOR_REQUESTS.labels("http", outcome).inc()
        transport: Any = self.transport
        if transport.is_closing():
            return
        cycle: Any = self.cycle
        if self.phase <= Phase.BODY and (cycle is None or self.phase is not Phase.BODY or not cycle.response_started):
            words = {408: b"408 Request Timeout", 431: b"431 Request Header Fields Too Large"}[status]
            transport.write(b"HTTP/1.1 " + words + b"\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
        transport.close()
        self.watch.leave(self)
