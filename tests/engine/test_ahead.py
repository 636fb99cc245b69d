"""Forecasts: right about what is on its way, silent about what may be chance."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from shoutu.engine import Engine, RuleSet
from shoutu.engine import layout as lay
from shoutu.engine.kernel_ahead import hours_left
from shoutu.engine.params import Forecast, ParamError, parse, quantile

from .reference_ahead import hours_left as plain

HOUR = 3_600_000
START = 1_793_500_000_000
LINEAR = {"levels": {"1": 24, "2": 8, "3": 2}, "target": 10.0, "window_s": 86_400, "interval_s": 1800}
INVERSE = {
    "form": "inverse_velocity", "levels": {"1": 72, "2": 24, "3": 6}, "target": 0.05, "window_s": 259_200,
    "interval_s": 7200, "min_samples": 24,
}  # fmt: skip


def judged(params: dict[str, Any], values: NDArray[np.float64], step_h: float = 0.5) -> list[Any]:
    ruleset = RuleSet.from_catalog(
        [], [{"id": 1, "source": 1, "site": 1}],
        [{"id": 1, "version": 1, "point": 1, "kind": "forecast", "params": params}],
    )  # fmt: skip
    assert ruleset.problems == ()
    engine = Engine()
    engine.switch(0, ruleset)
    n = len(values)
    ts = START + (np.arange(n) * step_h * HOUR).astype(np.int64)
    return list(engine.readings(1, np.ones(n, np.int32), ts, ts, values, np.zeros(n, np.uint8)))


def hours_of(signal: Any) -> float:
    return (int(signal["event_ts"]) - START) / HOUR


@pytest.mark.parametrize(("sign", "direction"), [(1.0, "high"), (-1.0, "low")])
def test_line_says_in_time_when_a_value_will_be_reached(sign: float, direction: str) -> None:
    """0.1 an hour from 0, with noise: 10 is reached after 100 hours. Each level comes about when its hours are left."""
    rng = np.random.default_rng(5)
    values = sign * (np.arange(192) * 0.05 + rng.normal(0, 0.05, 192))
    found = judged({**LINEAR, "target": sign * 10.0, "direction": direction}, values)
    assert [int(s["level_to"]) for s in found][:1] == [1]
    for signal, left in zip(found, (24, 8), strict=False):
        assert hours_of(signal) == pytest.approx(100 - left, abs=3)
        assert signal["low"] <= signal["aux"] <= signal["high"]
        assert signal["low"] <= 100 - hours_of(signal) <= signal["high"] + 1
        assert signal["threshold"] == sign * 10.0


def test_noise_a_daily_swing_and_a_slow_wander_say_nothing() -> None:
    rng = np.random.default_rng(7)
    n = 48 * 60
    week = {**LINEAR, "window_s": 259_200, "interval_s": 7200}
    for values in (
        5 + rng.normal(0, 1.0, n),
        5 + 2 * np.sin(np.arange(n) / 48 * 2 * math.pi) + rng.normal(0, 0.2, n),
    ):
        assert [s for s in judged(week, values) if s["level_to"] >= 1] == []


def test_inverse_velocity_says_when_a_slope_fails() -> None:
    """Velocity 12 / (hours to failure), Fukuzono's law: each level within a few hours of its time."""
    rng = np.random.default_rng(3)
    fails, step = 240.0, 0.5
    t = np.arange(0, fails - 1, step)
    values = -12 * np.log((fails - t) / fails) + rng.normal(0, 0.05, len(t))
    found = [s for s in judged(INVERSE, values, step) if s["level_to"] > s["level_from"]]
    assert max(int(s["level_to"]) for s in found) >= 2
    for signal in found:
        left = fails - hours_of(signal)
        assert signal["aux"] == pytest.approx(left, abs=max(4, 0.3 * left))
        assert math.isnan(signal["threshold"])


def test_steady_creep_is_no_failure() -> None:
    rng = np.random.default_rng(11)
    t = np.arange(0, 24 * 40, 0.5)
    assert judged(INVERSE, 0.2 * t + rng.normal(0, 0.05, len(t))) == []
    assert judged(INVERSE, 0.2 * t + np.cumsum(rng.normal(0, 0.03, len(t)))) == []


def test_forecast_falls_when_the_trend_ends() -> None:
    rng = np.random.default_rng(5)
    rising = np.minimum(np.arange(400) * 0.05, 8.0) + rng.normal(0, 0.03, 400)
    found = judged(LINEAR, rising)
    assert found[0]["level_to"] >= 1
    assert found[-1]["level_to"] == 0


steps = st.lists(
    st.one_of(st.sampled_from([0.0, 0.0, 0.5, 1.0, 1.0, -0.25, -1.0, 1e308, -1e308, 5e-324, -0.0]), st.floats(-1, 3)),
    min_size=2,
    max_size=39,
)


@settings(max_examples=400, deadline=None)
@given(
    st.data(),
    steps,
    st.sampled_from([0.5, 0.6, 0.8, 0.95, 0.9999]),
    st.sampled_from(["high", "low"]),
    st.sampled_from([0.0, 3.0, -40.0, 1e300]),
    st.sampled_from(["linear", "inverse_velocity"]),
)
def test_leaves_at_once_only_where_the_whole_way_leads_to_never(
    data: Any, steps: list[float], confidence: float, direction: str, target: float, form: str
) -> None:
    """To the bit what the plain line through all pairs says: flat stretches, ties, jumps, and a ring that begins
    anywhere."""
    n = len(steps)
    values = np.clip(np.cumsum(steps), -1e308, 1e308).tolist() if data.draw(st.booleans()) else steps
    stamps = np.cumsum(data.draw(st.lists(st.sampled_from([1, 1000, 600_000, 7_200_000]), min_size=n, max_size=n)))
    params = Forecast(
        levels={}, target=abs(target) if form != "linear" else target, window_s=1, interval_s=1, confidence=confidence,
        direction=direction, form=form,
    )  # fmt: skip
    cap = n + data.draw(st.integers(0, 3))
    rule, cold, extra = np.zeros(1, lay.RULE), np.zeros(1, lay.COLD), np.zeros(1, lay.EXTRA)
    rule["n"], cold["cap"], cold["head"], cold["form"] = n, cap, data.draw(st.integers(0, cap - 1)), lay.WAYS[form]
    cold["offset"] = 2
    extra["target"], extra["z"] = params.target, quantile(confidence)
    extra["sign"] = 1.0 if direction == "high" else -1.0
    at = 2 + (int(cold["head"][0]) + np.arange(n)) % cap
    held_ts, held = np.zeros(cap + 2, np.int64), np.full(cap + 2, np.nan)
    held_ts[at], held[at] = stamps, values
    now, work = int(stamps[-1]), np.empty((3, 800))
    told = hours_left(held_ts, held, rule[0], cold[0], extra[0], now, work)
    assert told[:3] == plain(params, list(zip(stamps.tolist(), values, strict=True)), now)
    assert told[3] == stamps[0]


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({**LINEAR, "levels": {"1": 2, "2": 8}}, "params.levels"),
        ({**LINEAR, "levels": {"1": -2}}, "params.levels.1"),
        ({**LINEAR, "confidence": 1}, "params.confidence"),
        ({**LINEAR, "window_s": 864_000}, "params.interval_s"),
        ({**INVERSE, "target": -1}, "params.target"),
        ({**INVERSE, "min_samples": 8}, "params.min_samples"),
    ],
)
def test_what_makes_no_sense_is_named(params: dict[str, Any], field: str) -> None:
    with pytest.raises(ParamError) as refused:
        parse("forecast", params)
    assert refused.value.field == field
