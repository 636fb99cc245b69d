"""Which addresses a message may leave for: an allow-list of scheme and host, kept by administrators.

Pure but for the asker's language. An Apprise URL names a service by its scheme; for schemes that carry a network
address the host must be listed too, so that nobody's contact details can make the county's machine call a machine of
their choosing.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from django.utils.translation import gettext as _

ADDRESSED = frozenset(
    {"http", "https", "json", "jsons", "xml", "xmls", "form", "forms", "mailto", "mailtos", "mqtt", "mqtts", "syslog"}
)
"""Schemes whose host part is a machine's address; others (dingtalk, wecombot, feishu …) put a token there."""
PARAMETERS = frozenset({"to", "from", "name", "format", "mode", "method", "cc", "bcc", "secret", "template"})
"""Query parameters a contact may carry. Others could redirect the message (``smtp=``) or weaken TLS (``verify=``)."""

EXAMPLE = "mailtos://user:password@mail.county.example"


class Endpoint(NamedTuple):
    """One line of the allow-list: a scheme, and a host name, an IP network, or ``*`` where no address is carried."""

    scheme: str
    host: str


class Refused(ValueError):
    """An address that may not be used; the message says why and what to do, in the asker's language.

    `code` names the reason for programs: scheme, host_needed, network, too_long, not_an_address, parameter,
    not_listed. `facts` are what it speaks of, such as the scheme and host an administrator would have to list.
    """

    def __init__(self, code: str, message: str, **facts: str) -> None:
        super().__init__(message)
        self.code, self.facts = code, facts


def check_endpoint(scheme: str, host: str) -> Endpoint:
    """A well-formed line of the allow-list. Raises Refused."""
    scheme, host = scheme.strip().lower(), host.strip().lower()
    if not scheme.isascii() or not scheme.replace("+", "").isalnum():
        raise Refused("scheme", _("协议“%(scheme)s”只能是字母和数字，如 json、mailtos、dingtalk") % {"scheme": scheme})
    if scheme in ADDRESSED and host in ("", "*"):
        message = _("%(scheme)s 带网络地址：写明主机或网段，如 10.1.0.0/24")
        raise Refused("host_needed", message % {"scheme": scheme})
    if "/" in host:
        try:
            ipaddress.ip_network(host)
        except ValueError:
            raise Refused("network", _("“%(host)s”不是 IP 网段，应如 10.1.0.0/24") % {"host": host}) from None
    return Endpoint(scheme, host or "*")


def check_url(url: str, allowed: Iterable[Endpoint], *, contact: bool = True) -> None:
    """Raises Refused unless the URL's scheme and host are on the list.

    `contact`: an Apprise address, whose parameters can redirect; those of a web address of a channel cannot.
    """
    if len(url) > 2000:
        raise Refused("too_long", _("地址不超过 %(limit)s 个字") % {"limit": 2000})
    try:
        parts = urlsplit(url.strip())
        host, _port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise Refused("not_an_address", _("不是完整的地址，应如 %(example)s") % {"example": EXAMPLE}) from None
    scheme = parts.scheme.lower()
    if not scheme or "://" not in url:
        raise Refused("not_an_address", _("不是完整的地址，应如 %(example)s") % {"example": EXAMPLE})
    strange = {key.lower() for key, _value in parse_qsl(parts.query, keep_blank_values=True)} - PARAMETERS
    if strange and contact:
        message = _("联系地址里不能有参数“%(name)s”，去掉它")
        raise Refused("parameter", message % {"name": sorted(strange)[0]})
    for endpoint in allowed:
        if endpoint.scheme == scheme and _matches(host, endpoint.host, scheme):
            return
    told = _("%(scheme)s://%(host)s 不在允许外发的地址之列，由管理员先放行") % {"scheme": scheme, "host": host}
    raise Refused("not_listed", told, scheme=scheme, host=host)


def _matches(host: str, pattern: str, scheme: str) -> bool:
    if pattern == "*":
        return scheme not in ADDRESSED
    if "/" in pattern:
        try:
            return ipaddress.ip_address(host) in ipaddress.ip_network(pattern)
        except ValueError:
            return False
    return host == pattern
