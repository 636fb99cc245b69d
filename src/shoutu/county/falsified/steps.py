"""What the worker does: yesterday's readings searched once, in a lane of its own that nothing waits for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shoutu.county.falsified import search, services
from shoutu.county.falsified.narrowing import Told, narrowed
from shoutu.county.kit.steps import each, step
from shoutu.county.sites import asking
from shoutu.county.sites.models import Point


@step("falsified.search", every=120.0, lane="falsified", title=_("筛查昨天的存疑读数"))
def search_readings() -> bool:
    """Some sites at a time: the pipeline is asked outside any transaction, and what was told is kept at once.

    While it searches for somebody else nothing failed: this has its turn later.
    """
    try:
        return _search_next(timezone.now())
    except asking.SearchBusy:
        return False


def _search_next(now: datetime) -> bool:
    day = search.due(now)
    if day is None:
        return _search_once_more(now)
    points = search.next_points(day)
    if not points:
        services.finish_day(day)
        return True
    services.pass_sites(day, points, _kept(day, points, search.patience(day)))
    return True


def _search_once_more(now: datetime) -> bool:
    """Sites whose search failed, and days of which readings came in late."""
    owed = search.owed_points(now)
    if owed is None:
        return False
    day, points = owed
    services.settle(day, points, _kept(day, points, search.MOST_FAILURES), now)
    return True


def _kept(day: date, points: Sequence[Point], most: int) -> Told:
    """Whatever is told of these points, put down."""

    def ask(part: Sequence[Point]) -> dict[str, Any]:
        return asking.falsified(search.asked(part, day))

    told = narrowed(points, ask, most)
    for site, found in told.of_site.items():
        services.keep_site(day, site, found)
    return told


@step("falsified.checks", every=120.0, lane="falsified", title=_("给存疑读数派出现场核查"))
def send_checks() -> None:
    """What was found, also on earlier days that had no room, gets its check while there is room today."""
    each(search.to_check(timezone.now()), services.check_site)
    services.note_unsearched()
