"""Sums and forecasts once more, slow and plain: what ``kernel_sums`` and ``kernel_ahead`` must say to the bit."""

from __future__ import annotations

import math
import sys
from datetime import date, timedelta
from itertools import combinations
from statistics import NormalDist
from typing import Any

HUGE = sys.float_info.max
HOUR = 3_600_000.0
EPOCH = date(1970, 1, 1)


def ms(seconds: float) -> int:
    return max(round(seconds * 1000), 1) if seconds > 0 else 0


def held(x: float) -> float:
    return min(max(x, -HUGE), HUGE)


class Sum:
    """What an accumulation or a quota has come to."""

    def __init__(self, params: Any, interval_s: float | None) -> None:
        self.params, self.quota = params, hasattr(params, "period")
        self.gap = ms(3 * interval_s) if interval_s else None
        self.before: tuple[int, float] | None = None
        self.sums: dict[Any, float] = {}
        self.now: Any = None

    def amount(self, t: int, value: float) -> float:
        if self.params.form == "sum":
            return min(max(value, 0.0), HUGE)
        before, self.before = self.before, (t, value)
        if before is None:
            return 0.0
        if self.params.form == "counter":
            return min(max(value - before[1], 0.0), HUGE)
        if t <= before[0] or (self.gap is not None and t - before[0] > self.gap):
            return 0.0
        return min(max((before[1] * 0.5 + value * 0.5) * ((t - before[0]) / HOUR), 0.0), HUGE)

    def period(self, t: int) -> tuple[int, int]:
        """Start and end by the calendar; ages before and after it are one period each."""
        shift = round(self.params.utc_offset_h * 3_600_000)
        days = (t + shift) // 86_400_000
        first = (date.min - EPOCH).days
        last = (date.max - EPOCH).days
        if days < first:
            return -(2**61), first * 86_400_000 - shift
        if days > last:
            return (last + 1) * 86_400_000 - shift, 2**62
        local = EPOCH + timedelta(days=days)
        start = {"day": local, "month": local.replace(day=1), "year": local.replace(month=1, day=1)}[self.params.period]
        end = start
        while end is not None and self._same(end, start):
            try:
                end += timedelta(days=1)
            except OverflowError:
                return self._ms(start) - shift, (last + 1) * 86_400_000 - shift
        return self._ms(start) - shift, self._ms(end) - shift

    def _same(self, one: date, other: date) -> bool:
        parts = {"day": 3, "month": 2, "year": 1}[self.params.period]
        return one.timetuple()[:parts] == other.timetuple()[:parts]

    @staticmethod
    def _ms(moment: date) -> int:
        return (moment - EPOCH).days * 86_400_000

    def total(self, t: int, value: float) -> tuple[float, int | None]:
        """The sum with this reading, and where what is summed begins."""
        if self.params.form == "count":
            return value, None
        amount = self.amount(t, value)
        if self.quota:
            if self.now is None or not self.now[0] <= t < self.now[1]:
                self.now = self.period(t)
            start = self.now[0]
            if start not in self.sums and len(self.sums) == 2:
                del self.sums[min(self.sums)]
            self.sums[start] = min(self.sums.get(start, 0.0) + amount, HUGE)
            return self.sums[start], start
        bucket = t // ms(self.params.bucket_s)
        if self.now is not None and bucket < self.now:
            self.sums = {b: s for b, s in self.sums.items() if b <= bucket}
        self.now = bucket
        self.add(bucket, amount)
        return self.window(), (bucket - self.buckets() + 1) * ms(self.params.bucket_s)

    def buckets(self) -> int:
        return math.ceil(ms(self.params.window_s) / ms(self.params.bucket_s)) + 1

    def add(self, bucket: int, amount: float) -> None:
        """Buckets a whole round apart share one place: the newer one's sum is kept."""
        self.sums = {b: s for b, s in self.sums.items() if b == bucket or (b - bucket) % self.buckets()}
        self.sums[bucket] = min(self.sums.get(bucket, 0.0) + amount, HUGE)

    def window(self) -> float:
        earlier = 0.0
        for bucket in range(self.now - self.buckets() + 1, self.now):
            if bucket in self.sums:
                earlier = min(earlier + self.sums[bucket], HUGE)
        return min(earlier + self.sums[self.now], HUGE)

    def late(self, t: int, value: float) -> None:
        if self.params.form != "sum" or self.now is None:
            return
        amount = min(max(value, 0.0), HUGE)
        if self.quota:
            start = self.period(t)[0]
            if start in self.sums:
                self.sums[start] = min(self.sums[start] + amount, HUGE)
            return
        bucket = t // ms(self.params.bucket_s)
        if self.now - self.buckets() < bucket <= self.now:
            self.add(bucket, amount)


