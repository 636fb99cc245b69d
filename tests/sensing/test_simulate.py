"""The simulated sensors: their series, and gateways over real doors."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from shoutu.config import SettingError
from shoutu.sensing.http import HttpHandle, serve_http
from shoutu.sensing.mqtt import MqttHandle, serve_mqtt
from shoutu.sensing.simulate import Doors, Simulation, driven
from shoutu.sensing.simulate.gateway import BATCH, Gateway
from shoutu.sensing.simulate.plan import Plan, Sensor, load_plan
from shoutu.sensing.simulate.series import PROFILES, calm, noise, normal, steady, times, values
from tests.sensing.memory import MemoryAcceptor, MemoryLocal, config

NOW = 1_795_478_400_000
GAUGES = {"rainfall", "rain_hour"}
SPREAD = {"people_underground": 18.0, "tank_level": 9.0, "collector_pressure": 90.0}
"""How far a calm series goes from its base: people come and go by shifts, tanks are drawn from; else little."""


def sensor(address: str = "A-1", **more: Any) -> Sensor:
    values: dict[str, Any] = {"token": "mine-a", "door": "http", "indicator": "pond_level", "base": 10.0}
    return Sensor(address=address, **{**values, **more})


def at(*moments: int) -> NDArray[np.int64]:
    return np.array(moments, np.int64)


@given(st.sampled_from([*PROFILES, "other"]), st.integers(NOW - 10**10, NOW + 10**10), st.integers(0, 100))
def test_calm_series_stay_near_their_base(indicator: str, ts: int, seed: int) -> None:
    value = calm(sensor(indicator=indicator, base=50.0), seed, at(ts))[0]
    if indicator in GAUGES:
        assert 0 <= value < 8
    else:
        assert abs(value - 50.0) < SPREAD.get(indicator, 6.5)


@given(
    st.sampled_from([*PROFILES, "other"]),
    st.lists(st.integers(NOW - 10**10, NOW + 10**10), min_size=1, max_size=20),
    st.integers(0, 100),
)
def test_a_reading_is_the_same_alone_and_with_others(indicator: str, moments: list[int], seed: int) -> None:
    one = sensor(indicator=indicator, base=50.0)
    assert calm(one, seed, at(*moments)).tolist() == [calm(one, seed, at(ts))[0] for ts in moments]


def test_noise_is_normal_and_of_its_size() -> None:
    drawn = normal(7, "A-1", np.arange(NOW, NOW + 86_400_000, 1_000))
    assert abs(drawn.mean()) < 0.02
    assert drawn.std() == pytest.approx(1.0, abs=0.02)
    assert np.mean(np.abs(drawn) > 2.0) == pytest.approx(0.0455, abs=0.005)
    assert abs(np.corrcoef(drawn[:-1], drawn[1:])[0, 1]) < 0.02
    one, ts = sensor(noise=0.5), np.arange(NOW, NOW + 86_400_000, 1_000)
    assert (calm(one, 7, ts) - steady(one, 7, ts)).std() == pytest.approx(noise(one), rel=0.02) == 0.5


def test_it_rains_now_and_then_in_tips_of_the_gauge() -> None:
    one = sensor(indicator="rainfall", base=0.0, interval_s=5.0)
    month = calm(one, 7, np.arange(NOW, NOW + 30 * 86_400_000, 5_000))
    assert set(np.round(month * 10).tolist()) == {0, 1}
    assert 20 < month.sum() < 500


def test_an_hour_of_rain_is_what_fell_in_it() -> None:
    tips = sensor(indicator="rainfall", base=0.0, interval_s=5.0)
    adds = sensor(indicator="rain_hour", base=0.0, interval_s=5.0)
    ts = np.arange(NOW, NOW + 3 * 86_400_000, 5_000)
    fallen = np.cumsum(calm(tips, 7, ts))
    hour = fallen[720:] - fallen[:-720]
    assert np.abs(calm(adds, 7, ts[720:]) - hour).max() < 0.05
    assert hour.max() > 0


def test_sensors_differ_and_noise_is_there() -> None:
    ts = np.arange(NOW, NOW + 2_000_000, 20_000)
    first, second = (calm(sensor(address), 7, ts) for address in ("A-1", "A-2"))
    assert (first != second).any()
    assert len(np.unique(first)) > 10


@given(st.integers(0, 10**7), st.integers(0, 10**7), st.integers(0, 10**6))
def test_times_cut_anywhere_are_the_same_times(a: int, b: int, c: int) -> None:
    one = sensor(interval_s=20)
    low, middle, high = sorted((NOW + a, NOW + b, NOW + c))
    whole = list(times(one, 7, low, high))
    assert whole == [*times(one, 7, low, middle), *times(one, 7, middle, high)]


def test_to_red_rises_holds_and_comes_back() -> None:
    one = sensor(scenario="to_red", peak=15.0, after_s=10, over_s=20, hold_s=60)
    ts = NOW + 1000 * at(0, 9, 20, 30, 60, 89, 111, 200)
    spoken, told = values(one, 7, ts, NOW)
    assert spoken.tolist() == ts.tolist()
    assert (told - calm(one, 7, ts)).tolist() == pytest.approx([0, 0, 2.5, 5.0, 5.0, 5.0, 0.0, 0.0], abs=0.08)


@given(st.integers(0, 10 * 365 * 86_400))
def test_the_peak_is_the_same_on_every_day(seconds: int) -> None:
    """Drift and day must not keep the demo's story from its red line on some days."""
    one = sensor(scenario="to_red", peak=5.9, noise=0.0, after_s=0, over_s=1, hold_s=60)
    start = NOW + seconds * 1000
    assert values(one, 7, at(start + 30_000), start)[1].tolist() == [5.9]


