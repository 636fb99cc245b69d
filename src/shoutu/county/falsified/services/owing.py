"""What is to be searched once more: sites whose search failed, and days of which readings came in after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

from django.utils import timezone

from shoutu.county.duties import services as duties
from shoutu.county.falsified import unsearched
from shoutu.county.falsified.models import Owed
from shoutu.county.falsified.narrowing import Told
from shoutu.county.falsified.search import MOST_TRIES
from shoutu.county.falsified.services.checking import SEARCHER
from shoutu.county.kit import steps
from shoutu.county.kit.subjects import COUNTY
from shoutu.county.ledger.services import record, service
from shoutu.county.sites.models import Point


def note_failed(day: date, told: Told) -> None:
    """Sites of a day some points of which were set aside: tried once by now."""
    now = timezone.now()
    for site, points in told.aside.items():
        Owed.objects.update_or_create(
            site_id=site,
            day=day,
            defaults={
                "cause": Owed.Cause.FAILED, "points": points, "why": told.why[site][:400], "noted_at": now,
                "tries": 1, "tried_at": now, "settled_at": None,
            },
        )  # fmt: skip


def note_late(points: Sequence[Point], told: Told) -> None:
    """Days of sites of which readings came in after their search, whichever it was."""
    where = {point.pk: point.site_id for point in points}
    newest: dict[tuple[int, date], int] = {}
    count: dict[tuple[int, date], int] = {}
    for start, point, received in told.late:
        key = where[point], timezone.localtime(datetime.fromtimestamp(start / 1000, UTC)).date()
        newest[key] = max(received, newest.get(key, 0))
        count[key] = count.get(key, 0) + 1
    for (site, day), received in newest.items():
        _owe_late(site, day, count[site, day], datetime.fromtimestamp(received / 1000, UTC))


def _owe_late(site: int, day: date, points: int, received: datetime) -> None:
    """What is given up is taken up once more: with these readings its search may go well."""
    row = Owed.objects.filter(site=site, day=day).first()
    if row is None:
        row = Owed(site_id=site, day=day)
    last, waits = row.settled_at or row.tried_at, row.settled_at is None and row.tries < MOST_TRIES
    if row.pk is not None and (waits or (last is not None and last > received)):
        return
    row.cause, row.points, row.why = Owed.Cause.LATE, points, ""
    row.noted_at, row.tries, row.tried_at, row.settled_at = timezone.now(), 0, None, None
    row.save()


@service
def settle(day: date, points: Sequence[Point], told: Told, began: datetime) -> None:
    """These sites were searched once more from `began` on; those of which that failed again stay owed."""
    steps.fence()
    sites = {point.site_id for point in points}
    for row in Owed.objects.filter(day=day, settled_at__isnull=True, site__in=sites):
        row.tries, row.tried_at = row.tries + 1, began
        if row.site_id in told.aside:
            row.cause, row.points, row.why = Owed.Cause.FAILED, told.aside[row.site_id], told.why[row.site_id][:400]
        else:
            row.settled_at = began
        row.save()
    facts = {"day": f"{day}", "points": told.searched, "left": told.left, "aside": told.aside.total()}
    record(SEARCHER, "falsified.searched_again", COUNTY, facts)


def note_unsearched() -> None:
    """An alarm while the search as a whole fails or stands still; cleared when it goes well."""
    wrong: Mapping[str, tuple[str, str]] = {}
    fault = unsearched.fault(timezone.now())
    if fault is not None:
        wrong = {f"{unsearched.ALARM}:{fault.day or ''}": (fault.words, fault.why)}
    duties.alarms_are(unsearched.ALARM, wrong)
