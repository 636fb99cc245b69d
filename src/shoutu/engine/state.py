"""The engine's state as arrays, built from a rule set, and carried over from the state before a switch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import layout as lay
from .params import Implausible, NoData, Rate, Stuck, Threshold, level_bounds, samples_of
from .ruleset import Options, PointSpec, RuleSet, RuleSpec, physical_range

DENSE_LOOKUP = 1 << 24
DANGER_BITS = {"none": 0, "low": 1, "high": 2, "both": 3}


class Arrays(NamedTuple):
    """What the kernel walks on. Lengths: points P, rules R, links L, sites S."""

    points: NDArray[Any]  # P, lay.POINT
    rules: NDArray[Any]  # R, lay.RULE, sorted by (point, kind, id)
    cold: NDArray[Any]  # R, lay.COLD
    bounds: NDArray[np.float64]  # R × 8: low of levels 1…4, high of levels 1…4
    since: NDArray[np.int64]  # R × 4: threshold holds
    links: NDArray[Any]  # L, lay.LINK
    sites: NDArray[Any]  # S, lay.SITE
    seen: NDArray[np.int64]  # P × SEEN: remembered stamps
    sample_ts: NDArray[np.int64]  # rate samples of all rules, one after another
    sample_value: NDArray[np.float64]
    watched: NDArray[np.int32]  # no-data rules' indices, in order of point
    clock: NDArray[np.int64]  # last tick, listening since
    counters: NDArray[np.int64]
    settings: NDArray[np.int64]  # see SETTINGS


SETTINGS = (
    "ahead_s", "backfill_s", "late_merge_s", "calibration_max_s", "tick_gap_s", "clock_clear_s", "site_window_s",
    "site_masked_after_s", "source_level", "site_min_points", "site_level",
)  # fmt: skip


@dataclass
class State:
    """Arrays together with the rule set they serve and the way from a point's id to its index."""

    ruleset: RuleSet
    arrays: Arrays
    ids: NDArray[np.int32]
    lookup: NDArray[np.int32]

    def index(self, ids: NDArray[np.int32]) -> NDArray[np.int32]:
        """Index per point id, −1 where it is not watched."""
        if len(self.lookup):
            inside = (ids >= 0) & (ids < len(self.lookup))
            return np.where(inside, self.lookup[np.where(inside, ids, 0)], np.int32(-1)).astype(np.int32)
        if not len(self.ids):
            return np.full(len(ids), -1, np.int32)
        at = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return np.where(self.ids[at] == ids, at, -1).astype(np.int32)


def milliseconds(seconds: float) -> int:
    """Whole milliseconds, at least one for anything above zero."""
    return max(round(seconds * 1000), 1) if seconds > 0 else 0


def build(ruleset: RuleSet) -> State:
    """Fresh state: nothing heard, every level 0."""
    rules_of: dict[int, list[RuleSpec]] = {point.id: [] for point in ruleset.points}
    for rule in ruleset.rules:
        rules_of[rule.point].append(rule)
    for mine in rules_of.values():
        mine.sort(key=lambda rule: (lay.KIND_CODES[rule.kind], rule.id))
    ordered = [rule for point in ruleset.points for rule in rules_of[point.id]]
    link_keys = sorted({(point.source, point.site) for point in ruleset.points})
    site_keys = sorted({point.site for point in ruleset.points})
    link_at = {key: at for at, key in enumerate(link_keys)}
    site_at = {key: at for at, key in enumerate(site_keys)}
    points = np.zeros(len(ruleset.points), lay.POINT)
    at = 0
    for row, point in zip(points, ruleset.points, strict=True):
        _fill_point(row, point, rules_of[point.id], at, link_at[point.source, point.site], site_at[point.site])
        at += len(rules_of[point.id])
    rules, cold, bounds = _rule_arrays(ordered, ruleset)
    total = int((cold["offset"] + cold["cap"]).max(initial=0))
    ids = np.array([point.id for point in ruleset.points], np.int32)
    arrays = Arrays(
        points, rules, cold, bounds,
        np.full((len(rules), 4), lay.NEVER, np.int64),
        _links(link_keys, points, rules, ruleset.options),
        _sites(site_keys, points, rules),
        np.full((len(points), lay.SEEN), lay.NEVER, np.int64),
        np.zeros(total, np.int64), np.zeros(total, np.float64),
        np.flatnonzero(rules["kind"] == lay.NO_DATA).astype(np.int32),
        np.full(2, lay.NEVER, np.int64),
        np.zeros(len(lay.COUNTERS), np.int64),
        _settings(ruleset.options),
    )  # fmt: skip
    return State(ruleset, arrays, ids, _lookup(ids))


