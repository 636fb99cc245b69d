"""Readings in any order of points: what is asked of memory ahead changes no signal and no state."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from shoutu.engine import Engine, RuleSet
from shoutu.engine.kernel_fetch import scattered

START = 1_793_500_000_000
POINTS = 120
RULES: list[tuple[str, dict[str, Any]]] = [
    ("threshold", {"levels": {"1": 1.0, "3": 2.0}, "hysteresis": 0.2}),
    ("rate", {"levels": {"2": 3.0}, "window_s": 60, "interval_s": 10, "min_samples": 2}),
    ("stuck", {"window_s": 20, "tolerance": 0.5, "min_samples": 2}),
    ("accumulation", {"levels": {"2": 3.0}, "window_s": 60, "bucket_s": 10}),
    ("forecast", {"levels": {"2": 1.0}, "target": 4.0, "window_s": 60, "interval_s": 10, "min_samples": 3}),
    ("anomaly", {"levels": {"1": 100.0}, "learn_s": 0, "min_samples": 50}),
    ("implausible", {"count": 1}),
    ("no_data", {"after_s": 30}),
]


def ruleset() -> RuleSet:
    """Points with none of these rules, with one, with two … and with more than are asked for ahead."""
    points = [
        {"id": 3 * i + 1, "source": i // 7 + 1, "site": i // 20 + 1, "low": -9.0, "high": 9.0, "danger": "high"}
        for i in range(POINTS)
    ]
    kinds = [[RULES[k % len(RULES)] for k in range(i % 12) if k < len(RULES) or k == 8] for i in range(POINTS)]
    rules = [
        {"id": 100 * i + k + 1, "version": 1, "point": 3 * i + 1, "kind": kind, "params": params}
        for i, mine in enumerate(kinds)
        for k, (kind, params) in enumerate(mine)
    ]
    made = RuleSet.from_catalog([], points, rules)
    assert made.problems == ()
    return made


def batch(rng: np.random.Generator, step: int, order: str) -> list[NDArray[Any]]:
    """One reading each of ids with unwatched ones among them, some of them bad, late or told twice."""
    ids = np.arange(-2, 3 * POINTS + 8, dtype=np.int32)
    if order == "random":
        ids = rng.permutation(ids)
    elif order == "any":
        ids = rng.choice(ids, len(ids)).astype(np.int32)
    ts = START + step * 10_000 - rng.choice([0, 0, 0, 1, 700, 15_000], len(ids))
    value = rng.choice([0.0, 0.5, 1.2, 2.5, -3.0, 11.0, np.nan, 0.1 * step], len(ids))
    quality = rng.choice([0, 0, 0, 0, 0, 0, 1, 2, 3], len(ids)).astype(np.uint8)
    return [ids, ts.astype(np.int64), np.full(len(ids), START + step * 10_000), value, quality]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["random", "any", "in order"]), st.integers(1, 16))
def test_a_whole_batch_says_what_its_pieces_say(seed: int, order: str, piece: int) -> None:
    """Pieces of at most 16 readings never ask ahead."""
    rng = np.random.default_rng(seed)
    whole, pieces = Engine(), Engine()
    for engine in (whole, pieces):
        engine.switch(0, ruleset())
    seq = 1
    for step in range(8):
        columns = batch(rng, step, order)
        n = len(columns[0])
        told = whole.readings(seq, *columns)
        parts = [pieces.readings(seq + at, *[c[at : at + piece] for c in columns]) for at in range(0, n, piece)]
        assert told.tobytes() == np.concatenate(parts).tobytes()
        seq += n
    assert whole.snapshot() == pieces.snapshot()


@pytest.mark.parametrize(
    ("index", "found"),
    [
        (np.arange(1000), False),
        (np.repeat(np.arange(10), 100), False),
        (np.arange(0, 4000, 4), False),
        (np.arange(0, 40_000, 40), True),
        (np.arange(1000)[::-1].copy(), True),
        (np.random.default_rng(1).permutation(1000), True),
        (np.random.default_rng(1).permutation(16), False),
        (np.full(1000, -1), False),
        (np.empty(0, np.int64), False),
    ],
)
def test_asks_ahead_where_points_lie_apart_only(index: NDArray[Any], found: bool) -> None:
    assert scattered(index.astype(np.int32), 0) is found
