"""How good one point's readings of a span are: whole, in time, by a true clock, alive, plausible. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

GOOD = 0
TOLERANCE = 4
"""A reading may miss its slot by a fourth of an interval: devices keep their pace, not the county's phase."""
SPREAD_MS = 60_000
"""Delays nearer together than this are a wrong clock; wider apart they are batches or a backfill."""

Ints64 = NDArray[np.int64]
Bools = NDArray[np.bool_]
Spans = Sequence[tuple[int, int]]


class Series(NamedTuple):
    """Readings of one point in order of time: UTC ms, quality 0 good."""

    ts: Ints64
    received: Ints64
    value: NDArray[np.float64]
    quality: NDArray[np.uint8]


class Measure(NamedTuple):
    """By what a point is measured. `away`: spans that count for nothing (maintenance, calibration, a stopped site).

    A point is online for `online` intervals from each reading that was not `late_ms` late. `stuck_ms`: how long a value
    may stay the same, None where nobody has said so. Beyond `low` and `high` a value is implausible.
    """

    interval_ms: int
    online: float = 3.0
    late_ms: int = 900_000
    low: float | None = None
    high: float | None = None
    stuck_ms: int | None = None
    away: Spans = ()


class Figures(NamedTuple):
    """Of one point and span. Times in ms; what cannot be told is None.

    `counted` + `away` are the span. `expected` slots of one interval lie outside `away` whole; `covered` ones hold a
    good reading. `skew`: how far the device's clock is ahead, negative: behind (a constant delay looks the same).
    """

    counted: int
    away: int
    online: int
    readings: int
    expected: int
    covered: int
    late_p50: int | None
    late_p95: int | None
    skew: int | None
    stuck: int | None
    implausible: int


def figures(at: Series, start: int, end: int, by: Measure) -> Figures:
    """What there is to say of the span. Readings of before `start` say what still held then; later ones say nothing."""
    if start >= end or by.interval_ms < 1 or by.online <= 0:
        raise ValueError(f"start={start}, end={end}, interval={by.interval_ms}: a span and an interval above 0")
    away = merged(by.away, start, end)
    counted = end - start - length(away)
    inside = (at.ts >= start) & (at.ts < end) & ~within(at.ts, away)
    delay = (at.received - at.ts)[inside]
    skew = skew_of(delay)
    reach = round(by.online * by.interval_ms)
    in_time = (at.received - at.ts + (skew or 0)) <= by.late_ms
    alive = at.ts[in_time & (at.ts < end)]
    good = (at.quality == GOOD) & np.isfinite(at.value)
    expected, covered = slots(at.ts[inside & good], start, end, by.interval_ms, away)
    return Figures(
        counted=counted,
        away=length(away),
        online=covered_ms(alive, alive + reach, start, end, away),
        readings=int(inside.sum()),
        expected=expected,
        covered=covered,
        late_p50=_percentile(delay, 50),
        late_p95=_percentile(delay, 95),
        skew=skew,
        stuck=None if by.stuck_ms is None else _stuck(at, good, start, end, by.stuck_ms, reach, away),
        implausible=int((inside & ~_plausible(at, by)).sum()),
    )


def merged(spans: Spans, start: int, end: int) -> list[tuple[int, int]]:
    """Spans cut to start and end, in order, none touching another."""
    found: list[tuple[int, int]] = []
    for a, b in sorted((max(a, start), min(b, end)) for a, b in spans):
        if a >= b:
            continue
        if found and a <= found[-1][1]:
            found[-1] = (found[-1][0], max(b, found[-1][1]))
        else:
            found.append((a, b))
    return found


def length(spans: Spans) -> int:
    """Of spans that don't overlap."""
    return sum(b - a for a, b in spans)


def within(ts: Ints64, spans: Spans) -> Bools:
    """Which times lie in one of the spans, which are in order."""
    found = np.zeros(len(ts), np.bool_)
    for a, b in spans:
        found[np.searchsorted(ts, a) : np.searchsorted(ts, b)] = True
    return found


def covered_ms(begin: Ints64, until: Ints64, start: int, end: int, away: Spans) -> int:
    """How much of the span lies in at least one stretch and in no `away` one. Stretches in order of their begin."""
    if not len(begin):
        return 0
    reached = np.maximum.accumulate(np.concatenate(([start], until[:-1])))
    a, b = np.clip(np.maximum(begin, reached), start, end), np.clip(until, start, end)
    total = int(np.maximum(b - a, 0).sum())
    kept = a < b
    for x, y in away:
        total -= int(np.maximum(np.minimum(b[kept], y) - np.maximum(a[kept], x), 0).sum())
    return total


def slots(ts: Ints64, start: int, end: int, interval: int, away: Spans) -> tuple[int, int]:
    """How many whole slots of an interval lie outside `away`, and how many of them have a reading of their own."""
    n = (end - start) // interval
    if n < 1:
        return 0, 0
    wanted = np.ones(n, np.bool_)
    for a, b in away:
        wanted[(a - start) // interval : -(-(b - start) // interval)] = False
    return int(wanted.sum()), int(_taken(ts - start, interval, interval // TOLERANCE, wanted))


@njit(nogil=True, cache=True)
def _taken(ts, interval, tolerance, wanted):  # type: ignore[no-untyped-def]
    """How many wanted slots get a reading: each takes the first free one it is in, give or take the tolerance."""
    last = -1
    count = 0
    for i in range(len(ts)):
        slot = max((ts[i] - tolerance) // interval, last + 1)
        until = min((ts[i] + tolerance) // interval, len(wanted) - 1)
        while slot <= until and not wanted[slot]:
            slot += 1
        if slot <= until:
            count += 1
            last = slot
    return count


def skew_of(delay: Ints64) -> int | None:
    """How far a device's clock is ahead, by when its readings came; None where that cannot be told."""
    if not len(delay):
        return None
    least, middle = (int(np.percentile(delay, q)) for q in (5, 50))
    # Nothing comes before it was sent: then the clock is ahead for certain, however the delays spread.
    return -least if least < 0 or middle - least <= SPREAD_MS else None


def _percentile(delay: Ints64, q: int) -> int | None:
    return int(np.percentile(delay, q)) if len(delay) else None


def _plausible(at: Series, by: Measure) -> Bools:
    low = -np.inf if by.low is None else by.low
    high = np.inf if by.high is None else by.high
    return np.isfinite(at.value) & (at.value >= low) & (at.value <= high)


def _stuck(at: Series, good: Bools, start: int, end: int, limit: int, reach: int, away: Spans) -> int:
    """Time in runs of one value longer than the limit. A pause longer than `reach` ends a run."""
    keep = good & (at.ts < end)
    ts, value = at.ts[keep], at.value[keep]
    if not len(ts):
        return 0
    fresh = np.concatenate(([True], (value[1:] != value[:-1]) | (ts[1:] - ts[:-1] > reach)))
    first = np.flatnonzero(fresh)
    last = np.concatenate((first[1:], [len(ts)])) - 1
    begin, until = ts[first], ts[last]
    long = until - begin > limit
    return covered_ms(begin[long], until[long], start, end, away)
