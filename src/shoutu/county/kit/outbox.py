"""Events get their number after they have committed, so that the order listeners see has no holes and no surprises."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

from django.db import transaction
from django.db.models import Max, Min
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shoutu.county.kit.models import OutboxEvent
from shoutu.county.kit.steps import fence, step
from shoutu.county.kit.subjects import SubjectRef

BATCH = 500
KEEP = timedelta(days=7)


@dataclass(frozen=True)
class Event:
    """A numbered event as listeners see it."""

    seq: int
    topic: str
    subject: SubjectRef
    at: str

    def as_dict(self) -> dict[str, Any]:
        return {"topic": self.topic, "subject": self.subject.as_dict(), "at": self.at}

    @cached_property
    def text(self) -> str:
        """The event as a stream says it; made once for all who listen."""
        return f"id: {self.seq}\nevent: change\ndata: {json.dumps(self.as_dict(), ensure_ascii=False)}\n\n"


@step("outbox.number", every=0.1, lane="outbox", title=_("向页面传更新"))
def number() -> bool:
    """Number what has committed since, in the order of ids. True while there is more.

    Only the holder of the worker's lease does this, and only rows that are visible, thus committed, get a number: a
    transaction that commits late simply gets a later number, on PostgreSQL too.
    """
    if not OutboxEvent.objects.filter(seq__isnull=True).exists():
        return False
    with transaction.atomic():
        fence()
        ids = list(OutboxEvent.objects.filter(seq__isnull=True).order_by("id").values_list("id", flat=True)[:BATCH])
        last = newest()
        OutboxEvent.objects.bulk_update(
            [OutboxEvent(id=id_, seq=last + place) for place, id_ in enumerate(ids, 1)], ["seq"], batch_size=200
        )
    return len(ids) == BATCH


@step("outbox.prune", every=600, lane="outbox", title=_("清理更新记录"))
def prune() -> bool:
    """Drop events numbered more than a week ago, but never the newest: its number goes on. True while there is more."""
    old = OutboxEvent.objects.filter(seq__lt=newest(), at__lt=timezone.now() - KEEP)
    ids = list(old.order_by("id").values_list("id", flat=True)[:BATCH])
    OutboxEvent.objects.filter(id__in=ids).delete()
    return len(ids) == BATCH


def newest() -> int:
    """The highest number given out; 0 when none."""
    return OutboxEvent.objects.aggregate(last=Max("seq"))["last"] or 0


def oldest() -> int:
    """The lowest number still kept; 0 when none."""
    return OutboxEvent.objects.aggregate(first=Min("seq"))["first"] or 0


def after(seq: int, limit: int = BATCH) -> list[Event]:
    """Numbered events above `seq`, in order."""
    rows = OutboxEvent.objects.filter(seq__gt=seq).order_by("seq")[:limit]
    return [
        Event(row.seq or 0, row.topic, SubjectRef(row.subject_type, row.subject_id), row.at.isoformat()) for row in rows
    ]
