"""What comes together over time: a sum over a sliding window, or since the beginning of a calendar period.

Compiled by Numba; called by the walk in ``kernel``. Sums are of amounts that are never negative, held below infinity.
What is done at each reading is put into the walk itself (``forceinline``): handing the arrays over took as long again.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from . import layout as lay

NEVER, LIMIT = lay.NEVER, lay.LIMIT
SUM, COUNTER, INTEGRAL, COUNT = lay.SUM, lay.COUNTER, lay.INTEGRAL, lay.COUNT
DAY, MONTH, QUOTA = lay.DAY, lay.MONTH, lay.QUOTA
HOUR, DAY_MS = 3_600_000.0, 86_400_000
HUGE = float(np.finfo(np.float64).max)
FIRST_DAY, LAST_DAY = -719_162, 2_932_896
"""Days from 1970 of 1 January of year 1 and of 31 December 9999: no calendar before and after them."""


@njit(cache=True)
def _of_days(days: int) -> Any:
    """(year, month 1…12) of a day counted from 1970 (Howard Hinnant, chrono-compatible low-level date algorithms)."""
    z = days + 719_468
    era = z // 146_097
    doe = z - era * 146_097
    yoe = (doe - doe // 1460 + doe // 36_524 - doe // 146_096) // 365
    doy = doe - (365 * yoe + yoe // 4 - yoe // 100)
    mp = (5 * doy + 2) // 153
    month = mp + 3 if mp < 10 else mp - 9
    return yoe + era * 400 + (1 if month <= 2 else 0), month


@njit(cache=True)
def _to_days(year: int, month: int) -> int:
    """Days from 1970 to the first of a month."""
    y = year - (1 if month <= 2 else 0)
    era = y // 400
    yoe = y - era * 400
    doy = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5
    return era * 146_097 + yoe * 365 + yoe // 4 - yoe // 100 + doy - 719_468


@njit(cache=True)
def period_of(t: int, zone: int, period: int) -> Any:
    """[start, end) in UTC ms of the calendar day, month or year that a moment falls in, by local time."""
    days = (t + zone) // DAY_MS
    if days < FIRST_DAY:
        return -LIMIT, FIRST_DAY * DAY_MS - zone
    if days > LAST_DAY:
        return (LAST_DAY + 1) * DAY_MS - zone, LIMIT + LIMIT // 2
    if period == DAY:
        return days * DAY_MS - zone, (days + 1) * DAY_MS - zone
    year, month = _of_days(days)
    if period == MONTH:
        after = _to_days(year + 1, 1) if month == 12 else _to_days(year, month + 1)
        return _to_days(year, month) * DAY_MS - zone, after * DAY_MS - zone
    return _to_days(year, 1) * DAY_MS - zone, _to_days(year + 1, 1) * DAY_MS - zone


@njit(cache=True, forceinline=True)
def _amount(x: Any, form: int, t: int, v: float, gap: int) -> float:
    """What this reading adds: itself, what a counter has moved on, or the area under a rate per hour.

    A counter that has gone down began anew, and counts from there. A rate counts over no gap: nobody measured.
    """
    if form == SUM:
        return min(max(v, 0.0), HUGE)
    added = 0.0
    if x.last_t != NEVER:
        if form == COUNTER:
            added = v - x.last
        elif 0 < t - x.last_t <= gap:
            added = (x.last * 0.5 + v * 0.5) * (float(t - x.last_t) / HOUR)
    x.last, x.last_t = v, t
    return min(max(added, 0.0), HUGE)


@njit(cache=True)
def _before(a: Any, cold: Any, bucket: int) -> float:
    """The sum of the buckets of the window before this one, the oldest first."""
    total = 0.0
    for b in range(bucket - cold.cap + 1, bucket):
        at = cold.offset + b % cold.cap
        if a.sample_ts[at] == b:
            total = min(total + a.sample_value[at], HUGE)
    return total


@njit(cache=True, forceinline=True)
def _slot(a: Any, cold: Any, bucket: int) -> int:
    """Where a bucket's sum lies, emptied of an older one's."""
    at: int = cold.offset + cold.head
    if a.sample_ts[at] != bucket:
        cold.head = bucket % cold.cap
        at = cold.offset + cold.head
        if a.sample_ts[at] != bucket:
            a.sample_ts[at], a.sample_value[at] = bucket, 0.0
    return at


@njit(cache=True, forceinline=True)
def _sliding(a: Any, i: int, x: Any, t: int, amount: float) -> Any:
    r, cold = a.rules[i], a.cold[i]
    bucket = r.t0
    if bucket == NEVER or not 0 <= t - bucket * r.t1 < r.t1:  # a division each time took longer than all the rest
        bucket = t // r.t1
    if bucket != r.t0:
        if r.t0 != NEVER and bucket < r.t0:  # the received clock went back
            for k in range(cold.offset, cold.offset + cold.cap):
                if a.sample_ts[k] > bucket:
                    a.sample_ts[k] = NEVER
        r.t0, x.base = bucket, _before(a, cold, bucket)
    at = _slot(a, cold, bucket)
    a.sample_value[at] = min(a.sample_value[at] + amount, HUGE)
    return min(x.base + a.sample_value[at], HUGE)


@njit(cache=True, forceinline=True)
def _of_period(a: Any, i: int, x: Any, t: int, amount: float) -> Any:
    """The present period and the one before have a sum each."""
    r, cold = a.rules[i], a.cold[i]
    if r.t0 == NEVER or t < r.t0 or t >= x.end:
        r.t0, x.end = period_of(t, x.zone, cold.period)
    one, two = cold.offset, cold.offset + 1
    at = one if a.sample_ts[one] == r.t0 else two
    if a.sample_ts[at] != r.t0:
        at = one if a.sample_ts[one] < a.sample_ts[two] else two
        a.sample_ts[at], a.sample_value[at] = r.t0, 0.0
    a.sample_value[at] = min(a.sample_value[at] + amount, HUGE)
    return min(a.sample_value[at], HUGE)


@njit(cache=True, forceinline=True)
def total(a: Any, i: int, t: int, v: float, gap: int) -> Any:
    """(sum with this reading, start of what is summed) of an accumulation or a quota."""
    r, cold = a.rules[i], a.cold[i]
    if cold.form == COUNT:
        return v, NEVER
    x = a.extra[cold.extra]
    amount = _amount(x, cold.form, t, v, gap)
    if r.kind == QUOTA:
        found = _of_period(a, i, x, t, amount)
        return found, r.t0
    found = _sliding(a, i, x, t, amount)
    return found, (r.t0 - cold.cap + 1) * r.t1


@njit(cache=True)
def add_late(a: Any, i: int, t: int, v: float) -> None:
    """An amount that came after later ones: it counts where it belongs, and is judged with the next reading."""
    r, cold = a.rules[i], a.cold[i]
    if cold.form != SUM or r.t0 == NEVER:
        return
    x, amount = a.extra[cold.extra], min(max(v, 0.0), HUGE)
    if r.kind == QUOTA:
        start, _ = period_of(t, x.zone, cold.period)
        for at in (cold.offset, cold.offset + 1):
            if a.sample_ts[at] == start:
                a.sample_value[at] = min(a.sample_value[at] + amount, HUGE)
        return
    bucket = t // r.t1
    if r.t0 - cold.cap < bucket <= r.t0:
        at = _slot(a, cold, bucket)
        a.sample_value[at] = min(a.sample_value[at] + amount, HUGE)
        if bucket < r.t0:
            x.base = _before(a, cold, r.t0)
