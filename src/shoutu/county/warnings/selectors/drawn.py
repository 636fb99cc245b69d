"""Where open risks stand: unanswered, answered, or fallen back, the worst of each site, and which points are blind."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q

from shoutu.county.duties.models import OPEN, Call, CallState
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.selectors import ScopedQuerySet
from shoutu.county.warnings.models import Member, State, Warning
from shoutu.county.warnings.services.unknown import BLIND


def open_risks(actor: Actor) -> ScopedQuerySet[Warning]:
    """Open dangers the actor sees. A device fault is none."""
    return Warning.objects.visible_to(actor).filter(category="risk", closed_at__isnull=True)  # type: ignore[no-any-return]


def still_calling() -> set[int]:
    """Ids of warnings somebody called for has not answered."""
    calls = Call.objects.filter(state=CallState.CALLING, duty__about_type="warning", duty__state__in=OPEN)
    return set(calls.values_list("duty__about_id", flat=True))


def standing(warning: dict[str, Any], calling: set[int]) -> str:
    """unanswered, answered or fallen. Unknown is never fallen. Needs id, state, current_level, unknown_now."""
    if warning["state"] == State.CALLING or warning["id"] in calling:
        return "unanswered"
    return "fallen" if warning["current_level"] == 0 and not warning["unknown_now"] else "answered"


COLUMNS = (
    "id", "site_id", "level", "current_level", "state", "unknown_now", "item_title", "title", "value", "point__unit",
)  # fmt: skip


def worst_of_sites(rows: Iterable[dict[str, Any]], calling: set[int]) -> dict[int, dict[str, Any]]:
    """The risk each site is drawn by: what stands or is unanswered before what fell back, then the higher level."""
    found: dict[int, tuple[tuple[bool, int, bool, int], dict[str, Any]]] = {}
    for row in rows:
        if row["site_id"] is None:
            continue
        row["standing"] = standing(row, calling)
        rank = (row["standing"] != "fallen", row["level"], row["standing"] == "unanswered", row["id"])
        have = found.get(row["site_id"])
        if have is None or rank > have[0]:
            found[row["site_id"]] = (rank, row)
    return {site: row for site, (_rank, row) in found.items()}


def drawn(actor: Actor) -> dict[int, int]:
    """Each raised site with the level of the danger it is drawn by."""
    found = worst_of_sites(open_risks(actor).values(*COLUMNS), still_calling())
    return {site: row["level"] for site, row in found.items()}


def blind() -> Q:
    """The points that give no usable readings now, by the engine's own judgement: alone or with their whole source."""
    faults = Member.objects.filter(warning__category="fault", warning__closed_at__isnull=True, level__gt=0)
    alone = faults.filter(kind__in=BLIND, point_id__gt=0).values("point_id")
    return Q(pk__in=alone) | Q(source_id__in=faults.filter(kind="source_silence").values("source_id"))
