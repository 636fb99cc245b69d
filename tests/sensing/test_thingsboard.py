"""ThingsBoard's topics and addresses: its forms of readings, what its libraries ask, tokens kept out of logs."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from asyncio.subprocess import PIPE
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoutu.sensing import thingsboard
from shoutu.sensing.decode import BadBody
from shoutu.sensing.decode.thingsboard import gateway_telemetry, telemetry
from shoutu.sensing.http import devices
from shoutu.sensing.mqtt.answers import packet, text
from shoutu.sensing.mqtt.codec import Kind
from tests.sensing.test_http import House as HttpHouse
from tests.sensing.test_http import house as http_house  # noqa: F401
from tests.sensing.test_mqtt import House, Raw, count, house, until  # noqa: F401

NOW = time.time_ns() // 1_000_000
ROOT = Path(__file__).parents[2]
LIMITS = thingsboard.Limits(1000, 50)
anyio = pytest.mark.anyio

values = st.one_of(st.floats(), st.integers(), st.booleans(), st.text(max_size=8), st.none(), st.just({"a": 1}))
keys = st.text(min_size=1, max_size=6)
entries = st.one_of(
    st.dictionaries(keys, values, max_size=4),
    st.fixed_dictionaries({"ts": st.integers(0, 2**60), "values": st.dictionaries(keys, values, max_size=4)}),
)


def size(entry: dict[str, Any]) -> int:
    timed = "ts" in entry and isinstance(entry.get("values"), dict)
    return len(entry["values"]) if timed else len(entry)


@given(st.lists(entries, max_size=4))
def test_each_value_is_a_reading_or_a_refusal(told: list[dict[str, Any]]) -> None:
    found = telemetry(json.dumps(told).encode(), NOW)
    assert found.total == sum(map(size, told)) == len(found.ts) + len(found.refused)
    assert {one.index for one in found.refused}.isdisjoint(found.place(row) for row in range(len(found.ts)))


@given(st.dictionaries(st.text("甲AB-1", min_size=1), st.lists(entries, max_size=3), max_size=3))
def test_a_gateway_tells_the_same_of_each_device_under_its_name(told: dict[str, list[dict[str, Any]]]) -> None:
    found = gateway_telemetry(json.dumps(told).encode(), NOW)
    alone = {device: telemetry(json.dumps(one).encode(), NOW) for device, one in told.items()}
    assert found.addresses == [f"{device}/{key}" for device, one in alone.items() for key in one.addresses]
    assert found.ts.tolist() == [ts for one in alone.values() for ts in one.ts.tolist()]
    assert found.total == sum(one.total for one in alone.values())


@given(st.binary(max_size=80))
def test_rubbish_is_refused_and_nothing_else(body: bytes) -> None:
    for read in (telemetry, gateway_telemetry):
        with suppress(BadBody):
            read(body, NOW)
    for topic in (f"{thingsboard.RPC_ASKED}1", thingsboard.GATEWAY_ATTRIBUTES_ASKED):
        assert thingsboard.reply(topic, body, LIMITS) is not None


def test_texts_that_are_numbers_count_as_such_and_others_do_not() -> None:
    found = telemetry(json.dumps({"a": "5.96", "b": "-1e2", "c": "开", "d": "1e999", "e": True}).encode(), NOW)
    assert dict(zip(found.addresses, found.value.tolist(), strict=True)) == {"a": 5.96, "b": -100.0, "e": 1.0}
    assert [one.code for one in found.refused] == ["wrong_type", "number_range"]


def test_a_device_named_twice_is_refused_not_half_taken() -> None:
    found = gateway_telemetry(b'{"A": [{"x": 1}], "A": [{"x": 2}], "B": [{"x": 3}]}', NOW)
    assert (found.addresses, [one.code for one in found.refused]) == (["B/x"], ["duplicate_key"])


async def hear(client: Raw, topics: list[str]) -> bytes:
    frame = bytearray(packet(Kind.SUBSCRIBE, b"\x00\x05" + b"".join(text(topic) + b"\x01" for topic in topics)))
    frame[0] |= 2
    client.writer.write(bytes(frame))
    return (await client.packet())[-len(topics) :]


@anyio
async def test_what_its_libraries_ask_is_answered_where_they_listen(house: House) -> None:  # noqa: F811
    client = await house.raw()
    await client.connect()
    mine = "v1/devices/me"
    granted = await hear(client, [f"{mine}/rpc/response/+", f"{mine}/attributes/response/+", "v1/devices/other/rpc"])
    assert granted == b"\x00\x00\x80"
    client.publish({"method": "getSessionLimits", "params": {}}, topic=f"{mine}/rpc/request/7")
    told = await client.packet()
    assert text(f"{mine}/rpc/response/7") in told[:40]
    limits = json.loads(told[told.index(b"{") :])
    assert (limits["maxPayloadSize"], limits["maxInflightMessages"]) == (200_000, 50)
    client.publish({"clientKeys": "a"}, 3, topic=f"{mine}/attributes/request/2")
    assert (await client.packet())[0] == 0x40
    assert (await client.packet()).endswith(text(f"{mine}/attributes/response/2") + b"{}")
    # Not subscribed to: nothing may be sent.
    client.publish({"id": 1, "device": "A", "client": True, "key": "x"}, 4, topic="v1/gateway/attributes/request")
    client.publish({"point": "A-1", "ts": NOW, "value": 1}, 5)
    assert [(await client.packet())[2:] for _ in range(2)] == [b"\x00\x04", b"\x00\x05"]


@anyio
@pytest.mark.parametrize("version", [4, 5])
async def test_a_gateway_sends_for_its_devices_and_is_never_cut_off(house: House, version: int) -> None:  # noqa: F811
    before = count("attributes_ignored"), count("device_told")
    async with house.client(version=version) as client:
        await client.subscribe("v1/gateway/rpc", qos=1)
        await client.publish("v1/gateway/connect", json.dumps({"device": "A"}), qos=1)
        await client.publish("v1/gateway/attributes", json.dumps({"A": {"firmware": "1.2"}}), qos=1)
        await client.publish(
            "v1/gateway/telemetry", json.dumps({"A": [{"ts": NOW, "values": {"1": "2.5", "2": 3}}]}), qos=1
        )
    await until(lambda: house.acceptor.rejected != [])
    assert {one.address for one in house.acceptor.rejected} == {"A/1", "A/2"}
    assert (count("attributes_ignored"), count("device_told")) == (before[0] + 1, before[1] + 1)


LIBRARY = ROOT / ".venv" / "thingsboard" / "bin" / "python"
SCRIPT = """
import sys
import time
from tb_gateway_mqtt import TBGatewayMqttClient

