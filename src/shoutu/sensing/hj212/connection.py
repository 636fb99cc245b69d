"""One HJ 212 connection: packets are queued as they come and answered in order once they are durable."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import socket
from typing import TYPE_CHECKING, Any, NamedTuple

from shoutu.sensing import metrics
from shoutu.sensing.hj212.frames import Fault, Framer, frame
from shoutu.sensing.hj212.packet import DATA, BadPacket, Packet, answer, read_packet
from shoutu.sensing.model import Source
from shoutu.sensing.senders import SENDERS

if TYPE_CHECKING:
    from shoutu.sensing.hj212.hub import Hub

DOOR = "hj212"
LINGER_SECONDS = 5.0
KEEPALIVE = (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4))
"""A logger whose mobile line broke says no goodbye: the kernel asks after a minute of silence."""


class Waiting(NamedTuple):
    """A packet that was let in and is not durable yet."""

    packet: Packet
    source: Source
    size: int
    digest: bytes


class Connection(asyncio.Protocol):
    """State of one client: one logger, or a system that passes on those of many."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.loop = asyncio.get_running_loop()
        self.transport: Any = None
        self.framer = Framer(hub.limits.packet_bytes)
        self.queue: list[Waiting] = []
        self.queued_bytes = 0
        self.stations: dict[str, tuple[int, str]] = {}  # MN → (source, its password)
        self.times: dict[tuple[str, str], str] = {}
        self.peer = ""
        self.strikes = 0
        self.opened = self.heard = self.begun = self.loop.time()
        self.reading = True
        self.leaving = False
        self.lost = False
        self.writable = asyncio.Event()
        self.writable.set()
        self.blocked_since = 0.0
        self.pump: asyncio.Task[None] | None = None

    # the transport's side
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.peer = str((transport.get_extra_info("peername") or ("?",))[0])
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for name, value in KEEPALIVE:
                with contextlib.suppress(AttributeError, OSError):
                    sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        if not self.hub.admit(self):
            self.end("full")

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        self.writable.set()
        self.hub.leave(self)

    def pause_writing(self) -> None:
        self.writable.clear()
        self.blocked_since = self.loop.time()

    def resume_writing(self) -> None:
        self.writable.set()

    def eof_received(self) -> bool:
        """The client will send no more; what it sent is still made durable and answered."""
        self.leaving = True
        if self.pump is None:
            self.end("left")
        return True

    def data_received(self, data: bytes) -> None:
        self.heard = self.loop.time()
        if not self.leaving:
            self.framer.feed(data)
            self.advance()

    # packets
    def advance(self) -> None:
        """Handle whole packets until the queue is full; what is left waits for the pump."""
        while not self.leaving and not self._full():
            found = self.framer.next()
            if found is None:
                break
            self.begun = self.loop.time()
            if isinstance(found, Fault):
                self._fault(found)
            else:
                self._segment(found)
        if not self.framer.partial:
            self.begun = self.loop.time()
        self._throttle()
        if self.queue and self.pump is None:
            self.pump = self.loop.create_task(self.hub.drain(self))

    def _full(self) -> bool:
        limits = self.hub.limits
        return len(self.queue) >= limits.window or self.queued_bytes >= limits.queue_bytes

    def _throttle(self) -> None:
        """Stop reading the socket while the queue is full: the sender's own TCP waits."""
        full = self._full()
        if full == (not self.reading) or self.transport.is_closing():
            return
        self.reading = not full
        if full:
            metrics.DOOR_REQUESTS.labels(DOOR, "held_back").inc()
            self.transport.pause_reading()
        else:
            self.heard = self.begun = self.loop.time()
            self.transport.resume_reading()

    def _fault(self, fault: Fault) -> None:
        """Bytes that are no packet are counted and not answered: the logger sends again by itself."""
        metrics.DOOR_REQUESTS.labels(DOOR, f"frame_{fault.code}").inc()
        if self.stations:
            mn, (source, _) = next(iter(self.stations.items()))
            self.hub.say(source, f"{mn}: a damaged packet ({fault.code}, {fault.size} bytes) from {self.peer}")
        self._strike("not_hj212")

    def _strike(self, outcome: str) -> None:
        """So much in a row that cannot be used comes from no logger of ours."""
        self.strikes += 1
        limit = self.hub.limits.strikes if self.stations else self.hub.limits.strikes_of_strangers
        if self.strikes >= limit:
            self.end(outcome)

    def _segment(self, data: bytes) -> None:
        metrics.DOOR_BYTES.labels(DOOR).inc(len(data))
        try:
            packet = read_packet(data)
        except BadPacket as bad:
            metrics.DOOR_REQUESTS.labels(DOOR, f"packet_{bad.code}").inc()
            return self._strike("not_hj212")
        source = self.hub.authenticate(self.peer, packet)
        if source is None:
            self._forget(packet.mn)
            return self._strike("bad_password")
        self.strikes = 0
        self._know(packet, source)
        if packet.cn not in DATA:
            return self._notice(packet, source)
        self.queue.append(Waiting(packet, source, len(data), hashlib.blake2b(data, digest_size=16).digest()))
        self.queued_bytes += len(data)
        return None

    def _know(self, packet: Packet, source: Source) -> None:
        if self.stations.get(packet.mn) == (source.id, packet.pw):
            return
        if packet.mn in self.stations:
            self._forget(packet.mn)
        if len(self.stations) >= self.hub.limits.stations:
            self._forget(next(iter(self.stations)))
        self.stations[packet.mn] = (source.id, packet.pw)
        SENDERS.opened(source.id, DOOR, packet.mn, self.peer)

    def _forget(self, mn: str) -> None:
        if (known := self.stations.pop(mn, None)) is not None:
            SENDERS.closed(known[0], DOOR, mn)

    def forget_all(self) -> None:
        for mn in list(self.stations):
            self._forget(mn)

    def _notice(self, packet: Packet, source: Source) -> None:
        """A notice holds nothing to keep; what we do not know is counted and not answered."""
        SENDERS.heard(source.id, DOOR, packet.mn)
        told = answer(packet)
        metrics.DOOR_REQUESTS.labels(DOOR, "notice" if told else "command").inc()
        if told:
            self.write(frame(told))

    def time_of(self, packet: Packet, told: str) -> str:
        """The DataTime of a packet that was split: the parts after the first may leave it out."""
        key = (packet.mn, packet.qn)
        if not packet.pno or not packet.qn:
            return ""
        if told:
            self.times.pop(key, None)
            self.times[key] = told
            while len(self.times) > 32:
                self.times.pop(next(iter(self.times)))
        return self.times.get(key, "")

    def write(self, data: bytes) -> None:
        if data and not self.lost and not self.transport.is_closing():
            self.transport.write(data)

    def end(self, outcome: str) -> None:
        """Close, counted by what ended it. HJ 212 knows no goodbye."""
        self.leaving = True
        metrics.DOOR_REQUESTS.labels(DOOR, outcome).inc()
        self.hub.leave(self)
        if self.transport.is_closing():
            return
        self.transport.close()
        if self.transport.get_write_buffer_size():  # a client that reads nothing must not hold the socket
            self.loop.call_later(LINGER_SECONDS, self.transport.abort)
