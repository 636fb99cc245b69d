"""That a point has sent its first reading is put down: a gap that waits for it closes then, and not before."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.utils import timezone

from shoutu.county.kit import findings, steps
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.sites.models import Point
from shoutu.county.sites.needs import GAP

CHUNK = 200
"""Points put down in one transaction: SQLite lets nobody else write meanwhile."""


@transaction.atomic
def note_heard(heard: Collection[int], unheard: Collection[int] = ()) -> bool:
    """Put down which of these points the pipeline has a reading of and which it has none of; True: there were more.

    No entry: the readings say it themselves, and what follows from it (a gap cleared, a duty settled) has its own.
    """
    steps.fence()
    now = timezone.now()
    first, silent = sorted(heard)[:CHUNK], sorted(unheard)[:CHUNK]
    fresh = Point.objects.filter(pk__in=first, heard_at__isnull=True)
    sites = set(fresh.values_list("site_id", flat=True))
    fresh.update(heard_at=now, unheard_since=None)
    Point.objects.filter(pk__in=silent, heard_at__isnull=True, unheard_since__isnull=True).update(unheard_since=now)
    findings.touch(GAP, *(SubjectRef("site", site) for site in sorted(sites)))
    return len(heard) > CHUNK or len(unheard) > CHUNK
