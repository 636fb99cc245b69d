"""What would tell of work at a site that stands still, and is not there: 停产监看缺项. A selector."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from shoutu.county.kit.findings import Gap
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.places.models import Site
from shoutu.county.sites.gaps import items_of
from shoutu.county.sites.models import Binding, Point
from shoutu.county.sites.operation import PACK, WATCHED, current

STILL = "site.still"
STILL_LANE: dict[str, Any] = {
    "policy": "sites/still@1",
    "verified": False,
    "chain": [
        {"who": "enterprise_principal", "answer_s": 4 * 3600},
        {"who": "township_head", "answer_s": 4 * 3600},
        {"who": "county_duty", "answer_s": 4 * 3600},
    ],
    "due_s": {"dispose": 3 * 86_400},
    "orders": ["装上缺的用电、动静、人员监测并接入", "装好以前安排人到场巡查", "接入后自动了结"],
    "retry_s": [60],
}
"""Whom it calls. Times are ours (来源待核): until the sensor is there, only somebody on site can tell."""
UNDERGROUND = "underground_mine"


def lacks_of(subject: SubjectRef) -> list[Gap]:
    """One gap for each way of working that nothing would tell of, while the site is stopped, sealed or closed.

    A stop by an order to withdraw is left out: it is to be over in hours, and its people are counted one by one.
    """
    site = Site.objects.filter(pk=subject.id).first()
    state = current(subject.id)
    if site is None or state is None or state.state not in WATCHED or state.order:
        return []
    counts = items_of(site.pk, list(Point.objects.filter(site=site)))
    wanted = {
        "power": _("停产封条期间没有用电测点，有人送电看不出"),
        "movement": _("停产封条期间没有动静测点，有人进场看不出"),
    }
    if site.kind == UNDERGROUND:
        wanted["people_underground"] = _("停产封条期间没有井下人数测点，有人下井看不出")
    lacking = {item: text for item, text in wanted.items() if not counts.get(item)}
    gaps = [Gap(item, text, detail={"field": item, "item": item}) for item, text in lacking.items()]
    if not Binding.objects.filter(site=site, pack=PACK).exists():
        gaps.append(Gap("pack", _("停产监看的规则包没有启用，有人送电、进场不会告警"), detail={"pack": PACK}))
    return gaps
