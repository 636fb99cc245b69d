"""误报: how often each rule, or each pack's rule, was right, and what its false alarms were made of."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from typing import Any

from django.db.models import Count
from django.utils import timezone

from shoutu.county.kit.actors import SYSTEM, Actor
from shoutu.county.sites.models import Rule
from shoutu.county.warnings.models import Result, RuleCare, Warning

MONTH_DAYS = 30
FALSE = (Result.FALSE_ALARM, Result.DEVICE_FAULT)


def noise(actor: Actor, days: int, by: str = "rule") -> dict[str, Any]:
    """Rules the actor sees that raised warnings in the last `days`, noisiest first, and the make-up of all false ones.

    `by`: rule, or pack (all rules bound from one rule of a pack together). `rate`: false alarms and device faults per
    point and 30 days. Not judged yet is counted apart and is neither right nor wrong.
    """
    groups = _by_rule(actor, days) if by == "rule" else _by_origin(actor, days)
    groups.sort(key=lambda one: (-one["rate"], -one["raised"], one["key"]))
    reasons: Counter[str] = Counter()
    for one in groups:
        reasons.update(one["reasons"])
    raised = sum(one["raised"] for one in groups)
    return {
        "items": groups,
        "count": len(groups),
        "days": days,
        "raised": raised,
        "false": sum(one["false_alarm"] + one["device_fault"] for one in groups),
        "reasons": _ordered(reasons),
    }


def _counted(actor: Actor, days: int) -> dict[int, dict[str, Any]]:
    since = timezone.now() - timedelta(days=days)
    rows = Warning.objects.visible_to(actor).filter(opened_at__gte=since, rule__isnull=False).order_by()
    found: dict[int, dict[str, Any]] = defaultdict(_empty)
    for rule, result, reason, n in rows.values_list("rule_id", "result", "reason").annotate(n=Count("pk")):
        one = found[rule]
        one["raised"] += n
        one[result or "unjudged"] += n
        if result in FALSE:
            one["reasons"][reason or str(Result(result).label)] += n
    return found


def _empty() -> dict[str, Any]:
    zeros = dict.fromkeys(("raised", "real", "false_alarm", "device_fault", "unjudged"), 0)
    return {**zeros, "reasons": Counter()}


def _by_rule(actor: Actor, days: int) -> list[dict[str, Any]]:
    counted = _counted(actor, days)
    rules = Rule.objects.visible_to(actor).filter(pk__in=counted).select_related("point__site", "site", "care__owner")
    return [_shown(rule, counted[rule.pk], days) for rule in rules]


def _shown(rule: Rule, one: dict[str, Any], days: int) -> dict[str, Any]:
    care = getattr(rule, "care", None)
    return {
        **one,
        "key": f"rule:{rule.pk}",
        "rule": rule.pk,
        "point": rule.point_id,
        "title": str(rule),
        "where": " ".join(filter(None, (_site_name(rule), rule.point.name if rule.point else ""))),
        "origin": rule.origin,
        "points": 1,
        "rate": _rate(one, 1, days),
        "reasons": _ordered(one["reasons"]),
        "owner": str(care.owner) if care else None,
        "owner_id": care.owner_id if care else None,
        "review_on": care.review_on if care else None,
        "limit": care.limit if care else None,
    }


def _site_name(rule: Rule) -> str:
    """A composite belongs to a site and has no point of its own."""
    site = rule.point.site if rule.point else rule.site
    return site.name if site else ""


def _by_origin(actor: Actor, days: int) -> list[dict[str, Any]]:
    counted = _counted(actor, days)
    rules = Rule.objects.visible_to(actor).exclude(origin="")
    groups: dict[str, dict[str, Any]] = defaultdict(_empty)
    points: dict[str, set[int]] = defaultdict(set)
    titles: dict[str, str] = {}
    for rule in rules:
        points[rule.origin].add(rule.point_id or -rule.pk)
        titles[rule.origin] = str(rule)
        if rule.pk not in counted:
            continue
        group, one = groups[rule.origin], counted[rule.pk]
        for name in ("raised", "real", "false_alarm", "device_fault", "unjudged", "reasons"):
            group[name] += one[name]
    return [
        {
            **one, "key": origin, "rule": None, "point": None, "title": titles[origin], "where": "", "origin": origin,
            "points": len(points[origin]), "rate": _rate(one, len(points[origin]), days),
            "reasons": _ordered(one["reasons"]), "owner": None, "owner_id": None, "review_on": None, "limit": None,
        }
        for origin, one in groups.items()
    ]  # fmt: skip


def _rate(one: dict[str, Any], points: int, days: int) -> float:
    """False alarms and device faults per point and month of 30 days."""
    return round((one["false_alarm"] + one["device_fault"]) * MONTH_DAYS / (days * max(1, points)), 2)


def _ordered(reasons: Counter[str]) -> dict[str, int]:
    return dict(sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0])))


def why_due(care: RuleCare) -> str | None:
    """Why its review is due now: the day has come, or it was false too often since it was last looked at."""
    from django.utils.translation import gettext as _

    now = timezone.now()
    since = max(filter(None, (now - timedelta(days=MONTH_DAYS), care.reviewed_at)))
    judged = Warning.objects.filter(rule_id=care.rule_id, opened_at__gte=since, result__in=FALSE)
    n = judged.count()
    if care.limit is not None and n > care.limit:
        return _("%(n)d 次误报，超过每月 %(limit)g 次") % {"n": n, "limit": care.limit}
    if care.review_on <= timezone.localtime(now).date():
        return _("到了复查日 %(day)s") % {"day": care.review_on.isoformat()}
    return None


def cares() -> list[RuleCare]:
    """Every rule somebody owns: for the worker."""
    rows = RuleCare.objects.visible_to(SYSTEM).select_related("rule__point__site", "owner")
    return list(rows.filter(rule__enabled=True).order_by("id"))
