"""Bad input through every door of a real pipeline: a clear answer, nothing lost, counted, and others are served.

One pipeline for the whole module. Beside every test a calm device of another source sends a reading at a time; each
must be acknowledged, and at the end all of them stand in the history.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec
import paho.mqtt.client as paho
import pyarrow as pa
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from shoutu.sensing.mqtt.answers import packet, text
from shoutu.sensing.mqtt.codec import Kind
from tests.integration.rig import TOKEN, County, Pipeline, digest, point, until

pytestmark = pytest.mark.integration

PATH = "/ingest/v1/readings"
NOW = time.time_ns() // 1_000_000
CALM_TOKEN = "calm-token"


class Calm:
    """The device that does nothing wrong and must notice nothing."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.sent = 0
        self.trouble: list[str] = []
        self._stop = threading.Event()
        self._client = httpx.Client(
            base_url=pipeline.url, headers={"Authorization": f"Bearer {CALM_TOKEN}"}, timeout=60, trust_env=False
        )
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        while not self._stop.wait(0.02):
            answer = self._client.post(PATH, json=[{"point": "X7", "ts": NOW + self.sent, "value": 1.0}])
            if answer.status_code != 202 or answer.json()["accepted"] != 1:
                self.trouble.append(answer.text)
            self.sent += 1

    def served(self) -> None:
        """Wait for two more acknowledgements; fail when one was ever refused."""
        goal = self.sent + 2
        until(lambda: self.trouble or self.sent >= goal, 60, "the calm device is served")
        assert self.trouble == []

    def end(self) -> None:
        self._stop.set()
        self._thread.join(60)


class Device:
    """An MQTT 5 client that keeps what it is told for each message: (reason code, words)."""

    def __init__(self, pipeline: Pipeline, token: str = TOKEN, name: str = "device") -> None:
        self.told: dict[int, tuple[int, str]] = {}
        self.ended: list[int] = []
        self.refused: list[str] = []
        self._up = threading.Event()
        self.client = paho.Client(CallbackAPIVersion.VERSION2, name, protocol=MQTTProtocolVersion.MQTTv5)
        self.client.username_pw_set(token)
        self.client.on_connect = self._connected
        self.client.on_publish = self._published
        self.client.on_disconnect = self._disconnected
        self.client.reconnect_delay_set(120, 120)
        self.client.connect("127.0.0.1", pipeline.ports["mqtt"])
        self.client.loop_start()
        assert self._up.wait(60)

    def _connected(self, client: Any, data: Any, flags: Any, reason: ReasonCode, properties: Any) -> None:
        if reason.is_failure:
            self.refused.append(f"{reason.value:#x} {getattr(properties, 'ReasonString', '')}")
        self._up.set()

    def _published(self, client: Any, data: Any, mid: int, reason: ReasonCode, properties: Properties) -> None:
        self.told[mid] = (reason.value, getattr(properties, "ReasonString", ""))

    def _disconnected(self, client: Any, data: Any, flags: Any, reason: ReasonCode, properties: Any) -> None:
        self.ended.append(reason.value)

    def publish(self, body: bytes) -> tuple[int, str]:
        mid = self.client.publish("shoutu/v1/readings", body, qos=1).mid
        return until(lambda: self.told.get(mid), 60, "PUBACK")

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@dataclass
class House:
    pipeline: Pipeline
    county: County
    calm: Calm
    good: int = 0
    """Readings of point P1 accepted so far, by all tests together."""
    times: list[int] = field(default_factory=list)

    def metric(self, name: str, **labels: str) -> float:
        told = ",".join(f'{k}="{v}"' for k, v in labels.items())
        line = f"shoutu_{name}{{{told}}} " if told else f"shoutu_{name} "
        text = httpx.get(f"{self.pipeline.url}/metrics", timeout=60).text
        return next((float(row.rsplit(" ", 1)[1]) for row in text.splitlines() if row.startswith(line)), 0.0)

    def post(self, body: bytes, kind: str = "application/json", token: str = TOKEN, **headers: str) -> httpx.Response:
        names = {"Authorization": f"Bearer {token}", "Content-Type": kind, "Accept-Language": "en", **headers}
        return httpx.post(f"{self.pipeline.url}{PATH}", content=body, headers=names, timeout=60, trust_env=False)

    def reading(self) -> dict[str, Any]:
        """A good reading of P1 at a time of its own."""
        self.times.append(NOW - 86_400_000 + len(self.times))
        return {"point": "P1", "ts": self.times[-1], "value": 1.0}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    county = County([point(1), point(7, source=4, address="X7")], [])
    calm = {"id": 4, "name": "乙", "trusted": False, "disabled": False, "token_hashes": [digest(CALM_TOKEN)]}
    county.catalog["sources"].append(calm)
    pipeline = Pipeline(tmp_path_factory.mktemp("bad") / "var", county).start()
    house = House(pipeline, county, Calm(pipeline))
    try:
        yield house
        house.calm.end()
        assert house.calm.trouble == []
        until(pipeline.settled, 60)
        until(lambda: len(pipeline.stored(7)) == house.calm.sent, 60, "all of the calm device's readings")
        assert [row[0] for row in pipeline.stored(1)] == house.times, "exactly the good ones among the bad"
        assert pipeline.stop() == 0, pipeline.log[-3000:]
    finally:
        if pipeline.process is not None and pipeline.process.poll() is None:
            pipeline.kill()
        county.down()


