"""The engine's state as arrays, built from a rule set. What a switch keeps of the state before: ``switch``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from . import layout as lay
from .anomaly import DETECTOR, PRIOR, PRIOR_WEIGHT
from .params import Forecast, Quota, bounds_of, buckets_of, quantile, samples_of
from .ruleset import Options, RuleSet, RuleSpec, physical_range

DENSE_LOOKUP = 1 << 24
UNWATCHED = 2**62
LINE = 64
"""Bytes the processor fetches at once."""
WITH_EXTRA = (lay.ACCUMULATION, lay.QUOTA, lay.FORECAST)
JUDGING = frozenset({"levels", "hysteresis", "raise_for_s", "clear_for_s"})
"""Parameters that say how what was made of the readings is judged; all others say what is made of them."""
PLACE = np.full(len(lay.KIND_NAMES), len(lay.AT_READINGS))
PLACE[list(lay.AT_READINGS)] = range(len(lay.AT_READINGS))
PLACE[lay.NO_DATA] += 1
"""Where a kind's rules lie among those of their point: those judged at readings first, silence last."""
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
    sample_ts: NDArray[np.int64]  # samples and sums of all rules, one after another
    sample_value: NDArray[np.float64]
    extra: NDArray[Any]  # lay.EXTRA, one for each rule that sums or looks ahead, in their order
    detectors: NDArray[Any]  # anomaly.DETECTOR, one for each anomaly rule, in their order
    watched: NDArray[np.int32]  # no-data rules' indices, in order of point
    clock: NDArray[np.int64]  # last tick, listening since
    counters: NDArray[np.int64]
    settings: NDArray[np.int64]  # see SETTINGS


SETTINGS = (
    "ahead_s", "backfill_s", "late_merge_s", "calibration_max_s", "tick_gap_s", "clock_clear_s", "site_window_s",
    "site_masked_after_s", "source_level", "site_min_points", "site_level",
)  # fmt: skip


class Kept(NamedTuple):
    """What points and rules remember: the arrays of the same names in ``Arrays``."""

    since: NDArray[np.int64]
    seen: NDArray[np.int64]
    sample_ts: NDArray[np.int64]
    sample_value: NDArray[np.float64]
    extra: NDArray[Any]
    detectors: NDArray[Any]


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
            if len(ids) and ids.min() >= 0 and ids.max() < len(self.lookup):
                return self.lookup[ids]
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
    """Fresh state: nothing heard, every level 0. Column by column, as there may be tens of thousands of rules."""
    ids = np.fromiter(ruleset.by_point, np.int32, len(ruleset.points))
    rules, cold, bounds, ordered = _rule_arrays(ruleset, ids)
    points = _point_arrays(ruleset, ids, rules, ordered)
    total = int(cold["cap"].sum())
    kept = Kept(
        np.full((len(rules), 4), lay.NEVER, np.int64), np.full((len(ids), lay.SEEN), lay.NEVER, np.int64),
        np.full(total, lay.NEVER, np.int64), np.zeros(total, np.float64), _extras(ordered),
        _detectors(rules),
    )  # fmt: skip
    return assemble(ruleset, ids, points, rules, cold, bounds, kept)


def assemble(
    ruleset: RuleSet,
    ids: NDArray[np.int32],
    points: NDArray[Any],
    rules: NDArray[Any],
    cold: NDArray[Any],
    bounds: NDArray[np.float64],
    kept: Kept,
) -> State:
    """State around these points and rules: links and sites yet unheard; what is remembered from ``kept``."""
    points, rules = _on_lines(points), _on_lines(rules)
    cold["offset"] = np.cumsum(cold["cap"], dtype=np.int64) - cold["cap"]
    cold["extra"] = -1
    for mine in (has_extra(rules), has_detector(rules)):
        cold["extra"][mine] = np.arange(np.count_nonzero(mine))
    quickest = _quickest(points, rules)
    arrays = Arrays(
        points, rules, cold, bounds, kept.since,
        _links(points, quickest, ruleset.options),
        _sites(points, quickest),
        kept.seen, kept.sample_ts, kept.sample_value, kept.extra, kept.detectors,
        np.flatnonzero(rules["kind"] == lay.NO_DATA).astype(np.int32),
        np.full(2, lay.NEVER, np.int64),
        np.zeros(len(lay.COUNTERS), np.int64),
        _settings(ruleset.options),
    )  # fmt: skip
    return State(ruleset, arrays, ids, _lookup(ids))


