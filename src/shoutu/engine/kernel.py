"""The engine's inner loop: one walk over a batch of readings. Compiled by Numba, cached on disk.

No fast-math: results must equal the reference implementation in tests/engine/reference.py bit by bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from . import layout as lay
from .compiled import forget_what_changed
from .kernel_ahead import after, hours_left, middle
from .kernel_faults import MANY, implausible, stuck
from .kernel_fetch import ask_ahead, scattered
from .kernel_held import held
from .kernel_say import bound, exceeded, know, link_signal, put, put_rule
from .kernel_sums import add_late, total
from .kernel_unlike import unlike

forget_what_changed()
NEVER, LIMIT, SEEN = lay.NEVER, lay.LIMIT, lay.SEEN
THRESHOLD, RATE, STUCK, NO_DATA = lay.THRESHOLD, lay.RATE, lay.STUCK, lay.NO_DATA
ACCUMULATION, QUOTA, FORECAST, ANOMALY, COUNT = lay.ACCUMULATION, lay.QUOTA, lay.FORECAST, lay.ANOMALY, lay.COUNT
SOURCE_SILENCE, SITE_SILENCE, CLOCK = lay.SOURCE_SILENCE, lay.SITE_SILENCE, lay.CLOCK
RISK, FAULT, CLOCK_FAULT = lay.RISK, lay.FAULT, lay.CLOCK_FAULT
LEVEL, LATE_EXCEEDANCE, CLOCK_TYPE = lay.LEVEL, lay.LATE_EXCEEDANCE, lay.CLOCK_TYPE
BACKFILL, LATE, FIRST = lay.BACKFILL, lay.LATE, lay.FIRST
SATURATED, AHEAD, RECOVERED = lay.SATURATED, lay.AHEAD, lay.RECOVERED
SUSPECT, CALIBRATING, INVALID = lay.SUSPECT, lay.CALIBRATING, lay.INVALID
FRESH, CARRIED = lay.FRESH, lay.CARRIED
N_EVALUATED, N_REPEATS, N_UNKNOWN, N_LATE, N_AHEAD, N_FAULTS, N_CALIBRATING, N_BACKFILL = range(8)
HOUR = 3_600_000.0
HUGE = float(np.finfo(np.float64).max)  # a slope past it is still a slope, and meets no bound that is not set
NAN = np.nan
PLAIN = (NAN, NAN, NAN, NEVER, NAN)
"""A threshold says nothing besides."""
NOTHING = (False, 0.0, PLAIN)
"""Nothing was made of a reading; else True, what is held against levels, and what a signal says besides."""
FOLLOWS = lay.FOLLOWS


@njit(cache=True, forceinline=True)
def _sampled(a: Any, i: int, now: Any) -> None:
    """The first reading of an interval is a sample; those older than the window are forgotten."""
    r, cold = a.rules[i], a.cold[i]
    t = now[1]
    if r.t0 != NEVER and t < r.t0 - r.t1:
        r.n = 0  # the received clock went back: older samples lie in a future that never was
    cap, base = cold.cap, cold.offset
    if r.n == cap:
        cold.head = after(cold.head, 1, cap)
        r.n -= 1
    at = base + after(cold.head, r.n, cap)
    a.sample_ts[at], a.sample_value[at] = t, now[3]
    r.n += 1
    while a.sample_ts[base + cold.head] < t - cold.window:
        cold.head = after(cold.head, 1, cap)
        r.n -= 1
    r.t0 = (t // r.t1 + 1) * r.t1


@njit(cache=True, error_model="numpy")
def _slopes(sample_ts: Any, sample_value: Any, r: Any, cold: Any, bounds: Any, work: Any) -> int:
    """The slopes per hour of all pairs of samples into ``work``; their number, or 0 if they plainly reach no level.

    When fewer than half of them reach the lowest level, neither does their median, and nothing need be sorted.
    Samples have different stamps; that no division asks for a zero lets several be done at once.
    """
    n, base = r.n, cold.offset
    ts, vs, slopes = work[0, :n], work[1, :n], work[2]
    first = sample_ts[base + cold.head]
    for k in range(n):
        at = base + after(cold.head, k, cold.cap)
        ts[k], vs[k] = sample_ts[at] - first, sample_value[at]
    m = above = below = 0
    for j in range(1, n):
        for i in range(j):
            slope = (vs[j] - vs[i]) / (ts[j] - ts[i]) * HOUR
            slopes[m + i] = min(max(slope, -HUGE), HUGE)
        for i in range(j):
            above += slopes[m + i] >= bounds[4]
            below += slopes[m + i] <= bounds[0]
        m += j
    return 0 if r.level == 0 and 2 * above < m and 2 * below < m else m


@njit(cache=True)
def _rate(a: Any, i: int, p: Any, now: Any, can_clear: bool, flags: int, out: Any, cur: Any, work: Any) -> None:
    """The Theil–Sen slope over the window is judged where a sample is taken."""
    r, cold, bounds = a.rules[i], a.cold[i], a.bounds[i]
    _sampled(a, i, now)
    if r.n < r.m:
        return
    m = _slopes(a.sample_ts, a.sample_value, r, cold, bounds, work)
    if m == 0:
        r.fresh = 0
        return
    slope = middle(np.sort(work[2, :m]))
    raw, keep = exceeded(bounds, slope, 0.0), exceeded(bounds, slope, r.c)
    new = raw if raw > r.level else (min(keep, r.level) if can_clear else r.level)
    first = FIRST if r.fresh > 0 and new >= r.level else 0
    if r.fresh == CARRIED and new == r.level:
        if keep == 0:
            return
        r.level = 0  # said once more, now by this version
    if new != r.level:
        side = bound(bounds, new if new > r.level else new + 1, slope)
        start = a.sample_ts[cold.offset + cold.head]
        put_rule(out, cur, p, r, RISK, LEVEL, now, new, flags | first, side, start, slope)
        r.level = new
    r.fresh = 0


@njit(cache=True)
def _late(a: Any, p: Any, now: Any, flags: int, out: Any, cur: Any) -> None:
    """A reading older than the watermark: no hold, no slope; but a value that alone exceeds a level is said."""
    for i in range(p.first, p.last):
        r, cold = a.rules[i], a.cold[i]
        if r.kind == ACCUMULATION or r.kind == QUOTA:
            add_late(a, i, now[1], now[3])
        if r.kind != THRESHOLD and not (r.kind == QUOTA and cold.form == COUNT):
            continue
        raw = exceeded(a.bounds[i], now[3], 0.0)
        if raw <= r.level:
            continue
        t, merge = now[1], a.settings[2]
        near = cold.known_level > 0 and cold.known_lo - merge <= t <= cold.known_hi + merge
        if not (near and raw <= cold.known_level):
            side = bound(a.bounds[i], raw, now[3])
            put_rule(out, cur, p, r, RISK, LATE_EXCEEDANCE, now, raw, flags, side, NEVER, NAN)
        know(cold, t, raw, merge)


@njit(cache=True)
def _repeated(a: Any, at: int, p: Any, ts: int) -> bool:
    """Whether this stamp was among the point's last distinct ones; remembers it if not."""
    seen = a.seen[at]
    if p.seen_n > 0 and ts <= p.top:
        for k in range(p.seen_n):
            if seen[k] == ts:
                return True
    full = p.seen_n == SEEN
    out = seen[p.seen_at]
    seen[p.seen_at] = ts
    p.seen_at = (p.seen_at + 1) % SEEN
    if not full:
        p.seen_n += 1
    if p.seen_n == 1 or ts > p.top:
        p.top = ts
    elif full and out == p.top:
        p.top = seen.max()
    return False


