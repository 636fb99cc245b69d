"""Posts and who holds them; persons, with what is personal masked; leave and deputies."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Schema
from pydantic import AwareDatetime

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.api import ListQuery, Page, Router, asker, paginate
from shoutu.county.people import selectors, services
from shoutu.county.people.masking import masked_name, masked_phone
from shoutu.county.people.models import Holding, Leave, Person, Post
from shoutu.county.people.schemas import Named, ResponsibilityOut, named, responsibility_out
from shoutu.county.people.selectors import Filled, lists
from shoutu.county.places.selectors import get_organisation

router = Router()


class PostRow(Schema):
    """`state`: held, acting (a deputy answers), away (on leave, nobody else there) or nobody.

    `rung`: the highest rung the post answers on now; null: on none.
    """

    id: int
    title: str
    organisation: Named
    on_shift: bool
    is_active: bool
    rung: int | None
    state: Literal["held", "acting", "away", "nobody"]
    person: Named | None
    stands_for: str | None


class HoldingOut(Schema):
    id: int
    person: Named
    rank: int
    valid_from: datetime
    valid_to: datetime | None
    backdated: bool


class PostDetail(PostRow):
    holdings: list[HoldingOut]
    responsibilities: list[ResponsibilityOut]


class PostIn(Schema):
    organisation: int
    title: str = Field(min_length=1, max_length=80)
    kind: str = Field("", max_length=40)
    on_shift: bool = False


class PostChange(Schema):
    title: str | None = Field(None, min_length=1, max_length=80)
    on_shift: bool | None = None


class HoldingIn(Schema):
    person: int
    rank: int = Field(0, ge=0, le=99)
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


class Ending(Schema):
    at: AwareDatetime | None = None


class PersonRow(Schema):
    """The telephone number is masked; `GET /persons/{id}/phone` shows it and keeps the look on record."""

    id: int
    name: str
    phone: str
    email: str
    organisation: Named | None
    is_active: bool
    account: str | None
    posts: list[str]
    leave_until: datetime | None


class PersonIn(Schema):
    name: str = Field(min_length=1, max_length=60)
    phone: str = Field("", max_length=30)
    email: str = Field("", max_length=120)
    organisation: int | None = None


class PersonChange(Schema):
    name: str | None = Field(None, min_length=1, max_length=60)
    phone: str | None = Field(None, max_length=30)
    email: str | None = Field(None, max_length=120)
    organisation: int | None = None


class PostQuery(ListQuery):
    organisation: int | None = None
    on_shift: bool | None = None
    closed: bool = Field(False, description="abolished ones too")


class PersonQuery(ListQuery):
    organisation: int | None = None
    for_post: int | None = Field(None, description="who may sit on it; those of its own organisation first")
    closed: bool = Field(False, description="those struck off too")


class LeaveOut(Schema):
    id: int
    person: Named
    deputy: Named | None
    post: Named | None
    reason: str
    valid_from: datetime
    valid_to: datetime


class LeaveIn(Schema):
    person: int
    reason: str
    until: AwareDatetime
    since: AwareDatetime | None = None
    deputy: int | None = None
    post: int | None = None


class LeaveQuery(ListQuery):
    person: int | None = None
    past: bool = Field(False, description="those that are over too")


def _post(row: Post, one: Filled | None, actor: Actor) -> dict[str, Any]:
    state = "nobody" if one is None else "acting" if one.stands_for else "away" if one.away else "held"
    return {
        "id": row.pk,
        "title": row.title,
        "organisation": named(row.organisation),
        "on_shift": row.on_shift,
        "is_active": row.is_active,
        "rung": row.rung or None,  # type: ignore[attr-defined]  # annotated
        "state": state,
        "person": {"id": one.person.pk, "name": masked_name(one.person, actor)} if one else None,
        "stands_for": masked_name(one.stands_for, actor) if one else None,
    }


def _detail(actor: Actor, id: int) -> dict[str, Any]:
    now = timezone.now()
    row = lists.with_rung(selectors.get_posts(), now).get(pk=id)
    return {
        **_post(row, selectors.filled([row.pk], now).get(row.pk), actor),
        "holdings": [_holding(seat, actor) for seat in lists.holdings_of(row)],
        "responsibilities": [responsibility_out(one, now) for one in lists.responsibilities(actor).filter(post=row)],
    }


def _holding(seat: Holding, actor: Actor) -> dict[str, Any]:
    return {
        "id": seat.pk,
        "person": {"id": seat.person_id, "name": masked_name(seat.person, actor)},
        "rank": seat.rank,
        "valid_from": seat.valid_from,
        "valid_to": seat.valid_to,
        "backdated": lists.backdated(seat),
    }


@router.get("/posts", response=Page[PostRow])
def list_posts(request: HttpRequest, query: Query[PostQuery]) -> Any:
    """Posts of the organisations I see, and who answers on each now."""
    actor = asker(request)
    actor.require("person.read")
    found = lists.posts(actor, query.q, query.organisation, query.on_shift, closed=query.closed)
    now = timezone.now()
    page = paginate(
        lists.with_rung(found, now),
        query,
        sorts={"organisation": ["organisation__name"], "title": ["title"], "rung": ["rung"]},
        default="organisation",
    )
    held = selectors.filled([row.pk for row in page["items"]], now)
    return {**page, "items": [_post(row, held.get(row.pk), actor) for row in page["items"]]}


@router.post("/posts", response={201: PostDetail})
def create_post(request: HttpRequest, post: PostIn) -> Any:
    """Set up a post."""
    actor = asker(request)
    body = get_organisation(actor, post.organisation)
    made = services.create_post(actor, body, post.title, kind=post.kind, on_shift=post.on_shift)
    return 201, _detail(actor, made.pk)


@router.get("/posts/{id}", response=PostDetail)
def get_post(request: HttpRequest, id: int) -> Any:
    """A post: who held it and when, what it answers for and answered for."""
    actor = asker(request)
    actor.require("person.read")
    return _detail(actor, lists.get_post(actor, id).pk)


@router.patch("/posts/{id}", response=PostDetail)
def change_post(request: HttpRequest, id: int, change: PostChange) -> Any:
    """Rename a post, or put it on shift or off."""
    actor = asker(request)
    services.change_post(actor, lists.get_post(actor, id), title=change.title, on_shift=change.on_shift)
    return _detail(actor, id)


@router.post("/posts/{id}/deactivate", response=PostDetail)
def close_post(request: HttpRequest, id: int) -> Any:
    """Abolish a post; 409 while it is held or answers for something."""
    actor = asker(request)
    services.set_post_active(actor, lists.get_post(actor, id), False)
    return _detail(actor, id)


@router.post("/posts/{id}/activate", response=PostDetail)
def open_post(request: HttpRequest, id: int) -> Any:
    """Set an abolished post up again."""
    actor = asker(request)
    services.set_post_active(actor, lists.get_post(actor, id), True)
    return _detail(actor, id)


@router.post("/posts/{id}/holdings", response={201: PostDetail})
def hold_post(request: HttpRequest, id: int, holding: HoldingIn) -> Any:
    """Seat a person on a post."""
    actor = asker(request)
    services.hold_post(
        actor,
        lists.get_post(actor, id),
        selectors.get_person(actor, holding.person),
        rank=holding.rank,
        since=holding.since,
        until=holding.until,
    )
    return 201, _detail(actor, id)


@router.post("/holdings/{id}/end", response=PostDetail)
def leave_post(request: HttpRequest, id: int, ending: Ending) -> Any:
    """End a holding, now or later; what was before stays as it was."""
    actor = asker(request)
    ended = services.leave_post(actor, lists.get_holding(actor, id), ending.at)
    return _detail(actor, ended.post_id)


def _person(row: Person, actor: Actor, posts: list[str], leave: datetime | None) -> dict[str, Any]:
    user = getattr(row, "user", None)
    own = row.pk == actor.person_id
    return {
        "id": row.pk,
        "name": masked_name(row, actor),
        "phone": row.phone if own else masked_phone(row.phone),
        "email": row.email if own or actor.may("user.manage") else "***" if row.email else "",
        "organisation": named(row.organisation) if row.organisation else None,
        "is_active": row.is_active,
        "account": user.username if user and user.is_active and actor.may("user.manage") else None,
        "posts": posts,
        "leave_until": leave,
    }


def _persons(rows: list[Person], actor: Actor) -> list[dict[str, Any]]:
    now = timezone.now()
    ids = [row.pk for row in rows]
    posts, leaves = lists.posts_by_person(ids, now), lists.leave_by_person(ids, now)
    return [_person(row, actor, posts.get(row.pk, []), leaves.get(row.pk)) for row in rows]


@router.get("/persons", response=Page[PersonRow])
def list_persons(request: HttpRequest, query: Query[PersonQuery]) -> Any:
    """Persons of the organisations I see; names by role, telephone numbers always masked."""
    actor = asker(request)
    actor.require("person.read")
    found = lists.persons(actor, query.q, query.organisation, closed=query.closed, for_post=query.for_post)
    # The order, and a cursor made by hand, would tell a masked name letter by letter.
    name = ["name"] if actor.may("person.read_phone") else ["id"]
    sorts, default = {"name": name, "id": ["id"]}, "name"
    if query.for_post is not None:
        sorts, default = {**sorts, "fit": ["-own", *name]}, "fit"
    page = paginate(found, query, sorts=sorts, default=default)
    return {**page, "items": _persons(page["items"], actor)}


@router.post("/persons", response={201: PersonRow})
def create_person(request: HttpRequest, person: PersonIn) -> Any:
    """Register a person."""
    actor = asker(request)
    made = services.create_person(
        actor,
        person.name,
        phone=person.phone,
        email=person.email,
        organisation=get_organisation(actor, person.organisation) if person.organisation else None,
    )
    return 201, _persons([selectors.get_person(actor, made.pk)], actor)[0]


@router.patch("/persons/{id}", response=PersonRow)
def change_person(request: HttpRequest, id: int, change: PersonChange) -> Any:
    """Change a person's name, number, address or organisation; the ledger keeps salted digests only."""
    actor = asker(request)
    services.change_person(
        actor,
        selectors.get_person(actor, id),
        name=change.name,
        phone=change.phone,
        email=change.email,
        organisation=get_organisation(actor, change.organisation) if change.organisation else None,
    )
    return _persons([selectors.get_person(actor, id)], actor)[0]


