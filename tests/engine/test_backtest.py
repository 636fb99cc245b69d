"""A sweep of thresholds says of each what the engine says of it alone, and worth is counted as a person would."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shoutu.engine import backtest
from shoutu.engine.backtest import (
    FACTORS,
    HOUR_MS,
    MONTH_MS,
    OPEN,
    Event,
    Stretches,
    alone,
    history,
    scaled,
    standing,
    together,
    worth,
)
from shoutu.engine.params import ParamError
from shoutu.engine.trial import Series, judged

from .test_trial import NOW, POINT, arrivals, series

laws = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
KINDS: dict[str, dict[str, Any]] = {
    "threshold": {"levels": {"1": 2.0, "2": 4.0, "4": 8.0}, "hysteresis": 0.5, "raise_for_s": 20, "clear_for_s": 15},
    "rate": {"levels": {"2": 300.0, "3": 900.0}, "window_s": 120, "interval_s": 10, "min_samples": 3},
    "accumulation": {"levels": {"1": 4.0, "3": 20.0}, "form": "sum", "window_s": 300, "bucket_s": 10},
    "quota": {"levels": {"1": 4.0, "3": 20.0}, "form": "counter", "period": "day", "clear_for_s": 15},
    "forecast": {
        "levels": {"1": 2.0, "3": 0.5},
        "target": 9.0,
        "window_s": 120,
        "interval_s": 10,
        "min_samples": 3,
        "confidence": 0.6,
        "raise_for_s": 20,
    },
}
LOW = {"levels": {"1": 3.0, "3": 1.0}, "direction": "low"}
BAND = {"levels": {"1": [1.0, 3.0], "3": [-1.0, 5.0]}, "direction": "band"}


def one_by_one(kind: str, params: dict[str, Any], rows: Series, level: int) -> list[tuple[int, int]]:
    """The same from the engine's signals of this variant alone, in the slow, plain way."""
    rule = {"id": 9, "version": 1, "point": 7, "kind": kind, "params": params}
    found: list[tuple[int, int]] = []
    since: int | None = None
    for signal in judged(POINT, [rule], rows, NOW + 10**9):
        if int(signal["type"]) != 1 or int(signal["rule"]) != 9:
            continue
        at, held = int(signal["event_ts"]), int(signal["level_to"]) >= level
        if held and since is None:
            since = at
        elif not held and since is not None:
            found.append((since, at))
            since = None
    return [*found, (since, OPEN)] if since is not None else found


def pairs(told: Stretches) -> list[tuple[int, int]]:
    return list(zip(told.start.tolist(), told.end.tolist(), strict=True))


@laws
@given(arrivals(), st.sampled_from(sorted(KINDS)), st.lists(st.floats(0.1, 4), min_size=1, max_size=6))
def test_a_sweep_is_the_engine_run_one_by_one(rows: Any, kind: str, factors: list[float]) -> None:
    kept = series(rows)
    variants = [scaled(kind, KINDS[kind], factor) for factor in factors]
    for params, told in zip(variants, standing(POINT, kind, variants, kept, NOW + 10**9), strict=True):
        for level in (1, 2, 3, 4):
            assert pairs(told[level]) == one_by_one(kind, params, kept, level)


@laws
@given(arrivals(), st.sampled_from(sorted(KINDS)))
def test_a_level_stands_as_it_would_beside_the_others(rows: Any, kind: str) -> None:
    kept, levels = series(rows), KINDS[kind]["levels"]
    whole = standing(POINT, kind, [KINDS[kind]], kept, NOW + 10**9)[0]
    singles = [alone(kind, KINDS[kind], int(level), value) for level, value in levels.items()]
    for level, told in zip(levels, standing(POINT, kind, singles, kept, NOW + 10**9), strict=True):
        assert pairs(told[int(level)]) == pairs(whole[int(level)])


