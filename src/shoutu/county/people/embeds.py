"""嵌入页面: one page of the face in a frame of the county's own command platform, to be looked at and nothing else.

See docs/decisions/0061-embedding.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from shoutu.county.kit import subjects
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.auth import SAFE
from shoutu.county.kit.errors import NotAllowed
from shoutu.county.kit.scope import Scope
from shoutu.county.people import selectors
from shoutu.county.people.identity import actor_of_token, actor_of_token_row, hash_token
from shoutu.county.people.models import Embed

PREFIX = "emb_"
"""How the key of an opened frame begins."""


@dataclass(frozen=True)
class Page:
    """What one kind of page may ask, the permission its owner must have for it, and what else of theirs it may."""

    permission: str
    reads: re.Pattern[str]
    may: frozenset[str]


def _page(may: str, *reads: str) -> Page:
    """`may`: permissions to read, the one that is needed first."""
    names = [f"{name}.read" for name in may.split()]
    return Page(names[0], re.compile(rf"/api/v1/({'|'.join(('status', *reads))})"), frozenset((*names, "status.read")))


PAGES = {
    "screen": _page(
        "screen site warning duty roster weather point", "screen/(map|sites|now|trend)", "warnings", "warning-groups"
    ),
    "map": _page("screen site warning", "screen/(map|sites)"),
    "warnings": _page("warning site silence", "warnings", "warning-groups"),
    "site": _page(
        "site point reading warning rule licence document weather responsibility person",
        "screen/map", "points", "readings", "warnings", "rules", r"sites/\d+",
        r"sites/\d+/(responsible|operation|licences|documents|weather)",
    ),
}  # fmt: skip


def actor_of_bearer(text: str, request: Any = None, *, look: bool = False) -> Actor | None:
    """The actor behind a bearer token or the key of an opened frame; None when it does not hold (any more).

    Raises NotAllowed for whatever is not a look at the frame's own page.
    """
    if not text.startswith(PREFIX):
        return actor_of_token(text, request, look=look)
    embed = selectors.embed_by_key(hash_token(text))
    if embed is None:
        return None
    actor = onlooker(embed, request)
    if request is None or request.method not in SAFE or not PAGES[embed.page].reads.fullmatch(request.path_info):
        raise NotAllowed("embed", _("嵌入的页面只给看这一页：别的在本系统里登录后看和做。"))
    return actor


def onlooker(embed: Embed, request: Any = None) -> Actor:
    """Who looks through the frame: the token's owner, who may read only, and of a dossier sees that one site.

    Raises NotAllowed where the owner does not see the site (any more), or may not see such a page.
    """
    actor = actor_of_token_row(embed.token, request)
    actor.require(PAGES[embed.page].permission)
    if embed.site is not None:
        if not sees(actor, embed.site):
            raise NotAllowed("site.read")
        actor = replace(actor, scope=Scope(called=(embed.site,)))
    # Neither to do anything, nor to see numbers of telephones: those are for who answers for them.
    return replace(actor, permissions=actor.permissions & PAGES[embed.page].may)


def sees(actor: Actor, site: int) -> bool:
    one = subjects.SubjectRef("site", site)
    return one in subjects.visible(actor, [one])
