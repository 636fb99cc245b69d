"""Faults of mines with a known onset and a known end, and months of healthy points full of what is taken for faults.

Everything depends on seed, sort or kind, and number alone, by ``numpy.random.default_rng``. ``bench.leads`` holds the
packs' own rules against it. The shapes are assumptions, not measurements of any mine; design values are those of
``packs/examples``. ``truth`` of a fault is the moment a warning has to come before:

* seepage_rise: the phreatic line, 8.9 to 9.8 m deep, rises to its control depth of 6 m in 4 to 12 days.
* creeping_slope: moves by 12 to 40 mm a day after two days of getting there; truth when it has moved 200 mm.
* accelerating_slope: v = v0 (1 − t/T)^−p, p 0.8 to 1.2 (Fukuzono's law at 1), T 6 to 15 days; truth at T.
* accelerating_working_slope: the same, T 12 to 48 hours, a radar's reading every five minutes; truth at T.
* gas_build_up: CO rises from some 3 ppm to its limit of 24 ppm in 0.3 to 4 hours, evenly or ever faster.
* fan_stop: the main fan stops; truth when CO at the face would be at its limit, 20 to 90 minutes on.
* inrush: inflow rises to twice the normal in 1 to 24 hours, evenly or ever faster.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shoutu.engine.layout import CALIBRATING, GOOD
from shoutu.sensing.model import Floats, Ints64

DAY_S = 86_400.0
START = 1_793_462_400_000
"""A midnight in China, UTC ms."""
MONTH_DAYS = 30.4375
WINDOW_S = (13 * 3_600.0, 15 * 3_600.0)
"""The blasting window of each working day, local time; declared, as those of the county are."""


class Sort(NamedTuple):
    """A sort of point: its pack, its unit, seconds between readings, digits it is told with."""

    pack: str
    unit: str
    interval_s: float
    digits: int


SORTS = {
    "phreatic_depth": Sort("tailings-pond", "m", 600, 3),
    "slope_displacement": Sort("open-pit-slope", "mm", 1800, 1),
    "working_slope_displacement": Sort("open-pit-slope", "mm", 300, 1),
    "co": Sort("underground-mine", "ppm", 20, 1),
    "main_fan": Sort("underground-mine", "", 20, 0),
    "inflow": Sort("underground-mine", "m³/h", 60, 1),
}
"""By item."""
KINDS = {
    "seepage_rise": "phreatic_depth",
    "creeping_slope": "slope_displacement",
    "accelerating_slope": "slope_displacement",
    "accelerating_working_slope": "working_slope_displacement",
    "gas_build_up": "co",
    "fan_stop": "main_fan",
    "inrush": "inflow",
}
"""Kind of fault → item it is seen at."""
PHREATIC_CONTROL, CO_LIMIT, NORMAL_INFLOW, SLIDE_MM = 6.0, 24.0, 50.0, 200.0


class Provoked(NamedTuple):
    """What a rule may take for danger: blasting, exhaust, calibration, drift, rain, spike, switching, gap; UTC ms."""

    kind: str
    start: int
    end: int


class Made(NamedTuple):
    """A series of one point: times (UTC ms), values, quality; what provokes in it; declared blasting windows in it.

    ``onset`` and ``truth`` of a fault, UTC ms; 0 of a healthy month.
    """

    item: str
    ts: Ints64
    value: Floats
    quality: NDArray[np.uint8]
    provoked: tuple[Provoked, ...]
    windows: tuple[tuple[int, int], ...]
    onset: int = 0
    truth: int = 0


class Sheet:
    """A series being made: ``t`` in seconds from the start, and what has been put in so far."""

    def __init__(self, rng: np.random.Generator, item: str, days: float) -> None:
        sort = SORTS[item]
        self.rng, self.item, self.days = rng, item, days
        self.t = np.arange(0.0, days * DAY_S, sort.interval_s)
        self.value = np.zeros(len(self.t))
        self.quality = np.full(len(self.t), GOOD, np.uint8)
        self.gone = np.zeros(len(self.t), bool)
        self.provoked: list[Provoked] = []
        self.windows: list[tuple[int, int]] = []

    def between(self, low: float, high: float) -> float:
        """A number drawn evenly."""
        return float(self.rng.uniform(low, high))

    def span(self, kind: str, start: float, length: float) -> slice:
        """The readings of a stretch (s), which is put on record as a provocation."""
        self.provoked.append(Provoked(kind, *(START + round(1000 * at) for at in (start, start + length))))
        first, last = np.searchsorted(self.t, [start, start + length], "left")
        return slice(int(first), int(last))

    def about(self, a_month: float) -> list[float]:
        """Moments (s) of what comes so often a month, by chance."""
        count = int(self.rng.poisson(a_month * self.days / MONTH_DAYS))
        return sorted(self.rng.uniform(0, self.days * DAY_S, count).tolist())

    def hum(self, day: float, slow: float, noise: float) -> None:
        """The day's cycle, what wanders in days, and white noise (standard deviation)."""
        phase = self.between(0, 2 * np.pi)
        turns = 2 * np.pi * self.t / DAY_S
        self.value += day * np.sin(turns + phase) + slow * np.sin(turns / 5.3 + 2 * phase)
        self.value += noise * self.rng.standard_normal(len(self.t))

    def wander(self, spread: float, seconds: float) -> None:
        """Noise that resembles itself for so long (first-order autoregressive)."""
        keep = float(np.exp(-SORTS[self.item].interval_s / seconds))
        drawn = self.rng.standard_normal(len(self.t)) * spread * np.sqrt(1 - keep * keep)
        made, last = np.empty(len(drawn)), 0.0
        for at, step in enumerate(drawn.tolist()):
            last = keep * last + step
            made[at] = last
        self.value += made

    def swell(self, kind: str, at: float, amount: float, rise: float, fall: float) -> None:
        """Something that rises (s) by an amount and dies away with a time constant (s)."""
        since = self.t - at
        shape = np.clip(since / rise, 0, 1) * np.where(since > rise, np.exp(-np.maximum(since - rise, 0) / fall), 1)
        self.value += amount * shape
        self.span(kind, at, rise + 3 * fall)

    def spike(self, kind: str, at: float, length: float, value: float, *, add: bool) -> None:
        """A stretch of a value of its own, or of so much more."""
        mine = self.span(kind, at, length)
        self.value[mine] = self.value[mine] + value if add else value

    def drift(self, a_day: float, days: float) -> None:
        """A sensor that drifts until a calibration sets it right, in every second month."""
        if self.rng.random() < 0.5:
            begin = self.between(0, max(self.days - days, 0.1)) * DAY_S
            since = (self.t - begin) / DAY_S
            self.value += np.where((since > 0) & (since < days), a_day * since, 0.0)
            self.span("drift", begin, days * DAY_S + 86_400)

    def calibrate(self, length: float, values: tuple[float, ...], step: float = 0.0) -> None:
        """Once a month: the device says so (quality 2) and tells test values; afterwards it may sit elsewhere."""
        for at in self.about(1):
            mine = self.span("calibration", at, length + (86_400 if step else 0))
            last = int(np.searchsorted(self.t, at + length, "left"))
            self.quality[mine.start : last] = CALIBRATING
            self.value[mine.start : last] = np.resize(np.repeat(values, 5), last - mine.start)
            self.value[last:] += step

    def lose(self) -> None:
        """Readings lost on the way: one in 500, and two hours at a stretch once a month."""
        self.gone |= self.rng.random(len(self.t)) < 0.002
        for at in self.about(1):
            self.gone[self.span("gap", at, 7_200)] = True

    def made(self, onset: float = 0.0, truth: float = 0.0) -> Made:
        """As the instrument tells it."""
        floor = -np.inf if "displacement" in self.item else 0.0
        value = np.asarray(np.round(np.maximum(self.value, floor), SORTS[self.item].digits), np.float64)
        ts: Ints64 = START + np.round(1000 * self.t).astype(np.int64)
        there = ~self.gone
        moments = [0 if at == 0.0 else START + round(1000 * at) for at in (onset, truth)]
        provoked = tuple(sorted(self.provoked, key=lambda one: one.start))
        windows = tuple(self.windows)
        return Made(self.item, ts[there], value[there], self.quality[there], provoked, windows, *moments)


