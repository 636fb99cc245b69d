"""The detector of the unlike once more in plain Python: the compiled one must come to the same bits."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence

from shoutu.engine import anomaly as a

DAY = 86_400_000


def single(x: float) -> float:
    return float(struct.unpack("f", struct.pack("f", x))[0])


class Memory:
    """Ranges, or boxes, of what has been."""

    def __init__(self, dimensions: int, count: int, widest: float) -> None:
        self.widest = widest
        self.low = [[0.0] * count for _ in range(dimensions)]
        self.high = [[0.0] * count for _ in range(dimensions)]
        self.used = [0] * count
        self.total, self.count = a.PRIOR * a.PRIOR_WEIGHT, a.PRIOR_WEIGHT

    def recall(self, point: Sequence[float], widths: Sequence[float], n: int) -> float:
        best = near = 1e300
        chosen, oldest = -1, 0
        for j, seen in enumerate(self.used):
            if seen < self.used[oldest]:
                oldest = j
            if seen == 0 or n - seen > a.FORGET:
                continue
            sides = [(x, lo[j], hi[j]) for x, lo, hi in zip(point, self.low, self.high, strict=True)]
            away = [max(0.0, lo - x, x - hi) for x, lo, hi in sides]
            distance = away[0] if len(point) == 1 else away[0] / widths[0] + away[1] / widths[1]
            best = min(best, distance)
            fits = all(max(hi, x) - min(lo, x) <= self.widest * w for (x, lo, hi), w in zip(sides, widths, strict=True))
            if distance < near and fits:
                near, chosen = distance, j
        for x, lo, hi in zip(point, self.low, self.high, strict=True):
            if chosen < 0:
                lo[oldest] = hi[oldest] = x
            else:
                lo[chosen], hi[chosen] = min(lo[chosen], x), max(hi[chosen], x)
        self.used[oldest if chosen < 0 else chosen] = n
        if best == 1e300:
            return 0.0
        return best / widths[0] if len(point) == 1 else best

    def surprise(self, point: Sequence[float], widths: Sequence[float], n: int) -> float:
        e = self.recall(point, widths, n)
        if n <= a.SILENT or e <= 0:
            return 0.0
        usual = self.total / self.count
        self.total = self.total * a.FADE + min(e, a.MOST * usual)
        self.count = self.count * a.FADE + 1.0
        return math.sqrt(e / usual)


class Season:
    """The profile by half hour of the week, leaning on that of the day."""

    def __init__(self) -> None:
        self.week, self.day = [0.0] * (7 * a.BINS), [0.0] * a.BINS
        self.weeks, self.days = [0] * (7 * a.BINS), [0] * a.BINS
        self.current, self.total, self.count = -1, 0.0, 0.0
        self.mean = self.error = self.spread = self.profiled = 0.0

    def commit(self) -> None:
        mean, at, hour = self.total / self.count, self.current, self.current % a.BINS
        self.weeks[at] = min(self.weeks[at] + 1, 10)
        self.week[at] = single(self.week[at] + max(0.1, 1.0 / self.weeks[at]) * (mean - self.week[at]))
        self.days[hour] = min(self.days[hour] + 1, 30)
        self.day[hour] = single(self.day[hour] + max(1.0 / 30.0, 1.0 / self.days[hour]) * (mean - self.day[hour]))

    def usual(self, at: int) -> float:
        weeks = min(self.weeks[at], 4)
        return (weeks * self.week[at] + self.day[at % a.BINS]) / (weeks + 1.0)

    def step(self, ts: int, x: float, n: int) -> tuple[float, float]:
        if n == 0:
            self.mean = x
        moment = (ts + 3 * DAY) % (7 * DAY)
        at = moment * a.BINS // DAY
        if at != self.current:
            if self.current >= 0 and self.count > 0:
                self.commit()
            self.current, self.total, self.count = at, 0.0, 0.0
        self.total += x
        self.count += 1.0
        left = counts = 0.0
        if self.days[at % a.BINS]:
            usual = self.usual(at)
            inside = (moment * a.BINS % DAY) / DAY - 0.5
            beside = (at + (1 if inside > 0 else -1)) % (7 * a.BINS)
            if self.days[beside % a.BINS]:
                usual += abs(inside) * (self.usual(beside) - usual)
            left = x - usual
            self.profiled += 1.0
            gain = max(0.002, 1.0 / self.profiled)
            self.error += gain * (abs(left) - self.error)
            self.spread += gain * (abs(x - self.mean) - self.spread)
            share = (a.NOTHING - self.error / (self.spread + 1e-12)) / (a.NOTHING - a.WHOLE)
            counts = min(1.0, max(0.0, share))
        self.mean += max(0.001, 1.0 / (n + 1.0)) * (x - self.mean)
        return left, counts


class Detector:
    SUMS, CHANCES = [float(x) for x in a.SUMS], [float(x) for x in a.CHANCES]

    def __init__(self, target: float, refractory: int) -> None:
        self.target, self.limit, self.refractory = target, self.inverse(target), refractory
        widest = [float(x) for x in a.WIDEST]
        self.memories = [Memory(1, a.CATEGORIES, w) for w in widest[:6]] + [Memory(2, a.BOXES, widest[6])]
        self.season = Season()
        self.n, self.last, self.peak, self.leak = 0, -1, 0.0, 0.0
        self.since = 0
        self.fast = self.slow = self.rough = 0.0
        self.same = -1.0
        self.low, self.high = [0.0] * 5, [0.0] * 5

    def chance(self, u: float) -> float:
        sums, chances = self.SUMS, self.CHANCES
        if u <= sums[0]:
            return chances[0]
        for i in range(1, len(sums)):
            if u <= sums[i]:
                share = (u - sums[i - 1]) / (sums[i] - sums[i - 1])
                return chances[i - 1] + (chances[i] - chances[i - 1]) * share
        q = sums[-1] / u
        return chances[-1] * q * q * q * q

    def inverse(self, p: float) -> float:
        sums, chances = self.SUMS, self.CHANCES
        for i in range(1, len(sums)):
            if p >= chances[i]:
                share = (p - chances[i - 1]) / (chances[i] - chances[i - 1])
                return sums[i - 1] + (sums[i] - sums[i - 1]) * share
        return sums[-1] / math.sqrt(math.sqrt(p / chances[-1]))

    def width(self, j: int, x: float) -> float:
        if self.n == 0:
            self.low[j] = self.high[j] = x
        self.low[j], self.high[j] = min(self.low[j], x), max(self.high[j], x)
        return self.high[j] - self.low[j] + 1e-9 * abs(self.high[j]) + 1e-12

    def novelty(self, ts: int, value: float) -> tuple[float, str, float, float]:
        if self.n == 0:
            self.origin, self.since = value, ts
        self.since = min(self.since, ts)
        x = single(min(1e30, max(-1e30, value - self.origin)))
        young = 1.0 / (self.n + 1.0)
        self.fast += max(2.0 / 13.0, young) * (x - self.fast)
        self.slow += max(2.0 / 97.0, young) * (x - self.slow)
        if self.n == 0:
            self.before = x
        self.rough += max(2.0 / 49.0, young) * (abs(x - self.before) - self.rough)
        self.same = self.same + 1.0 if x == self.before else 0.0
        self.before = x
        left, counts = self.season.step(ts, x, self.n)
        features = [
            x,
            single(left),
            single(math.sqrt(self.same)),
            single(math.sqrt(self.rough)),
            single(self.fast - self.slow),
        ]
        lowest, highest = self.origin + self.low[0], self.origin + self.high[0]
        widths = [self.width(j, feature) for j, feature in enumerate(features)]
        self.n += 1
        parts = []
        shares = (0.5, 0.5, 0.5 * counts, 0.5 * counts, 0.5, 1.0, 1.0)
        for memory, which, share in zip(
            self.memories, ((0,), (0,), (1,), (1,), (2,), (3,), (0, 4)), shares, strict=True
        ):
            parts.append(share * memory.surprise([features[j] for j in which], [widths[j] for j in which], self.n))
        u = 0.0
        for part in parts:
            u += part
        self.leak = self.leak * a.LEAK + u
        groups = {
            "": parts[0] + parts[1], "of_hour": parts[2] + parts[3], "of_standstill": parts[4],
            "of_roughness": parts[5], "of_swing": parts[6],
        }  # fmt: skip
        aspect = max(groups, key=lambda name: groups[name])
        if aspect == "of_hour":
            usual = self.origin + (x - left)
            lowest, highest = usual - 2.0 * self.season.error, usual + 2.0 * self.season.error
        return u + a.LEAK_WEIGHT * self.leak, aspect, lowest, highest

    def rarity(self, ts: int, value: float) -> tuple[float, str, float, float]:
        u, aspect, low, high = self.novelty(ts, value)
        return 1.0 / self.chance(u), aspect, low, high

    def score(self, ts: int, value: float) -> float:
        if not math.isfinite(value):
            return 0.0
        u, _, _, _ = self.novelty(ts, value)
        p = self.chance(u)
        if u < self.limit:
            return 1.0 - max(p, min(1.0, self.target * 1.000001))
        if self.last < 0 or self.n - self.last > self.refractory or u >= a.BREAK * self.peak:
            self.last, self.peak = self.n, u
            return 1.0 - min(p, self.target)
        return 1.0 - max(p, min(1.0, 4.0 * self.target))


def scores(ts: Sequence[int], values: Sequence[float], target: float, refractory: int) -> list[float]:
    detector = Detector(target, refractory)
    return [detector.score(int(t), float(v)) for t, v in zip(ts, values, strict=True)]
