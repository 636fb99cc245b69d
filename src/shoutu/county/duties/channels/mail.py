"""E-mail through Apprise: the channel holds the account, each person an address."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

import apprise
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shoutu.county.duties.channels.base import Adapter, BadSetting, Message, SendFailed, Setting
from shoutu.county.kit.drill import drilling, words


def notify(url: str, text: str, key: str, title: str = "") -> None:
    """Hand one message to one Apprise address. Raises SendFailed. The key goes along: a receiver knows a repetition."""
    if drilling():
        raise SendFailed(words(), retryable=False)
    service = apprise.Apprise.instantiate(url, suppress_exceptions=True)
    if service is None:
        raise SendFailed(_("地址无法识别"), retryable=False)
    if not service.notify(body=f"{text}\n#{key}", title=title or _("守土叫应")):
        raise SendFailed(_("对方没有收下"))


def send(settings: Mapping[str, str], message: Message) -> str:
    url = settings["url"]
    notify(f"{url}{'&' if '?' in url else '?'}to={quote(message.address)}", message.text, message.key, message.title)
    return ""


def check(settings: Mapping[str, str]) -> None:
    if not settings["url"].lower().startswith(("mailto://", "mailtos://")):
        raise BadSetting("url", _("mailtos://账号:密码@邮件服务器"))


def check_address(address: str) -> str:
    try:
        validate_email(address.strip())
    except ValidationError:
        raise BadSetting("address", _("邮箱地址，如 zhiban@county.example")) from None
    return address.strip()


MAIL = Adapter(
    "mail", gettext_lazy("电子邮件"), "mail",
    (Setting("url", gettext_lazy("发信账号"), "mailtos://user:password@mail.example", secret=True, is_url=True),),
    send, gettext_lazy("邮箱"), check=check, check_address=check_address, at_once=4,
)  # fmt: skip
