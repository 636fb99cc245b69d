"""A change of a rule tried on the point's own history before anybody applies it: 现行 against 拟改.

The pipeline's engine judges the readings it keeps once by the rules in force and once by those proposed; the warnings
of the time, with what their verification found, are laid beside both. Nothing live is touched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Invalid
from shoutu.county.sites import asking, hooks
from shoutu.county.sites.learning import KIND, learning_s
from shoutu.county.sites.models import Rule, RuleState, RuleVersion
from shoutu.county.sites.ruling import change_of
from shoutu.county.sites.selectors import limits, moment
from shoutu.county.sites.services.publishing import point_payload, rule_payload
from shoutu.engine.params import RISKS

DAYS = 30
SLACK = timedelta(minutes=2)
"""A warning may have begun this much beside the reading that raised it: holds, batches, the sender's clock."""


HARM = ("missed", "lower", "later")


class Episode(NamedTuple):
    """A time above normal. `reached`: level → since when at it or above."""

    start: datetime
    end: datetime | None
    level: int
    reached: Mapping[int, datetime]
    value: float | None


def trial(
    actor: Actor, rule: Rule, params: Mapping[str, Any] | None, enabled: bool, days: int = DAYS
) -> dict[str, Any]:
    """What the rule would have said in the last days, against what it says now.

    Raises Invalid for wrong parameters, for a composite, which no single point's history can show, and for what the
    pipeline cannot try; Unavailable while it cannot be asked or tries others.
    """
    if rule.point is None:
        raise Invalid("rule", _("单个测点的规则；综合规则要几个测点一起看，试不了"))
    change = change_of(rule, params, enabled)
    end = timezone.now()
    start = end - timedelta(days=days)
    now, then, risks = _rule_sets(rule, change.params, enabled)
    told = asking.trial(
        {
            "point": point_payload(rule.point),
            "runs": [now, then],
            "sums": {"rule": [rule.pk], "risk": risks},
            "start": round(start.timestamp() * 1000),
            "end": round(end.timestamp() * 1000),
            "lead_ms": _lead([*now, *then], rule.interval_s),
        }
    )
    sides = [{name: _episodes(part["episodes"]) for name, part in run.items()} for run in told["runs"]]
    return {
        "days": days,
        "start": start,
        "end": end,
        "effect": change.effect,
        "readings": told["n"],
        "first": moment(told["first"]) if told["first"] is not None else None,
        "last": moment(told["last"]) if told["last"] is not None else None,
        "until": moment(told["next"]) if told["next"] is not None else None,
        "now": _side(told["runs"][0]["rule"], sides[0]["rule"], rule.kind, _standing(rule), rule.enabled),
        "then": _side(told["runs"][1]["rule"], sides[1]["rule"], rule.kind, change.params, enabled),
        "warnings": _beside(
            hooks.during(actor, rule.point.pk, start, end), sides[0]["risk"], sides[1]["risk"], _known(told, sides, end)
        ),
    }


def _lead(rules: Sequence[Mapping[str, Any]], interval_s: float) -> int:
    """How much of the time before is needed for the rules to stand as they do: a day, or until they have learnt."""
    learn = (learning_s(one["params"], interval_s) for one in rules if one["kind"] == KIND)
    return round(1000 * max(86_400, *learn, 0))


class Known(NamedTuple):
    """The time a trial can speak of, out of `end`."""

    since: datetime
    until: datetime
    end: datetime


def _known(told: Mapping[str, Any], sides: Sequence[Mapping[str, list[Episode]]], end: datetime) -> Known:
    """From the first reading to where the history was cut, and not before the oldest episode of a side told in part."""
    since = end if told["first"] is None else moment(told["first"])
    for run, side in zip(told["runs"], sides, strict=True):
        if sum(run["risk"]["count"].values()) > len(side["risk"]):
            since = max(since, side["risk"][0].start)
    return Known(since, end if told["next"] is None else moment(told["next"]), end)


