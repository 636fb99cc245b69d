"""Both doors on the real pipeline: what was acknowledged is in the history, what was refused is counted."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import httpx
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from bench.door_senders import POINTS, Load, address, send_http, send_mqtt
from bench.doors import TOKEN, metrics, pipeline, reached

pytestmark = pytest.mark.integration


def history(url: str, folder: Path, point: int) -> list[list[float]]:
    wing = {"Authorization": f"Bearer {(folder / 'secrets' / 'wing.token').read_text().strip()}"}
    answer = httpx.get(f"{url}/local/v1/readings?point={point}&limit=10000", headers=wing)
    answer.raise_for_status()
    items: list[list[float]] = answer.json()["items"]
    return items


def test_acknowledged_readings_of_every_door_stand_in_the_history(tmp_path: Path) -> None:
    now = time.time_ns() // 1_000_000
    with pipeline(tmp_path) as (url, mqtt_port, _):
        port = httpx.URL(url).port
        assert port is not None
        loads = [Load("json", 20, 4), Load("arrow", 10_000, 2), Load("mqtt", 100, 2, 3)]
        sent = 0
        for number, load in enumerate(loads):
            base = now - 20_000 * (number + 1)
            if load.form == "mqtt":
                told = send_mqtt("127.0.0.1", mqtt_port, TOKEN, load, 0.3, base)
            else:
                told = send_http("127.0.0.1", port, TOKEN, load, 0.3, base)
            assert told.refused == 0
            sent += told.readings
        goal = metrics(url)["shoutu_journal_seq"] - 1
        reached(url, "shoutu_evaluated_seq", goal)
        reached(url, "shoutu_stored_seq", goal)
        assert accepted(url) == sent
        counted = [len(history(url, tmp_path, point)) for point in (1, POINTS // 2, POINTS)]
        assert all(sent / POINTS - 3 <= count <= sent / POINTS + 3 for count in counted)


def accepted(url: str) -> float:
    lines = httpx.get(f"{url}/metrics").text.splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith("shoutu_readings_accepted_total"))


def test_bad_input_is_answered_and_the_doors_go_on_serving(tmp_path: Path) -> None:
    now = time.time_ns() // 1_000_000
    good: dict[str, Any] = {"point": address(0), "ts": now, "value": 1.0}
    with pipeline(tmp_path) as (url, mqtt_port, _):
        client = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30)
        path = "/ingest/v1/readings"
        many = [{"point": f"X-{i}", "ts": now, "value": 1} for i in range(10_000)]
        told = client.post(path, json=[*many, good]).json()
        assert (told["accepted"], len(told["rejected"])) == (1, 10_000)
        assert client.post(path, content=b"x" * (50 << 20)).status_code == 413
        assert client.post(path, content=json.dumps([good])[:-3]).status_code == 422
        assert client.post(path, json=[good], headers={"Authorization": "Bearer no"}).status_code == 401
        next_year = {**good, "ts": now + 365 * 86_400_000}
        assert client.post(path, json=[next_year]).json()["accepted"] == 1
        device = paho.Client(CallbackAPIVersion.VERSION2, "pit")
        device.username_pw_set(TOKEN)
        device.connect("127.0.0.1", mqtt_port)
        device.loop_start()
        device.publish("shoutu/v1/readings", "[{", qos=1).wait_for_publish(10)
        device.publish("shoutu/v1/readings", json.dumps([{**good, "ts": now + 1}]), qos=1).wait_for_publish(10)
        device.disconnect()
        device.loop_stop()
        assert accepted(url) == 3
        assert client.get("/healthz").status_code == 200
        text = client.get("/metrics").text
        assert 'shoutu_readings_rejected_total{door="http",reason="unknown_point"} 10000.0' in text
        assert 'shoutu_readings_rejected_total{door="mqtt",reason="malformed"} 1.0' in text
