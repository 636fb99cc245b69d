"""Composites: several members of a site together mean more than each alone (k of n; the ladder of GB 39496-2020 5.5.4).

The kernel knows nothing of them. They hear the level signals of their members' threshold and rate rules, and are judged
at ticks, about once a second, so that readings cost the same with composites and without. A change of a member waits
until every live member has been heard up to its event time, or ``wait_s`` of received time; then changes are judged in
order of event time. So whatever skew between members stays below ``wait_s`` changes nothing. A change that comes
after a later time has been judged is counted (``skewed``) and judged there, flagged ``late``. Silence changes no level.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np

from . import layout as lay
from .params import Composite, Step
from .ruleset import CompositeSpec, RuleSet
from .signals import Member, Signals
from .state import State, milliseconds
from .switch import changed_sites


class Change(msgspec.Struct, array_like=True):
    """A member's rule has reached another level; times in UTC ms."""

    ts: int
    received: int
    rule: int
    point: int
    level: int


class Memory(msgspec.Struct, array_like=True):
    """What one composite remembers. ``levels``: rule → (point, level above 0), as judged up to the time ``judged``."""

    rule: int
    level: int = 0
    judged: int = lay.NEVER
    fresh: int = 0
    stale: bool = False  # a switch changed its members: it is judged anew at the next tick
    levels: dict[int, tuple[int, int]] = {}
    pending: list[Change] = []


class Verdict(NamedTuple):
    """``level`` that ``tally`` members at ``step.level`` or above make; ``step`` is the one that decided."""

    level: int
    step: Step
    tally: int
    members: tuple[Member, ...]


class _Watched:
    """One composite: its rule, its members (point → item), what it remembers and those bytes, made when asked for."""

    def __init__(self, spec: CompositeSpec, members: dict[int, str], memory: Memory) -> None:
        self.spec, self.members, self.memory = spec, members, memory
        self.ids = np.fromiter(members, np.int32, len(members))
        self.encoded: bytes | None = None


class Composites:
    """All composites of a rule set. Feed it every signal array and every tick, in the journal's order."""

    def __init__(self) -> None:
        self._watched: dict[int, _Watched] = {}
        self._of_point: dict[int, list[int]] = {}
        self._points = np.empty(0, np.int32)
        self._waiting: set[int] = set()

    def hear(self, signals: Signals) -> None:
        """Take note of the changes of level among signals in order of seq."""
        if not self._watched or not len(signals):
            return
        heard = (signals["type"] == lay.LEVEL) & np.isin(signals["kind"], (lay.THRESHOLD, lay.RATE))
        for signal in signals[heard & np.isin(signals["point"], self._points)]:
            point, rule = int(signal["point"]), int(signal["rule"])
            for number in self._of_point[point]:
                one = self._watched[number]
                pending = one.memory.pending
                # What one rule says is judged in the order said, even when the clock was set back in between.
                ts = max([int(signal["event_ts"]), *(c.ts for c in pending if c.rule == rule)])
                pending.append(Change(ts, int(signal["received_ts"]), rule, point, int(signal["level_to"])))
                one.encoded = None
                self._waiting.add(number)

    def tick(self, seq: int, now_ms: int, state: State) -> tuple[Signals, dict[tuple[int, int, int], Sequence[Member]]]:
        """Judge what has waited enough. Returns signals in order of (rule, ordinal), and their evidence."""
        rows: list[Any] = []
        evidence: dict[tuple[int, int, int], Sequence[Member]] = {}
        clock = min(max(now_ms, -lay.LIMIT), lay.LIMIT)
        for number in sorted(self._waiting):
            one = self._watched[number]
            one.encoded = None
            for ordinal, (at, flags, before, verdict) in enumerate(_judged(one, clock, state)):
                rows.append(_record(seq, at, clock, one.spec, before, verdict, flags, ordinal))
                evidence[seq, number, ordinal] = verdict.members
            if not (one.memory.pending or one.memory.stale):
                self._waiting.discard(number)
        return np.array(rows, lay.SIGNAL_DTYPE), evidence

    def switch(self, before: RuleSet, state: State) -> None:
        """Watch by the rule set of ``state`` from here on; raises no signal.

        A composite whose rule and members are what they were keeps all. A new version keeps its level, until it is
        judged at the next tick (then it is said once more, as first) or lowered. A member that comes brings its level,
        one that goes takes it along, as does a rule of a member that is taken away.
        """
        after = state.ruleset
        if not after.composites and not self._watched:
            return
        touched = changed_sites(before, after)
        known, self._watched = self._watched, {}
        places: dict[tuple[int, str], list[int]] | None = None
        for spec in after.composites:
            old = known.get(spec.id)
            if old is not None and old.spec == spec and spec.site not in touched:
                self._watched[spec.id] = old
                continue
            if places is None:
                places = _places(after)
            self._watched[spec.id] = _renewed(old, spec, _members(spec, places), state)
        self._index()

    def memories(self) -> tuple[bytes, ...]:
        """What each remembers, encoded, in order of rule. Equal states give equal bytes."""
        for one in self._watched.values():
            if one.encoded is None:
                one.memory.levels = dict(sorted(one.memory.levels.items()))
                one.encoded = msgspec.msgpack.encode(one.memory)
        return tuple(self._watched[number].encoded or b"" for number in sorted(self._watched))

    @classmethod
    def restored(cls, ruleset: RuleSet, memories: Iterable[bytes]) -> Composites:
        """As they were at ``memories``. Raises msgspec.MsgspecError, KeyError when these are none of the rule set's."""
        made, places = cls(), _places(ruleset)
        for data in memories:
            memory = _decoder.decode(data)
            spec = ruleset.by_composite[memory.rule]
            made._watched[spec.id] = _Watched(spec, _members(spec, places), memory)
        made._index()
        return made

    def _index(self) -> None:
        of_point: dict[int, list[int]] = defaultdict(list)
        for number in sorted(self._watched):
            for point in self._watched[number].members:
                of_point[point].append(number)
        self._of_point = dict(of_point)
        self._points = np.fromiter(of_point, np.int32, len(of_point))
        self._waiting = {k for k, one in self._watched.items() if one.memory.pending or one.memory.stale}


