"""Composites once more: every change of a member is kept, and the state of all is worked out anew each time."""

from __future__ import annotations

import math
from typing import Any

NAN = float("nan")


class Together:
    """One composite. ``done``: changes judged, oldest first; ``waiting``: changes told, not yet judged."""

    def __init__(self, spec: Any, old: Together | None, points: dict[int, Any]) -> None:
        self.spec, self.params = spec, spec.params
        self.members = {
            p.spec.id: p.spec.item
            for p in points.values()
            if p.spec.site == spec.site and p.spec.item in self.params.items
            if not self.params.points or p.spec.id in self.params.points
        }
        self.level = old.level if old else 0
        self.judged = old.judged if old else None
        self.done = list(old.done) if old else []
        self.waiting = list(old.waiting) if old else []
        self.first: str | None = old.first if old else None
        stands = {
            r.spec.id: (key, r.level)
            for key in self.members
            for r in points[key].rules
            if r.kind in ("threshold", "rate")
        }
        changed = False
        for rule in {c["rule"] for c in self.done + self.waiting} | set(stands):
            mine = [c for c in self.done + self.waiting if c["rule"] == rule]
            point, level = stands.get(rule, (0, 0))
            elsewhere = any(c["point"] != point for c in mine) and rule in stands
            gone = rule not in stands and any(c["level"] for c in mine)
            if elsewhere or gone or (mine[-1]["level"] if mine else 0) != level:
                self.done = [c for c in self.done if c["rule"] != rule]
                self.waiting = [c for c in self.waiting if c["rule"] != rule]
                if rule in stands:
                    self.done.append({"rule": rule, "point": point, "level": level})
                changed = True
        if old is None:
            self.first = "new" if any(c["level"] for c in self.done) else None
            self.again = True
        else:
            self.again = old.again or changed or old.spec != spec or old.members != self.members
            if old.spec != spec and self.level:
                self.first = "carried"

    def hear(self, signal: dict[str, Any]) -> None:
        if signal["point"] in self.members:
            told = [c["ts"] for c in self.waiting if c["rule"] == signal["rule"]]
            self.waiting.append(
                {"ts": max([signal["event_ts"], *told]), "received": signal["received_ts"], "rule": signal["rule"],
                 "point": signal["point"], "level": signal["to"]}
            )  # fmt: skip

    def tick(self, seq: int, clock: int, points: dict[int, Any], options: Any, signals: list[dict[str, Any]]) -> int:
        latest, skewed, mark = clock + round(options.ahead_s * 1000), 0, len(signals)
        if not (self.waiting or self.again):
            return 0
        for change in self.waiting:
            change["received"] = min(change["received"], clock)
            if change["ts"] > latest:
                change["ts"] = clock
        if self.judged is not None and self.judged > latest:
            self.judged = clock
        live = [points[p] for p in self.members if points[p].watermark is not None and not points[p].silent]
        heard = min((p.watermark for p in live), default=None)
        due = [c["ts"] for c in self.waiting if clock - c["received"] >= round(self.params.wait_s * 1000)]
        due += [] if heard is None else [heard]
        ready = [c for c in self.waiting if due and c["ts"] <= max(due)]
        for ts in sorted({c["ts"] for c in ready}):
            now = [c for c in ready if c["ts"] == ts]
            flags, at = set(), ts
            if self.judged is not None and ts < self.judged:
                skewed, at = skewed + len(now), self.judged
                flags.add("late")
            if clock - at > round(options.backfill_s * 1000):
                flags.add("backfill")
            self.waiting = [c for c in self.waiting if c not in now]
            self.done += now
            self.judged = at
            self.judge(seq, at, clock, flags, signals, mark)
        if self.again:
            self.again = False
            known = [t for t in (heard, self.judged) if t is not None]
            self.judge(seq, max(known, default=clock), clock, set(), signals, mark)
        return skewed

    def judge(self, seq: int, at: int, clock: int, flags: set[str], signals: list[dict[str, Any]], mark: int) -> None:
        rules = {c["rule"]: c for c in self.done}.values()
        levels = {p: max([c["level"] for c in rules if c["point"] == p], default=0) for p in self.members}
        counted = list(levels.values())
        if self.params.counted == "items":
            counted = []
            for item in self.params.items:
                mine = [level for p, level in levels.items() if self.members[p] == item]
                counted.append(max([*mine, self.made(self.params.within, mine), 0]))
        level = self.made(self.params.steps, counted)
        steps = [s for s in self.params.steps if s.to == (level or self.level) and (self.ok(s, counted) or not level)]
        step = (steps or list(self.params.steps))[-1]
        if level:
            step = max(steps, key=lambda s: s.level)
        before, first, self.first, self.level = self.level, self.first, None, level
        if level == before:
            if not (first == "carried" and level):
                return
            before = 0
        if first and level > before:
            flags = flags | {"first"}
        signals.append(
            {"seq": seq, "rule": self.spec.id, "rule_version": self.spec.version, "ordinal": len(signals) - mark,
             "point": 0, "site": self.spec.site, "source": 0, "value": float(sum(c >= step.level for c in counted)),
             "threshold": float(step.count), "aux": float(step.level), "window_start": None,
             "low": math.nan, "high": math.nan, "flags": frozenset(flags),
             "type": "level", "kind": "composite", "category": "risk", "from": before, "to": level,
             "event_ts": at, "received_ts": clock}
        )  # fmt: skip

    def ok(self, step: Any, counted: list[int]) -> bool:
        return sum(c >= step.level for c in counted) >= step.count

    def made(self, steps: Any, counted: list[int]) -> int:
        return max((s.to for s in steps if self.ok(s, counted)), default=0)
