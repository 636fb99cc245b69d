"""A streaming detector of readings unlike any before: one pass, a fixed state a point, no training run.

What it remembers are ranges: of the value, of what is left of it beside the profile of its week, of how long it has
not changed, of its roughness, and of the value together with its recent swing. A reading inside a remembered range is
known. Outside it is new by its distance from the nearest, in units of how new readings of this memory usually are. So
a gap no reading has been in counts as much as a new extreme, and every point sets its own measure.

The memories are those of fuzzy ART (G. A. Carpenter, S. Grossberg, D. B. Rosen, Neural Networks 4, 1991) in one and two
dimensions. The sum is turned into a chance per reading by one table, measured over stationary series of twelve kinds
(white, autocorrelated, heavy-tailed, with a day, a week, in bursts): docs/detector.md. Only + - * / and square roots,
so that every machine comes to the same bits. Compiled by Numba.

It tells what is new, not what is bad: the second spike of a kind is known. Until it has seen a week it calls too much.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

CATEGORIES, BOXES = 18, 24
"""Ranges a memory holds, in one dimension and in two. The one not visited for longest makes room."""
BINS = 48
"""Of a day, half an hour each; the profile of the week has seven times as many."""
WIDEST = np.array([0.15, 0.3, 0.15, 0.3, 0.3, 0.15, 0.35])
"""How wide a range may grow, in running ranges of its feature: value fine and coarse, residual fine and coarse, time
unchanged, roughness, value with swing."""
SILENT = 50
"""Readings before anything is new."""
FORGET = 10_000
"""Readings after which a range nobody visited is forgotten."""
PRIOR, PRIOR_WEIGHT, MOST, FADE = 0.02, 2.0, 8.0, 0.98
"""Of how new readings usually are: its first guess, what that weighs, what one reading may add, what is kept."""
LEAK, LEAK_WEIGHT = 0.9, 0.31622776601683794
BREAK = 4.0
"""While an alarm keeps the next back, what is so many times newer alarms again."""
WHOLE, NOTHING = 0.4, 0.8
"""The week counts whole when its profile leaves this share of the error of the mean, not at all when that."""
TARGET = 0.0003
"""False alarms per reading: 2.6 a month of one every five minutes."""
REFRACTORY = 140
"""Readings an alarm keeps the next back: one event is one alarm."""
DAY = 86_400_000
SUMS = np.array([0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 8.0, 12.0, 20.0])
CHANCES = np.array([
    1.0, 0.0028, 0.0020, 0.00135, 0.00093, 0.00064, 0.00044, 0.00032, 0.00026, 0.00021, 0.00015, 0.00011, 0.00006,
    0.00002, 0.000005,
])  # fmt: skip
"""How many readings of a stationary series are as new as that."""

DETECTOR = np.dtype(
    [
        ("limit", "f8"),  # an alarm is as new as this
        ("target", "f8"),
        ("refractory", "i8"),
        ("since", "i8"),  # local time of the first of them
        ("n", "i8"),  # readings seen
        ("last", "i8"),  # number of the last that alarmed, -1: none
        ("bin", "i8"),  # of the week, that is being filled; -1: none
        ("origin", "f8"),  # the first value
        ("fast", "f8"),  # mean of some 12 readings
        ("slow", "f8"),  # of some 96
        ("same", "f8"),  # readings without a change
        ("before", "f8"),
        ("rough", "f8"),  # mean step of some 48 readings
        ("leak", "f8"),  # what was new lately
        ("peak", "f8"),  # how new the last alarm was
        ("bin_sum", "f8"),
        ("bin_n", "f8"),
        ("mean", "f8"),
        ("error", "f8"),  # mean error of the profile
        ("spread", "f8"),  # mean error of the mean
        ("profiled", "f8"),  # readings that had a profile
        ("low", "f8", (5,)),  # running range of each feature
        ("high", "f8", (5,)),
        ("usual", "f8", (7,)),  # sums of how new readings were, by memory
        ("usual_n", "f8", (7,)),
        ("from", "f4", (6, CATEGORIES)),
        ("to", "f4", (6, CATEGORIES)),
        ("used", "u4", (6, CATEGORIES)),  # number of the reading that was there last, 0: free
        ("box_from", "f4", (2, BOXES)),
        ("box_to", "f4", (2, BOXES)),
        ("box_used", "u4", (BOXES,)),
        ("week", "f4", (7 * BINS,)),
        ("day", "f4", (BINS,)),
        ("week_n", "u1", (7 * BINS,)),
        ("day_n", "u1", (BINS,)),
    ]
)
"""All a point needs: 4,056 bytes."""
OF_VALUE, OF_HOUR, OF_STANDSTILL, OF_ROUGHNESS, OF_SWING = range(5)
"""What of a reading is new: the value, the value at this hour, that it stays, how it scatters, how fast it moves."""


@njit(cache=True)
def _chance(u: float) -> Any:
    """How many readings of a stationary series are as new as ``u``."""
    last = len(SUMS) - 1
    if u <= SUMS[0]:
        return CHANCES[0]
    for i in range(1, last + 1):
        if u <= SUMS[i]:
            share = (u - SUMS[i - 1]) / (SUMS[i] - SUMS[i - 1])
            return CHANCES[i - 1] + (CHANCES[i] - CHANCES[i - 1]) * share
    q = SUMS[last] / u
    return CHANCES[last] * q * q * q * q


@njit(cache=True)
def _limit(chance: float) -> Any:
    """As new as what so many readings are: the inverse."""
    last = len(SUMS) - 1
    for i in range(1, last + 1):
        if chance >= CHANCES[i]:
            share = (chance - CHANCES[i - 1]) / (CHANCES[i] - CHANCES[i - 1])
            return SUMS[i - 1] + (SUMS[i] - SUMS[i - 1]) * share
    return SUMS[last] / math.sqrt(math.sqrt(chance / CHANCES[last]))


@njit(cache=True)
def start(s: Any, target: float, refractory: int) -> None:
    """A detector that has seen nothing, in a record of zeros. ``target``: false alarms per reading, above 0 below 1."""
    s.target, s.limit, s.refractory = target, _limit(target), refractory
    s.last = s.bin = -1
    s.usual[:] = PRIOR * PRIOR_WEIGHT
    s.usual_n[:] = PRIOR_WEIGHT


@njit(cache=True)
def _surprise(s: Any, j: int, e: float) -> float:
    """How new by the measure of memory ``j``, which learns it."""
    if s.n <= SILENT or e <= 0.0:
        return 0.0
    usual, count = s.usual, s.usual_n
    m = usual[j] / count[j]
    usual[j] = usual[j] * FADE + min(e, MOST * m)
    count[j] = count[j] * FADE + 1.0
    return math.sqrt(e / m)


@njit(cache=True)
def _home(low: Any, high: Any, used: Any, n: int, x: float, wide: float) -> int:
    """The first range in force that holds ``x`` and is at most so wide; CATEGORIES: none. Without a branch, so that
    several are looked at at once."""
    home = CATEGORIES
    for j in range(CATEGORIES):
        here = (used[j] != 0) & (n - used[j] <= FORGET) & (low[j] <= x) & (x <= high[j])
        here = here & (np.float64(high[j]) - np.float64(low[j]) <= wide)
        home = min(home, j if here else CATEGORIES)
    return home


@njit(cache=True)
def _home_box(low: Any, high: Any, used: Any, n: int, x: float, y: float, wide: float, tall: float) -> int:
    """The same in two dimensions; BOXES: none."""
    home = BOXES
    for j in range(BOXES):
        here = (used[j] != 0) & (n - used[j] <= FORGET) & (low[0, j] <= x) & (x <= high[0, j])
        here = here & (low[1, j] <= y) & (y <= high[1, j])
        here = here & (np.float64(high[0, j]) - np.float64(low[0, j]) <= wide)
        here = here & (np.float64(high[1, j]) - np.float64(low[1, j]) <= tall)
        home = min(home, j if here else BOXES)
    return home


@njit(cache=True)
def _recall(s: Any, row: int, x: float, width: float, widest: float) -> Any:
    """The distance of ``x`` from the nearest range of a memory, in running ranges; the memory learns it."""
    low, high, used, n = s["from"][row], s.to[row], s.used[row], s.n
    home = _home(low, high, used, n, x, widest * width)
    if home < CATEGORIES:  # at no distance: none is nearer, and this one need not grow
        used[home] = n
        return 0.0
    best = near = 1e300
    chosen, oldest = -1, 0
    for j in range(CATEGORIES):
        if used[j] < used[oldest]:
            oldest = j
        if used[j] == 0 or n - used[j] > FORGET:
            continue
        d = max(0.0, max(low[j] - x, x - high[j]))
        best = min(best, d)
        if d < near and max(high[j], x) - min(low[j], x) <= widest * width:
            near, chosen = d, j
    if chosen < 0:
        chosen = oldest
        low[chosen] = high[chosen] = x
    else:
        low[chosen], high[chosen] = min(low[chosen], x), max(high[chosen], x)
    used[chosen] = n
    return best / width if best < 1e300 else 0.0


@njit(cache=True)
def _recall_box(s: Any, x: float, y: float, wide: float, tall: float, widest: float) -> Any:
    """The same in two dimensions: the sum of both distances."""
    low, high, used, n = s.box_from, s.box_to, s.box_used, s.n
    home = _home_box(low, high, used, n, x, y, widest * wide, widest * tall)
    if home < BOXES:
        used[home] = n
        return 0.0
    best = near = 1e300
    chosen, oldest = -1, 0
    for j in range(BOXES):
        if used[j] < used[oldest]:
            oldest = j
        if used[j] == 0 or n - used[j] > FORGET:
            continue
        d = max(0.0, max(low[0, j] - x, x - high[0, j])) / wide + max(0.0, max(low[1, j] - y, y - high[1, j])) / tall
        best = min(best, d)
        fits = max(high[0, j], x) - min(low[0, j], x) <= widest * wide
        if d < near and fits and max(high[1, j], y) - min(low[1, j], y) <= widest * tall:
            near, chosen = d, j
    if chosen < 0:
        chosen = oldest
        low[0, chosen] = high[0, chosen] = x
        low[1, chosen] = high[1, chosen] = y
    else:
        low[0, chosen], high[0, chosen] = min(low[0, chosen], x), max(high[0, chosen], x)
        low[1, chosen], high[1, chosen] = min(low[1, chosen], y), max(high[1, chosen], y)
    used[chosen] = n
    return best if best < 1e300 else 0.0


@njit(cache=True)
def _profile(s: Any, at: int) -> Any:
    """What is usual in a bin of the week: the more weeks it has seen, the less it leans on the same hour of any day."""
    weeks = min(s.week_n[at], 4)
    return (weeks * s.week[at] + s.day[at % BINS]) / (weeks + 1.0)


@njit(cache=True)
def _close_bin(s: Any) -> None:
    """The bin that is left goes into the profile, by its mean."""
    if s.bin < 0 or not s.bin_n > 0.0:
        return
    mean, at = s.bin_sum / s.bin_n, s.bin
    hour = at % BINS
    s.week_n[at] = min(s.week_n[at] + 1, 10)
    s.week[at] = s.week[at] + max(0.1, 1.0 / s.week_n[at]) * (mean - s.week[at])
    s.day_n[hour] = min(s.day_n[hour] + 1, 30)
    s.day[hour] = s.day[hour] + max(1.0 / 30.0, 1.0 / s.day_n[hour]) * (mean - s.day[hour])


@njit(cache=True)
def _beside_the_week(s: Any, ts: int, x: float) -> Any:
    """(what is left of the value beside its profile, how much that counts)."""
    moment = (ts + 3 * DAY) % (7 * DAY)
    at = moment * BINS // DAY
    if at != s.bin:
        _close_bin(s)
        s.bin, s.bin_sum, s.bin_n = at, 0.0, 0.0
    s.bin_sum += x
    s.bin_n += 1.0
    left = counts = 0.0
    if s.day_n[at % BINS] > 0:
        usual = _profile(s, at)
        inside = (moment * BINS % DAY) / DAY - 0.5
        beside = (at + (1 if inside > 0.0 else -1)) % (7 * BINS)
        if s.day_n[beside % BINS] > 0:
            usual += abs(inside) * (_profile(s, beside) - usual)
        left = x - usual
        s.profiled += 1.0
        gain = max(0.002, 1.0 / s.profiled)
        s.error += gain * (abs(left) - s.error)
        s.spread += gain * (abs(x - s.mean) - s.spread)
        counts = min(1.0, max(0.0, (NOTHING - s.error / (s.spread + 1e-12)) / (NOTHING - WHOLE)))
    s.mean += max(0.001, 1.0 / (s.n + 1.0)) * (x - s.mean)
    return left, counts


@njit(cache=True)
def _width(s: Any, j: int, x: float) -> Any:
    """The running range of a feature, this value included."""
    if s.n == 0:
        s.low[j] = s.high[j] = x
    s.low[j], s.high[j] = min(s.low[j], x), max(s.high[j], x)
    return s.high[j] - s.low[j] + 1e-9 * abs(s.high[j]) + 1e-12


@njit(cache=True)
def _single(x: float) -> float:
    """As the memories hold it."""
    return np.float64(np.float32(x))


@njit(cache=True)
def _novelty(s: Any, ts: int, value: float) -> Any:
    """(how new a reading is, all memories together; what of it is new most; what was usual of that, low and high).

    Usual is the range the value has ever been in, or what its profile says of the hour.
    """
    if s.n == 0:
        s.origin, s.since = value, ts
    s.since = min(s.since, ts)
    x = _single(min(1e30, max(-1e30, value - s.origin)))
    young = 1.0 / (s.n + 1.0)
    s.fast += max(2.0 / 13.0, young) * (x - s.fast)
    s.slow += max(2.0 / 97.0, young) * (x - s.slow)
    if s.n == 0:
        s.mean = s.before = x
        s.same = -1.0
    s.rough += max(2.0 / 49.0, young) * (abs(x - s.before) - s.rough)
    s.same = s.same + 1.0 if x == s.before else 0.0
    s.before = x
    left, counts = _beside_the_week(s, ts, x)
    left, same = _single(left), _single(math.sqrt(s.same))
    rough, swing = _single(math.sqrt(s.rough)), _single(s.fast - s.slow)
    lowest, highest = s.origin + s.low[0], s.origin + s.high[0]
    wide, beside, still, coarse, tall = (
        _width(s, 0, x), _width(s, 1, left), _width(s, 2, same), _width(s, 3, rough), _width(s, 4, swing),
    )  # fmt: skip
    s.n += 1
    fine = 0.5 * _surprise(s, 0, _recall(s, 0, x, wide, WIDEST[0]))
    broad = 0.5 * _surprise(s, 1, _recall(s, 1, x, wide, WIDEST[1]))
    fine_left = 0.5 * counts * _surprise(s, 2, _recall(s, 2, left, beside, WIDEST[2]))
    broad_left = 0.5 * counts * _surprise(s, 3, _recall(s, 3, left, beside, WIDEST[3]))
    stands = 0.5 * _surprise(s, 4, _recall(s, 4, same, still, WIDEST[4]))
    scatters = _surprise(s, 5, _recall(s, 5, rough, coarse, WIDEST[5]))
    moves = _surprise(s, 6, _recall_box(s, x, swing, wide, tall, WIDEST[6]))
    u = fine + broad + fine_left + broad_left + stands + scatters + moves
    s.leak = s.leak * LEAK + u
    newest, aspect = fine + broad, OF_VALUE
    for most, of in (
        (fine_left + broad_left, OF_HOUR), (stands, OF_STANDSTILL), (scatters, OF_ROUGHNESS), (moves, OF_SWING),
    ):  # fmt: skip
        if most > newest:
            newest, aspect = most, of
    if aspect == OF_HOUR:
        usual = s.origin + (x - left)
        lowest, highest = usual - 2.0 * s.error, usual + 2.0 * s.error
    return u + LEAK_WEIGHT * s.leak, aspect, lowest, highest


@njit(cache=True)
def rarity(s: Any, ts: int, value: float) -> Any:
    """(a reading as new as this is one in so many of a stationary series; what of it is new, OF_VALUE …; what was
    usual, low and high). ``ts``: local time, ms; ``value`` finite."""
    u, aspect, low, high = _novelty(s, ts, value)
    return 1.0 / _chance(u), aspect, low, high


@njit(cache=True)
def score(s: Any, ts: int, value: float) -> Any:
    """How unlike any before a reading is, 0…1: 1 − p stands for p false alarms per reading of a stationary series.

    ``ts``: local time, ms. An alarm is a score of 1 − target or above. What is no number scores 0 and is not learnt.
    """
    if not math.isfinite(value):
        return 0.0
    u, _aspect, _low, _high = _novelty(s, ts, value)
    p = _chance(u)
    if u < s.limit:
        return 1.0 - max(p, min(1.0, s.target * 1.000001))
    if s.last < 0 or s.n - s.last > s.refractory or u >= BREAK * s.peak:
        s.last, s.peak = s.n, u
        return 1.0 - min(p, s.target)
    return 1.0 - max(p, min(1.0, 4.0 * s.target))


@njit(cache=True)
def _each(s: Any, ts: Any, values: Any, out: Any) -> None:
    for i in range(len(values)):
        out[i] = score(s, ts[i], values[i])


def scores(
    ts: ArrayLike, values: ArrayLike, target: float = TARGET, refractory: int = REFRACTORY
) -> NDArray[np.float64]:
    """The score of each reading of one point, in their order; ``ts`` local time in ms. Raises ValueError."""
    stamps, numbers = np.ascontiguousarray(ts, np.int64), np.ascontiguousarray(values, np.float64)
    if stamps.shape != numbers.shape or stamps.ndim != 1:
        raise ValueError(
            f"ts has shape {stamps.shape}, values {numbers.shape}; two columns of one length were expected"
        )
    if not 0 < target < 1:
        raise ValueError(f"target is {target}; false alarms per reading, above 0 and below 1")
    state = np.zeros(1, DETECTOR)
    start(state[0], target, refractory)
    out = np.empty(len(numbers))
    _each(state[0], stamps, numbers, out)
    return out
