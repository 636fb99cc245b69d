"""Who answers for what: made and ended, never rewritten."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Conflict, Invalid
from shoutu.county.kit.events import emit
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service
from shoutu.county.people.models import Post, Responsibility, Rung
from shoutu.county.people.services.posts import not_before_now
from shoutu.county.places.models import Organisation, Site, Territory


@service
def assign_responsibility(
    actor: Actor,
    post: Post,
    kind: str,
    rung: int,
    *,
    site: Site | None = None,
    organisation: Organisation | None = None,
    territory: Territory | None = None,
    sectors: Iterable[str] = (),
    matters: Iterable[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
) -> Responsibility:
    """Make a post answer for a scope on a rung.

    Raises Invalid without a scope, for an unknown kind, rung or sector, Conflict for a post that is abolished.
    """
    actor.require("responsibility.edit")
    sectors, matters = list(sectors), list(matters)
    if kind not in Responsibility.Kind.values:
        raise Invalid("kind", _("其中之一：%(names)s") % {"names": "、".join(Responsibility.Kind.values)})
    if rung not in Rung.values:
        raise Invalid("rung", _("其中之一：%(names)s") % {"names": "、".join(map(str, Rung.values))})
    if site is None and organisation is None and territory is None:
        raise Invalid("territory", _("行政区、单位、场所至少指定一个"))
    if [one for one in sectors if one not in Site.Kind.values]:
        raise Invalid("sectors", _("其中之一：%(names)s") % {"names": "、".join(Site.Kind.values)})
    if not post.is_active:
        raise Conflict(_("“%(post)s”已撤销，不能再负责任。") % {"post": post})
    start = since or timezone.now()
    if until is not None and until <= start:
        raise Invalid("until", _("晚于开始时间"))
    row = Responsibility.objects.create(
        post=post,
        kind=kind,
        rung=rung,
        site=site,
        organisation=organisation,
        territory=territory,
        sectors=sectors,
        matters=matters,
        valid_from=start,
        valid_to=until,
    )
    scope = {"site": row.site_id, "organisation": row.organisation_id, "territory": row.territory_id}
    record(
        actor,
        "responsibility.assigned",
        ref(post),
        {"id": row.pk, "kind": kind, "rung": rung, **scope, "sectors": row.sectors, "matters": row.matters,
         "from": row.valid_from, "to": until},
    )  # fmt: skip
    emit("responsibility.changed", ref(post))
    return row


@service
def end_responsibility(
    actor: Actor, row: Responsibility, at: datetime | None = None, reason: str = ""
) -> Responsibility:
    """End it, now or later; what it was before stays readable for `who_answers_for` at earlier times.

    Raises Conflict when it has ended, Invalid for a time in the past or later than the end already set.
    """
    actor.require("responsibility.edit")
    now = timezone.now()
    row = Responsibility.objects.select_for_update(of=("self",), no_key=True).select_related("post").get(pk=row.pk)
    if row.valid_to is not None and row.valid_to <= now:
        raise Conflict(_("该责任已经结束。"))
    end = max(not_before_now("at", at, now), row.valid_from)
    if row.valid_to is not None and end > row.valid_to:
        raise Invalid("at", _("不晚于已定的结束时间"))
    row.valid_to = end
    row.save(update_fields=["valid_to"])
    payload = {"id": row.pk, "to": row.valid_to, **({"reason": reason} if reason else {})}
    record(actor, "responsibility.ended", ref(row.post), payload)
    emit("responsibility.changed", ref(row.post))
    return row
