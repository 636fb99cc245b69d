"""The packets the server sends, for MQTT 3.1.1 and 5."""

from __future__ import annotations

from collections.abc import Sequence

from shoutu.sensing.mqtt.codec import V5, Kind, Reason

PINGRESP = bytes((Kind.PINGRESP << 4, 0))
RETURN_CODES = {Reason.SUCCESS: 0, Reason.BAD_VERSION: 1, Reason.BAD_CLIENT_ID: 2, Reason.BAD_LOGIN: 4}
"""MQTT 3.1.1 knows few words for a refused CONNECT: 3 (unavailable) and 5 (not authorized) say the rest."""


def varint(value: int) -> bytes:
    """A variable byte integer (MQTT 5, 1.5.5)."""
    out = bytearray()
    while True:
        value, byte = value >> 7, value & 0x7F
        if not value:
            out.append(byte)
            return bytes(out)
        out.append(byte | 0x80)


def packet(kind: Kind, body: bytes) -> bytes:
    return bytes((kind << 4,)) + varint(len(body)) + body


def text(value: str) -> bytes:
    raw = value.encode()[:1024]
    return len(raw).to_bytes(2, "big") + raw


def reason_string(words: str) -> bytes:
    """Properties holding only a reason string, with their length."""
    content = b"\x1f" + text(words.encode()[:400].decode("utf-8", "ignore")) if words else b""
    return varint(len(content)) + content


def connack(
    version: int,
    reason: Reason,
    words: str = "",
    limit: int = 0,
    window: int = 0,
    assigned: str = "",
    keep_alive: int = 0,
) -> bytes:
    """CONNACK. ``limit`` bytes a packet, ``window`` unacknowledged publishes, ``keep_alive`` s imposed (0: none)."""
    if version != V5:
        code = RETURN_CODES.get(reason, 5 if reason == Reason.NOT_AUTHORIZED else 3)
        return packet(Kind.CONNACK, bytes((0, code)))
    if reason != Reason.SUCCESS:
        return packet(Kind.CONNACK, bytes((0, reason)) + reason_string(words))
    content = b"\x24\x01" + b"\x29\x00" + b"\x2a\x00"  # QoS 1 at most, no numbered or shared subscriptions
    content += b"\x11\x00\x00\x00\x00"  # sessions end with their connection
    content += b"\x21" + window.to_bytes(2, "big") + b"\x27" + limit.to_bytes(4, "big")
    if assigned:
        content += b"\x12" + text(assigned)
    if keep_alive:
        content += b"\x13" + keep_alive.to_bytes(2, "big")
    return packet(Kind.CONNACK, bytes((0, 0)) + varint(len(content)) + content)


def puback(version: int, packet_id: int, reason: Reason = Reason.SUCCESS, words: str = "") -> bytes:
    """PUBACK; MQTT 3.1.1 has no room for a reason."""
    number = packet_id.to_bytes(2, "big")
    if version != V5 or (reason == Reason.SUCCESS and not words):
        return b"\x40\x02" + number
    return packet(Kind.PUBACK, number + bytes((reason,)) + reason_string(words))


def suback(version: int, packet_id: int, granted: Sequence[bool], words: bool = True) -> bytes:
    """SUBACK: what is granted at QoS 0, the rest refused; ``words`` whether the client wants to be told why."""
    no = Reason.NOT_AUTHORIZED if version == V5 else 0x80
    why = "nothing can be subscribed to but ThingsBoard's own topics" if words and not all(granted) else ""
    properties = reason_string(why) if version == V5 else b""
    codes = bytes(0 if one else no for one in granted)
    return packet(Kind.SUBACK, packet_id.to_bytes(2, "big") + properties + codes)


def unsuback(version: int, packet_id: int, known: Sequence[bool]) -> bytes:
    """UNSUBACK; a filter that was not subscribed to needs no words (0x11)."""
    rest = b"\x00" + bytes(0 if one else 0x11 for one in known) if version == V5 else b""
    return packet(Kind.UNSUBACK, packet_id.to_bytes(2, "big") + rest)


def publish(version: int, topic: str, payload: bytes) -> bytes:
    """PUBLISH at QoS 0."""
    return packet(Kind.PUBLISH, text(topic) + (b"\x00" if version == V5 else b"") + payload)


def disconnect(version: int, reason: Reason, words: str) -> bytes:
    """DISCONNECT; MQTT 3.1.1 servers have none and just close."""
    return packet(Kind.DISCONNECT, bytes((reason,)) + reason_string(words)) if version == V5 else b""
