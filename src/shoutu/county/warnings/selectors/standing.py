"""Which sites and points stand out now, by what is open about them: for lists that begin with the worst."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from shoutu.county.kit.worst import Worst
from shoutu.county.sites.models import Point
from shoutu.county.sites.standing import FALLEN, FAULTY, RAISED
from shoutu.county.warnings.models import Event, Member, Warning

SILENT_SOURCE = "source_silence"
LEVELS = (1, 2, 3, 4)


def sites_standing() -> Worst:
    """By the highest level its open risks stand at now; then risks that fell back and are not closed; then faults."""
    open_ = Warning.objects.filter(closed_at__isnull=True, current_level__gt=0, site__isnull=False)
    risks = open_.filter(category="risk")
    ending = Warning.objects.filter(closed_at__isnull=True, current_level=0, site__isnull=False, category="risk")
    places = {RAISED * level: Q(pk__in=risks.filter(current_level=level).values("site_id")) for level in LEVELS}
    faults = Q(pk__in=open_.filter(category="fault").values("site_id"))
    places[FALLEN] = Q(pk__in=ending.values("site_id"))
    return Worst({**places, FAULTY: faults | _sites_of(_silent())}, _mark, _sites_moved)


def points_standing() -> Worst:
    """By the level its rules stand at in open risks; then those at fault, alone or with their whole source."""
    here = Member.objects.filter(warning__closed_at__isnull=True, level__gt=0, point_id__gt=0)
    risks = here.filter(warning__category="risk")
    places = {RAISED * level: Q(pk__in=risks.filter(level=level).values("point_id")) for level in LEVELS}
    faults = Q(pk__in=here.filter(warning__category="fault").values("point_id"))
    return Worst({**places, FAULTY: faults | Q(source_id__in=_silent())}, _mark, _points_moved)


def _silent(**more: Any) -> Any:
    """Sources that are silent as a whole."""
    rows = Member.objects.filter(kind=SILENT_SOURCE, warning__closed_at__isnull=True, level__gt=0, **more)
    return rows.values("source_id")


def _sites_of(sources: Any) -> Q:
    return Q(pk__in=Point.objects.filter(source_id__in=sources).values("site_id"))


def _mark() -> list[int]:
    """The newest change of level. One worker takes signals in, so that these ids become visible in their order."""
    return [Event.objects.order_by("-id").values_list("id", flat=True).first() or 0]


def _sites_moved(mark: list[int]) -> Q:
    told = Event.objects.filter(id__gt=mark[0], warning__site__isnull=False)
    return Q(pk__in=told.values("warning__site_id")) | _sites_of(_silent_since(mark))


def _points_moved(mark: list[int]) -> Q:
    told = Event.objects.filter(id__gt=mark[0], point_id__gt=0)
    return Q(pk__in=told.values("point_id")) | Q(source_id__in=_silent_since(mark))


def _silent_since(mark: list[int]) -> Any:
    return _silent(warning__in=Event.objects.filter(id__gt=mark[0]).values("warning_id"))
