"""The MQTT codec against an independent one, and against rubbish."""

from __future__ import annotations

import contextlib

import mqtt5
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoutu.sensing.mqtt import answers
from shoutu.sensing.mqtt.codec import (
    V5,
    V311,
    Kind,
    Reason,
    Refused,
    next_frame,
    read_connect,
    read_disconnect,
    read_filters,
    read_publish,
)

words = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00#+"), min_size=1, max_size=30)
LIMIT = 1 << 20


def split(packet: bytes) -> tuple[int, bytes]:
    frame = next_frame(bytearray(packet), 0, LIMIT)
    assert frame is not None
    assert frame.end == len(packet)
    return frame.head, packet[frame.start : frame.end]


@given(words, st.binary(max_size=400), st.integers(0, 1), st.booleans(), st.lists(st.tuples(words, words), max_size=3))
def test_reads_what_another_codec_publishes(
    topic: str, payload: bytes, qos: int, retain: bool, extra: list[tuple[str, str]]
) -> None:
    packet = mqtt5.PublishPacket(
        topic,
        payload,
        qos=mqtt5.QoS(qos),
        retain=retain,
        packet_id=7 if qos else None,
        content_type="application/json",
        message_expiry_interval=60,
        user_properties=extra,
    ).write()
    assert read_publish(*split(packet), V5) == (topic, payload, qos, retain, 7 * qos)


@given(words, st.one_of(st.none(), words), st.integers(0, 65535), st.booleans())
def test_reads_what_another_codec_connects_with(client: str, user: str | None, keep_alive: int, will: bool) -> None:
    packet = mqtt5.ConnectPacket(
        client,
        username=user,
        password=b"p",
        clean_start=True,
        keep_alive=keep_alive,
        session_expiry_interval=30,
        will=mqtt5.Will("a/b", payload=b"gone") if will else None,
    ).write()
    connect = read_connect(*split(packet))
    assert connect[:6] == (V5, client, True, keep_alive, user, will)


def test_the_other_codec_reads_our_answers() -> None:
    ack, _ = mqtt5.read(memoryview(answers.connack(V5, Reason.SUCCESS, "", 4096, 20, "me", 60)))
    assert isinstance(ack, mqtt5.ConnAckPacket)
    assert (ack.max_packet_size, ack.receive_max, ack.assigned_client_id) == (4096, 20, "me")
    assert (ack.max_qos, ack.server_keep_alive) == (mqtt5.QoS.AT_LEAST_ONCE, 60)
    no, _ = mqtt5.read(memoryview(answers.connack(V5, Reason.BAD_LOGIN, "wrong")))
    assert isinstance(no, mqtt5.ConnAckPacket)
    assert (no.reason_code, no.reason_str) == (mqtt5.ConnAckReasonCode.BAD_USER_NAME_OR_PASSWORD, "wrong")
    for reason in (Reason.SUCCESS, Reason.PAYLOAD_FORMAT):
        puback, _ = mqtt5.read(memoryview(answers.puback(V5, 9, reason, "字" * 400)))
        assert isinstance(puback, mqtt5.PubAckPacket)
        assert (puback.packet_id, int(puback.reason_code)) == (9, int(reason))
    suback, _ = mqtt5.read(memoryview(answers.suback(V5, 3, [False, True])))
    assert isinstance(suback, mqtt5.SubAckPacket)
    assert suback.reason_codes == [
        mqtt5.SubAckReasonCode.NOT_AUTHORIZED,
        mqtt5.SubAckReasonCode.GRANTED_QOS_AT_MOST_ONCE,
    ]
    unsuback, _ = mqtt5.read(memoryview(answers.unsuback(V5, 3, [True, False])))
    assert isinstance(unsuback, mqtt5.UnsubAckPacket)
    assert unsuback.reason_codes == [
        mqtt5.UnsubAckReasonCode.SUCCESS,
        mqtt5.UnsubAckReasonCode.NO_SUBSCRIPTION_EXISTED,
    ]
    told, _ = mqtt5.read(memoryview(answers.publish(V5, "a/b", b"{}")))
    assert isinstance(told, mqtt5.PublishPacket)
    assert (told.topic, bytes(told.payload or b""), told.qos) == ("a/b", b"{}", mqtt5.QoS.AT_MOST_ONCE)
    gone, _ = mqtt5.read(memoryview(answers.disconnect(V5, Reason.KEEP_ALIVE, "silent")))
    assert isinstance(gone, mqtt5.DisconnectPacket)
    assert gone.reason_code == mqtt5.DisconnectReasonCode.KEEP_ALIVE_TIMEOUT


