"""Rules over a history of which it is known what really happened: how early they spoke, and how often in vain.

Every variant of a rule is a rule of its own of the same point, so that one walk over the readings judges all of them,
by the compiled kernel itself: a sweep can say nothing the engine would not. Each level of a rule is looked at as a
thing that stands or does not; where it stands is a *stretch*. A level's stretches do not hang on the levels beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import layout as lay
from .params import RISKS, ParamError, parse
from .trial import Series, in_parts

LEVELS = (1, 2, 3, 4)
FACTORS = tuple(round(0.5 + 0.05 * step, 2) for step in range(21))
"""How far thresholds are moved unless told: from half to half as much again."""
MOST_VARIANTS = 200
MOST_SIGNALS = 10_000_000
"""Changes of level kept of all variants together, some 300 MB."""
BEFORE_MS = 72 * 3_600_000
"""So long before an event a signal is taken for its warning, unless told."""
MONTH_MS = 30.4375 * 86_400_000
HOUR_MS = 3_600_000
OPEN = 2**62
"""The end of what had not ended."""
LEAST_GAP_MS = HOUR_MS
Times = NDArray[np.int64]


class Event(NamedTuple):
    """Something that really happened, UTC ms: ``start`` is the moment a warning has to come before."""

    start: int
    end: int
    name: str = ""


class Stretches(NamedTuple):
    """When a level, or one above it, was held: ``start[i]`` to ``end[i]``, in order, none touching the next."""

    start: Times
    end: Times


Standing = Mapping[int, Stretches]
"""Level → its stretches."""


class AtLevel(NamedTuple):
    """What a level would have been worth.

    ``lead``: per event, hours from when the level was first held in its window to the event's start (negative: it came
    while the event went on), None where it was not held, or where there are no readings to tell by. No more than the
    window is long, however long it had stood. ``tried``: events with readings; ``missed`` of them.
    ``false``: times it began outside all windows. ``false_hours``: how long it stood outside them. Both also per
    point-month of readings outside the windows; None where there are none.
    """

    lead: tuple[float | None, ...]
    tried: int
    missed: int
    false: int
    false_per_month: float | None
    false_hours: float
    false_hours_per_month: float | None

    @property
    def median_lead(self) -> float | None:
        """Of the events it was held for."""
        found = [lead for lead in self.lead if lead is not None]
        return float(np.median(found)) if found else None


class Seen(NamedTuple):
    """When there were readings: their times, how long each counts, and how long there were readings before it."""

    ts: Times
    length: Times
    before: Times

    def until(self, moments: Any) -> Times:
        """Milliseconds with readings up to each of these moments."""
        at = np.asarray(moments, np.int64)
        if not len(self.ts):
            return np.zeros(at.shape, np.int64)
        i = np.maximum(np.searchsorted(self.ts, at, "right") - 1, 0)
        return np.asarray(self.before[i] + np.clip(at - self.ts[i], 0, self.length[i]), np.int64)

    def any_within(self, first: int, last: int) -> bool:
        """Whether there is a reading in it, or one shortly before that counts for part of it."""
        i, j = np.searchsorted(self.ts, [first, last], "left")
        read = bool(j > i or (j < len(self.ts) and self.ts[j] == last))
        return read or int(np.diff(self.until([first, last]))[0]) > 0


class History(NamedTuple):
    """One point's period: its readings' times, the known events, and how long before each a signal is its warning."""

    start: int
    end: int
    events: tuple[Event, ...]
    before: int
    seen: Seen


def history(
    series: Series, interval_s: float | None, start: int, end: int, events: Sequence[Event], before: int = BEFORE_MS
) -> History:
    """The period ``start`` ≤ t < ``end``; events that end before or begin after it are left out.

    A pause counts as watched for three intervals of the point and at least an hour, what is longer does not: no alarm
    could have come of it. Raises ValueError for an event that ends before it starts.
    """
    for event in events:
        if event.end < event.start:
            raise ValueError(f"event {event.name or event.start}: ends before it starts")
    if start >= end or before < 0:
        raise ValueError("start, end, before: start before end, before at least 0")
    ts = np.sort(series.ts[(series.ts >= start) & (series.ts < end)])
    longest = max(round(3000 * (interval_s or 0)), LEAST_GAP_MS)
    length = np.minimum(np.diff(ts, append=ts[-1:]), longest)
    kept = sorted(event for event in events if event.end >= start and event.start < end)
    return History(start, end, tuple(kept), before, Seen(ts, length, np.cumsum(length) - length))


def scaled(kind: str, params: Mapping[str, Any], factor: float) -> dict[str, Any]:
    """The parameters with every level's value multiplied; of a band the width, about the middle of its lowest level.

    Raises ParamError where that makes no rule.
    """
    levels = dict(params.get("levels") or {})
    if not levels or kind not in RISKS:
        raise ParamError("params.levels", "a rule with levels that tells of danger", "有限值、报危险的规则")
    first = levels[min(levels, key=int)]
    middle = sum(first) / 2 if isinstance(first, (list, tuple)) else 0.0
    moved = {
        level: [_written(middle + (side - middle) * factor) for side in given]
        if isinstance(given, (list, tuple))
        else _written(given * factor)
        for level, given in levels.items()
    }
    changed = {**params, "levels": moved}
    parse(kind, changed)
    return changed


def _written(value: float) -> float:
    """As somebody would write it down: what is tried is what is then put in force."""
    return float(f"{value:.6g}")


def alone(kind: str, params: Mapping[str, Any], level: int, value: float) -> dict[str, Any]:
    """The parameters with this level only, at this value: it stands as it would beside the others.

    Raises ParamError where that makes no rule.
    """
    if kind not in RISKS:
        raise ParamError("params.levels", "a rule with levels that tells of danger", "有限值、报危险的规则")
    changed = {**params, "levels": {str(level): value}}
    parse(kind, changed)
    return changed


def standing(
    point: Mapping[str, Any], kind: str, variants: Sequence[Mapping[str, Any]], series: Series, until: int
) -> list[Standing]:
    """Where each level of each variant of a rule would have stood; the point's readings are walked over once.

    Raises ValueError naming what is wrong.
    """
    if kind not in RISKS or not 1 <= len(variants) <= MOST_VARIANTS:
        raise ValueError(f"1 to {MOST_VARIANTS} variants of a rule of one of the kinds {', '.join(RISKS)}")
    rules = [
        {"id": at + 1, "version": 1, "point": point["id"], "kind": kind, "params": params}
        for at, params in enumerate(variants)
    ]
    none = np.zeros(0, np.int64)
    parts: list[tuple[NDArray[Any], ...]] = [(none, none, none, none)]
    room = MOST_SIGNALS
    for part in map(_kept, in_parts(point, rules, series, until)):
        room -= len(part[0])
        if room < 0:
            raise ValueError(f"variants: over {MOST_SIGNALS} changes of level; fewer variants or a shorter period")
        parts.append(part)
    rule, was, now, at = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    order = np.argsort(rule, kind="stable")
    cuts = np.searchsorted(rule[order], np.arange(1, len(variants) + 2))
    return [
        {level: _stretches(was[mine], now[mine], at[mine], level) for level in LEVELS}
        for mine in (order[low:high] for low, high in pairwise(cuts))
    ]


def _kept(part: Any) -> tuple[NDArray[Any], ...]:
    """Of a storm of signals only what is needed: a low threshold in noise raises one every few readings."""
    levels = part[part["type"] == lay.LEVEL]
    return tuple(np.ascontiguousarray(levels[name]) for name in ("rule", "level_from", "level_to", "event_ts"))


def _stretches(was: Any, now: Any, at: Any, level: int) -> Stretches:
    starts, ends = at[(was < level) & (now >= level)], at[(was >= level) & (now < level)]
    return Stretches(starts.astype(np.int64), np.append(ends, [OPEN] * (len(starts) - len(ends))).astype(np.int64))


def together(found: Iterable[Standing]) -> dict[int, Stretches]:
    """Several rules taken as one: a level stands while it stands by any of them."""
    sides = list(found)
    return {level: _union([side[level] for side in sides if level in side]) for level in LEVELS}


def _union(parts: Sequence[Stretches]) -> Stretches:
    starts = np.concatenate([np.zeros(0, np.int64), *(part.start for part in parts)])
    ends = np.concatenate([np.zeros(0, np.int64), *(part.end for part in parts)])
    order = np.argsort(starts, kind="stable")
    starts, ends = starts[order], np.maximum.accumulate(ends[order])
    first = np.ones(len(starts), bool)
    first[1:] = starts[1:] > ends[:-1]
    last = np.append(first[1:], True)[: len(starts)]
    return Stretches(starts[first], ends[last])


def worth(told: Standing, over: History) -> dict[int, AtLevel]:
    """What each level would have been worth over the history."""
    windows = _union([_windows(over)])
    # Of a period's first moment on: what an event's window takes up is not time a false alarm could come in.
    edges = np.clip(np.stack(windows), over.start, over.end)
    covered = over.seen.until(edges)
    total = int(over.seen.until(over.end))
    outside = total - int((covered[1] - covered[0]).sum())
    return {level: _at_level(told[level], over, windows, outside) for level in LEVELS}


def _windows(over: History) -> Stretches:
    starts = np.array([event.start - over.before for event in over.events], np.int64)
    return Stretches(starts, np.array([event.end for event in over.events], np.int64))


def _at_level(told: Stretches, over: History, windows: Stretches, outside: int) -> AtLevel:
    lead: list[float | None] = []
    tried = missed = 0
    for event in over.events:
        begin = event.start - over.before
        known = over.seen.any_within(begin, event.end)
        first = np.searchsorted(told.end, begin, "right")
        stood = bool(first < len(told.start) and int(told.start[first]) <= event.end)
        tried += int(known or stood)
        missed += int(known and not stood)
        lead.append((event.start - max(int(told.start[first]), begin)) / HOUR_MS if stood else None)
    began = told.start[(told.start >= over.start) & (told.start < over.end)]
    at = np.searchsorted(windows.start, began, "right") - 1
    within = (at >= 0) & (began <= windows.end[at]) if len(windows.start) else np.zeros(len(began), bool)
    false = int(np.count_nonzero(~within))
    hours = _hours_outside(told, over, windows)
    months = outside / MONTH_MS
    return AtLevel(
        tuple(lead), tried, missed, false, false / months if months > 0 else None,
        hours, hours / months if months > 0 else None,
    )  # fmt: skip


def _hours_outside(told: Stretches, over: History, windows: Stretches) -> float:
    """How long it stood while there were readings and no event was near."""
    edges = np.clip(np.stack(told), over.start, over.end)
    held = over.seen.until(edges)
    inside = 0
    for start, end in zip(windows.start, windows.end, strict=True):
        # Stretches follow each other: only those that reach into the window are looked at.
        low, high = np.searchsorted(told.end, start, "right"), np.searchsorted(told.start, end, "left")
        near = edges[:, low:high]
        both = over.seen.until(np.clip(near, max(start, over.start), min(max(end, over.start), over.end)))
        inside += int((both[1] - both[0]).sum())
    return (int((held[1] - held[0]).sum()) - inside) / HOUR_MS
