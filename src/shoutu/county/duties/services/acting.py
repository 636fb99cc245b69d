"""What people do with a duty: answer, decline, finish, verify, return, call again, cancel."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.duties import kinds
from shoutu.county.duties.models import OPEN, Call, CallState, Duty, Notice, StageClock, State, Step, mine
from shoutu.county.duties.services.calling import APP, Calls, climb
from shoutu.county.duties.services.locking import lock_before, lock_notices
from shoutu.county.duties.states import TABLE, holds
from shoutu.county.kit import events
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Conflict, NotFound, Overtaken
from shoutu.county.kit.subjects import SubjectRef, ref
from shoutu.county.ledger.services import record, same_moment, service, the_one_seen, unchanged


@dataclass(frozen=True)
class Seen:
    """What somebody saw of a duty when they did what may come hours later. `opened_at` says which it was, as its number
    does not (`the_one_seen`); `done_at`: since when it was done."""

    round: int
    opened_at: datetime | None = None
    done_at: datetime | None = None


def _take(actor: Actor, duty_id: int, verb: str, seen: Seen | None = None) -> tuple[Duty, str]:
    """The duty, locked, and the state the verb leads to.

    `seen`: what its doer saw, where that is known. Raises NotFound, NotAllowed, Conflict, and Overtaken where people
    were called for something new since, what is verified was returned and done anew, or it is another duty.
    A chain that was only started again because nobody answered is no news: whoever answers at last is heard.
    """
    found = Duty.objects.visible_to(actor).filter(pk=duty_id).first()
    if found is None:
        raise NotFound("duty", duty_id)
    lock_before([found])
    duty = Duty.objects.select_for_update(of=("self",), no_key=True).get(pk=duty_id)
    if seen is not None:
        the_one_seen(duty.opened_at, seen.opened_at)
    target = TABLE.step(duty.state, verb, actor, duty)
    if seen is not None and duty.cause_round > seen.round:
        raise Overtaken(_("情况变了，已重新呼叫：这是按以前看到的办的，看了现在的情况再办"))
    done = duty.done_at if verb == "verify" else None
    if done is not None and seen is not None and not same_moment(done, seen.done_at):
        raise Overtaken(_("情况变了，退回后又办过：看了现在办成的样子再验收"))
    return duty, target


def _changed(duty: Duty) -> Duty:
    duty.save()
    events.emit("duty.changed", ref(duty), {"state": duty.state, "level": duty.level, "about": duty.about.as_dict()})
    return duty


@service
def answer(actor: Actor, duty_id: int, note: str = "", via: Notice | None = None, *, seen: Seen | None = None) -> Duty:
    """I take it. The climb stops; the one who answers first holds the duty, others called may still say they know.

    `via` is the message that was answered (by reply, link or key); None is the application. `seen` as in `_take`.

    Answering twice is harmless. Raises NotFound, NotAllowed, Conflict when the actor was not called, or was called
    anew for something worse than `via` told of or was seen.
    """
    duty, _target = _take(actor, duty_id, "answer", seen)
    now = timezone.now()
    rows = Call.objects.select_for_update(no_key=True).filter(mine(actor), duty=duty, round__gte=duty.cause_round)
    calls = list(rows.exclude(state=CallState.NOBODY).order_by("round", "rung"))
    # The chain has begun again: whoever answers a message of the first round answers the call that made it.
    told = [one for one in calls if via is not None and one.pk == via.call_id]
    call = told[0] if told and told[0].state == CallState.CALLING else calls[-1] if calls else None
    if call is not None and _has_answered(call, calls):
        unchanged()
        return duty
    _still_stands(via)
    if call is None:
        raise Conflict(_("这个岗位叫的时候无人，现在由下一位应答"))
    call.state, call.ended_at, call.note = CallState.ANSWERED, now, note[:400]
    call.save()
    _answered(call, via, now)
    # They were called for the same thing in another round: that calling of theirs is over, too.
    others = [one.pk for one in calls if one.person_id == call.person_id and one.state == CallState.CALLING]
    Call.objects.filter(pk__in=others).exclude(pk=call.pk).update(state=CallState.ENDED, ended_at=now)
    took = int((now - call.called_at).total_seconds())
    facts = {"rung": call.who, "took_s": took, "about": duty.about, "by": via.channel if via else APP}
    record(actor, "duty.answered", ref(duty), facts, _note(note))
    if duty.state == State.CALLED:
        duty.state, duty.answered_at, duty.climb_at = State.ANSWERED, now, None
        duty.post, duty.person = call.post, call.person
        if kinds.get(duty.kind).answer_only:
            duty.state, duty.done_at, duty.ended_at = State.DONE, now, now
            _let_go(duty, now)
        events.emit("duty.answered", ref(duty), {"about": duty.about.as_dict(), "kind": duty.kind})
    else:
        duty.climb_at = None  # told that it is late, one above has taken note: nobody further up need be told
    return _changed(duty)


def _has_answered(call: Call, calls: Collection[Call]) -> bool:
    """Whether the one this call called has answered it, or since it was made another one for the same thing."""
    answered = [one for one in calls if one.state == CallState.ANSWERED and one.person_id == call.person_id]
    return any(one.pk == call.pk or (one.ended_at and one.ended_at >= call.called_at) for one in answered)


def _still_stands(via: Notice | None) -> None:
    """Raises Conflict for a message whose call was ended: who knows of the yellow does not know of the red."""
    if via is None or via.call_id is None:
        return
    if Call.objects.filter(pk=via.call_id, state=CallState.ENDED).exists():
        raise Conflict(_("这条消息以后情况变了，已重新呼叫：看新的消息再应答"))


def _answered(call: Call, via: Notice | None, now: datetime) -> None:
    """The message that was answered says so; what is not sent yet is spared; others stay as far as they came."""
    notices = Notice.objects.filter(call=call)
    lock_notices(Notice.objects.filter(call__duty=call.duty_id, person=call.person_id))
    by = notices.filter(pk=via.pk) if via else notices.filter(channel=APP).exclude(step=Step.FAILED)
    by.update(step=Step.ANSWERED, answered_at=now, at=now)
    notices.filter(step=Step.QUEUED).update(step=Step.SPARED, at=now)
    notices.filter(next_try_at__isnull=False).update(next_try_at=None)
    # Nor need this person be told of the same by a message of an earlier round, before it got worse.
    _spare(Notice.objects.filter(call__duty=call.duty_id, person=call.person_id), now)


def _spare(notices: QuerySet[Notice], now: datetime) -> None:
    """What has not been sent of these need not be sent any more."""
    notices.filter(step=Step.QUEUED).update(step=Step.SPARED, at=now, next_try_at=None)


def _note(note: str) -> dict[str, str] | None:
    # What people write may name others: it can be erased without breaking the record.
    return {"note": note} if note else None


@service
def decline(actor: Actor, duty_id: int, note: str = "", via: Notice | None = None) -> Duty:
    """我不在岗，叫下一位: the next rung is called in this very transaction. `via` as in `answer`.

    Raises NotFound, NotAllowed, Conflict.
    """
    duty, _target = _take(actor, duty_id, "decline")
    _still_stands(via)
    now = timezone.now()
    open_calls = Call.objects.select_for_update(no_key=True).filter(
        duty=duty, round=duty.round, state=CallState.CALLING
    )
    call = open_calls.filter(mine(actor)).order_by("rung").last()
    if call is None:
        unchanged()
        return duty
    call.state, call.ended_at, call.note = CallState.DECLINED, now, note[:400]
    call.save()
    record(actor, "duty.declined", ref(duty), {"rung": call.who, "about": duty.about}, _note(note))
    calls = Calls(actor, now)
    if call.rung + 1 == duty.rung_next and duty.rung_next < len(duty.policy["chain"]):
        duty.climb_at = now
        climb(duty, calls)
    calls.save()
    return _changed(duty)


@service
def done(actor: Actor, duty_id: int, note: str = "", *, seen: Seen | None = None) -> Duty:
    """The holder has done it.

    Raises NotFound, NotAllowed, Conflict (not the holder, finished elsewhere, or called anew: see `_take`).
    """
    duty, _target = _take(actor, duty_id, "done", seen)
    record(actor, "duty.done", ref(duty), {"about": duty.about}, _note(note))
    return _finish(duty, note)


def _finish(duty: Duty, note: str) -> Duty:
    now = timezone.now()
    lock_notices(Notice.objects.filter(call__duty=duty))
    duty.state, duty.done_at, duty.climb_at, duty.note, duty.returned = State.DONE, now, None, note, False
    _let_go(duty, now)
    StageClock.objects.filter(duty=duty, done_at__isnull=True).update(done_at=now)
    _spare(Notice.objects.filter(call__duty=duty), now)
    return _changed(duty)


def _let_go(duty: Duty, now: datetime) -> None:
    """The duty is over: who was called for it and has not answered need not any more. They stand as unanswered, with
    the time it ended; nothing of theirs runs on."""
    Call.objects.filter(duty=duty, state=CallState.CALLING).update(state=CallState.ENDED, ended_at=now)


@service
def verify(actor: Actor, duty_id: int, note: str = "", *, seen: Seen | None = None) -> Duty:
    """Somebody else found it well done. Raises NotFound, NotAllowed, Conflict."""
    duty, target = _take(actor, duty_id, "verify", seen)
    duty.state = target
    duty.ended_at = timezone.now()
    record(actor, "duty.verified", ref(duty), {"about": duty.about}, _note(note))
    return _changed(duty)


@service
def return_(actor: Actor, duty_id: int, note: str, *, seen: Seen | None = None) -> Duty:
    """退回: not done yet; back to its holder, whose stage clocks run on. Raises NotFound, NotAllowed, Conflict."""
    duty, target = _take(actor, duty_id, "return", seen)
    duty.state = target
    # Who was let go when it was done may be asked again: their calls stand as they did before.
    let_go = Call.objects.filter(duty=duty, round__gte=duty.cause_round, state=CallState.ENDED, ended_at=duty.done_at)
    let_go.update(state=CallState.CALLING, ended_at=None)
    duty.done_at, duty.returned, duty.note = None, True, note
    StageClock.objects.filter(duty=duty).exclude(stage="answer").update(done_at=None)
    record(actor, "duty.returned", ref(duty), {"about": duty.about}, _note(note))
    _call_holder(actor, duty)
    return _changed(duty)


@service
def recall(actor: Actor, duty_id: int) -> Duty:
    """追叫: call again whoever has not answered, or the holder who answered and is late. The clocks don't change.

    Raises Conflict when they were called less than half a minute ago.
    """
    duty, _target = _take(actor, duty_id, "recall")
    duty.recalled_at = timezone.now()
    record(actor, "duty.recalled", ref(duty), {"round": duty.round, "about": duty.about})
    if duty.state == State.ANSWERED:
        _call_holder(actor, duty)
    else:
        calls = Calls(actor, duty.recalled_at)
        # Where the chain has begun again, those above have not answered either. Each rung as it was last called: who
        # went off duty since is not rung at home.
        open_ = Call.objects.filter(duty=duty, round__gte=duty.cause_round, state=CallState.CALLING)
        rungs = [((one.round, one.rung), one) for one in open_.order_by("round", "rung")]
        last = {one.who: at for at, one in rungs}
        for at, call in rungs:
            if at == last[call.who]:
                calls.repeat(duty, call)
        calls.save()
    return _changed(duty)


def _call_holder(actor: Actor, duty: Duty) -> None:
    held = Call.objects.filter(duty=duty, state=CallState.ANSWERED).order_by("round", "rung").last()
    if held is not None:
        calls = Calls(actor, timezone.now())
        calls.repeat(duty, held)
        calls.save()


@service
def cancel(actor: Actor, duty_id: int, reason: str) -> Duty:
    """Nothing is to be done any more. Raises NotFound, NotAllowed, Conflict."""
    duty, _target = _take(actor, duty_id, "cancel")
    record(actor, "duty.cancelled", ref(duty), {"about": duty.about}, _note(reason))
    return _end(duty)


def _end(duty: Duty) -> Duty:
    now = timezone.now()
    duty.state, duty.ended_at, duty.climb_at = State.CANCELLED, now, None
    _let_go(duty, now)
    lock_notices(Notice.objects.filter(call__duty=duty))
    # What goes along with another's message has no time of its own: left waiting it would be sent should that one end.
    Notice.objects.filter(Q(next_try_at__isnull=False) | Q(step=Step.QUEUED), call__duty=duty).update(
        step=Step.FAILED, failed_at=now, at=now, next_try_at=None, detail=_("已不必发：这一件已了结")
    )
    StageClock.objects.filter(duty=duty, done_at__isnull=True).update(done_at=now)
    return _changed(duty)


@service
def complete(actor: Actor, subject: SubjectRef, duty_kinds: Collection[str], stage: str, note: str = "") -> list[Duty]:
    """For the subject's own room: `actor` did what the open duties of these kinds about the subject asked.

    Who acts without having answered has thereby answered. Returns the duties finished, possibly none.
    """
    finished = []
    for duty in _open(subject, duty_kinds):
        if duty.state == State.CALLED and mine_now(actor, duty):
            duty = answer(actor, duty.pk, note)
        record(actor, "duty.done", ref(duty), {"stage": stage, "about": duty.about})
        finished.append(_finish(duty, note))
    if not finished:
        unchanged()
    return finished


def mine_now(actor: Actor, duty: Duty) -> bool:
    """Whether the actor is among those called for what calls them now, also in a round nobody answered."""
    return (
        Call.objects.filter(mine(actor), duty=duty, round__gte=duty.cause_round)
        .exclude(state=CallState.NOBODY)
        .exists()
    )


@service
def pass_stage(actor: Actor, subject: SubjectRef, duty_kinds: Collection[str], stage: str) -> None:
    """Note that one stage of the open duties about the subject is done; the duty itself goes on."""
    unchanged()
    for duty in _open(subject, duty_kinds):
        if duty.state == State.CALLED and mine_now(actor, duty):
            duty = answer(actor, duty.pk)
        StageClock.objects.filter(duty=duty, stage=stage, done_at__isnull=True).update(done_at=timezone.now())


@service
def take_up_stage(actor: Actor, subject: SubjectRef, duty_kinds: Collection[str], stage: str) -> None:
    """A stage noted as done is not done after all: its clock runs on to the limit it had."""
    unchanged()
    for duty in _open(subject, duty_kinds):
        StageClock.objects.filter(duty=duty, stage=stage, done_at__isnull=False).update(done_at=None)


@service
def settle(actor: Actor, subject: SubjectRef, note: str = "") -> None:
    """The subject is closed: what was done by others is verified, what is still open is cancelled, with entries."""
    unchanged()
    now = timezone.now()
    lock_before(Duty.objects.filter(about_type=subject.type, about_id=subject.id))
    about = Duty.objects.select_for_update(of=("self",), no_key=True)
    about = about.filter(about_type=subject.type, about_id=subject.id)
    for duty in about.filter(state__in=(*OPEN, State.DONE)).order_by("id"):
        if duty.state == State.DONE:
            if kinds.get(duty.kind).answer_only or (actor.kind != "system" and holds(duty, actor)):
                continue
            duty.state, duty.ended_at = State.VERIFIED, now
            record(actor, "duty.verified", ref(duty), {"about": subject})
            _changed(duty)
        else:
            record(actor, "duty.cancelled", ref(duty), {"about": subject, "because": "closed"}, _note(note))
            _end(duty)


def _open(subject: SubjectRef, duty_kinds: Collection[str]) -> list[Duty]:
    lock_before(Duty.objects.filter(about_type=subject.type, about_id=subject.id))
    rows = Duty.objects.select_for_update(of=("self",), no_key=True)
    rows = rows.filter(about_type=subject.type, about_id=subject.id)
    return list(rows.filter(kind__in=duty_kinds, state__in=OPEN).order_by("id"))