READERS = {
    Kind.CONNECT: lambda head, body, version: read_connect(head, body),
    Kind.PUBLISH: read_publish,
    Kind.SUBSCRIBE: read_filters,
    Kind.UNSUBSCRIBE: read_filters,
    Kind.DISCONNECT: read_disconnect,
}


@given(st.sampled_from(list(READERS)), st.integers(0, 15), st.binary(max_size=80), st.sampled_from([V311, V5]))
def test_rubbish_is_refused_and_nothing_else(kind: Kind, flags: int, body: bytes, version: int) -> None:
    with contextlib.suppress(Refused):
        READERS[kind](kind << 4 | flags, body, version)


@given(words, st.binary(max_size=60), st.data())
def test_a_damaged_packet_is_refused_or_read(topic: str, payload: bytes, data: st.DataObject) -> None:
    packet = bytearray(
        mqtt5.PublishPacket(
            topic, payload, qos=mqtt5.QoS(1), packet_id=5, content_type="x", correlation_data=b"y"
        ).write()
    )
    place = data.draw(st.integers(0, len(packet) - 1))
    packet[place] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(Refused):
        frame = next_frame(packet, 0, LIMIT)
        if frame is not None:
            read = read_publish(frame.head, bytes(packet[frame.start : frame.end]), V5)
            assert read.qos < 2


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=5), st.integers(1, 50))
def test_frames_come_out_however_the_stream_is_cut(bodies: list[bytes], step: int) -> None:
    stream = b"".join(answers.packet(Kind.PUBLISH, body) for body in bodies)
    buffer, position, found = bytearray(), 0, []
    for start in range(0, len(stream), step):
        buffer += stream[start : start + step]
        while frame := next_frame(buffer, position, LIMIT):
            found.append(bytes(buffer[frame.start : frame.end]))
            position = frame.end
    assert found == bodies


@pytest.mark.parametrize(
    ("stream", "reason"),
    [(b"\x30\xff\xff\xff\xff\x01", Reason.MALFORMED), (b"\x30\xff\xff\xff\x7f", Reason.TOO_LARGE)],
)
def test_lengths_that_lie_are_refused_before_their_body_comes(stream: bytes, reason: Reason) -> None:
    with pytest.raises(Refused) as caught:
        next_frame(bytearray(stream), 0, LIMIT)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("head", "body", "reason"),
    [
        (0x34, b"\x00\x01a\x00\x01", Reason.QOS),
        (0x36, b"\x00\x01a\x00\x01", Reason.MALFORMED),
        (0x32, b"\x00\x01a\x00\x00", Reason.PROTOCOL_ERROR),
        (0x30, b"\x00\x01#", Reason.TOPIC_NAME),
        (0x30, b"\x00\x00", Reason.TOPIC_NAME),
        (0x30, b"\x00\x01\xff", Reason.MALFORMED),
        (0x30, b"\x00\x01\x00", Reason.MALFORMED),
        (0x30, b"\x00\x09a", Reason.MALFORMED),
    ],
)
def test_each_wrong_publish_has_its_reason(head: int, body: bytes, reason: Reason) -> None:
    with pytest.raises(Refused) as caught:
        read_publish(head, body, V311)
    assert caught.value.reason == reason
