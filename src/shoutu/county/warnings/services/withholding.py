"""What a point under calibration or maintenance would raise: counted and put down, raised only if it stands at the end.

Nobody is warned of it, red neither: so two persons agree, for three days at most. It holds by the mark's times alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db.models import F
from django.utils import timezone

from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service
from shoutu.county.warnings.models import Member
from shoutu.county.warnings.models_silences import Silence, Withheld
from shoutu.county.warnings.services.course_of import ENGINE

if TYPE_CHECKING:
    from shoutu.county.warnings.services.receiving import Told


def mark_over(told: Told, late: bool) -> Silence | None:
    """The running mark of its point that this signal waits for the end of; None: it is taken in like any other.

    What began before the mark is no matter of calibration. A point that stands already goes on rising: that danger was
    known before anybody worked at the sensor; it falls only at the end.
    """
    if told.point is None or (told.past and not late):
        return None
    now = timezone.now()
    marks = Silence.objects.filter(
        site_id=told.point.site_id, ended_at__isnull=True, ends_at__gt=now, mutes=True, point=told.point,
        starts_at__lte=min(now, told.at),
    )  # fmt: skip
    mark = marks.order_by("-ends_at").first()
    if mark is None:
        return None
    members = Member.objects.filter(warning__key=told.key, warning__closed_at__isnull=True, point_id=told.point.pk)
    standing = {(one.rule_id, one.kind): one.level for one in members.filter(level__gt=0)}
    mine = standing.get((told.body.get("rule") or 0, told.body["kind"]), 0)
    return None if standing and int(told.body["to"]) > mine else mark


@service
def withhold(mark: Silence, told: Told, facts: Mapping[str, Any]) -> None:
    """Put down a signal that raises nothing now. Part of the transaction that takes it in."""
    rises = int(told.body["to"]) > int(told.body["from"])
    Withheld.objects.create(
        silence=mark, signal=told.row, rule_id=told.body.get("rule") or 0, kind=told.body["kind"],
        level_from=told.body["from"], level_to=told.body["to"], at=told.at,
    )  # fmt: skip
    if rises:
        Silence.objects.filter(pk=mark.pk).update(withheld=F("withheld") + 1)
    record(ENGINE, "silence.withheld", ref(mark), dict(facts))
