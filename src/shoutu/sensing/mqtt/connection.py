"""One MQTT connection: reads packets, queues what is published, acknowledges in order once it is durable."""

from __future__ import annotations

import asyncio
import secrets
import socket
from typing import TYPE_CHECKING, Any

from shoutu.sensing import metrics, thingsboard
from shoutu.sensing.model import Source
from shoutu.sensing.mqtt import answers
from shoutu.sensing.mqtt.codec import (
    AUTH_METHOD,
    MAX_PACKET,
    PROBLEM_INFO,
    V5,
    V311,
    Connect,
    Frame,
    Kind,
    Publish,
    Reason,
    Refused,
    next_frame,
    read_connect,
    read_disconnect,
    read_filters,
    read_publish,
)

if TYPE_CHECKING:
    from shoutu.sensing.mqtt.hub import Hub

CONNECT_BYTES = 16 * 1024
LINGER_SECONDS = 5.0
WORDS_BYTES = 512
"""Room a client must offer in its packets to be told reasons in words (MQTT-3.1.2-24)."""


class Connection(asyncio.Protocol):
    """State of one client. The hub knows the catalog, makes readings durable, and watches the clocks."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.loop = asyncio.get_running_loop()
        self.transport: Any = None
        self.buffer = bytearray()
        self.queue: list[Publish] = []
        self.queued_bytes = 0
        self.source: Source | None = None
        self.token = ""
        self.version = V311
        self.client_id = ""
        self.words = True
        self.room = self.hub.limits.packet_bytes
        self.filters: set[str] = set()
        self.keep_alive = 0.0
        self.peer = ""
        self.opened = self.heard = self.loop.time()
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

    def data_received(self, data: bytes) -> None:
        self.heard = self.loop.time()
        if not self.leaving:
            self.buffer += data
            self.advance()

    # packets
    def advance(self) -> None:
        """Handle whole packets of the buffer until the queue is full; what is left waits for the pump."""
        position = 0
        limits = self.hub.limits
        try:
            if self.source is None and self.buffer and self.buffer[0] != Kind.CONNECT << 4:
                raise Refused(Reason.PROTOCOL_ERROR, "the first packet is not CONNECT", "not_mqtt")
            while not self.leaving:
                if len(self.queue) >= limits.window or self.queued_bytes >= limits.queue_bytes:
                    break
                frame = next_frame(self.buffer, position, limits.packet_bytes if self.source else CONNECT_BYTES)
                if frame is None:
                    break
                body = bytes(self.buffer[frame.start : frame.end])
                position = frame.end
                self.handle(frame, body)
        except Refused as refused:
            self.refuse(refused)
        del self.buffer[:position]
        self._throttle()
        if self.queue and self.pump is None:
            self.pump = self.loop.create_task(self.hub.drain(self))

    def _throttle(self) -> None:
        """Stop reading the socket while the queue is full: the sender's own TCP waits."""
        limits = self.hub.limits
        full = len(self.queue) >= limits.window or self.queued_bytes >= limits.queue_bytes
        if full == (not self.reading) or self.transport.is_closing():
            return
        self.reading = not full
        if full:
            metrics.DOOR_REQUESTS.labels("mqtt", "held_back").inc()
            self.transport.pause_reading()
        else:
            self.heard = self.loop.time()
            self.transport.resume_reading()

    def handle(self, frame: Frame, body: bytes) -> None:
        """One whole packet. Raises Refused for one that ends the connection."""
        kind = frame.head >> 4
        if self.source is None:
            self.connect(read_connect(frame.head, body))
        elif kind == Kind.PUBLISH:
            self.publish(read_publish(frame.head, body, self.version))
        elif kind == Kind.PINGREQ:
            if frame.head & 0x0F or body:
                raise Refused(Reason.MALFORMED, "a PINGREQ with flags or content")
            self.write(answers.PINGRESP)
        elif kind in (Kind.SUBSCRIBE, Kind.UNSUBSCRIBE):
            self.subscribe(kind, *read_filters(frame.head, body, self.version))
        elif kind == Kind.DISCONNECT:
            read_disconnect(frame.head, body, self.version)
            self.leaving = True
            if self.pump is None and not self.queue:
                self.end("left")
        else:
            raise Refused(Reason.PROTOCOL_ERROR, f"packet type {kind} is not for a publisher to send")

    def connect(self, wish: Connect) -> None:
        """Let the client in, or refuse it. Raises Refused."""
        self.version = wish.version
        self.room = wish.properties.get(MAX_PACKET, self.room)
        self.words = self.room >= WORDS_BYTES and bool(wish.properties.get(PROBLEM_INFO, 1))
        if AUTH_METHOD in wish.properties:
            raise Refused(Reason.BAD_AUTH_METHOD, "no extended authentication; the user name is the token")
        if self.version == V311 and not wish.client_id and not wish.clean:
            raise Refused(Reason.BAD_CLIENT_ID, "an empty client id needs a clean session", "client_id")
        source = self.hub.authenticate(wish.user or "")
        if source is None:
            metrics.AUTH_FAILED.labels("mqtt").inc()
            raise Refused(Reason.BAD_LOGIN, "unknown or revoked token; send it as the user name", "bad_token")
        assigned = "" if wish.client_id else f"shoutu-{secrets.token_hex(8)}"
        self.client_id, self.token, self.source = wish.client_id or assigned, wish.user or "", source
        limits = self.hub.limits
        imposed = 0
        self.keep_alive = wish.keep_alive * 1.5
        if self.version == V5 and not 0 < wish.keep_alive <= limits.keep_alive:
            imposed = limits.keep_alive
            self.keep_alive = imposed * 1.5
        if wish.will:
            metrics.DOOR_REQUESTS.labels("mqtt", "will_ignored").inc()
        self.hub.enter(self)
        metrics.DOOR_REQUESTS.labels("mqtt", "connected").inc()
        success = Reason.SUCCESS
        self.write(answers.connack(self.version, success, "", limits.packet_bytes, limits.window, assigned, imposed))

    def subscribe(self, kind: int, packet_id: int, filters: list[str]) -> None:
        """Grant what ThingsBoard's libraries subscribe to, and nothing else."""
        if kind == Kind.UNSUBSCRIBE:
            known = [one in self.filters for one in filters]
            self.filters.difference_update(filters)
            return self.write(answers.unsuback(self.version, packet_id, known))
        granted = [one in thingsboard.FILTERS for one in filters]
        self.filters.update(one for one in filters if one in thingsboard.FILTERS)
        metrics.DOOR_REQUESTS.labels("mqtt", "subscribed" if all(granted) else "subscribe_refused").inc()
        return self.write(answers.suback(self.version, packet_id, granted, self.words))

    def answer(self, publish: Publish) -> None:
        """What a library of ThingsBoard asked for, where it listens for the answer."""
        metrics.DOOR_REQUESTS.labels("mqtt", thingsboard.outcome(publish.topic)).inc()
        limits = thingsboard.Limits(self.hub.limits.packet_bytes, self.hub.limits.window)
        told = thingsboard.reply(publish.topic, publish.payload, limits)
        if told is not None and thingsboard.heard(self.filters, told[0]):
            packet = answers.publish(self.version, *told)
            if len(packet) <= self.room:
                self.write(packet)

    def publish(self, publish: Publish) -> None:
        metrics.DOOR_BYTES.labels("mqtt").inc(len(publish.payload))
        if publish.retain:
            metrics.DOOR_REQUESTS.labels("mqtt", "retain_ignored").inc()
        self.queue.append(publish)
        self.queued_bytes += len(publish.payload)

    def write(self, data: bytes) -> None:
        if not self.lost and not self.transport.is_closing():
            self.transport.write(data)

    # ends
    def refuse(self, refused: Refused) -> None:
        """Tell the client why, as far as its version can, and end the connection."""
        if self.source is None:
            if refused.outcome == "not_mqtt":
                return self.end(refused.outcome)
            self.write(answers.connack(self.version, refused.reason, refused.text))
            return self.end(refused.outcome)
        return self.dismiss(refused.reason, refused.text, refused.outcome)

    def dismiss(self, reason: Reason, text: str, outcome: str) -> None:
        """End a connection that was let in; readings already queued are still made durable."""
        self.write(answers.disconnect(self.version, reason, text if self.words else ""))
        self.end(outcome)

    def end(self, outcome: str) -> None:
        """Close, counted by what ended it."""
        self.leaving = True
        metrics.DOOR_REQUESTS.labels("mqtt", outcome).inc()
        self.hub.leave(self)
        if self.transport.is_closing():
            return
        self.transport.close()
        if self.transport.get_write_buffer_size():  # a client that reads nothing must not hold the socket
            self.loop.call_later(LINGER_SECONDS, self.transport.abort)
