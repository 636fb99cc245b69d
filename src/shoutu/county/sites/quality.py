"""数据质量: what was reckoned of a day's readings, what the reckoning asks of the pipeline, whose devices to repair."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Case, Count, Q, QuerySet, Sum, Value, When
from django.utils import timezone

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.selectors import among
from shoutu.county.places.models import Site
from shoutu.county.sites import hooks
from shoutu.county.sites.models import (
    EnterpriseQuality,
    OperatingState,
    Point,
    PointQuality,
    QualityDay,
    RuleState,
    RuleVersion,
)
from shoutu.county.sites.models_quality import NOT_JUDGED
from shoutu.county.sites.operation import WATCHED

Span = tuple[int, int]
SETTLE = timedelta(minutes=20)
"""After midnight: what was under way comes in, and the store has it."""
BACK = 7
"""Days made up for after the county was down."""
CHUNK = 100
"""Points asked about at once."""


def floor() -> float:
    """The rate below which a point is one to repair."""
    return float(settings.CONFIG.online_floor) / 100


def bounds(day: date) -> tuple[datetime, datetime]:
    """When a day begins and ends by the county's clock."""
    start, end = (timezone.make_aware(datetime.combine(one, time.min)) for one in (day, day + timedelta(days=1)))
    return start, end


def due(now: datetime) -> date | None:
    """The oldest day over that is not reckoned; None: all are."""
    return QualityDay.due(now, SETTLE, BACK)


def next_points(day: date) -> list[Point]:
    """The points that come next in a day's reckoning; none: all are done."""
    return list(Point.objects.filter(pk__gt=QualityDay.reached(day)).order_by("pk")[:CHUNK])


def asked(points: Sequence[Point], day: date) -> tuple[dict[str, Any], dict[int, float]]:
    """What to ask the pipeline about these points, and for how many seconds each stood still with its site."""
    start, end = bounds(day)
    still, away = away_of(points, start, end)
    stuck = _stuck([point.pk for point in points])
    told = [
        {
            "id": point.pk,
            "interval_ms": max(1, round(point.interval_s * 1000)),
            "low": point.low,
            "high": point.high,
            "stuck_ms": stuck.get(point.pk),
            "away": away[point.pk] + _before(point, start, end),
        }
        for point in points
    ]
    by = {"online": settings.CONFIG.online_intervals, "late_ms": settings.CONFIG.online_late_minutes * 60_000}
    body = {"points": told, "start": _ms(start), "end": _ms(end), **by}
    return body, {point.pk: sum(b - a for a, b in still[point.site_id]) / 1000 for point in points}


def away_of(
    points: Sequence[Point], start: datetime, end: datetime
) -> tuple[dict[int, list[Span]], dict[int, list[Span]]]:
    """When each site stood still, and when each point counts for nothing: that, its maintenance and calibration."""
    sites = {point.site_id for point in points}
    still = _still(sites, start, end)
    paused: dict[tuple[int, int | None], list[Span]] = defaultdict(list)
    for one in hooks.pauses(sites, start, end):
        paused[one.site, one.point].append((_ms(one.start), _ms(one.end)))
    away = {
        point.pk: still[point.site_id] + paused[point.site_id, None] + paused[point.site_id, point.pk]
        for point in points
    }
    return still, away


def _still(sites: set[int], start: datetime, end: datetime) -> dict[int, list[Span]]:
    """When each site was stopped, sealed or closed within the span, as recorded."""
    rows = OperatingState.objects.filter(among("site", sites), from_at__lt=end).order_by("from_at", "id")
    states: dict[int, list[tuple[datetime, str]]] = defaultdict(list)
    for site, begun, state in rows.values_list("site_id", "from_at", "state"):
        states[site].append((begun, state))
    found: dict[int, list[Span]] = defaultdict(list)
    for site, told in states.items():
        until = [begun for begun, _state in told[1:]] + [end]
        for (begun, state), over in zip(told, until, strict=True):
            if state in WATCHED and max(begun, start) < over:
                found[site].append((_ms(max(begun, start)), _ms(over)))
    return found


def _before(point: Point, start: datetime, end: datetime) -> list[Span]:
    """The part of the day before the point was registered: nothing was to be expected of it."""
    if point.added_at is None or not start < point.added_at < end:
        return []
    return [(_ms(start), _ms(point.added_at))]


def _stuck(points: list[int]) -> dict[int, int]:
    """How long each point's value may stay the same, by its rule in force: ms."""
    rows = RuleVersion.objects.filter(
        rule__point__in=points, rule__kind="stuck", rule__enabled=True, state=RuleState.IN_FORCE
    ).values_list("rule__point_id", "params")
    return {point: round(float(params["window_s"]) * 1000) for point, params in rows if "window_s" in params}


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def last_day() -> QualityDay | None:
    """The newest day that is reckoned whole."""
    return QualityDay.last()


