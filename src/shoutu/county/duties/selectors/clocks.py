"""The clock a duty shows: the call while it is unanswered, then the tightest stage."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from shoutu.county.duties.models import Call, CallState, Duty, State
from shoutu.county.kit.actors import Actor

SOON = timedelta(minutes=30)


def clock_of(duty: Duty, actor: Actor | None = None) -> dict[str, Any] | None:
    """`{starts_at, due_at, done_at, rungs, kind, who}`; for a called actor, that actor's own limit.

    None for a duty that is over or runs without a limit. Needs calls and clocks prefetched.
    """
    calls = [call for call in duty.calls.all() if call.round == duty.round or waits_for(duty, call, actor)]
    if duty.state == State.CALLED:
        return _call_clock(duty, calls, actor)
    if duty.state == State.ANSWERED:
        running = [clock for clock in duty.clocks.all() if clock.done_at is None]
        if not running:
            return None
        clock = min(running, key=lambda one: one.due_at)
        return _clock(clock.starts_at, clock.due_at, None, [], clock.stage, str(duty.post or ""))
    if duty.done_at is not None:
        met = max(duty.clocks.all(), key=lambda one: one.due_at, default=None)
        due = met.due_at if met else max((call.due_at for call in calls), default=duty.done_at)
        return _clock(duty.opened_at, due, duty.done_at, [], met.stage if met else "answer", str(duty.post or ""))
    return None


def work_of(duty: Duty, owner: int | None = None) -> dict[str, Any]:
    """Whose the work is and until when, whether or not anybody has answered yet: `{who, clock, overdue}`.

    `owner`: the organisation whose work it is: a call that has climbed beyond it seeks an answer, nobody else's hands.
    Needs calls and clocks prefetched.
    """
    called = [call.post for call in duty.calls.all() if call.post is not None]
    own = [post for post in (duty.post, *called) if post is not None and owner in (None, post.organisation_id)]
    who = str(own[0] if own else called[-1] if called else "")
    running = [clock for clock in duty.clocks.all() if clock.done_at is None]
    tightest = min(running, key=lambda one: one.due_at, default=None)
    if tightest is None:
        clock = clock_of(duty)
    else:
        clock = _clock(tightest.starts_at, tightest.due_at, None, [], tightest.stage, who)
    return {"who": who, "clock": clock, "overdue": is_overdue(clock)}


def _call_clock(duty: Duty, calls: list[Call], actor: Actor | None) -> dict[str, Any] | None:
    live = [call for call in calls if call.state == CallState.CALLING]
    own = [call for call in live if actor is not None and is_for(call, actor)]
    if not calls:
        return None
    call = (own or live or calls)[-1]
    rungs = [one.due_at for one in live if one.round == call.round and one.due_at < call.due_at]
    return _clock(call.called_at, call.due_at, None, rungs, "answer", str(call.post or ""))


def waits_for(duty: Duty, call: Call, actor: Actor | None) -> bool:
    """Whether this call still waits for the actor: also one of a round nobody answered, for the same thing."""
    live = call.state == CallState.CALLING and call.round >= duty.cause_round
    return live and actor is not None and is_for(call, actor)


def has_answered(duty: Duty, actor: Actor) -> bool:
    """Whether the newest call of this actor for this very thing is answered: there is nothing left to answer."""
    own = [call for call in duty.calls.all() if call.round >= duty.cause_round and is_for(call, actor)]
    # A call that ended was answered by another of theirs, or is over with its duty.
    heard = [call for call in own if call.state not in (CallState.NOBODY, CallState.ENDED)]
    return bool(heard) and max(heard, key=lambda call: (call.round, call.rung)).state == CallState.ANSWERED


def is_for(call: Call, actor: Actor) -> bool:
    """Whether this call was made to the actor, in person or on a post held now."""
    by_person = call.person_id is not None and call.person_id == actor.person_id
    return by_person or call.post_id in actor.posts


def _clock(
    starts: datetime, due: datetime, done: datetime | None, rungs: list[datetime], kind: str, who: str
) -> dict[str, Any]:
    return {"starts_at": starts, "due_at": due, "done_at": done, "rungs": rungs, "kind": kind, "who": who}


def is_overdue(clock: dict[str, Any] | None) -> bool:
    """Whether the limit has passed without being met."""
    return clock is not None and clock["done_at"] is None and clock["due_at"] < timezone.now()


def late_since(duty: Duty) -> datetime | None:
    """The limit that passed longest ago: of an unanswered call, of whatever round for what they are called for now, or
    of a stage not done in time. None where the duty is not late: the same as the list of late ones asks.
    """
    now = timezone.now()
    limits: list[datetime] = []
    if duty.state == State.CALLED:
        calls = (call for call in duty.calls.all() if call.round >= duty.cause_round)
        limits = [call.due_at for call in calls if call.state == CallState.CALLING]
    elif duty.state == State.ANSWERED:
        limits = [clock.due_at for clock in duty.clocks.all() if clock.done_at is None]
    return min((due for due in limits if due < now), default=None)


def group_of(duty: Duty, clock: dict[str, Any] | None) -> str:
    """now: due within half an hour, late, or orange and red; today: due today; else week."""
    if duty.state not in (State.CALLED, State.ANSWERED) or clock is None:
        return "now" if duty.level >= 3 and duty.state in (State.CALLED, State.ANSWERED) else "week"
    now = timezone.now()
    if duty.level >= 3 or clock["due_at"] <= now + SOON:
        return "now"
    return "today" if timezone.localtime(clock["due_at"]).date() == timezone.localtime(now).date() else "week"


def tightest(duties: Iterable[Duty]) -> dict[str, Any] | None:
    """The clock among open duties that runs out first; of those already late, the one late longest."""
    clocks = [clock_of(duty) for duty in duties if duty.state in (State.CALLED, State.ANSWERED)]
    return min((clock for clock in clocks if clock), key=lambda clock: clock["due_at"], default=None)
