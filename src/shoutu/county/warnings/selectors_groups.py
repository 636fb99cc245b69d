"""What may be asked about events of one cause."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db.models import F, Q

from shoutu.county.duties.models import CallState, Duty, mine
from shoutu.county.duties.models import State as DutyState
from shoutu.county.kit.actors import Actor
from shoutu.county.warnings.models import Membership, Warning
from shoutu.county.warnings.services.grouping import APART, open_groups

SHOWN, GROUPS = 100, 50
"""Members of an event, and events, that are listed; `count` counts all."""


def groups_for(actor: Actor) -> tuple[list[dict[str, Any]], int]:
    """The events that go on, or ended lately, the worst GROUPS with the members the actor sees; and how many there are.

    Three queries; one more where there are more than are listed.
    """
    groups = list(open_groups(actor)[:GROUPS])
    count = len(groups) if len(groups) < GROUPS else open_groups(actor).count()
    seen = Warning.objects.visible_to(actor).values("pk")
    within = Q(left_at__isnull=True) | Q(left_at=F("group__ended_at"), split=False)
    rows = Membership.objects.filter(within, group__in=groups, warning__in=seen)
    members: dict[int, list[Warning]] = defaultdict(list)
    for row in rows.select_related("warning__site").order_by("-warning__level", "warning_id"):
        members[row.group_id].append(row.warning)
    calls = Duty.objects.filter(
        mine(actor, "calls__"), about_type="warning", state=DutyState.CALLED, calls__state=CallState.CALLING
    ).exclude(kind__in=APART)
    waiting = dict(calls.values_list("pk", "about_id"))
    return [_row(group, members[group.pk], list(waiting.values())) for group in groups], count


def _row(group: Any, members: list[Warning], waiting: list[int]) -> dict[str, Any]:
    mine_ = {one.pk for one in members}
    open_ = [one for one in members if one.closed_at is None]
    # Of a storm with more members than are sent, those that go on are sent first.
    shown = [*open_, *(one for one in members if one.closed_at is not None)][:SHOWN]
    return {
        "id": group.pk,
        **{name: getattr(group, name) for name in ("kind", "title", "reason", "begun_at", "last_at", "ended_at")},
        "lead": group.lead_id if group.lead_id in mine_ else members[0].pk if members else group.lead_id,
        "level": max((one.level for one in open_), default=0),
        "count": len(members),
        "levels": {level: sum(one.level == level for one in open_) for level in (1, 2, 3, 4)},
        "red": sum(one.level == 4 for one in open_),
        "waiting_for_me": sum(about in mine_ for about in waiting) if group.ended_at is None else 0,
        "members": [
            {
                "id": one.pk,
                "site": one.site.name if one.site else "",
                **{name: getattr(one, name) for name in ("number", "title", "level", "current_level", "state")},
            }
            for one in shown
        ],
    }
