"""One message handed over by a channel, outside any transaction: for calls and for whatever else leaves the house."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _

from shoutu.county.duties.addresses import Endpoint, Refused, check_url
from shoutu.county.duties.channels import ADAPTERS, Message, SendFailed
from shoutu.county.duties.models import AllowedEndpoint, Channel
from shoutu.county.duties.services.sealing import unseal
from shoutu.county.kit.drill import drilling, words


def allowed_endpoints() -> list[Endpoint]:
    """The allow-list of addresses messages may leave for."""
    return [Endpoint(row.scheme, row.host) for row in AllowedEndpoint.objects.all()]


def sender(channel: Channel, message: Message, allowed: list[Endpoint]) -> Callable[[], str]:
    """What hands this message over and returns the other side's reference.

    Raises SendFailed (final) where it must not be sent: a drill copy, channel off, address not allowed, secrets that
    do not open.
    """
    if drilling():
        raise SendFailed(words(), retryable=False)
    if not channel.enabled:
        raise SendFailed(_("通道已停用"), retryable=False)
    adapter = ADAPTERS[channel.kind]
    try:
        settings = {**channel.settings, **unseal(channel.secrets)}
        for setting in adapter.settings:
            if setting.is_url:
                check_url(settings[setting.name], allowed, contact=False)
    except Refused as refused:
        raise SendFailed(str(refused), retryable=False) from refused
    except ValueError as error:
        raise SendFailed(_("通道的密钥打不开：重新填写"), retryable=False) from error
    return lambda: adapter.send(settings, message)