def _on_lines(array: NDArray[Any]) -> NDArray[Any]:
    """The same where records of 64 bytes lie on one line of the cache each, and not across two."""
    room = np.empty(array.nbytes + LINE, np.uint8)
    start = -room.ctypes.data % LINE
    made: NDArray[Any] = room[start : start + array.nbytes].view(array.dtype)
    made.view(np.uint8)[...] = array.view(np.uint8)  # as bytes: in one go, and not field by field
    return made


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


def _point_arrays(
    ruleset: RuleSet, ids: NDArray[np.int32], rules: NDArray[Any], ordered: list[RuleSpec]
) -> NDArray[Any]:
    points = np.zeros(len(ids), lay.POINT)
    for name in ("wm", "top", "heard", "calib"):
        points[name] = lay.NEVER
    specs = ruleset.points
    points["id"], points["site"] = ids, [point.site for point in specs]
    points["source"] = [point.source for point in specs]
    # A clear-hold may not count time nobody measured: three intervals without a reading start it anew.
    points["gap"] = [milliseconds(3 * point.interval_s) if point.interval_s else lay.LIMIT for point in specs]
    at, kind = rules["point"], rules["kind"]
    total = np.bincount(at, minlength=len(ids))
    at_readings = np.isin(kind, lay.AT_READINGS)
    points["first"], points["end"] = np.cumsum(total) - total, np.cumsum(total)
    points["last"] = points["first"] + np.bincount(at[at_readings], minlength=len(ids))
    points["imp"] = -1
    ranged = np.flatnonzero(kind == lay.IMPLAUSIBLE)
    points["imp"][at[ranged]] = ranged
    spans = zip(points["first"].tolist(), points["end"].tolist(), strict=True)
    ranges = [physical_range(point, ordered[a:b]) for point, (a, b) in zip(specs, spans, strict=True)]
    points["low"], points["high"] = [low for low, _, _ in ranges], [high for _, high, _ in ranges]
    points["danger"] = [DANGER_BITS[danger] for _, _, danger in ranges]
    return points


def _rule_arrays(
    ruleset: RuleSet, ids: NDArray[np.int32]
) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.float64], list[RuleSpec]]:
    """Rules, their cold parts and bounds, and their specs in the same order: by point, kind, id."""
    columns = [[rule.point, lay.KIND_CODES[rule.kind], rule.id, rule.version] for rule in ruleset.rules]
    point, kind, number, version = np.array(columns, np.int64).reshape(-1, 4).T
    order = np.lexsort((number, PLACE[kind], point))
    ordered = [ruleset.rules[at] for at in order.tolist()]
    rules, cold = np.zeros(len(ordered), lay.RULE), np.zeros(len(ordered), lay.COLD)
    bounds = np.zeros((len(ordered), 8))
    rules["point"] = np.searchsorted(ids, point[order])
    rules["kind"], rules["id"], rules["version"] = kind[order], number[order], version[order]
    cold["known_lo"] = cold["known_hi"] = lay.NEVER
    for code, fill in _FILLS.items():
        at = np.flatnonzero(rules["kind"] == code)
        specs = [ordered[i] for i in at.tolist()]
        made, extra = rules[at], cold[at]
        fill(made, extra, specs, ruleset)
        rules[at], cold[at] = made, extra
        if code in lay.RISKS and specs:
            bounds[at] = [low + high for low, high in (bounds_of(spec.params) for spec in specs)]
    calm = np.isin(rules["kind"], lay.HELD)
    rules["a"][calm], rules["b"][calm] = bounds[calm, 0], bounds[calm, 4]
    return rules, cold, bounds, ordered


def _threshold(rules: NDArray[Any], cold: NDArray[Any], specs: list[Any], _: RuleSet) -> None:
    rules["busy"] = rules["fresh"] = 1
    rules["c"] = [spec.params.hysteresis for spec in specs]
    cold["raise_for"] = [milliseconds(spec.params.raise_for_s) for spec in specs]
    cold["clear_for"] = [milliseconds(spec.params.clear_for_s) for spec in specs]


