"""What one person alone may change: only what warns at least as high and as soon."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoutu.county.sites.strictness import at_least_as_strict

HIGH = {"levels": {"2": 20.0, "4": 24.0}, "direction": "high", "hysteresis": 0.5, "raise_for_s": 60, "clear_for_s": 60}
SUM = {"levels": {"2": 30.0}, "window_s": 3600.0, "bucket_s": 600.0, "form": "sum", "raise_for_s": 0.0}
QUOTA = {"levels": {"4": 100.0}, "period": "month", "form": "sum", "raise_for_s": 0.0}
AHEAD = {"levels": {"1": 72.0, "3": 24.0}, "target": 6.0, "direction": "low", "confidence": 0.95, "window_s": 86400.0}
RISING = {**AHEAD, "direction": "high"}
FASTER = {**AHEAD, "form": "inverse_velocity"}
UNLIKE = {"levels": {"1": 3000.0}, "learn_s": 604800.0, "min_samples": 500, "utc_offset_h": 8.0, "clear_for_s": 43200.0}
LOW = {"levels": {"2": 7.2, "4": 6.0}, "direction": "low", "hysteresis": 0.0, "raise_for_s": 0, "clear_for_s": 0}


@pytest.mark.parametrize(
    ("kind", "old", "change", "strict"),
    [
        ("threshold", HIGH, {}, True),
        ("anomaly", UNLIKE, {"levels": {"1": 2000.0}}, True),
        ("anomaly", UNLIKE, {"levels": {"2": 3000.0}}, True),
        ("anomaly", UNLIKE, {"levels": {"1": 4000.0}}, False),
        ("anomaly", UNLIKE, {"learn_s": 86400.0}, True),
        ("anomaly", UNLIKE, {"min_samples": 1000}, False),
        ("anomaly", UNLIKE, {"utc_offset_h": 0.0}, False),
        ("anomaly", UNLIKE, {"clear_for_s": 3600.0}, False),
        ("threshold", HIGH, {"levels": {"2": 18.0, "4": 24.0}}, True),
        ("threshold", HIGH, {"levels": {"2": 21.0, "4": 24.0}}, False),
        ("threshold", HIGH, {"levels": {"4": 24.0}}, False),
        ("threshold", HIGH, {"levels": {"1": 10.0, "2": 20.0, "4": 24.0}}, True),
        ("threshold", HIGH, {"levels": {"4": 20.0}}, True),
        ("threshold", LOW, {"levels": {"2": 7.5, "4": 6.0}}, True),
        ("threshold", LOW, {"levels": {"2": 7.0, "4": 6.0}}, False),
        ("threshold", HIGH, {"direction": "low"}, False),
        ("threshold", HIGH, {"raise_for_s": 30}, True),
        ("threshold", HIGH, {"raise_for_s": 90}, False),
        ("threshold", HIGH, {"clear_for_s": 90, "hysteresis": 1.0}, True),
        ("threshold", HIGH, {"clear_for_s": 30}, False),
        ("no_data", {"intervals": 3.0, "level": 1}, {"intervals": 2.0}, True),
        ("no_data", {"intervals": 3.0, "level": 1}, {"after_s": 10.0}, False),
        ("no_data", {"intervals": 3.0, "level": 1}, {"level": 2}, True),
        ("implausible", {"low": 0.0, "high": 30.0, "count": 1}, {"high": 40.0}, False),
        ("implausible", {"low": 0.0, "high": 30.0, "count": 1}, {"low": 1.0}, True),
        ("rate", {"levels": {"3": 5.0}, "window_s": 3600.0, "direction": "high"}, {"window_s": 600.0}, False),
        ("accumulation", SUM, {"levels": {"2": 25.0}}, True),
        ("accumulation", SUM, {"window_s": 7200.0}, True),
        ("accumulation", SUM, {"window_s": 600.0}, False),
        ("accumulation", SUM, {"bucket_s": 60.0}, False),
        ("accumulation", SUM, {"form": "counter"}, False),
        ("quota", QUOTA, {"levels": {"4": 99.0}}, True),
        ("quota", QUOTA, {"period": "year"}, False),
        ("forecast", AHEAD, {"levels": {"1": 96.0, "3": 24.0}}, True),
        ("forecast", AHEAD, {"levels": {"1": 48.0, "3": 24.0}}, False),
        ("forecast", AHEAD, {"confidence": 0.9}, True),
        ("forecast", AHEAD, {"confidence": 0.99}, False),
        ("forecast", AHEAD, {"target": 5.0}, False),
        ("forecast", AHEAD, {"target": 6.5}, True),
        ("forecast", RISING, {"target": 5.0}, True),
        ("forecast", RISING, {"target": 6.5}, False),
        ("forecast", RISING, {"target": 5.0, "direction": "low"}, False),
        ("forecast", FASTER, {"target": 5.0}, True),
        ("forecast", FASTER, {"target": 6.5}, False),
        ("unheard_of", {"x": 1}, {"x": 2}, False),
    ],
)
def test_strictness(kind, old, change, strict):
    assert at_least_as_strict(kind, old, {**old, **change}) is strict


BOUNDS = st.lists(st.floats(-100, 100), min_size=4, max_size=4).map(sorted)


@given(BOUNDS, BOUNDS, st.sampled_from(["high", "low"]), st.floats(-150, 150))
def test_what_passes_never_lowers_a_level(old, new, side, value):
    """Law: a change that passes gives every value at least the level it had."""

    def rule(bounds):
        ordered = bounds if side == "high" else bounds[::-1]
        return {"levels": {str(level): bound for level, bound in enumerate(ordered, 1)}, "direction": side}

    def level(params):
        reached = [
            int(key)
            for key, bound in params["levels"].items()
            if (value >= bound if side == "high" else value <= bound)
        ]
        return max(reached, default=0)

    if at_least_as_strict("threshold", rule(old), rule(new)):
        assert level(rule(new)) >= level(rule(old))