@njit(cache=True)
def _clock(a: Any, link: Any, p: Any, now: Any, told: int, ahead: bool, out: Any, cur: Any) -> None:
    """The clock of a source: wrong at the first stamp ahead, right again after a while with stamps in time only."""
    received = now[2]
    if ahead:
        link.last_ahead = received
        if link.clock == 0:
            s = link_signal(link, now, CLOCK, CLOCK_FAULT, CLOCK_TYPE, 0, 1, AHEAD, out, cur)
            s.aux, s.threshold, s.point = (float(told) - float(received)) / 1000.0, a.settings[0] / 1000.0, p.id
            link.clock = 1
    else:
        link.last_ahead = min(link.last_ahead, received)
        if received - link.last_ahead >= a.settings[5]:
            link_signal(link, now, CLOCK, CLOCK_FAULT, CLOCK_TYPE, 1, 0, RECOVERED, out, cur)
            link.clock = 0


@njit(cache=True)
def _heard(a: Any, p: Any, now: Any, flags: int, out: Any, cur: Any) -> None:
    """A usable reading after silence: its no-data rules clear, and its site's silence when it was the last."""
    for i in range(p.last, p.end):
        r = a.rules[i]
        if r.kind == NO_DATA and r.level > 0:
            put_rule(out, cur, p, r, FAULT, LEVEL, now, 0, flags | RECOVERED, r.t1 / 1000.0, p.heard, NAN)
            r.level = r.fresh = 0
    p.nodata_up = p.silent = 0
    if p.group:
        p.group = 0
        site = a.sites[p.site_at]
        site.members -= 1
        if site.members == 0 and site.level > 0:
            s = put(out, cur, SITE_SILENCE, RISK, LEVEL, (now[0], now[1], now[2], NAN), site.level, 0, RECOVERED)
            s.site = site.id
            site.level = 0


