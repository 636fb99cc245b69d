"""Another system's HTTP interface: reports to a platform above the county, or any system that takes a JSON body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shoutu.county.duties.channels import operator
from shoutu.county.duties.channels.base import Adapter, BadSetting, Message, Setting

TEMPLATE = '{"id": "{key}", "to": "{to}", "title": "{title}", "text": "{text}"}'


def send(settings: Mapping[str, str], message: Message) -> str:
    return operator.send({**settings, "template": settings.get("template") or TEMPLATE}, message)


def check(settings: Mapping[str, str]) -> None:
    operator.check({**settings, "template": settings.get("template") or TEMPLATE})


def check_address(address: str) -> str:
    """The receiving body's code on that platform. Raises BadSetting."""
    plain = address.strip()
    if not plain or len(plain) > 120 or any(ord(one) < 32 for one in plain):
        raise BadSetting("address", _("对方平台上的单位代码"))
    return plain


def _settings() -> tuple[Setting, ...]:
    kept = [one for one in operator.SETTINGS if one.name not in ("fields", "delivered")]
    words = {
        "url": {"label": gettext_lazy("接口地址"), "hint": "https://platform.example.gov.cn/reports"},
        "template": {"hint": TEMPLATE, "default": TEMPLATE},
    }
    return tuple(replace(one, **words.get(one.name, {})) for one in kept)  # type: ignore[arg-type]


WEBHOOK = Adapter(
    "webhook", gettext_lazy("平台接口"), "other", _settings(), send, gettext_lazy("单位代码"), check=check,
    check_address=check_address, at_once=4,
)  # fmt: skip
