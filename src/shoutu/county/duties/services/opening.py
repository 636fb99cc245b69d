"""Opening a duty, and raising it when its subject gets worse."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from shoutu.county.duties.models import Call, CallState, Duty, StageClock, State
from shoutu.county.duties.services.calling import Calls, climb
from shoutu.county.duties.services.locking import lock_before
from shoutu.county.kit import events, subjects
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.subjects import SubjectRef, ref
from shoutu.county.ledger.services import record, service, unchanged


@service
def open_duty(
    actor: Actor,
    kind: str,
    subject: SubjectRef,
    site_id: int | None,
    policy: Mapping[str, Any],
    level: int,
    title: str,
    why: str,
    *,
    key: str | None = None,
    matter: str = "warning",
    held_until: datetime | None = None,
) -> Duty:
    """Open a duty about a subject and call the first of its chain at once, or when its calls are held no longer.

    `policy` is a lane as plain data (`policy.snapshot`). Opening the same `key` again returns the duty that stands.
    """
    key = key or f"{kind}:{subject.type}:{subject.id}"
    standing = Duty.objects.filter(key=key).first()
    if standing is not None:
        unchanged()
        return standing
    now = timezone.now()
    duty = Duty.objects.create(
        kind=kind,
        key=key,
        about_type=subject.type,
        about_id=subject.id,
        about_label=subjects.label(subject)[:120],
        site_id=site_id,
        matter=matter,
        level=level,
        title=title[:200],
        why=why[:400],
        policy=dict(policy),
        opened_at=now,
        called_since=now,
        climb_at=held_until or now,
        held_until=held_until,
    )
    facts = {"kind": kind, "about": subject, "level": level, "policy": policy["policy"], "title": duty.title}
    record(actor, "duty.opened", ref(duty), {**facts, "held_until": held_until} if held_until else facts)
    _start_clocks(duty, held_until or now)
    calls = Calls(actor, now)
    climb(duty, calls)
    _save_called(duty, calls)
    return duty


@service
def raise_duty(
    actor: Actor,
    duty: Duty,
    policy: Mapping[str, Any],
    level: int,
    title: str,
    why: str,
    *,
    held_until: datetime | None = None,
) -> Duty:
    """The subject got worse: everybody called so far is called anew with the new clocks, and limits get tighter.

    With `held_until` the calls wait until then and start from the bottom of the chain.

    Raises nothing for a duty that has ended meanwhile: it returns it unchanged.
    """
    lock_before([duty])
    duty = Duty.objects.select_for_update(no_key=True).get(pk=duty.pk)
    if duty.state not in (State.CALLED, State.ANSWERED):
        unchanged()
        return duty
    now = timezone.now()
    reached = min(max(duty.rung_next, 1), len(policy["chain"]))
    before, duty.level, duty.policy = duty.level, level, dict(policy)
    duty.title, duty.why = title[:200], why[:400]
    record(actor, "duty.raised", ref(duty), {"from": before, "to": level, "policy": policy["policy"]})
    _start_clocks(duty, held_until or now)
    duty.held_until = held_until
    call_anew(actor, duty, now, 0 if held_until else reached)
    return duty


def call_anew(actor: Actor, duty: Duty, now: datetime, reached: int) -> None:
    """A new round: the first `reached` rungs are called at once, and climbing goes on from the last of them."""
    Call.objects.filter(duty=duty, state=CallState.CALLING).update(state=CallState.ENDED, ended_at=now)
    duty.state, duty.round, duty.rung_next = State.CALLED, duty.round + 1, 0
    duty.cause_round = duty.round
    duty.answered_at, duty.post, duty.person, duty.called_since = None, None, None, now
    if reached == 0:
        duty.climb_at = duty.held_until
    calls = Calls(actor, now)
    call = None
    while duty.rung_next < reached:
        call = calls.place(duty, duty.rung_next)
        duty.rung_next += 1
        duty.climb_at = call.due_at
    if call is not None and call.state == CallState.NOBODY:
        climb(duty, calls)
    _save_called(duty, calls)


def _save_called(duty: Duty, calls: Calls) -> None:
    calls.save()
    duty.save()
    events.emit("duty.changed", ref(duty), {"state": duty.state, "level": duty.level})


def _start_clocks(duty: Duty, now: datetime) -> None:
    """Start the policy's stage clocks; one that runs is only ever made tighter."""
    running = {clock.stage: clock for clock in StageClock.objects.filter(duty=duty)}
    for stage, seconds in duty.policy["due_s"].items():
        due = now + timedelta(seconds=seconds)
        clock = running.get(stage)
        if clock is None:
            StageClock.objects.create(duty=duty, stage=stage, starts_at=now, due_at=due)
        elif clock.done_at is not None or due < clock.due_at:
            # A stage done before it got worse is to be done again.
            clock.due_at, clock.starts_at, clock.done_at, clock.overdue_at = due, now, None, None
            clock.save()
