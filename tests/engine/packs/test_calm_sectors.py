"""The packs of the other sectors say nothing to a month of ordinary readings: no level, no fault, nothing together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from shoutu.engine import Engine, RuleSet
from shoutu.engine.packs import bind, bind_site, load

PACKS = Path(__file__).parents[3] / "packs"
T, HOUR_S, DAYS = 1_767_225_600, 3600, 30
RAIN = "rain"
Swings = tuple[float, float, float, float]
CALM: dict[str, dict[str, Swings | float | str]] = {
    "geohazard": {
        "rainfall": RAIN, "rain_hour": RAIN, "ground_displacement": (20, 1.0, 0.5, 0.6),
        "deep_displacement": (4, 0.1, 0.1, 0.1), "crack_opening": (10, 0.8, 0.3, 0.1), "tilt": (0.2, 0.04, 0.01, 0.01),
        "subsidence": (8, 0.8, 0.4, 0.5), "groundwater_depth": (7, 0.1, 0.1, 0.02), "soil_moisture": (24, 1, 1, 0.3),
        "mud_level": (0.1, 0.02, 0.02, 0.01), "anchor_force": (450, 6, 4, 2),
    },
    "boiler": {
        "steam_pressure": (0.95, 0.05, 0.02, 0.005), "drum_level": (0, 3, 5, 5), "flame_out": 0,
        "flue_temperature": (150, 5, 4, 2), "feed_hardness": (0.01, 0.001, 0.001, 0.001), "safety_valve": 0,
        "vessel_pressure": (0.55, 0.04, 0.02, 0.003), "vessel_temperature": (160, 4, 3, 0.5),
        "combustible_gas": (1.5, 0.5, 1.0, 0.4),
    },
    "dust-gas": {
        "dust": (2, 0.5, 0.2, 0.2), "dust_interlock": 0, "collector_pressure": (900, 60, 60, 15),
        "hopper_temperature": (26, 6, 3, 0.2), "bearing_temperature": (48, 5, 3, 0.5), "sparks": 0, "belt_deviation": 0,
        "combustible_gas": (1.5, 0.5, 1.0, 0.4), "gas_pressure": (20, 1, 1, 0.3), "people_workshop": (5, 1.5, 0.3, 0.3),
    },
    "forest-fire": {
        "fire_danger": 1, "air_temperature": (14, 6, 2, 0.3), "air_humidity": (68, 12, 5, 1),
        "wind_speed": (4, 1, 0.6, 0.3), "dry_days": 4, "fuel_moisture": (32, 2, 3, 0.4), "hot_spot": 0,
    },
    "fuel-station": {
        "combustible_gas": (1.5, 0.5, 1.0, 0.4), "tank_level": (55, 8, 4, 0.1),
        "tank_pressure": (0.85, 0.2, 0.1, 0.005), "tank_temperature": (22, 8, 4, 0.2), "tank_leak": 0,
        "pipe_pressure": (0.3, 0.01, 0.02, 0.005), "earth_resistance": (4, 0.5, 0.5, 0.2),
    },
}  # fmt: skip
"""Item → what it is about, the day's swing, how it wanders, the noise; or a value that stays; or showers."""


def series(calm: Swings | float | str, step_s: float, seed: int) -> NDArray[np.float64]:
    """A month of one point, a reading every ``step_s``."""
    rng, count = np.random.default_rng(seed), int(DAYS * 86_400 / step_s)
    hours = np.arange(count) * step_s / HOUR_S
    if isinstance(calm, str):
        wet = np.where(rng.random(DAYS * 24 + 1) < 0.06, rng.uniform(0, 4, DAYS * 24 + 1), 0)
        return np.asarray(wet[hours.astype(int)])
    if not isinstance(calm, tuple):
        return np.full(count, float(calm))
    about, day, wander, noise = calm
    walk = np.zeros(DAYS * 24 + 2)
    for at, step in enumerate(rng.normal(0, 0.2 * wander, walk.size - 1), 1):
        walk[at] = 0.98 * walk[at - 1] + step
    swing = day * np.sin(2 * np.pi * hours / 24 + seed)
    return about + swing + np.interp(hours, np.arange(walk.size), walk) + rng.normal(0, noise, count)


@pytest.mark.parametrize("name", CALM)
def test_an_ordinary_month_is_calm(name: str) -> None:
    site = yaml.safe_load((PACKS / "examples" / name / "site.yaml").read_text("utf-8"))
    pack, problems = load((PACKS / "warning" / f"{name}.yaml").read_text("utf-8"), name)
    assert pack is not None, problems
    told = {one["item"]: one for one in site["points"]}
    assert set(CALM[name]) == set(told) == {indicator.id for indicator in pack.indicators}
    points: list[dict[str, Any]] = []
    rules: list[dict[str, Any]] = []
    values: list[NDArray[np.float64]] = []
    for number, (item, one) in enumerate([*told.items(), *told.items()], 1):
        kind = pack.indicator(item)
        points.append(
            {"id": number, "source": 1, "site": 1, "item": item, "interval_s": one["interval_s"],
             "low": one.get("low", kind.low), "high": one.get("high", kind.high), "danger": kind.danger}
        )  # fmt: skip
        rules += [
            {"id": number * 100 + at, "version": 1, "point": number, "kind": rule.kind, "params": rule.params}
            for at, rule in enumerate(bind(pack, item, site["design"]).rules)
        ]
        made = series(CALM[name][item], one["interval_s"], number)
        if CALM[name][item] == RAIN and kind.unit == "mm":
            made = made * one["interval_s"] / HOUR_S  # an amount each time, not a rate
        values.append(np.round(made, kind.decimals))
    rules += [
        {"id": 10_000 + at, "version": 1, "site": 1, "kind": rule.kind, "params": rule.params}
        for at, rule in enumerate(bind_site(pack, set(told)))
    ]
    ruleset = RuleSet.from_catalog([], points, rules)
    assert ruleset.problems == ()
    engine, seq, said = Engine(), 1, []
    engine.switch(0, ruleset)
    for point, made in zip(points, values, strict=True):
        ts = (T + np.arange(made.size) * point["interval_s"]).astype(np.int64) * 1000
        numbers, good = np.full(made.size, point["id"]), np.zeros(made.size, np.uint8)
        said += [(one["rule"], one["value"]) for one in engine.readings(seq, numbers, ts, ts, made, good)]
        seq += made.size
    assert said == []
