"""MQTT 3.1.1 and 5 as a server needs it that takes and never passes on: frames and the packets a publisher sends.

Pure: bytes in, tuples out. Names follow OASIS MQTT 3.1.1 and 5.0; why own code: docs/decisions/0002-mqtt-codec.md.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, NamedTuple

V311, V5 = 4, 5


class Kind(IntEnum):
    """Packet types (MQTT 5, 2.1.2)."""

    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    PUBREC = 5
    PUBREL = 6
    PUBCOMP = 7
    SUBSCRIBE = 8
    SUBACK = 9
    UNSUBSCRIBE = 10
    UNSUBACK = 11
    PINGREQ = 12
    PINGRESP = 13
    DISCONNECT = 14
    AUTH = 15


class Reason(IntEnum):
    """Reason codes this server uses (MQTT 5, 2.4)."""

    SUCCESS = 0x00
    UNSPECIFIED = 0x80
    MALFORMED = 0x81
    PROTOCOL_ERROR = 0x82
    IMPLEMENTATION = 0x83
    BAD_VERSION = 0x84
    BAD_CLIENT_ID = 0x85
    BAD_LOGIN = 0x86
    NOT_AUTHORIZED = 0x87
    BUSY = 0x89
    SHUTTING_DOWN = 0x8B
    BAD_AUTH_METHOD = 0x8C
    KEEP_ALIVE = 0x8D
    TAKEN_OVER = 0x8E
    TOPIC_NAME = 0x90
    TOPIC_ALIAS = 0x94
    TOO_LARGE = 0x95
    PAYLOAD_FORMAT = 0x99
    QOS = 0x9B


class Refused(Exception):
    """A packet that ends the connection: ``reason`` for MQTT 5, ``outcome`` for the counter."""

    def __init__(self, reason: Reason, text: str, outcome: str = "malformed") -> None:
        super().__init__(text)
        self.reason, self.text, self.outcome = reason, text, outcome


class Frame(NamedTuple):
    """One control packet: the first byte, and where its body stands in the buffer."""

    head: int
    start: int
    end: int


class Connect(NamedTuple):
    """CONNECT; ``keep_alive`` in s. Will and session wishes are only told, this server keeps neither."""

    version: int
    client_id: str
    clean: bool
    keep_alive: int
    user: str | None
    will: bool
    properties: dict[int, Any]


class Publish(NamedTuple):
    """PUBLISH; ``packet_id`` is 0 at QoS 0."""

    topic: str
    payload: bytes
    qos: int
    retain: bool
    packet_id: int


# Properties by identifier (MQTT 5, 2.2.2.2): byte, two and four bytes, variable integer, binary, text, pair of texts
BYTE, TWO, FOUR, VARINT, BINARY, TEXT, PAIR = range(7)
PROPERTIES = {
    **dict.fromkeys((0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2A), BYTE),
    **dict.fromkeys((0x13, 0x21, 0x22, 0x23), TWO),
    **dict.fromkeys((0x02, 0x11, 0x18, 0x27), FOUR),
    0x0B: VARINT,
    **dict.fromkeys((0x09, 0x16), BINARY),
    **dict.fromkeys((0x03, 0x08, 0x12, 0x15, 0x1A, 0x1C, 0x1F), TEXT),
    0x26: PAIR,
}
TOPIC_ALIAS, AUTH_METHOD, PROBLEM_INFO, MAX_PACKET = 0x23, 0x15, 0x17, 0x27
CONNECT_MAY = frozenset({0x11, 0x15, 0x16, 0x17, 0x19, 0x21, 0x22, 0x26, 0x27})
WILL_MAY = frozenset({0x01, 0x02, 0x03, 0x08, 0x09, 0x18, 0x26})
PUBLISH_MAY = frozenset({0x01, 0x02, 0x03, 0x08, 0x09, 0x23, 0x26})
SUBSCRIBE_MAY = frozenset({0x0B, 0x26})
DISCONNECT_MAY = frozenset({0x11, 0x1C, 0x1F, 0x26})


def next_frame(buffer: bytearray, position: int, limit: int) -> Frame | None:
    """The control packet at ``position``, or None while it is not whole.

    Raises Refused for a packet over ``limit`` bytes or a length that is not one.
    """
    size = shift = 0
    place = position + 1
    while True:
        if place >= len(buffer):
            return None
        byte = buffer[place]
        size |= (byte & 0x7F) << shift
        place += 1
        if byte < 0x80:
            break
        shift += 7
        if shift > 21:
            raise Refused(Reason.MALFORMED, "the remaining length has more than four bytes")
    if size > limit:
        raise Refused(Reason.TOO_LARGE, f"a packet of {size} bytes; at most {limit} are taken", "too_large")
    return Frame(buffer[position], place, place + size) if place + size <= len(buffer) else None


class Reader:
    """Reads the fields of one packet body; every overrun is a malformed packet."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.place = 0

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def take(self, size: int) -> bytes:
        end = self.place + size
        if end > len(self.body):
            raise Refused(Reason.MALFORMED, "a field runs past the end of its packet")
        part = self.body[self.place : end]
        self.place = end
        return part

    def binary(self) -> bytes:
        return self.take(self.number(2))

    def text(self) -> str:
        try:
            text = self.binary().decode("utf-8")
        except UnicodeDecodeError:
            raise Refused(Reason.MALFORMED, "a text is not UTF-8") from None
        if "\x00" in text:
            raise Refused(Reason.MALFORMED, "a text holds U+0000")
        return text

    def varint(self) -> int:
        value = 0
        for shift in (0, 7, 14, 21):
            byte = self.number(1)
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise Refused(Reason.MALFORMED, "a variable integer has more than four bytes")

    def rest(self) -> bytes:
        return self.take(len(self.body) - self.place)

    def done(self) -> None:
        if self.place != len(self.body):
            raise Refused(Reason.MALFORMED, "bytes follow the last field of a packet")

    def properties(self, allowed: frozenset[int]) -> dict[int, Any]:
        """Properties by identifier; user properties (0x26) as a list of pairs."""
        end = self.varint() + self.place
        if end > len(self.body):
            raise Refused(Reason.MALFORMED, "the properties run past the end of their packet")
        found: dict[int, Any] = {}
        while self.place < end:
            name = self.varint()
            if name not in allowed:
                raise Refused(Reason.PROTOCOL_ERROR, f"property 0x{name:02x} does not belong here")
            value = self._property(PROPERTIES[name])
            if PROPERTIES[name] == PAIR:
                found.setdefault(name, []).append(value)
            elif name in found:
                raise Refused(Reason.PROTOCOL_ERROR, f"property 0x{name:02x} is given twice")
            else:
                found[name] = value
        if self.place != end:
            raise Refused(Reason.MALFORMED, "a property runs past the properties")
        return found

    def _property(self, kind: int) -> Any:
        if kind == PAIR:
            return (self.text(), self.text())
        if kind in (TEXT, BINARY):
            return self.text() if kind == TEXT else self.binary()
        return self.varint() if kind == VARINT else self.number((1, 2, 4)[kind])


