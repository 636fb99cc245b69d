"""The MQTT door against independent clients and raw sockets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiomqtt
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from shoutu.config import SettingError
from shoutu.sensing import metrics
from shoutu.sensing.mqtt import MqttHandle, serve_mqtt
from shoutu.sensing.mqtt.answers import packet, text
from shoutu.sensing.mqtt.codec import Kind
from shoutu.sensing.mqtt.hub import Limits
from tests.sensing.memory import MemoryAcceptor, config
from tests.stack import Promise

TOPIC, TELEMETRY = "shoutu/v1/readings", "v1/devices/me/telemetry"
NOW = time.time_ns() // 1_000_000
LIMITS = Limits(
    connections=30, window=50, queue_bytes=64_000, packet_bytes=200_000, connect_seconds=3, not_durable_seconds=0.5
)


@dataclass
class House:
    acceptor: MemoryAcceptor
    handle: MqttHandle
    folder: Path

    def client(self, token: str = "mine-a", version: int = 4, **options: Any) -> aiomqtt.Client:
        return aiomqtt.Client(
            "127.0.0.1",
            self.handle.port,
            username=token,
            protocol=aiomqtt.ProtocolVersion(version),
            **options,
        )

    async def raw(self) -> Raw:
        return Raw(*await asyncio.open_connection("127.0.0.1", self.handle.port))


@dataclass
class Raw:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def connect(
        self, version: int = 4, keep_alive: int = 60, token: str = "mine-a", client: str = "raw"
    ) -> bytes:
        properties = b"\x00" if version == 5 else b""
        head = b"\x00\x04MQTT" + bytes((version, 0x82)) + keep_alive.to_bytes(2, "big") + properties
        self.writer.write(packet(Kind.CONNECT, head + text(client) + text(token)))
        return await self.packet()

    async def packet(self) -> bytes:
        head = await self.reader.readexactly(2)
        assert head[1] < 0x80 or head[0] in (0x20, 0x30, 0x40, 0xE0)
        size = head[1]
        if size >= 0x80:
            more = await self.reader.readexactly(1)
            head += more
            size = (size & 0x7F) | more[0] << 7
        return head + await self.reader.readexactly(size)

    def publish(self, payload: Any, packet_id: int = 0, topic: str = TOPIC, flags: int = 0, version: int = 4) -> None:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        number = packet_id.to_bytes(2, "big") if packet_id else b""
        properties = b"\x00" if version == 5 else b""
        frame = bytearray(packet(Kind.PUBLISH, text(topic) + number + properties + body))
        frame[0] |= flags | (2 if packet_id else 0)
        self.writer.write(bytes(frame))


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    acceptor = MemoryAcceptor()
    handle = await serve_mqtt(acceptor, config(tmp_path), LIMITS)
    yield House(acceptor, handle, tmp_path)
    acceptor.gate.set()
    await handle.close()


async def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.002)


def count(outcome: str) -> float:
    value = metrics.REGISTRY.get_sample_value("shoutu_door_requests_total", {"door": "mqtt", "outcome": outcome})
    return value or 0.0


def refused(reason: str) -> float:
    value = metrics.REGISTRY.get_sample_value("shoutu_readings_rejected_total", {"door": "mqtt", "reason": reason})
    return value or 0.0


def reading(i: int = 1, value: Any = 1.5, ts: Any = NOW, **more: Any) -> dict[str, Any]:
    return {"point": f"A-{i}", "ts": ts, "value": value, **more}


@pytest.mark.anyio
@pytest.mark.parametrize("version", [4, 5])
@pytest.mark.parametrize("qos", [0, 1])
async def test_aiomqtt_publishes_both_topics(house: House, version: int, qos: int) -> None:
    async with house.client(version=version) as client:
        await client.publish(TOPIC, json.dumps([reading(1), reading(2, 2)]), qos=qos)
        await client.publish(TELEMETRY, json.dumps({"ts": NOW, "values": {"A-3": 3, "A-4": True}}), qos=qos)
    await until(lambda: len(house.acceptor.rows()) == 4)
    assert [(p, v) for p, _, v, _ in house.acceptor.rows()] == [(1, 1.5), (2, 2.0), (3, 3.0), (4, 1.0)]


@pytest.mark.anyio
@pytest.mark.parametrize("version", [MQTTProtocolVersion.MQTTv311, MQTTProtocolVersion.MQTTv5])
async def test_paho_over_tls_with_the_doors_own_certificate(house: House, version: MQTTProtocolVersion) -> None:
    def publish() -> int:
        client = paho.Client(CallbackAPIVersion.VERSION2, "pit-1", protocol=version)
        client.tls_set(str(house.folder / "sensing/mqtt/server.pem"), tls_version=ssl.PROTOCOL_TLS_CLIENT)
        client.username_pw_set("mine-a")
        client.connect("localhost", house.handle.tls_port)
        client.loop_start()
        info = client.publish(TOPIC, json.dumps([reading(5, 5)]), qos=1)
        info.wait_for_publish(10)
        client.disconnect()
        client.loop_stop()
        return info.mid

    assert await asyncio.to_thread(publish)
    assert [row[0] for row in house.acceptor.rows()] == [5]
    assert (house.folder / "sensing/mqtt/server.key").stat().st_mode & 0o077 == 0


@pytest.mark.anyio
async def test_the_certificate_stays_the_same_at_the_next_start(house: House, tmp_path: Path) -> None:
    before = (tmp_path / "sensing/mqtt/server.pem").read_bytes()
    second = await serve_mqtt(house.acceptor, config(tmp_path), LIMITS)
    await second.close()
    assert (tmp_path / "sensing/mqtt/server.pem").read_bytes() == before


@pytest.mark.anyio
@pytest.mark.parametrize("version", [4, 5])
async def test_puback_comes_only_after_accept_returned_and_in_order(house: House, version: int) -> None:
    client = await house.raw()
    await client.connect(version)
    house.acceptor.gate.clear()
    for number in (7, 3, 9):
        client.publish([reading(1, number)], number, version=version)
    await until(lambda: house.acceptor.waiting == 1)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(client.reader.read(1), 0.1)
    house.acceptor.gate.set()
    assert [(await client.packet())[2:4] for _ in range(3)] == [b"\x00\x07", b"\x00\x03", b"\x00\x09"]


@pytest.mark.anyio
@pytest.mark.parametrize("version", [4, 5])
@pytest.mark.parametrize("token", ["", "wrong"])
async def test_a_wrong_token_is_refused_at_connect(house: House, version: int, token: str) -> None:
    client = await house.raw()
    answer = await client.connect(version, token=token)
    assert answer[3] == (0x86 if version == 5 else 4)
    assert await client.reader.read() == b""


@pytest.mark.anyio
@pytest.mark.parametrize("version", [4, 5])
async def test_a_revoked_token_ends_its_connections_within_two_seconds(house: House, version: int) -> None:
    mine, other = await house.raw(), await house.raw()
    await mine.connect(version)
    await other.connect(version, token="mine-b")
    house.acceptor.directory.revoke("mine-a")
    with Promise(2):
        rest = await mine.reader.read()
    assert rest[2:3] == (b"\x87" if version == 5 else b"")
    other.publish([{"point": "B-1", "ts": NOW, "value": 1}], 1, version=version)
    assert (await other.packet())[2:4] == b"\x00\x01"


@pytest.mark.anyio
@pytest.mark.parametrize("version", [4, 5])
async def test_other_subscriptions_are_refused_and_publishing_goes_on(house: House, version: int) -> None:
    client = await house.raw()
    await client.connect(version)
    properties = b"\x00" if version == 5 else b""
    body = b"\x00\x05" + properties + text("shoutu/#") + b"\x01" + text(TELEMETRY) + b"\x00"
    frame = bytearray(packet(Kind.SUBSCRIBE, body))
    frame[0] |= 2
    client.writer.write(bytes(frame))
    answer = await client.packet()
    assert answer[0] == 0x90
    assert answer[-2:] == (b"\x87\x87" if version == 5 else b"\x80\x80")
    client.publish([reading()], 1, version=version)
    assert (await client.packet())[0] == 0x40


@pytest.mark.anyio
@pytest.mark.parametrize(("version", "answer"), [(4, b""), (5, b"\x9b")])
async def test_qos_2_ends_the_connection(house: House, version: int, answer: bytes) -> None:
    client = await house.raw()
    await client.connect(version)
    before = count("qos2")
    frame = bytearray(packet(Kind.PUBLISH, text(TOPIC) + b"\x00\x02" + b"[]"))
    frame[0] |= 4
    client.writer.write(bytes(frame))
    rest = await client.reader.read()
    assert count("qos2") == before + 1
    assert rest[2:3] == answer
    assert house.acceptor.rows() == []


@pytest.mark.anyio
async def test_mqtt_5_is_told_what_was_refused(house: House) -> None:
    got: list[tuple[int, str]] = []
    done = threading.Event()

    def publish() -> None:
        client = paho.Client(CallbackAPIVersion.VERSION2, "five", protocol=MQTTProtocolVersion.MQTTv5)

        def on_publish(_: Any, __: Any, mid: int, reason: Any, properties: Any) -> None:
            got.append((reason.value, getattr(properties, "ReasonString", "")))
            if len(got) == 4:
                done.set()

        client.on_publish = on_publish
        client.username_pw_set("mine-a")
        client.connect("127.0.0.1", house.handle.port)
        client.loop_start()
        client.publish(TOPIC, json.dumps([reading(1)]), qos=1)
        client.publish(TOPIC, json.dumps([reading(1), {"point": "X-1", "ts": NOW, "value": 1}]), qos=1)
        client.publish(TOPIC, "[{", qos=1)
        properties = Properties(PacketTypes.PUBLISH)
        properties.ContentType = "application/json"
        client.publish("elsewhere", "1", qos=1, properties=properties)
        done.wait(10)
        client.disconnect()
        client.loop_stop()

    await asyncio.to_thread(publish)
    assert [code for code, _ in got] == [0, 0, 0x99, 0x90]
    assert got[0][1] == ""
    assert '1 refused: unknown point "X-1"' in got[1][1]
    assert "ends early" in got[2][1]
    assert [r.address for r in house.acceptor.rejected] == ["X-1"]


@pytest.mark.anyio
@pytest.mark.parametrize("wish", [b"\x17\x00", b"\x27\x00\x00\x00\x40"])
async def test_mqtt_5_clients_that_want_no_words_get_codes_only(house: House, wish: bytes) -> None:
    client = await house.raw()
    head = b"\x00\x04MQTT\x05\x82\x00\x3c" + bytes((len(wish),)) + wish
    client.writer.write(packet(Kind.CONNECT, head + text("raw") + text("mine-a")))
    assert (await client.packet())[3] == 0
    client.publish(b"[{", 1, version=5)
    client.publish([{"point": "X", "ts": NOW, "value": 1}], 2, version=5)
    assert await client.packet() == b"\x40\x04\x00\x01\x99\x00"
    assert await client.packet() == b"\x40\x02\x00\x02"


BAD = [
    (b"[{", "malformed"),
    (b"", "empty"),
    (b"7", "not_readings"),
    (b"\xff", "not_utf8"),
    (b'{"point": "A-1", "ts": 1795478400000, "value": NaN}', "not_finite"),
    (b'{"point": "A-1", "ts": 1795478400000, "value": 1e400}', "number_range"),
    (b'{"point": "A-1", "ts": 1795478400000, "value": 1, "value": 2}', "duplicate_key"),
    (b'{"point": "A-1", "ts": "1970-01-01T00:00:00Z", "value": 1}', "time_implausible"),
    (b'{"point": "A-1", "ts": "2100-01-01T00:00:00Z", "value": 1}', "time_implausible"),
    (b'{"point": "A-1", "ts": 1795478400000, "value": "1"}', "wrong_type"),
    (b'{"point": "X-7", "ts": 1795478400000, "value": 1}', "unknown_point"),
    (b'{"point": "B-1", "ts": 1795478400000, "value": 1}', "foreign_point"),
]


@pytest.mark.anyio
@pytest.mark.parametrize(("payload", "reason"), BAD)
async def test_a_bad_payload_is_counted_and_does_not_wedge_the_device(
    house: House, payload: bytes, reason: str
) -> None:
    before = refused(reason)
    client = await house.raw()
    await client.connect()
    client.publish(payload, 1)
    client.publish([reading(2)], 2)
    assert [(await client.packet())[3] for _ in range(2)] == [1, 2]
    assert refused(reason) == before + 1
    assert [row[0] for row in house.acceptor.rows()] == [2]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("payload", "rows", "reasons"),
    [
        ({"A-1": 1, "A-2": 2.5}, 2, []),
        ([{"A-1": 1}, {"ts": NOW, "values": {"A-2": 2}}], 2, []),
        ({"ts": "2026-11-24T08:00:00Z", "values": {"A-1": 1}}, 1, []),
        ({"A-1": "on", "A-2": None, "A-3": {"x": 1}, "A-4": 4}, 1, ["wrong_type"]),
        ({"ts": 5, "values": {"A-1": 1}}, 0, ["time_implausible"]),
        (b'{"A-1": 1, "A-1": 2, "A-2": 2}', 1, ["duplicate_key"]),
        ({"": 1}, 0, ["address_bad"]),
        ([], 0, []),
        ([1], 0, ["not_readings"]),
    ],
)
async def test_thingsboard_forms(house: House, payload: Any, rows: int, reasons: list[str]) -> None:
    before = [refused(r) for r in reasons]
    client = await house.raw()
    await client.connect()
    client.publish(payload, 1, TELEMETRY)
    await client.packet()
    assert len(house.acceptor.rows()) == rows
    assert all(refused(r) > b for r, b in zip(reasons, before, strict=True))


@pytest.mark.anyio
async def test_last_words_of_a_client_that_leaves_at_once_are_kept(house: House) -> None:
    client = await house.raw()
    await client.connect()
    for i in range(300):
        client.publish([reading(1, i)])
    client.writer.write(b"\xe0\x00")
    client.writer.close()
    await until(lambda: len(house.acceptor.rows()) == 300)


@pytest.mark.anyio
async def test_a_flood_is_held_back_at_the_socket(house: House) -> None:
    house.acceptor.gate.clear()
    before = count("held_back")
    flood, calm = await house.raw(), await house.raw()
    await flood.connect()
    await calm.connect(token="mine-b")
    body = [reading(1, i) for i in range(50)]

    async def pour() -> None:
        for _ in range(5_000):
            flood.publish(body)
            await flood.writer.drain()

    task = asyncio.create_task(pour())
    await until(lambda: count("held_back") > before)
    (held,) = [c for c in house.handle._hub.open if c.source and c.source.id == 1]
    assert len(held.queue) <= LIMITS.window
    assert held.queued_bytes < LIMITS.queue_bytes + 300_000
    calm.writer.write(b"\xc0\x00")
    assert await calm.packet() == b"\xd0\x00"
    house.acceptor.gate.set()
    await task
    await until(lambda: len(house.acceptor.rows()) == 250_000, 60)


@pytest.mark.anyio
async def test_when_full_the_publish_waits_and_is_then_acknowledged(house: House) -> None:
    house.acceptor.full = 3
    client = await house.raw()
    await client.connect()
    client.publish([reading()], 1)
    assert (await client.packet())[3] == 1
    assert len(house.acceptor.rows()) == 1


@pytest.mark.anyio
@pytest.mark.parametrize(("version", "answer"), [(4, b""), (5, b"\x83")])
async def test_when_the_disk_is_broken_nothing_is_acknowledged(house: House, version: int, answer: bytes) -> None:
    house.acceptor.broken = 1_000
    client = await house.raw()
    await client.connect(version)
    client.publish([reading()], 1, version=version)
    rest = await client.reader.read()
    assert rest[2:3] == answer
    house.acceptor.broken = 0
    again = await house.raw()
    await again.connect(version)
    again.publish([reading()], 1, flags=8, version=version)
    assert (await again.packet())[3] == 1
    assert len(house.acceptor.rows()) == 1


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("stream", "outcome"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "not_mqtt"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "not_mqtt"),
        (b"\x10\xff\xff\xff\xff\x7f", "malformed"),
        (b"\x10\xff\xff\xff\x7f", "too_large"),
        (b"\x10\x0c\x00\x06MQIsdp\x03\x02\x00\x3c", "version"),
        (b"\x10\x0a\x00\x04MQTT\x04\x40\x00\x3c", "malformed"),
    ],
)
async def test_what_is_no_connect_is_cut_and_counted(house: House, stream: bytes, outcome: str) -> None:
    before = count(outcome)
    client = await house.raw()
    client.writer.write(stream)
    client.writer.write_eof()
    await client.reader.read()
    await until(lambda: count(outcome) == before + 1)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("stream", "outcome", "reason"),
    [
        (b"\x30\x03\x00\x05a", "malformed", 0x81),
        (b"\xf0\x00", "malformed", 0x82),
        (b"\xc1\x00", "malformed", 0x81),
        (b"\x10\x00", "malformed", 0x82),
        (b"\x80\x02\x00\x01", "malformed", 0x81),
        (b"\x30\xff\xff\x7f", "too_large", 0x95),
        (b"\x30\x07\x00\x01a\x03\x23\x00\x01", "malformed", 0x94),
    ],
)
async def test_malformed_packets_close_with_their_reason(
    house: House, stream: bytes, outcome: str, reason: int
) -> None:
    before = count(outcome)
    client, other = await house.raw(), await house.raw()
    await client.connect(5)
    await other.connect(5, client="other")
    client.writer.write(stream)
    answer = await client.reader.read()
    assert (answer[0], answer[2]) == (0xE0, reason)
    assert count(outcome) == before + 1
    other.publish([reading()], 1, version=5)
    assert (await other.packet())[0] == 0x40


@pytest.mark.anyio
async def test_silence_ends_a_connection(house: House) -> None:
    silent, never = await house.raw(), await house.raw()
    await silent.connect(5, keep_alive=1)
    async with asyncio.timeout(60):
        assert (await silent.reader.read())[2] == 0x8D
        assert await never.reader.read() == b""


@pytest.mark.anyio
async def test_a_client_that_drips_its_connect_is_cut_while_others_are_served(house: House) -> None:
    before = count("timeout")
    slow, calm = await house.raw(), await house.raw()
    await calm.connect(5, client="calm")

    async def drip() -> None:
        for byte in packet(Kind.CONNECT, b"\x00\x04MQTT\x04\x82\x00\x3c" + text("x" * 5_000) + text("mine-a")):
            slow.writer.write(bytes((byte,)))
            await asyncio.sleep(0.02)

    task = asyncio.create_task(drip())
    number = 0
    while count("timeout") == before:
        number += 1
        calm.publish([reading(1, number)], number, version=5)
        assert (await calm.packet())[0] == 0x40
        assert not task.done(), "all was dripped and nobody minded"
        await asyncio.sleep(0.05)
    task.cancel()
    with contextlib.suppress(ConnectionError):  # some of the drip was still under way: reset or a broken pipe
        assert await slow.reader.read() == b""


@pytest.mark.anyio
async def test_a_gateway_that_connects_without_end_shuts_out_only_itself(house: House) -> None:
    calm = await house.raw()
    await calm.connect(5, token="mine-b", client="calm")
    before = count("evicted")
    wild = []
    for i in range(60):
        wild.append(await house.raw())
        assert (await wild[-1].connect(5, client=f"wild-{i}"))[3] == 0
    assert count("evicted") - before == 60 + 1 - LIMITS.connections
    assert (await wild[0].reader.read())[2] == 0x89, "the oldest of its own goes"
    another = await house.raw()
    assert (await another.connect(5, token="mine-b", client="another"))[3] == 0
    for number, client in enumerate((calm, another), 1):
        client.publish([{"point": "B-1", "ts": NOW, "value": 1}], number, version=5)
        assert (await client.packet())[0] == 0x40


@pytest.mark.anyio
async def test_the_same_client_id_takes_over_within_its_own_source_only(house: House) -> None:
    first, foreign, second = await house.raw(), await house.raw(), await house.raw()
    await first.connect(5)
    await foreign.connect(5, token="mine-b")
    await second.connect(5)
    assert (await first.reader.read())[2] == 0x8E
    foreign.publish([{"point": "B-1", "ts": NOW, "value": 1}], 1, version=5)
    assert (await foreign.packet())[0] == 0x40


@pytest.mark.anyio
async def test_will_and_retain_are_ignored_and_counted(house: House) -> None:
    wills, retains = count("will_ignored"), count("retain_ignored")
    async with house.client(will=aiomqtt.Will(TOPIC, json.dumps([reading(1, 99)]))) as client:
        await client.publish(TOPIC, json.dumps([reading(2)]), qos=1, retain=True)
    assert (count("will_ignored"), count("retain_ignored")) == (wills + 1, retains + 1)
    assert [row[0] for row in house.acceptor.rows()] == [2]


@pytest.mark.anyio
async def test_silent_connections_make_room(house: House) -> None:
    silent = [await house.raw() for _ in range(60)]
    client = await house.raw()
    assert (await client.connect())[0] == 0x20
    for other in silent:
        other.writer.close()


@pytest.mark.anyio
async def test_a_taken_port_names_the_setting(house: House, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"SHOUTU_MQTT_PORT.*taken"):
        await serve_mqtt(house.acceptor, config(tmp_path, mqtt_port=house.handle.port))
    with pytest.raises(SettingError, match=r"SHOUTU_MQTTS_PORT.*taken"):
        await serve_mqtt(house.acceptor, config(tmp_path, mqtts_port=house.handle.tls_port))


@pytest.mark.anyio
async def test_a_wrong_certificate_names_the_files(house: House, tmp_path: Path) -> None:
    (tmp_path / "sensing/mqtt/server.key").write_text("not a key")
    with pytest.raises(SettingError, match=r"server\.pem.*remove both"):
        await serve_mqtt(house.acceptor, config(tmp_path))