def healthy(item: str, seed: int, number: int, days: float = MONTH_DAYS) -> Made:
    """A month, or so many days, of a healthy point with all its sort has to put up with. KeyError: no such sort."""
    sheet = Sheet(np.random.default_rng([seed, 1, list(SORTS).index(item), number]), item, days)
    GROUNDS[item](sheet)
    PROVOCATIONS[item](sheet)
    sheet.lose()
    return sheet.made()


def fault(kind: str, seed: int, number: int) -> Made:
    """A fault with calm before it; ``truth`` is its end, the series goes on a little. KeyError: no such kind."""
    rng = np.random.default_rng([seed, 2, list(KINDS).index(kind), number])
    return FAULTS[kind](rng, KINDS[kind])


def _phreatic(sheet: Sheet) -> None:
    sheet.value += sheet.between(8.9, 9.8)
    sheet.hum(0.01, 0.05, 0.008)


def _slope(sheet: Sheet) -> None:
    sheet.value += sheet.between(0, 1.5) * sheet.t / DAY_S
    sheet.hum(sheet.between(0.3, 1.0), 0.4, sheet.between(0.15, 1.0))


def _working(sheet: Sheet) -> None:
    sheet.value += sheet.between(0, 0.08) * sheet.t / 3600
    sheet.hum(sheet.between(0.3, 0.8), 0.2, 0.2)


