"""嵌入页面 over HTTP: the outer platform's server asks for an address, the frame opens it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Schema

from shoutu.county.kit import guessing
from shoutu.county.kit.api import Router, asker
from shoutu.county.kit.errors import NotFound, NotSignedIn
from shoutu.county.people import embeds, selectors, services
from shoutu.county.people.api_me import Me, me
from shoutu.county.people.identity import hash_token

router = Router()


class EmbedIn(Schema):
    """Which page: `screen` the command screen, `map`, `warnings` the list of warnings, `site` one dossier.

    `site`: the dossier's, for that page alone. `hours`: how long the frame shows it (1 to 24). `tone` and `language`
    of the page; the command screen is dark always.
    """

    page: Literal["screen", "map", "warnings", "site"]
    site: int | None = None
    hours: int = Field(8, ge=1, le=24)
    tone: Literal["system", "light", "dark"] = "system"
    language: Literal["zh", "en"] = "zh"


class EmbedOut(Schema):
    """`address`: what the frame's `src` is; it opens once, before `open_before`. The look ends at `ends_at`."""

    address: str
    open_before: datetime
    ends_at: datetime


class TicketIn(Schema):
    ticket: str = Field(min_length=1, max_length=100)


class EmbedOpen(Schema):
    """`key`: what the frame asks by, as a bearer token, until `ends_at`; it reads what the page shows and no more."""

    key: str
    page: str
    site: int | None
    ends_at: datetime
    me: Me


@router.post("/embeds", response={201: EmbedOut})
def make_embed(request: HttpRequest, wanted: EmbedIn) -> Any:
    """An address that opens one page in a frame, once. By a token alone; what is seen is what its owner sees."""
    made, ticket = services.make_embed(asker(request), wanted.page, site=wanted.site, hours=wanted.hours)
    looks: dict[str, str] = {"tone": wanted.tone} if wanted.tone != "system" else {}
    looks |= {"language": wanted.language} if wanted.language != "zh" else {}
    query = f"?{urlencode(looks)}" if looks else ""
    # Behind the #: a browser sends it to nobody, and no log keeps it.
    address = f"{settings.CONFIG.public_url.rstrip('/')}/embed/{made.page}{query}#{ticket}"
    return 201, {"address": address, "open_before": made.open_before, "ends_at": made.ends_at}


@router.post("/embeds/open", response=EmbedOpen, auth=None)
def open_embed(request: HttpRequest, given: TicketIn) -> Any:
    """Open the page a ticket is for. 401 for one that is unknown, was opened before or has waited 60 s."""
    embed = selectors.embed_waiting(hash_token(given.ticket))
    try:
        if embed is None:
            raise NotFound("embed")
        actor = embeds.onlooker(embed, request)
        key = services.open_embed(actor, embed)
    except NotFound as error:
        guessing.wrong(request, "embed")
        raise NotSignedIn(_("嵌入的地址只能打开一次，60 秒内有效：在外层平台重新打开这一页。")) from error
    # Whoever stands before it in the other house need not know whose token it is.
    nobody = {"id": 0, "username": "", "display": "", "role": embed.token.owner.role}
    who = {**me(request, actor, embed.token.owner), "user": nobody, "post": None, "identity": None, "sso": False}
    return {"key": key, "page": embed.page, "site": embed.site, "ends_at": embed.ends_at, "me": who}
