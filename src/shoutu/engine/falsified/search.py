"""The search over all points of a span: each kind has a sixth of the error, shared by everything it compares."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from . import bound, digits, noise, pattern, scaled, words
from .law import bits
from .matches import matches

ALPHA = 0.01
"""Findings of honest series to be expected in one search of all points, at most, under the assumptions."""
KINDS = 6
COPIED, CLONED, SHIFTED, SMOOTH, ROUNDED, PATTERN = "copied", "cloned", "shifted", "smooth", "rounded", "pattern"
LIKED = "liked"
"""Some last digits preferred, but not rounded: of the sixth of rounding."""
FEWEST_DISTINCT = 5
"""Different steps in a stretch: less is a switch or a level between two values."""
ROUNDING, LIVELESS = 4, 0.9
"""Third differences of a curve without noise are its rounding: at most so large. A stretch of which this share is so
small tells nothing."""
PREDICTED = 0.5
"""Bits a change tells at least: below it the law all but foresaw it, and its own errors would add up."""
FEWEST_PEERS = 20
MOST_EACH = 3
"""Findings told of one point (or pair) and kind: the most improbable."""


_Window: TypeAlias = tuple[int, int, float, Any]


class Point(NamedTuple):
    """What must be known of a point: kind of its peers, time between readings, digits after the point it tells."""

    kind: str
    interval_ms: int
    decimals: int


class Column(NamedTuple):
    """Readings by point, then time. ``bounds``: where each of ``ids`` begins, and the end; values in last digits."""

    ids: NDArray[np.int64]
    bounds: NDArray[np.int64]
    ts: NDArray[np.int64]
    value: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Finding:
    """A stretch, the stretch it is to be shown beside (of another point, another time, or none), and how improbable.

    ``bits``: the stretch alone comes by chance with 2^-bits at most; ``bits_left``: anything alike in the whole search
    with 2^-bits_left at most. Times UTC ms, ends inclusive.
    """

    kind: str
    point: int
    start: int
    end: int
    n: int
    bits: float
    bits_left: float
    zh: str
    en: str
    beside: int | None = None
    beside_start: int | None = None
    beside_end: int | None = None
    factor: float = 1.0
    offset: float = 0.0


def columns(
    point: NDArray[np.int64],
    ts: NDArray[np.int64],
    value: NDArray[np.float64],
    points: Mapping[int, Point],
    away: Mapping[int, Iterable[tuple[int, int]]] = MappingProxyType({}),
) -> Column:
    """Readings in any order as the search takes them; of two at one time the first, no numbers left out.

    ``away``: times of a point for which a stop or a calibration is on record: what it told then is not searched.
    """
    known = np.isin(point, np.fromiter(points, np.int64, len(points))) & np.isfinite(value) & (np.abs(value) < 1e12)
    for one, spans in away.items():
        for start, end in spans:
            known &= (point != one) | (ts < start) | (ts >= end)
    point, ts, value = point[known], ts[known], value[known]
    order = np.lexsort((ts, point))
    point, ts, value = point[order], ts[order], value[order]
    new = np.ones(len(point), np.bool_)
    new[1:] = (point[1:] != point[:-1]) | (ts[1:] != ts[:-1])
    point, ts, value = point[new], ts[new], value[new]
    ids, begins = np.unique(point, return_index=True)
    bounds = np.append(begins, len(point)).astype(np.int64)
    places = np.array([10.0 ** points[int(one)].decimals for one in ids])
    told = np.rint(value * np.repeat(places, np.diff(bounds))).astype(np.int64)
    return Column(ids, bounds, ts, told)


def find(
    now: Column,
    points: Mapping[int, Point],
    before: Column | None = None,
    same: Iterable[tuple[int, int]] = (),
    alpha: float = ALPHA,
) -> list[Finding]:
    """What is found in ``now``, the most improbable first.

    ``before``: what the points told earlier, by which noise, digits and patterns are measured; without it the peers of
    a kind serve for noise and digits. ``same``: pairs that rightly tell the same (one instrument reported twice, a
    value reckoned from another).
    """
    if not len(now.ts):
        return []
    search = _Search(now, points, before, {frozenset(pair) for pair in same}, alpha)
    found = [*search.repeated(), *search.scaled(), *search.patterns(), *search.smooth(), *search.rounded()]
    return _most_improbable(found)


def _most_improbable(found: list[Finding]) -> list[Finding]:
    told: dict[tuple[str, int, int | None], int] = {}
    kept = []
    for one in sorted(found, key=lambda one: (-one.bits_left, one.kind, one.point, one.start)):
        pair = (one.kind, one.point, one.beside)
        told[pair] = told.get(pair, 0) + 1
        if told[pair] <= MOST_EACH:
            kept.append(one)
    return kept


class _Search:
    def __init__(
        self,
        now: Column,
        points: Mapping[int, Point],
        before: Column | None,
        same: set[frozenset[int]],
        alpha: float,
    ) -> None:
        self.now, self.points, self.before, self.same = now, points, before, same
        self.need = math.log2(KINDS / alpha)
        self.sizes = np.diff(now.bounds)
        self.change = np.diff(now.value, prepend=now.value[:1])
        self.change[now.bounds[:-1]] = 0

    def _of(self, place: int) -> int:
        return int(np.searchsorted(self.now.bounds, place, "right")) - 1

    def _earlier(self, row: int) -> NDArray[np.int64]:
        if self.before is None:
            return np.empty(0, np.int64)
        at = int(np.searchsorted(self.before.ids, self.now.ids[row]))
        if at == len(self.before.ids) or self.before.ids[at] != self.now.ids[row]:
            return np.empty(0, np.int64)
        return self.before.value[self.before.bounds[at] : self.before.bounds[at + 1]]

    def _known(self, row: int) -> NDArray[np.int64]:
        return np.concatenate([self._earlier(row), self._values(row)])

    def _values(self, row: int) -> NDArray[np.int64]:
        return self.now.value[self.now.bounds[row] : self.now.bounds[row + 1]]

    def _compared(self, kind: str) -> float:
        """Bits of how many pairs of places a kind compares."""
        sizes = self.sizes.astype(np.float64)
        if kind == COPIED:
            pairs = (sizes**2).sum() / 2
        elif kind == CLONED:
            pairs = sizes.sum() * len(sizes) * 1.5  # of each interval, the one before and the one after
        else:
            pairs = sizes.sum() ** 2 / 2
        return math.log2(max(2.0, pairs))

    def repeated(self) -> list[Finding]:
        """Copies within a point, and the same or shifted series of two."""
        law = bits(self.change, self.now.bounds, np.ones(len(self.change), np.bool_))
        found = []
        for one in matches(self.change, law, self.now.bounds):
            made = self._pair(one.first, one.second, one.n, one.bits, 1.0)
            if made is not None:
                found.append(made)
        return found

    def scaled(self) -> list[Finding]:
        """The same series with another factor."""
        found = []
        for one in scaled.clones(self.now.value, self.change, self.now.bounds):
            made = (
                self._pair(one.first, one.second, one.n, one.bits, one.factor) if abs(one.factor - 1) > 0.01 else None
            )
            if made is not None:
                found.append(made)
        return found

    def _pair(self, first: int, second: int, n: int, told: float, factor: float) -> Finding | None:
        now = self.now
        if now.ts[first] > now.ts[second]:  # the later one is the suspect
            first, second, factor = second, first, 1 / factor
        mine, its = self._of(second), self._of(first)
        apart = int(now.ts[second] - now.ts[first])
        point, beside = int(now.ids[mine]), int(now.ids[its])
        if mine == its and second - first <= pattern.LONGEST:
            return None  # a pattern
        kind = COPIED if mine == its else CLONED if apart < self.points[point].interval_ms else SHIFTED
        left = told - self._compared(kind) - self.need
        steps = self.change[second + 1 : second + n]
        known = frozenset((point, beside)) in self.same or told < PREDICTED * (steps != 0).sum()
        if left < 0 or known or not _lively(steps):
            return None
        mine_unit, its_unit = (10.0 ** -self.points[p].decimals for p in (point, beside))
        factor = factor * mine_unit / its_unit
        offset = float(
            np.median(now.value[second : second + n] * mine_unit - factor * now.value[first : first + n] * its_unit)
        )
        zh, en = _pair_words(kind, n, now.ts[first], now.ts[second], apart, factor, offset, left + self.need)
        return Finding(
            kind, point, int(now.ts[second]), int(now.ts[second + n - 1]), n, told, left + self.need, zh, en,
            beside, int(now.ts[first]), int(now.ts[first + n - 1]), factor, offset,
        )  # fmt: skip

    def patterns(self) -> list[Finding]:
        """Short series repeated exactly."""
        compared = math.log2(max(2.0, float(self.sizes.sum()) * pattern.LONGEST))
        found: list[Finding] = []
        for place, n, period in pattern.repeated(self.now.value, self.now.bounds).tolist():
            row = self._of(place)
            begin = int(self.now.bounds[row])
            told = pattern.told(self._values(row), place - begin, n, period, self._earlier(row))
            if told < PREDICTED * np.count_nonzero(np.diff(self.now.value[place : place + n])):
                continue
            zh = f"连续 {n} 个读数由同样 {period} 个数值一再重复而成"
            en = f"{n} readings in a row are the same {period} values over and over"
            found += self._alone(PATTERN, row, place, n, told, compared, zh, en, (place, period))
        return found

    def smooth(self) -> list[Finding]:
        """Noise far below the point's own before, or below the quietest of its kind."""
        compared = math.log2(2 * noise.tests(float(self.sizes.sum())))
        error = 2.0**-self.need / 2 / max(1, len(self.sizes))
        peers = self._peers(lambda row: noise.blocks_of(self._values(row)))
        found: list[Finding] = []
        for row in range(len(self.sizes)):
            earlier = noise.blocks_of(self._earlier(row))
            if len(earlier):
                quiet = noise.quietest(earlier, error)
            else:
                quiet = noise.quietest(peers(row), error, noise.QUIETEST_PEERS)
            if quiet is None:
                continue
            whose = ("该测点此前", "the point's own before") if len(earlier) else ("同类测点", "its peers'")
            unit = 10.0 ** -self.points[int(self.now.ids[row])].decimals
            value, whole = self._values(row), self._known(row)
            free = [one for one in noise.windows(value, quiet) if not bound.lies(value[one[0] :][: one[1]], whole)]
            for first, n, told, usual in _apart(free, compared + self.need):
                figures = f"{usual * unit / 2:.3g}", f"{quiet.usual * unit / 2:.3g}"
                zh = f"连续 {n} 个读数的跳动（{figures[0]}）远低于{whose[0]}最平静时段（{figures[1]}）"
                en = f"{n} readings have noise ({figures[0]}) far below the quietest of {whose[1]} ({figures[1]})"
                place = int(self.now.bounds[row]) + first
                found += self._alone(SMOOTH, row, place, n, told, compared, zh, en)
        return found

    def rounded(self) -> list[Finding]:
        """Last digits no longer as they were, or as no peer's."""
        compared = math.log2(digits.tests(float(self.sizes.sum())))
        peers = self._peers(lambda row: digits.counts(self._values(row))[None, :])
        steps = self._peers(lambda row: np.array([[round(digits.noise(self._values(row)))]]))
        found: list[Finding] = []
        for row in range(len(self.sizes)):
            value, earlier = self._values(row), self._earlier(row)
            own = len(earlier) > digits.FEWEST
            step = digits.noise(earlier) if own else float(np.median(steps(row))) if len(steps(row)) else 0.0
            if step < digits.COARSEST:
                continue
            reference = digits.counts(earlier) if own else peers(row).sum(axis=0)
            if not digits.fit(reference):
                continue
            whole = self._known(row)
            cut = own and bound.lies(earlier, whole, bound.DIGITS)
            for first, n, told, counted in _rounded_first(digits.windows(value, reference), compared + self.need):
                # Peers do not tell which digits this very point likes, but that an instrument of its kind has them.
                # Values cut off at a bound like the digits next to it.
                plain = _plain(counted)
                if not plain and (cut or bound.lies(value[first : first + n], whole, bound.DIGITS)):
                    continue
                if digits.usual_step(value[first : first + n]) >= digits.COARSEST and (own or plain):
                    zh, en = _digit_words(counted, own)
                    kind = ROUNDED if plain else LIKED
                    found += self._alone(kind, row, int(self.now.bounds[row]) + first, n, told, compared, zh, en)
        return found

    def _alone(
        self,
        kind: str,
        row: int,
        place: int,
        n: int,
        told: float,
        compared: float,
        zh: str,
        en: str,
        beside: tuple[int, int] | None = None,
    ) -> list[Finding]:
        left = told - compared
        if left < self.need:
            return []
        point, start, end = int(self.now.ids[row]), int(self.now.ts[place]), int(self.now.ts[place + n - 1])
        by = words.chance(left)
        zh, en = f"{words.when(start)} 起{zh}，{by[0]}。", f"From {words.when(start)}: {en}; {by[1]}."
        if beside is None:
            return [Finding(kind, point, start, end, n, told, left, zh, en)]
        first, length = beside
        begin, until = int(self.now.ts[first]), int(self.now.ts[first + length - 1])
        return [Finding(kind, point, start, end, n, told, left, zh, en, point, begin, until)]

    def _peers(self, of: Callable[[int], NDArray[np.int64]]) -> Callable[[int], NDArray[np.int64]]:
        """What the other points of a kind show together; nothing when there are few."""
        rows: dict[str, list[int]] = {}
        for row, one in enumerate(self.now.ids.tolist()):
            rows.setdefault(self.points[one].kind, []).append(row)
        made: dict[str, dict[int, NDArray[np.int64]]] = {}

        def others(row: int) -> NDArray[np.int64]:
            kind = self.points[int(self.now.ids[row])].kind
            if len(rows[kind]) <= FEWEST_PEERS:
                return np.empty((0, noise.BLOCK), np.int64)
            if kind not in made:
                few = rows[kind][:: max(1, len(rows[kind]) // 200)]
                made[kind] = {one: of(one) for one in few}
            return np.concatenate([what for one, what in made[kind].items() if one != row])

        return others


def _lively(steps: NDArray[np.int64]) -> bool:
    """Whether a stretch has noise above its rounding: a switch, a ramp or a reckoned curve repeats itself honestly."""
    if len(np.unique(steps[steps != 0])) < FEWEST_DISTINCT:
        return False
    return bool((np.abs(np.diff(steps, 2)) <= ROUNDING).mean() <= LIVELESS)


def _apart(windows: list[_Window], least: float) -> list[_Window]:
    """Of windows that tell enough the most improbable ones that share no reading."""
    kept: list[_Window] = []
    for one in sorted(windows, key=lambda one: -one[2]):
        if one[2] < least:
            break
        if all(one[0] >= other[0] + other[1] or other[0] >= one[0] + one[1] for other in kept):
            kept.append(one)
    return kept[:MOST_EACH]


def _plain(counted: NDArray[np.int64]) -> bool:
    return bool(counted.max() >= digits.ROUNDED * counted.sum())


def _rounded_first(windows: list[_Window], least: float) -> list[_Window]:
    """Windows of rounding, then those of a liking that touch none of them: a longer one about it tells more bits."""
    plain = _apart([one for one in windows if _plain(one[3])], least)
    free = [
        one for one in windows if all(one[0] >= other[0] + other[1] or other[0] >= one[0] + one[1] for other in plain)
    ]
    return plain + _apart(free, least)


def _digit_words(counted: NDArray[np.int64], own: bool) -> tuple[str, str]:
    digit, n = int(counted.argmax()), int(counted.sum())
    share = counted[digit] / n
    whose = ("此前", "before") if own else ("同类测点", "among its peers")
    zh, en = ("末位数有偏好", "some last digits are preferred")
    if share >= digits.ROUNDED:
        zh, en = ("末位数已被舍入", "last digits are rounded")
    return (
        f"{n} 个变化读数中 {share:.0%} 末位为 {digit}，{whose[0]}并非如此：{zh}",
        f"{share:.0%} of {n} changed readings end in {digit}, not so {whose[1]}: {en}",
    )


def _pair_words(
    kind: str, n: int, first: np.int64, second: np.int64, apart: int, factor: float, offset: float, left: float
) -> tuple[str, str]:
    by = words.chance(left)
    change = ""
    if abs(factor - 1) > 1e-9:
        change += f" × {words.number(factor)}"
    if abs(offset) > 1e-9:
        change += f" {'+' if offset > 0 else '−'} {words.number(abs(offset))}"
    zh_change, en_change = (f"（{change.strip()}）", f" ({change.strip()})") if change else ("", "")
    begun, theirs = words.when(int(second)), words.when(int(first))
    zh_lag, en_lag = words.lag(apart)
    if kind == COPIED:
        zh = f"{begun} 起 {n} 个读数与该测点 {theirs} 起的读数逐个相同{zh_change}"
        en = f"From {begun}: {n} readings are the point's own from {theirs}, one by one{en_change}"
    elif kind == CLONED:
        zh = f"{begun} 起 {n} 个读数与另一测点同一时段逐个相同{zh_change}"
        en = f"From {begun}: {n} readings are another point's of the same time, one by one{en_change}"
    else:
        zh = f"{begun} 起 {n} 个读数与另一测点逐个相同{zh_change}，晚 {zh_lag}"
        en = f"From {begun}: {n} readings are another point's, one by one{en_change}, {en_lag} later"
    return f"{zh}，{by[0]}。", f"{en}; {by[1]}."