port, token, ts = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
client = TBGatewayMqttClient("127.0.0.1", port, token)
client.connect(min_reconnect_delay=1)
answered = []
client.request_attributes(["a"], ["b"], lambda *told: answered.append(told))
sent = [
    client.send_telemetry({"ts": ts, "values": {"A-1": 5.96, "A-2": True}}),
    client.gw_connect_device("logger"),
    client.gw_send_telemetry("logger", [{"ts": ts, "values": {"level": 811.6}}]),
    client.gw_send_attributes("logger", {"firmware": "1.2"}),
]
assert all(one.get() == 0 for one in sent), [one.rc() for one in sent]
for _ in range(300):
    if answered and client.rate_limits_received:
        break
    time.sleep(0.1)
print("limits", client.rate_limits_received, client.max_payload_size, "attributes", len(answered))
client.disconnect()
client.stop()
"""


@anyio
async def test_its_own_library_works_unchanged(house: House) -> None:  # noqa: F811
    process = await asyncio.create_subprocess_exec(
        LIBRARY, "-c", SCRIPT, str(house.handle.port), "mine-a", str(NOW), stdout=PIPE, stderr=PIPE
    )
    out, err = await asyncio.wait_for(process.communicate(), 90)
    assert process.returncode == 0, err.decode()
    # It keeps a fifth of what it may send for itself.
    assert out.decode().split() == ["limits", "True", "160000", "attributes", "1"]
    assert house.acceptor.rows() == [(1, NOW, 5.96, 0), (2, NOW, 1.0, 0)]
    assert [one.address for one in house.acceptor.rejected] == ["logger/level"]


HTTP_SCRIPT = """
import sys
from datetime import UTC, datetime
from tb_device_http import TBHTTPDevice

