"""How long until a value is reached: a robust line through the samples of a window, or the inverse of its velocity.

Compiled by Numba; called by the walk in ``kernel``. Both answer with infinity as long as what they see may be chance.

The line: Theil-Sen slope and Sen's confidence interval of it (P. K. Sen, J. Am. Stat. Assoc. 63, 1968), widened by
what neighbouring samples have in common. The inverse
velocity falls linearly to zero at failure (T. Fukuzono, 1985); the acceleration is real when the velocities rise by
the test of Mann and Kendall, and the line through their inverses falls at its confidence too.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from . import layout as lay
from . import params

LINEAR = lay.LINEAR
HOUR = 3_600_000.0
HUGE = float(np.finfo(np.float64).max)
INF = math.inf
STRETCHES = params.STRETCHES


@njit(cache=True)
def _finite(x: float) -> float:
    """Within the finite: sums of absurd values must not become no number."""
    return min(max(x, -HUGE), HUGE)


@njit(cache=True)
def middle(part: Any) -> Any:
    """Median of sorted numbers."""
    m = len(part)
    return part[m // 2] if m % 2 == 1 else part[m // 2 - 1] * 0.5 + part[m // 2] * 0.5


@njit(cache=True)
def _inflation(rests: Any, here: float) -> float:
    """By how much the variance of the slopes grows because neighbours resemble each other (S. Yue, C. Y. Wang, Water
    Resour. Manag. 18, 2004): a slow swing round a constant is no trend."""
    n, most = len(rests), 0.0
    for k in range(n):
        rests[k] = _finite(rests[k] - here)
        most = max(most, abs(rests[k]))
    if most == 0.0:
        return 1.0
    own = beside = 0.0
    for k in range(n):
        rests[k] /= most
        own += rests[k] * rests[k]
        if k > 0:
            beside += rests[k - 1] * rests[k]
    alike = min(max(beside / own, 0.0), 0.98)
    return (1.0 + alike) / (1.0 - alike)


@njit(cache=True)
def after(head: int, k: int, cap: int) -> int:
    """The place ``k`` after ``head`` in a ring of ``cap`` places, k at most cap; a division took ten times as long."""
    at = head + k
    return at - cap if at >= cap else at


@njit(cache=True, error_model="numpy")
def _line(ts: Any, vs: Any, n: int, z: float, work: Any) -> Any:
    """(slope per hour, its low and its high bound, the value at time 0) through n pairs; ``ts`` in ms up to 0."""
    m = 0
    for j in range(1, n):
        for i in range(j):
            work[m] = _finite((vs[j] - vs[i]) / (ts[j] - ts[i]) * HOUR)
            m += 1
    slopes = np.sort(work[:m])
    slope = middle(slopes)
    for k in range(n):
        work[k] = _finite(vs[k] - _finite(slope * (ts[k] / HOUR)))
    here = middle(np.sort(work[:n]))
    c = z * math.sqrt(n * (n - 1) * (2 * n + 5) / 18.0 * _inflation(work[:n], here))
    first, last = math.floor((m - c) / 2.0) - 1, math.ceil((m + c) / 2.0)
    low = slopes[first] if first >= 0 else -INF
    high = slopes[last] if last < m else INF
    return slope, low, high, here


@njit(cache=True)
def _may_rise(vs: Any, n: int, z: float) -> bool:
    """Whether so few pairs do not rise that the low bound of the slope in ``_line`` may be above 0.

    The bound is that of the sorted slopes which leaves at most ``most`` below it, fewer when neighbours resemble each
    other. Where more pairs than that do not rise, it is 0 or less, and no slope need be reckoned or sorted.
    """
    m, still = n * (n - 1) // 2, 0
    most = math.floor((m - z * math.sqrt(n * (n - 1) * (2 * n + 5) / 18.0)) / 2.0) - 1
    for j in range(1, n):
        if still > most:
            return False
        v = vs[j]
        for i in range(j):
            still += v <= vs[i]
    return still <= most


@njit(cache=True)
def _linear(x: Any, ts: Any, vs: Any, n: int, work: Any) -> Any:
    for k in range(n):
        vs[k] *= x.sign
    if not _may_rise(vs, n, x.z):
        return INF, INF, INF
    slope, low, high, here = _line(ts, vs, n, x.z, work)
    if not low > 0.0:
        return INF, INF, INF
    left = x.target * x.sign - here
    if left <= 0.0:
        return 0.0, 0.0, 0.0
    return left / slope, (0.0 if high == INF else left / high), left / low


@njit(cache=True)
def _inverse(x: Any, ts: Any, vs: Any, n: int, work: Any) -> Any:
    step = max((n - 1) // STRETCHES, 1)
    k = (n - 1) // step
    if k < STRETCHES:
        return INF, INF, INF
    # Velocities of stretches that end at the newest sample, oldest first, at the middle of their time.
    for j in range(k):
        end = n - 1 - (k - 1 - j) * step
        begin = end - step
        v = _finite((vs[end] - vs[begin]) * x.sign / (ts[end] - ts[begin]) * HOUR)
        if not v > x.target:
            return INF, INF, INF
        vs[j], ts[j] = v, ts[begin] * 0.5 + ts[end] * 0.5
    rising = 0
    for j in range(1, k):
        for i in range(j):
            rising += (1 if vs[j] > vs[i] else 0) - (1 if vs[j] < vs[i] else 0)
    if not rising > x.z * math.sqrt(k * (k - 1) * (2 * k + 5) / 18.0):
        return INF, INF, INF
    for j in range(k):
        vs[j] = -1.0 / vs[j]  # rises to 0 at failure
    slope, low, high, here = _line(ts, vs, k, x.z, work)
    if not low > 0.0:
        return INF, INF, INF
    left = -here
    if left <= 0.0:
        return 0.0, 0.0, 0.0
    return left / slope, (0.0 if high == INF else left / high), left / low


@njit(cache=True)
def hours_left(sample_ts: Any, sample_value: Any, r: Any, cold: Any, x: Any, t: int, work: Any) -> Any:
    """By the samples held: (hours, early and late bound, event time of the oldest sample, the value then reached, no
    number for a failure); infinite without a trend.

    ``x``: the rule's record in EXTRA; ``work``: 3 rows; the third has room for the slopes of all pairs.
    """
    n, base = r.n, cold.offset
    ts, vs = work[0, :n], work[1, :n]
    for k in range(n):
        at = base + after(cold.head, k, cold.cap)
        ts[k], vs[k] = float(sample_ts[at] - t), sample_value[at]
    if cold.form == LINEAR:
        hours, early, late = _linear(x, ts, vs, n, work[2])
        return hours, early, late, sample_ts[base + cold.head], x.target
    hours, early, late = _inverse(x, ts, vs, n, work[2])
    return hours, early, late, sample_ts[base + cold.head], math.nan
