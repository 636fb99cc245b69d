"""Sums and forecasts of the shipped packs say nothing to a year in which nothing happens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shoutu.engine import Engine, RuleSet
from shoutu.engine.packs import bind, load

PACKS = Path(__file__).parents[3] / "packs" / "warning"
HOUR_MS = 3_600_000
T = 1_767_225_600_000
KINDS = ("accumulation", "quota", "forecast")
POND = {"grade": 4, "beach_crest_level": 812.0, "phreatic_control_depth": 6.0}
SERIES: list[tuple[str, str, dict[str, Any], tuple[float, float, float, float]]] = [
    ("tailings-pond", "pond_level", POND, (811.0, 0.02, 0.02, 0.004)),
    ("tailings-pond", "phreatic_depth", POND, (7.5, 0.3, 0.05, 0.02)),
    ("tailings-pond", "beach_length", POND, (60.0, 1.0, 0.5, 0.3)),
    ("tailings-pond", "freeboard", POND, (1.0, 0.02, 0.02, 0.004)),
    ("open-pit-slope", "slope_displacement", {}, (20.0, 1.0, 0.5, 2.0)),
    ("open-pit-slope", "dump_displacement", {}, (4.0, 0.2, 0.1, 0.3)),
    ("underground-mine", "inflow", {"inflow_normal": 50.0}, (50.0, 3.0, 2.0, 2.0)),
]
"""Pack, item, design; and the value about which it swings, the day's swing, how it wanders, the noise."""


@pytest.mark.parametrize(
    ("pack", "item", "design", "swings"), SERIES, ids=lambda one: one if isinstance(one, str) else ""
)
def test_a_year_of_points_where_nothing_happens_is_calm(
    pack: str, item: str, design: dict[str, Any], swings: tuple[float, float, float, float]
) -> None:
    found, _problems = load((PACKS / f"{pack}.yaml").read_text("utf-8"), pack)
    assert found is not None
    rules = [one for one in bind(found, item, design).rules if one.kind in KINDS]
    assert rules
    rng, hours, count = np.random.default_rng(64), 365 * 24, 5
    about, day, wander, noise = swings
    ruleset = RuleSet.from_catalog(
        [],
        [{"id": k, "source": 1, "site": 1, "interval_s": 3600} for k in range(1, count + 1)],
        [
            {"id": k * 10 + at, "version": 1, "point": k, "kind": rule.kind, "params": rule.params}
            for k in range(1, count + 1)
            for at, rule in enumerate(rules)
        ],
    )
    assert ruleset.problems == ()
    engine = Engine()
    engine.switch(0, ruleset)
    ts = T + np.arange(hours, dtype=np.int64) * HOUR_MS
    said = 0
    for k in range(1, count + 1):
        steps, walk = rng.normal(0, wander, hours), np.zeros(hours)
        for at in range(1, hours):
            walk[at] = 0.98 * walk[at - 1] + 0.2 * steps[at]
        value = about + day * np.sin(2 * np.pi * np.arange(hours) / 24 + k) + walk + rng.normal(0, noise, hours)
        said += len(engine.readings(k * hours, np.full(hours, k), ts, ts, value, np.zeros(hours, np.uint8)))
    assert said == 0