def _sum(rules: NDArray[Any], cold: NDArray[Any], specs: list[Any], __: RuleSet) -> None:
    _threshold(rules, cold, specs, __)
    rules["t0"] = lay.NEVER
    cold["form"] = [lay.FORMS[spec.params.form] for spec in specs]


def _accumulation(rules: NDArray[Any], cold: NDArray[Any], specs: list[Any], __: RuleSet) -> None:
    _sum(rules, cold, specs, __)
    rules["t1"] = [milliseconds(spec.params.bucket_s) for spec in specs]
    cold["cap"] = [buckets_of(spec.params) for spec in specs]


def _quota(rules: NDArray[Any], cold: NDArray[Any], specs: list[Any], __: RuleSet) -> None:
    _sum(rules, cold, specs, __)
    cold["period"] = [lay.PERIODS.get(spec.params.period or "", 0) for spec in specs]
    cold["cap"] = 2


def _forecast(rules: NDArray[Any], cold: NDArray[Any], specs: list[Any], __: RuleSet) -> None:
    _threshold(rules, cold, specs, __)
    _sampled(rules, cold, specs)
    cold["form"] = [lay.WAYS[spec.params.form] for spec in specs]


def _anomaly(rules: NDArray[Any], cold: NDArray[Any], specs: list[Any], __: RuleSet) -> None:
    _threshold(rules, cold, specs, __)
    rules["t1"] = [milliseconds(spec.params.learn_s) for spec in specs]
    rules["m"] = [spec.params.min_samples for spec in specs]
    cold["window"] = [round(spec.params.utc_offset_h * 3_600_000) for spec in specs]


def _sampled(rules: NDArray[Any], cold: NDArray[Any], specs: list[Any]) -> None:
    rules["t0"] = lay.NEVER
    rules["t1"] = [milliseconds(spec.params.interval_s) for spec in specs]
    rules["m"] = [spec.params.min_samples for spec in specs]
    cold["window"] = [milliseconds(spec.params.window_s) for spec in specs]
    cold["cap"] = [samples_of(spec.params) for spec in specs]


def _rate(rules: NDArray[Any], cold: NDArray[Any], specs: list[Any], _: RuleSet) -> None:
    rules["fresh"] = 1
    rules["c"] = [spec.params.hysteresis for spec in specs]
    _sampled(rules, cold, specs)


def _stuck(rules: NDArray[Any], cold: NDArray[Any], specs: list[Any], _: RuleSet) -> None:
    rules["a"], rules["b"], rules["t0"] = np.inf, -np.inf, lay.NEVER
    rules["c"] = [spec.params.tolerance for spec in specs]
    rules["t1"] = [milliseconds(spec.params.window_s) for spec in specs]
    rules["m"] = [spec.params.min_samples for spec in specs]
    cold["raise_to"] = [spec.params.level for spec in specs]


def _implausible(_: NDArray[Any], cold: NDArray[Any], specs: list[Any], __: RuleSet) -> None:
    for name, source in (("count", "count"), ("clear_count", "clear_count"), ("raise_to", "level")):
        cold[name] = [getattr(spec.params, source) for spec in specs]


def _no_data(rules: NDArray[Any], cold: NDArray[Any], specs: list[Any], ruleset: RuleSet) -> None:
    rules["t1"] = [milliseconds(after_s(spec, ruleset)) for spec in specs]
    cold["raise_to"] = [spec.params.level for spec in specs]


def has_extra(rules: NDArray[Any]) -> NDArray[np.bool_]:
    """Which rules have a record in ``Arrays.extra``."""
    return np.isin(rules["kind"], WITH_EXTRA)


def has_detector(rules: NDArray[Any]) -> NDArray[np.bool_]:
    """Which rules have a record in ``Arrays.detectors``."""
    return np.asarray(rules["kind"] == lay.ANOMALY)


def _detectors(rules: NDArray[Any]) -> NDArray[Any]:
    """As ``anomaly.start`` leaves them; its own alarm level is not used, the rule's levels are."""
    detectors = np.zeros(np.count_nonzero(has_detector(rules)), DETECTOR)
    detectors["last"] = detectors["bin"] = -1
    detectors["usual"], detectors["usual_n"] = PRIOR * PRIOR_WEIGHT, PRIOR_WEIGHT
    return detectors