def points_for(
    actor: Actor,
    *,
    day: date | None = None,
    point: int | None = None,
    site: int | None = None,
    organisation: int | None = None,
    below: float | None = None,
    mend: bool = False,
    q: str = "",
) -> QuerySet[PointQuality]:
    """Points of a day, the newest one reckoned by default; of one `point` all days that are kept.

    Each with `late`: 1 where its device is at fault now and was to be mended by now. `mend`: those below the floor that
    day, and those at fault now.
    """
    late = When(point__in=Point.objects.filter(hooks.repairs().late()).values("pk"), then=Value(1))
    rows: Any = PointQuality.objects.visible_to(actor).select_related("point", "site__organisation")
    rows = rows.annotate(late=Case(late, default=Value(0)))
    if mend:
        broken = Point.objects.filter(hooks.repairs().faulty()).values("pk")
        rows = rows.filter(Q(online__lt=floor()) | Q(point__in=broken))
    if point is not None:
        rows = rows.filter(point_id=point)
    if day is not None or point is None:
        rows = rows.filter(day=day or _newest())
    if site is not None:
        rows = rows.filter(site_id=site)
    if organisation is not None:
        rows = rows.filter(site__organisation_id=organisation)
    if below is not None:
        rows = rows.filter(online__lt=below)
    if q:
        # Looked for once per point, site and enterprise, not once per day of each.
        there = Site.objects.filter(Q(name__icontains=q) | Q(organisation__name__icontains=q)).values("pk")
        named = Point.objects.filter(name__icontains=q).values("pk")
        rows = rows.filter(Q(point_id__in=named) | Q(site_id__in=there))
    return rows  # type: ignore[no-any-return]


def enterprises_for(
    actor: Actor, *, day: date | None = None, organisation: int | None = None, q: str = ""
) -> QuerySet[EnterpriseQuality]:
    """Enterprises of a day, the newest one reckoned by default; of one `organisation` all days that are kept."""
    rows = EnterpriseQuality.objects.visible_to(actor).select_related("organisation")
    if organisation is not None:
        rows = rows.filter(organisation_id=organisation)
    if day is not None or organisation is None:
        rows = rows.filter(day=day or _newest())
    return rows.filter(organisation__name__icontains=q) if q else rows  # type: ignore[no-any-return]


def _newest() -> date:
    newest = last_day()
    return newest.day if newest else timezone.localdate() - timedelta(days=1)


def summary(actor: Actor) -> dict[str, Any]:
    """What the page says first: how many points are to be repaired, of whom; and by what measure."""
    last = last_day()
    rows = points_for(actor)
    poor = rows.filter(online__lt=floor())
    mine = Point.objects.visible_to(actor)
    return {
        "day": last.day if last else None,
        "finished_at": last.finished_at if last else None,
        "points": rows.count(),
        "judged": rows.filter(counted_s__gt=0).count(),
        "poor": poor.count(),
        "poor_enterprises": poor.values("site__organisation").distinct().count(),
        "faulty": mine.filter(hooks.repairs().faulty()).count(),
        "late": mine.filter(hooks.repairs().late()).count(),
        "intervals": settings.CONFIG.online_intervals,
        "late_minutes": settings.CONFIG.online_late_minutes,
        "floor": floor(),
        "verified": False,
    }


def of_enterprises(day: date) -> list[EnterpriseQuality]:
    """Each enterprise's day from those of its points, ranked; not saved."""
    sums = (
        PointQuality.objects.filter(day=day)
        .values("site__organisation")
        .annotate(
            points=Count("pk"),
            judged=Count("pk", filter=Q(counted_s__gt=0)),
            poor=Count("pk", filter=Q(online__lt=floor())),
            counted_s=Sum("counted_s"),
            online_s=Sum("online_s"),
            away_s=Sum("away_s"),
            stuck=Sum("stuck_s"),
            implausible=Sum("implausible"),
            expected=Sum("expected"),
            covered=Sum("covered"),
        )
        .order_by("site__organisation")
    )
    return ranked([_enterprise(day, one) for one in sums])


def _enterprise(day: date, one: Mapping[str, Any]) -> EnterpriseQuality:
    copied = ("points", "judged", "poor", "counted_s", "online_s", "away_s", "implausible")
    return EnterpriseQuality(
        organisation_id=one["site__organisation"],
        day=day,
        online=rate(one["online_s"], one["counted_s"]),
        complete=rate(one["covered"], one["expected"]),
        stuck_s=one["stuck"] or 0.0,
        **{name: one[name] for name in copied},
    )


def rate(part: float, whole: float) -> float:
    """Of 0 to 1; NOT_JUDGED of nothing."""
    return min(1.0, part / whole) if whole > 0 else NOT_JUDGED


def ranked(rows: Iterable[EnterpriseQuality]) -> list[EnterpriseQuality]:
    """The best is 1; the same rate, the same rank, and the next one further down by as many."""
    told = list(rows)
    judged = sorted((one for one in told if one.judged), key=lambda one: -one.online)
    for place, one in enumerate(judged):
        before = judged[place - 1] if place else None
        one.rank = before.rank if before is not None and before.online == one.online else place + 1
    for one in told:
        one.ranked = len(judged)
    return told
