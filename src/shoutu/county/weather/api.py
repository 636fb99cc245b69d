"""Weather over HTTP: the list, one spell, entering by hand, by webhook and as CAP, and what is done about it."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Query, Status

from shoutu.county.duties.policy import LEVELS
from shoutu.county.duties.schemas import TimelineRow
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.api import ListQuery, Page, Router, asker, paginate
from shoutu.county.kit.errors import Invalid, KeyReused
from shoutu.county.weather import cap, drafts, policies, schemas, selectors, services
from shoutu.county.weather.models import Door, Message, Standing
from shoutu.county.weather.services.receiving import key_of

router = Router()


class WeatherQuery(ListQuery):
    state: str = "active"


class MessageQuery(ListQuery):
    standing: str = ""


@router.get("/weather", response=Page[schemas.Weather])
def list_weather(request: HttpRequest, query: Query[WeatherQuery]) -> Any:
    """Spells of weather, the worst first; `state` active, ended or all. With how many townships have answered."""
    actor = asker(request)
    actor.require("weather.read")
    rows = selectors.weather_for(actor, query.state, query.q)
    page = paginate(rows, query, sorts=selectors.SORTS, default="urgency" if query.state == "active" else "-id")
    told = selectors.figures(actor, [event.pk for event in page["items"]])
    return {**page, "items": [selectors.row(event, told[event.pk]) for event in page["items"]]}


@router.get("/weather/form", response=schemas.WeatherForm)
def get_form(request: HttpRequest) -> Any:
    """The types and townships the form of entry offers."""
    actor = asker(request)
    actor.require("weather.read")
    policy = policies.in_force()
    return {
        "types": [{"id": one.id, "title": one.title} for one in policy.types],
        "townships": [{"id": place.pk, "name": place.name} for place in selectors.townships()],
        "verified": policy.verified,
    }


@router.get("/weather/messages", response=Page[schemas.WeatherMessage])
def list_messages(request: HttpRequest, query: Query[MessageQuery]) -> Any:
    """Every message as it came, newest first; `standing` such as refused or noted."""
    actor = asker(request)
    actor.require("weather.read")
    names = {place.pk: place.name for place in selectors.townships()}
    rows = selectors.messages_for(actor, query.standing)
    if query.q:
        rows = rows.filter(Q(headline__icontains=query.q) | Q(sender__icontains=query.q))
    return paginate(rows, query, lambda one: selectors.message_row(one, names), sorts={"id": ["id"]}, default="-id")


def _detail(actor: Actor, id: int) -> dict[str, Any]:
    return selectors.detail(actor, selectors.get_weather(actor, id))


@router.get("/weather/{id}/timeline", response=Page[TimelineRow])
def get_timeline(request: HttpRequest, id: int) -> Any:
    """What was recorded about it and its calls, newest first."""
    actor = asker(request)
    actor.require("weather.read")
    rows = selectors.timeline(actor, id)
    return {"items": rows, "next": None, "count": len(rows)}


@router.get("/sites/{id}/weather", response=Page[schemas.Weather])
def list_site_weather(request: HttpRequest, id: int, query: Query[ListQuery]) -> Any:
    """The weather warnings that stand over a site's township now."""
    actor = asker(request)
    actor.require("weather.read")
    page = paginate(selectors.of_site(actor, id), query, sorts=selectors.SORTS, default="urgency")
    told = selectors.figures(actor, [event.pk for event in page["items"]])
    return {**page, "items": [selectors.row(event, told[event.pk]) for event in page["items"]]}


@router.post("/weather", response={201: schemas.WeatherDetail})
def post_weather(request: HttpRequest, body: schemas.WeatherIn) -> Any:
    """Enter a warning of the weather service by hand. Of a spell that stands already it becomes part."""
    actor = asker(request)
    actor.require("weather.enter")
    known = {place.pk for place in selectors.townships()}
    if set(body.townships) - known:
        raise Invalid("townships", _("本县乡镇的编号，至少一个"))
    event = selectors.get_weather(actor, body.updates) if body.updates else None
    refers = [one.pk for one in event.messages.filter(standing=Standing.STANDING)] if event else []
    draft = services.Draft(
        key=key_of("hand", str(actor.user_id), body.key or secrets.token_hex(8)),
        door=Door.HAND, kind="update" if event else "alert", refers=refers, type=body.type,
        level=LEVELS[body.colour], headline=body.headline, text=body.text, townships=body.townships,
        starts_at=body.starts_at, ends_at=body.ends_at,
    )  # fmt: skip
    message = services.take(actor, draft)
    return Status(201, _detail(actor, message.event_id or 0))


