"""The demo's week of readings: its own series, bent where the week's warnings say so, and nowhere else."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from shoutu.demo.episodes import EPISODES
from shoutu.demo.history import happening
from shoutu.demo.load import BEGAN, BY_THE_DOORS, SEED
from shoutu.demo.sites import demo_sites
from shoutu.demo.week import Week, plan_sensors
from shoutu.sensing.simulate.plan import Sensor, load_plan
from shoutu.sensing.simulate.series import calm
from shoutu.sensing.store import Store
from tests.demo.conftest import rows

pytestmark = pytest.mark.integration
MINUTE_MS = 60_000
DAY_MS = 86_400_000
NOW = 1_795_478_400_000
EPISODE_POINTS = {
    next(one.address for one in site.sensors if one.item == episode.item)
    for episode in EPISODES
    for site in demo_sites()
    if site.key == episode.site
}
LARGEST = 100 << 20


@pytest.fixture
def store(data: Path) -> Iterator[Store]:
    found = Store(data / "sensing" / "store")
    yield found
    found.close()


@pytest.fixture
def ids(county: sqlite3.Connection) -> dict[str, int]:
    return dict(county.execute("SELECT address, id FROM sites_point").fetchall())


@pytest.fixture
def sensors(data: Path) -> dict[str, Sensor]:
    return {sensor.address: sensor for sensor in load_plan(data / "run" / "simulate.json").sensors}


def told(county: sqlite3.Connection) -> list[dict[str, Any]]:
    """What the county was told of the week."""
    return [json.loads(str(body)) for (body,) in rows(county, "SELECT body FROM sites_signal ORDER BY id")]


def test_what_happened_is_told_and_nothing_else(county: sqlite3.Connection, ids: dict[str, int]) -> None:
    """The engine watched all points by all the county's rules."""
    signals = told(county)
    assert {signal["point"] for signal in signals} == {ids[address] for address in EPISODE_POINTS}
    assert {tuple(signal["flags"]) for signal in signals} <= {("demo",), ("recovered", "demo")}
    assert len({signal["id"] for signal in signals}) == len(signals)


def test_curve_of_a_past_warning_crosses_at_its_time_and_comes_back(county: sqlite3.Connection, store: Store) -> None:
    rules = dict(county.execute("SELECT r.id, v.params FROM sites_rule r JOIN sites_ruleversion v ON v.rule_id = r.id"))
    seen = 0
    for signal in told(county):
        if signal["kind"] not in ("threshold", "quota"):
            continue
        seen += 1
        at, limit = signal["event_ts"], signal["threshold"]
        params = json.loads(rules[signal["rule"]])
        sign = -1 if params.get("direction") == "low" else 1
        (value,) = store.query(signal["point"], at, at + 1).value
        assert value == signal["value"]
        # Noise may touch the limit and fall back before it holds.
        held = int(params.get("raise_for_s", 0) * 1000) + 15 * MINUTE_MS
        before = store.query(signal["point"], at - DAY_MS, at - held)
        after = store.query(signal["point"], at, at + DAY_MS)
        if signal["to"]:
            assert sign * (value - limit) >= 0
            assert (sign * (before.value - limit) < 0).all()
        else:
            assert (sign * (after.value - limit) < 0).all()
    assert seen == 2 * sum(episode.course != "fault" and not episode.slope for episode in EPISODES)


