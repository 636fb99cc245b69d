"""Last digits: values rounded, or written by hand with a liking for some digits.

Assumed: the noise between readings is of five last digits or more, so that a last digit says nothing of the next, and
that last digits now come by the same law as in the reference, whatever that law is. Then which of all of them stand in
a window is chance alone: the multivariate hypergeometric law, exact for any length; and a set of counts so improbable
comes with at most that chance times the number of sets there are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .chance import log2_choose

FEWEST = 60
"""Changed readings in the reference."""
COARSEST = 5.0
"""Usual step, in last digits: of a slower series the last digit depends on the one before."""
WINDOWS = (40, 80, 160, 320, 640, 1280)
"""Changed readings in a window; they stand half a window apart."""
ROUNDED = 0.9
"""Share of one last digit from which values are called rounded."""


def changed(value: NDArray[np.int64]) -> NDArray[np.int64]:
    """Places of readings unlike the one before."""
    return np.flatnonzero(np.diff(value)) + 1


def endings(value: NDArray[np.int64]) -> NDArray[np.int64]:
    """Last digits, counted on through 0: of values about it, those below end in what is left to the next ten."""
    return (value if np.median(value) >= 0 else -value) % 10


def counts(value: NDArray[np.int64]) -> NDArray[np.int64]:
    """How often each last digit stands in readings that changed."""
    if not len(value):
        return np.zeros(10, np.int64)
    return np.bincount(endings(value)[changed(value)], minlength=10).astype(np.int64)


def usual_step(value: NDArray[np.int64]) -> float:
    """The middle of what changes are, 0 where nothing does."""
    step = np.abs(np.diff(value))
    step = step[step > 0]
    return float(np.median(step)) if len(step) else 0.0


def noise(value: NDArray[np.int64]) -> float:
    """As ``usual_step`` of noise would be, by third differences: what moves without noise has none."""
    bends = np.abs(np.diff(value, 3))
    return float(np.median(bends)) / 3 if len(bends) else 0.0


def fit(reference: NDArray[np.int64]) -> bool:
    """Whether these counts can be a reference: enough of them, not rounded themselves."""
    return bool(reference.sum() >= FEWEST and reference.max() <= 0.5 * reference.sum())


def windows(value: NDArray[np.int64], reference: NDArray[np.int64]) -> list[tuple[int, int, float, NDArray[np.int64]]]:
    """(place, readings, bits, counts) of each window, half a window apart."""
    places = changed(value)
    digit = endings(value)[places] if len(value) else places
    run = np.zeros((len(digit) + 1, 10), np.int64)
    run[1:] = np.cumsum(digit[:, None] == np.arange(10), axis=0)
    factorials = np.concatenate([[0.0], np.cumsum(np.log2(np.arange(1, int(reference.sum()) + len(digit) + 1)))])

    def choose(n: NDArray[np.int64], k: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.asarray(factorials[n] - factorials[k] - factorials[n - k])

    found = []
    for length in WINDOWS:
        begins = np.arange(0, len(digit) - length + 1, length // 2)
        told = run[begins + length] - run[begins]
        n = np.full(len(begins), length)
        bits = choose(n + reference.sum(), n) - choose(told + reference, told).sum(axis=1) - log2_choose(length + 9, 9)
        for at in np.flatnonzero(bits > 0).tolist():
            first, last = int(places[begins[at]]), int(places[begins[at] + length - 1])
            found.append((first, last - first + 1, float(bits[at]), told[at]))
    return found


def tests(readings: float) -> float:
    """At most so many windows stand in so many readings."""
    return sum(2 * readings / length for length in WINDOWS) + 1
