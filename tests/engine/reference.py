"""The engine's rules once more: slow, plain and obvious. The compiled engine must say exactly the same.

Works on one record of the journal at a time with dictionaries and Python numbers; knows nothing of batches,
checkpoints or arrays. Rule parameters are read from the same checked structs, nothing else is shared.
"""

from __future__ import annotations

import math
import sys
from collections import deque
from itertools import combinations
from typing import Any

from shoutu.engine import RuleSet

from .reference_ahead import Sum, hours_left
from .reference_anomaly import Detector
from .reference_composite import Together

LIMIT = 2**61
NAN = math.nan
HUGE = sys.float_info.max
RISKS = ("threshold", "rate", "accumulation", "quota", "forecast", "anomaly")
HELD = ("threshold", "accumulation", "quota", "forecast", "anomaly")


def ms(seconds: float) -> int:
    return max(round(seconds * 1000), 1) if seconds > 0 else 0


class Rule:
    """One rule's memory, whatever its kind."""

    def __init__(self, spec: Any) -> None:
        self.spec, self.kind, self.params = spec, spec.kind, spec.params
        self.level = 0
        self.never_below = True  # no judged reading was below every level yet
        self.carried = False  # the level is an older version's, and this one has not confirmed it yet
        self.exceeded_since: dict[int, int] = {}
        self.left_since: dict[int, int] = {}
        self.known: tuple[int, int, int] | None = None  # from, to, level of the exceedance already told
        self.samples: list[tuple[int, float]] = []
        self.cell: int | None = None
        self.run: list[tuple[int, float]] | None = None
        self.bad_in_row = self.good_in_row = 0
        self.sum: Sum | None = None
        self.detector = Detector(0.0003, 0)
        self.direction = {"accumulation": "high", "quota": "high", "forecast": "low", "anomaly": "high"}.get(
            spec.kind, getattr(spec.params, "direction", "")
        )

    def go_on_from(self, old: Rule) -> None:
        """What the version before has gathered goes on where this one gathers alike."""
        by = {
            "rate": ("window_s", "interval_s"), "forecast": ("window_s", "interval_s"),
            "accumulation": ("form", "window_s", "bucket_s"), "quota": ("form", "period", "utc_offset_h"),
            "anomaly": ("utc_offset_h",),
        }  # fmt: skip
        if self.kind in by and all(getattr(old.params, n) == getattr(self.params, n) for n in by[self.kind]):
            self.samples, self.cell, self.sum = old.samples, old.cell, old.sum
            self.detector = old.detector

    def exceeded(self, value: float, slack: float = 0.0) -> int:
        highest = 0
        for level, bound in self.params.levels.items():
            low, high = bound if isinstance(bound, tuple) else (None, None)
            if self.direction == "high":
                high = bound
            elif self.direction == "low":
                low = bound
            if (high is not None and value >= high - slack) or (low is not None and value <= low + slack):
                highest = max(highest, level)
        return highest

    def bound(self, level: int, value: float) -> float:
        """What the value is measured against: the bound of the level, or of the next one set above it."""
        above = [known for known in self.params.levels if known >= level]
        if not above:
            return NAN
        bound = self.params.levels[min(above)]
        if not isinstance(bound, tuple):
            return bound
        low, high = bound
        return high if high - value <= value - low else low


class Point:
    def __init__(self, spec: Any, rules: list[Rule]) -> None:
        self.spec, self.rules = spec, rules
        self.watermark: int | None = None
        self.stamps: deque[int] = deque(maxlen=64)
        self.heard: int | None = None
        self.calibrating_since: int | None = None
        self.silent = self.in_group = False

    def range(self) -> tuple[float, float, set[str]]:
        low, high, danger = self.spec.low, self.spec.high, self.spec.danger
        for rule in self.rules:
            if rule.kind == "implausible":
                low = rule.params.low if rule.params.low is not None else low
                high = rule.params.high if rule.params.high is not None else high
                danger = rule.params.danger or danger
        if danger is None:
            sides = {rule.params.direction for rule in self.rules if rule.kind == "threshold"}
            danger = sides.pop() if len(sides) == 1 and "band" not in sides else "both"
        both = {"high": {"high"}, "low": {"low"}, "both": {"high", "low"}, "none": set()}[danger]
        return (-math.inf if low is None else low, math.inf if high is None else high, both)

    def of(self, *kinds: str) -> list[Rule]:
        return [rule for rule in self.rules if rule.kind in kinds]

    def after(self, rule: Rule) -> int:
        if rule.params.after_s is not None:
            return ms(rule.params.after_s)
        return ms(rule.params.intervals * self.spec.interval_s)