def test_silent_says_nothing_for_a_while() -> None:
    one = sensor(scenario="silent", after_s=10, over_s=20, hold_s=60)
    ts = NOW + 1000 * at(5, 10, 89, 91)
    spoken, told = values(one, 7, ts, NOW)
    assert spoken.tolist() == [ts[0], ts[3]]
    assert told.tolist() == calm(one, 7, spoken).tolist()


class Recorder:
    """A link that keeps what it acknowledged, and fails when told to."""

    def __init__(self) -> None:
        self.got: list[dict[str, object]] = []
        self.closed = False

    def send(self, readings: list[dict[str, object]]) -> None:
        if self.closed:
            raise OSError("closed")
        self.got += readings

    def close(self) -> None:
        self.closed = True


def test_a_gateway_keeps_what_it_could_not_send() -> None:
    link, moment = Recorder(), [NOW / 1000]
    gateway = Gateway(link, [sensor("A-1"), sensor("A-2")], 7, {"A-1": NOW, "A-2": NOW}, lambda: moment[0])
    link.closed = True
    for _ in range(10):
        moment[0] += 3_600
        with pytest.raises(OSError, match="closed"):
            gateway.catch_up()
        assert len(gateway.kept) <= 2 * 30
    link.closed = False
    gateway.catch_up()
    assert len(link.got) == 10 * 2 * 180 > BATCH
    assert [r["ts"] for r in link.got] == sorted(r["ts"] for r in link.got)  # type: ignore[type-var]
    assert len({(r["point"], r["ts"]) for r in link.got}) == len(link.got)
    assert gateway.acknowledged == len(link.got)


@dataclass
class House:
    acceptor: MemoryAcceptor
    http: HttpHandle
    mqtt: MqttHandle

    @property
    def doors(self) -> Doors:
        return Doors(f"http://127.0.0.1:{self.http.port}", "127.0.0.1", self.mqtt.port)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    acceptor = MemoryAcceptor()
    http = await serve_http(acceptor, config(tmp_path), MemoryLocal(acceptor))
    mqtt = await serve_mqtt(acceptor, config(tmp_path))
    yield House(acceptor, http, mqtt)
    await http.close()
    await mqtt.close()


PLAN = Plan(
    [
        sensor("A-1", door="mqtt", interval_s=0.1),
        sensor("A-2", door="mqtt"),
        sensor("B-1", token="mine-b", door="http", interval_s=0.1, scenario="to_red", peak=20.0, after_s=0, over_s=0.1),
    ],
    history_s=3_600,
)


async def drive(simulation: Simulation, acceptor: MemoryAcceptor, enough: int) -> None:
    thread = threading.Thread(target=simulation.run, daemon=True)
    thread.start()
    async with asyncio.timeout(120):
        while not all(sum(1 for r in acceptor.rows() if r[0] == p) >= enough for p in (1, 1_001)):
            await asyncio.sleep(0.01)
    simulation.stop.set()
    await asyncio.to_thread(thread.join, 10)


