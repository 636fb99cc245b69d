"""Duties over HTTP: the desk's lists, one duty, and what is done with it."""

from __future__ import annotations

from typing import Any, Protocol

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Query

from shoutu.county.duties import kinds, schemas, selectors, services
from shoutu.county.duties.models import Duty, State, Step
from shoutu.county.duties.selectors.chains import RUNG_WORDS, masked
from shoutu.county.duties.selectors.clocks import group_of, has_answered, late_since, waits_for
from shoutu.county.duties.selectors.lists import SORTS, whole
from shoutu.county.duties.services.receipts import note_fetched
from shoutu.county.duties.states import TABLE
from shoutu.county.kit import subjects
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.api import ListQuery, Page, Router, asker, paginate
from shoutu.county.kit.subjects import SubjectRef, ref
from shoutu.county.ledger.services import once

router = Router()


class DutyQuery(ListQuery):
    view: str = "mine"
    state: str = ""


@router.get("/duties", response=Page[schemas.Duty])
def list_duties(request: HttpRequest, query: Query[DutyQuery]) -> Any:
    """Duties of one view: mine, called (out to others), org, done. Red first, then by limit."""
    actor = asker(request)
    actor.require("duty.read")
    rows = selectors.duties_for(actor, query.view, query.state)
    if query.q:
        rows = rows.filter(title__icontains=query.q)
    default = "-last" if query.view == "done" else "urgency"
    page = paginate(whole(rows), query, sorts=SORTS, default=default)
    found: list[Duty] = page["items"]
    if query.view == "mine":
        note_fetched(actor, found, Step.DELIVERED)
    return {**page, "items": [row(duty, actor) for duty in found]}


@router.get("/duties/{id}", response=schemas.DutyDetail)
def get_duty(request: HttpRequest, id: int) -> Any:
    """One duty with the chain of people and its course. Opening one's own call counts as seen."""
    actor = asker(request)
    actor.require("duty.read")
    return detail(actor, id)


def detail(actor: Actor, id: int) -> dict[str, Any]:
    duty = selectors.get_duty(actor, id)
    note_fetched(actor, [duty], Step.SEEN)
    return {
        **row(duty, actor),
        "chain": selectors.chain_rows([duty], actor),
        "timeline": selectors.timeline([ref(duty)]),
    }


class _Act(Protocol):
    def __call__(self, actor: Actor, duty_id: int, note: str, *, seen: services.Seen | None = None) -> object: ...


def _once(actor: Actor, id: int, done: str, body: schemas.ActIn, act: _Act) -> None:
    sent = body.sent
    if sent is None:
        act(actor, id, body.note)
        return
    seen = None if sent.seen is None else services.Seen(**sent.seen.dict())
    subject = SubjectRef(Duty.subject_type, id)
    told = {"note": body.note}
    once(actor, sent, f"duty.{done}", subject, told, lambda: act(actor, id, body.note, seen=seen))


@router.post("/duties/{id}/answer", response=schemas.DutyDetail)
def answer(request: HttpRequest, id: int, body: schemas.ActIn) -> Any:
    """应答: I take it. 409 when I was not called."""
    actor = asker(request)
    _once(actor, id, "answered", body, services.answer)
    return detail(actor, id)


@router.post("/duties/{id}/decline", response=schemas.DutyDetail)
def decline(request: HttpRequest, id: int, body: schemas.NoteIn) -> Any:
    """我不在岗，叫下一位: the next one is called at once."""
    actor = asker(request)
    services.decline(actor, id, body.note)
    return detail(actor, id)


@router.post("/duties/{id}/done", response=schemas.DutyDetail)
def done(request: HttpRequest, id: int, body: schemas.ActIn) -> Any:
    """The holder has done it. 409 for duties finished on their subject's own page."""
    actor = asker(request)
    _once(actor, id, "done", body, services.done)
    return detail(actor, id)


@router.post("/duties/{id}/verify", response=schemas.DutyDetail)
def verify(request: HttpRequest, id: int, body: schemas.ActIn) -> Any:
    """验收, by somebody else than the one who did it."""
    actor = asker(request)
    _once(actor, id, "verified", body, services.verify)
    return detail(actor, id)


@router.post("/duties/{id}/return", response=schemas.DutyDetail)
def return_(request: HttpRequest, id: int, body: schemas.ActIn) -> Any:
    """退回 to the holder, who is called again."""
    actor = asker(request)
    _once(actor, id, "returned", body, services.return_)
    return detail(actor, id)


@router.post("/duties/{id}/recall", response=schemas.DutyDetail)
def recall(request: HttpRequest, id: int) -> Any:
    """追叫: call again whoever has not answered. 409 within half a minute of the last call."""
    actor = asker(request)
    services.recall(actor, id)
    return detail(actor, id)


def row(duty: Duty, actor: Actor) -> dict[str, Any]:
    """One duty as the API shows it; needs `selectors.lists.whole`."""
    calls = [call for call in duty.calls.all() if call.round == duty.round]
    last = calls[-1] if calls else None
    post = duty.post or (last.post if last else None)
    person = duty.person or (last.person if last else None)
    clock = selectors.clock_of(duty, actor)
    kind = kinds.get(duty.kind)
    waits_for_me = duty.state == State.CALLED and any(waits_for(duty, call, actor) for call in duty.calls.all())
    return {
        "id": duty.pk,
        "kind": duty.kind,
        "state": "returned" if duty.returned and duty.state == State.ANSWERED else duty.state,
        "verb": str(kinds.ANSWER if waits_for_me else kind.verb),
        "title": duty.title,
        "why": duty.why,
        "level": duty.level,
        "subject": {**duty.about.as_dict(), "label": duty.about_label, "url": subjects.url(duty.about)},
        "post": post.title if post else RUNG_WORDS.get(last.who if last else "", ""),
        "organisation": post.organisation.name if post else "",
        "person": masked(person, actor),
        "clock": clock,
        "group": group_of(duty, clock),
        "overdue": selectors.is_overdue(clock),
        "late_since": late_since(duty),
        "actions": [_action(duty, actor, verb) for verb in TABLE.verbs if verb != "cancel"],
        "calls": sum(call.times for call in calls),
        "round": duty.round,
        "opened_at": duty.opened_at,
        "done_at": duty.done_at,
        "orders": duty.policy.get("orders", []),
    }


def _action(duty: Duty, actor: Actor, verb: str) -> dict[str, Any]:
    why = TABLE.why_not(duty.state, verb, actor, duty)
    if why is None and verb == "answer" and has_answered(duty, actor):
        # Answering again is harmless, but offered anew it would look as if the first had not been heard.
        why = _("已应答")
    return {"verb": verb, "allowed": why is None, "why": why}