class Link:
    """A source as seen from one site."""

    def __init__(self) -> None:
        self.heard: int | None = None
        self.back: int | None = None
        self.last_ahead: int | None = None
        self.level = self.clock = 0


class Reference:
    """Feed it ``switch``, ``reading`` and ``tick`` in the journal's order; it collects ``signals``."""

    def __init__(self) -> None:
        self.points: dict[int, Point] = {}
        self.links: dict[tuple[int, int], Link] = {}
        self.sites: dict[int, int] = {}
        self.last_tick: int | None = None
        self.resume = -LIMIT
        self.signals: list[dict[str, Any]] = []
        self.together: dict[int, Together] = {}
        self.skewed = 0

    def switch(self, ruleset: RuleSet) -> None:
        self.options = ruleset.options
        before = self.points
        old_rules = {rule.spec.id: rule for point in before.values() for rule in point.rules}
        self.points = {}
        for spec in ruleset.points:
            rules = []
            for rule_spec in sorted((r for r in ruleset.rules if r.point == spec.id), key=lambda r: r.id):
                rule, old = Rule(rule_spec), old_rules.get(rule_spec.id)
                if old and old.spec == rule_spec:
                    rule = old
                    rule.spec = rule_spec
                elif old and (old.kind, old.spec.point) == (rule_spec.kind, spec.id):
                    if old.level:
                        rule.level, rule.never_below, rule.carried = old.level, False, True
                    rule.go_on_from(old)
                rules.append(rule)
            point = Point(spec, rules)
            if spec.id in before:
                for name in ("watermark", "stamps", "heard", "calibrating_since", "silent", "in_group"):
                    setattr(point, name, getattr(before[spec.id], name))
            if not point.of("no_data"):
                point.silent = point.in_group = False
            self.points[spec.id] = point
        keys = {(p.spec.source, p.spec.site) for p in self.points.values()}
        self.links = {key: self.links.get(key) or Link() for key in sorted(keys)}
        self.sites = {site: self.sites.get(site, 0) for site in sorted({site for _, site in keys})}
        before_together, self.together = self.together, {}
        for spec in sorted(ruleset.composites, key=lambda c: c.id):
            old = before_together.get(spec.id)
            self.together[spec.id] = Together(spec, old if old and old.spec.site == spec.site else None, self.points)

    def say(self, seq: int, rule: Rule | None, **fields: Any) -> None:
        number = rule.spec.id if rule else 0
        site = self.points[rule.spec.point].spec.site if rule else fields["site"]
        ordinal = sum((s["seq"], s["rule"], s["site"]) == (seq, number, site) for s in self.signals)
        base = {
            "seq": seq, "rule": number, "rule_version": rule.spec.version if rule else 0, "ordinal": ordinal,
            "point": 0, "site": 0, "source": 0, "value": NAN, "threshold": NAN, "aux": NAN, "window_start": None,
            "flags": frozenset(), "type": "level", "low": NAN, "high": NAN,
        }  # fmt: skip
        if rule:
            spec = self.points[rule.spec.point].spec
            base.update(kind=rule.kind, point=spec.id, site=spec.site, source=spec.source, **{"from": rule.level})
            base["category"] = "risk" if rule.kind in RISKS else "fault"
        self.signals.append({**base, **fields})
        if rule and rule.kind in ("threshold", "rate") and self.signals[-1]["type"] == "level":
            for together in self.together.values():
                together.hear(self.signals[-1])

    # -- readings ---------------------------------------------------------------------------------------------

    def reading(self, seq: int, point_id: int, told: int, received: int, value: float, quality: int) -> None:
        point = self.points.get(point_id)
        if point is None:
            return
        received = min(max(received, -LIMIT), LIMIT)
        t = min(max(told, -LIMIT), received)
        now = {"event_ts": t, "received_ts": received}
        link = self.links[point.spec.source, point.spec.site]
        self.link_heard(seq, point, link, now, received)
        if told in point.stamps:
            return
        point.stamps.append(told)
        ahead = told > received + ms(self.options.ahead_s)
        self.judge_clock(seq, point, link, now, told, received, ahead)
        if point.watermark is not None:
            point.watermark = min(point.watermark, received)
        late = point.watermark is not None and t < point.watermark
        gap = (
            point.watermark is not None
            and point.spec.interval_s
            and t - point.watermark > ms(3 * point.spec.interval_s)
        )
        flags = {name for name, on in (("ahead", ahead), ("late", late)) if on}
        if received - t > ms(self.options.backfill_s):
            flags.add("backfill")
        if not late:
            point.watermark = t
        if quality == 2:
            self.calibrating(point, received, late)
            return
        low, high, danger = point.range()
        finite = math.isfinite(value)
        outside = finite and not low <= value <= high
        saturated = finite and (("low" in danger and value < low) or ("high" in danger and value > high))
        bad = not finite or outside or quality == 3
        judged = saturated or not bad
        if saturated:
            flags.add("saturated")
        now |= {"value": value, "flags": frozenset(flags)}
        if judged:
            self.usable(seq, point, now, received)
        if late:
            if judged:
                self.late(seq, point, now, value)
            return
        clearing = judged and not saturated and quality == 0
        for rule in point.of("implausible"):
            self.implausible(seq, rule, now, bad, clearing, value, low, high)
        for rule in point.of("threshold"):
            if judged:
                self.threshold(seq, rule, now, value, clearing, bool(gap))
        for rule in point.of("accumulation", "quota"):
            if judged:
                self.sums(seq, point, rule, now, value, clearing, bool(gap))
        for rule in point.of("forecast"):
            if judged:
                self.forecast(seq, rule, now, value, clearing, bool(gap))
        for rule in point.of("anomaly"):
            if judged and not saturated:
                self.anomaly(seq, rule, now, value, clearing, bool(gap))
            else:
                rule.left_since.clear()
        for rule in point.of(*HELD):
            if not judged:
                rule.left_since.clear()
        for rule in point.of("rate"):
            if judged:
                self.rate(seq, rule, now, value, clearing)
        for rule in point.of("stuck"):
            if judged and not saturated:
                self.stuck(seq, rule, now, value, clearing)

    def link_heard(self, seq: int, point: Point, link: Link, now: dict[str, Any], received: int) -> None:
        if link.level:
            self.say(
                seq, None, kind="source_silence", category="fault", source=point.spec.source, site=point.spec.site,
                flags=frozenset({"recovered"}), to=0, **{"from": link.level}, **now,
            )  # fmt: skip
            link.level, link.back = 0, received
        link.heard = received

    def judge_clock(
        self, seq: int, point: Point, link: Link, now: dict[str, Any], told: int, received: int, ahead: bool
    ) -> None:
        about = {
            "kind": "clock",
            "category": "clock",
            "type": "clock",
            "source": point.spec.source,
            "site": point.spec.site,
        }
        if ahead:
            link.last_ahead = received
            if not link.clock:
                link.clock = 1
                self.say(
                    seq, None, point=point.spec.id, to=1, aux=(float(told) - float(received)) / 1000.0,
                    threshold=self.options.ahead_s, flags=frozenset({"ahead"}), **{"from": 0}, **about, **now,
                )  # fmt: skip
        elif link.clock:
            assert link.last_ahead is not None
            link.last_ahead = min(link.last_ahead, received)
            if received - link.last_ahead >= ms(self.options.clock_clear_s):
                link.clock = 0
                self.say(seq, None, to=0, flags=frozenset({"recovered"}), **{"from": 1}, **about, **now)

    def calibrating(self, point: Point, received: int, late: bool) -> None:
        if point.calibrating_since is None or point.calibrating_since > received:
            point.calibrating_since = received
        if point.heard is not None and received - point.calibrating_since <= ms(self.options.calibration_max_s):
            point.heard = received
        if not late:
            for rule in point.of(*HELD):
                rule.left_since.clear()

    def usable(self, seq: int, point: Point, now: dict[str, Any], received: int) -> None:
        for rule in point.of("no_data"):
            if rule.level:
                told = {**now, "flags": now["flags"] | {"recovered"}}
                self.say(seq, rule, to=0, threshold=point.after(rule) / 1000.0, window_start=point.heard, **told)
                rule.level, rule.carried = 0, False
        point.silent = False
        if point.in_group:
            point.in_group = False
            self.site_recovered(seq, point.spec.site, {**now, "value": NAN, "flags": frozenset({"recovered"})})
        point.heard, point.calibrating_since = received, None

    def site_recovered(self, seq: int, site: int, now: dict[str, Any]) -> None:
        members = [p for p in self.points.values() if p.spec.site == site and p.in_group]
        if self.sites[site] and not members:
            self.say(
                seq, None, kind="site_silence", category="risk", site=site, to=0, **{"from": self.sites[site]}, **now
            )
            self.sites[site] = 0

    def near(self, rule: Rule, t: int) -> bool:
        merge = ms(self.options.late_merge_s)
        return rule.known is not None and rule.known[0] - merge <= t <= rule.known[1] + merge

    def know(self, rule: Rule, t: int, level: int) -> None:
        if rule.known is not None and self.near(rule, t):
            start, end, before = rule.known
            rule.known = (min(start, t), max(end, t), max(before, level))
        else:
            rule.known = (t, t, level)

    def late(self, seq: int, point: Point, now: dict[str, Any], value: float) -> None:
        for rule in point.of("accumulation", "quota"):
            if rule.sum:
                rule.sum.late(now["event_ts"], value)
        for rule in point.of("threshold", "quota"):
            if rule.kind == "quota" and rule.params.form != "count":
                continue
            level = rule.exceeded(value)
            if level > rule.level:
                if not (self.near(rule, now["event_ts"]) and rule.known and level <= rule.known[2]):
                    self.say(seq, rule, to=level, type="late_exceedance", threshold=rule.bound(level, value), **now)
                self.know(rule, now["event_ts"], level)

    def sums(
        self, seq: int, point: Point, rule: Rule, now: dict[str, Any], value: float, clearing: bool, gap: bool
    ) -> None:
        rule.sum = rule.sum or Sum(rule.params, point.spec.interval_s)
        total, begin = rule.sum.total(now["event_ts"], value)
        evidence = {"aux": total, **({} if begin is None else {"window_start": begin})}
        self.threshold(seq, rule, now, total, clearing, gap, **evidence)

    def forecast(self, seq: int, rule: Rule, now: dict[str, Any], value: float, clearing: bool, gap: bool) -> None:
        if not self.sampled(rule, now["event_ts"], value):
            return
        hours, early, late = hours_left(rule.params, rule.samples, now["event_ts"])
        reached = rule.params.target if rule.params.form == "linear" else NAN
        evidence = {
            "aux": hours, "low": early, "high": late, "window_start": rule.samples[0][0], "threshold": reached,
        }  # fmt: skip
        self.threshold(seq, rule, now, hours, clearing, gap, **evidence)

    def anomaly(self, seq: int, rule: Rule, now: dict[str, Any], value: float, clearing: bool, gap: bool) -> None:
        local = now["event_ts"] + round(rule.params.utc_offset_h * 3_600_000)
        one_in, aspect, low, high = rule.detector.rarity(local, value)
        if rule.detector.n <= rule.params.min_samples or local - rule.detector.since < ms(rule.params.learn_s):
            return
        if aspect and rule.exceeded(one_in):
            now = {**now, "flags": now["flags"] | {aspect}}
        self.threshold(seq, rule, now, one_in, clearing, gap, aux=one_in, low=low, high=high)

    def threshold(
        self, seq: int, rule: Rule, now: dict[str, Any], value: float, clearing: bool, gap: bool, **evidence: Any
    ) -> None:
        """``value`` is what is held against the levels: the reading's, or what was made of it."""
        t, level = now["event_ts"], rule.level
        reached, kept = rule.exceeded(value), rule.exceeded(value, rule.params.hysteresis)
        for k in (1, 2, 3, 4):
            if reached >= k and k > level:
                rule.exceeded_since[k] = min(rule.exceeded_since.get(k, t), t)
            else:
                rule.exceeded_since.pop(k, None)
            if kept < k <= level and clearing:
                rule.left_since[k] = t if gap else min(rule.left_since.get(k, t), t)
            else:
                rule.left_since.pop(k, None)
        if reached == 0:
            rule.never_below = False
        up = [k for k, since in rule.exceeded_since.items() if t - since >= ms(rule.params.raise_for_s)]
        down = [k for k, since in rule.left_since.items() if t - since >= ms(rule.params.clear_for_s)]
        if up:
            new, start = max(up), rule.exceeded_since[max(up)]
            bound = rule.bound(new, value)
        elif down:
            new, start = min(down) - 1, rule.left_since[min(down)]
            bound = rule.bound(new + 1, value)
        else:
            new = level
        if new != level:
            if (rule.never_below or rule.carried) and new > level:
                now = {**now, "flags": now["flags"] | {"first"}}
            self.say(seq, rule, to=new, **{"threshold": bound, "window_start": start, **evidence}, **now)
            rule.level, rule.never_below, rule.carried = new, False, False
            rule.exceeded_since = {k: since for k, since in rule.exceeded_since.items() if k > new}
            rule.left_since = {k: since for k, since in rule.left_since.items() if k <= new}
        elif rule.carried and kept:
            self.confirm(seq, rule, now, **{"threshold": rule.bound(level, value), **evidence})
        if rule.level:
            self.know(rule, t, rule.level)

    def confirm(self, seq: int, rule: Rule, now: dict[str, Any], **evidence: Any) -> None:
        """The level carried over from an older version stands by this one too: said once more, as if just raised."""
        told: dict[str, Any] = {**now, "flags": now.get("flags", frozenset()) | {"first"}, "from": 0}
        self.say(seq, rule, to=rule.level, **evidence, **told)
        rule.carried = False

    def sampled(self, rule: Rule, t: int, value: float) -> bool:
        """The first reading of an interval is a sample. Whether it is one, and there are enough to be judged."""
        cell = t // ms(rule.params.interval_s)
        if cell == rule.cell:
            return False
        if rule.cell is not None and cell < rule.cell:
            rule.samples = []
        rule.cell = cell
        rule.samples = [(ts, v) for ts, v in rule.samples if ts >= t - ms(rule.params.window_s)] + [(t, value)]
        return len(rule.samples) >= rule.params.min_samples

    def rate(self, seq: int, rule: Rule, now: dict[str, Any], value: float, clearing: bool) -> None:
        if not self.sampled(rule, now["event_ts"], value):
            return
        slopes = sorted(
            max(-HUGE, min(HUGE, (v2 - v1) / (t2 - t1) * 3_600_000.0))
            for (t1, v1), (t2, v2) in combinations(rule.samples, 2)
        )
        middle = len(slopes) // 2
        slope = slopes[middle] if len(slopes) % 2 else slopes[middle - 1] * 0.5 + slopes[middle] * 0.5
        new = rule.exceeded(slope)
        if new <= rule.level:
            new = min(rule.exceeded(slope, rule.params.hysteresis), rule.level) if clearing else rule.level
        if new != rule.level:
            if (rule.never_below or rule.carried) and new > rule.level:
                now = {**now, "flags": now["flags"] | {"first"}}
            bound = rule.bound(new if new > rule.level else new + 1, slope)
            self.say(seq, rule, to=new, threshold=bound, aux=slope, window_start=rule.samples[0][0], **now)
            rule.level, rule.carried = new, False
        elif rule.carried and rule.exceeded(slope, rule.params.hysteresis):
            bound = rule.bound(new, slope)
            self.confirm(seq, rule, now, threshold=bound, aux=slope, window_start=rule.samples[0][0])
        rule.never_below = False

    def stuck(self, seq: int, rule: Rule, now: dict[str, Any], value: float, clearing: bool) -> None:
        run = [*(rule.run or []), (now["event_ts"], value)]
        values = [v for _, v in run]
        if max(values) - min(values) > rule.params.tolerance:
            run = run[-1:]
        rule.run = run
        start, values = min(t for t, _ in run), [v for _, v in run]
        flat = len(run) >= rule.params.min_samples and now["event_ts"] - start >= ms(rule.params.window_s)
        new = rule.level
        if flat and rule.carried:
            rule.level = rule.params.level
            span = max(values) - min(values)
            self.confirm(seq, rule, now, threshold=rule.params.tolerance, window_start=start, aux=span)
            return
        if flat and not rule.level:
            new = rule.params.level
        elif not flat and rule.level and clearing:
            new = 0
        if new != rule.level:
            span = max(values) - min(values)
            self.say(seq, rule, to=new, threshold=rule.params.tolerance, window_start=start, aux=span, **now)
            rule.level, rule.carried = new, False

    def implausible(
        self, seq: int, rule: Rule, now: dict[str, Any], bad: bool, good: bool, value: float, low: float, high: float
    ) -> None:
        if bad:
            rule.bad_in_row, rule.good_in_row = rule.bad_in_row + 1, 0
            bound = low if value < low else high if value > high else NAN
            if rule.carried and rule.bad_in_row >= rule.params.count:
                rule.level = rule.params.level
                self.confirm(seq, rule, now, threshold=bound)
            elif not rule.level and rule.bad_in_row >= rule.params.count:
                self.say(seq, rule, to=rule.params.level, threshold=bound, **now)
                rule.level = rule.params.level
        elif good:
            rule.bad_in_row, rule.good_in_row = 0, rule.good_in_row + 1
            if rule.level and rule.good_in_row >= rule.params.clear_count:
                self.say(seq, rule, to=0, **now)
                rule.level, rule.carried = 0, False

    # -- the clock --------------------------------------------------------------------------------------------

    def tick(self, seq: int, clock: int) -> None:
        clock = min(max(clock, -LIMIT), LIMIT)
        if self.last_tick is None or clock - self.last_tick > ms(self.options.tick_gap_s):
            self.resume = clock
        self.resume, self.last_tick = min(self.resume, clock), clock
        now = {"event_ts": clock, "received_ts": clock}
        for (source, site), link in self.links.items():
            self.tick_link(seq, source, site, link, now, clock)
        for site in self.sites:
            self.site_recovered(seq, site, now)
        for _, point in sorted(self.points.items()):
            for rule in point.of("no_data"):
                if self.tick_rule(seq, point, rule, now, clock):
                    self.tick_site(seq, point, now)
        for together in self.together.values():
            self.skewed += together.tick(seq, clock, self.points, self.options, self.signals)

    def watched(self, points: list[Point]) -> list[int]:
        return sorted(min(p.after(rule) for rule in p.of("no_data")) for p in points if p.of("no_data"))

    def link_after(self, source: int, site: int) -> int | None:
        waits = self.watched([p for p in self.points.values() if (p.spec.source, p.spec.site) == (source, site)])
        least = max(self.options.source_min_points, 1)
        return waits[least - 1] if len(waits) >= least else None

    def tick_link(self, seq: int, source: int, site: int, link: Link, now: dict[str, Any], clock: int) -> None:
        if link.heard is None or link.heard > clock:
            link.heard = clock
        if link.back is not None:
            link.back = min(link.back, clock)
        after, since = self.link_after(source, site), max(link.heard, self.resume)
        if after is not None and not link.level and clock - since >= after:
            link.level = self.options.source_level
            self.say(
                seq, None, kind="source_silence", category="fault", source=source, site=site, to=link.level,
                window_start=link.heard, threshold=after / 1000.0, aux=(clock - since) / 1000.0, **{"from": 0}, **now,
            )  # fmt: skip

    def tick_rule(self, seq: int, point: Point, rule: Rule, now: dict[str, Any], clock: int) -> bool:
        """Returns whether the point has newly fallen silent."""
        link, after = self.links[point.spec.source, point.spec.site], point.after(rule)
        if point.heard is None or point.heard > clock:
            point.heard = clock
        since = max(point.heard, self.resume, -LIMIT if link.back is None else link.back)
        elapsed = clock - since
        if elapsed < after:
            return False
        was_silent = point.silent
        if link.level:
            if elapsed >= ms(self.options.site_masked_after_s):
                point.silent = True
            return point.silent and not was_silent
        waits_for_source = self.link_after(point.spec.source, point.spec.site) is not None
        assert link.heard is not None
        if waits_for_source and link.heard - since <= after // 2 and elapsed < after + after // 2:
            return False
        evidence = {"threshold": after / 1000.0, "aux": elapsed / 1000.0, "window_start": point.heard}
        if rule.carried:
            rule.level = rule.params.level
            self.confirm(seq, rule, now, **evidence)
        elif not rule.level:
            self.say(seq, rule, to=rule.params.level, **evidence, **now)
            rule.level = rule.params.level
        point.silent = True
        return not was_silent

    def tick_site(self, seq: int, point: Point, now: dict[str, Any]) -> None:
        site, least = point.spec.site, self.options.site_min_points
        mine = [p for p in self.points.values() if p.spec.site == site]
        if len(self.watched(mine)) < least:
            return
        if self.sites[site]:
            point.in_group = True
            return
        window = ms(self.options.site_window_s)
        together = [p for p in mine if p.silent and abs((p.heard or 0) - (point.heard or 0)) <= window]
        if len(together) < least:
            return
        for p in together:
            p.in_group = True
        self.sites[site] = self.options.site_level
        self.say(
            seq, None, kind="site_silence", category="risk", site=site, to=self.options.site_level,
            window_start=min(p.heard or 0 for p in together), threshold=float(least), aux=float(len(together)),
            **{"from": 0}, **now,
        )  # fmt: skip