def middle(numbers: list[float]) -> float:
    numbers = sorted(numbers)
    at = len(numbers) // 2
    return numbers[at] if len(numbers) % 2 else numbers[at - 1] * 0.5 + numbers[at] * 0.5


def inflation(rests: list[float]) -> float:
    most = max(abs(r) for r in rests)
    if most == 0:
        return 1.0
    rests = [r / most for r in rests]
    own = beside = 0.0
    for k, r in enumerate(rests):
        own += r * r
        beside += rests[k - 1] * r if k else 0.0
    alike = min(max(beside / own, 0.0), 0.98)
    return (1.0 + alike) / (1.0 - alike)


def line(pairs: list[tuple[float, float]], z: float) -> tuple[float, float, float, float]:
    slopes = sorted(held((v2 - v1) / (t2 - t1) * HOUR) for (t1, v1), (t2, v2) in combinations(pairs, 2))
    n, m = len(pairs), len(slopes)
    slope = middle(slopes)
    rests = [held(v - held(slope * (t / HOUR))) for t, v in pairs]
    here = middle(rests)
    c = z * math.sqrt(n * (n - 1) * (2 * n + 5) / 18.0 * inflation([held(r - here) for r in rests]))
    first, last = math.floor((m - c) / 2.0) - 1, math.ceil((m + c) / 2.0)
    return slope, slopes[first] if first >= 0 else -math.inf, slopes[last] if last < m else math.inf, here


NEVER_SOON = (math.inf, math.inf, math.inf)


def hours_left(params: Any, samples: list[tuple[int, float]], t: int) -> tuple[float, float, float]:
    """Hours until the target, with their band; infinite while there is no trend that could not be chance."""
    z = NormalDist().inv_cdf(0.5 + params.confidence / 2)
    sign = 1.0 if params.direction == "high" else -1.0
    pairs = [(float(ts - t), v) for ts, v in samples]
    if params.form == "linear":
        pairs = [(ts, v * sign) for ts, v in pairs]
        target = params.target * sign
    else:
        pairs = inverse_velocities(params, pairs, z, sign)
        if not pairs:
            return NEVER_SOON
        target = 0.0
    slope, low, high, here = line(pairs, z)
    if not low > 0:
        return NEVER_SOON
    left = target - here if params.form == "linear" else -here
    if left <= 0:
        return 0.0, 0.0, 0.0
    return left / slope, 0.0 if high == math.inf else left / high, left / low


def inverse_velocities(
    params: Any, pairs: list[tuple[float, float]], z: float, sign: float
) -> list[tuple[float, float]]:
    """(time, −1/velocity) of each stretch, oldest first; none when it does not move or not faster and faster."""
    step = max((len(pairs) - 1) // 10, 1)
    ends = list(range(len(pairs) - 1, step - 1, -step))[::-1]
    if len(ends) < 10:
        return []
    found = []
    for end in ends:
        (t1, v1), (t2, v2) = pairs[end - step], pairs[end]
        velocity = held((v2 - v1) * sign / (t2 - t1) * HOUR)
        if not velocity > params.target:
            return []
        found.append((t1 * 0.5 + t2 * 0.5, velocity))
    k = len(found)
    rising = sum((v2 > v1) - (v2 < v1) for (_, v1), (_, v2) in combinations(found, 2))
    if not rising > z * math.sqrt(k * (k - 1) * (2 * k + 5) / 18.0):
        return []
    return [(ts, -1.0 / velocity) for ts, velocity in found]