def _co(sheet: Sheet) -> None:
    sheet.value += sheet.between(2, 4)
    sheet.hum(0.5, 0.3, 0.3)
    sheet.wander(0.6, 600)


def _fan(sheet: Sheet) -> None:
    sheet.value += 1


def _inflow(sheet: Sheet) -> None:
    sheet.value += sheet.between(0.92, 1.0) * NORMAL_INFLOW
    sheet.hum(0.3, 0.8, 0.3)
    sheet.wander(0.8, 3600)
    period = sheet.between(2400, 5400)
    sheet.value += 2.0 * np.sign(np.sin(2 * np.pi * sheet.t / period))


def _phreatic_provoked(sheet: Sheet) -> None:
    for at in sheet.about(3):
        sheet.swell("rain", at, -sheet.between(0.2, 0.6), sheet.between(12, 36) * 3600, 5 * DAY_S)
    sheet.drift(-0.02, 15)
    for at in sheet.about(3):
        sheet.spike("spike", at, 600, sheet.between(1, 4), add=False)
    sheet.calibrate(1800, (0.0, 15.0))


def _slope_provoked(sheet: Sheet) -> None:
    for at in sheet.about(2):
        begin, days, most = at / DAY_S, sheet.between(1, 2), sheet.between(3, 6)
        sheet.value += most * np.clip((sheet.t / DAY_S - begin) / days, 0, 1)
        sheet.span("rain", at, (days + 1) * DAY_S)
    sheet.drift(0.3, 10)
    for day in range(int(sheet.days)):
        if sheet.rng.random() < 0.3:
            shake = sheet.between(5, 20) * (1 if sheet.rng.random() < 0.5 else -1)
            sheet.spike("blasting", day * DAY_S + 43_200, 1800, shake, add=True)
    sheet.calibrate(7200, (0.0,), sheet.between(-10, 10))


def _working_provoked(sheet: Sheet) -> None:
    for day in range(int(sheet.days)):
        noon = day * DAY_S + 43_200
        sheet.span("blasting", noon, 7200)
        sheet.gone[(sheet.t >= noon) & (sheet.t < noon + 1200)] = True
        sheet.value[sheet.t >= noon] += sheet.between(0.2, 2.0)
    for at in sheet.about(3):
        mine = sheet.span("rain", at, 12 * 3600)
        sheet.value[mine] += 0.6 * sheet.rng.standard_normal(mine.stop - mine.start)
    sheet.drift(0.5, 2)
    sheet.calibrate(3600, (0.0,), sheet.between(-5, 5))


def _co_provoked(sheet: Sheet) -> None:
    sheet.drift(0.15, 20)
    for at in sheet.about(6 * MONTH_DAYS):
        sheet.spike("exhaust", at, sheet.between(10, 40), sheet.between(20, 60), add=True)
    for day in range(int(sheet.days)):
        if day % 7 != 6:
            peak = float(np.clip(np.exp(np.log(25) + 0.5 * sheet.rng.standard_normal()), 8, 120))
            at = day * DAY_S + WINDOW_S[0] + sheet.between(0, 1800)
            sheet.swell("blasting", at, peak, sheet.between(60, 240), sheet.between(300, 900))
            first, last = (START + round(1000 * (day * DAY_S + second)) for second in WINDOW_S)
            sheet.windows.append((first, last))
    sheet.calibrate(600, (0.0, 50.0))


def _fan_provoked(sheet: Sheet) -> None:
    for at in sheet.about(3):
        sheet.spike("switching", at, sheet.between(20, 50), 0.0, add=False)
    for at in sheet.about(2):
        sheet.spike("spike", at, 20, 0.0, add=False)
    sheet.calibrate(600, (0.0,))


def _inflow_provoked(sheet: Sheet) -> None:
    for at in sheet.about(2):
        sheet.swell("rain", at, sheet.between(3, 6), sheet.between(6, 24) * 3600, 3 * DAY_S)
    sheet.drift(0.2, 15)
    for at in sheet.about(4):
        sheet.spike("spike", at, sheet.between(60, 240), 0.0 if sheet.rng.random() < 0.5 else 80.0, add=False)
    sheet.calibrate(1800, (0.0, 100.0))