def test_slope_creeps_as_fast_as_its_warning_says(county: sqlite3.Connection, store: Store) -> None:
    raised, fell = (one for one in told(county) if one["kind"] == "rate" and one["item"] == "slope_displacement")
    day = store.query(raised["point"], raised["event_ts"] - DAY_MS // 2, raised["event_ts"])
    assert (day.value[-1] - day.value[0]) / 12 > raised["threshold"]
    # What has moved stays where it is.
    after = store.query(fell["point"], fell["event_ts"], fell["event_ts"] + DAY_MS)
    assert after.value.min() > day.value[0] + 6


def test_a_trend_is_told_before_its_limit_and_is_over_when_it_stops(county: sqlite3.Connection, store: Store) -> None:
    raised, fell = (one for one in told(county) if one["kind"] == "forecast")
    assert (raised["to"], fell["to"]) == (1, 0)
    assert 24 < raised["aux"] <= 72
    week = store.query(raised["point"], limit=100_000)
    assert week.value.max() < raised["threshold"] - 1


def test_nothing_is_heard_while_a_device_is_at_fault(county: sqlite3.Connection, store: Store) -> None:
    faults = [signal for signal in told(county) if signal["category"] == "fault"]
    assert len(faults) == 2 * sum(episode.course == "fault" for episode in EPISODES)
    for begins, ends in zip(faults[::2], faults[1::2], strict=True):
        assert begins["point"] == ends["point"]
        silent_ms = round(begins["threshold"] * 1000)
        gap = store.query(begins["point"], begins["received_ts"] - silent_ms + 1, ends["event_ts"])
        assert len(gap.ts) == 0
        assert len(store.query(begins["point"], ends["event_ts"], ends["event_ts"] + 1).ts) == 1


def test_calm_points_say_what_the_simulator_would_have_said(
    store: Store, sensors: dict[str, Sensor], ids: dict[str, int]
) -> None:
    """From the same seed: alone it decides what is told at a time."""
    for address, sensor in sensors.items():
        if address in EPISODE_POINTS:
            continue
        found = store.query(ids[address], limit=100_000)
        assert (np.diff(found.ts) == sensor.interval_s * 1000).all()
        assert (found.value == calm(sensor, SEED, found.ts)).all(), address


def test_gateways_go_on_where_the_week_ends(
    data: Path, store: Store, sensors: dict[str, Sensor], ids: dict[str, int]
) -> None:
    state = msgspec.json.decode((data / "run" / "simulate-state.json").read_bytes(), type=dict[str, int])
    assert state.keys() == sensors.keys()
    ends = {address: int(store.query(pk, limit=100_000).ts[-1]) for address, pk in ids.items()}
    assert ends == state


def test_store_holds_it_as_older_than_the_journal(store: Store) -> None:
    figures = store.figures()
    assert figures.stored_through == 0
    assert (figures.repeats, figures.conflicts) == (0, 0)
    assert figures.rows > 1_000_000
    assert figures.bytes < LARGEST


class Weeks:
    """Weeks of the loaded county as they would have been had it begun at another time."""

    def __init__(self, data: Path, county: sqlite3.Connection, ids: dict[str, int]) -> None:
        self.plan = json.loads((data / "run" / "simulate.json").read_text("utf-8"))["sensors"]
        self.ids = ids
        self.catalog: dict[str, list[Any]] = {"sources": [], "points": [], "rules": []}
        for section, payload in rows(county, "SELECT section, payload FROM kit_catalogitem WHERE payload IS NOT NULL"):
            self.catalog[str(section)].append(json.loads(str(payload)))

    def made(self, began: int, seed: int = SEED) -> Week:
        until = began + round((BEGAN - BY_THE_DOORS).total_seconds() * 1000)
        return Week(plan_sensors(self.plan, self.ids), seed, began, until, happening(self.ids), self.catalog)


@pytest.fixture
def weeks(data: Path, county: sqlite3.Connection, ids: dict[str, int]) -> Weeks:
    return Weeks(data, county, ids)


def test_the_same_seed_gives_the_same_week(weeks: Weeks) -> None:
    first, again, other = (weeks.made(NOW, seed) for seed in (SEED, SEED, SEED + 1))
    for name in ("point", "ts", "value"):
        assert np.array_equal(getattr(first.columns, name), getattr(again.columns, name))
    assert first.last == again.last
    assert not np.array_equal(first.columns.value, other.columns.value)


@pytest.mark.parametrize("hours", [7, 5_000, 12_345])
def test_whenever_it_is_started_the_same_happens(weeks: Weeks, county: sqlite3.Connection, hours: int) -> None:
    """Drift, day and noise are others at another time; they must not make or hide a warning."""

    def course(signals: list[dict[str, Any]]) -> list[tuple[object, ...]]:
        return sorted((one["point"], one["rule"], one["from"], one["to"]) for one in signals)

    assert course(weeks.made(NOW + hours * 3_600_000).signals()) == course(told(county))
