"""责任清单 and 责任书: what posts must do again and again, and what has fallen due."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Schema

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.api import ListQuery, Page, Router, asker, paginate
from shoutu.county.people import selectors, services
from shoutu.county.people.masking import masked_name
from shoutu.county.people.models import Obligation, ObligationDue
from shoutu.county.people.schemas import Named, named
from shoutu.county.people.selectors import lists
from shoutu.county.people.states import DUE_STATES

router = Router()


class ObligationOut(Schema):
    id: int
    post: Named
    organisation: Named
    kind: str
    title: str
    text: str
    source: str
    party: str
    every: str
    first_due: date
    lead_days: int
    ended_at: datetime | None


class ObligationIn(Schema):
    post: int
    kind: str
    title: str = Field(min_length=1, max_length=120)
    source: str = Field(min_length=1, max_length=200)
    every: str
    first_due: date
    text: str = Field("", max_length=5000)
    party: str = Field("", max_length=120)
    lead_days: int = 15


class DueOut(Schema):
    """`overdue`: not done though the day is over. `why_not`: why I cannot do it, null when I can."""

    id: int
    obligation: int
    kind: str
    title: str
    text: str
    source: str
    party: str
    post: Named
    organisation: Named
    due_on: date
    state: str
    overdue: bool
    done_at: datetime | None
    done_by: str | None
    note: str
    why_not: str | None


class Reason(Schema):
    reason: str = Field("", max_length=400)


class Note(Schema):
    note: str = Field("", max_length=5000)


class ObligationQuery(ListQuery):
    ended: bool = False
    post: int | None = None


class DueQuery(ListQuery):
    state: str = ""
    kind: str = ""
    post: int | None = None


def _obligation(row: Obligation) -> dict[str, Any]:
    fields = ("kind", "title", "text", "source", "party", "every", "first_due", "lead_days", "ended_at")
    return {
        "id": row.pk,
        "post": {"id": row.post_id, "name": row.post.title},
        "organisation": named(row.post.organisation),
        **{name: getattr(row, name) for name in fields},
    }


def _due(row: ObligationDue, actor: Actor) -> dict[str, Any]:
    of = row.obligation
    open_ = row.state == ObligationDue.State.OPEN
    return {
        "id": row.pk,
        "obligation": of.pk,
        "kind": of.kind,
        "title": of.title,
        "text": of.text,
        "source": of.source,
        "party": of.party,
        "post": {"id": of.post_id, "name": of.post.title},
        "organisation": named(of.post.organisation),
        "due_on": row.due_on,
        "state": row.state,
        "overdue": open_ and row.due_on < timezone.localdate(),
        "done_at": row.done_at,
        "done_by": masked_name(row.done_by, actor),
        "note": row.note,
        "why_not": DUE_STATES.why_not(row.state, "do", actor, row),
    }


@router.get("/obligations", response=Page[ObligationOut])
def list_obligations(request: HttpRequest, query: Query[ObligationQuery]) -> Any:
    """What posts must do again and again, each with its source."""
    actor = asker(request)
    actor.require("responsibility.read")
    found = lists.obligations(actor)
    if not query.ended:
        found = found.filter(ended_at=None)
    if query.post is not None:
        found = found.filter(post_id=query.post)
    if query.q:
        found = found.filter(Q(title__icontains=query.q) | Q(post__title__icontains=query.q))
    return paginate(found, query, _obligation, sorts={"title": ["title"], "id": ["id"]}, default="id")


@router.post("/obligations", response={201: ObligationOut})
def create_obligation(request: HttpRequest, new: ObligationIn) -> Any:
    """An item of a post's 责任清单, or the 责任书 it signs; its first date opens the first duty."""
    actor = asker(request)
    made = services.create_obligation(
        actor,
        selectors.get_post(new.post),
        new.kind,
        new.title,
        new.source,
        new.every,
        new.first_due,
        text=new.text,
        party=new.party,
        lead_days=new.lead_days,
    )
    return 201, _obligation(lists.get_obligation(actor, made.pk))


@router.post("/obligations/{id}/end", response=ObligationOut)
def end_obligation(request: HttpRequest, id: int, ended: Reason) -> Any:
    """No more of it; what is open already stays open."""
    actor = asker(request)
    services.end_obligation(actor, lists.get_obligation(actor, id), ended.reason)
    return _obligation(lists.get_obligation(actor, id))


@router.get("/obligations/dues", response=Page[DueOut])
def list_dues(request: HttpRequest, query: Query[DueQuery]) -> Any:
    """What has fallen due: open, done, overdue."""
    actor = asker(request)
    actor.require("responsibility.read")
    found = lists.dues(actor)
    if query.state:
        found = found.filter(state=query.state)
    if query.kind:
        found = found.filter(obligation__kind=query.kind)
    if query.post is not None:
        found = found.filter(obligation__post_id=query.post)
    if query.q:
        found = found.filter(Q(obligation__title__icontains=query.q) | Q(obligation__post__title__icontains=query.q))
    sorts = {"due": ["due_on"], "state": ["-state", "due_on"], "id": ["id"]}
    return paginate(found, query, lambda row: _due(row, actor), sorts=sorts, default="state")


@router.get("/obligations/dues/{id}", response=DueOut)
def get_due(request: HttpRequest, id: int) -> Any:
    """One thing that has fallen due."""
    actor = asker(request)
    actor.require("responsibility.read")
    return _due(lists.get_due(actor, id), actor)


@router.post("/obligations/dues/{id}/do", response=DueOut)
def do_obligation(request: HttpRequest, id: int, done: Note) -> Any:
    """Sign it, or note it as done; by whoever fills the post."""
    actor = asker(request)
    services.do_obligation(actor, lists.get_due(actor, id), done.note)
    return _due(lists.get_due(actor, id), actor)


@router.post("/obligations/dues/{id}/cancel", response=DueOut)
def cancel_due(request: HttpRequest, id: int, cancelled: Reason) -> Any:
    """Not to be done this time, with a reason."""
    actor = asker(request)
    services.cancel_due(actor, lists.get_due(actor, id), cancelled.reason)
    return _due(lists.get_due(actor, id), actor)