# Forms: a list of JSON texts (each one reading) → the body; what they cannot say they leave out.


def as_json(items: list[str]) -> bytes:
    return f"[{','.join(items)}]".encode()


def as_ndjson(items: list[str]) -> bytes:
    return "\n".join(items).encode()


def as_msgpack(items: list[str]) -> bytes:
    """With maps written by hand, so that a key can stand twice."""

    def pack(text: str) -> bytes:
        found = json.loads(text, object_pairs_hook=list)
        if not isinstance(found, list):
            return msgspec.msgpack.encode(found)
        pairs = [msgspec.msgpack.encode(k) + msgspec.msgpack.encode(v) for k, v in found]
        return bytes((0x80 | len(pairs),)) + b"".join(pairs)

    return b"\xdd" + len(items).to_bytes(4, "big") + b"".join(map(pack, items))


def as_arrow(items: list[str]) -> bytes:
    rows = [json.loads(item) for item in items]
    table = pa.table(
        {
            "point": pa.array([row["point"] for row in rows], pa.string()),
            "ts": pa.array([row["ts"] for row in rows], pa.int64()),
            "value": pa.array([row["value"] for row in rows], pa.float64()),
        }
    )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue().to_pybytes())


FORMS: dict[str, tuple[str, Callable[[list[str]], bytes]]] = {
    "json": ("application/json", as_json),
    "ndjson": ("application/x-ndjson", as_ndjson),
    "msgpack": ("application/msgpack", as_msgpack),
    "arrow": ("application/vnd.apache.arrow.stream", as_arrow),
}
Y1970, Y2100, SECONDS = 86_400_000, 4_102_444_800_000, NOW // 1000

