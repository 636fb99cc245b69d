"""The ladder of people of one or more duties: who was called, who answered, who is next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from shoutu.county.duties.chain import Seat, seats
from shoutu.county.duties.models import OPEN, Call, CallState, Duty, Notice, State
from shoutu.county.kit.actors import Actor
from shoutu.county.people.masking import masked_name
from shoutu.county.people.models import Person, Post


def present(duty: Duty) -> list[Call]:
    """The calls of the present round, and those of an earlier one, for the same thing, that were answered: those stand
    for what the same people were called for once more.

    Needs calls prefetched.
    """
    same = [call for call in duty.calls.all() if call.round >= duty.cause_round]
    before = {call.person_id for call in same if call.round < duty.round and call.state == CallState.ANSWERED}
    return [
        call
        for call in same
        if (call.round < duty.round and call.state == CallState.ANSWERED)
        or (call.round == duty.round and not (call.state == CallState.ENDED and call.person_id in before))
    ]


def chain_rows(duties: Iterable[Duty], actor: Actor) -> list[dict[str, Any]]:
    """One row a call of the present round, then one a rung still to come; unanswered first within each duty.

    Whoever answered a call of an earlier round, for the same thing, is among them.

    Needs calls prefetched. A fixed number of queries: receipts, and who stands on the rungs to come.
    """
    duties = list(duties)
    receipts = _receipts(duties)
    now = timezone.now()
    filled: dict[tuple[int | None, str], Mapping[str, Seat]] = {}
    rows: list[dict[str, Any]] = []
    for duty in duties:
        rows += [_called(duty, call, receipts.get(call.pk, []), actor, now) for call in present(duty)]
        if duty.state == State.CALLED and duty.rung_next < len(duty.policy["chain"]):
            key = (duty.site_id, duty.matter)
            if key not in filled:
                filled[key] = seats(duty.site_id, duty.matter, now)
            rows += _to_come(duty, filled[key], actor)
    return rows


def _receipts(duties: list[Duty]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    columns = ("call_id", "channel", "step", "at", "detail")
    for call_id, *rest in Notice.objects.filter(call__duty__in=duties).order_by("id").values_list(*columns):
        found.setdefault(call_id, []).append(dict(zip(columns[1:], rest, strict=True)))
    return found


def _called(duty: Duty, call: Call, receipts: list[dict[str, Any]], actor: Actor, now: datetime) -> dict[str, Any]:
    answered = call.state == CallState.ANSWERED
    ended = _ended(duty, call)
    return {
        **_who(call.post, call.person, actor, call.who),
        "duty_id": duty.pk,
        "kind": duty.kind,
        "state": _state(duty, call, ended, now),
        "called_at": call.called_at,
        "due_at": call.due_at,
        "answered_at": call.ended_at if answered else None,
        "ended_at": ended,
        "starts_at": call.called_at,
        "times": call.times,
        "note": call.note,
        "receipts": receipts,
    }


def _ended(duty: Duty, call: Call) -> datetime | None:
    """When a call nobody answered ended, because what it was for was over; None while it runs, or was answered."""
    if call.state == CallState.ENDED:
        return call.ended_at
    if call.state != CallState.CALLING or duty.state in OPEN:
        return None
    # Kept before calls ended with their duty: it did so when that was done, or called off.
    return duty.done_at or duty.ended_at


def _state(duty: Duty, call: Call, ended: datetime | None, now: datetime) -> str:
    if call.state == CallState.ANSWERED:
        return "done" if duty.state in (State.DONE, State.VERIFIED) else "answered"
    if call.state in (CallState.DECLINED, CallState.NOBODY):
        return str(call.state)
    if (ended or now) > call.due_at:
        return "overdue"
    return "ended" if ended is not None else "calling"


def _to_come(duty: Duty, filled: Mapping[str, Seat], actor: Actor) -> list[dict[str, Any]]:
    """Rungs not yet called, with the time each would be called if nobody answers before."""
    rows, at = [], duty.climb_at
    for step in duty.policy["chain"][duty.rung_next :]:
        seat = filled[step["who"]]
        due = at + timedelta(seconds=step["answer_s"]) if at else None
        rows.append(
            {
                **_who(seat.post, seat.person, actor, step["who"]),
                "duty_id": duty.pk,
                "kind": duty.kind,
                "state": "not_yet",
                "called_at": None,
                "due_at": due,
                "answered_at": None,
                "ended_at": None,
                "starts_at": at,
                "times": 0,
                "note": "",
                "receipts": [],
            }
        )
        at = due
    return rows


RUNG_WORDS = {
    "enterprise_duty": "企业值班员",
    "enterprise_principal": "企业主要负责人",
    "township_head": "乡镇安监站长",
    "county_duty": "县值班员",
    "county_leader": "县分管领导",
    "rescue_lead": "救援队负责人",
}


def _who(post: Post | None, person: Person | None, actor: Actor, rung: str) -> dict[str, Any]:
    return {
        "post": post.title if post else RUNG_WORDS.get(rung, rung),
        "organisation": post.organisation.name if post else "",
        "person": masked(person, actor),
    }


def masked(person: Person | None, actor: Actor) -> str | None:
    """A person's name as far as the actor's role goes; posts are never masked."""
    return masked_name(person, actor)
