"""Levels that are held before they change. Compiled by Numba."""

from __future__ import annotations

from typing import Any

from numba import njit

from . import layout as lay
from .kernel_say import bound, exceeded, know, put_rule

NEVER, RISK, LEVEL = lay.NEVER, lay.RISK, lay.LEVEL
FORECAST = lay.FORECAST
FIRST, FRESH, CARRIED = lay.FIRST, lay.FRESH, lay.CARRIED


@njit(cache=True)
def held(
    a: Any, i: int, p: Any, now: Any, v: float, can_clear: bool, gap: bool, flags: int, out: Any, cur: Any, said: Any
) -> None:
    """Levels 1…4 each with its own hold: since when continuously exceeded (above the level) or left (below it).

    ``v``: what is held against them, the reading's value or what was made of it; ``said``: what a signal says besides,
    (aux, low, high, start of what was looked at or NEVER, the value a forecast looks out for).
    """
    r, cold, bounds, since = a.rules[i], a.cold[i], a.bounds[i], a.since[i]
    t = now[1]
    aux, low, high, begin, target = said
    raw, keep = exceeded(bounds, v, 0.0), exceeded(bounds, v, r.c)
    level = r.level
    for k in range(1, 5):
        holds = raw >= k if k > level else keep < k and can_clear
        if not holds:
            since[k - 1] = NEVER
        elif since[k - 1] == NEVER or since[k - 1] > t or (gap and k <= level):
            since[k - 1] = t
    new, start = level, NEVER
    for k in range(4, level, -1):
        if since[k - 1] != NEVER and t - since[k - 1] >= cold.raise_for:
            new, start = k, since[k - 1]
            break
    if new == level:
        for k in range(1, level + 1):
            if since[k - 1] != NEVER and t - since[k - 1] >= cold.clear_for:
                new, start = k - 1, since[k - 1]
                break
    if raw == 0 and r.fresh == FRESH:
        r.fresh = 0
    if new != level:
        first = FIRST if r.fresh > 0 and new > level else 0
        side = target if r.kind == FORECAST else bound(bounds, new if new > level else new + 1, v)
        start = start if begin == NEVER else begin
        s = put_rule(out, cur, p, r, RISK, LEVEL, now, new, flags | first, side, start, aux)
        s.low, s.high = low, high
        r.level, r.fresh = new, 0
        for k in range(min(new, level), max(new, level)):
            since[k] = NEVER
    elif r.fresh == CARRIED and keep > 0:
        r.level, r.fresh = 0, 0
        side = target if r.kind == FORECAST else bound(bounds, level, v)
        s = put_rule(out, cur, p, r, RISK, LEVEL, now, level, flags | FIRST, side, begin, aux)
        s.low, s.high = low, high
        r.level = level
    if r.level > 0:
        know(cold, t, r.level, a.settings[2])
    quiet = r.level == 0 and r.fresh == 0
    for k in range(4):
        quiet = quiet and since[k] == NEVER
    r.busy = 0 if quiet else 1