@njit(cache=True)
def _stop_clearing(a: Any, p: Any) -> None:
    """A reading that may not clear interrupts the clear-holds of its point."""
    for i in range(p.first, p.last):
        r = a.rules[i]
        if r.kind != RATE and r.kind != STUCK and r.level > 0:
            for k in range(r.level):
                a.since[i, k] = NEVER


@njit(cache=True, forceinline=True)
def _hold(
    a: Any, i: int, p: Any, now: Any, made: Any, can_clear: bool, gap: bool, flags: int, out: Any, cur: Any
) -> None:  # fmt: skip
    """What was made of a reading, against the levels of one rule: its maker's, or of one that follows it."""
    r = a.rules[i]
    # Of a forecast all: never is not at or beyond a bound that is not set.
    if made[0] and (r.kind == FORECAST or r.busy == 1 or not r.a < made[1] < r.b):
        held(a, i, p, now, made[1], can_clear, gap, flags, out, cur, made[2])


@njit(cache=True, forceinline=True)
def _made(
    a: Any, i: int, p: Any, now: Any, can_clear: bool, saturated: bool, gap: bool, flags: int, out: Any, cur: Any,
    work: Any,
) -> Any:  # fmt: skip
    """Kinds that make something of the readings and hold it against levels: a sum, the hours left, how new it is.

    Returns what was made, for the rules that follow this one. Put into the walk itself: handing all arrays over at
    every reading took several times as long as what is done here.
    """
    r, t = a.rules[i], now[1]
    if r.kind == ANOMALY:
        unlike(a, i, p, now, can_clear, saturated, gap, flags, out, cur)
        return NOTHING
    if r.kind == FORECAST:
        if r.t0 - r.t1 <= t < r.t0:
            return NOTHING
        _sampled(a, i, now)
        if r.n < r.m:
            return NOTHING
        cold = a.cold[i]
        x = a.extra[cold.extra]
        hours, early, late, begin, target = hours_left(a.sample_ts, a.sample_value, r, cold, x, t, work)
        made = (True, min(hours, HUGE), (hours, early, late, begin, target))
    else:
        total_, begin = total(a, i, t, now[3], p.gap)
        made = (True, total_, (total_, NAN, NAN, begin, NAN))
    _hold(a, i, p, now, made, can_clear, gap, flags, out, cur)
    return made


@njit(cache=True)
def _judge(
    a: Any, p: Any, now: Any, can_clear: bool, saturated: bool, gap: bool, flags: int, out: Any, cur: Any,
    work: Any,
) -> None:  # fmt: skip
    t, v = now[1], now[3]
    made = NOTHING
    for i in range(p.first, p.last):
        r = a.rules[i]
        if r.kind == THRESHOLD:
            if r.busy == 1 or not r.a < v < r.b:
                held(a, i, p, now, v, can_clear, gap, flags, out, cur, PLAIN)
        elif r.kind == RATE:
            if t >= r.t0 or t < r.t0 - r.t1:
                _rate(a, i, p, now, can_clear, flags, out, cur, work)
        elif r.n == FOLLOWS:
            _hold(a, i, p, now, made, can_clear, gap, flags, out, cur)
        elif r.kind != STUCK:
            made = _made(a, i, p, now, can_clear, saturated, gap, flags, out, cur, work)
        elif not saturated:
            stuck(a, i, p, now, can_clear, flags, out, cur)


@njit(cache=True)
def _usable(a: Any, p: Any, now: Any, flags: int, out: Any, cur: Any) -> None:
    if p.nodata_up > 0 or p.silent or p.group:
        _heard(a, p, now, flags, out, cur)
    p.heard, p.calib, p.calibrating = now[2], NEVER, 0


