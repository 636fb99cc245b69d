"""Channels over HTTP: administration, test calls, what operators call back, and answering by link without login."""

from __future__ import annotations

import json
from typing import Any, Literal

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Query
from pydantic import Field

from shoutu.county.duties import schemas_channels as schemas
from shoutu.county.duties import services
from shoutu.county.duties.channels.operator import read_item
from shoutu.county.duties.models import Notice
from shoutu.county.duties.selectors import channels as selectors
from shoutu.county.duties.services.answering import look_up
from shoutu.county.duties.services.contacts import channel_by_token
from shoutu.county.duties.services.links import genuine
from shoutu.county.kit import guessing
from shoutu.county.kit.api import ListQuery, Page, Router, asker, paginate
from shoutu.county.kit.errors import Invalid, NotFound, NotSignedIn

router = Router()
ITEMS = 1000


@router.get("/channels", response=list[schemas.Channel])
def list_channels(request: HttpRequest) -> Any:
    """Every channel with its state, last success, failures and queue."""
    return selectors.channel_rows(asker(request))


@router.get("/channels/kinds", response=list[schemas.ChannelKind])
def list_channel_kinds(request: HttpRequest) -> Any:
    """The kinds of channels there are and what each asks for."""
    asker(request).require("channel.read")
    return selectors.channel_kinds()


@router.post("/channels", response=schemas.Channel)
def add_channel(request: HttpRequest, body: schemas.ChannelIn) -> Any:
    """Add a channel. Its address must be on the allow-list."""
    made = services.add_channel(
        asker(request), body.title, body.kind, body.settings, per_minute=body.per_minute, enabled=body.enabled
    )
    return selectors.channel_row(made)


@router.patch("/channels/{int:id}", response=schemas.Channel)
def change_channel(request: HttpRequest, id: int, body: schemas.ChannelChange) -> Any:
    """Change a channel; what is not given stays."""
    actor = asker(request)
    actor.require("channel.manage")
    selectors.get_channel(actor, id)
    services.change_channel(actor, id, settings=body.settings, per_minute=body.per_minute, enabled=body.enabled)
    return next(row for row in selectors.channel_rows(actor) if row["id"] == id)


@router.post("/channels/{int:id}/token", response=schemas.CallbackToken)
def new_callback_token(request: HttpRequest, id: int) -> Any:
    """A new token for the operator's callbacks. Shown once; the old one ends."""
    actor = asker(request)
    actor.require("channel.manage")
    selectors.get_channel(actor, id)
    token = services.new_callback_token(actor, id)
    return {"token": token, "path": f"/api/v1/channels/{id}/callback?token={token}"}


@router.post("/channels/endpoints", response={204: None})
def allow_endpoint(request: HttpRequest, body: schemas.EndpointIn) -> Any:
    """Allow messages to leave for an address."""
    services.allow_endpoint(asker(request), body.scheme, body.host)
    return 204, None


class ContactQuery(ListQuery):
    channel: int | None = Field(None, ge=1)
    state: str = Field("", max_length=20)


@router.get("/contacts", response=Page[schemas.Contact])
def list_contacts(request: HttpRequest, query: Query[ContactQuery]) -> Any:
    """Who is reached by which channel, with the newest test call. `state=silent`: who did not answer it."""
    actor = asker(request)
    rows = selectors.contacts_for(actor, query.channel, query.state)
    if query.q:
        rows = selectors.searched(rows, query.q, actor)
    return paginate(rows, query, lambda row: selectors.contact_row(row, actor), sorts={"id": ["id"]}, default="id")


class NumberQuery(ListQuery):
    state: Literal["", "none", "silent", "never", "reached"] = ""


@router.get("/numbers", response=schemas.NumberPage)
def list_numbers(request: HttpRequest, query: Query[NumberQuery]) -> Any:
    """号码核对: everybody who may be called; first those not known to answer, the most urgent of them."""
    return selectors.number_page(asker(request), query)


@router.post("/numbers/test", response=schemas.NumberTested)
def test_numbers(request: HttpRequest, body: schemas.NumberTest) -> Any:
    """试叫 one person by all their contacts, or everybody never tried. 422 at night without a reason."""
    actor = asker(request)
    actor.require("channel.manage")
    person = selectors.get_person(body.person) if body.person is not None else None
    return {"persons": services.try_numbers(actor, person, body.reason)}


