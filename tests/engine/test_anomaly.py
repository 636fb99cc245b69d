"""The detector of the unlike: the same bits as in plain Python, one pass, as many false alarms as it was told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from shoutu.engine import anomaly

from .reference_anomaly import Detector, Memory
from .reference_anomaly import scores as reference

MONDAY = 1_388_966_400_000
FIVE_MINUTES = 300_000
MONTH = 8_640

steps = st.sampled_from([0, 1000, FIVE_MINUTES, FIVE_MINUTES, 3_600_000, -60_000, 9_000_000_000])
figures = st.one_of(
    st.sampled_from([0.0, 1.0, -5.0, 7.25, 1e300, -1e300, 1e-300, float("nan"), float("inf"), -0.0]),
    st.floats(-10, 10),
)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(steps, figures), min_size=1, max_size=300),
    st.integers(0, 2**32 - 1),
    st.sampled_from([0.0003, 0.01, 0.5, 1e-7]),
    st.sampled_from([0, 3, 140]),
)
def test_says_what_plain_python_says(wild: list[Any], seed: int, target: float, refractory: int) -> None:
    rng = np.random.default_rng(seed)
    calm = [(FIVE_MINUTES, float(x)) for x in rng.normal(0, 1, 400)]
    both = calm[:200] + wild + calm[200:]
    ts = MONDAY + np.cumsum([step for step, _ in both])
    values = [value for _, value in both]
    told = anomaly.scores(ts, values, target, refractory)
    plain = np.array(reference(ts.tolist(), values, target, refractory))
    assert told.view(np.int64).tolist() == plain.view(np.int64).tolist()
    assert ((told >= 0) & (told <= 1)).all()


def after(pairs: list[tuple[int, float]]) -> tuple[Any, Detector]:
    """The compiled detector and the plain one after the same readings."""
    state, plain = np.zeros(1, anomaly.DETECTOR), Detector(0.01, 3)
    anomaly.start(state[0], 0.01, 3)
    ts = MONDAY + np.cumsum([step for step, _ in pairs])
    told = np.empty(len(pairs))
    anomaly._each(state[0], ts, np.array([value for _, value in pairs]), told)
    assert told.tolist() == [plain.score(int(t), value) for t, (_, value) in zip(ts, pairs, strict=True)]
    return state[0], plain


def same_memories(state: Any, plain: Detector) -> bool:
    def of(memory: Memory) -> tuple[Any, ...]:
        return (*memory.low, *memory.high, memory.used)

    lines = [(state["from"][k].tolist(), state["to"][k].tolist(), state["used"][k].tolist()) for k in range(6)]
    boxes = (*state["box_from"].tolist(), *state["box_to"].tolist(), state["box_used"].tolist())
    return [of(memory) for memory in plain.memories] == [*lines, boxes]


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.tuples(steps, st.one_of(figures, st.sampled_from([0.3, 0.5, 0.7]))), min_size=1, max_size=250),
    st.sampled_from([1e-12, 1.0, 1e25]),
)
def test_remembers_what_plain_python_remembers(wild: list[tuple[int, float]], scale: float) -> None:
    """Range by range, place by place, and when it was there last."""
    pairs = [(step, value if abs(value) > 1e200 else value * scale) for step, value in wild]
    assert same_memories(*after(pairs))


def test_what_was_not_visited_for_ten_thousand_readings_is_forgotten_alike() -> None:
    """The same values come back after their ranges are out of force, some of these lying before the new in memory."""
    rng = np.random.default_rng(8)
    spread = rng.normal(0, 1, 60)
    narrow = 0.2 * np.sin(np.arange(anomaly.FORGET + 10))
    values = [*spread, *narrow, *spread]
    assert same_memories(*after([(FIVE_MINUTES, float(value)) for value in values]))


def stationary(kind: str, seed: int, n: int) -> NDArray[np.float64]:
    rng = np.random.default_rng([seed, len(kind)])
    noise = rng.standard_normal(n)
    day = np.sin(np.arange(n) * FIVE_MINUTES / 86_400_000 * 2 * np.pi)
    if kind == "daily":
        return 5 * day + noise
    if kind == "heavy":
        return rng.standard_t(3, n)
    if kind == "rounded":
        return np.round(20 + 2 * day + 0.5 * noise, 1)
    return noise


def times(n: int) -> NDArray[np.int64]:
    return MONDAY + FIVE_MINUTES * np.arange(n, dtype=np.int64)


@pytest.mark.parametrize("kind", ["white", "daily", "heavy", "rounded"])
def test_after_its_first_week_it_calls_as_often_as_told(kind: str) -> None:
    """2.6 a month of readings every five minutes; within three times that over forty point-months."""
    alarms = 0
    for seed in range(20):
        n = 2_000 + 2 * MONTH
        found = anomaly.scores(times(n), stationary(kind, 900 + seed, n))
        alarms += int((found[2_000:] >= 1 - anomaly.TARGET).sum())
    assert 0.2 <= alarms / 40 <= 3 * anomaly.TARGET * MONTH


def test_a_shift_a_spike_and_a_dead_flat_line_are_found_soon() -> None:
    n, at = 12_000, 9_000
    for change in (
        lambda x: np.concatenate([x[:at], x[at:] + 8]),
        lambda x: np.concatenate([x[:at], x[at : at + 3] + 15, x[at + 3 :]]),
        lambda x: np.concatenate([x[:at], np.full(n - at, x[at])]),
    ):
        found = anomaly.scores(times(n), change(stationary("daily", 3, n)))
        assert (found[at : at + 60] >= 1 - anomaly.TARGET).any()


def test_one_event_is_one_alarm() -> None:
    n, at = 12_000, 9_000
    series = stationary("white", 4, n)
    series[at : at + 100] += 12
    alarms = np.flatnonzero(anomaly.scores(times(n), series)[at : at + 140] >= 1 - anomaly.TARGET)
    assert alarms.tolist() == [0]
    # Without a pause after an alarm it would be many.
    assert (anomaly.scores(times(n), series, refractory=0)[at : at + 140] >= 1 - anomaly.TARGET).sum() > 3


def test_no_later_reading_changes_a_score() -> None:
    series = stationary("daily", 5, 3_000)
    whole = anomaly.scores(times(3_000), series)
    assert anomaly.scores(times(1_700), series[:1_700]).tolist() == whole[:1_700].tolist()


@pytest.mark.parametrize(("ts", "values", "target"), [([1, 2], [1.0], 0.1), ([1], [1.0], 0.0), ([1], [1.0], 1.0)])
def test_what_makes_no_sense_is_refused(ts: list[int], values: list[float], target: float) -> None:
    with pytest.raises(ValueError, match=r"expected|per reading"):
        anomaly.scores(ts, values, target)
