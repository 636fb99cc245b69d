"""What each change of a series tells, in bits: how improbable it is under the law of its own point.

A reading equal to the one before tells nothing: how long a value holds may follow a timer, and a switch, a dry gauge or
a saturated sensor must never look improbable. A change has the greatest of four chances: by how often it comes at all,
after changes like the last one, after this very change, and by how far it lies from the last change (a smooth series
moves on as it moved). The greatest chance is the least information.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

SYMBOLS = 64
"""Sizes of change told apart each way; larger steps are put in coarser bins, which makes a chance greater."""
FEWEST_CHANGES = 60
"""Of fewer changes no law is told, and no information."""
SEEN = 3.0
"""What is rarer counts as seen so often."""
PRIOR = 8.0
"""Weight of the law after changes like the last, where this very change was seldom before."""


@njit(cache=True)
def bits(change: NDArray[np.int64], bounds: NDArray[np.int64], teaches: NDArray[np.bool_]) -> Any:
    """Bits of each change; ``bounds``: where each point's readings begin, and the end. The first reading tells none.

    Only changes that ``teaches`` marks make the law, all are measured by it.
    """
    told = np.zeros(len(change), np.float32)
    plain = np.zeros(2 * SYMBOLS, np.int64)
    alike = np.zeros((4, 2 * SYMBOLS), np.int64)
    exact = np.zeros((2 * SYMBOLS, 2 * SYMBOLS), np.int64)
    onward = np.zeros(4 * SYMBOLS, np.int64)
    for point in range(len(bounds) - 1):
        first, end = bounds[point] + 1, bounds[point + 1]
        size = np.abs(change[first:end])
        size = size[(size > 0) & teaches[first:end]]
        if len(size) < FEWEST_CHANGES:
            continue
        middle, large = np.median(size), np.quantile(size, 0.95)
        width = max(1, int(np.ceil(large / (SYMBOLS - 2))))
        plain[:] = 0
        alike[:] = 0
        exact[:] = 0
        onward[:] = 0
        for turn in range(2):
            last = 0
            for at in range(first, end):
                step = change[at]
                if step == 0:
                    continue
                now, before = _bin(step, width), _bin(last, width)
                kind = (2 if last > 0 else 0) + (1 if abs(last) > middle else 0)
                gone = min(max((step - last) // width, -2 * SYMBOLS), 2 * SYMBOLS - 1) + 2 * SYMBOLS
                last = step
                if turn == 0:
                    if not teaches[at]:
                        continue
                    plain[now] += 1
                    alike[kind, now] += 1
                    exact[before, now] += 1
                    onward[gone] += 1
                    continue
                chance = max(plain[now], onward[gone], SEEN) / len(size)
                after = min(1.0, max(alike[kind, now], SEEN) / max(alike[kind].sum(), 1))
                # Less the reading itself and one copy of it, which would else speak for each other.
                very = (max(exact[before, now] - 2, 0) + PRIOR * after) / (max(exact[before].sum() - 2, 0) + PRIOR)
                told[at] = -np.log2(min(1.0, max(chance, after, very)))
    return told


@njit(cache=True)
def _bin(step: int, width: int) -> Any:
    size = min(abs(step) // width, SYMBOLS - 1)
    return SYMBOLS + size if step >= 0 else SYMBOLS - 1 - size
