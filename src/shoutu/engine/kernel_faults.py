"""Faults of devices: a flat line, values no device can mean. Compiled by Numba."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from . import layout as lay
from .kernel_say import put_rule

NEVER, FAULT, LEVEL, FIRST, CARRIED = lay.NEVER, lay.FAULT, lay.LEVEL, lay.FIRST, lay.CARRIED
MANY = 2_000_000_000
NAN = np.nan


@njit(cache=True)
def stuck(a: Any, i: int, p: Any, now: Any, can_clear: bool, flags: int, out: Any, cur: Any) -> None:
    """A run of readings within the tolerance; a reading outside it begins the next run."""
    r = a.rules[i]
    t, v = now[1], now[3]
    least, most = min(r.a, v), max(r.b, v)
    if r.n > 0 and most - least <= r.c:
        r.a, r.b = least, most
        r.t0 = min(r.t0, t)
        r.n = min(r.n + 1, MANY)
    else:
        r.a = r.b = v
        r.t0, r.n = t, 1
    flat = r.n >= r.m and t - r.t0 >= r.t1
    if flat and r.fresh == CARRIED:
        r.level, flags = 0, flags | FIRST
    new = r.level
    if flat and r.level == 0:
        new = a.cold[i].raise_to
    elif not flat and r.level > 0 and can_clear:
        new = 0
    if new != r.level:
        put_rule(out, cur, p, r, FAULT, LEVEL, now, new, flags, r.c, r.t0, r.b - r.a)
        r.level, r.fresh = new, 0


@njit(cache=True)
def implausible(
    a: Any, p: Any, now: Any, bad: bool, saturated: bool, good: bool, flags: int, out: Any, cur: Any
) -> None:
    r, cold = a.rules[p.imp], a.cold[p.imp]
    v = now[3]
    if bad:
        r.m = 0
        r.n = min(r.n + 1, cold.count)
        if r.fresh == CARRIED and r.n >= cold.count:
            r.level, r.fresh, flags = 0, 0, flags | FIRST
        if r.level == 0 and r.n >= cold.count:
            side = p.low if v < p.low else (p.high if v > p.high else NAN)
            put_rule(out, cur, p, r, FAULT, LEVEL, now, cold.raise_to, flags, side, NEVER, NAN)
            r.level = cold.raise_to
    elif good:
        r.n = 0
        r.m += 1
        if r.level > 0 and r.m >= cold.clear_count:
            put_rule(out, cur, p, r, FAULT, LEVEL, now, 0, flags, NAN, NEVER, NAN)
            r.level = r.fresh = 0
    p.busy = 1 if r.level > 0 or r.n > 0 else 0
