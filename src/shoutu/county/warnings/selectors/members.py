"""Who takes part in a warning, each at its level: rules of points, and composites with those they counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shoutu.county.sites.items import item_title
from shoutu.county.sites.models import Point, Rule
from shoutu.county.warnings.models import Warning


def members_of(warning: Warning) -> list[dict[str, Any]]:
    """The members of a warning, highest first."""
    members = list(warning.members.order_by("-level", "-at", "id"))
    told = _evidence(warning) if any(member.kind == "composite" for member in members) else {}
    ids = {m.point_id for m in members} | {c["point"] for counted in told.values() for c in counted}
    points = {p.pk: p for p in Point.objects.filter(pk__in=ids - {0, None})}
    titles = dict(Rule.objects.filter(pk__in=[m.rule_id for m in members]).values_list("pk", "title"))
    rows = []
    for member in members:
        point = points.get(member.point_id)
        counted = told.get(member.rule_id, []) if member.kind == "composite" else []
        rows.append(
            {
                "rule": member.rule_id or None, "title": titles.get(member.rule_id, ""), "kind": member.kind,
                "point": member.point_id or None, "name": point.name if point else warning.item_title,
                "level": member.level, "at": member.at, "counted": [_counted(one, points) for one in counted],
            }
        )  # fmt: skip
    return rows


def _evidence(warning: Warning) -> dict[int, list[dict[str, Any]]]:
    """Per composite what it counted when it last changed."""
    events = warning.events.filter(signal__body__kind="composite").select_related("signal").order_by("at", "id")
    return {event.signal.body["rule"]: event.signal.body.get("members", []) for event in events if event.signal}


def _counted(one: Mapping[str, Any], points: Mapping[int, Point]) -> dict[str, Any]:
    point = points.get(one["point"]) if one["point"] else None
    return {"point": one["point"], "name": point.name if point else item_title(one["item"]), "level": one["level"]}