@router.post("/contacts", response=schemas.Contact)
def set_contact(request: HttpRequest, body: schemas.ContactIn) -> Any:
    """Set a person's contact of this title."""
    actor = asker(request)
    actor.require("policy.edit")
    channel = selectors.get_channel(actor, body.channel) if body.channel is not None else None
    person = selectors.get_person(body.person)
    made = services.set_contact(
        actor, person, body.title, body.url, channel=channel, address=body.address, enabled=body.enabled
    )
    return selectors.contact_row(made, actor)


@router.post("/contacts/{int:id}/test", response=schemas.Contact)
def test_contact(request: HttpRequest, id: int) -> Any:
    """试叫 one contact now."""
    actor = asker(request)
    actor.require("channel.manage")
    services.test_contact(actor, selectors.get_contact(actor, id))
    return selectors.contact_row(selectors.get_contact(actor, id), actor)


@router.post("/channels/{int:id}/callback", response=schemas.Taken, auth=None)
def callback(request: HttpRequest, id: int) -> Any:
    """What an operator tells: receipts, replies, keys pressed; one JSON object, a list of them, or a form.

    The channel's callback token goes into `Authorization: Bearer` or `?token=`. Repeating an item that carries an
    `event` or `time` changes nothing. Items that say nothing understood are kept and counted.
    """
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    try:
        channel = channel_by_token(id, bearer or request.GET.get("token", ""))
    except NotSignedIn:
        guessing.wrong(request, "callback")
        raise
    taken = unclear = 0
    for raw in _items(request):
        item = read_item(channel.settings, raw)
        if item is None:
            text = json.dumps(raw, ensure_ascii=False, default=str)
            services.take(channel, "unread", "", text)
            unclear += 1
            continue
        outcome = services.take(
            channel, item.what, item.sender, item.text, id=item.id, status=item.status, event=item.event
        )
        unclear += outcome in ("unclear", "unknown")
        taken += outcome not in ("unclear", "unknown")
    return {"taken": taken, "unclear": unclear}


def _items(request: HttpRequest) -> list[dict[str, Any]]:
    if request.content_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
        return [{name: request.POST.get(name, "") for name in request.POST}]
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        raise Invalid("body", _("完整的 JSON")) from None
    items = body if isinstance(body, list) else [body]
    if len(items) > ITEMS or not all(isinstance(item, dict) for item in items):
        raise Invalid("body", _("一个对象，或至多 %(limit)d 个对象的列表") % {"limit": ITEMS})
    return items


def _known(request: HttpRequest, token: str) -> Notice:
    """The notice of a link. Raises NotFound; TooMany after too many links that were never made here."""
    try:
        return look_up(token)
    except NotFound:
        if genuine(token) is None:
            guessing.wrong(request, "answer-link")
        raise


@router.post("/answer-links/{token}/open", response=schemas.AnswerLink, auth=None)
def open_link(request: HttpRequest, token: str) -> Any:
    """The page behind a link was opened and shown: counts as seen. 404 for a wrong or expired link."""
    _known(request, token)
    return selectors.link_view(services.opened(token))


@router.get("/answer-links/{token}", response=schemas.AnswerLink, auth=None)
def look_at_link(request: HttpRequest, token: str) -> Any:
    """The opened page looks again: how its call stands and whether anybody watches. Counts nothing."""
    return selectors.link_view(_known(request, token))


@router.post("/answer-links/{token}/answer", response=schemas.AnswerLink, auth=None)
def answer_link(request: HttpRequest, token: str) -> Any:
    """应答 by link, without login; this call and nothing else. 409 when it is over."""
    services.answer_by(_known(request, token), "answer")
    return selectors.link_view(look_up(token))


@router.post("/answer-links/{token}/decline", response=schemas.AnswerLink, auth=None)
def decline_link(request: HttpRequest, token: str) -> Any:
    """我不在岗 by link: the next one is called at once. 409 when it is over."""
    services.answer_by(_known(request, token), "decline")
    return selectors.link_view(look_up(token))
