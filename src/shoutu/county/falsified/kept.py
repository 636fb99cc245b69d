"""Raw readings that are under suspicion, or were not searched yet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from shoutu.county.falsified import search
from shoutu.county.falsified.models import UNDECIDED, Finding, Owed, SearchDay, State
from shoutu.county.kit.kept import Span, keeps
from shoutu.county.sites import quality
from shoutu.county.sites.models import Point

MARGIN_MS = 3_600_000
MOST_MARGIN_MS = 86_400_000
"""A search speaks of two days at most; a finding is shown with a fifth of its length beside it."""
STANDING = (*UNDECIDED, State.REAL)
"""Findings whose readings are evidence: those said to be a fault or 正常 are none."""


@keeps
def unsearched(start: int, end: int) -> Iterator[Span]:
    """Everything since the oldest day not searched whole, and sites whose day is owed."""
    now = timezone.now()
    day = search.due(now) or SearchDay.over(now, search.SETTLE) + timedelta(days=1)
    yield Span(None, _ms(quality.bounds(day)[0]), end)
    since = datetime.fromtimestamp(start / 1000, UTC) - timedelta(days=2)
    owed = Owed.objects.filter(settled_at__isnull=True, tries__lt=search.MOST_TRIES, day__gte=since.date())
    for site, day in owed.filter(day__gte=timezone.localdate(now) - search.OWED).values_list("site", "day"):
        low, high = (_ms(bound) for bound in quality.bounds(day))
        for point in Point.objects.filter(site=site).values_list("pk", flat=True):
            yield Span(point, low - MARGIN_MS, high)


@keeps
def suspected(start: int, end: int) -> Iterator[Span]:
    """The stretches of findings, and those they are held beside, each with the margin it is shown with."""
    near = Q(start__lt=end + MOST_MARGIN_MS, end__gte=start - MOST_MARGIN_MS)
    beside = Q(beside_start__lt=end + MOST_MARGIN_MS, beside_end__gte=start - MOST_MARGIN_MS)
    found = Finding.objects.filter(near | beside, state__in=STANDING)
    for point, low, high, other, first, last in found.values_list(
        "point_id", "start", "end", "beside_id", "beside_start", "beside_end"
    ):
        yield _shown(point, low, high)
        if other is not None and first is not None and last is not None:
            yield _shown(other, first, last)


def _shown(point: int, start: int, end: int) -> Span:
    margin = max(MARGIN_MS, (end - start) // 5)
    return Span(point, start - margin, end + margin + 1)


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
