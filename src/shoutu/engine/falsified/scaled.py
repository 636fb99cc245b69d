"""A series that is another one times a factor, plus an offset, rounded again.

Up, down or level of each change does not ask for the factor, and rounding spoils it only of the smallest steps of a
factor below 1. Where a word of these stands twice, a line is laid through the pairs of readings, and the stretch is
made as long as every reading lies on it but for the rounding of both. What a reading tells: the share of the second
point's changes that the line would have let pass.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .law import FEWEST_CHANGES
from .matches import meetings

WORD = 52
LINE_BITS = 40.0
"""Taken off: the line is chosen to fit, out of a million factors and a million offsets."""
FEWEST_DISTINCT = 8


class Scaled(NamedTuple):
    """Readings ``second … second + n`` are ``factor`` × those from ``first`` + ``offset``, but for rounding."""

    first: int
    second: int
    n: int
    bits: float
    factor: float
    offset: float


@njit(cache=True)
def _signs(
    change: NDArray[np.int64], bounds: NDArray[np.int64], sign: NDArray[np.int64], told: NDArray[np.float32]
) -> None:
    """Signs of change, and their bits (the greater chance of alone and after the last one)."""
    for point in range(len(bounds) - 1):
        first, end = bounds[point] + 1, bounds[point + 1]
        size = np.abs(change[first:end])
        size = size[size > 0]
        if len(size) < FEWEST_CHANGES:
            continue
        alone, after = np.ones(3), np.ones((3, 3))
        for turn in range(2):
            last = 1
            for at in range(first, end):
                now = 1 + (change[at] > 0) - (change[at] < 0)
                if turn == 0:
                    alone[now] += 1
                    after[last, now] += 1
                    sign[at] = now - 1
                elif change[at] != 0:
                    told[at] = -np.log2(max(alone[now] / alone.sum(), after[last, now] / after[last].sum()))
                last = now


def clones(value: NDArray[np.int64], change: NDArray[np.int64], bounds: NDArray[np.int64]) -> list[Scaled]:
    """Stretches of two points on one line whose factor is not 1."""
    sign, told = np.zeros(len(change), np.int64), np.zeros(len(change), np.float32)
    _signs(change, bounds, sign, told)
    pairs = meetings(sign, told, bounds, WORD, 2)
    pairs = pairs[np.lexsort((pairs[:, 0], pairs[:, 1] - pairs[:, 0]))]
    found: list[Scaled] = []
    apart, until = -1, -1
    for a, b in pairs.tolist():
        if b - a == apart and a < until:
            continue
        here, there = np.searchsorted(bounds, [a, b], "right").tolist()
        if here == there:
            continue
        line = _longest(
            value, a, b, (int(bounds[here - 1]), int(bounds[here])), (int(bounds[there - 1]), int(bounds[there]))
        )
        if line is None:
            continue
        begin, end, factor, offset = line
        apart, until = b - a, end
        second = begin + b - a
        its = change[bounds[there - 1] + 1 : bounds[there]]
        mine = change[begin + 1 : end]
        bits = _told(mine, change[second + 1 : second + end - begin], its, factor) - LINE_BITS
        found.append(Scaled(begin, second, end - begin, bits, factor, offset))
    return found


def _longest(
    value: NDArray[np.int64], a: int, b: int, mine: tuple[int, int], its: tuple[int, int]
) -> tuple[int, int, float, float] | None:
    """(begin, end, factor, offset) of the stretch about a pair of places that lies on one line."""
    begin, end = a, a + WORD
    fitted = _line(value[begin:end], value[begin + b - a : end + b - a])
    if fitted is None:
        return None
    low = max(mine[0], its[0] - (b - a))
    high = min(mine[1], its[1] - (b - a))
    for _ in range(8):
        factor, offset = fitted
        off = np.abs(value[low + b - a : high + b - a] - factor * value[low:high] - offset) > _room(factor)
        before = np.flatnonzero(off[: begin - low])
        after = np.flatnonzero(off[end - low :])
        wider = (low + int(before[-1]) + 1 if len(before) else low, end + int(after[0]) if len(after) else high)
        if wider == (begin, end):
            break
        again = _line(value[wider[0] : wider[1]], value[wider[0] + b - a : wider[1] + b - a])
        if again is None:
            break
        (begin, end), fitted = wider, again
    return begin, end, *fitted


def _room(factor: float) -> float:
    return 0.5 + 0.5 * factor + 0.15


def _line(mine: NDArray[np.int64], its: NDArray[np.int64]) -> tuple[float, float] | None:
    """Factor and offset when every pair lies on the line but for rounding, and it is no factor of 1."""
    if len(np.unique(mine)) < FEWEST_DISTINCT or len(np.unique(its)) < FEWEST_DISTINCT:
        return None
    x, y = mine - mine.mean(), its - its.mean()
    factor = float((x * y).sum() / (x * x).sum())
    offset = float(its.mean() - factor * mine.mean())
    if not 0.05 < factor < 20 or np.abs(its - factor * mine - offset).max() > _room(factor):
        return None
    return factor, offset


def _told(mine: NDArray[np.int64], its: NDArray[np.int64], law: NDArray[np.int64], factor: float) -> float:
    """Bits of the second's changes, where it changed, by how many of its changes would have passed.

    The greater share of its changes, and of how far its changes lie from the one before: a smooth series moves on.
    """
    change = np.sort(law[law != 0])
    onward = np.sort(np.diff(law[law != 0]))
    width = 2 * _room(factor)
    moved = np.flatnonzero(its)
    if len(change) < FEWEST_CHANGES or len(moved) < 2:
        return 0.0
    at, last = factor * mine[moved][1:], its[moved][:-1]

    def share(law: NDArray[np.int64], middle: NDArray[np.floating]) -> NDArray[np.float64]:
        below = np.searchsorted(law, middle - width, "left")
        return np.asarray(np.maximum(np.searchsorted(law, middle + width, "right") - below, 3) / len(law))

    return float(-np.log2(np.minimum(1.0, np.maximum(share(change, at), share(onward, at - last)))).sum())