def test_thresholds_are_moved_towards_and_away_from_what_is_usual() -> None:
    assert scaled("threshold", KINDS["threshold"], 1.5)["levels"] == {"1": 3.0, "2": 6.0, "4": 12.0}
    assert scaled("threshold", LOW, 0.5)["levels"] == {"1": 1.5, "3": 0.5}
    assert scaled("threshold", BAND, 2.0)["levels"] == {"1": [0.0, 4.0], "3": [-4.0, 8.0]}
    assert scaled("threshold", KINDS["threshold"], 1.5)["raise_for_s"] == 20
    assert FACTORS[0] == 0.5
    assert 1.0 in FACTORS
    assert FACTORS[-1] == 1.5


def test_what_makes_no_rule_is_refused() -> None:
    with pytest.raises(ParamError, match="further out"):
        scaled("threshold", KINDS["threshold"], -1.0)
    with pytest.raises(ParamError, match="levels"):
        scaled("no_data", {"after_s": 60}, 1.0)
    with pytest.raises(ParamError, match="low, high"):
        alone("threshold", BAND, 1, 3.0)
    with pytest.raises(ValueError, match="variants"):
        standing(POINT, "threshold", [], series([]), NOW)
    with pytest.raises(ValueError, match="ends before"):
        history(series([]), 10.0, NOW, NOW + 1, [Event(5, 4, "slide")])


def every_ten_s(hours: float, value: Any = None) -> Series:
    n = round(hours * 360)
    ts = NOW + 10_000 * np.arange(n, dtype=np.int64)
    return Series(ts, ts, np.zeros(n) if value is None else value, np.zeros(n, np.uint8))


def h(hours: float) -> int:
    return NOW + round(hours * HOUR_MS)


def stretches(*found: tuple[float, float]) -> dict[int, Stretches]:
    starts, ends = zip(*found, strict=True) if found else ((), ())
    told = Stretches(np.array([h(at) for at in starts], np.int64), np.array([h(at) for at in ends], np.int64))
    return dict.fromkeys((1, 2, 3, 4), told)


def test_lead_is_from_the_first_signal_in_the_window_to_the_events_start() -> None:
    over = history(every_ten_s(1000), 10.0, NOW, h(1000), [Event(h(100), h(104), "slide")], before=24 * HOUR_MS)
    assert worth(stretches((90, 91), (95, 120)), over)[2].lead == (10.0,)
    assert worth(stretches((102, 103)), over)[2].lead == (-2.0,)
    assert worth(stretches((104.5, 105)), over)[2].lead == (None,)
    assert worth(stretches((104.5, 105)), over)[2][1:4] == (1, 1, 1)
    assert worth(stretches((70, 71)), over)[2][:4] == ((None,), 1, 1, 1)


def test_what_had_stood_long_before_has_no_more_lead_than_the_window_and_is_a_false_alarm_and_its_hours() -> None:
    over = history(every_ten_s(1000), 10.0, NOW, h(1000), [Event(h(100), h(104))], before=24 * HOUR_MS)
    told = worth(stretches((10, 500)), over)[4]
    assert (told.lead, told.missed, told.false) == ((24.0,), 0, 1)
    assert told.false_hours == pytest.approx(490 - 28)
    outside = (1000 - 28) * HOUR_MS / MONTH_MS
    assert told.false_per_month == pytest.approx(1 / outside, rel=1e-4)
    assert told.false_hours_per_month == pytest.approx(462 / outside, rel=1e-4)