def _settings(options: Options) -> NDArray[np.int64]:
    values = [getattr(options, name) for name in SETTINGS]
    times = [milliseconds(v) if name.endswith("_s") else v for name, v in zip(SETTINGS, values, strict=True)]
    return np.array(times, np.int64)


def _lookup(ids: NDArray[np.int32]) -> NDArray[np.int32]:
    if not len(ids) or int(ids[-1]) >= DENSE_LOOKUP:
        return np.empty(0, np.int32)
    table = np.full(int(ids[-1]) + 1, -1, np.int32)
    table[ids] = np.arange(len(ids), dtype=np.int32)
    return table


def _fill_point(row: Any, point: PointSpec, rules: list[RuleSpec], first: int, link: int, site: int) -> None:
    kinds = [rule.kind for rule in rules]
    low, high, danger = physical_range(point, rules)
    row["wm"] = row["top"] = row["heard"] = row["calib"] = lay.NEVER
    row["low"], row["high"], row["danger"] = low, high, DANGER_BITS[danger]
    row["first"], row["end"] = first, first + len(rules)
    row["last"] = first + sum(kind in ("threshold", "rate", "stuck") for kind in kinds)
    row["imp"] = first + kinds.index("implausible") if "implausible" in kinds else -1
    row["link"], row["site_at"] = link, site
    row["id"], row["site"], row["source"] = point.id, point.site, point.source
    # A clear-hold may not count time nobody measured: three intervals without a reading start it anew.
    row["gap"] = milliseconds(3 * point.interval_s) if point.interval_s else lay.LIMIT


def _rule_arrays(ordered: list[RuleSpec], ruleset: RuleSet) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.float64]]:
    rules, cold = np.zeros(len(ordered), lay.RULE), np.zeros(len(ordered), lay.COLD)
    bounds = np.zeros((len(ordered), 8))
    cold["known_lo"] = cold["known_hi"] = lay.NEVER
    index = {point.id: at for at, point in enumerate(ruleset.points)}
    offset = 0
    for at, spec in enumerate(ordered):
        row, extra = rules[at], cold[at]
        row["point"], row["id"], row["version"] = index[spec.point], spec.id, spec.version
        row["kind"] = lay.KIND_CODES[spec.kind]
        extra["offset"] = offset
        _fill_rule(row, extra, bounds[at], spec, ruleset.by_point[spec.point])
        offset += int(extra["cap"])
    return rules, cold, bounds


def _fill_rule(row: Any, extra: Any, bounds: NDArray[np.float64], spec: RuleSpec, point: PointSpec) -> None:
    params = spec.params
    if isinstance(params, Threshold | Rate):
        low, high = level_bounds(params.levels, params.direction)
        bounds[:4], bounds[4:] = low, high
        row["c"] = params.hysteresis
    if isinstance(params, Threshold):
        row["a"], row["b"] = bounds[0], bounds[4]
        row["busy"] = row["fresh"] = 1
        extra["raise_for"], extra["clear_for"] = milliseconds(params.raise_for_s), milliseconds(params.clear_for_s)
    elif isinstance(params, Rate):
        row["t0"], row["t1"] = lay.NEVER, milliseconds(params.interval_s)
        row["m"], row["fresh"] = params.min_samples, 1
        extra["window"], extra["cap"] = milliseconds(params.window_s), samples_of(params)
    elif isinstance(params, Stuck):
        row["a"], row["b"], row["c"] = np.inf, -np.inf, params.tolerance
        row["t0"], row["t1"], row["m"] = lay.NEVER, milliseconds(params.window_s), params.min_samples
        extra["raise_to"] = params.level
    elif isinstance(params, Implausible):
        extra["count"], extra["clear_count"], extra["raise_to"] = params.count, params.clear_count, params.level
    elif isinstance(params, NoData):
        after = params.after_s if params.after_s is not None else params.intervals * (point.interval_s or 0.0)
        row["t1"], extra["raise_to"] = milliseconds(after), params.level


def _quickest(points: NDArray[Any], rules: NDArray[Any]) -> dict[int, int]:
    """Per watched point's index the shortest silence any of its no-data rules waits for, ms."""
    quickest: dict[int, int] = {}
    for row in rules[rules["kind"] == lay.NO_DATA]:
        at, after = int(row["point"]), int(row["t1"])
        quickest[at] = min(after, quickest.get(at, after))
    return quickest


