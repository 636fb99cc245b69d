"""Channels, where people are reached by them, and which addresses are allowed. Administrators only."""

from __future__ import annotations

import hashlib
import hmac
import secrets as random
from collections.abc import Mapping

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shoutu.county.duties.addresses import Endpoint, Refused, check_endpoint, check_url
from shoutu.county.duties.channels import ADAPTERS, BadSetting
from shoutu.county.duties.models import AllowedEndpoint, Channel, Contact
from shoutu.county.duties.services.farewells import moved, say_farewell
from shoutu.county.duties.services.sealing import seal, unseal
from shoutu.county.duties.services.trials import touch
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Conflict, Invalid, NotSignedIn
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.people import proposals
from shoutu.county.people.models import Person, Proposal


@service
def allow_endpoint(actor: Actor, scheme: str, host: str) -> AllowedEndpoint:
    """Allow messages to leave for a scheme and host (or IP network). Raises NotAllowed, Invalid."""
    actor.require("policy.edit")
    try:
        endpoint = check_endpoint(scheme, host)
    except Refused as refused:
        raise _invalid("host", refused) from refused
    row, created = AllowedEndpoint.objects.get_or_create(scheme=endpoint.scheme, host=endpoint.host)
    if created:
        record(actor, "endpoint.allowed", ref(row), {"scheme": row.scheme, "host": row.host})
    else:
        unchanged()
    return row


def _invalid(field: str, refused: Refused) -> Invalid:
    """The refusal as the answer about a field: with its code, so that a form can offer what helps."""
    return Invalid(field, str(refused), str(refused), code=f"address.{refused.code}", facts=refused.facts)


def _allowed() -> list[Endpoint]:
    return [Endpoint(row.scheme, row.host) for row in AllowedEndpoint.objects.all()]


@service
def add_channel(
    actor: Actor, title: str, kind: str, settings: Mapping[str, str], *, per_minute: int = 0, enabled: bool = True
) -> Channel:
    """Add a way out. Raises NotAllowed, Invalid naming the setting. Secrets are sealed and go into no entry."""
    actor.require("channel.manage")
    if kind not in ADAPTERS:
        raise Invalid("kind", _("其中之一：%(names)s") % {"names": "、".join(ADAPTERS)})
    title = _title(title)
    if Channel.objects.filter(title=title).exists():
        raise Conflict(_("已有同名的通道，换一个名称"))
    channel = Channel(title=title, kind=kind, per_minute=per_minute, enabled=enabled)
    channel.settings, sealed = configured(channel, settings)
    channel.secrets = seal(sealed)
    channel.save()
    facts = {"title": title, "kind": kind, "enabled": enabled, "per_minute": per_minute, "settings": sorted(settings)}
    record(actor, "channel.created", ref(channel), facts)
    return channel


def _contact_off(actor: Actor, proposal: Proposal) -> None:
    contact = Contact.objects.select_for_update(of=("self",), no_key=True).get(pk=proposal.payload["contact"])
    if not contact.enabled:
        raise Conflict(_("这个联系方式已经停用"))
    contact.enabled = False
    contact.save(update_fields=["enabled"])
    touch([contact.person_id])
    facts = {"person": contact.person_id, "title": contact.title, "enabled": False, "proposal": proposal.pk}
    record(actor, "contact.changed", ref(contact), facts)


CONTACT_OFF = proposals.register(
    proposals.Kind("contact.off", gettext_lazy("停用联系方式"), "channel.agree", _contact_off, ask="policy.edit")
)


def _title(title: str) -> str:
    if not title.strip() or len(title.strip()) > 60:
        raise Invalid("title", _("1 到 60 个字"))
    return title.strip()