def _standing(rule: Rule) -> dict[str, Any]:
    return dict(rule.versions.get(number=rule.version).params)


def _rule_sets(
    rule: Rule, params: dict[str, Any], enabled: bool
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[int]]:
    """The rules in force of the point, the same with the change in it, and which of either speak of danger."""
    assert rule.point is not None
    versions = RuleVersion.objects.filter(
        rule__point=rule.point, rule__enabled=True, state=RuleState.IN_FORCE
    ).select_related("rule")
    now = [rule_payload(one.rule, one) for one in versions.order_by("rule_id")]
    then = [one for one in now if one["id"] != rule.pk]
    if enabled:
        changed = rule_payload(rule, RuleVersion(number=rule.version, params=params))
        then = sorted([*then, changed], key=lambda one: int(one["id"]))
    risks = sorted({one["id"] for one in [*now, *then] if one["kind"] in RISKS})
    return now, then, risks


def _episodes(rows: Sequence[Sequence[Any]]) -> list[Episode]:
    return [
        Episode(
            moment(start), None if end is None else moment(end), level,
            {step: moment(at) for step, at in reached}, value,
        )
        for start, end, level, reached, value in rows
    ]  # fmt: skip


def _side(
    told: Mapping[str, Any], found: list[Episode], kind: str, params: Mapping[str, Any], enabled: bool
) -> dict[str, Any]:
    return {
        "enabled": enabled,
        "levels": limits(params, kind) if enabled else [],
        "counts": [{"level": level, "n": told["count"][str(level)]} for level in (4, 3, 2, 1)],
        "late": told["late"],
        "episodes": [{"start": one.start, "end": one.end, "level": one.level, "value": one.value} for one in found],
    }


def _beside(
    warnings: Sequence[Mapping[str, Any]], now: list[Episode], then: list[Episode], known: Known
) -> list[dict[str, Any]]:
    """Each warning with what the change would have made of it; those verified real that it would harm come first.

    untried: the trial has no readings of its time; or of a part of it only, and of the rest no harm is seen.
    """
    rows = []
    for one in warnings:
        began, ended = one["started_at"], one["ended_at"] or known.end
        span = (began - SLACK, ended + SLACK)
        verdict, delay = verdict_of(_within(now, span), _within(then, span))
        outside = ended < known.since or began > known.until
        whole = began >= known.since - SLACK and ended <= known.until + SLACK
        if outside or not (whole or verdict in HARM):
            verdict, delay = "untried", None
        rows.append({**one, "verdict": verdict, "delay_s": delay})
    return sorted(
        rows,
        key=lambda row: (
            not (row["result"] == "real" and row["verdict"] in HARM),
            row["verdict"] not in HARM,
            HARM.index(row["verdict"]) if row["verdict"] in HARM else 0,
            -row["started_at"].timestamp(),
        ),
    )


def _within(found: list[Episode], span: tuple[datetime, datetime]) -> list[Episode]:
    return [one for one in found if one.start <= span[1] and (one.end is None or one.end >= span[0])]


def verdict_of(now: Sequence[Episode], then: Sequence[Episode]) -> tuple[str, float | None]:
    """What a change makes of a warning, and by how many seconds its highest level would come later (negative: sooner).

    unmatched: the rules of this point in force now do not raise it either (an older version did, or another point);
    missed: it would not be raised at all; lower: not to the level it has now; later, sooner, same.
    """
    if not now:
        return ("new" if then else "unmatched"), None
    if not then:
        return "missed", None
    level = max(one.level for one in now)
    if max(one.level for one in then) < level:
        return "lower", None
    before, after = (min(one.reached[level] for one in side if one.level >= level) for side in (now, then))
    # The first step counts as well: who is called at blue has longer.
    first = (min(one.start for one in then) - min(one.start for one in now)).total_seconds()
    delay = max((after - before).total_seconds(), first) or min((after - before).total_seconds(), first)
    return ("later" if delay > 0 else "sooner" if delay < 0 else "same"), delay