@router.post("/weather/webhook", response={201: schemas.WeatherTaken})
def post_webhook(request: HttpRequest, body: schemas.WeatherWebhookIn) -> Any:
    """A warning from another system, with an API token. Idempotent by sender and id."""
    actor = asker(request)
    actor.require("weather.enter")
    draft = drafts.of_webhook(body, request.body.decode("utf-8", "replace"), selectors.gazetteer(), policies.in_force())
    return Status(201, _taken(_all(actor, draft.door, draft.raw, [draft])))


@router.post(
    "/weather/cap",
    response={201: schemas.WeatherTaken},
    openapi_extra={"requestBody": {"required": True, "content": {"application/xml": {"schema": {"type": "string"}}}}},
)
def post_cap(request: HttpRequest) -> Any:
    """A CAP 1.2 alert as the body, with an API token. Idempotent; what cannot be read is kept and shown as 未收."""
    return Status(201, _taken(_cap(asker(request), Door.CAP, request.body)))


@router.post("/weather/paste", response={201: schemas.WeatherTaken})
def post_paste(request: HttpRequest, body: schemas.WeatherPasteIn) -> Any:
    """A CAP 1.2 alert pasted by a person. What lifts or lowers a warning waits for a second person."""
    return Status(201, _taken(_cap(asker(request), Door.PASTE, body.xml.strip().encode())))


def _cap(actor: Actor, door: str, data: bytes) -> list[Message]:
    actor.require("weather.enter")
    raw = data[: cap.MAX_BYTES].decode("utf-8", "replace")
    try:
        # Pasted text is unicode already, whatever encoding its head declares.
        alert = cap.parse(data if door == Door.CAP else cap.redeclared(data))
    except cap.CapError as error:
        services.note_refused(actor, door, raw, str(error))
        raise Invalid(error.field, error.expected) from error
    return _all(actor, door, raw, drafts.of_cap(alert, door, raw, selectors.gazetteer()))


def _all(actor: Actor, door: str, raw: str, found: Iterable[services.Draft]) -> list[Message]:
    """Take each in. Another message under an identifier that came before is shown as 未收, never dropped.

    Those beside it are taken all the same: one part changed must not keep another township from being called.
    """
    taken, refused = [], None
    for draft in found:
        try:
            taken.append(services.take(actor, draft))
        except KeyReused as error:
            refused = refused or error
    if refused is not None:
        services.note_refused(actor, door, raw, refused.detail)
        raise refused
    return taken


def _taken(messages: list[Message]) -> dict[str, Any]:
    names = {place.pk: place.name for place in selectors.townships()}
    return {"messages": [selectors.message_row(message, names) for message in messages]}


@router.get("/weather/{id}", response=schemas.WeatherDetail)
def get_weather(request: HttpRequest, id: int) -> Any:
    """One spell with townships, messages, who was called and who answered."""
    actor = asker(request)
    actor.require("weather.read")
    return _detail(actor, id)


@router.post("/weather/{id}/recall", response=schemas.WeatherDetail)
def recall(request: HttpRequest, id: int) -> Any:
    """追叫: call again everybody who has not answered."""
    actor = asker(request)
    services.recall(actor, selectors.get_weather(actor, id))
    return _detail(actor, id)


@router.post("/weather/{id}/lift", response=schemas.WeatherDetail)
def lift(request: HttpRequest, id: int, body: schemas.WeatherLiftIn) -> Any:
    """解除: the weather service has lifted it. Holds once a second person agrees."""
    actor = asker(request)
    services.lift(actor, selectors.get_weather(actor, id), body.reason)
    return _detail(actor, id)


@router.post("/weather/messages/{id}/place", response=schemas.WeatherDetail)
def place(request: HttpRequest, id: int, body: schemas.WeatherPlaceIn) -> Any:
    """定区域: say which townships a message means besides those matched."""
    actor = asker(request)
    message = services.place(actor, id, body.townships)
    return _detail(actor, message.event_id or 0)