device = TBHTTPDevice(sys.argv[1], sys.argv[2], "logger")
device.connect()
device.send_telemetry({"A-1": "5.96"}, timestamp=datetime.fromtimestamp(int(sys.argv[3]), UTC), queued=False)
device.send_attributes({"firmware": "1.2"})
print(device.request_attributes(client_keys=["a"]), device.send_rpc("getSessionLimits")["rateLimits"]["messages"] == "")
"""


@anyio
async def test_its_library_works_over_http_too(http_house: HttpHouse) -> None:  # noqa: F811
    address = f"http://127.0.0.1:{http_house.handle.port}"
    process = await asyncio.create_subprocess_exec(
        LIBRARY, "-c", HTTP_SCRIPT, address, "mine-a", str(NOW // 1000), stdout=PIPE, stderr=PIPE
    )
    out, err = await asyncio.wait_for(process.communicate(), 90)
    assert process.returncode == 0, err.decode()
    assert out.decode().split() == ["{}", "True"]
    assert (1, NOW // 1000 * 1000, 5.96, 0) in http_house.acceptor.rows()


@anyio
async def test_over_http_by_the_token_in_the_address(http_house: HttpHouse) -> None:  # noqa: F811
    post, get = http_house.client.post, http_house.client.get
    answer = await post("/api/v1/mine-a/telemetry", json={"ts": NOW, "values": {"A-1": 2.5, "nobody": 1}})
    assert answer.status_code == 200
    assert (answer.json()["accepted"], [one["code"] for one in answer.json()["rejected"]]) == (1, ["unknown_point"])
    assert http_house.acceptor.rows() == [(1, NOW, 2.5, 0)]
    assert (await post("/api/v1/wrong/telemetry", json={"A-1": 1})).status_code == 401
    assert (await post("/api/v1/mine-a/telemetry", content=b"{")).status_code == 422
    assert (await get("/api/v1/mine-a/telemetry")).status_code == 404
    assert (await post("/api/v1/mine-a/attributes", json={"firmware": "1"})).json() == {}
    assert (await get("/api/v1/mine-a/attributes?clientKeys=a")).json() == {}
    limits = await post("/api/v1/mine-a/rpc", json={"method": "getSessionLimits"})
    assert limits.json()["maxPayloadSize"] == 1 << 20
    assert "error" in (await post("/api/v1/mine-a/rpc", json={"method": "reboot"})).json()


@anyio
async def test_who_waits_for_a_command_waits_as_long_as_it_said(http_house: HttpHouse) -> None:  # noqa: F811
    begun = time.monotonic()
    assert (await http_house.client.get("/api/v1/mine-a/rpc?timeout=200")).status_code == 408
    assert 0.2 <= time.monotonic() - begun < 10
    with pytest.raises(httpx.ReadTimeout):
        await http_house.client.get("/api/v1/mine-a/attributes/updates", timeout=0.3)


@anyio
async def test_a_token_in_an_address_is_never_written(
    http_house: HttpHouse,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken(*_args: Any) -> str:
        raise RuntimeError("broken")

    monkeypatch.setattr("shoutu.sensing.http.app.HttpDoor.device", broken)
    with caplog.at_level(logging.ERROR):
        assert (await http_house.client.post("/api/v1/secret-token-of-mine/telemetry", json={})).status_code == 500
    assert "/api/v1/secr…/telemetry" in caplog.text
    assert "secret-token-of-mine" not in caplog.text


@given(st.text(alphabet=st.characters(exclude_characters="/"), min_size=9), st.text())
def test_no_more_than_the_first_signs_of_a_token_is_left(token: str, rest: str) -> None:
    assert devices.scrubbed(f"/api/v1/{token}/{rest}") == f"/api/v1/{token[:4]}…/{rest}"
    assert devices.scrubbed(f"/api/v1/{token}") == f"/api/v1/{token[:4]}…"
