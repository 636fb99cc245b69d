"""What all MQTT connections share: the catalog, the way to the journal, and the clocks that end connections."""

from __future__ import annotations

import asyncio
import logging
import time
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass

from shoutu.sensing import metrics, thingsboard
from shoutu.sensing.decode import BadBody, Refusal, say
from shoutu.sensing.doors import Settled, aside, count_refused, insist, settle
from shoutu.sensing.model import Acceptor, Source
from shoutu.sensing.mqtt import answers
from shoutu.sensing.mqtt.codec import V5, Publish, Reason
from shoutu.sensing.mqtt.connection import Connection
from shoutu.sensing.mqtt.payload import READINGS, TOPICS, Message, gather
from shoutu.sensing.senders import SENDERS

log = logging.getLogger("shoutu.sensing.mqtt")
DOOR = "mqtt"
LARGE = 256 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """``window`` publishes and ``queue_bytes`` bytes may wait per connection; times in seconds."""

    connections: int = 2_000
    window: int = 1_000
    queue_bytes: int = 1024 * 1024
    packet_bytes: int = 1024 * 1024
    connect_seconds: float = 10.0
    keep_alive: int = 600
    write_seconds: float = 60.0
    not_durable_seconds: float = 10.0


class Hub:
    """Every connection of the door."""

    def __init__(self, acceptor: Acceptor, limits: Limits) -> None:
        self.acceptor, self.limits = acceptor, limits
        self.open: dict[Connection, None] = {}
        self.names: dict[tuple[int, str], Connection] = {}
        self.gauge = metrics.DOOR_CONNECTIONS.labels(DOOR)
        self.pumps: set[asyncio.Task[None]] = set()
        self.said: dict[int, float] = {}
        self.messages = 0
        self.accepted = 0
        self.refused = 0

    # who is here
    def admit(self, connection: Connection) -> bool:
        """Whether there is room; when the house is full, one that can best be spared makes room for a new one."""
        if len(self.open) >= self.limits.connections:
            if (silent := next((c for c in self.open if c.source is None), None)) is not None:
                silent.end("evicted")
            elif (spared := self._of_the_most_numerous()) is not None:
                spared.dismiss(Reason.BUSY, "its source holds too many connections at once", "evicted")
            else:
                return False
        self.open[connection] = None
        self.gauge.set(len(self.open))
        return True

    def _of_the_most_numerous(self) -> Connection | None:
        """The longest unheard connection of the source that holds most: a gateway gone wild shuts out nobody else."""
        held = Counter(c.source.id for c in self.open if c.source is not None)
        source, count = held.most_common(1)[0] if held else (0, 0)
        mine = (c for c in self.open if c.source is not None and c.source.id == source)
        return min(mine, key=lambda c: c.heard) if count > 1 else None

    def enter(self, connection: Connection) -> None:
        """A client was let in; an older connection of the same client ends (MQTT-3.1.4-3)."""
        assert connection.source is not None
        name = (connection.source.id, connection.client_id)
        older = self.names.get(name)
        self.names[name] = connection
        SENDERS.opened(*_sender(connection), connection.peer)
        if older is not None:
            older.dismiss(Reason.TAKEN_OVER, "the same client id connected again", "taken_over")

    def leave(self, connection: Connection) -> None:
        if self.open.pop(connection, connection) is None and connection.source is not None:
            SENDERS.closed(*_sender(connection))
        self.gauge.set(len(self.open))
        if connection.source is not None:
            name = (connection.source.id, connection.client_id)
            if self.names.get(name) is connection:
                del self.names[name]

    def authenticate(self, token: str) -> Source | None:
        return self.acceptor.directory.authenticate(token) if token else None

    async def watch(self, seconds: float = 0.5) -> None:
        """End connections whose token was revoked, whose client fell silent or reads no answers; until cancelled."""
        version = self.acceptor.directory.version
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(seconds)
            changed, version = version != self.acceptor.directory.version, self.acceptor.directory.version
            now = loop.time()
            for connection in list(self.open):
                if changed and connection.source is not None and self.authenticate(connection.token) is None:
                    connection.dismiss(Reason.NOT_AUTHORIZED, "the token was revoked", "revoked")
                else:
                    self._check(connection, now)

    def _check(self, connection: Connection, now: float) -> None:
        limits = self.limits
        if connection.source is None:
            # From the start, not from the last byte: who drips one byte at a time is cut as well.
            if now - connection.opened > limits.connect_seconds:
                connection.end("timeout")
        elif not connection.writable.is_set():
            if now - connection.blocked_since > limits.write_seconds:
                connection.dismiss(Reason.UNSPECIFIED, "answers are not read", "timeout")
                connection.transport.abort()
        elif connection.keep_alive and connection.reading and now - connection.heard > connection.keep_alive:
            connection.dismiss(Reason.KEEP_ALIVE, "nothing heard for one and a half keep-alives", "keep_alive")

    # readings
    async def drain(self, connection: Connection) -> None:
        """Make durable what a connection has queued, over and over until it is empty, and acknowledge in order."""
        task = asyncio.current_task()
        assert task is not None
        self.pumps.add(task)
        try:
            while connection.queue:
                queue, connection.queue = connection.queue, []
                kept = await self._store(connection, queue)
                connection.queued_bytes -= sum(len(p.payload) for p in queue)
                if not kept:
                    break
                await connection.writable.wait()
                connection.advance()
        except Exception:
            log.exception("an MQTT connection of source %s failed", connection.source)
            connection.dismiss(Reason.UNSPECIFIED, "internal error, logged; send again", "error")
        finally:
            self.pumps.discard(task)
            connection.pump = None
        if connection.leaving and not connection.transport.is_closing():
            connection.end("left")

    async def _store(self, connection: Connection, queue: list[Publish]) -> bool:
        """One group of publishes; whether they were kept. Nothing of it is acknowledged before that."""
        source = connection.source
        assert source is not None
        now = time.time_ns() // 1_000_000
        known = [p for p in queue if p.topic in TOPICS]
        size = sum(len(p.payload) for p in known)

        def judge() -> tuple[list[Message], Settled]:
            messages, columns = gather(known, now, source.zone)
            return messages, settle(self.acceptor.directory, source, columns, DOOR, now)

        messages, settled = await aside(size > LARGE, judge)
        if not await self._insist(connection, settled):
            return False
        self.messages += len(queue)
        self.accepted += len(settled.batch.ts)
        late = settled.refused
        for message in messages:
            self._count(message)
        if connection.version != V5 and (late or any(m.error or m.refused for m in messages)):
            self._say(source, wording(messages, late))
        metrics.DOOR_REQUESTS.labels(DOOR, "published").inc(len(known))
        self.refused += len(late)
        bad = len(late) + sum(1 if m.error else len(m.refused) for m in messages)
        SENDERS.heard(*_sender(connection), len(settled.batch.ts), bad)
        self._acknowledge(connection, queue, messages, late)
        if len(known) < len(queue):
            _converse(connection, [p for p in queue if p.topic not in TOPICS])
        return True

    async def _insist(self, connection: Connection, settled: Settled) -> bool:
        """Whether it became durable; the connection ends where it did not."""
        error = await insist(self.acceptor, settled, self.limits.not_durable_seconds, lambda: connection.lost)
        if error is None:
            return True
        text = f"readings cannot be made durable now ({error}); keep them and send again"
        connection.dismiss(Reason.IMPLEMENTATION, text, "not_durable")
        return False

    def _say(self, source: Source, words: dict[int, str]) -> None:
        """Log what a source could not be told in MQTT 3.1.1, once a minute each."""
        now = time.monotonic()
        if now - self.said.get(source.id, -60.0) >= 60.0:
            self.said[source.id] = now
            log.warning("source %d (%s): %s", source.id, source.name, next(iter(words.values())))

    def _count(self, message: Message) -> None:
        if message.error is not None:
            metrics.REJECTED.labels(DOOR, message.error.code).inc()
            self.refused += 1
        if message.refused:
            count_refused(DOOR, message.refused)
            self.refused += len(message.refused)

    def _acknowledge(
        self, connection: Connection, queue: list[Publish], messages: list[Message], late: list[Refusal]
    ) -> None:
        """PUBACK each publish at QoS 1, in order; MQTT 5 hears what was refused of it."""
        if connection.version != V5:
            acks = [answers.puback(connection.version, p.packet_id) for p in queue if p.qos]
            return connection.write(b"".join(acks))
        words = wording(messages, late) if connection.words else {}
        topics = f"topics are {READINGS} and ThingsBoard's" if connection.words else ""
        acks, place = [], 0
        for publish in queue:
            if publish.topic in TOPICS:
                error = messages[place].error
                reason = Reason.PAYLOAD_FORMAT if error else Reason.SUCCESS
                ack = answers.puback(V5, publish.packet_id, reason, words.get(place, ""))
                place += 1
            elif thingsboard.outcome(publish.topic):
                ack = answers.puback(V5, publish.packet_id)
            else:
                ack = answers.puback(V5, publish.packet_id, Reason.TOPIC_NAME, topics)
            if publish.qos:
                acks.append(ack)
        return connection.write(b"".join(acks))