@njit(cache=True)
def _reading(
    a: Any, at: int, seq: int, told: int, received: int, v: float, q: int, out: Any, cur: Any, work: Any
) -> None:
    """One reading of a watched point, from its stamps to the rules."""
    p, count = a.points[at], a.counters
    received = min(max(received, -LIMIT), LIMIT)
    link = a.links[p.link]
    if link.level > 0:
        now = (seq, min(max(told, -LIMIT), received), received, v)
        link_signal(link, now, SOURCE_SILENCE, FAULT, LEVEL, link.level, 0, RECOVERED, out, cur)
        link.level, link.back = 0, received
    link.heard = received
    if _repeated(a, at, p, told):
        count[N_REPEATS] += 1
        return
    ahead = told > received + a.settings[0]
    t = min(max(told, -LIMIT), received)
    now = (seq, t, received, v)
    if ahead or link.clock:
        _clock(a, link, p, now, told, ahead, out, cur)
    p.wm = min(p.wm, received)
    late = t < p.wm
    flags = 0
    if ahead:
        flags |= AHEAD
        count[N_AHEAD] += 1
    if late:
        flags |= LATE
        count[N_LATE] += 1
    if received - t > a.settings[1]:
        flags |= BACKFILL
        count[N_BACKFILL] += 1
    gap = t - p.wm > p.gap
    if not late:
        p.wm = t
    if q == CALIBRATING:
        count[N_CALIBRATING] += 1
        if p.calib == NEVER or p.calib > received:
            p.calib, p.calibrating = received, 1
        if received - p.calib <= a.settings[3] and p.heard != NEVER:
            p.heard = received
        if not late:
            _stop_clearing(a, p)
        return
    finite = v - v == 0.0
    saturated = finite and ((v < p.low and p.danger & 1 != 0) or (v > p.high and p.danger & 2 != 0))
    bad = not finite or q == INVALID or v < p.low or v > p.high
    judged = saturated or not bad
    if saturated:
        flags |= SATURATED
    count[N_EVALUATED] += 1
    if bad:
        count[N_FAULTS] += 1
    if judged:
        _usable(a, p, now, flags, out, cur)
    if late:
        if judged:
            _late(a, p, now, flags, out, cur)
        return
    can_clear = judged and not saturated and q == 0
    if p.imp >= 0 and (bad or p.busy):
        implausible(a, p, now, bad, saturated, can_clear, flags, out, cur)
    if judged:
        _judge(a, p, now, can_clear, saturated, gap, flags, out, cur, work)
    else:
        _stop_clearing(a, p)


@njit(cache=True)
def walk(
    a: Any, index: Any, seq0: int, ts: Any, received: Any, value: Any, quality: Any, start: int, out: Any,
    cur: Any, work: Any, room: int,
) -> int:  # fmt: skip
    """Judge readings from ``start`` on, until done or ``out`` may lack room for one more; returns where it stopped.

    What nearly every reading is (good, in range, in order, on time, nothing raised) is done right here with as
    little as possible; anything else goes the long way through ``_reading``. Both ways must come to the same.
    """
    points, rules, links, seen = a.points, a.rules, a.links, a.seen
    ahead_ms, backfill_ms = a.settings[0], a.settings[1]
    plain = backfilled = 0
    n, stop = len(ts), len(ts)
    anywhere = scattered(index, start)
    for i in range(start, n):
        if anywhere:
            ask_ahead(points, rules, links, seen, index, i)
        if cur[0] + room > len(out):
            stop = i
            break
        at = index[i]
        if at < 0:
            a.counters[N_UNKNOWN] += 1
            continue
        p = points[at]
        told, came, v = ts[i], received[i], value[i]
        link = links[p.link]
        if not (
            quality[i] == 0 and p.low <= v <= p.high and v - v == 0.0
            and (p.busy | p.nodata_up | p.silent | p.group | p.calibrating | link.level | link.clock) == 0
            and p.seen_n > 0 and told > p.top and told > -LIMIT and -LIMIT < came < LIMIT
            and told <= came + ahead_ms and p.wm <= came and p.wm <= told
        ):  # fmt: skip
            _reading(a, at, seq0 + i, told, came, v, quality[i], out, cur, work)
            continue
        t = min(told, came)
        link.heard = p.heard = came
        slot = p.seen_at
        seen[at, slot] = p.top = told
        p.seen_at = (slot + 1) % SEEN
        p.seen_n = min(p.seen_n + 1, SEEN)
        plain += 1
        flags = 0
        if came - t > backfill_ms:
            flags = BACKFILL
            backfilled += 1
        before = p.wm
        p.wm = t
        made = NOTHING
        for k in range(p.first, p.last):
            r = rules[k]
            if r.kind == THRESHOLD:
                if r.busy == 1 or not r.a < v < r.b:
                    now = (seq0 + i, t, came, v)
                    held(a, k, p, now, v, True, t - before > p.gap, flags, out, cur, PLAIN)
            elif r.kind == RATE:
                if t >= r.t0 or t < r.t0 - r.t1:
                    _rate(a, k, p, (seq0 + i, t, came, v), True, flags, out, cur, work)
            elif r.n == FOLLOWS:
                if made[0] and (r.kind == FORECAST or r.busy == 1 or not r.a < made[1] < r.b):
                    now = (seq0 + i, t, came, v)
                    held(a, k, p, now, made[1], True, t - before > p.gap, flags, out, cur, made[2])
            elif r.kind != STUCK:
                now = (seq0 + i, t, came, v)
                made = _made(a, k, p, now, True, False, t - before > p.gap, flags, out, cur, work)
            elif r.n > 0 and r.a <= v <= r.b and r.level == 0 and t - r.t0 < r.t1:
                r.n = min(r.n + 1, MANY)
                r.t0 = min(r.t0, t)
            else:
                stuck(a, k, p, (seq0 + i, t, came, v), True, flags, out, cur)
    a.counters[N_EVALUATED] += plain
    a.counters[N_BACKFILL] += backfilled
    return stop
