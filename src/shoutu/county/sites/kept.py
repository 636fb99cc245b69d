"""Raw readings of days whose data quality is not reckoned yet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone

from shoutu.county.kit.kept import Span, keeps
from shoutu.county.sites import quality
from shoutu.county.sites.models import QualityDay

LEAD = timedelta(hours=1)
"""What came before a day still holds within it."""


@keeps
def unreckoned(start: int, end: int) -> Iterator[Span]:
    now = timezone.now()
    day = quality.due(now) or QualityDay.over(now, quality.SETTLE) + timedelta(days=1)
    yield Span(None, round((quality.bounds(day)[0] - LEAD).timestamp() * 1000), end)
