"""Looks at personal data: each is kept, and an hourly entry carries the root over them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby

import rfc8785
from django.db import transaction
from django.utils import timezone

from shoutu.county.kit.actors import SYSTEM, Actor
from shoutu.county.kit.steps import fence
from shoutu.county.kit.subjects import COUNTY, SubjectRef
from shoutu.county.ledger import merkle
from shoutu.county.ledger.canonical import moment
from shoutu.county.ledger.models import Access
from shoutu.county.ledger.services.record import record, service


def note_access(actor: Actor, subject: SubjectRef, fields: Iterable[str], purpose: str) -> None:
    """Note that `actor` looked at personal `fields` of `subject`, before they are shown."""
    Access.objects.create(
        at=timezone.now(),
        actor=actor.label,
        user_id=actor.user_id,
        subject_type=subject.type,
        subject_id=subject.id,
        fields=",".join(sorted(fields)),
        purpose=purpose[:200],
    )


def note_accesses(actor: Actor, type: str, ids: Iterable[int], fields: Iterable[str], purpose: str) -> None:
    """The same for many subjects of one type at once (a list that goes out)."""
    now, told = timezone.now(), ",".join(sorted(fields))
    rows = [
        Access(
            at=now, actor=actor.label, user_id=actor.user_id, subject_type=type, subject_id=one, fields=told,
            purpose=purpose[:200],
        )
        for one in ids
    ]  # fmt: skip
    Access.objects.bulk_create(rows, batch_size=500)


def access_root(rows: Iterable[Access]) -> str:
    """The Merkle root (SHA-256) over the rows in the order of their ids, hex."""
    h = merkle.hasher("sha256")
    leaves = [h.leaf(_line(row)) for row in sorted(rows, key=lambda row: row.pk)]
    made = merkle.append(h, 0, {}, leaves)
    return merkle.fold(h, [made[name] for name in merkle.peaks(len(leaves))]).hex()


def _line(row: Access) -> bytes:
    return rfc8785.dumps(
        {
            "at": moment(row.at),
            "actor": row.actor,
            "user": row.user_id,
            "subject": {"type": row.subject_type, "id": row.subject_id},
            "fields": row.fields,
            "purpose": row.purpose,
        }
    )


def close_hours(now: datetime | None = None) -> int:
    """Record the root of each past hour that has looks not yet covered. Returns how many hours."""
    this_hour = (now or timezone.now()).replace(minute=0, second=0, microsecond=0)
    waiting = list(Access.objects.filter(entry__isnull=True, at__lt=this_hour).order_by("at", "id")[:20_000])
    closed = 0
    for hour, rows in groupby(waiting, key=lambda row: row.at.replace(minute=0, second=0, microsecond=0)):
        _close(hour, list(rows))
        closed += 1
    return closed


@service
def _close(hour: datetime, rows: list[Access]) -> None:
    with transaction.atomic():
        fence()
        payload = {"from": hour, "to": hour + timedelta(hours=1), "count": len(rows), "root": access_root(rows)}
        entry = record(SYSTEM, "access.sealed", COUNTY, payload)
        Access.objects.filter(pk__in=[row.pk for row in rows]).update(entry=entry)
