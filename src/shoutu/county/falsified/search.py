"""What is due to be searched, what is asked of the pipeline, and what is known to be honest already."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import F, Max, Min, Q, QuerySet
from django.utils import timezone

from shoutu.county.falsified.models import STRONG, Check, Finding, Owed, SearchDay, State
from shoutu.county.sites import quality
from shoutu.county.sites.models import Point

SETTLE = timedelta(minutes=60)
"""After midnight: what was under way comes in, and data quality is asked first."""
BACK = 2
"""Days made up for after the county was down."""
BEFORE = timedelta(days=3)
"""What noise and last digits are learnt from; and how late readings may come in to be searched all the same."""
OWED = timedelta(days=7)
MOST_TRIES = 3
AGAIN_AFTER = timedelta(hours=12)
"""A search that failed is tried so often in all, so long after the last time, while its day is not older than that."""
MOST_FAILURES = 40
"""Failures a day with which what fails is narrowed down; beyond them whole chunks are set aside, as all of it fails."""
CHUNK, READINGS = 1_000, 1_500_000
"""Points, and readings a day, compared with each other; whole sites, however many points one has."""
ALPHA = 0.01
"""Findings of honest series to be expected a day in all of the county, under the assumptions of docs/falsified.md."""
NORMAL_FOR = timedelta(days=180)
"""What was found 正常 is not asked about again for so long."""
MOST_DAY = 10
"""Checks the search opens in the whole county in one day: more at once is a fault of the search, or of one gateway."""
HELD = timedelta(days=1)
"""Leads of a day that is not searched whole wait for the rest of it, at most so long."""


def due(now: datetime) -> date | None:
    """The oldest day over that is not searched; None: all are."""
    return SearchDay.due(now, SETTLE, BACK)


def next_points(day: date) -> list[Point]:
    """The points of the sites that come next in a day's search; none: all are done."""
    return _chunk(Point.objects.filter(site_id__gt=SearchDay.reached(day)))


def patience(day: date) -> int:
    """With how many more failures of a day's search what fails is narrowed down; 1: not at all."""
    failures = SearchDay.objects.filter(day=day).values_list("failures", flat=True).first() or 0
    return max(1, MOST_FAILURES - failures)


def owed_points(now: datetime) -> tuple[date, list[Point]] | None:
    """The oldest day some sites of which are to be searched once more, and the points of these; None: none is."""
    rows = Owed.objects.filter(settled_at__isnull=True, tries__lt=MOST_TRIES, day__gte=timezone.localdate(now) - OWED)
    rows = rows.filter(Q(tried_at__isnull=True) | Q(tried_at__lt=now - AGAIN_AFTER))
    rows = rows.filter(site__in=Point.objects.values("site"))
    first = rows.order_by("day").first()
    if first is None:
        return None
    return first.day, _chunk(Point.objects.filter(site__in=rows.filter(day=first.day).values("site")))


def _chunk(rows: QuerySet[Point]) -> list[Point]:
    """Whole sites of these, until there is enough to compare with each other."""
    taken: list[Point] = []
    readings = 0.0
    for point in rows.order_by("site_id", "pk").iterator(chunk_size=CHUNK):
        full = len(taken) >= CHUNK or readings >= READINGS
        if full and point.site_id != taken[-1].site_id:
            break
        taken.append(point)
        readings += 86_400 / max(1.0, point.interval_s)
    return taken


def asked(points: Sequence[Point], day: date) -> dict[str, Any]:
    """What to ask the pipeline: stops, maintenance and calibration left out, doubles named."""
    start, end = quality.bounds(day)
    _still, away = quality.away_of(points, start - BEFORE, end)
    ids = {point.pk for point in points}
    share = len(points) / max(len(points), Point.objects.count())
    told = [
        {
            "id": point.pk,
            "kind": point.item,
            "interval_ms": max(1, round(point.interval_s * 1000)),
            "away": away[point.pk],
        }
        for point in points
    ]
    return {
        "points": told,
        "start": _ms_of(day)[0],
        "end": _ms_of(day)[1],
        "back_ms": round(BEFORE.total_seconds() * 1000),
        "same": [pair for pair in doubles(timezone.now()) if ids.issuperset(pair)],
        "alpha": ALPHA * share,
        "searched": _searched(day),
    }


def _searched(day: date) -> list[tuple[int, int, int]]:
    """The days before that noise is learnt from, and since when each is searched: what came in later is told, too."""
    rows = SearchDay.objects.filter(day__gte=day - BEFORE, day__lt=day, finished_at__isnull=False)
    return [(*_ms_of(row.day), round(row.started_at.timestamp() * 1000)) for row in rows.order_by("day")]


def _ms_of(day: date) -> tuple[int, int]:
    start, end = quality.bounds(day)
    return round(start.timestamp() * 1000), round(end.timestamp() * 1000)


def honest(now: datetime) -> Q:
    """Findings that were said to be 正常 not too long ago."""
    return Q(state=State.NORMAL, decided_at__gt=now - NORMAL_FOR)


def doubles(now: datetime) -> list[tuple[int, int]]:
    """Pairs of points that rightly tell the same, as somebody said who looked."""
    pairs = Finding.objects.filter(honest(now), beside__isnull=False).exclude(beside=F("point"))
    return list(pairs.values_list("point_id", "beside_id").distinct())


def to_check(now: datetime) -> list[int]:
    """Sites whose strong leads are to get their check now: those found first, then the most improbable first.

    A site where a check is open always, as they join it; of the others as many as the day has room for.
    """
    searching = SearchDay.objects.filter(finished_at__isnull=True, started_at__gt=now - HELD)
    leads = Finding.objects.filter(state=State.LEAD, kind__in=STRONG).exclude(day__in=searching.values("day"))
    sites = leads.values("site").annotate(first=Min("day"), most=Max("bits")).order_by("first", "-most", "site")
    waiting: list[int] = list(sites.values_list("site", flat=True))
    begun = set(Check.objects.filter(ended_at__isnull=True).values_list("site", flat=True))
    closed = set(_opened(now).values_list("site", flat=True)) - begun
    others = [site for site in waiting if site not in begun and site not in closed][: room(now)]
    return [site for site in waiting if site in begun] + others


def room(now: datetime, site: int | None = None) -> int:
    """How many checks the search may still open today; at a `site` where it opened one none, if that ended or not."""
    opened = _opened(now)
    if site is not None and opened.filter(site=site).exists():
        return 0
    return max(0, MOST_DAY - opened.count())


def _opened(now: datetime) -> QuerySet[Check]:
    """What the search opened today; a check that a person had opened counts for none."""
    return Check.objects.filter(day=timezone.localdate(now))
