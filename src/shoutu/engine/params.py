"""The parameters of each rule kind: what a rule of the catalog may say, with units and checks.

``parse(kind, params)`` turns the catalog's JSON object into one of the structs below, or raises ``ParamError``
naming the field, what was expected and the remedy. Levels are 1 blue, 2 yellow, 3 orange, 4 red; in JSON their
keys are strings. Times ending in ``_s`` are seconds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from statistics import NormalDist
from typing import Any, Literal

import msgspec

from .params_shape import refused

Level = Literal[1, 2, 3, 4]
Direction = Literal["high", "low", "band"]
Danger = Literal["high", "low", "both", "none"]

COLOURS = "蓝黄橙红"
MAX_SECONDS = 10 * 366 * 86_400.0
MAX_SAMPLES = 64
STRETCHES = 10
"""An inverse velocity is looked for over at least so many stretches of the window."""


class ParamError(ValueError):
    """A rule's parameters are wrong. ``field`` names the parameter; what was expected, in English and in Chinese."""

    def __init__(self, field: str, message: str, zh: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.expected = message
        self.zh = zh


class Params(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of all parameter structs; unknown fields are refused."""


class Threshold(Params, frozen=True, kw_only=True):
    """A value against up to four levels.

    ``levels``: {level: value} for direction ``high`` (at or above exceeds) and ``low`` (at or below exceeds);
    {level: [low, high]} for ``band`` (at or outside the two exceeds). Any subset of 1…4, further out when higher.
    ``hysteresis``: units of the point by which a value must come back inside before a level may clear.
    ``raise_for_s``/``clear_for_s``: event time for which a level must be continuously exceeded/left.
    """

    levels: dict[int, float | tuple[float, float]]
    direction: Direction = "high"
    hysteresis: float = 0.0
    raise_for_s: float = 0.0
    clear_for_s: float = 0.0


class Rate(Params, frozen=True, kw_only=True):
    """The slope of a point, Theil–Sen (median of the slopes of all pairs), in units of the point per hour.

    The first usable reading of every ``interval_s`` of event time is a sample, and the rule is judged there over
    the samples of the last ``window_s``, if there are ``min_samples``. Direction ``high`` watches rising
    (levels positive or any), ``low`` falling (levels are slopes, usually negative), ``band`` both ways
    ({level: [low, high]}). ``window_s / interval_s`` may not exceed 62.
    """

    levels: dict[int, float | tuple[float, float]]
    window_s: float = 3600.0
    interval_s: float = 300.0
    min_samples: int = 4
    direction: Direction = "high"
    hysteresis: float = 0.0


class NoData(Params, frozen=True, kw_only=True):
    """No usable reading for ``after_s`` of received time, or ``intervals`` × the point's own interval if absent."""

    after_s: float | None = None
    intervals: float = 3.0
    level: Level = 1


class Stuck(Params, frozen=True, kw_only=True):
    """Flat line: values that stay within ``tolerance`` (max − min, units of the point) for ``window_s``.

    Needs ``min_samples`` readings in the run. A device fault, not a risk.
    """

    window_s: float
    tolerance: float = 0.0
    min_samples: int = 5
    level: Level = 1


class Implausible(Params, frozen=True, kw_only=True):
    """Outside the physical range ``low``…``high`` (absent: the point's own), or not a number: a device fault.

    ``danger`` is the side where out of range is danger too (absent: the point's own, or the direction of its
    threshold rules, or both): there the value is still judged by the other rules, and never clears a level.
    ``count`` bad readings in a row raise, ``clear_count`` good ones in a row clear.
    """

    low: float | None = None
    high: float | None = None
    danger: Danger | None = None
    count: int = 1
    clear_count: int = 3
    level: Level = 1


class Accumulation(Params, frozen=True, kw_only=True):
    """What came together in the last ``window_s`` of event time, against levels to be reached (rain, blasting charge).

    ``form``: ``sum``, each reading is an amount since the one before; ``counter``, a running total, which begins anew
    where it goes down; ``integral``, a rate per hour, summed over time by trapezoids and over no gap of more than
    three intervals. The sum is kept in buckets of ``bucket_s`` and reaches back the window and at most one bucket
    more. ``window_s / bucket_s`` may not exceed 63. The rest as with ``threshold``.
    """

    levels: dict[int, float]
    window_s: float
    bucket_s: float
    form: Literal["sum", "counter", "integral"] = "sum"
    hysteresis: float = 0.0
    raise_for_s: float = 0.0
    clear_for_s: float = 0.0


class Quota(Params, frozen=True, kw_only=True):
    """What has been used up of a limit since the ``day``, ``month`` or ``year`` began (超核定能力), or how many there
    are now (``form`` ``count``, no period: 超员).

    The period is the calendar's at ``utc_offset_h`` hours (8: China). At its beginning the sum begins at zero, so the
    first reading of a new period clears. ``form`` as with ``accumulation``.
    """

    levels: dict[int, float]
    period: Literal["day", "month", "year"] | None = None
    form: Literal["sum", "counter", "integral", "count"] = "sum"
    utc_offset_h: float = 8.0
    hysteresis: float = 0.0
    raise_for_s: float = 0.0
    clear_for_s: float = 0.0


class Forecast(Params, frozen=True, kw_only=True):
    """How many hours are left until a value is reached, against levels of at most so many hours.

    ``form`` ``linear``: a Theil-Sen line through the samples of ``window_s`` (the first usable reading of every
    ``interval_s``) reaches ``target``; nothing is said unless the slope leads there at ``confidence`` (Sen's
    interval). ``inverse_velocity``: the inverse of the velocity falls to zero (Fukuzono), of movement faster than
    ``target`` units per hour all through the window; nothing is said unless the velocity rises (Mann-Kendall) and its
    inverse falls at ``confidence``.
    ``levels``: {level: hours}, fewer when higher. ``hysteresis`` in hours. ``window_s / interval_s`` ≤ 62.
    """

    levels: dict[int, float]
    target: float
    window_s: float
    interval_s: float
    form: Literal["linear", "inverse_velocity"] = "linear"
    direction: Literal["high", "low"] = "high"
    confidence: float = 0.95
    min_samples: int = 12
    hysteresis: float = 0.0
    raise_for_s: float = 0.0
    clear_for_s: float = 0.0


class Anomaly(Params, frozen=True, kw_only=True):
    """How unlike any before a reading is: it tells what is new, not what is bad, and so goes no higher than yellow.

    ``levels``: {level: n}, readings as new as one in n of a series in which nothing happens (``docs/detector.md``).
    Of readings every five minutes 3000 is some three false ones a month. ``clear_for_s`` keeps one event one warning.
    It learns for ``learn_s`` and ``min_samples`` readings, and says nothing until then. ``utc_offset_h`` as with
    ``quota``: its profile is of the local week. ``hysteresis`` in readings.
    """

    levels: dict[int, float]
    learn_s: float = 604_800.0
    min_samples: int = 500
    utc_offset_h: float = 8.0
    hysteresis: float = 0.0
    raise_for_s: float = 0.0
    clear_for_s: float = 43_200.0


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``count`` members at ``level`` or above together make ``to``."""

    level: Level
    count: int
    to: Level


class Composite(Params, frozen=True, kw_only=True):
    """Several members of one site together mean more than each alone (GB 39496-2020 5.5.4).

    Members are the site's points of ``items`` (of these only ``points``, if given), each at the highest level of its
    threshold and rate rules. Counted are points, or with ``counted`` items the items: each at the highest level of its
    points, or at what the steps of ``within`` make of them if that is higher.
    ``form`` ``k_of_n``: one step; ``ladder``: steps that each lead to a higher level than they count.
    Judged in event time behind the slowest live member, waiting at most ``wait_s``.
    """

    form: Literal["k_of_n", "ladder"]
    items: tuple[str, ...]
    steps: tuple[Step, ...]
    points: tuple[int, ...] = ()
    counted: Literal["points", "items"] = "points"
    within: tuple[Step, ...] = ()
    wait_s: float = 30.0


KINDS: dict[str, type[Params]] = {
    "threshold": Threshold,
    "rate": Rate,
    "stuck": Stuck,
    "implausible": Implausible,
    "no_data": NoData,
    "composite": Composite,
    "accumulation": Accumulation,
    "quota": Quota,
    "forecast": Forecast,
    "anomaly": Anomaly,
}


RISKS = ("threshold", "rate", "accumulation", "quota", "forecast", "anomaly")
"""Kinds of a point's rules that speak of danger, and not of the device."""


KNOWN: dict[tuple[str, bytes], Params] = {}
"""Parameters checked lately: a country has millions of rules and a few hundred ways to set one."""
KNOWN_COUNT = 4096


def parse(kind: str, params: Any) -> Params:
    """The checked parameters of one rule; the very same ones for equal ones, where they were seen lately.

    Raises ParamError.
    """
    try:
        key = kind, msgspec.msgpack.encode(params)  # unlike JSON it keeps 1 from 1.0 and no number from none
    except (TypeError, ValueError, OverflowError, RecursionError):
        return _parsed(kind, params)
    known = KNOWN.get(key)
    if known is None:
        known = _parsed(kind, params)
        if len(KNOWN) >= KNOWN_COUNT:
            KNOWN.clear()
        KNOWN[key] = known
    return known


def _parsed(kind: str, params: Any) -> Params:
    if kind not in KINDS:
        words = f"unknown rule kind {kind!r}; use one of {', '.join(KINDS)}"
        raise ParamError("kind", words, f"其中之一：{'、'.join(KINDS)}")
    if not isinstance(params, dict):
        words = f"an object of parameters was expected, not {type(params).__name__}"
        raise ParamError("params", words, "一组参数，各有名称和值")
    try:
        parsed = msgspec.convert(params, KINDS[kind], str_keys=True)
    except msgspec.ValidationError as error:
        where, words, zh = refused(kind, KINDS[kind], str(error))
        raise ParamError(f"params.{where}" if where else "params", words, zh) from None
    _CHECKS[kind](parsed)
    return parsed


def level_bounds(
    levels: Mapping[int, float | tuple[float, float]], direction: Direction
) -> tuple[list[float], list[float]]:
    """Per level 1…4 the bound at or below which, and the one at or above which, it is exceeded (±inf: never).

    A level not given takes the bounds of the next higher one, so that the number of levels exceeded is the level.
    """
    low, high = [-math.inf] * 4, [math.inf] * 4
    for level in (4, 3, 2, 1):
        if level in levels:
            given = levels[level]
            if isinstance(given, tuple):
                low[level - 1], high[level - 1] = given
            elif direction == "high":
                high[level - 1] = given
            else:
                low[level - 1] = given
        elif level < 4:
            low[level - 1], high[level - 1] = low[level], high[level]
    return low, high


def bounds_of(rule: Any) -> tuple[list[float], list[float]]:
    """``level_bounds`` of any kind that has levels: a sum is reached from below, hours left from above."""
    if isinstance(rule, Forecast):
        return level_bounds(rule.levels, "low")
    return level_bounds(rule.levels, getattr(rule, "direction", "high"))


def _check_levels(levels: Mapping[int, float | tuple[float, float]], direction: Direction, hysteresis: float) -> None:
    if not levels:
        raise ParamError("params.levels", "at least one of the levels 1, 2, 3, 4 must have a value", "至少一级有限值")
    for level, given in levels.items():
        where = f"params.levels.{level}"
        if level not in (1, 2, 3, 4):
            raise ParamError(where, "levels are 1 (blue), 2 (yellow), 3 (orange), 4 (red)", "1 蓝、2 黄、3 橙、4 红")
        if isinstance(given, tuple) != (direction == "band"):
            shape, zh = ("[low, high]", "下限和上限两个数") if direction == "band" else ("one number", "一个数")
            raise ParamError(where, f"direction {direction} expects {shape}", zh)
        numbers = given if isinstance(given, tuple) else (given,)
        if not all(math.isfinite(number) for number in numbers):
            raise ParamError(where, "a finite number was expected", "一个数")
        if isinstance(given, tuple) and given[0] >= given[1]:
            raise ParamError(where, "low must be below high", "下限小于上限")
    low, high = level_bounds(levels, direction)
    for level in (1, 2, 3):
        if low[level] > low[level - 1] or high[level] < high[level - 1]:
            zh = f"{COLOURS[level]}色的限值比{COLOURS[level - 1]}色的更严重"
            raise ParamError("params.levels", f"level {level + 1} must lie further out than level {level}", zh)
    _check_number("hysteresis", hysteresis, 0.0, math.inf)
    if direction == "band" and any(h - hysteresis <= lo + hysteresis for lo, h in zip(low, high, strict=True)):
        words = "too wide: no value inside the band could ever clear the level"
        raise ParamError("params.hysteresis", words, "再小一些：现在两个限值之间没有一个值能解除这一级")


def _check_number(field: str, value: float | None, least: float, most: float, *, positive: bool = False) -> None:
    if value is None:
        return
    if not math.isfinite(value) or value < least or value > most or (positive and value <= 0):
        low, zh = ("above 0", "大于 0") if positive else (f"at least {least:g}", f"不小于 {_plain(least)}")
        if least == -math.inf:
            low, zh = "", ""
        if most < math.inf:
            low, zh = f"{low} and at most {most:g}", f"{zh}、不大于 {_plain(most)}"
        raise ParamError(f"params.{field}", f"a finite number {low}".rstrip(), f"{zh} 的数" if zh else "一个数")


def _plain(number: float) -> str:
    """Without an exponent."""
    return f"{number:.10f}".rstrip("0").rstrip(".")


def _check_threshold(rule: Any) -> None:
    _check_held(rule, rule.direction)


def _check_rate(rule: Any) -> None:
    _check_levels(rule.levels, rule.direction, rule.hysteresis)
    _check_samples(rule)


def _check_samples(rule: Any) -> None:
    _check_number("interval_s", rule.interval_s, 0.001, MAX_SECONDS)
    _check_number("window_s", rule.window_s, rule.interval_s, MAX_SECONDS)
    if samples_of(rule) > MAX_SAMPLES:
        words = f"window_s / interval_s must be at most {MAX_SAMPLES - 2}; lengthen interval_s"
        raise ParamError("params.interval_s", words, f"长一些：时间窗最多分成 {MAX_SAMPLES - 2} 段")
    if not 2 <= rule.min_samples <= samples_of(rule):
        words = f"between 2 and window_s / interval_s + 2 = {samples_of(rule)}"
        raise ParamError("params.min_samples", words, f"2 到 {samples_of(rule)}（时间窗里取得到的个数）")


def _check_held(rule: Any, direction: Direction) -> None:
    _check_levels(rule.levels, direction, rule.hysteresis)
    _check_number("raise_for_s", rule.raise_for_s, 0, MAX_SECONDS)
    _check_number("clear_for_s", rule.clear_for_s, 0, MAX_SECONDS)


def _check_positive(levels: dict[int, float]) -> None:
    """What nothing reaches already without a reading."""
    for level, value in levels.items():
        _check_number(f"levels.{level}", value, 0, math.inf, positive=True)


def _check_accumulation(rule: Any) -> None:
    _check_held(rule, "high")
    _check_positive(rule.levels)
    _check_number("bucket_s", rule.bucket_s, 0.001, MAX_SECONDS)
    _check_number("window_s", rule.window_s, rule.bucket_s, MAX_SECONDS)
    if buckets_of(rule) > MAX_SAMPLES:
        words = f"window_s / bucket_s must be at most {MAX_SAMPLES - 1}; lengthen bucket_s"
        raise ParamError("params.bucket_s", words, f"长一些：时间窗最多分成 {MAX_SAMPLES - 1} 段")


def buckets_of(rule: Accumulation) -> int:
    """Buckets that together reach back the whole window wherever in the newest one the present lies."""
    bucket = max(round(rule.bucket_s * 1000), 1)
    return -(-round(rule.window_s * 1000) // bucket) + 1


def _check_quota(rule: Any) -> None:
    _check_held(rule, "high")
    if (rule.form == "count") != (rule.period is None):
        words = "day, month or year; none where the form is count"
        raise ParamError("params.period", words, "日、月、年之一；数现在有多少的不分周期")
    if rule.form != "count":
        _check_positive(rule.levels)
    _check_number("utc_offset_h", rule.utc_offset_h, -14, 14)


def _check_forecast(rule: Any) -> None:
    _check_held(rule, "low")
    _check_positive(rule.levels)
    _check_samples(rule)
    _check_number("target", rule.target, 0 if rule.form == "inverse_velocity" else -math.inf, math.inf)
    _check_number("confidence", rule.confidence, 0.5, 0.9999)
    if rule.form == "inverse_velocity" and rule.min_samples <= STRETCHES:
        words = f"at least {STRETCHES + 1} for an inverse velocity"
        raise ParamError("params.min_samples", words, f"速度倒数法至少 {STRETCHES + 1} 个")


RAREST = 1_000_000
"""What the detector's chances are good for: no rarer reading is told from another."""


def _check_anomaly(rule: Any) -> None:
    for level in rule.levels:
        if level > 2:
            words = "at most 2 (yellow): an anomaly is new, which need not be bad"
            raise ParamError(f"params.levels.{level}", words, "最高到黄色：没见过的不一定危险")
    _check_held(rule, "high")
    for level, value in rule.levels.items():
        _check_number(f"levels.{level}", value, 100, RAREST)
    _check_number("learn_s", rule.learn_s, 0, MAX_SECONDS)
    _check_number("min_samples", rule.min_samples, 50, 1_000_000)
    _check_number("utc_offset_h", rule.utc_offset_h, -14, 14)


def quantile(confidence: float) -> float:
    """Of the normal distribution, two-sided: 1.96 for 0.95."""
    return NormalDist().inv_cdf(0.5 + confidence / 2)


def samples_of(rule: Rate | Forecast) -> int:
    """The most samples a window can touch: one per interval of the clock, both ends cut."""
    return round(rule.window_s * 1000) // max(round(rule.interval_s * 1000), 1) + 2


def _check_no_data(rule: Any) -> None:
    _check_number("after_s", rule.after_s, 0, MAX_SECONDS, positive=True)
    _check_number("intervals", rule.intervals, 1, 100_000)


def _check_stuck(rule: Any) -> None:
    _check_number("window_s", rule.window_s, 0, MAX_SECONDS, positive=True)
    _check_number("tolerance", rule.tolerance, 0, math.inf)
    _check_number("min_samples", rule.min_samples, 2, 1_000_000)


def _check_implausible(rule: Any) -> None:
    for field in ("low", "high"):
        _check_number(field, getattr(rule, field), -math.inf, math.inf)
    if rule.low is not None and rule.high is not None and rule.low >= rule.high:
        raise ParamError("params.low", "low must be below high", "下限小于上限")
    _check_number("count", rule.count, 1, 100_000)
    _check_number("clear_count", rule.clear_count, 1, 100_000)


def _check_composite(rule: Any) -> None:
    if not rule.items or not all(rule.items) or len(set(rule.items)) != len(rule.items):
        raise ParamError("params.items", "at least one monitored item, none twice", "至少一个监测项目，不重复")
    if rule.form == "k_of_n" and len(rule.steps) != 1:
        raise ParamError("params.steps", "k_of_n has exactly one step", "几个里有几个的，只有一步")
    _check_steps("steps", rule.steps, rising=rule.form == "ladder")
    if rule.counted == "items":
        if rule.within:
            _check_steps("within", rule.within, rising=True)
    elif rule.within:
        raise ParamError("params.within", "only where items are counted", "按项目数的才有")
    _check_number("wait_s", rule.wait_s, 0, 3600)


def _check_steps(field: str, steps: tuple[Step, ...], *, rising: bool) -> None:
    if not steps:
        raise ParamError(f"params.{field}", "at least one step {level, count, to}", "至少一步：几级、几个、升到几级")
    if len({step.level for step in steps}) != len(steps):
        raise ParamError(f"params.{field}", "one step a level", "一级一步")
    for at, step in enumerate(steps):
        if not 1 <= step.count <= 100_000:
            raise ParamError(f"params.{field}.{at}.count", "a whole number from 1 to 100000", "1 到 100000 的整数")
        if rising and step.to <= step.level:
            raise ParamError(f"params.{field}.{at}.to", "a level above the one counted", "比数的那一级高的级别")


_CHECKS: dict[str, Callable[[Any], None]] = {
    "threshold": _check_threshold,
    "rate": _check_rate,
    "stuck": _check_stuck,
    "implausible": _check_implausible,
    "no_data": _check_no_data,
    "composite": _check_composite,
    "accumulation": _check_accumulation,
    "quota": _check_quota,
    "forecast": _check_forecast,
    "anomaly": _check_anomaly,
}
