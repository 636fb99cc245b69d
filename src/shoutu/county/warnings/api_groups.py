"""Events of one cause over HTTP: merged by hand, or storms."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Schema
from pydantic import ConfigDict, Field

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.api import Page, Router, asker
from shoutu.county.warnings import selectors_groups as selectors
from shoutu.county.warnings import services

router = Router()


class GroupMember(Schema):
    """A warning in an event."""

    id: int
    number: str
    title: str
    site: str
    level: int
    current_level: int
    state: str


class WarningGroup(Schema):
    """One event: how many, how many open ones of each level, how many red, how many calls wait for me.

    Of the members I see the first hundred, those that go on and the worst first. A storm is still told of for half an
    hour after it has ended.
    """

    id: int
    kind: Literal["merged", "storm"]
    title: str
    reason: str
    lead: int
    level: int
    count: int
    levels: dict[int, int]
    red: int
    begun_at: datetime
    last_at: datetime
    ended_at: datetime | None
    waiting_for_me: int
    members: list[GroupMember]


class MergeIn(Schema):
    """`followers`: other open warnings of the same site."""

    model_config = ConfigDict(extra="forbid")
    followers: list[int] = Field(min_length=1, max_length=100)
    reason: str = Field(min_length=1, max_length=400)


class SplitIn(Schema):
    model_config = ConfigDict(extra="forbid")
    reason: str = Field(min_length=1, max_length=400)


class GroupNoteIn(Schema):
    model_config = ConfigDict(extra="forbid")
    note: str = Field("", max_length=400)


class AnsweredAll(Schema):
    """How many duties this one answer answered; `left` wait still, when the time was up: answer again to go on."""

    answered: int
    left: int


def _all(actor: Actor) -> dict[str, Any]:
    rows, count = selectors.groups_for(actor)
    return {"items": rows, "next": None, "count": count}


@router.get("/warning-groups", response=Page[WarningGroup])
def list_groups(request: HttpRequest) -> Any:
    """The events that go on, the worst 50; `count` is how many there are."""
    actor = asker(request)
    actor.require("warning.read")
    return _all(actor)


@router.post("/warnings/{id}/merge", response=Page[WarningGroup])
def merge(request: HttpRequest, id: int, body: MergeIn) -> Any:
    """并案: this warning leads, the others of its site follow; clocks, calls and ledger stay each one's own."""
    actor = asker(request)
    services.merge(actor, id, body.followers, body.reason)
    return _all(actor)


@router.post("/warnings/{id}/split", response=Page[WarningGroup])
def split(request: HttpRequest, id: int, body: SplitIn) -> Any:
    """拆开: take this warning out of its event."""
    actor = asker(request)
    services.split(actor, id, body.reason)
    return _all(actor)


@router.post("/warning-groups/{id}/answer", response=AnsweredAll)
def answer_all(request: HttpRequest, id: int, body: GroupNoteIn) -> Any:
    """一次应答: answer every call made to me for this event, for five seconds at most; `left`: go on with."""
    actor = asker(request)
    return services.answer_all(actor, id, body.note)._asdict()