@router.post("/persons/{id}/deactivate", response=PersonRow)
def strike_person_off(request: HttpRequest, id: int) -> Any:
    """Strike a person off with the account; 409 while posts or shifts are theirs."""
    actor = asker(request)
    services.set_person_active(actor, selectors.get_person(actor, id), False)
    return _persons([selectors.get_person(actor, id)], actor)[0]


@router.post("/persons/{id}/activate", response=PersonRow)
def take_person_back(request: HttpRequest, id: int) -> Any:
    """Take a person back."""
    actor = asker(request)
    services.set_person_active(actor, selectors.get_person(actor, id), True)
    return _persons([selectors.get_person(actor, id)], actor)[0]


def _leave(row: Leave, actor: Actor) -> dict[str, Any]:
    deputy = {"id": row.deputy_id, "name": masked_name(row.deputy, actor)} if row.deputy else None
    return {
        "id": row.pk,
        "person": {"id": row.person_id, "name": masked_name(row.person, actor)},
        "deputy": deputy,
        "post": {"id": row.post_id, "name": str(row.post)} if row.post else None,
        # Why somebody is away, illness above all, is theirs and of those who keep the leave.
        "reason": row.reason if row.person_id == actor.person_id or actor.may("leave.edit") else "",
        "valid_from": row.valid_from,
        "valid_to": row.valid_to,
    }


