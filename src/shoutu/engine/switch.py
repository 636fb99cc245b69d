"""What a switch keeps: the state of all it did not touch, moved in blocks; only touched points are built anew."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import compress
from operator import attrgetter, is_not
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import layout as lay
from .ruleset import RuleSet, RuleSpec
from .state import Kept, State, assemble, build, has_detector, has_extra, pair_keys

Ints = NDArray[np.int64]


def switched(old: State, ruleset: RuleSet) -> State:
    """The state by which ``ruleset`` goes on where ``old`` stands.

    A rule with the same id, version, point, kind and parameters keeps all. A rule with the same id, kind and point
    but another version keeps only its level, until its own readings confirm it (then it is said once more, as first)
    or lower it. A point keeps its watermark and what it remembers, a link its clock and silence, a site its silence.
    """
    touched = _touched(old.ruleset, ruleset)
    part = build(_part(ruleset, touched))
    _carry_points(old, part)
    _carry_rules(old, part)
    ids = np.fromiter(ruleset.by_point, np.int32, len(ruleset.points))
    new = _joined(old, part, ruleset, ids, np.isin(ids, np.fromiter(touched, np.int32, len(touched))))
    _carry_links(old, new)
    new.arrays.clock[:] = old.arrays.clock
    new.arrays.counters[:] = old.arrays.counters
    _recount(new)
    return new


def _touched(before: RuleSet, after: RuleSet) -> set[int]:
    """Ids of the points of ``after`` that are not what they were, or whose rules are not."""
    touched = {spec.id for _, spec in _changed(before.by_point, after.by_point)}
    for known, spec in _changed(before.by_rule, after.by_rule):
        touched.add(spec.point)
        if known is not None:
            touched.add(known.point)
    touched |= {before.by_rule[key].point for key in before.by_rule.keys() - after.by_rule.keys()}
    return touched & after.by_point.keys()


def changed_sites(before: RuleSet, after: RuleSet) -> set[int]:
    """Sites where a point or a rule of a point is not what it was."""
    points = [spec for pair in _changed(before.by_point, after.by_point) for spec in pair if spec is not None]
    points += [before.by_point[key] for key in before.by_point.keys() - after.by_point.keys()]
    sites = {spec.site for spec in points}
    rules = [spec for pair in _changed(before.by_rule, after.by_rule) for spec in pair if spec is not None]
    rules += [before.by_rule[key] for key in before.by_rule.keys() - after.by_rule.keys()]
    for spec in rules:
        sites |= {by[spec.point].site for by in (before.by_point, after.by_point) if spec.point in by}
    return sites


def _changed(before: dict[int, Any], after: dict[int, Any]) -> Iterator[tuple[Any, Any]]:
    """(old or None, new) of what is not equal. Most are the very same object, and are passed over without a step."""
    known = tuple(map(before.get, after))
    for old, new in compress(zip(known, after.values(), strict=True), map(is_not, known, after.values())):
        if old != new:
            yield old, new


def _part(ruleset: RuleSet, ids: set[int]) -> RuleSet:
    """The same rule set, of these points alone."""
    if len(ids) == len(ruleset.points):
        return ruleset
    points = tuple(ruleset.by_point[key] for key in sorted(ids))
    mine = map(ids.__contains__, map(attrgetter("point"), ruleset.rules))
    return RuleSet(points, tuple(compress(ruleset.rules, mine)), ruleset.options)


def _joined(old: State, part: State, ruleset: RuleSet, ids: NDArray[np.int32], fresh: NDArray[np.bool_]) -> State:
    """Points of ``part`` where ``fresh``, else those of ``old``, with all that belongs to them."""
    a, b = old.arrays, part.arrays
    place = np.where(fresh, np.cumsum(fresh) - 1, old.index(ids))
    points = _blend(a.points, b.points, place, fresh)
    counts = points["end"] - points["first"]
    first = np.cumsum(counts, dtype=np.int32) - counts
    rows, from_part = _ranges(points["first"], counts, fresh)
    shift = first - points["first"]
    ranged = points["imp"] >= 0
    for name in ("first", "last", "end"):
        points[name] += shift
    points["imp"][ranged] += shift[ranged]
    rules, cold, bounds, since = (
        _blend(x, y, rows, from_part)
        for x, y in ((a.rules, b.rules), (a.cold, b.cold), (a.bounds, b.bounds), (a.since, b.since))
    )
    rules["point"] = np.repeat(np.arange(len(ids), dtype=np.int32), counts)
    samples, sampled = _ranges(cold["offset"], cold["cap"], from_part)
    summed, learnt = has_extra(rules), has_detector(rules)
    kept = Kept(
        since,
        _blend(a.seen, b.seen, place, fresh),
        _blend(a.sample_ts, b.sample_ts, samples, sampled),
        _blend(a.sample_value, b.sample_value, samples, sampled),
        _blend(a.extra, b.extra, cold["extra"][summed].astype(np.int64), from_part[summed]),
        _blend(a.detectors, b.detectors, cold["extra"][learnt].astype(np.int64), from_part[learnt]),
    )
    return assemble(ruleset, ids, points, rules, cold, bounds, kept)


def _ranges(start: Any, count: Any, fresh: NDArray[np.bool_]) -> tuple[Ints, NDArray[np.bool_]]:
    """The indices of all ranges one after another, and which of them belong to a fresh one."""
    count = count.astype(np.int64)
    base = start.astype(np.int64) - (np.cumsum(count) - count)
    return np.repeat(base, count) + np.arange(int(count.sum())), np.repeat(fresh, count)


def _blend(old: NDArray[Any], new: NDArray[Any], at: Ints, from_new: NDArray[np.bool_]) -> NDArray[Any]:
    if not len(old):
        return new[at]
    changed = np.flatnonzero(from_new)
    places = at.copy()
    places[changed] = np.minimum(changed, len(old) - 1)
    if len(at) == len(old) and np.array_equal(places, np.arange(len(old))):
        result = old.copy()  # nothing has moved
    else:
        result = old.take(places, axis=0)
    result[changed] = new[at[changed]]
    return result


def _pairs(old: NDArray[Any], new: NDArray[Any]) -> tuple[Ints, Ints]:
    """Where the same keys lie in both; keys are unique."""
    _, here, there = np.intersect1d(old, new, assume_unique=True, return_indices=True)
    return here, there


def _copy(old: NDArray[Any], new: NDArray[Any], here: Ints, there: Ints, fields: tuple[str, ...]) -> None:
    for name in fields:
        new[name][there] = old[name][here]


def _carry_points(old: State, part: State) -> None:
    here, there = _pairs(old.ids, part.ids)
    _copy(old.arrays.points, part.arrays.points, here, there, lay.POINT_KEPT)
    part.arrays.seen[there] = old.arrays.seen[here]


def _carry_rules(old: State, part: State) -> None:
    a, b = old.arrays, part.arrays
    mine = np.flatnonzero(np.isin(a.points["id"], part.ids)[a.rules["point"]])
    here, there = _pairs(a.rules["id"][mine], b.rules["id"])
    here = mine[here]
    numbers = b.rules["id"][there].tolist()
    before, after = old.ruleset.by_rule, part.ruleset.by_rule
    same = np.array([before[number] == after[number] for number in numbers], bool)
    place = a.points["id"][a.rules["point"][here]] == b.points["id"][b.rules["point"][there]]
    alike = place & (a.rules["kind"][here] == b.rules["kind"][there]) & ~same
    raised = alike & (a.rules["level"][here] > 0)
    b.rules["level"][there[raised]], b.rules["fresh"][there[raised]] = a.rules["level"][here[raised]], lay.CARRIED
    goes_on = alike & np.array([_gathers_alike(before[number], after[number]) for number in numbers], bool)
    _carry_gathered(old, part, here[goes_on], there[goes_on])
    here, there = here[same], there[same]
    _copy(a.rules, b.rules, here, there, lay.RULE_KEPT)
    _copy(a.cold, b.cold, here, there, lay.COLD_KEPT)
    b.since[there] = a.since[here]
    stuck = b.rules["kind"][there] == lay.STUCK
    _copy(a.rules, b.rules, here[stuck], there[stuck], ("a", "b"))
    _carry_gathered(old, part, here, there)


GATHERED_BY = {
    "rate": ("window_s", "interval_s"),
    "forecast": ("window_s", "interval_s"),
    "accumulation": ("form", "window_s", "bucket_s"),
    "quota": ("form", "period", "utc_offset_h"),
    "anomaly": ("utc_offset_h",),
}
"""Kinds that gather, and by which of their parameters: tonnes of a year are not lost because a level has changed."""


def _gathers_alike(before: RuleSpec, after: RuleSpec) -> bool:
    """Whether a rule's next version gathers what the one before has gathered. Both of one kind and point."""
    return before.kind in GATHERED_BY and all(
        getattr(before.params, name, None) == getattr(after.params, name, None) for name in GATHERED_BY[before.kind]
    )


