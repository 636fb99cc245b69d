"""Findings as people may see them, and the two series side by side."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, Exists, IntegerField, OuterRef, Q, QuerySet, Value, When

from shoutu.county.falsified.models import UNDECIDED, Check, Finding, SearchDay, State
from shoutu.county.falsified.services.checking import CHECK, ENFORCE
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.selectors import get_visible
from shoutu.county.sites import asking
from shoutu.county.sites.models import Point

SORTS = {"decide": ["order", "-bits"], "day": ["day"], "bits": ["bits"], "id": ["id"]}
MOST_ROWS = 3_000
FEWEST_MARGIN_MS = 30 * 60_000
ORDER = Case(
    When(state=State.CHECKING, then=Value(0)),
    When(state=State.LEAD, then=Value(1)),
    default=Value(2),
    output_field=IntegerField(),
)
"""What is to be decided first: what people were called for, then leads, then what is over."""


def findings_for(
    actor: Actor, *, state: str = "", kind: str = "", site: int | None = None, point: int | None = None, q: str = ""
) -> QuerySet[Finding]:
    """Findings of a state; `open`: those not decided. `beside_seen`: whether the actor sees the other point, too."""
    theirs = Point.objects.visible_to(actor).filter(pk=OuterRef("beside_id"))
    rows = Finding.objects.visible_to(actor).annotate(order=ORDER, beside_seen=Exists(theirs))
    rows = rows.select_related("site__organisation", "point", "beside__site", "check_on_site")
    if state:
        rows = rows.filter(state__in=UNDECIDED if state == "open" else [state])
    if kind:
        rows = rows.filter(kind=kind)
    if site is not None:
        rows = rows.filter(site=site)
    if point is not None:
        # Of a point that is not theirs to see nobody learns by asking for it that it is in one.
        rows = rows.filter(Q(point=point) | Q(beside=point, beside_seen=True))
    if q:
        named = Q(point__name__icontains=q) | Q(site__name__icontains=q)
        rows = rows.filter(named | Q(site__organisation__name__icontains=q))
    return rows  # type: ignore[no-any-return]


def get_finding(actor: Actor, id: int) -> Finding:
    """Raises NotFound("falsified_finding", id)."""
    rows: Any = findings_for(actor)
    found: Finding = get_visible(rows, actor, id, "falsified_finding")
    return found


def summary(actor: Actor) -> dict[str, Any]:
    """What the page says first: the day searched last, how many wait for a decision, how many checks are open."""
    last = SearchDay.objects.filter(finished_at__isnull=False).order_by("-day").first()
    rows = Finding.objects.visible_to(actor)
    return {
        "day": last.day if last else None,
        "points": last.points if last else 0,
        "left": last.left if last else 0,
        "checking": rows.filter(state=State.CHECKING).count(),
        "leads": rows.filter(state=State.LEAD).count(),
        "checks": Check.objects.visible_to(actor).filter(ended_at__isnull=True).count(),
        "may": actor.may("falsified.check"),
    }


def duties_of(actor: Actor, found: Finding) -> list[dict[str, Any]]:
    """Who was called to look, and to act on it: the duties the actor sees."""
    from shoutu.county.duties.models import Duty

    about = Q(kind=ENFORCE, about_type=Finding.subject_type, about_id=found.pk)
    if found.check_on_site_id is not None:
        about |= Q(kind=CHECK, about_type=Check.subject_type, about_id=found.check_on_site_id)
    rows = Duty.objects.visible_to(actor).filter(about).order_by("id")
    return [{"id": one.pk, "title": one.title, "state": one.state, "kind": one.kind} for one in rows]


def siblings_of(actor: Actor, found: Finding) -> list[Finding]:
    """What else is looked into by the same check."""
    if found.check_on_site_id is None:
        return []
    return list(findings_for(actor).filter(check_on_site=found.check_on_site_id).exclude(pk=found.pk)[:20])


def series(actor: Actor, found: Finding) -> dict[str, Any]:
    """The suspect and what it is held beside, each with a margin: `[ts, value]`, UTC ms. Raises Unavailable.

    `source` is null where there is none, or its point is not for the actor to see.
    """
    told: dict[str, Any] = {"suspect": _part(found.point_id, found.start, found.end), "source": None}
    beside, start, end = found.beside_id, found.beside_start, found.beside_end
    if beside is None or start is None or end is None:
        return told
    if Point.objects.visible_to(actor).filter(pk=beside).exists():
        told["source"] = _part(beside, start, end)
    return told


def _part(point: int, start: int, end: int) -> dict[str, Any]:
    margin = max(FEWEST_MARGIN_MS, (end - start) // 5)
    rows, more = asking.readings(point, start - margin, end + margin + 1, MOST_ROWS)
    return {"start": start, "end": end, "rows": [[row[0], row[1]] for row in rows], "cut": more is not None}
