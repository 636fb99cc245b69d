"""Raw readings that are evidence of a warning: around its beginning all of its site, then of who takes part in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from shoutu.county.kit.kept import Span, keeps
from shoutu.county.sites.models import Point, Signal, SignalState
from shoutu.county.warnings.models import Evacuation, Member, Warning

BEFORE = timedelta(days=1)
AFTER = timedelta(hours=1)


@keeps
def around_warnings(start: int, end: int) -> Iterator[Span]:
    """From a day before a warning began until an hour after, of all points of its site; of its members and of the
    point that speaks for it until an hour after it was closed."""
    low, high = _at(start), _at(end)
    over = Q(closed_at__isnull=True) | Q(closed_at__gt=low - AFTER)
    found = Warning.objects.filter(over, started_at__lt=high + BEFORE)
    now = timezone.now()
    sites: dict[int, list[tuple[int, int]]] = defaultdict(list)
    until: dict[int, tuple[int, int]] = {}
    for key, site, point, began, closed in found.values_list("pk", "site_id", "point_id", "started_at", "closed_at"):
        until[key] = _ms(began - BEFORE), _ms((closed or now) + AFTER)
        if site is not None:
            sites[site].append((_ms(began - BEFORE), _ms(began + AFTER)))
        if point is not None:
            yield Span(point, *until[key])
    members = Member.objects.filter(warning__in=found.values("pk"), point_id__gt=0)
    for key, point in members.values_list("warning_id", "point_id").distinct():
        if key in until:
            yield Span(point, *until[key])
    yield from _of_sites(sites, start, end)


@keeps
def around_signals(start: int, end: int) -> Iterator[Span]:
    """Signals that came and are not worked off, or were set aside: they may become a warning yet."""
    sites: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for body in Signal.objects.exclude(state=SignalState.DONE).values_list("body", flat=True):
        at = body.get("event_ts")
        if not isinstance(at, int):
            continue
        span = at - _length(BEFORE), at + _length(AFTER)
        if isinstance(body.get("point"), int) and body["point"] > 0:
            yield Span(body["point"], *span)
        if isinstance(body.get("site"), int):
            sites[body["site"]].append(span)
    yield from _of_sites(sites, start, end)


@keeps
def of_evacuations(start: int, end: int) -> Iterator[Span]:
    """While people were withdrawn from a site, all of its points: how many were in is counted by them."""
    open_then = Q(resumed_at__isnull=True) | Q(resumed_at__gt=_at(start) - AFTER)
    found = Evacuation.objects.filter(open_then, ordered_at__lt=_at(end) + AFTER)
    sites: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for site, began, over in found.values_list("site_id", "ordered_at", "resumed_at"):
        sites[site].append((_ms(began - AFTER), _ms((over or timezone.now()) + AFTER)))
    yield from _of_sites(sites, start, end)


def _of_sites(sites: dict[int, list[tuple[int, int]]], start: int, end: int) -> Iterable[Span]:
    """The spans, as far as they touch the stretch, of all points of their sites."""
    near = {site: [one for one in spans if one[0] < end and one[1] > start] for site, spans in sites.items()}
    wanted = [site for site, spans in near.items() if spans]
    for at in range(0, len(wanted), 500):
        rows = Point.objects.filter(site__in=wanted[at : at + 500]).values_list("pk", "site_id")
        for point, site in rows:
            for span in near[site]:
                yield Span(point, *span)


def _at(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _length(of: timedelta) -> int:
    return round(of.total_seconds() * 1000)
