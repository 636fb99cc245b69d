"""The face tells by fetching: a duty in somebody's list was delivered to them, an opened one was seen."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from django.utils import timezone

from shoutu.county.duties.models import Duty, Notice, Step, mine
from shoutu.county.duties.services.locking import lock_notices
from shoutu.county.kit import events
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.ledger.services import service, unchanged
from shoutu.county.ledger.services.record import Draft, record_many

_BEFORE = {
    Step.DELIVERED: (Step.QUEUED, Step.HANDED_OVER),
    Step.SEEN: (Step.QUEUED, Step.HANDED_OVER, Step.DELIVERED),
}


def note_fetched(actor: Actor, duties: Iterable[Duty], step: Step) -> None:
    """Raise the in-app receipts of this actor's own calls to `step`, if they stand below it."""
    if actor.person_id is None:
        return
    waiting = Notice.objects.filter(
        mine(actor, "call__"), channel="app", step__in=_BEFORE[step], call__duty__in=[duty.pk for duty in duties]
    )
    ids = list(waiting.values_list("pk", flat=True))
    if ids:
        _raise(actor, ids, step)


@service
def _raise(actor: Actor, ids: list[int], step: Step) -> None:
    now = timezone.now()
    if step == Step.SEEN:
        # The other messages of these calls are spared.
        lock_notices(Notice.objects.filter(call__notices__in=ids))
    # Under the lock: one answered meanwhile is past this step, and never goes back.
    held = Notice.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=ids, step__in=_BEFORE[step])
    rows = list(held.select_related("call__duty").order_by("id"))
    if not rows:
        return unchanged()
    for row in rows:
        row.step, row.at = step, now
        if step == Step.SEEN:
            row.seen_at = now
        row.delivered_at = row.delivered_at or now
    Notice.objects.bulk_update(rows, ["step", "at", "seen_at", "delivered_at"])
    if step == Step.SEEN:
        spare({row.call_id for row in rows if row.call_id is not None}, now)
    verb = "duty.seen" if step == Step.SEEN else "duty.delivered"
    record_many([Draft(actor, verb, SubjectRef("duty", _duty(row)), {"notice": row.key}) for row in rows])
    # One event a fetch: whoever shows receipts fetches them anew, however many rose.
    touched = sorted({_duty(row) for row in rows})
    events.emit("duty.receipt", SubjectRef("duty", touched[0]), {"step": step.value, "duties": touched[:100]})
    return None


def _duty(notice: Notice) -> int:
    assert notice.call is not None
    return notice.call.duty_id


def spare(calls: Collection[int], now: datetime) -> None:
    """Seen: the channels of these calls whose turn has not come are not needed. Who then does not answer is climbed."""
    waiting = Notice.objects.filter(call_id__in=calls, step=Step.QUEUED, tries=0, starts_at__gt=now)
    waiting.update(step=Step.SPARED, at=now, next_try_at=None)
