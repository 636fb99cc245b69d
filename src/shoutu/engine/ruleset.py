"""A rule set: what is watched, checked, from the dicts of the catalog. Pure data; no state of readings."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import compress, islice
from sys import intern
from typing import Any

import msgspec

from .params import Composite, Implausible, NoData, ParamError, Params, Threshold, parse

MAX_ID = 2**31 - 1
ARRAY_OF_4 = b"\x94"
"""How msgpack begins an array of four; what is compressed begins otherwise."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of the judgement as a whole. Times in seconds.

    ``ahead_s``: a stamp further ahead of the received time is flagged and raises a clock signal.
    ``backfill_s``: readings in order but older than this at arrival are flagged 补传.
    ``late_merge_s``: late exceedances within this of one already signalled are not signalled again.
    ``calibration_max_s``: a calibration longer than this counts as no data.
    ``tick_gap_s``: a longer pause between ticks means nobody was listening; silence is counted anew from there.
    ``clock_clear_s``: a source's clock is right again after this long with stamps in time.
    ``source_*``: a source whose ``source_min_points`` quickest points are all overdue is silent as a whole (fault).
    ``site_*``: ``site_min_points`` points of a site gone silent within ``site_window_s`` of one another are a risk;
    those masked by their source's silence count after ``site_masked_after_s``.
    """

    ahead_s: float = 120.0
    backfill_s: float = 300.0
    late_merge_s: float = 3600.0
    calibration_max_s: float = 3600.0
    tick_gap_s: float = 120.0
    clock_clear_s: float = 600.0
    source_min_points: int = 2
    source_level: int = 1
    site_min_points: int = 3
    site_window_s: float = 180.0
    site_masked_after_s: float = 600.0
    site_level: int = 2


class PointSpec(msgspec.Struct, frozen=True, gc=False):
    """A point as the engine needs it. ``interval_s`` in seconds, ``low``/``high`` in units of the point."""

    id: int
    source: int
    site: int
    item: str = ""
    unit: str = ""
    interval_s: float | None = None
    low: float | None = None
    high: float | None = None
    danger: str | None = None


class RuleSpec(msgspec.Struct, frozen=True, gc=False):
    """One rule of one point, its parameters checked."""

    id: int
    version: int
    point: int
    kind: str
    params: Params

    @property
    def key(self) -> tuple[int, int, int, str, Params]:
        """Equal keys mean the same rule, whose state is kept across a switch."""
        return (self.id, self.version, self.point, self.kind, self.params)


class CompositeSpec(msgspec.Struct, frozen=True):
    """One composite of a site, its parameters checked. Its members are the site's points of its items."""

    id: int
    version: int
    site: int
    params: Composite

    @property
    def item(self) -> str:
        """What it speaks for: its item, or ``composite`` where several are taken together."""
        return self.params.items[0] if len(self.params.items) == 1 else "composite"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in the catalog that cannot be watched as told; the rest is watched all the same."""

    what: str  # "point" | "rule"
    id: int | None
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.what} {self.id}: {self.field}: {self.message}"


@dataclass(frozen=True)
class RuleSet:
    """Points and rules that are watched together. Build it with ``from_catalog``."""

    points: tuple[PointSpec, ...] = ()
    rules: tuple[RuleSpec, ...] = ()
    options: Options = field(default_factory=Options)
    problems: tuple[Problem, ...] = field(default=(), compare=False)
    by_point: dict[int, PointSpec] = field(default_factory=dict, compare=False, repr=False)
    by_rule: dict[int, RuleSpec] = field(default_factory=dict, compare=False, repr=False)
    composites: tuple[CompositeSpec, ...] = ()

    def __post_init__(self) -> None:
        if len(self.by_point) != len(self.points) or len(self.by_rule) != len(self.rules):
            self.by_point.update((point.id, point) for point in self.points)
            self.by_rule.update((rule.id, rule) for rule in self.rules)

    @cached_property
    def by_composite(self) -> dict[int, CompositeSpec]:
        """Composites by id; no rule of a point has an id of theirs."""
        return {spec.id: spec for spec in self.composites}

    def item(self, point: int) -> str | None:
        """The monitored item of a point, None when there is no such point."""
        spec = self.by_point.get(point)
        return spec.item if spec else None

    @classmethod
    def from_catalog(
        cls,
        sources: Iterable[Mapping[str, Any]],
        points: Iterable[Mapping[str, Any]],
        rules: Iterable[Mapping[str, Any]],
        options: Options | None = None,
    ) -> RuleSet:
        """From the catalog's sections. Never raises for a bad entry: it is left out and named in ``problems``.

        ``sources`` are accepted for the catalog's sake: silence is judged by what arrives, not by who may send.
        """
        del sources
        problems: list[Problem] = []
        good_points: dict[int, PointSpec] = {}
        for entry in points:
            point = _point(entry, good_points, problems)
            if point is not None:
                good_points[point.id] = point
        good_rules: dict[int, RuleSpec] = {}
        composites: dict[int, CompositeSpec] = {}
        ranged: dict[int, int] = {}
        for entry in rules:
            if entry.get("kind") == "composite":
                composite = _composite(entry, (good_rules, composites), problems)
                if composite is not None:
                    composites[composite.id] = composite
                continue
            rule = _rule(entry, good_points, (good_rules, composites), ranged, problems)
            if rule is not None:
                good_rules[rule.id] = rule
        return cls(
            tuple(_in_order(good_points).values()),
            tuple(_in_order(good_rules).values()),
            _checked_options(options or Options()),
            tuple(problems),
            composites=tuple(_in_order(composites).values()),
        )

    def revised(
        self,
        points: Mapping[int, Mapping[str, Any]],
        rules: Mapping[int, Mapping[str, Any]],
        changed_points: Collection[int],
        changed_rules: Collection[int],
    ) -> RuleSet:
        """What ``from_catalog`` makes of these sections (by id), given that this rule set was made of sections that
        differed in the entries of these ids alone. Only they, and what hangs on them, are checked again.
        """
        # One rule bears on others only by being implausible: one a point, and the first in the catalog's order.
        kinds = ((spec.point, spec.kind) for key in changed_rules if (spec := self.by_rule.get(key)))
        told = ((_place(entry), entry.get("kind")) for key in changed_rules if (entry := rules.get(key)))
        places = {*changed_points, *(point for point, kind in (*kinds, *told) if kind == "implausible")}
        again = set(changed_rules)
        if places:
            again |= {key for key, spec in self.by_rule.items() if spec.point in places}
            # What is in the catalog and not watched is a composite, which has no point, or is named as a problem.
            refused = {p.id for p in self.problems if p.what == "rule" and p.id is not None}
            again |= {key for key in refused if key in rules and _place(rules[key]) in places}
        problems = [p for p in self.problems if p.id not in (changed_points if p.what == "point" else again)]
        good_points, good_rules = dict(self.by_point), dict(self.by_rule)
        for key in changed_points:
            good_points.pop(key, None)
            point = _point(points[key], {}, problems) if key in points else None
            if point is not None:
                good_points[key] = point
        composites = dict(self.by_composite)
        for key in again:
            good_rules.pop(key, None)
            composites.pop(key, None)
        ranged: dict[int, int] = {}
        for key in compress(rules, map(again.__contains__, rules)):
            entry = rules[key]
            if entry.get("kind") == "composite":
                composite = _composite(entry, (), problems)
                if composite is not None:
                    composites[key] = composite
                continue
            rule = _rule(entry, good_points, (), ranged, problems)
            if rule is not None:
                good_rules[key] = rule
        by_point, by_rule = _in_order(good_points), _in_order(good_rules)
        sections = tuple(by_point.values()), tuple(by_rule.values())
        together = tuple(_in_order(composites).values())
        return RuleSet(*sections, self.options, tuple(problems), by_point, by_rule, together)

    def encode(self) -> bytes:
        """As bytes, for a checkpoint; made once."""
        return self._encoded

    @cached_property
    def _encoded(self) -> bytes:
        """The compressed msgpack of (options, [point, …], [rule, …], [composite, …]), put together piece by piece:
        the encoder lets no other thread run until it is through."""
        packer, pieces, packed = zlib.compressobj(1), self._pieces(), bytearray()
        while some := b"".join(islice(pieces, 500)):
            packed += packer.compress(some)
        return bytes(packed + packer.flush())

    def _pieces(self) -> Iterator[bytes]:
        yield ARRAY_OF_4 + msgspec.msgpack.encode(self.options) + _array_head(len(self.points))
        yield from (msgspec.msgpack.encode(msgspec.structs.astuple(point)) for point in self.points)
        yield _array_head(len(self.rules))
        yield from (msgspec.msgpack.encode((r.id, r.version, r.point, r.kind, r.params)) for r in self.rules)
        yield _array_head(len(self.composites))
        yield from (msgspec.msgpack.encode((c.id, c.version, c.site, c.params)) for c in self.composites)

    @classmethod
    def decode(cls, data: bytes) -> RuleSet:
        """From the bytes of ``encode``, or of versions that did not compress them. Raises ValueError for others."""
        if data[:1] != ARRAY_OF_4:
            try:
                data = zlib.decompress(data)
            except zlib.error as error:
                raise ValueError(f"not a rule set: {error}") from None
        options, points, rules, composites = msgspec.msgpack.decode(data)
        return cls(
            tuple(_shared(*point) for point in points),
            tuple(RuleSpec(i, v, p, intern(k), parse(k, params)) for i, v, p, k, params in rules),
            msgspec.convert(options, Options),
            composites=tuple(
                CompositeSpec(i, v, site, msgspec.convert(params, Composite)) for i, v, site, params in composites
            ),
        )


def _in_order(by_id: dict[int, Any]) -> dict[int, Any]:
    keys = sorted(by_id)
    return dict(zip(keys, map(by_id.__getitem__, keys), strict=True))


def _array_head(length: int) -> bytes:
    """The head of a msgpack array of 32-bit length."""
    return struct.pack(">BI", 0xDD, length)


def _place(entry: Mapping[str, Any]) -> int:
    """The point an entry of a rule names, 0 when that is no id."""
    value = entry.get("point")
    return value if type(value) is int else 0


def _checked_options(options: Options) -> Options:
    """The same options with every number of its declared type. Raises ValueError for a negative or absurd one."""
    plain = msgspec.to_builtins(options)
    for name, value in plain.items():
        if not 0 <= value <= 366 * 86_400 or ("level" in name and value not in (1, 2, 3, 4)):
            raise ValueError(f"option {name}: {value!r} is out of range")
    return msgspec.convert(plain, Options)


def physical_range(point: PointSpec, rules: Iterable[RuleSpec]) -> tuple[float, float, str]:
    """Low, high and danger side of a point: its implausible rule's, else its own, else by its thresholds, else both.

    An unknown danger side counts as danger: what is not known to be a fault is not taken for one.
    """
    low, high, danger, sides = point.low, point.high, point.danger, set()
    for rule in rules:
        if isinstance(rule.params, Implausible):
            low = rule.params.low if rule.params.low is not None else low
            high = rule.params.high if rule.params.high is not None else high
            danger = rule.params.danger or danger
        elif isinstance(rule.params, Threshold):
            sides.add("both" if rule.params.direction == "band" else rule.params.direction)
    if danger is None:
        danger = sides.pop() if len(sides) == 1 else "both"
    return (-math.inf if low is None else low, math.inf if high is None else high, danger)


def _integer(entry: Mapping[str, Any], name: str) -> int:
    value = entry.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= MAX_ID:
        words = f"a whole number from 1 to {MAX_ID} was expected, not {value!r}"
        raise ParamError(name, words, f"1 到 {MAX_ID} 的整数")
    return value


def _point(entry: Mapping[str, Any], known: dict[int, PointSpec], problems: list[Problem]) -> PointSpec | None:
    try:
        ids = [_integer(entry, name) for name in ("id", "source", "site")]
        if ids[0] in known:
            raise ParamError("id", "given twice; ids are never reused", "没有用过的编号")
    except ParamError as error:
        problems.append(Problem("point", _shown_id(entry), error.field, error.expected))
        return None
    # A wrong detail must not blind the point: it is named, and the point is watched without it.
    numbers: dict[str, float | None] = {}
    for name in ("interval_s", "low", "high"):
        value = entry.get(name)
        ok = value is None or (isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value))
        if ok and name == "interval_s" and value is not None and not 0 < value <= 366 * 86_400:
            ok = False
        if not ok:
            problems.append(Problem("point", ids[0], name, f"a finite number was expected, not {value!r}; ignored"))
        numbers[name] = float(value) if ok and value is not None else None
    if numbers["low"] is not None and numbers["high"] is not None and numbers["low"] >= numbers["high"]:
        problems.append(Problem("point", ids[0], "low", "low must be below high; the range is ignored"))
        numbers["low"] = numbers["high"] = None
    danger = entry.get("danger") or None
    if danger not in (None, "high", "low", "both", "none"):
        problems.append(Problem("point", ids[0], "danger", f"high, low, both or none, not {danger!r}; taken as both"))
        danger = "both"
    return _shared(
        ids[0], ids[1], ids[2], str(entry.get("item") or ""), str(entry.get("unit") or ""),
        numbers["interval_s"], numbers["low"], numbers["high"], danger,
    )  # fmt: skip


def _shared(
    id: int, source: int, site: int, item: str, unit: str,
    interval_s: float | None, low: float | None, high: float | None, danger: str | None,
) -> PointSpec:  # fmt: skip
    """A point that shares with the others what few of millions differ in, instead of holding objects of its own."""
    interval_s, low, high = (number and _one(number) for number in (interval_s, low, high))
    return PointSpec(id, source, site, intern(item), intern(unit), interval_s, low, high, danger and intern(danger))


@lru_cache(4096)
def _one(number: float) -> float:
    """The same object for the same number, which is not 0: 0 equals −0."""
    return number


def _rule(
    entry: Mapping[str, Any],
    points: dict[int, PointSpec],
    known: Collection[Collection[int]],
    ranged: dict[int, int],
    problems: list[Problem],
) -> RuleSpec | None:
    try:
        number, version, point = (_integer(entry, name) for name in ("id", "version", "point"))
        if any(number in ids for ids in known):
            raise ParamError("id", "given twice; ids are never reused", "没有用过的编号")
        if point not in points:
            words = f"point {point} is not in the catalog or is itself wrong"
            raise ParamError("point", words, "目录里有的测点")
        kind = entry.get("kind")
        params = parse(str(kind), entry.get("params"))
        _check_against_point(params, points[point], ranged)
    except ParamError as error:
        problems.append(Problem("rule", _shown_id(entry), error.field, error.expected))
        return None
    if isinstance(params, Implausible):
        ranged[point] = number
    return RuleSpec(number, version, points[point].id, intern(str(kind)), params)


def _composite(
    entry: Mapping[str, Any], known: Collection[Collection[int]], problems: list[Problem]
) -> CompositeSpec | None:
    try:
        number, version, site = (_integer(entry, name) for name in ("id", "version", "site"))
        if any(number in ids for ids in known):
            raise ParamError("id", "given twice; ids are never reused", "没有用过的编号")
        params = parse("composite", entry.get("params"))
        assert isinstance(params, Composite)
    except ParamError as error:
        problems.append(Problem("rule", _shown_id(entry), error.field, error.expected))
        return None
    return CompositeSpec(number, version, site, params)


def _check_against_point(params: Params, point: PointSpec, ranged: dict[int, int]) -> None:
    if isinstance(params, NoData) and params.after_s is None and point.interval_s is None:
        words = f"is needed, as point {point.id} has no interval_s"
        raise ParamError("params.after_s", words, "必填：测点没有上报间隔")
    if isinstance(params, Implausible):
        if point.id in ranged:
            words = f"point {point.id} already has implausible rule {ranged[point.id]}; one is allowed"
            raise ParamError("kind", words, "一个测点只有一条合理范围")
        low = params.low if params.low is not None else point.low
        high = params.high if params.high is not None else point.high
        if low is not None and high is not None and low >= high:
            raise ParamError("params.low", "low must be below high (one of them is the point's own)", "下限小于上限")


def _shown_id(entry: Mapping[str, Any]) -> int | None:
    value = entry.get("id")
    return value if isinstance(value, int) else None
