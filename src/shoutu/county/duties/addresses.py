"""Which addresses a message may leave for: an allow-list of scheme and host, kept by administrators.

Pure. An Apprise URL names a service by its scheme; for schemes that carry a network address the host must be
listed too, so that nobody's contact details can make the county's machine call a machine of their choosing.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

ADDRESSED = frozenset(
    {"http", "https", "json", "jsons", "xml", "xmls", "form", "forms", "mailto", "mailtos", "mqtt", "mqtts", "syslog"}
)
"""Schemes whose host part is a machine's address; others (dingtalk, wecombot, feishu …) put a token there."""
PARAMETERS = frozenset({"to", "from", "name", "format", "mode", "method", "cc", "bcc", "secret", "template"})
"""Query parameters a contact may carry. Others could redirect the message (``smtp=``) or weaken TLS (``verify=``)."""


class Endpoint(NamedTuple):
    """One line of the allow-list: a scheme, and a host name, an IP network, or ``*`` where no address is carried."""

    scheme: str
    host: str


class Refused(ValueError):
    """An address that may not be used; the message says why and what to do."""


def check_endpoint(scheme: str, host: str) -> Endpoint:
    """A well-formed line of the allow-list. Raises Refused."""
    scheme, host = scheme.strip().lower(), host.strip().lower()
    if not scheme.isascii() or not scheme.replace("+", "").isalnum():
        raise Refused(f"scheme {scheme!r}: expected letters and digits, such as json, mailtos or dingtalk")
    if scheme in ADDRESSED and host in ("", "*"):
        raise Refused(f"host: {scheme} carries a network address; name the host or network (10.1.0.0/24)")
    if "/" in host:
        try:
            ipaddress.ip_network(host)
        except ValueError:
            raise Refused(f"host {host!r}: not an IP network; expected for example 10.1.0.0/24") from None
    return Endpoint(scheme, host or "*")


def check_url(url: str, allowed: Iterable[Endpoint], *, contact: bool = True) -> None:
    """Raises Refused unless the URL's scheme and host are on the list.

    `contact`: an Apprise address, whose parameters can redirect; those of a web address of a channel cannot.
    """
    if len(url) > 2000:
        raise Refused("the address is longer than 2000 characters")
    try:
        parts = urlsplit(url.strip())
        host, _port = (parts.hostname or "").lower(), parts.port
    except ValueError as error:
        raise Refused(f"not an address: {error}") from None
    scheme = parts.scheme.lower()
    if not scheme or "://" not in url:
        raise Refused("not an address; expected scheme://…, such as mailtos://user:password@mail.county.example")
    strange = {key.lower() for key, _ in parse_qsl(parts.query, keep_blank_values=True)} - PARAMETERS
    if strange and contact:
        raise Refused(f"the parameter {sorted(strange)[0]!r} is not allowed in a contact address; take it out")
    for endpoint in allowed:
        if endpoint.scheme == scheme and _matches(host, endpoint.host, scheme):
            return
    raise Refused(f"{scheme}://{host} is not on the list of allowed addresses; an administrator adds it first")


def _matches(host: str, pattern: str, scheme: str) -> bool:
    if pattern == "*":
        return scheme not in ADDRESSED
    if "/" in pattern:
        try:
            return ipaddress.ip_address(host) in ipaddress.ip_network(pattern)
        except ValueError:
            return False
    return host == pattern
