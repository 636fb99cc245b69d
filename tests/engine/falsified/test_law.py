"""The chances behind a finding: each is a bound, however short the series."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoutu.engine.falsified import digits
from shoutu.engine.falsified.chance import tail_bits, upper
from shoutu.engine.falsified.law import bits


def told(value: np.ndarray) -> np.ndarray:
    change = np.diff(value, prepend=value[:1])
    return bits(change, np.array([0, len(value)]), np.ones(len(value), np.bool_))


@given(n=st.integers(1, 60), share=st.floats(0, 1), chance=st.floats(0.001, 0.999))
def test_a_tail_is_never_less_probable_than_told(n: int, share: float, chance: float) -> None:
    count = round(n * share)
    exact = sum(math.comb(n, k) * chance**k * (1 - chance) ** (n - k) for k in range(count, n + 1))
    assert 2.0 ** -tail_bits(count, n, chance) >= exact * (1 - 1e-9)


@given(n=st.integers(1, 60), share=st.floats(0, 1))
def test_an_upper_chance_is_contradicted_with_its_error_at_most(n: int, share: float) -> None:
    count = round(n * share)
    chance = upper(count, n, 0.01)
    assert count / n <= chance <= 1
    if chance < 1:
        fewer = sum(math.comb(n, k) * chance**k * (1 - chance) ** (n - k) for k in range(count + 1))
        assert fewer <= 0.0101


@pytest.mark.parametrize("sd", [1.0, 4.0, 40.0, 4000.0])
def test_changes_of_noise_tell_no_more_than_their_law(sd: float) -> None:
    value = np.rint(np.random.default_rng(1).standard_normal(5000) * sd).astype(np.int64)
    change = np.diff(value)
    _, seen = np.unique(change[change != 0], return_counts=True)
    entropy = -(seen / seen.sum() * np.log2(seen / seen.sum())).sum()
    found = told(value)[1:]
    assert (found[change == 0] == 0).all()
    assert 0.3 < found[change != 0].mean() <= entropy + 0.1


def test_what_always_follows_tells_nothing() -> None:
    steps = np.tile([1, 2, 3, -3, -2, -1], 300)
    assert told(np.cumsum(steps))[10:].max() < 0.1
    assert told(np.tile([0, 0, 5, 5, 5], 200)).sum() < 1
    assert told(np.arange(1000) // 7).sum() < 1


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), counts=st.lists(st.integers(20, 200), min_size=10, max_size=10))
def test_last_digits_of_one_law_are_no_finding_whatever_the_law(seed: int, counts: list[int]) -> None:
    rng = np.random.default_rng(seed)
    law = np.array(counts) / sum(counts)
    draw = [rng.choice(10, 700, p=law) + 10 * rng.integers(0, 50, 700) for _ in range(2)]
    found = digits.windows(draw[0], digits.counts(draw[1]))
    assert max((one[2] for one in found), default=0) < 25
