"""What the packs ask of the unlike: never above yellow, two weeks of learning, and no louder than the pack says."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shoutu.engine import Engine, RuleSet
from shoutu.engine import layout as lay
from shoutu.engine.packs import Pack, Rule, load

PACKS = Path(__file__).parents[3] / "packs" / "warning"
T = 1_767_225_600_000
DAYS, POINTS = 120, 12
LEARN_DAYS = 14
CALM = {"pore_pressure": (600, 62, 0.8, 0.15), "seepage": (600, 1.8, 0.05, 0.012), "fan_pressure": (60, 1250, 12, 5)}
"""Item → seconds between readings, and the value about which it swings, the day's swing, the noise."""
PER_MONTH = {1: 0.44, 2: 0.044}
"""What the packs say of a point in which nothing happens."""


@lru_cache
def rules() -> tuple[tuple[Pack, Rule], ...]:
    found = []
    for file in sorted(PACKS.glob("*.yaml")):
        pack, problems = load(file.read_text("utf-8"), file.name)
        assert pack is not None, problems
        found += [(pack, rule) for rule in pack.rules if rule.kind == "anomaly"]
    return tuple(found)


def test_some_packs_watch_for_what_is_new_and_each_such_item_is_tried_here() -> None:
    assert {rule.indicator for _pack, rule in rules()} == set(CALM)


def test_it_learns_two_weeks_goes_no_higher_than_yellow_and_its_rate_is_what_the_pack_says() -> None:
    for _pack, rule in rules():
        assert rule.max_level == 2
        assert set(rule.params["levels"]) == {"1", "2"}
        assert rule.params["learn_s"] >= LEARN_DAYS * 86_400
        assert rule.params["min_samples"] >= 2000
        for level, one_in in rule.params["levels"].items():
            months = 30.4375 * 86_400 / CALM[rule.indicator][0] / float(one_in)
            assert months == pytest.approx(PER_MONTH[int(level)], rel=0.02)


@pytest.mark.full
@pytest.mark.parametrize("item", CALM)
def test_months_in_which_nothing_happens_are_about_as_calm_as_the_pack_says(item: str) -> None:
    """Twelve points, 120 days: some 18 blue calls are told of; twice that is the most, and none while it learns."""
    params = next(rule.params for _pack, rule in rules() if rule.indicator == item)
    step, about, day, noise = CALM[item]
    points: list[dict[str, Any]] = [{"id": k, "source": 1, "site": 1, "interval_s": step} for k in range(1, POINTS + 1)]
    catalog = [{"id": k, "version": 1, "point": k, "kind": "anomaly", "params": params} for k in range(1, POINTS + 1)]
    ruleset = RuleSet.from_catalog([], points, catalog)
    assert ruleset.problems == ()
    engine, rng, count = Engine(), np.random.default_rng(74), DAYS * 86_400 // step
    engine.switch(0, ruleset)
    ts = T + np.arange(count, dtype=np.int64) * step * 1000
    raised = {1: 0, 2: 0}
    for k in range(1, POINTS + 1):
        swing = day * np.sin(2 * np.pi * (ts - T) / 86_400_000 + k)
        value = about + swing + rng.normal(0, noise, count)
        told = engine.readings(k * count, np.full(count, k), ts, ts, value, np.zeros(count, np.uint8))
        levels = told[told["type"] == lay.LEVEL]
        assert (levels["event_ts"] >= T + LEARN_DAYS * 86_400_000).all()
        for level in raised:
            raised[level] += int(np.sum((levels["level_from"] < level) & (levels["level_to"] >= level)))
    months = POINTS * (DAYS - LEARN_DAYS) / 30.4375
    assert raised[1] <= 2 * PER_MONTH[1] * months
    assert raised[2] <= 4 * PER_MONTH[2] * months
