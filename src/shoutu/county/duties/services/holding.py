"""Calls held back for a time, and people told of something nobody need act on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.duties.models import OPEN, Duty, StageClock, State
from shoutu.county.duties.services.acting import cancel
from shoutu.county.duties.services.calling import Calls
from shoutu.county.duties.services.locking import lock_before
from shoutu.county.duties.services.opening import open_duty
from shoutu.county.kit import events, steps
from shoutu.county.kit.actors import SYSTEM, Actor
from shoutu.county.kit.subjects import SubjectRef, ref
from shoutu.county.ledger.services import record, service, unchanged

TOLD_FOR = timedelta(hours=24)
"""What people are only told of leaves their desk by itself after this."""
PAUSES_S = [10.0, 30.0, 120.0, 600.0]
"""A channel that failed to tell is tried again after these pauses."""


@service
def hold(actor: Actor, duty: Duty, until: datetime) -> None:
    """Place no further calls for an open duty before `until`; they go on by themselves then."""
    lock_before([duty])
    duty = Duty.objects.select_for_update(no_key=True).get(pk=duty.pk)
    if duty.state not in OPEN or duty.held_until == until:
        return unchanged()
    duty.held_until = until
    if duty.state == State.CALLED and duty.climb_at is not None:
        duty.climb_at = max(duty.climb_at, until)
    _save(actor, duty, "duty.held", {"until": until})
    return None


@service
def let_go(actor: Actor, duty: Duty) -> None:
    """Calls are held no longer: the next one goes out now. Clocks that waited with them start now."""
    lock_before([duty])
    duty = Duty.objects.select_for_update(no_key=True).get(pk=duty.pk)
    now = timezone.now()
    if duty.held_until is None or duty.held_until <= now or duty.state not in OPEN:
        return unchanged()
    for clock in StageClock.objects.filter(duty=duty, done_at__isnull=True, starts_at__gt=now):
        clock.due_at -= clock.starts_at - now
        clock.starts_at = now
        clock.save(update_fields=["due_at", "starts_at"])
    if duty.state == State.CALLED and duty.climb_at is not None:
        duty.climb_at = now if duty.climb_at <= duty.held_until else duty.climb_at
    # Now, not none: the auditor expects no call before this.
    duty.held_until = now
    _save(actor, duty, "duty.let_go", {})
    return None


def _save(actor: Actor, duty: Duty, verb: str, facts: dict[str, object]) -> None:
    duty.save()
    record(actor, verb, ref(duty), {**facts, "about": duty.about})
    events.emit("duty.changed", ref(duty), {"state": duty.state, "level": duty.level, "about": duty.about.as_dict()})


@service
def inform(
    actor: Actor,
    kind: str,
    subject: SubjectRef,
    site_id: int | None,
    whos: Sequence[str],
    title: str,
    why: str,
    *,
    key: str,
) -> Duty:
    """Tell everybody on these rungs at once, each with receipts; no climb, nothing to do but know of it.

    It leaves their desks after `TOLD_FOR`, answered or not. The kind must be `answer_only`.
    """
    wait = (TOLD_FOR + timedelta(hours=1)).total_seconds()
    policy = {
        "policy": "inform", "verified": True, "inform": True, "due_s": {}, "orders": [], "retry_s": PAUSES_S,
        "chain": [{"who": who, "answer_s": wait} for who in whos],
    }  # fmt: skip
    duty = open_duty(actor, kind, subject, site_id, policy, 0, title, why, key=key)
    if duty.rung_next >= len(whos) and duty.climb_at is None:
        return duty
    calls = Calls(actor, timezone.now())
    while duty.rung_next < len(whos):
        calls.place(duty, duty.rung_next)
        duty.rung_next += 1
    duty.climb_at = None
    calls.save()
    duty.save(update_fields=["rung_next", "climb_at"])
    return duty


def end_informed(now: datetime | None = None) -> None:
    """Take what people were told of long enough from their desks. Run by the worker."""
    steps.fence()
    old = Duty.objects.filter(state=State.CALLED, policy__inform=True, opened_at__lt=(now or timezone.now()) - TOLD_FOR)
    for pk in old.values_list("pk", flat=True)[:200]:
        cancel(SYSTEM, pk, _("告知满 24 小时"))