@laws
@given(
    st.lists(st.integers(1, 400), max_size=40, unique=True).map(sorted),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 30)), max_size=6),
)
def test_hours_outside_are_those_one_would_count(edges: list[int], near: list[tuple[int, int]]) -> None:
    edges = edges[: len(edges) // 2 * 2]
    held = list(zip(edges[::2], edges[1::2], strict=True))
    over = history(every_ten_s(400), 10.0, NOW, h(400), [Event(h(at), h(at + n)) for at, n in near], before=5 * HOUR_MS)
    told = worth(stretches(*held), over)[2]
    taken = {hour for at, n in near if at < 400 for hour in range(at - 5, at + n)}
    counted = [hour for start, end in held for hour in range(start, min(end, 400)) if hour not in taken]
    assert told.false_hours == pytest.approx(len(counted), abs=0.01)


def test_more_changes_of_level_than_there_is_room_for_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = every_ten_s(0.3, 10.0 * (np.arange(108) % 2))
    params = {"levels": {"2": 5.0}}
    assert len(standing(POINT, "threshold", [params], rows, NOW + 10**9)[0][2].start) > 40
    monkeypatch.setattr(backtest, "MOST_SIGNALS", 40)
    with pytest.raises(ValueError, match="fewer variants or a shorter period"):
        standing(POINT, "threshold", [params], rows, NOW + 10**9)


def test_a_long_pause_is_no_time_without_false_alarms() -> None:
    one = every_ten_s(10)
    two = Series(*(np.concatenate([a, b]) for a, b in zip(one, every_ten_s(10), strict=True)))
    two = two._replace(ts=two.ts + np.repeat([0, 90 * HOUR_MS], 3600))
    told = worth(stretches((2, 3), (95, 96)), history(two, 10.0, NOW, h(100), []))[1]
    assert told.false == 2
    assert told.false_per_month == pytest.approx(2 / (21 * HOUR_MS / MONTH_MS), rel=1e-3)


def test_an_event_without_readings_is_neither_warned_of_nor_missed() -> None:
    over = history(every_ten_s(10), 10.0, NOW, h(1000), [Event(h(500), h(501))], before=24 * HOUR_MS)
    told = worth(stretches(), over)[3]
    assert (told.lead, told.tried, told.missed, told.median_lead) == ((None,), 0, 0, None)


def test_without_readings_outside_the_windows_no_rate_is_told() -> None:
    over = history(every_ten_s(10), 10.0, NOW, h(10), [Event(h(9), h(10))])
    told = worth(stretches((1, 2)), over)[1]
    assert (told.false, told.false_per_month, told.false_hours, told.lead) == (0, None, 0.0, (8.0,))


def test_what_stood_when_the_period_began_did_not_begin_in_it() -> None:
    over = history(every_ten_s(1000), 10.0, h(50), h(1000), [])
    told = worth(stretches((10, 60)), over)[1]
    assert told.false == 0
    assert told.false_hours == pytest.approx(10, rel=1e-3)


def test_overlapping_events_share_no_time() -> None:
    both = [Event(h(100), h(104)), Event(h(102), h(110))]
    told = worth(stretches((99, 112)), history(every_ten_s(1000), 10.0, NOW, h(1000), both, before=10 * HOUR_MS))[1]
    assert told.lead == (1.0, 3.0)
    assert told.false_hours == pytest.approx(2, rel=1e-3)
    assert told.median_lead == 2.0


def test_several_rules_are_one_while_any_of_them_stands() -> None:
    told = together([stretches((1, 3), (10, 11)), stretches((2, 5), (5, 6), (20, 21))])
    assert pairs(told[1]) == [(h(1), h(6)), (h(10), h(11)), (h(20), h(21))]
    assert pairs(together([])[4]) == []


def test_moving_a_threshold_out_costs_lead_and_spares_false_alarms() -> None:
    n = 60 * 8640
    value = 10 + np.random.default_rng(3).normal(0, 1, n)
    value[300_000:304_000] += np.linspace(0, 12, 4000)
    kept = every_ten_s(n / 360, value)
    params = {"levels": {"1": 14.0, "4": 20.0}, "hysteresis": 0.5}
    over = history(kept, 10.0, NOW, h(n / 360), [Event(int(kept.ts[303_500]), int(kept.ts[304_000]), "slide")])
    variants = [scaled("threshold", params, factor) for factor in FACTORS]
    told = [worth(one, over)[1] for one in standing(POINT, "threshold", variants, kept, h(n / 360))]
    leads = [one.lead[0] if one.lead[0] is not None else -math.inf for one in told]
    assert leads == sorted(leads, reverse=True)
    settled = [one.false for one in told[8:]]
    assert settled == sorted(settled, reverse=True)
    assert settled[0] > settled[-1]
