"""How many dangers each of the last days brought, and what those turned out to be."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count
from django.db.models.functions import TruncDate
from django.utils import timezone

from shoutu.county.kit.actors import Actor
from shoutu.county.warnings.models import Result, Warning

DAYS = 30


def trend(actor: Actor) -> dict[str, Any]:
    """`days`: the last thirty, today the last, each with the dangers opened on it by level: the one people were called
    for, which is that of the list. `results`: those of the thirty days by what verifying found, `unjudged` where nobody
    has told yet. A day is the county's; one without any is listed, so that none is taken for one left out.
    """
    today = timezone.localdate()
    dates = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    begin = timezone.make_aware(datetime.combine(dates[0], time.min))
    risks = Warning.objects.visible_to(actor).filter(category="risk", opened_at__gte=begin).order_by()
    by_day: Counter[tuple[date, int]] = Counter()
    per_day = risks.annotate(day=TruncDate("opened_at")).values_list("day", "level").annotate(n=Count("pk"))
    for day, level, n in per_day:
        by_day[day, level] += n
    found = {result.value: 0 for result in Result} | {"unjudged": 0}
    for result, n in risks.values_list("result").annotate(n=Count("pk")):
        found[result or "unjudged"] += n
    return {
        "days": [{"day": day, "levels": {str(level): by_day[day, level] for level in range(1, 5)}} for day in dates],
        "results": found,
    }
