"""What an adapter is: a few named settings, and one function that hands one message over.

An adapter knows nothing of duties. It says of a failure whether trying again can help; when and how often it is tried
again is the policy's business.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from django.utils.translation import gettext as _

from shoutu.county.kit.drill import drilling, words

TIMEOUT_S = 10.0
PHONE = re.compile(r"^\+?\d{3,15}$")


class SendFailed(RuntimeError):
    """The channel did not take the message. `retryable`: whether the same message may yet go through."""

    def __init__(self, message: str, *, retryable: bool = True) -> None:
        super().__init__(message)
        self.retryable = retryable


class BadSetting(ValueError):
    """A setting or address that cannot be used: which one, and what was expected."""

    def __init__(self, field: str, expected: str) -> None:
        super().__init__(f"{field}: {expected}")
        self.field, self.expected = field, expected


@dataclass(frozen=True)
class Message:
    """What is handed over. `key` stays the same when it is sent again; `code` is what the called person replies.

    `title`: a heading of its own where the channel has room for one; without it a call's.
    """

    address: str
    text: str
    key: str
    code: str = ""
    title: str = ""


@dataclass(frozen=True)
class Setting:
    """One setting of an adapter. A `secret` one is kept sealed and never shown back."""

    name: str
    label: Any
    hint: str = ""
    secret: bool = False
    required: bool = True
    default: str = ""
    is_url: bool = False


@dataclass(frozen=True)
class Adapter:
    """One kind of channel. `medium` is what a policy's chain names; `at_once` how many messages may be under way.

    `send(settings, message)` returns the other side's reference of the message ("" when it gives none); raises
    SendFailed. `check(settings)` and `check_address(address)` raise BadSetting.
    """

    kind: str
    title: Any
    medium: str
    settings: tuple[Setting, ...]
    send: Callable[[Mapping[str, str], Message], str]
    address_label: Any
    check: Callable[[Mapping[str, str]], None] = field(default=lambda settings: None)
    check_address: Callable[[str], str] = field(default=lambda address: phone(address))
    at_once: int = 16
    # Whether only the called person reads it: a link that answers without login goes nowhere else.
    private: bool = True
    callbacks: bool = False


def phone(address: str) -> str:
    """A telephone number without spaces and dashes. Raises BadSetting."""
    plain = re.sub(r"[\s\-()]", "", address)
    if not PHONE.match(plain):
        raise BadSetting("address", _("电话号码，如 13800000000"))
    return plain


def same_phone(one: str, other: str) -> bool:
    """Whether two numbers are the same line, with or without the country's prefix."""
    return _bare(one) == _bare(other) != ""


def _bare(number: str) -> str:
    digits = re.sub(r"\D", "", number)
    return re.sub(r"^(0086|86)(?=1\d{10}$)", "", digits)


_client: list[httpx.Client] = []


def client() -> httpx.Client:
    """One pool of connections for all HTTP channels. No redirects, no proxies taken from the environment."""
    if not _client:
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=32)
        _client.append(httpx.Client(timeout=TIMEOUT_S, limits=limits, follow_redirects=False, trust_env=False))
    return _client[0]


def post(url: str, body: bytes, headers: Mapping[str, str] | None = None, *, params: Any = None) -> dict[str, Any]:
    """POST a JSON body; the JSON object answered, {} when the answer is none. Raises SendFailed.

    Overload (429), the other side's own trouble (5xx) and a broken line can be tried again; a refusal cannot. No
    message names the address: it may carry a token.
    """
    if drilling():
        raise SendFailed(words(), retryable=False)
    try:
        target = httpx.URL(url)
        answer = client().post(
            target.copy_merge_params(params) if params else target,
            content=body,
            headers={"Content-Type": "application/json; charset=utf-8", **(headers or {})},
        )
    except httpx.InvalidURL as error:
        raise SendFailed(_("地址不完整"), retryable=False) from error
    except httpx.HTTPError as error:
        raise SendFailed(_("连不上对方：%(why)s") % {"why": type(error).__name__}) from error
    if not answer.is_success:
        again = answer.status_code in (408, 425, 429) or answer.status_code >= 500
        raise SendFailed(_("对方答复 HTTP %(status)d") % {"status": answer.status_code}, retryable=again)
    try:
        found = answer.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        return {}
    return found if isinstance(found, dict) else {}


def refuse(answer: Mapping[str, Any], code: str, text: str, busy: Sequence[int]) -> None:
    """Raises SendFailed unless the answer's `code` is 0. `busy` are codes that mean "later"."""
    value = answer.get(code)
    if value in (0, "0"):
        return
    said = str(answer.get(text, ""))[:120]
    raise SendFailed(_("对方没有收下：%(code)s %(said)s") % {"code": value, "said": said}, retryable=value in busy)
