"""Selectors of what was not searched: whether the search as a whole goes, and what of the last days is missing."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.utils.translation import gettext as _

from shoutu.county.falsified import search
from shoutu.county.falsified.models import Owed, SearchDay

ALARM = "falsified.unsearched"
BEHIND = 1
"""Days the search may be behind without a word: the pipeline may be down for a night."""
LATELY = timedelta(days=7)


class Fault(NamedTuple):
    """The search fails or stands still: of which day, in words, and what the program said."""

    day: date | None
    words: str
    why: str = ""


def fault(now: datetime) -> Fault | None:
    """What is wrong with the search as a whole; None: it goes."""
    last = SearchDay.last()
    if last is None:
        begun = SearchDay.objects.order_by("started_at").first()
        if begun is None or begun.started_at > now - search.HELD:
            return None
        return Fault(None, _("存疑读数筛查从来没有查完过一天"))
    if last.day < SearchDay.over(now, search.SETTLE) - timedelta(days=BEHIND):
        return Fault(last.day, _("存疑读数筛查停在 %(day)s，以后的日子没有查") % {"day": last.day})
    if last.aside and not last.points:
        why = Owed.objects.filter(day=last.day).exclude(why="").values_list("why", flat=True).first()
        return Fault(last.day, _("%(day)s 的存疑读数筛查全部失败，一个测点也没有查成") % {"day": last.day}, why or "")
    return None


def missed(now: datetime) -> list[date]:
    """Days of the last week that were passed over: begun or not, they are not done, and later and earlier ones are."""
    last, first = SearchDay.last(), SearchDay.objects.filter(finished_at__isnull=False).order_by("day").first()
    if last is None or first is None:
        return []
    begin = max(first.day, SearchDay.over(now, search.SETTLE) - LATELY)
    done = set(SearchDay.objects.filter(day__gte=begin, finished_at__isnull=False).values_list("day", flat=True))
    days = [begin + timedelta(days=n) for n in range((last.day - begin).days)]
    return [day for day in days if day not in done]
