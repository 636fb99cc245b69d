"""How a signal is put down, and what a value is held against. Compiled by Numba."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from . import layout as lay

NEVER = lay.NEVER
NAN = np.nan


@njit(cache=True)
def put(out: Any, cur: Any, kind: int, category: int, sort: int, now: Any, before: int, after: int, flags: int) -> Any:
    """One signal; ``now`` = (seq, event time, received, value). Returns it, for the rest to be filled in."""
    s = out[cur[0]]
    cur[0] += 1
    s.seq, s.event_ts, s.received_ts, s.value = now
    s.kind, s.category, s.type = kind, category, sort
    s.level_from, s.level_to, s.flags = before, after, flags
    s.rule = s.rule_version = s.point = s.site = s.source = s.ordinal = s._pad = 0
    s.threshold = s.aux = s.low = s.high = NAN
    s.window_start = NEVER
    return s


@njit(cache=True)
def put_rule(
    out: Any, cur: Any, p: Any, r: Any, category: int, sort: int, now: Any, after: int, flags: int,
    threshold: float, start: int, aux: float,
) -> Any:  # fmt: skip
    s = put(out, cur, r.kind, category, sort, now, r.level, after, flags)
    s.rule, s.rule_version = r.id, r.version
    s.point, s.site, s.source = p.id, p.site, p.source
    s.threshold, s.window_start, s.aux = threshold, start, aux
    return s


@njit(cache=True)
def exceeded(bounds: Any, v: float, slack: float) -> int:
    """The highest level whose bounds the value reaches, bounds drawn in by ``slack`` (0 = as set)."""
    n = 0
    for k in range(4):
        if v >= bounds[4 + k] - slack or v <= bounds[k] + slack:
            n += 1
    return n


@njit(cache=True)
def bound(bounds: Any, level: int, v: float) -> Any:
    """The bound of a level that the value is at or nearer to; NaN when the level is not set."""
    low, high = bounds[level - 1], bounds[3 + level]
    if np.isinf(low):
        return NAN if np.isinf(high) else high
    if np.isinf(high):
        return low
    return high if high - v <= v - low else low


@njit(cache=True)
def know(cold: Any, t: int, level: int, merge: int) -> None:
    """Remember when and how high an exceedance was signalled, so that late readings of it say nothing new."""
    if cold.known_level == 0 or t > cold.known_hi + merge or t < cold.known_lo - merge:
        cold.known_lo = cold.known_hi = t
        cold.known_level = level
    else:
        cold.known_lo, cold.known_hi = min(cold.known_lo, t), max(cold.known_hi, t)
        cold.known_level = max(cold.known_level, level)


@njit(cache=True)
def link_signal(
    link: Any, now: Any, kind: int, category: int, sort: int, before: int, after: int, flags: int, out: Any,
    cur: Any,
) -> Any:  # fmt: skip
    s = put(out, cur, kind, category, sort, (now[0], now[1], now[2], NAN), before, after, flags)
    s.source, s.site = link.source, link.site
    return s