_decoder = msgspec.msgpack.Decoder(Memory)


def verdict(params: Composite, levels: dict[int, int], items: dict[int, str], held: int = 0) -> Verdict:
    """What members at these levels (point → level above 0; ``items``: of every member) come to.

    Where no step is fulfilled the evidence is that of the step that led to ``held``.
    """
    standing = [Member(point, items[point], level) for point, level in sorted(levels.items())]
    if params.counted == "items":
        standing = _by_item(params, standing)
    tallies = [(step, sum(m.level >= step.level for m in standing)) for step in params.steps]
    reached = [pair for pair in tallies if pair[1] >= pair[0].count]
    near = [pair for pair in tallies if pair[0].to == held] or tallies
    step, tally = max(reached, key=lambda pair: (pair[0].to, pair[0].level)) if reached else near[-1]
    return Verdict(step.to if reached else 0, step, tally, tuple(m for m in standing if m.level >= step.level))


def _by_item(params: Composite, members: Sequence[Member]) -> list[Member]:
    """The items as wholes: each at its highest member, or at what its members make together."""
    of: dict[str, list[int]] = defaultdict(list)
    for member in members:
        of[member.item].append(member.level)
    return [
        Member(None, item, max([*mine, *(s.to for s in params.within if sum(k >= s.level for k in mine) >= s.count)]))
        for item, mine in sorted(of.items())
    ]


def _judged(one: _Watched, clock: int, state: State) -> list[tuple[int, int, int, Verdict]]:
    """(event time, flags, level before, verdict) of each change of level that can be judged by now."""
    memory, settings = one.memory, state.ruleset.options
    told: list[tuple[int, int, int, Verdict]] = []
    latest = clock + milliseconds(settings.ahead_s)
    for change in memory.pending:  # a clock set back: nobody waits for a time that never was
        change.received = min(change.received, clock)
        change.ts = clock if change.ts > latest else change.ts
    memory.judged = clock if memory.judged > latest else memory.judged
    heard = _heard_by_all(one, state)
    wait = milliseconds(one.spec.params.wait_s)
    ripe = max([heard, *(c.ts for c in memory.pending if clock - c.received >= wait)])
    ready = sorted((c for c in memory.pending if c.ts <= ripe), key=lambda c: c.ts)
    memory.pending = [c for c in memory.pending if c.ts > ripe]
    while ready:
        group = [c for c in ready if c.ts == ready[0].ts]
        ready = ready[len(group) :]
        at, flags = group[0].ts, 0
        if at < memory.judged:
            state.arrays.counters[lay.COUNTERS.index("skewed")] += len(group)
            at, flags = memory.judged, lay.LATE
        if clock - at > milliseconds(settings.backfill_s):
            flags |= lay.BACKFILL
        for change in group:
            _note(memory, change.rule, change.point, change.level)
        memory.judged = at
        told += _said(one, at, flags)
    if memory.stale:
        at = max(heard, memory.judged)
        told += _said(one, clock if at == lay.NEVER else at, 0)
        memory.stale = False
    return told