def _converse(connection: Connection, queue: list[Publish]) -> None:
    """Messages that hold no readings: what ThingsBoard's libraries ask and tell, and topics nobody knows."""
    for publish in queue:
        if thingsboard.outcome(publish.topic):
            connection.answer(publish)
        else:
            metrics.DOOR_REQUESTS.labels(DOOR, "topic").inc()


def _sender(connection: Connection) -> tuple[int, str, str]:
    """Source, door and device, as the table of senders has them; a name that we gave is none."""
    assert connection.source is not None
    device = "" if connection.client_id.startswith("shoutu-") else connection.client_id[:80]
    return connection.source.id, DOOR, device


def wording(messages: list[Message], late: list[Refusal]) -> dict[int, str]:
    """Message number → what was refused of it, in a few words."""
    found: dict[int, list[Refusal | BadBody]] = {}
    for number, message in enumerate(messages):
        if message.error is not None:
            found[number] = [message.error]
        elif message.refused:
            found[number] = list(message.refused)
    if late:
        firsts = [m.first for m in messages]
        for refusal in late:
            # several messages without rows may start at the same row; the last of them holds it
            found.setdefault(bisect_right(firsts, refusal.index) - 1, []).append(refusal)
    return {number: f"{len(r)} refused: {say(r[0].code, r[0].params, english=True)}" for number, r in found.items()}
