"""uvicorn's HTTP protocol with deadlines: a slow or silent client loses its own connection and nobody else's."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


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
    endless: frozenset[str] = frozenset()
    """Paths whose answers are meant to go on: no ``answer_seconds`` for them."""


class Watch:
    """Every connection of the door, swept each second; when the house is full the stillest one must go."""

    def __init__(self, limits: Limits, count: Callable[[str], None], show: Callable[[int], None]) -> None:
        """``count`` is told why a connection was ended, ``show`` how many are open."""
        self.limits = limits
        self.count, self.show = count, show
        self.open: dict[GuardedProtocol, None] = {}

    def protocol(self) -> type[GuardedProtocol]:
        """The protocol for ``uvicorn.Config(http=…)``."""
        return type("WatchedProtocol", (GuardedProtocol,), {"watch": self})

    def admit(self, newcomer: GuardedProtocol) -> bool:
        """Whether a new connection may stay; an older one that is between requests makes room for it."""
        if len(self.open) >= self.limits.connections:
            still = next((c for c in self.open if c.phase <= Phase.HEAD), None)
            if still is None:
                self.count("full")
                return False
            still.cut("evicted")
        self.open[newcomer] = None
        self.show(len(self.open))
        return True

    def leave(self, connection: GuardedProtocol) -> None:
        self.open.pop(connection, None)
        self.show(len(self.open))

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
    """One connection; ``Watch.protocol`` makes the subclass that belongs to a watch."""

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
        self.watch.count("not_http")
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
            return spent > limits.answer_seconds and self.scope["path"] not in limits.endless
        if self.phase <= Phase.HEAD:
            return spent > limits.head_seconds
        return spent > limits.grace and self.got < limits.rate * spent

    def cut(self, outcome: str, status: int = 408) -> None:
        """End this connection, saying why if no answer has begun."""
        self.watch.count(outcome)
        transport: Any = self.transport
        if transport.is_closing():
            return
        cycle: Any = self.cycle
        # What has sent nothing has asked nothing: a browser that connects ahead of need wants no answer.
        if Phase.FRESH < self.phase <= Phase.BODY and (
            cycle is None or self.phase is not Phase.BODY or not cycle.response_started
        ):
            words = {408: b"408 Request Timeout", 431: b"431 Request Header Fields Too Large"}[status]
            transport.write(b"HTTP/1.1 " + words + b"\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
        transport.close()
        self.watch.leave(self)


class GuardedServer(uvicorn.Server):
    """uvicorn whose connections are swept as long as it serves."""

    def __init__(self, config: uvicorn.Config, watch: Watch) -> None:
        super().__init__(config)
        self.watch = watch

    async def startup(self, sockets: list[Any] | None = None) -> None:
        await super().startup(sockets)
        self._sweeper = asyncio.create_task(self.watch.sweep(), name="http sweep")

    async def shutdown(self, sockets: list[Any] | None = None) -> None:
        self._sweeper.cancel()
        await super().shutdown(sockets)


def connections_allowed() -> int:
    """Connections this process can hold and still open its files."""
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return max(64, min(2_000, soft // 2))