def read_connect(head: int, body: bytes) -> Connect:
    """CONNECT of either version. Raises Refused; an unknown version with BAD_VERSION."""
    if head != Kind.CONNECT << 4:
        raise Refused(Reason.PROTOCOL_ERROR, "the first packet is not CONNECT", "not_mqtt")
    reader = Reader(body)
    name, version, flags = reader.binary(), reader.number(1), reader.number(1)
    if name != b"MQTT" or version not in (V311, V5):
        raise Refused(Reason.BAD_VERSION, "MQTT 3.1.1 or 5 is spoken here", "version")
    if flags & 1 or (flags >> 3 & 3) == 3 or (not flags & 0x04 and flags & 0x38):
        raise Refused(Reason.MALFORMED, "the connect flags contradict each other")
    if version == V311 and flags & 0x40 and not flags & 0x80:
        raise Refused(Reason.MALFORMED, "a password without a user name")
    keep_alive = reader.number(2)
    properties = reader.properties(CONNECT_MAY) if version == V5 else {}
    client_id = reader.text()
    if flags & 0x04:
        if version == V5:
            reader.properties(WILL_MAY)
        reader.text()
        reader.binary()
    user = reader.text() if flags & 0x80 else None
    if flags & 0x40:
        reader.binary()
    reader.done()
    return Connect(version, client_id, bool(flags & 2), keep_alive, user, bool(flags & 4), properties)


def read_publish(head: int, body: bytes, version: int) -> Publish:
    """PUBLISH at QoS 0 or 1. Raises Refused; QoS 2 with Reason.QOS."""
    qos = head >> 1 & 3
    if qos == 3 or (qos == 0 and head & 8):
        raise Refused(Reason.MALFORMED, "the flags of a PUBLISH contradict each other")
    if qos == 2:
        raise Refused(Reason.QOS, "QoS 2 is not offered; publish at QoS 0 or 1", "qos2")
    reader = Reader(body)
    topic = reader.text()
    packet_id = reader.number(2) if qos else 0
    if qos and not packet_id:
        raise Refused(Reason.PROTOCOL_ERROR, "a PUBLISH at QoS 1 with packet identifier 0")
    if version == V5 and TOPIC_ALIAS in reader.properties(PUBLISH_MAY):
        raise Refused(Reason.TOPIC_ALIAS, "topic aliases are not offered (Topic Alias Maximum is 0)")
    if not topic or "#" in topic or "+" in topic:
        raise Refused(Reason.TOPIC_NAME, "the topic of a PUBLISH is empty or has wildcards")
    return Publish(topic, reader.rest(), qos, bool(head & 1), packet_id)


def read_filters(head: int, body: bytes, version: int) -> tuple[int, list[str]]:
    """SUBSCRIBE or UNSUBSCRIBE: packet identifier and filters. Raises Refused."""
    if head & 0x0F != 2:
        raise Refused(Reason.MALFORMED, "the flags of a SUBSCRIBE or UNSUBSCRIBE must be 2")
    reader = Reader(body)
    packet_id = reader.number(2)
    if version == V5:
        reader.properties(SUBSCRIBE_MAY)
    filters = []
    while reader.place < len(body):
        filters.append(reader.text())
        if head >> 4 == Kind.SUBSCRIBE:
            reader.number(1)
    if not packet_id or not filters:
        raise Refused(Reason.PROTOCOL_ERROR, "a SUBSCRIBE or UNSUBSCRIBE without identifier or filter")
    return packet_id, filters


def read_disconnect(head: int, body: bytes, version: int) -> None:
    """DISCONNECT. Raises Refused when it is not one."""
    reader = Reader(body)
    if head & 0x0F or (version == V311 and body):
        raise Refused(Reason.MALFORMED, "a DISCONNECT with flags or content")
    if body:
        reader.number(1)
        if reader.place < len(body):
            reader.properties(DISCONNECT_MAY)
        reader.done()