# name → (the reading, the reason's code, words of the answer: field, expected or found, what to do)
BAD: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "unknown point": (f'{{"point":"U1","ts":{NOW},"value":1}}', "unknown_point", ('point "U1"', "adopt it", "send")),
    "foreign point": (f'{{"point":"X7","ts":{NOW},"value":1}}', "foreign_point", ('point "X7"', "its own")),
    "NaN": (f'{{"point":"P1","ts":{NOW},"value":NaN}}', "not_finite", ('"value"', "NaN", "leave")),
    "infinity": (f'{{"point":"P1","ts":{NOW},"value":-Infinity}}', "not_finite", ('"value"', "-Infinity", "leave")),
    "1e400": (f'{{"point":"P1","ts":{NOW},"value":1e400}}', "number_range", ('"value"', "1e400", "leave")),
    "1970": (f'{{"point":"P1","ts":{Y1970},"value":1}}', "time_implausible", ('"ts"', "1970-01-02", "set the device")),
    "2100": (f'{{"point":"P1","ts":{Y2100},"value":1}}', "time_implausible", ('"ts"', "2100-01-01", "set the device")),
    "seconds": (f'{{"point":"P1","ts":{SECONDS},"value":1}}', "time_implausible", ('"ts"', "milliseconds")),
    "text": (f'{{"point":"P1","ts":{NOW},"value":"1.5"}}', "wrong_type", ('"value"', "expected a number", '"1.5"')),
    "true": (f'{{"point":"P1","ts":{NOW},"value":true}}', "wrong_type", ('"value"', "expected a number", "true")),
    "number as point": (f'{{"point":5,"ts":{NOW},"value":1}}', "wrong_type", ('"point"', "expected a string", "5")),
    "no zone": ('{"point":"P1","ts":"2026-11-24T08:00:00","value":1}', "time_naive", ('"ts"', "+08:00")),
    "missing": (f'{{"point":"P1","ts":{NOW}}}', "missing_field", ('"value"', "missing", "each reading needs")),
    "twice": (f'{{"point":"P1","ts":{NOW},"value":1,"value":2}}', "duplicate_key", ('"value"', "once")),
    "no object": ("17", "not_object", ("expected an object", "17")),
}
JSON_ONLY = {"NaN", "infinity", "1e400"}
"""Binary forms can say these: there they are the device's word that it is at fault, kept as such."""
ARROW = {"unknown point", "foreign point", "1970", "2100", "seconds"}
"""What an Arrow column of the right type can get wrong; the rest are columns of the wrong type."""
CASES = [
    (form, name)
    for form in FORMS
    for name in BAD
    if not (form in ("msgpack", "arrow") and name in JSON_ONLY) and (form != "arrow" or name in ARROW)
]


@pytest.mark.parametrize(("form", "name"), CASES)
def test_a_bad_reading_over_http_is_answered_alone(house: House, form: str, name: str) -> None:
    item, code, words = BAD[name]
    kind, encode = FORMS[form]
    before = house.metric("readings_rejected_total", door="http", reason=code)
    body = encode([json.dumps(house.reading()), item, json.dumps(house.reading())])
    answer = house.post(body, kind)
    assert answer.status_code == 202, answer.text
    assert answer.json()["accepted"] == 2
    (refusal,) = answer.json()["rejected"]
    assert (refusal["index"], refusal["code"]) == (1, code)
    assert all(word in refusal["reason"] for word in words), refusal["reason"]
    assert house.metric("readings_rejected_total", door="http", reason=code) == before + 1
    house.calm.served()


@pytest.mark.parametrize("name", BAD)
def test_a_bad_reading_over_mqtt_is_answered_alone(house: House, name: str) -> None:
    item, code, words = BAD[name]
    before = house.metric("readings_rejected_total", door="mqtt", reason=code)
    device = Device(house.pipeline)
    try:
        reason, told = device.publish(as_json([json.dumps(house.reading()), item, json.dumps(house.reading())]))
        assert reason == 0, "the device must not send the good ones again"
        assert told.startswith("1 refused: ")
        assert all(word in told for word in words), told
        assert device.publish(as_json([json.dumps(house.reading())])) == (0, "")
    finally:
        device.close()
    assert house.metric("readings_rejected_total", door="mqtt", reason=code) == before + 1
    house.calm.served()


@pytest.mark.parametrize("form", ["msgpack", "arrow"])
@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_a_non_number_of_a_binary_form_is_kept_as_the_devices_fault(house: House, form: str, value: str) -> None:
    kind, encode = FORMS[form]
    reading = house.reading()
    answer = house.post(encode([json.dumps(reading).replace("1.0", value)]), kind)
    assert answer.json() == {"accepted": 1, "rejected": []}
    until(lambda: [reading["ts"], None, 3] in house.pipeline.stored(1), 60, "stored as invalid")


