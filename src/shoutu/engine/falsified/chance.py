"""Bounds of chances, in bits (a chance of 2^-b at most). Each holds for any number of readings, not only for many."""

from __future__ import annotations

import math


def tail_bits(count: int, n: int, chance: float) -> float:
    """Bits of ``count`` or more of ``n`` where each comes with at most this chance (Chernoff, Hoeffding 1963)."""
    share = count / n
    if chance >= 1.0 or share <= chance:
        return 0.0
    return n * divergence(share, chance)


def divergence(share: float, chance: float) -> float:
    """Of one share from another, in bits."""
    mine = share * math.log2(share / chance) if share > 0 else 0.0
    others = (1 - share) * math.log2((1 - share) / (1 - chance)) if share < 1 else 0.0
    return mine + others


def upper(count: int, n: int, error: float) -> float:
    """The chance which that many or fewer of ``n`` contradict with this error; never less than it is, but for that."""
    share, low, high = count / n, count / n, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        if middle < 1.0 and n * divergence(share, middle) < -math.log2(error):
            low = middle
        else:
            high = middle
    return high


def log2_choose(n: int, k: int) -> float:
    """Bits of the number of ways to choose."""
    return (math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)) / math.log(2)
