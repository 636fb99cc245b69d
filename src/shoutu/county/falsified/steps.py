"""What the worker does: yesterday's readings searched once, in a lane of its own that nothing waits for."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shoutu.county.falsified import search, services
from shoutu.county.kit.steps import each, step
from shoutu.county.sites import asking


@step("falsified.search", every=120.0, lane="falsified", title=_("筛查昨天的存疑读数"))
def search_readings() -> bool:
    """Some sites at a time: the pipeline is asked outside any transaction, and what was told is kept at once."""
    day = search.due(timezone.now())
    if day is None:
        return False
    points = search.next_points(day)
    if not points:
        services.finish_day(day)
        return True
    told = asking.falsified(search.asked(points, day))
    where = {point.pk: point.site_id for point in points}
    of_site: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for one in told["items"]:
        of_site[where[one["point"]]].append(one)
    for site in of_site:
        services.keep_site(day, site, of_site[site])
    services.pass_sites(day, points, told["points"], len(told["left"]))
    return True


@step("falsified.checks", every=120.0, lane="falsified", title=_("给存疑读数派出现场核查"))
def send_checks() -> None:
    """What was found, also on earlier days that had no room, gets its check while there is room today."""
    each(search.to_check(timezone.now()), services.check_site)
