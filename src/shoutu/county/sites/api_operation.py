"""What a site is doing over HTTP: 停产, 电子封条, 闭坑, 复工, blasting windows."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Schema
from pydantic import AwareDatetime, Field

from shoutu.county.kit.api import Router, asker
from shoutu.county.sites import operation, selectors
from shoutu.county.sites.services.operation import add_window, revoke_window, set_state

router = Router()
Doing = Literal["producing", "stopped", "sealed", "closed"]


class StateRow(Schema):
    """A state as it was recorded; `agreed_by` where two persons were needed."""

    id: int
    state: Doing
    from_at: datetime
    planned_end: datetime | None
    reason: str
    document: str
    set_by: str
    agreed_by: str
    recorded_at: datetime


class BlastingRow(Schema):
    """放炮时段 by the county's clock; `weekdays` 0 Monday … 6 Sunday."""

    id: int
    weekdays: list[int]
    start: str
    end: str
    first_day: date
    last_day: date
    reason: str
    document: str
    set_by: str
    agreed_by: str


class OperationWaiting(Schema):
    """What waits for a second person."""

    id: int
    title: str
    by: str


class SiteOperation(Schema):
    """What a site is doing. `overstayed`: its planned end has passed and nobody has ended it; `watched`: for power,
    movement and people.
    """

    state: Doing
    since: datetime | None
    planned_end: datetime | None
    overstayed: bool
    blasting_until: datetime | None
    history: list[StateRow]
    windows: list[BlastingRow]
    waiting: list[OperationWaiting]
    watched: bool
    may: bool


class SiteStateIn(Schema):
    """A change of state. A stop holds at once, going back waits for a second person."""

    state: Doing
    reason: str = Field(max_length=400)
    document: str = Field("", max_length=200)
    from_at: AwareDatetime | None = None
    planned_end: AwareDatetime | None = None


class BlastingIn(Schema):
    """A blasting window asked for."""

    weekdays: list[int] = Field(max_length=7)
    start: time
    end: time
    first_day: date
    last_day: date
    reason: str = Field(max_length=400)
    document: str = Field("", max_length=200)


@router.get("/sites/{id}/operation", response=SiteOperation)
def get_operation(request: HttpRequest, id: int) -> Any:
    """What the site is doing now, since when, by whom, and its blasting windows."""
    actor = asker(request)
    actor.require("site.read")
    return operation.overview(actor, selectors.get_site(actor, id))


@router.post("/sites/{id}/state", response=SiteOperation)
def post_state(request: HttpRequest, id: int, body: SiteStateIn) -> Any:
    """停产, 封条, 闭坑 at once; 复工 and 拆封 wait for a second person."""
    actor = asker(request)
    site = selectors.get_site(actor, id)
    told = {"document": body.document, "from_at": body.from_at, "planned_end": body.planned_end}
    set_state(actor, site, body.state, body.reason, **told)  # type: ignore[arg-type]
    return operation.overview(actor, site)


@router.post("/sites/{id}/blasting", response=SiteOperation)
def post_blasting(request: HttpRequest, id: int, body: BlastingIn) -> Any:
    """Ask for a blasting window; it holds once a second person agrees."""
    actor = asker(request)
    site = selectors.get_site(actor, id)
    add_window(
        actor, site, body.weekdays, body.start.replace(tzinfo=None), body.end.replace(tzinfo=None), body.first_day,
        body.last_day, body.reason, body.document,
    )  # fmt: skip
    return operation.overview(actor, site)


@router.post("/sites/{id}/blasting/{window}/revoke", response=SiteOperation)
def revoke(request: HttpRequest, id: int, window: int) -> Any:
    """End a blasting window at once."""
    actor = asker(request)
    site = selectors.get_site(actor, id)
    revoke_window(actor, site, window)
    return operation.overview(actor, site)
