"""嵌入页面: a program asks for one look at one page; the frame it is given to opens it once."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Conflict, Invalid, NotAllowed, NotFound
from shoutu.county.kit.permissions import permissions_of
from shoutu.county.kit.subjects import SubjectRef, ref
from shoutu.county.ledger.services import record, service
from shoutu.county.people.embeds import PAGES, PREFIX, sees
from shoutu.county.people.identity import hash_token
from shoutu.county.people.models import ApiToken, Embed

OPEN_S = 60
"""So long a ticket waits for its frame."""
HOURS = 24
"""The longest a frame shows what it was opened for, hours."""
KEPT = timedelta(days=1)
"""So long after its end a row is kept; what was made and opened stays in the ledger."""


@service
def make_embed(actor: Actor, page: str, *, site: int | None = None, hours: int = 8) -> tuple[Embed, str]:
    """A ticket for one look at one page, and its text, which is returned once and never kept.

    Only a token asks: the outer platform's own server. Raises NotAllowed for a session, and without the rights to all
    the page shows its owner; Invalid for an unknown page, or a site that is missing, too much, or not seen; Conflict
    where no platform is allowed to embed.
    """
    if actor.token_id is None:
        raise NotAllowed("embed", _("嵌入地址由外层平台的服务器用令牌申请。"))
    if not settings.EMBED_ORIGINS:
        raise Conflict(_("没有允许嵌入的平台：由运维设置 SHOUTU_EMBED_ORIGINS 后重启。"))
    if page not in PAGES:
        raise Invalid("page", _("其中之一：%(names)s") % {"names": ", ".join(PAGES)})
    _require_whole(actor, page)
    if (page == "site") != (site is not None):
        raise Invalid("site", _("page 为 site 时填企业矿山的编号，其他页面不填"))
    if site is not None and not sees(actor, site):
        raise NotFound("site", site)
    if not 1 <= hours <= HOURS:
        raise Invalid("hours", _("1 到 %(hours)s 小时") % {"hours": HOURS})
    now = timezone.now()
    Embed.objects.filter(ends_at__lt=now - KEPT).delete()
    text = secrets.token_urlsafe(32)
    made = Embed.objects.create(
        token_id=actor.token_id, page=page, site=site, ticket_hash=hash_token(text),
        open_before=now + timedelta(seconds=OPEN_S), ends_at=now + timedelta(hours=hours),
    )  # fmt: skip
    record(actor, "embed.made", _subject(made), {"page": page, "site": site, "embed": made.pk, "until": made.ends_at})
    return made, text


@service
def open_embed(actor: Actor, embed: Embed) -> str:
    """Open the page of a ticket; the frame's key, which is returned once and never kept.

    `actor` is who looks through it. Raises NotFound for a ticket that was opened before or has waited too long.
    """
    embed = Embed.objects.select_for_update(of=("self",), no_key=True).select_related("token").get(pk=embed.pk)
    if embed.key_hash is not None or embed.open_before <= timezone.now():
        raise NotFound("embed", embed.pk)
    key = PREFIX + secrets.token_urlsafe(32)
    embed.key_hash = hash_token(key)
    embed.save(update_fields=["key_hash"])
    record(actor, "embed.opened", _subject(embed), {"page": embed.page, "site": embed.site, "embed": embed.pk})
    return key


def _require_whole(actor: Actor, page: str) -> None:
    """Raises NotAllowed where the token was narrowed by what the page shows: its frame would have holes nobody sees.

    What the owner's role does not see, the page leaves out as it does for them.
    """
    actor.require(PAGES[page].permission)
    assert actor.token_id is not None
    owner = ApiToken.objects.select_related("owner").get(pk=actor.token_id).owner
    for name in sorted(PAGES[page].may & permissions_of(owner.role)):
        actor.require(name)


def _subject(embed: Embed) -> SubjectRef:
    return ref(embed.token) if embed.site is None else SubjectRef("site", embed.site)