@pytest.mark.parametrize("form", FORMS)
def test_a_truncated_body_takes_nothing_and_says_where_it_ends(house: House, form: str) -> None:
    kind, encode = FORMS[form]
    items = [json.dumps({"point": "P1", "ts": NOW + i, "value": 1.0}) for i in range(50)]
    if form == "ndjson":
        items[:-1] = [json.dumps(house.reading()) for _ in items[:-1]]
    code = "line_malformed" if form == "ndjson" else "malformed"
    before = house.metric("readings_rejected_total", door="http", reason=code)
    answer = house.post(encode(items)[:-7], kind)
    if form == "ndjson":  # each line stands for itself
        assert (answer.status_code, answer.json()["accepted"]) == (202, 49)
        (refusal,) = answer.json()["rejected"]
        assert refusal["index"] == 49
        words = refusal["reason"]
        assert "line 50" in words
    else:
        assert answer.status_code == 422
        words = answer.json()["detail"]
        assert "nothing of it was taken" in words
    assert "send it again" in words
    assert "byte" in words
    assert house.metric("readings_rejected_total", door="http", reason=code) == before + 1
    house.calm.served()


def test_truncated_json_over_mqtt_is_told_and_the_device_goes_on(house: House) -> None:
    before = house.metric("readings_rejected_total", door="mqtt", reason="malformed")
    device = Device(house.pipeline)
    try:
        reason, words = device.publish(b'[{"point": "P1", "ts": 17954')
        assert (reason, device.ended) == (0x99, [])
        assert "ends early" in words
        assert device.publish(as_json([json.dumps(house.reading())])) == (0, "")
    finally:
        device.close()
    assert house.metric("readings_rejected_total", door="mqtt", reason="malformed") == before + 1


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("declared", [True, False])
def test_fifty_megabytes_are_refused_before_they_are_read(house: House, form: str, declared: bool) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(50):
            yield b" " * (1 << 20)

    before = house.metric("door_requests_total", door="http", outcome="too_large")
    headers = {"Content-Length": str(50 << 20)} if declared else {}
    answer = house.post(pieces(), FORMS[form][0], **headers)  # type: ignore[arg-type]
    assert answer.status_code == 413
    assert "SHOUTU_INGEST_MAX_MB" in answer.json()["detail"]
    assert "smaller batches" in answer.json()["detail"]
    assert house.metric("door_requests_total", door="http", outcome="too_large") == before + 1
    house.calm.served()


def test_fifty_megabytes_over_mqtt_end_that_connection_only(house: House) -> None:
    before = house.metric("door_requests_total", door="mqtt", outcome="too_large")
    device, other = Device(house.pipeline, name="huge"), Device(house.pipeline, name="other")
    try:
        # The server said at CONNACK what it takes; this client does not care.
        device.client.publish("shoutu/v1/readings", b" " * (50 << 20), qos=1)
        until(lambda: device.ended, 60, "the connection ends")
        assert other.publish(as_json([json.dumps(house.reading())])) == (0, "")
    finally:
        device.close()
        other.close()
    assert house.metric("door_requests_total", door="mqtt", outcome="too_large") == before + 1
    house.calm.served()


@pytest.mark.parametrize("form", FORMS)
def test_ten_thousand_unknown_points_in_one_batch_over_http(house: House, form: str) -> None:
    kind, encode = FORMS[form]
    before = house.metric("readings_rejected_total", door="http", reason="unknown_point")
    items = [json.dumps({"point": f"{form}-{i}", "ts": NOW, "value": 1.0}) for i in range(10_000)]
    answer = house.post(encode([*items, json.dumps(house.reading())]), kind)
    assert answer.json()["accepted"] == 1
    assert [(r["index"], r["code"]) for r in answer.json()["rejected"]] == [(i, "unknown_point") for i in range(10_000)]
    assert house.metric("readings_rejected_total", door="http", reason="unknown_point") == before + 10_000
    house.calm.served()


def test_ten_thousand_unknown_points_in_one_message_over_mqtt(house: House) -> None:
    before = house.metric("readings_rejected_total", door="mqtt", reason="unknown_point")
    items = [json.dumps({"point": f"m{i}", "ts": NOW, "value": 1.0}) for i in range(10_000)]
    device = Device(house.pipeline)
    try:
        reason, words = device.publish(as_json([*items, json.dumps(house.reading())]))
    finally:
        device.close()
    assert reason == 0
    assert words.startswith('10000 refused: unknown point "m0"')
    assert house.metric("readings_rejected_total", door="mqtt", reason="unknown_point") == before + 10_000
    house.calm.served()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("token", ["wrong", "x", f"{TOKEN}2"])