def configured(channel: Channel, given: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """What its settings and its secrets would be with these; what is not given, and a secret given empty, stays.

    Raises Invalid naming the setting.
    """
    adapter = ADAPTERS[channel.kind]
    names = {setting.name for setting in adapter.settings}
    for name in given:
        if name not in names:
            raise Invalid(f"settings.{name}", _("其中之一：%(names)s") % {"names": "、".join(sorted(names))})
    plain, sealed = dict(channel.settings), unsealed(channel)
    for setting in adapter.settings:
        kept = sealed if setting.secret else plain
        value = given.get(setting.name, "").strip()
        if len(value) > 2000:
            raise Invalid(f"settings.{setting.name}", _("不超过 %(limit)s 个字") % {"limit": 2000})
        if value or (setting.name in given and not setting.secret):
            kept[setting.name] = value
        if setting.required and not kept.get(setting.name):
            raise Invalid(f"settings.{setting.name}", _("必填"))
        if setting.is_url:
            try:
                check_url(kept[setting.name], _allowed(), contact=False)
            except Refused as refused:
                raise _invalid(f"settings.{setting.name}", refused) from refused
    try:
        adapter.check({**plain, **sealed})
    except BadSetting as bad:
        raise Invalid(f"settings.{bad.field}", bad.expected) from bad
    return plain, sealed


def unsealed(channel: Channel) -> dict[str, str]:
    """Its secrets."""
    try:
        return unseal(channel.secrets)
    except ValueError:
        return {}  # Sealed by a lost key: asked for anew.


@service
def new_callback_token(actor: Actor, id: int) -> str:
    """A new token for a channel's callback address; the old one ends. Shown this once. Raises NotAllowed, Conflict."""
    actor.require("channel.manage")
    channel = Channel.objects.select_for_update(no_key=True).get(pk=id)
    if not ADAPTERS[channel.kind].callbacks:
        raise Conflict(_("这种通道没有回执地址"))
    token = random.token_urlsafe(24)
    channel.callback_hash = hashlib.sha256(token.encode()).hexdigest()
    channel.save(update_fields=["callback_hash"])
    record(actor, "channel.token", ref(channel), {})
    return token


def channel_by_token(id: int, token: str) -> Channel:
    """The channel an operator calls back for. Raises NotSignedIn; wrong tokens are counted beside the channel."""
    channel = Channel.objects.filter(pk=id, enabled=True).first()
    given = hashlib.sha256(token.encode()).hexdigest()
    if channel is None or not channel.callback_hash or not hmac.compare_digest(given, channel.callback_hash):
        Channel.objects.filter(pk=id).update(strangers=F("strangers") + 1)
        raise NotSignedIn(_("回执令牌不对：在通道页重新生成一个，填到运营商的回执地址里。"))
    return channel


@service
def set_contact(
    actor: Actor, person: Person, title: str, url: str = "", *, channel: Channel | None = None, address: str = "",
    enabled: bool = True,
) -> Contact:  # fmt: skip
    """Set a person's contact of this title: an address on a channel, or an Apprise address that is on the allow-list.

    Switching one off waits for a second person, and until then everything of it stays as it is. Where the address is
    changed, the old one is told.

    Raises NotAllowed, Invalid. The address itself (a personal value, or one with a password) goes into no entry.
    """
    actor.require("policy.edit")
    title = _title(title)
    standing = None if enabled else Contact.objects.filter(person=person, title=title, enabled=True).first()
    if standing is not None and actor.kind != "system":
        # No name: whoever reads what waits may be one who is shown none.
        what = _("停用%(body)s一人的联系方式“%(title)s”") % {"body": person.organisation or "", "title": title}
        proposals.propose(
            actor, CONTACT_OFF, ref(standing), None, _("停用联系方式"), title=what, key=f"contact.off:{standing.pk}",
            payload={"contact": standing.pk}, changes=[proposals.change(title, _("启用"), _("停用"))],
        )  # fmt: skip
        unchanged()
        return standing
    if channel is not None:
        try:
            address = ADAPTERS[channel.kind].check_address(address)
        except BadSetting as bad:
            raise Invalid("address", bad.expected) from bad
        if len(address) > 200:
            raise Invalid("address", _("不超过 %(limit)s 个字") % {"limit": 200})
    else:
        try:
            check_url(url, _allowed())
        except Refused as refused:
            raise _invalid("url", refused) from refused
    before = Contact.objects.select_related("channel").filter(person=person, title=title).first()
    contact, created = Contact.objects.update_or_create(
        person=person, title=title,
        defaults={"url": url.strip(), "channel": channel, "address": address, "enabled": enabled},
    )  # fmt: skip
    if before is not None and moved(before, contact):
        contact.address_since = timezone.now()
        contact.save(update_fields=["address_since"])
        say_farewell(before, contact)
    by = {"channel": channel.pk} if channel is not None else {"scheme": contact.url.split("://", 1)[0]}
    record(
        actor,
        "contact.created" if created else "contact.changed",
        ref(contact),
        {"person": person.pk, "title": contact.title, "enabled": enabled, **by},
    )
    touch([person.pk])
    return contact