@router.get("/leaves", response=Page[LeaveOut])
def list_leaves(request: HttpRequest, query: Query[LeaveQuery]) -> Any:
    """Who is away or will be, and who answers meanwhile."""
    actor = asker(request)
    actor.require("person.read")
    found = lists.leaves(actor, past=query.past, q=query.q, person=query.person)
    return paginate(found, query, lambda row: _leave(row, actor), sorts={"from": ["valid_from"]}, default="from")


@router.post("/leaves", response={201: LeaveOut})
def start_leave(request: HttpRequest, leave: LeaveIn) -> Any:
    """I am away, or (with the right to it) somebody is; from then on calls reach the deputy."""
    actor = asker(request)
    made = services.start_leave(
        actor,
        selectors.get_person(actor, leave.person),
        leave.reason,
        leave.until,
        since=leave.since,
        deputy=selectors.get_person(actor, leave.deputy) if leave.deputy else None,
        post=selectors.get_post(leave.post) if leave.post else None,
    )
    return 201, _leave(lists.get_leave(actor, made.pk), actor)


@router.post("/leaves/{id}/end", response=LeaveOut)
def end_leave(request: HttpRequest, id: int, ending: Ending) -> Any:
    """Back earlier than planned."""
    actor = asker(request)
    services.end_leave(actor, lists.get_leave(actor, id), ending.at)
    return _leave(lists.get_leave(actor, id), actor)
