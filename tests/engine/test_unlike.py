"""The anomaly kind: says with figures what is new, never while it learns, and forgets nothing at a new version."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shoutu.engine import Engine, RuleSet
from shoutu.engine.params import ParamError, parse
from shoutu.engine.state import build

from .journals import BASE, OPTIONS, POINTS, changed, journals, rule_params, run_engine, run_reference
from .test_anomaly import stationary

laws = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
STEP = 300_000
DAY = 86_400_000
RULE: dict[str, Any] = {"levels": {"1": 3000, "2": 30_000}}


def calm(point: int, n: int, seed: int, step: int = 10_000) -> list[tuple[Any, ...]]:
    """Readings that end where a journal begins."""
    rng = np.random.default_rng(seed)
    first = BASE - n * step
    return [
        ("reading", point, first + k * step, first + k * step, float(v), 0) for k, v in enumerate(rng.normal(1, 0.3, n))
    ]


@st.composite
def learnt_journals(draw: Any) -> list[tuple[Any, ...]]:
    """Enough calm readings to have learnt, and then anything at all, new versions too."""
    rules = [
        {"id": 50 + k, "version": 1, "point": k, "kind": "anomaly", "params": draw(rule_params("anomaly"))}
        for k in (1, 2)
    ]
    ruleset = RuleSet.from_catalog([], POINTS, rules, OPTIONS)
    before = [record for k in (1, 2) for record in calm(k, draw(st.sampled_from([70, 120])), draw(st.integers(0, 99)))]
    rest = [record for record in draw(journals(switches=False)) if record[0] != "switch"]
    at = draw(st.integers(0, len(rest)))
    return [
        ("switch", ruleset), *sorted(before, key=lambda r: r[2]), *rest[:at], ("switch", draw(changed(ruleset))),
        *rest[at:],
    ]  # fmt: skip


@laws
@given(learnt_journals(), st.sets(st.integers(0, 400), max_size=5), st.sets(st.integers(0, 400), max_size=2))
def test_says_what_the_reference_says_batched_and_restarted(journal: Any, cuts: set[int], restarts: set[int]) -> None:
    assert run_engine(journal, cuts, restarts) == run_reference(journal)


class Stream:
    """One point with an anomaly rule, a reading every five minutes."""

    def __init__(self, params: dict[str, Any] = RULE, **point: Any) -> None:
        self.point = {"id": 1, "source": 1, "site": 1, "interval_s": 300, **point}
        self.version, self.k = 0, 0
        self.engine = Engine()
        self.renew(params)

    def renew(self, params: dict[str, Any]) -> None:
        self.version += 1
        rule = {"id": 1, "version": self.version, "point": 1, "kind": "anomaly", "params": params}
        ruleset = RuleSet.from_catalog([], [self.point], [rule])
        assert ruleset.problems == ()
        self.engine.switch(0, ruleset)

    def read(self, values: Any, quality: int = 0) -> list[Any]:
        n = len(values)
        ts = BASE + STEP * np.arange(self.k, self.k + n)
        self.k += n
        return list(
            self.engine.readings(
                self.k, np.ones(n, np.int32), ts, ts, np.asarray(values), np.full(n, quality, np.uint8)
            )
        )


def noise(n: int, seed: int = 1) -> Any:
    return np.random.default_rng(seed).normal(10, 1, n)


def test_while_it_learns_it_says_nothing_and_then_it_does() -> None:
    week = 7 * DAY // STEP
    stream = Stream()
    wild = noise(week)
    wild[100::300] += 40
    assert stream.read(wild) == []
    calm_one = Stream()
    calm_one.read(noise(week + 200))
    (signal, *_) = calm_one.read([60.0])
    assert (int(signal["level_from"]), int(signal["level_to"])) == (0, 2)
    assert signal["aux"] >= 30_000
    assert signal["threshold"] == 30_000
    assert signal["value"] == 60.0
    assert 5 < signal["low"] < 8
    assert 12 < signal["high"] < 15  # where it had ever been


def test_readings_enough_are_asked_for_too() -> None:
    stream = Stream({**RULE, "min_samples": 3000})
    stream.read(noise(2990))
    assert stream.read([60.0]) == []


def test_one_event_is_one_warning_and_the_same_once_more_is_known() -> None:
    stream = Stream()
    stream.read(noise(2_500))
    event = noise(30, 2) + 30
    told = [(int(s["level_from"]), int(s["level_to"])) for s in stream.read(np.concatenate([event, noise(400, 3)]))]
    assert told in ([(0, 2), (2, 0)], [(0, 2), (2, 1), (1, 0)])
    assert [s for s in stream.read(np.concatenate([event, noise(200, 4)])) if s["level_to"] == 2] == []


def test_a_standstill_is_told_as_such() -> None:
    stream = Stream()
    stream.read(noise(2_500))
    raised = [s for s in stream.read(np.full(200, 10.0)) if s["level_to"] > s["level_from"]]
    assert raised
    assert raised[0]["flags"] & (128 | 256)  # it stands still, or scatters less than ever


def test_what_is_usual_at_this_hour_is_told() -> None:
    n = 21 * DAY // STEP
    day = np.sin(np.arange(n + 1) * STEP / DAY * 2 * np.pi)
    stream = Stream()
    stream.read(20 + 10 * day[:n] + 0.1 * noise(n))
    usual = 21 + 10 * day[n]
    raised = stream.read([usual - 8])
    assert raised
    if raised[0]["flags"] & 64:
        assert raised[0]["low"] < usual < raised[0]["high"]


def test_a_new_version_goes_on_with_what_is_learnt_and_another_local_time_does_not() -> None:
    stream = Stream()
    stream.read(noise(2_500))
    stream.renew({"levels": {"2": 5000}, "clear_for_s": 600})
    assert [int(s["level_to"]) for s in stream.read([60.0])] == [2]
    other = Stream()
    other.read(noise(2_500))
    other.renew({**RULE, "utc_offset_h": 0})
    assert other.read([60.0]) == []


def test_what_is_out_of_range_is_not_learnt_and_a_doubtful_reading_may_raise_and_not_clear() -> None:
    stream = Stream({**RULE, "clear_for_s": 0}, low=0, high=100, danger="both")
    stream.read(noise(2_500))
    assert stream.read([999.0]) == []
    (signal,) = stream.read([60.0], quality=1)
    assert (int(signal["level_to"]), signal["high"] < 20) == (2, True)
    assert stream.read(noise(60, 8), quality=1) == []
    assert [int(s["level_to"]) for s in stream.read(noise(60, 9))][-1] == 0


def test_late_readings_neither_teach_nor_tell() -> None:
    late, without = Stream(), Stream()
    for stream in (late, without):
        stream.read(noise(2_500))
    ts = np.array([BASE + 5 * STEP + 1])
    assert len(late.engine.readings(1, [1], ts, BASE + 2_500 * STEP, [500.0], [0])) == 0
    a, b = (stream.engine._state.arrays.detectors for stream in (late, without))
    assert a.tobytes() == b.tobytes()


def test_a_point_without_one_costs_no_byte_more_and_the_start_is_the_detectors_own() -> None:
    from shoutu.engine import anomaly

    assert len(build(RuleSet.from_catalog([], POINTS, [])).arrays.detectors) == 0
    own = np.zeros(1, anomaly.DETECTOR)
    anomaly.start(own[0], 0.5, 0)
    made = Stream().engine._state.arrays.detectors
    for name in anomaly.DETECTOR.names or ():
        if name not in ("limit", "target", "refractory"):
            assert made[name].tolist() == own[name].tolist(), name


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"levels": {"3": 3000}}, "params.levels.3"),
        ({"levels": {"1": 10}}, "params.levels.1"),
        ({"levels": {"1": 3000, "2": 2000}}, "params.levels"),
        ({"levels": {"1": 2_000_000}}, "params.levels.1"),
        ({**RULE, "min_samples": 3}, "params.min_samples"),
        ({**RULE, "learn_s": -1}, "params.learn_s"),
    ],
)
def test_what_makes_no_sense_is_named(params: dict[str, Any], field: str) -> None:
    with pytest.raises(ParamError) as refused:
        parse("anomaly", params)
    assert refused.value.field == field


@pytest.mark.parametrize("kind", ["white", "daily", "heavy", "rounded"])
def test_it_warns_of_nothing_no_more_often_than_its_level_says(kind: str) -> None:
    """3,000 readings to one, every five minutes: some three a month, from the third week on."""
    months, raised = 20, 0
    for seed in range(months):
        found = Stream({"levels": {"1": 3000}, "learn_s": 1_209_600}).read(stationary(kind, 70 + seed, 4_032 + 8_640))
        raised += sum(int(s["level_to"]) == 1 for s in found)
    assert 0.2 <= raised / months <= 1.6 * 8_640 / 3_000
