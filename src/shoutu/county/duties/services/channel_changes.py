"""A channel changed: at once where nothing gets worse for whoever is reached by it, else once a second person agrees.

Switching it off, letting less through in a minute, and other settings for one that works could each keep a call from
somebody (design §9). One whose calls fail, or that has never sent, may be put right by one person; a test call that
failed is no proof of that.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shoutu.county.duties.channels import ADAPTERS
from shoutu.county.duties.models import Channel, ChannelDraft, Contact
from shoutu.county.duties.selectors.channels import state_of
from shoutu.county.duties.services.contacts import configured, unsealed
from shoutu.county.duties.services.sealing import seal
from shoutu.county.duties.services.trials import touch
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Conflict
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.people import proposals
from shoutu.county.people.models import Proposal, ProposalState


@service
def change_channel(
    actor: Actor, id: int, *, settings: Mapping[str, str] | None = None, per_minute: int | None = None,
    enabled: bool | None = None,
) -> Channel:  # fmt: skip
    """Change a channel; settings not given, and secrets given empty, stay.

    What could keep a call from somebody waits for a second person: until then the channel goes on as it is. Raises
    NotAllowed, NotFound, Invalid, Conflict while another change of it waits.
    """
    actor.require("channel.manage")
    channel = Channel.objects.select_for_update(no_key=True).get(pk=id)
    plain, sealed = configured(channel, settings or {})
    rate = channel.per_minute if per_minute is None else per_minute
    names = _changed(channel, plain, sealed)
    asked = False
    if _needs_two(actor, channel, names, rate):
        _ask_change(actor, channel, plain, sealed, rate, names)
        asked, names, rate = True, [], channel.per_minute
    if enabled is False and channel.enabled and _ask_off(actor, channel):
        asked, enabled = True, None
    switched = enabled is not None and enabled != channel.enabled
    if asked and not switched and not names and rate == channel.per_minute:
        unchanged()
        return channel
    if names:
        _set(channel, plain, seal(sealed))
    channel.per_minute = rate
    if switched:
        channel.enabled = bool(enabled)
        touch(Contact.objects.filter(channel=channel).values_list("person_id", flat=True))
    channel.save()
    record(actor, "channel.changed", ref(channel), _facts(channel, names))
    return channel


def _facts(channel: Channel, names: list[str]) -> dict[str, object]:
    return {"enabled": channel.enabled, "per_minute": channel.per_minute, "settings": names}


def _set(channel: Channel, plain: dict[str, str], secrets: str) -> None:
    channel.settings, channel.secrets = plain, secrets
    # What went wrong before says nothing of the new settings.
    channel.failures = channel.call_failures = 0
    channel.last_problem = ""


def _changed(channel: Channel, plain: Mapping[str, str], sealed: Mapping[str, str]) -> list[str]:
    """The names of the settings that would differ."""
    before, after = {**channel.settings, **unsealed(channel)}, {**plain, **sealed}
    return sorted(name for name in {*before, *after} if before.get(name, "") != after.get(name, ""))


def _people(channel: Channel) -> int:
    return Contact.objects.filter(channel=channel, enabled=True).values("person").distinct().count()


def _needs_two(actor: Actor, channel: Channel, names: list[str], rate: int) -> bool:
    """Whether a second person has to agree. The county itself needs none."""
    if actor.kind == "system" or not channel.enabled or not _people(channel):
        return False
    # 0 is no limit.
    slower = rate != channel.per_minute and rate > 0 and (channel.per_minute == 0 or rate < channel.per_minute)
    return slower or (bool(names) and state_of(channel, calls=True) == "works")


def _ask_change(
    actor: Actor, channel: Channel, plain: dict[str, str], sealed: dict[str, str], rate: int, names: list[str]
) -> None:
    key = f"channel.change:{channel.pk}"
    waiting = Proposal.objects.filter(key=key, state=ProposalState.WAITING).first()
    if waiting is not None:
        draft = ChannelDraft.objects.get(pk=waiting.payload["draft"])
        same = not _changed_from(draft, plain, sealed) and draft.per_minute == rate
        if not same:
            raise Conflict(_("这个通道已有一项改动等人同意：先撤回，再提新的"))
        return
    draft = ChannelDraft.objects.create(
        channel=channel, settings=plain, secrets=seal(sealed), per_minute=rate, was=_digest(channel), names=names,
        at=timezone.now(),
    )  # fmt: skip
    labels = {one.name: one for one in ADAPTERS[channel.kind].settings}
    changes = [proposals.change(_("靠它叫到的人"), _people(channel), _people(channel))]
    for name in names:
        secret = name not in labels or labels[name].secret
        label = labels[name].label if name in labels else name
        before, after = ("••••", _("换了")) if secret else (channel.settings.get(name, ""), plain.get(name, ""))
        changes.append(proposals.change(str(label), before, after))
    if rate != channel.per_minute:
        changes.append(proposals.change(_("每分钟最多条数"), _most(channel.per_minute), _most(rate)))
    title = _("改动通道“%(name)s”") % {"name": channel.title}
    proposals.propose(
        actor, CHANNEL_CHANGE, ref(channel), None, _("改动叫应通道"), title=title, key=key,
        payload={"channel": channel.pk, "draft": draft.pk}, changes=changes,
    )  # fmt: skip


def _most(rate: int) -> str:
    return str(rate) if rate else _("不限")


def _changed_from(draft: ChannelDraft, plain: Mapping[str, str], sealed: Mapping[str, str]) -> list[str]:
    return _changed(Channel(settings=draft.settings, secrets=draft.secrets), plain, sealed)


def _digest(channel: Channel) -> str:
    """Of all that a change replaces. Of the secrets as they are sealed: a digest of themselves could be guessed at."""
    told = [channel.settings, channel.secrets, channel.per_minute]
    return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _change_agreed(actor: Actor, proposal: Proposal) -> None:
    channel = Channel.objects.select_for_update(no_key=True).get(pk=proposal.payload["channel"])
    draft = ChannelDraft.objects.get(pk=proposal.payload["draft"])
    if _digest(channel) != draft.was:
        raise Conflict(_("这个通道后来又改过：撤回，照现在的重新提"))
    if draft.names:
        _set(channel, draft.settings, draft.secrets)
    channel.per_minute = draft.per_minute
    channel.save()
    record(actor, "channel.changed", ref(channel), {**_facts(channel, draft.names), "proposal": proposal.pk})
    _forget(actor, proposal)


def _forget(actor: Actor, proposal: Proposal) -> None:
    """Decided either way, the draft keeps no secret."""
    ChannelDraft.objects.filter(pk=proposal.payload["draft"]).update(secrets="")


def _ask_off(actor: Actor, channel: Channel) -> bool:
    """Whether a second person has to agree, who is asked then. The county itself needs none."""
    people = _people(channel)
    if actor.kind == "system" or not people:
        return False
    title = _("停用通道“%(name)s”") % {"name": channel.title}
    proposals.propose(
        actor, CHANNEL_OFF, ref(channel), None, _("停用叫应通道"), title=title,
        key=f"channel.off:{channel.pk}", payload={"channel": channel.pk},
        changes=[
            proposals.change(_("通道"), _("启用"), _("停用")),
            proposals.change(_("靠它叫到的人"), people, 0),
        ],
    )  # fmt: skip
    return True


def _channel_off(actor: Actor, proposal: Proposal) -> None:
    channel = Channel.objects.select_for_update(no_key=True).get(pk=proposal.payload["channel"])
    if not channel.enabled:
        raise Conflict(_("这个通道已经停用"))
    channel.enabled = False
    channel.save(update_fields=["enabled"])
    touch(Contact.objects.filter(channel=channel).values_list("person_id", flat=True))
    record(actor, "channel.changed", ref(channel), {"enabled": False, "proposal": proposal.pk})


CHANNEL_OFF = proposals.register(
    proposals.Kind("channel.off", gettext_lazy("停用叫应通道"), "channel.agree", _channel_off, ask="channel.manage")
)
CHANNEL_CHANGE = proposals.register(
    proposals.Kind(
        "channel.change", gettext_lazy("改动叫应通道"), "channel.agree", _change_agreed, _forget, ask="channel.manage"
    )
)