def test_a_wrong_token_over_http_is_told_and_counted(house: House, form: str, token: str) -> None:
    before = house.metric("auth_failed_total", door="http")
    kind, encode = FORMS[form]
    answer = house.post(encode([json.dumps({"point": "P1", "ts": NOW, "value": 1.0})]), kind, token)
    assert answer.status_code == 401
    assert "Authorization: Bearer" in answer.json()["detail"]
    assert house.metric("auth_failed_total", door="http") == before + 1
    house.calm.served()


def test_a_wrong_token_over_mqtt_is_told_and_counted(house: House) -> None:
    before = house.metric("auth_failed_total", door="mqtt")
    device = Device(house.pipeline, "wrong")
    device.close()
    assert device.refused == ["0x86 unknown or revoked token; send it as the user name"]
    assert house.metric("auth_failed_total", door="mqtt") == before + 1


def test_floods_and_slow_clients_of_both_doors_leave_the_others_alone(house: House) -> None:
    """At once: four MQTT floods at QoS 0, clients that drip, sit silent and send garbage."""
    stop = threading.Event()
    flooded = [0] * 4

    def flood(number: int) -> None:
        """Writes as fast as the door reads, and hears no answer till it leaves."""
        one = socket.create_connection(("127.0.0.1", mqtt), timeout=60)
        head = b"\x00\x04MQTT\x04\x82\x00\x3c" + text(f"flood-{number}") + text(TOKEN)
        one.sendall(packet(Kind.CONNECT, head))
        body = as_json([json.dumps({"point": f"F{number}", "ts": NOW, "value": 1.0})] * 500)
        message = packet(Kind.PUBLISH, text("shoutu/v1/readings") + body)
        while not stop.is_set():
            one.sendall(message)
            flooded[number] += 500
        one.sendall(b"\xe0\x00")
        one.shutdown(socket.SHUT_WR)
        while one.recv(4096):
            pass
        one.close()

    http, mqtt = house.pipeline.ports["http"], house.pipeline.ports["mqtt"]
    starts = (b"", b"POST /ing", f"POST {PATH} HTTP/1.1\r\nhost: x\r\n".encode(), b"\x10\x40\x00\x04MQ", b"\x00" * 9)
    floods = [threading.Thread(target=flood, args=(i,), daemon=True) for i in range(4)]
    slow = []
    before = house.metric("readings_rejected_total", door="mqtt", reason="unknown_point")
    try:
        for thread in floods:
            thread.start()
        for port in (http, mqtt):
            for start in starts * 20:
                one = socket.create_connection(("127.0.0.1", port), timeout=60)
                one.sendall(start)
                slow.append(one)
        for _ in range(20):
            house.calm.served()
        ready = httpx.get(f"{house.pipeline.url}/healthz", timeout=60)
        assert ready.status_code == 200
    finally:
        stop.set()
        for thread in floods:
            thread.join(60)
        for one in slow:
            one.close()
    assert min(flooded) > 0

    def counted() -> bool:
        now = house.metric("readings_rejected_total", door="mqtt", reason="unknown_point")
        return now == before + sum(flooded)

    until(counted, 60, "every refused reading of the floods counted")
    house.calm.served()


def test_what_was_refused_stands_in_unclaimed_with_its_overflow(house: House) -> None:
    """待认领: the addresses refused above, bounded for each source, the rest counted."""
    house.post(as_json([BAD["unknown point"][0], BAD["foreign point"][0]]))
    house.post(as_json([json.dumps({"point": f"over-{i}", "ts": NOW, "value": 1.0}) for i in range(10_000)]))
    until(lambda: {"U1", "X7"} <= {item["address"] for item in list(house.county.unclaimed)}, 60)
    seen = {(item["address"], item["reason"], item["source"]) for item in list(house.county.unclaimed)}
    assert {("U1", "unknown", 3), ("X7", "foreign", 3)} <= seen
    assert not {item for item in seen if item[2] != 3}
    until(lambda: house.county.beats[-1]["unclaimed_overflow"] > 0, 60, "the overflow is told")
    assert house.metric("unclaimed_overflow_total") > 0
