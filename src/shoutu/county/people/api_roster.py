"""Who is on duty now, and taking over or handing over the watch."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Schema
from pydantic import AwareDatetime

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.api import Router, asker
from shoutu.county.people import services
from shoutu.county.people.masking import masked_name
from shoutu.county.people.models import Person
from shoutu.county.people.roster import my_shift, roster
from shoutu.county.people.selectors import get_person, get_post

router = Router()


class ShiftWindow(Schema):
    start: datetime
    end: datetime


class RosterRow(Schema):
    post_id: int
    post: str
    organisation: str
    person: str | None
    state: str
    since: datetime | None


class RosterOut(Schema):
    """The roster of now; `state` is on_duty, not_signed or nobody."""

    shift: ShiftWindow
    items: list[RosterRow]


class ShiftIn(Schema):
    post: int
    person: int
    starts_at: AwareDatetime
    ends_at: AwareDatetime


class ShiftOut(Schema):
    id: int
    post_id: int
    person_id: int
    starts_at: datetime
    ends_at: datetime
    signed_in_at: datetime | None
    signed_out_at: datetime | None


def _on_duty(person: Person | None, actor: Actor) -> str | None:
    """Whoever keeps watch over the county is named to those who work with them, masked to others."""
    return person.name if person and actor.may("screen.read") else masked_name(person, actor)


@router.get("/roster/today", response=RosterOut)
def roster_today(request: HttpRequest) -> Any:
    """Who is on duty now, post by post; a post nobody fills is listed as such."""
    actor = asker(request)
    actor.require("roster.read")
    now = roster(actor, timezone.now())
    return {
        "shift": {"start": now.start, "end": now.end},
        "items": [
            {
                "post_id": row.post.pk,
                "post": row.post.title,
                "organisation": row.post.organisation.name,
                "person": _on_duty(row.person, actor),
                "state": row.state,
                "since": row.since,
            }
            for row in now.rows
        ],
    }


@router.post("/roster/shifts", response={201: ShiftOut})
def plan_shift(request: HttpRequest, shift: ShiftIn) -> Any:
    """Roster a person to a post on shift."""
    actor = asker(request)
    person = get_person(actor, shift.person)
    return 201, services.plan_shift(actor, get_post(shift.post), person, shift.starts_at, shift.ends_at)


@router.post("/roster/sign-in", response=ShiftOut)
def sign_in_to_shift(request: HttpRequest) -> Any:
    """Take over my shift: calls to its post reach me from now on. 409 when none is planned for me now."""
    actor = asker(request)
    actor.require("shift.sign_in")
    return services.sign_in(actor, my_shift(actor, timezone.now(), signed_in=False))


@router.post("/roster/sign-out", response=ShiftOut)
def sign_out_of_shift(request: HttpRequest) -> Any:
    """Hand my shift over."""
    actor = asker(request)
    actor.require("shift.sign_in")
    return services.sign_out(actor, my_shift(actor, timezone.now(), signed_in=True))
