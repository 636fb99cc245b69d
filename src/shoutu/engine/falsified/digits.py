"""Last digits: values rounded, or written by hand with a liking for some digits.

Assumed: steps between readings are of five last digits or more, so that after any past each last digit comes with at
most the greater of a tenth and its share in the reference, a twentieth added. Then the chance of a set of counts is at
most their number of orders times the product of those chances (Csiszár's method of types), exact for any length.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .chance import log2_choose

FEWEST = 30
"""Changed readings."""
COARSEST = 5.0
"""Usual step, in last digits: of a slower series the last digit depends on the one before."""
SLACK = 1.05
SIGMAS = 6.0
ROUNDED = 0.9
"""Share of one last digit from which values are called rounded."""


def counts(value: NDArray[np.int64]) -> NDArray[np.int64]:
    """How often each last digit stands in readings that changed."""
    changed = value[1:][np.diff(value) != 0]
    return np.bincount(np.abs(changed) % 10, minlength=10).astype(np.int64)


def usual_step(value: NDArray[np.int64]) -> float:
    """The middle of what changes are, 0 where nothing does."""
    step = np.abs(np.diff(value))
    step = step[step > 0]
    return float(np.median(step)) if len(step) else 0.0


def greatest(reference: NDArray[np.int64]) -> NDArray[np.float64] | None:
    """The greatest chance of each digit by a reference; None when it is too short, or rounded itself."""
    n = int(reference.sum())
    if n < FEWEST:
        return None
    share = reference / n
    if share.max() > 0.5:
        return None
    above = share + SIGMAS * np.sqrt(share * (1 - share) / n) + SIGMAS**2 / n
    return np.asarray(np.minimum(1.0, SLACK * np.maximum(above, 0.1)))


def told(found: NDArray[np.int64], chance: NDArray[np.float64]) -> float:
    """Bits of these counts."""
    n = int(found.sum())
    if n < FEWEST:
        return 0.0
    return max(0.0, float(-(found * np.log2(chance)).sum()) - _orders(found))


def _orders(found: NDArray[np.int64]) -> float:
    """Bits of the number of orders in which these counts come, and of the number of other counts there are."""
    n = int(found.sum())
    orders = math.lgamma(n + 1) - sum(math.lgamma(count + 1) for count in found.tolist())
    return orders / math.log(2) + log2_choose(n + 9, 9)
