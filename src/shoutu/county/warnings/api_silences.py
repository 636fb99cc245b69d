"""静默、维护、标校 over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Query, Schema
from pydantic import AwareDatetime, ConfigDict, Field

from shoutu.county.kit.api import ListQuery, Page, Router, asker, paginate
from shoutu.county.warnings import selectors_silences as selectors
from shoutu.county.warnings import services
from shoutu.county.warnings.models import Silence

router = Router()
Kind = Literal["silence", "maintenance", "calibration"]


class SilenceOut(Schema):
    """`alone`: by one person, half an hour at most. `held`: warnings whose calls it held back. `broken`: reds that
    went through it. `mutes`: its point raises nothing new; `withheld`: how often it would have."""

    id: int
    kind: Kind
    state: Literal["planned", "running", "ended", "revoked"]
    where: str
    site: int
    point: int | None
    warning: int | None
    reason: str
    alone: bool
    starts_at: datetime
    ends_at: datetime
    ended_at: datetime | None
    asked_by: str
    agreed_by: str
    ended_by: str
    held: int
    broken: int
    mutes: bool
    withheld: int
    may_revoke: bool


class SilenceHeldOut(Schema):
    """`outcome`: "" while held, then called, broken (by red), fallen (only verified), over (closed), other."""

    id: int
    number: str
    title: str
    level: int
    at: datetime
    outcome: Literal["", "called", "broken", "fallen", "over", "other"]
    released_at: datetime | None


class SilenceToldOut(Schema):
    """Who was told that it began or ended, and how far the message got."""

    what: Literal["begun", "ended"]
    post: str
    step: str
    at: datetime
    failed: bool


class SilenceDetail(SilenceOut):
    held_back: list[SilenceHeldOut]
    told: list[SilenceToldOut]


class SilenceIn(Schema):
    """One of `site`, `point`, `warning`. `starts_at` null: at once. `alone`: by oneself, 30 minutes at most."""

    model_config = ConfigDict(extra="forbid")
    kind: Kind
    site: int | None = Field(None, ge=1)
    point: int | None = Field(None, ge=1)
    warning: int | None = Field(None, ge=1)
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime
    reason: str = Field(min_length=1, max_length=400)
    alone: bool = False


class SilenceAsked(Schema):
    """The silence, ordered at once; or the proposal that waits for a second person."""

    silence: SilenceOut | None
    proposal: int | None


class SilenceRevokeIn(Schema):
    model_config = ConfigDict(extra="forbid")
    reason: str = Field("", max_length=400)


class SilenceQuery(ListQuery):
    state: str = "open"
    site: int | None = Field(None, ge=1)
    point: int | None = Field(None, ge=1)


@router.get("/silences", response=Page[SilenceOut])
def list_silences(request: HttpRequest, query: Query[SilenceQuery]) -> Any:
    """Silences and windows I may see; `state` open (running and planned), running, planned, over or all."""
    actor = asker(request)
    actor.require("silence.read")
    rows = selectors.silences_for(actor, state=query.state, site=query.site, point=query.point, q=query.q)
    default = "ends_at" if query.state in ("open", "running", "planned") else "-id"
    return paginate(rows, query, lambda one: selectors.row(one, actor), sorts=selectors.SORTS, default=default)


@router.get("/silences/{id}", response=SilenceDetail)
def get_silence(request: HttpRequest, id: int) -> Any:
    """One silence with what it held back and who was told."""
    actor = asker(request)
    actor.require("silence.read")
    return selectors.detail(selectors.get_silence(actor, id), actor)


@router.post("/silences", response=SilenceAsked)
def ask_silence(request: HttpRequest, body: SilenceIn) -> Any:
    """Ask for a silence (two persons), or order one alone for half an hour."""
    actor = asker(request)
    done = services.ask_silence(actor, **body.dict())
    if isinstance(done, Silence):
        return {"silence": selectors.row(selectors.get_silence(actor, done.pk), actor), "proposal": None}
    return {"silence": None, "proposal": done.pk}


@router.post("/silences/{id}/revoke", response=SilenceDetail)
def revoke_silence(request: HttpRequest, id: int, body: SilenceRevokeIn) -> Any:
    """解除: end it before its time; what it held back is called at once."""
    actor = asker(request)
    services.revoke_silence(actor, id, body.reason)
    return selectors.detail(selectors.get_silence(actor, id), actor)