def _carry_gathered(old: State, part: State, here: Ints, there: Ints) -> None:
    """Samples and sums of rules that have as much room for them as before, and what detectors have learnt."""
    a, b = old.arrays, part.arrays
    gathers = np.isin(b.rules["kind"][there], lay.GATHERING)
    here, there = here[gathers], there[gathers]
    _copy(a.rules, b.rules, here, there, ("t0", "n"))
    _copy(a.cold, b.cold, here, there, ("head",))
    none = np.zeros(len(here), bool)
    start, _ = _ranges(a.cold["offset"][here], a.cold["cap"][here], none)
    target, _ = _ranges(b.cold["offset"][there], b.cold["cap"][there], none)
    b.sample_ts[target], b.sample_value[target] = a.sample_ts[start], a.sample_value[start]
    summed = has_extra(b.rules[there])
    _copy(a.extra, b.extra, a.cold["extra"][here[summed]], b.cold["extra"][there[summed]], lay.EXTRA_KEPT)
    learnt = has_detector(b.rules[there])
    b.detectors[b.cold["extra"][there[learnt]]] = a.detectors[a.cold["extra"][here[learnt]]]


def _carry_links(old: State, new: State) -> None:
    a, b = old.arrays, new.arrays
    _copy(a.links, b.links, *_pairs(pair_keys(a.links), pair_keys(b.links)), lay.LINK_KEPT)
    _copy(a.sites, b.sites, *_pairs(a.sites["id"], b.sites["id"]), ("level",))


def _recount(state: State) -> None:
    """Make the sums agree with their parts after rules or points have gone."""
    arrays = state.arrays
    points, rules = arrays.points, arrays.rules
    points["busy"] = 0
    silence = (rules["kind"] == lay.NO_DATA) & (rules["level"] > 0)
    points["nodata_up"] = np.bincount(rules["point"][silence], minlength=len(points))
    faulty = (rules["kind"] == lay.IMPLAUSIBLE) & ((rules["level"] > 0) | (rules["n"] > 0))
    points["busy"][rules["point"][faulty]] = 1
    watched = np.zeros(len(points), bool)
    watched[rules["point"][arrays.watched]] = True
    points["silent"][~watched] = points["group"][~watched] = 0
    arrays.sites["members"] = np.bincount(points["site_at"][points["group"] > 0], minlength=len(arrays.sites))
