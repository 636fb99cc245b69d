"""The offices above the county that are reported to."""

from __future__ import annotations

from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Conflict, Invalid, NotFound
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service
from shoutu.county.warnings.models import Superior
from shoutu.county.warnings.services.reports_sending import checked_text


@service
def set_superior(
    actor: Actor, title: str, rank: str, *, id: int | None = None, channel: int | None = None, address: str = "",
    phone: str = "", enabled: bool = True,
) -> Superior:  # fmt: skip
    """Add or change an office that is reported to. Raises NotAllowed, NotFound, Invalid, Conflict."""
    from shoutu.county.duties.channels import ADAPTERS, BadSetting
    from shoutu.county.duties.models import Channel

    actor.require("superior.edit")
    title = checked_text("title", title, 80)
    if rank not in Superior.Rank.values:
        raise Invalid("rank", _("其中之一：%(names)s") % {"names": "、".join(Superior.Rank.values)})
    office = Superior.objects.select_for_update(no_key=True).filter(pk=id).first() if id is not None else Superior()
    if office is None:
        raise NotFound("superior", id or 0)
    if Superior.objects.filter(title=title).exclude(pk=office.pk).exists():
        raise Conflict(_("已有同名的上级单位，换一个名称"))
    line = Channel.objects.filter(pk=channel).first() if channel is not None else None
    if channel is not None and line is None:
        raise Invalid("channel", _("一个通道的 id"))
    if line is not None:
        try:
            address = ADAPTERS[line.kind].check_address(address)
        except BadSetting as bad:
            raise Invalid("address", bad.expected) from bad
    if line is None and not phone.strip():
        raise Invalid("phone", _("没有通道时填值班电话"))
    office.title, office.rank, office.channel, office.address = title, rank, line, address.strip() if line else ""
    office.phone, office.enabled = phone.strip()[:60], enabled
    office.save()
    facts = {"title": title, "rank": rank, "channel": line.title if line else None, "enabled": enabled}
    record(actor, "superior.set", ref(office), facts)
    return office
