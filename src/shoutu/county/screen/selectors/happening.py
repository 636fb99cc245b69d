"""What is happening, the worst case nobody has answered, and who is answering it."""

from __future__ import annotations

from typing import Any

from django.db.models import Count

from shoutu.county.duties import selectors as duties
from shoutu.county.kit.actors import Actor
from shoutu.county.warnings import selectors as warnings
from shoutu.county.warnings.models import Group, Membership, State, Warning
from shoutu.county.warnings.selectors.drawn import open_risks, still_calling

ROWS = 8
RED = 4
BAND_FROM = 2
"""Blue heads no screen: it is seen in the list."""


def happening(actor: Actor) -> dict[str, Any]:
    """`counts` by level, the `rows` of the list (red first), `worst` (unanswered, or null), `chain` of who answers.

    `folded`: how many below red are told by their storm's own line instead of rows: fifty of one gateway must not push
    another mine's off the wall.

    The chain is that of the worst unanswered case, else of the first row.
    """
    risks = open_risks(actor)
    counts = dict(risks.order_by().values_list("level").annotate(n=Count("id")))
    seen = warnings.warnings_for(actor).filter(category="risk")
    storms = Group.objects.visible_to(actor).filter(kind=Group.Kind.STORM, ended_at__isnull=True)
    members = Membership.objects.filter(group__in=storms, left_at__isnull=True, warning__level__lt=RED)
    folded = risks.filter(pk__in=members.values("warning_id")).count()
    seen = seen.exclude(pk__in=members.values("warning_id"))
    listed = list(seen.order_by("-level", "-opened_at", "-pk")[:ROWS])
    waiting = _unanswered(actor)
    told = {warning.pk: warning for warning in [*listed, *waiting]}
    about = warnings.duties_of(told)
    silent = warnings.silent_now(told)
    rows = {pk: warnings.row(warning, about[pk], silent.get(pk)) for pk, warning in told.items()}
    worst = min((rows[warning.pk] for warning in waiting), key=_urgency, default=None)
    asked = worst or (rows[listed[0].pk] if listed else None)
    return {
        "counts": {str(level): counts.get(level, 0) for level in range(1, 5)},
        "rows": [rows[warning.pk] for warning in listed],
        "folded": folded,
        "worst": worst,
        "asked": {"id": asked["id"], "site": asked["site"]["name"], "title": asked["title"]} if asked else None,
        "chain": duties.chain_rows(about[asked["id"]], actor) if asked else [],
    }


def _unanswered(actor: Actor) -> list[Warning]:
    """The unanswered ones of the highest level that has any; their clocks decide among them."""
    rows = open_risks(actor).filter(level__gte=BAND_FROM)
    calling = still_calling()
    found = [
        (level, pk)
        for pk, level, state in rows.order_by("-level", "opened_at").values_list("pk", "level", "state")
        if state == State.CALLING or pk in calling
    ][:ROWS]
    top = [pk for level, pk in found if level == found[0][0]]  # empty when nothing waits
    return list(warnings.warnings().filter(pk__in=top))


def _urgency(row: dict[str, Any]) -> tuple[bool, Any, int]:
    clock = row["clock"]
    return clock is None, clock["due_at"] if clock else 0, row["id"]