def _links(keys: list[tuple[int, int]], points: NDArray[Any], rules: NDArray[Any], options: Options) -> NDArray[Any]:
    links = np.zeros(len(keys), lay.LINK)
    waits: dict[int, list[int]] = {}
    for at, after in _quickest(points, rules).items():
        waits.setdefault(int(points[at]["link"]), []).append(after)
    for at, (source, site) in enumerate(keys):
        links[at]["source"], links[at]["site"] = source, site
        # Silent as a whole once several points should have spoken; one quick point alone proves nothing.
        expected = sorted(waits.get(at, []))
        if len(expected) >= max(options.source_min_points, 1):
            links[at]["after"] = expected[max(options.source_min_points, 1) - 1]
    links["heard"] = links["back"] = links["last_ahead"] = lay.NEVER
    return links


def _sites(keys: list[int], points: NDArray[Any], rules: NDArray[Any]) -> NDArray[Any]:
    sites = np.zeros(len(keys), lay.SITE)
    sites["id"] = keys
    for at in _quickest(points, rules):
        sites[int(points[at]["site_at"])]["watched"] += 1
    return sites


def carry_over(old: State, new: State) -> None:
    """Copy into ``new`` the state of everything the switch did not touch.

    A rule with the same id, version, point, kind and parameters keeps all. A rule with the same id, kind and point
    but another version keeps only its level, so that the new version's own readings lower or raise it. A point
    keeps its watermark and what it remembers, a link its clock and silence, a site its silence.
    """
    _copy(
        old.arrays.points, new.arrays.points, _matches(old.arrays.points["id"], new.arrays.points["id"]), lay.POINT_KEPT
    )
    for here, there in _matches(old.arrays.points["id"], new.arrays.points["id"]):
        new.arrays.seen[there] = old.arrays.seen[here]
    _carry_rules(old, new)
    keys = [
        list(zip(s.arrays.links["source"].tolist(), s.arrays.links["site"].tolist(), strict=True)) for s in (old, new)
    ]
    places = {key: at for at, key in enumerate(keys[1])}
    pairs = [(at, places[key]) for at, key in enumerate(keys[0]) if key in places]
    _copy(old.arrays.links, new.arrays.links, pairs, lay.LINK_KEPT)
    _copy(old.arrays.sites, new.arrays.sites, _matches(old.arrays.sites["id"], new.arrays.sites["id"]), ("level",))
    new.arrays.clock[:] = old.arrays.clock
    new.arrays.counters[:] = old.arrays.counters
    _recount(new.arrays)


def _carry_rules(old: State, new: State) -> None:
    a, b = old.arrays, new.arrays
    for here, there in _matches(a.rules["id"], b.rules["id"]):
        before = old.ruleset.by_rule[int(a.rules[here]["id"])]
        after = new.ruleset.by_rule[before.id]
        if before.key == after.key:
            _copy(a.rules, b.rules, [(here, there)], lay.RULE_KEPT)
            _copy(a.cold, b.cold, [(here, there)], lay.COLD_KEPT)
            b.since[there] = a.since[here]
            if before.kind == "stuck":
                b.rules[there]["a"], b.rules[there]["b"] = a.rules[here]["a"], a.rules[here]["b"]
            start, target, size = int(a.cold[here]["offset"]), int(b.cold[there]["offset"]), int(a.cold[here]["cap"])
            b.sample_ts[target : target + size] = a.sample_ts[start : start + size]
            b.sample_value[target : target + size] = a.sample_value[start : start + size]
        elif (before.kind, before.point) == (after.kind, after.point) and a.rules[here]["level"]:
            b.rules[there]["level"], b.rules[there]["fresh"] = a.rules[here]["level"], 0


def _matches(old: NDArray[Any], new: NDArray[Any]) -> list[tuple[int, int]]:
    places = {int(key): at for at, key in enumerate(new)}
    return [(at, places[int(key)]) for at, key in enumerate(old) if int(key) in places]


def _copy(old: NDArray[Any], new: NDArray[Any], pairs: list[tuple[int, int]], fields: tuple[str, ...]) -> None:
    if pairs:
        here, there = (np.array(side) for side in zip(*pairs, strict=True))
        for name in fields:
            new[name][there] = old[name][here]


def _recount(arrays: Arrays) -> None:
    """Make the sums agree with their parts after rules or points have gone."""
    points, rules = arrays.points, arrays.rules
    points["busy"] = points["nodata_up"] = 0
    for row in rules:
        point = points[row["point"]]
        if row["kind"] == lay.NO_DATA and row["level"]:
            point["nodata_up"] += 1
        elif row["kind"] == lay.IMPLAUSIBLE and (row["level"] or row["n"]):
            point["busy"] = 1
    watched = np.zeros(len(points), bool)
    watched[rules["point"][arrays.watched]] = True
    points["silent"][~watched] = points["group"][~watched] = 0
    arrays.sites["members"] = 0
    np.add.at(arrays.sites["members"], points["site_at"][points["group"] > 0], 1)
