"""搁置的信号 over HTTP: signals no warning could be made of, and trying them again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query, Schema

from shoutu.county.kit.api import ListQuery, Page, Router, asker, paginate
from shoutu.county.warnings import services
from shoutu.county.warnings.selectors import asides

router = Router()


class SignalPlace(Schema):
    id: int
    name: str


class AsideOut(Schema):
    """A signal set aside after `tries` tries. What it says may itself be wrong: null where it makes no sense."""

    id: int
    received_at: datetime
    event_at: datetime | None
    kind: str
    level: int | None
    value: float | None
    site: SignalPlace | None
    point: SignalPlace | None
    error: str
    tries: int


@router.get("/signals", response=Page[AsideOut])
def list_asides(request: HttpRequest, query: Query[ListQuery]) -> Any:
    """搁置的信号, the oldest first."""
    actor = asker(request)
    actor.require("signal.read")
    page = paginate(asides.set_aside(actor, query.q), query, sorts=asides.SORTS, default="id")
    page["items"] = asides.rows(page["items"])
    return page


@router.post("/signals/{id}/retry", response={204: None})
def retry_signal(request: HttpRequest, id: int) -> Any:
    """Take it in again; it finds its place among those since. 404 when it is not set aside (any more)."""
    services.retry(asker(request), id)
    return 204, None