@pytest.mark.anyio
async def test_history_then_live_through_both_doors_and_on_at_the_next_start(house: House, tmp_path: Path) -> None:
    state = tmp_path / "simulate-state.json"
    await drive(Simulation(PLAN, house.doors, state), house.acceptor, 36_010)
    rows = house.acceptor.rows()
    assert {b.door for b in house.acceptor.batches} == {"http", "mqtt"}
    assert max(v for p, _, v, _ in rows if p == 1_001) > 19
    assert abs(max(t for _, t, _, _ in rows) / 1000 - time.time()) < 60
    kept = {(p, t) for p, t, _, _ in rows}
    assert len(kept) == len(rows)
    house.acceptor.batches.clear()
    await drive(Simulation(PLAN, house.doors, state), house.acceptor, 2)
    assert not kept & {(p, t) for p, t, _, _ in house.acceptor.rows()}


@pytest.mark.anyio
async def test_a_door_that_closes_for_a_while_loses_nothing(house: House, tmp_path: Path) -> None:
    plan = Plan([PLAN.sensors[0], PLAN.sensors[2]], history_s=0)
    simulation = Simulation(plan, house.doors, tmp_path / "state.json")
    thread = threading.Thread(target=simulation.run, daemon=True)
    thread.start()

    async def reaches(count: int) -> None:
        async with asyncio.timeout(120):
            while not all(sum(1 for r in house.acceptor.rows() if r[0] == p) >= count for p in (1, 1_001)):
                await asyncio.sleep(0.01)

    await reaches(3)
    ports = {"ingest_port": house.http.port, "mqtt_port": house.mqtt.port}
    await house.http.close()
    await house.mqtt.close()
    await asyncio.sleep(0.5)
    house.http = await serve_http(house.acceptor, config(tmp_path, **ports), MemoryLocal(house.acceptor))
    house.mqtt = await serve_mqtt(house.acceptor, config(tmp_path, **ports))
    await reaches(30)
    simulation.stop.set()
    await asyncio.to_thread(thread.join, 10)
    for point in (1, 1_001):
        stamps = sorted({t for p, t, _, _ in house.acceptor.rows() if p == point})
        assert {b - a for a, b in pairwise(stamps)} == {100}


@pytest.mark.anyio
async def test_the_command_speaks_through_the_doors_of_the_settings_until_told_to_stop(
    house: House, tmp_path: Path
) -> None:
    (tmp_path / "run").mkdir(exist_ok=True)
    (tmp_path / "run" / "simulate.json").write_bytes(msgspec.json.encode(Plan(PLAN.sensors, history_s=0)))
    env = {
        **os.environ,
        "SHOUTU_DATA": str(tmp_path),
        "SHOUTU_INGEST_PORT": str(house.http.port),
        "SHOUTU_MQTT_PORT": str(house.mqtt.port),
    }
    command = [sys.executable, "-m", "shoutu.cli", "simulate", "--scenario", "A-1=99"]
    process = await asyncio.create_subprocess_exec(*command, env=env, stderr=asyncio.subprocess.DEVNULL)
    async with asyncio.timeout(120):
        while len({row[0] for row in house.acceptor.rows()} & {1, 1_001}) < 2:
            await asyncio.sleep(0.02)
        process.terminate()
        assert await process.wait() == 0
    state = msgspec.json.decode((tmp_path / "run" / "simulate-state.json").read_bytes())
    assert state["A-1"] in {t for p, t, _, _ in house.acceptor.rows() if p == 1}


def test_plans_are_read_and_wrong_ones_name_the_field(tmp_path: Path) -> None:
    path = tmp_path / "simulate.json"
    good = {"address": "A", "token": "t", "door": "mqtt", "indicator": "x", "base": 1}
    path.write_text(json.dumps({"sensors": [good]}))
    plan = load_plan(path)
    assert (plan.sensors[0].interval_s, plan.seed) == (20.0, 7)
    assert driven(plan, "A=5").sensors[0].peak == 5
    for scenario in ("A", "B=1", "A=x"):
        with pytest.raises(SettingError, match="--scenario"):
            driven(plan, scenario)
    for wrong, words in (
        ({**good, "door": "pigeon"}, "door"),
        ({**good, "interval_s": 0}, "interval_s"),
        ({**good, "scenario": "to_red"}, "peak"),
        ({"address": "A"}, "missing required field"),
    ):
        path.write_text(json.dumps({"sensors": [wrong]}))
        with pytest.raises(SettingError, match=words):
            load_plan(path)
    with pytest.raises(SettingError, match="shoutu demo"):
        load_plan(tmp_path / "none.json")