def _grown(rng: np.random.Generator, item: str, before: float, took: float, after: float) -> tuple[Sheet, Floats]:
    """A calm series (days before, of the fault, after it) and how far the fault has come, 0 at onset, 1 at truth."""
    sheet = Sheet(rng, item, before + took + after)
    GROUNDS[item](sheet)
    return sheet, np.maximum((sheet.t / DAY_S - before) / took, 0.0)


def _seepage(rng: np.random.Generator, item: str) -> Made:
    took, power = float(rng.uniform(4, 12)), float(rng.uniform(1, 2))
    sheet, share = _grown(rng, item, 4, took, 0.25)
    still = float(np.median(sheet.value[sheet.t < 4 * DAY_S]))
    sheet.value += (PHREATIC_CONTROL - still) * share**power
    return sheet.made(4 * DAY_S, (4 + took) * DAY_S)


def _creep(rng: np.random.Generator, item: str) -> Made:
    a_day = float(rng.uniform(12, 40))
    took = 1 + SLIDE_MM / a_day  # two days of speeding up evenly are one day less far
    sheet, share = _grown(rng, item, 5, took, 0.25)
    days = share * took
    sheet.value += np.where(days < 2, a_day * days * days / 4, a_day * (days - 1))
    return sheet.made(5 * DAY_S, (5 + took) * DAY_S)


def _accelerate(rng: np.random.Generator, item: str, before: float, took: float, a_day: float) -> Made:
    """``a_day``: velocity at onset, mm; what is told ends before the failure."""
    sheet, share = _grown(rng, item, before, took, 0.0)
    power = float(rng.uniform(0.8, 1.2))
    left = np.maximum(1 - share, 1e-9)
    gone = -np.log(left) if abs(power - 1) < 1e-6 else (1 - left ** (1 - power)) / (1 - power)
    sheet.value += a_day * took * gone
    return sheet.made(before * DAY_S, (before + took) * DAY_S)


def _accelerating(rng: np.random.Generator, item: str) -> Made:
    return _accelerate(rng, item, 5, float(rng.uniform(6, 15)), float(rng.uniform(1, 4)))


def _accelerating_working(rng: np.random.Generator, item: str) -> Made:
    return _accelerate(rng, item, 0.5, float(rng.uniform(0.5, 2)), float(rng.uniform(5, 15)))


def _gas(rng: np.random.Generator, item: str) -> Made:
    took, power = float(rng.uniform(0.3, 4)) / 24, float(rng.uniform(1, 3))
    sheet, share = _grown(rng, item, 0.1, took, 0.03)
    still = float(np.median(sheet.value[sheet.t < 0.1 * DAY_S]))
    sheet.value += (CO_LIMIT - still) * share**power
    return sheet.made(0.1 * DAY_S, (0.1 + took) * DAY_S)


def _stop(rng: np.random.Generator, item: str) -> Made:
    took = float(rng.uniform(20, 90)) / 1440
    sheet, share = _grown(rng, item, 0.05, took, 0.01)
    sheet.value[share > 0] = 0.0
    return sheet.made(0.05 * DAY_S, (0.05 + took) * DAY_S)


def _inrush(rng: np.random.Generator, item: str) -> Made:
    took, power = float(rng.uniform(1, 24)) / 24, float(rng.uniform(1, 3))
    sheet, share = _grown(rng, item, 0.25, took, 0.03)
    still = float(np.median(sheet.value[sheet.t < 0.25 * DAY_S]))
    sheet.value += (2 * NORMAL_INFLOW - still) * share**power
    return sheet.made(0.25 * DAY_S, (0.25 + took) * DAY_S)


GROUNDS: dict[str, Callable[[Sheet], None]] = {
    "phreatic_depth": _phreatic,
    "slope_displacement": _slope,
    "working_slope_displacement": _working,
    "co": _co,
    "main_fan": _fan,
    "inflow": _inflow,
}
PROVOCATIONS: dict[str, Callable[[Sheet], None]] = {
    "phreatic_depth": _phreatic_provoked,
    "slope_displacement": _slope_provoked,
    "working_slope_displacement": _working_provoked,
    "co": _co_provoked,
    "main_fan": _fan_provoked,
    "inflow": _inflow_provoked,
}
FAULTS: dict[str, Callable[[np.random.Generator, str], Made]] = {
    "seepage_rise": _seepage,
    "creeping_slope": _creep,
    "accelerating_slope": _accelerating,
    "accelerating_working_slope": _accelerating_working,
    "gas_build_up": _gas,
    "fan_stop": _stop,
    "inrush": _inrush,
}
