"""Noise far below what it was: how much each reading leaves the line between its neighbours, in threes that share none.

Assumed: the noise is never less than in the quietest quarter of the stretches before. Then the chance that such a three
leaves its line by less than a third of their middle is at most what they show, with its own error, and the number of
them in a window is binomial.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .chance import tail_bits, upper

BLOCK = 20
"""Threes in a block."""
WINDOWS = (2, 4, 8)
"""Blocks in a window."""
FEWEST_BLOCKS = 20
QUIET_SHARE, QUIETEST_PEERS = 0.25, 0.02
"""Of a point's own stretches before, and of those of its peers, which differ by where they are built in."""
LESS = 3.0
COARSEST = 3.0
"""Steps of its last digit a three must usually leave its line by: of a coarser sensor noise cannot be told."""
FEWEST_VALUES = 5
"""Different values in a window: less is a switch, a dry gauge, a saturated or frozen sensor."""


class Quiet(NamedTuple):
    """A third of the usual bend in the quietest stretches, and the greatest chance to be below it."""

    limit: float
    chance: float
    usual: float


def bends(value: NDArray[np.int64]) -> NDArray[np.int64]:
    """How much the middle of each three leaves the line, doubled."""
    n = len(value) // 3 * 3
    threes = value[:n].reshape(-1, 3)
    return np.asarray(np.abs(threes[:, 0] - 2 * threes[:, 1] + threes[:, 2]))


def quietest(blocks: NDArray[np.int64], error: float, share: float = QUIET_SHARE) -> Quiet | None:
    """What the quietest share of blocks (rows) shows; None when there are too few or they are too coarse."""
    if len(blocks) < FEWEST_BLOCKS:
        return None
    usual = np.median(blocks, axis=1)
    pool = blocks[np.argsort(usual, kind="stable")[: max(2, round(len(blocks) * share))]].ravel()
    middle = float(np.median(pool))
    if middle < COARSEST:
        return None
    return Quiet(middle / LESS, upper(int((pool <= middle / LESS).sum()), len(pool), error), middle)


def blocks_of(value: NDArray[np.int64]) -> NDArray[np.int64]:
    """The bends of whole blocks, a row each."""
    found = bends(value)
    return found[: len(found) // BLOCK * BLOCK].reshape(-1, BLOCK)


def windows(value: NDArray[np.int64], quiet: Quiet) -> list[tuple[int, int, float, float]]:
    """(place, readings, bits, usual bend) of each window, a block apart; windows that hardly move are left out."""
    blocks = blocks_of(value)
    below = (blocks <= quiet.limit).sum(axis=1)
    found = []
    for window in WINDOWS:
        for row in range(len(blocks) - window + 1):
            count, n = int(below[row : row + window].sum()), window * BLOCK
            if count <= n * quiet.chance:
                continue
            first = row * BLOCK * 3
            if len(np.unique(value[first : first + 3 * n])) < FEWEST_VALUES:
                continue
            usual = float(np.median(blocks[row : row + window]))
            found.append((first, 3 * n, tail_bits(count, n, quiet.chance), usual))
    return found


def tests(readings: float) -> float:
    """At most so many windows stand in so many readings."""
    return len(WINDOWS) * readings / (3 * BLOCK) + 1
