"""How unlike any before a reading is, held against levels. Compiled by Numba; called by the walk in ``kernel``."""

from __future__ import annotations

import math
from typing import Any

from numba import njit

from . import layout as lay
from .anomaly import OF_HOUR, OF_STANDSTILL, OF_SWING, OF_VALUE, rarity
from .kernel_held import held

NEVER = lay.NEVER
NAN = math.nan


@njit(cache=True)
def _told(aspect: int) -> int:
    """What of a reading is new, as a flag."""
    if aspect == OF_VALUE:
        return 0
    if aspect == OF_HOUR:
        return lay.OF_HOUR
    if aspect == OF_STANDSTILL:
        return lay.OF_STANDSTILL
    return lay.OF_SWING if aspect == OF_SWING else lay.OF_ROUGHNESS


@njit(cache=True, forceinline=True)
def unlike(
    a: Any, i: int, p: Any, now: Any, can_clear: bool, saturated: bool, gap: bool, flags: int, out: Any, cur: Any
) -> None:
    """Learns the reading and, once it has learnt enough, judges it.

    What is out of range is not learnt: one such value would make the range of all others look narrow for ever.
    """
    r, cold = a.rules[i], a.cold[i]
    if saturated:
        for k in range(r.level):
            a.since[i, k] = NEVER
        return
    s, t = a.detectors[cold.extra], now[1] + cold.window
    one_in, aspect, low, high = rarity(s, t, now[3])
    if s.n <= r.m or t - s.since < r.t1:
        return
    if one_in >= r.b:
        flags |= _told(aspect)
    if r.busy == 1 or not r.a < one_in < r.b:
        held(a, i, p, now, one_in, can_clear, gap, flags, out, cur, (one_in, low, high, NEVER, NAN))
