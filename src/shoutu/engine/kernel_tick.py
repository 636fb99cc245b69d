"""The engine at a tick: silence of points, sources and sites, judged in received time. Compiled by Numba."""

from __future__ import annotations

from typing import Any

from numba import njit

from . import layout as lay
from .kernel_say import link_signal, put, put_rule

NEVER, LIMIT, NAN = lay.NEVER, lay.LIMIT, float("nan")
RISK, FAULT, LEVEL = lay.RISK, lay.FAULT, lay.LEVEL
FIRST, CARRIED = lay.FIRST, lay.CARRIED
SOURCE_SILENCE, SITE_SILENCE = lay.SOURCE_SILENCE, lay.SITE_SILENCE


@njit(cache=True)
def _tick_links(a: Any, now: Any, resume: int, out: Any, cur: Any) -> None:
    clock = now[2]
    for at in range(len(a.links)):
        link = a.links[at]
        if link.heard == NEVER or link.heard > clock:
            link.heard = clock
        link.back = min(link.back, clock)
        since = max(link.heard, resume)
        if link.after > 0 and link.level == 0 and clock - since >= link.after:
            s = link_signal(link, now, SOURCE_SILENCE, FAULT, LEVEL, 0, a.settings[8], 0, out, cur)
            s.window_start, s.threshold, s.aux = link.heard, link.after / 1000.0, (clock - since) / 1000.0
            link.level = a.settings[8]


@njit(cache=True)
def _tick_site(a: Any, at: int, now: Any, out: Any, cur: Any) -> None:
    """A point has newly fallen silent: is it one of several of its site that did so within minutes?"""
    me = a.points[at]
    site, window = a.sites[me.site_at], a.settings[6]
    if site.watched < a.settings[9]:
        return
    if site.level > 0:
        me.group = 1
        site.members += 1
        return
    together, earliest = 0, me.heard
    for k in range(len(a.points)):
        p = a.points[k]
        if p.site_at == me.site_at and p.silent and abs(p.heard - me.heard) <= window:
            together += 1
            earliest = min(earliest, p.heard)
    if together < a.settings[9]:
        return
    for k in range(len(a.points)):
        p = a.points[k]
        if p.site_at == me.site_at and p.silent and abs(p.heard - me.heard) <= window:
            p.group = 1
    site.members, site.level = together, a.settings[10]
    s = put(out, cur, SITE_SILENCE, RISK, LEVEL, now, 0, site.level, 0)
    s.site, s.window_start, s.threshold, s.aux = site.id, earliest, float(a.settings[9]), float(together)


@njit(cache=True)
def _tick_rule(a: Any, i: int, now: Any, resume: int, out: Any, cur: Any) -> bool:
    """One no-data rule; says whether its point has newly fallen silent."""
    r = a.rules[i]
    p = a.points[r.point]
    link, clock = a.links[p.link], now[2]
    if p.heard == NEVER or p.heard > clock:
        p.heard = clock
    since = max(p.heard, max(resume, link.back))
    elapsed = clock - since
    if elapsed < r.t1:
        return False
    if link.level > 0:
        masked = not p.silent and elapsed >= a.settings[7]
        p.silent = 1 if masked else p.silent
        return masked
    # Its source may be failing as a whole: wait half a window for the verdict, unless it spoke again meanwhile.
    if link.after > 0 and link.heard - since <= r.t1 // 2 and elapsed < r.t1 + r.t1 // 2:
        return False
    flags = 0
    if r.fresh == CARRIED:  # said once more, now by this version
        r.level, r.fresh, flags = 0, 0, FIRST
        p.nodata_up -= 1
    if r.level == 0:
        up = a.cold[i].raise_to
        put_rule(out, cur, p, r, FAULT, LEVEL, now, up, flags, r.t1 / 1000.0, p.heard, elapsed / 1000.0)
        r.level = up
        p.nodata_up += 1
    newly = not p.silent
    p.silent = 1
    return newly


@njit(cache=True)
def tick(a: Any, seq: int, clock: int, out: Any, cur: Any) -> None:
    """Judge silence at one moment of the received clock. ``out`` has room for every link, rule and site once."""
    clock = min(max(clock, -LIMIT), LIMIT)
    last, resume = a.clock[0], a.clock[1]
    if last == NEVER or clock - last > a.settings[4]:
        resume = clock
    resume = min(resume, clock)
    a.clock[0], a.clock[1] = clock, resume
    now = (seq, clock, clock, NAN)
    _tick_links(a, now, resume, out, cur)
    for at in range(len(a.sites)):
        site = a.sites[at]
        if site.level > 0 and site.members == 0:  # its points were taken off the watch
            s = put(out, cur, SITE_SILENCE, RISK, LEVEL, now, site.level, 0, 0)
            s.site = site.id
            site.level = 0
    for i in a.watched:
        if _tick_rule(a, i, now, resume, out, cur):
            _tick_site(a, a.rules[i].point, now, out, cur)