def _heard_by_all(one: _Watched, state: State) -> int:
    """Up to which event time every live member has been heard; NEVER with none. Silent ones are not waited for."""
    index = state.index(one.ids)
    rows = state.arrays.points[index[index >= 0]]
    live = rows["wm"][(rows["wm"] != lay.NEVER) & (rows["silent"] == 0)]
    return int(live.min()) if len(live) else lay.NEVER


def _said(one: _Watched, at: int, flags: int) -> list[tuple[int, int, int, Verdict]]:
    """The change of level there is by now, if any; one carried over from an older version is said once more."""
    memory = one.memory
    levels: dict[int, int] = {}
    for point, level in memory.levels.values():
        levels[point] = max(level, levels.get(point, 0))
    found = verdict(one.spec.params, levels, one.members, memory.level)
    before, memory.level = memory.level, found.level
    first, memory.fresh = memory.fresh, 0
    if found.level == before:
        if first == lay.CARRIED and before > 0:
            return [(at, flags | lay.FIRST, 0, found)]
        return []
    return [(at, flags | (lay.FIRST if first and found.level > before else 0), before, found)]


def _note(memory: Memory, rule: int, point: int, level: int) -> None:
    if level > 0:
        memory.levels[rule] = (point, level)
    else:
        memory.levels.pop(rule, None)


def _record(
    seq: int, at: int, clock: int, spec: CompositeSpec, before: int, found: Verdict, flags: int, ordinal: int
) -> Any:
    signal = np.zeros((), lay.SIGNAL_DTYPE)
    signal["low"] = signal["high"] = np.nan
    signal["seq"], signal["event_ts"], signal["received_ts"], signal["window_start"] = seq, at, clock, lay.NEVER
    signal["value"], signal["threshold"], signal["aux"] = found.tally, found.step.count, found.step.level
    signal["rule"], signal["rule_version"], signal["site"] = spec.id, spec.version, spec.site
    signal["kind"], signal["category"], signal["type"] = lay.COMPOSITE, lay.RISK, lay.LEVEL
    signal["level_from"], signal["level_to"] = before, found.level
    signal["flags"], signal["ordinal"] = flags, ordinal
    return signal[()]


def _places(ruleset: RuleSet) -> dict[tuple[int, str], list[int]]:
    """Points by (site, item), of the sites that have composites."""
    sites = {spec.site for spec in ruleset.composites}
    places: dict[tuple[int, str], list[int]] = defaultdict(list)
    for point in ruleset.points:
        if point.site in sites:
            places[point.site, point.item].append(point.id)
    return places


def _members(spec: CompositeSpec, places: dict[tuple[int, str], list[int]]) -> dict[int, str]:
    found = {point: item for item in spec.params.items for point in places.get((spec.site, item), ())}
    named = set(spec.params.points)
    return {point: found[point] for point in sorted(found) if not named or point in named}


def _renewed(old: _Watched | None, spec: CompositeSpec, members: dict[int, str], state: State) -> _Watched:
    """The composite after a switch: what its members' rules stand at now, less what of it still waits to be judged."""
    memory = old.memory if old is not None and old.spec.site == spec.site else Memory(spec.id)
    same = old is not None and old.spec == spec and old.members == members
    now = _levels(members, state)
    last = {rule: level for rule, (_, level) in memory.levels.items()} | {c.rule: c.level for c in memory.pending}
    off = {rule for rule in {*now, *last} if last.get(rule, 0) != now.get(rule, (0, 0))[1]}
    places = [(rule, point) for rule, (point, _) in memory.levels.items()] + [(c.rule, c.point) for c in memory.pending]
    moved = {rule for rule, point in places if now.get(rule, (0, 0))[0] != point}
    memory.pending = [c for c in memory.pending if c.rule not in off | moved]
    for rule in off | moved:
        _note(memory, rule, *now.get(rule, (0, 0)))
    made = _Watched(spec, members, memory)
    if old is not None and memory is old.memory and old.spec != spec and memory.level > 0:
        memory.fresh = lay.CARRIED
    elif old is None or memory is not old.memory:
        memory.fresh = lay.FRESH if memory.levels else 0
    memory.stale = memory.stale or not same or bool(off | moved)
    return made


def _levels(members: dict[int, str], state: State) -> dict[int, tuple[int, int]]:
    """Threshold and rate rules of the members: rule → (point, level)."""
    found: dict[int, tuple[int, int]] = {}
    arrays = state.arrays
    for point, at in zip(members, state.index(np.fromiter(members, np.int32, len(members))).tolist(), strict=True):
        row = arrays.points[at]
        for rule in arrays.rules[row["first"] : row["end"]]:
            if rule["kind"] in (lay.THRESHOLD, lay.RATE):
                found[int(rule["id"])] = (point, int(rule["level"]))
    return found
