"""A short series of values repeated exactly, again and again: a sensor frozen in a pattern, or a recorded loop.

A pump, a shift or a timer repeats itself as well. So what a repetition tells is measured by the law of the readings
outside it: what the point did before, too, is no news.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .law import bits

LONGEST = 60
"""Readings of a pattern; what repeats at greater distance is a copy."""
REPEATS = 3
FEWEST_CHANGES = 3
"""Different steps within a pattern: less is a switch."""


@njit(cache=True)
def repeated(value: NDArray[np.int64], bounds: NDArray[np.int64]) -> Any:
    """Rows (place, readings, period) of stretches that stand at least three times one after the other."""
    found = np.empty((1024, 3), np.int64)
    n = 0
    for point in range(len(bounds) - 1):
        first, end = bounds[point], bounds[point + 1]
        taken = first
        for period in range(3, LONGEST + 1):
            run = 0
            for at in range(first + period, end + 1):
                if at < end and value[at] == value[at - period]:
                    run += 1
                    continue
                begin = at - run - period
                if run >= (REPEATS - 1) * period and begin >= taken and _moves(value, begin, period):
                    if n == len(found):
                        more = np.empty((2 * n, 3), np.int64)
                        more[:n] = found
                        found = more
                    found[n] = begin, run + period, period
                    n += 1
                    taken = at
                run = 0
    return found[:n]


@njit(cache=True)
def _moves(value: NDArray[np.int64], begin: int, period: int) -> Any:
    steps = np.zeros(FEWEST_CHANGES, np.int64)
    n = 0
    for at in range(begin + 1, begin + period + 1):
        step = value[at] - value[at - 1]
        if step == 0 or (steps[:n] == step).any():
            continue
        steps[n] = step
        n += 1
        if n == FEWEST_CHANGES:
            return True
    return False


def told(value: NDArray[np.int64], begin: int, n: int, period: int, before: NDArray[np.int64]) -> float:
    """Bits of the repetitions after the first, by the law of the point's readings outside them and before."""
    whole = np.concatenate([before, value])
    change = np.diff(whole, prepend=whole[:1])
    teaches = np.ones(len(whole), np.bool_)
    start = len(before) + begin
    teaches[start : start + n + 1] = False
    teaches[len(before)] = False
    law = bits(change, np.array([0, len(whole)]), teaches)
    return float(law[start + period : start + n].sum())
