"""Who is to mend a failed device and until when: the enterprise's duty about its fault. For data quality."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from shoutu.county.duties.models import OPEN, Duty, StageClock, State
from shoutu.county.duties.selectors import work_of
from shoutu.county.duties.selectors.lists import whole
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.selectors import among
from shoutu.county.sites.models import Point
from shoutu.county.warnings.models import Member, Warning
from shoutu.county.warnings.selectors.standing import SILENT_SOURCE
from shoutu.county.warnings.services.course_of import MEND

NEVER = datetime(9999, 1, 1, tzinfo=UTC)


def _faults() -> QuerySet[Member]:
    return Member.objects.filter(warning__category="fault", warning__closed_at__isnull=True, level__gt=0)


def _points_of(members: QuerySet[Member]) -> Q:
    alone = members.filter(point_id__gt=0).values("point_id")
    return Q(pk__in=alone) | Q(source_id__in=members.filter(kind=SILENT_SOURCE).values("source_id"))


def faulty() -> Q:
    """The points at fault now, alone or with their whole source."""
    return _points_of(_faults())


def late() -> Q:
    """Those of them that were to be mended, or told of, by now."""
    over = StageClock.objects.filter(
        done_at__isnull=True, due_at__lt=timezone.now(), duty__kind=MEND, duty__about_type="warning",
        duty__state__in=OPEN,
    )  # fmt: skip
    return _points_of(_faults().filter(warning_id__in=over.values("duty__about_id")))


def of_points(actor: Actor, points: Iterable[Point]) -> dict[int, dict[str, Any]]:
    """The most urgent repair of each of these points that is at fault. Five queries at most, whatever their number."""
    told = list(points)
    ids, sources = {one.pk for one in told}, {one.source_id for one in told}
    silent = Q(kind=SILENT_SOURCE, source_id__in=sources)
    rows = _faults().filter(Q(point_id__in=ids) | silent).values_list("warning_id", "point_id", "source_id", "kind")
    by_point: dict[int, set[int]] = defaultdict(set)
    by_source: dict[int, set[int]] = defaultdict(set)
    for warning, point, source, kind in rows:
        if kind == SILENT_SOURCE:
            by_source[source].add(warning)
        else:
            by_point[point].add(warning)
    repairs = _repairs(actor, {pk for asked in (*by_point.values(), *by_source.values()) for pk in asked})
    found = {}
    for one in told:
        own = [repairs[pk] for pk in by_point[one.pk] | by_source[one.source_id] if pk in repairs]
        if own:
            found[one.pk] = min(own, key=_urgency)
    return found


def of_organisations(actor: Actor, ids: Collection[int]) -> dict[int, list[dict[str, Any]]]:
    """The repairs each of these enterprises has open, the most urgent first."""
    rows = Warning.objects.visible_to(actor).filter(
        among("site__organisation", set(ids)), pk__in=_faults().values("warning_id")
    )
    owners = dict(rows.values_list("pk", "site__organisation"))
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for warning, repair in _repairs(actor, owners).items():
        found[owners[warning]].append(repair)
    return {owner: sorted(own, key=_urgency) for owner, own in found.items()}


def _repairs(actor: Actor, warnings: Collection[int]) -> dict[int, dict[str, Any]]:
    """Each fault in sight with the duty that asks for its repair; of several the newest."""
    if not warnings:
        return {}
    duties: dict[int, Duty] = {}
    asked = Duty.objects.visible_to(actor).filter(among("about_id", set(warnings)), about_type="warning", kind=MEND)
    for duty in whole(asked.exclude(state=State.CANCELLED)).order_by("id"):
        duties[duty.about_id] = duty
    rows = Warning.objects.visible_to(actor).filter(among("pk", set(warnings)))
    names = rows.values_list("pk", "number", "title", "site__organisation")
    return {pk: _row(pk, number, title, owner, duties.get(pk)) for pk, number, title, owner in names}


def _row(warning: int, number: str, title: str, owner: int | None, duty: Duty | None) -> dict[str, Any]:
    told = {"warning": warning, "number": number, "title": title}
    if duty is None:
        return {**told, "duty": None, "state": "none", "who": "", "clock": None, "overdue": False}
    work = work_of(duty, owner)
    if duty.state not in OPEN:
        work |= {"clock": None, "overdue": False}
    return {**told, "duty": duty.pk, "state": duty.state, **work}


def _urgency(repair: Mapping[str, Any]) -> tuple[datetime, int]:
    clock = repair["clock"]
    return (clock["due_at"] if clock else NEVER, repair["warning"])