def _extras(ordered: list[RuleSpec]) -> NDArray[Any]:
    mine: list[Any] = [spec.params for spec in ordered if lay.KIND_CODES[spec.kind] in WITH_EXTRA]
    extra = np.zeros(len(mine), lay.EXTRA)
    extra["last_t"] = extra["end"] = lay.NEVER
    for record, params in zip(extra, mine, strict=True):
        if isinstance(params, Quota):
            record["zone"] = round(params.utc_offset_h * 3_600_000)
        elif isinstance(params, Forecast):
            record["target"], record["z"] = params.target, quantile(params.confidence)
            record["sign"] = 1.0 if params.direction == "high" else -1.0
    return extra


def make_once(state: State) -> None:
    """Let rules of a point that make the same of its readings (a sum, a forecast) follow the first of them.

    They hold it against levels of their own. For trials: a follower gathers nothing that could be carried on.
    """
    specs = {spec.id: spec for spec in state.ruleset.rules}
    rules = state.arrays.rules
    before: Any = None
    for at in np.flatnonzero(np.isin(rules["kind"], WITH_EXTRA)).tolist():
        spec = specs[int(rules["id"][at])]
        made = {name: given for name, given in structs.asdict(spec.params).items() if name not in JUDGING}
        mine = (spec.point, spec.kind, made)
        if mine == before:
            rules["n"][at] = lay.FOLLOWS
        before = mine


def after_s(spec: Any, ruleset: RuleSet) -> float:
    """How long a no-data rule waits, seconds."""
    if spec.params.after_s is not None:
        return float(spec.params.after_s)
    return float(spec.params.intervals * (ruleset.by_point[spec.point].interval_s or 0.0))


Fill = Callable[[NDArray[Any], NDArray[Any], list[Any], RuleSet], None]
_FILLS: dict[int, Fill] = {
    lay.THRESHOLD: _threshold, lay.RATE: _rate, lay.STUCK: _stuck, lay.IMPLAUSIBLE: _implausible, lay.NO_DATA: _no_data,
    lay.ACCUMULATION: _accumulation, lay.QUOTA: _quota, lay.FORECAST: _forecast,
    lay.ANOMALY: _anomaly,
}  # fmt: skip


def _quickest(points: NDArray[Any], rules: NDArray[Any]) -> NDArray[np.int64]:
    """Per point the shortest silence any of its no-data rules waits for, ms; UNWATCHED when it has none."""
    quickest = np.full(len(points), UNWATCHED, np.int64)
    silence = rules[rules["kind"] == lay.NO_DATA]
    np.minimum.at(quickest, silence["point"], silence["t1"])
    return quickest


def _links(points: NDArray[Any], quickest: NDArray[np.int64], options: Options) -> NDArray[Any]:
    """One link per (source, site), in that order; tells the points which is theirs."""
    keys, points["link"] = np.unique(pair_keys(points), return_inverse=True)
    links = np.zeros(len(keys), lay.LINK)
    links["source"], links["site"] = keys >> 32, keys & 0xFFFF_FFFF
    links["heard"] = links["back"] = links["last_ahead"] = lay.NEVER
    # Silent as a whole once several points should have spoken; one quick point alone proves nothing.
    least = max(options.source_min_points, 1)
    watched = np.flatnonzero(quickest != UNWATCHED)
    link = points["link"][watched]
    order = np.lexsort((quickest[watched], link))
    count = np.bincount(link, minlength=len(keys))
    enough = count >= least
    nth = (np.cumsum(count) - count + least - 1)[enough]
    links["after"][enough] = quickest[watched][order][nth]
    return links


def _sites(points: NDArray[Any], quickest: NDArray[np.int64]) -> NDArray[Any]:
    """One record per site, in order of id; tells the points which is theirs."""
    keys, points["site_at"] = np.unique(points["site"], return_inverse=True)
    sites = np.zeros(len(keys), lay.SITE)
    sites["id"] = keys
    sites["watched"] = np.bincount(points["site_at"][quickest != UNWATCHED], minlength=len(keys))
    return sites


def pair_keys(rows: NDArray[Any]) -> NDArray[np.int64]:
    """(source, site) of points or links as one number each, in the same order."""
    keys: NDArray[np.int64] = rows["source"].astype(np.int64) << 32 | rows["site"]
    return keys
