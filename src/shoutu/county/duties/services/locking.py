"""What is locked before a duty: the sites of what it is about, or that itself; and the order among its own rows.

One order for everybody: docs/decisions/0047-order-of-locks.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.db import connection
from django.db.models import QuerySet

from shoutu.county.duties.models import Duty, Notice
from shoutu.county.kit import subjects
from shoutu.county.places.services import lock_sites


def lock_before(duties: Iterable[Duty] | QuerySet[Duty]) -> None:
    """Lock what comes before these duties; the duties themselves are not locked yet.

    A room that changes its subject and the subject's duties in one step holds the same locks first, so that neither
    waits for the other.
    """
    if not connection.features.has_select_for_update:
        return
    about: dict[str, set[int]] = defaultdict(set)
    sites: dict[str, set[int | None]] = defaultdict(set)
    for duty in duties:
        about[duty.about_type].add(duty.about_id)
        sites[duty.about_type].add(duty.site_id)
    plain = [kind for kind in sorted(about) if not subjects.lock(kind, about[kind])]
    lock_sites({site for kind in plain for site in sites[kind]})


def lock_notices(rows: QuerySet[Notice]) -> list[int]:
    """Lock these messages in the order of their ids, as whoever sends them does. Returns the ids."""
    return list(
        rows.select_for_update(of=("self",), no_key=True).order_by("id").values_list("pk", flat=True)
        if connection.features.has_select_for_update
        else ()
    )
