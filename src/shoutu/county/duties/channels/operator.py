"""An operator's SMS or voice gateway over HTTP: the county writes the body as a template, the request is signed.

What comes back (receipts, replies, keys pressed) is posted to the channel's own callback address: see `incoming`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shoutu.county.duties.channels.base import Adapter, BadSetting, Message, SendFailed, Setting, post

PLACES = ("to", "text", "key", "code", "title")
TEMPLATE = '{"to": "{to}", "text": "{text}", "id": "{key}"}'


def fill(template: str, values: Mapping[str, str]) -> bytes:
    """The JSON body: placeholders such as ``{to}`` are replaced inside strings, so that no value can break out."""

    def walk(node: Any) -> Any:
        if isinstance(node, str):
            # One pass, so that a text that itself says "{to}" stays as it is.
            parts, rest = [], node
            while (found := _first(rest)) is not None:
                at, name = found
                parts += [rest[:at], values[name]]
                rest = rest[at + len(name) + 2 :]
            return "".join([*parts, rest])
        if isinstance(node, dict):
            return {key: walk(value) for key, value in node.items()}
        return [walk(item) for item in node] if isinstance(node, list) else node

    return json.dumps(walk(json.loads(template)), ensure_ascii=False, separators=(",", ":")).encode()


def _first(text: str) -> tuple[int, str] | None:
    found = [(at, name) for name in PLACES if (at := text.find(f"{{{name}}}")) >= 0]
    return min(found, default=None)


def signature(secret: str, stamp: str, body: bytes) -> str:
    """HMAC-SHA256 over ``stamp + "\\n" + body``, lower-case hex."""
    return hmac.new(secret.encode(), stamp.encode() + b"\n" + body, hashlib.sha256).hexdigest()


def pick(answer: Mapping[str, Any], path: str) -> str:
    """The value at a dotted path such as ``data.id``; "" when there is none."""
    node: Any = answer
    for part in filter(None, path.split(".")):
        node = node.get(part) if isinstance(node, dict) else None
    return "" if node is None or isinstance(node, dict | list) else str(node)


def send(settings: Mapping[str, str], message: Message) -> str:
    values = {
        "to": message.address,
        "text": message.text,
        "key": message.key,
        "code": message.code,
        "title": message.title,
    }
    body = fill(settings.get("template") or TEMPLATE, values)
    headers = {"X-Shoutu-Key": message.key}
    if settings.get("authorization"):
        headers["Authorization"] = settings["authorization"]
    if settings.get("secret"):
        stamp = str(int(time.time()))
        headers["X-Shoutu-Timestamp"] = stamp
        headers[settings.get("signature_header") or "X-Shoutu-Signature"] = signature(settings["secret"], stamp, body)
    answer = post(settings["url"], body, headers)
    wanted = settings.get("success", "")
    if wanted:
        path, _eq, value = wanted.partition("=")
        got = pick(answer, path.strip())
        if got != value.strip():
            raise SendFailed(_("对方没有收下：%(path)s = %(got)s") % {"path": path, "got": got[:80] or _("（无）")})
    return pick(answer, settings.get("reference") or "id")[:120]


def check(settings: Mapping[str, str]) -> None:
    template = settings.get("template") or TEMPLATE
    try:
        if not isinstance(json.loads(template), dict):
            raise BadSetting("template", _("一个 JSON 对象"))
    except json.JSONDecodeError as error:
        raise BadSetting(
            "template",
            _("完整的 JSON，第 %(line)d 行第 %(column)d 列有误") % {"line": error.lineno, "column": error.colno},
        ) from error
    for place in ("{to}", "{text}"):
        if place not in template:
            raise BadSetting("template", _("含 %(place)s 的 JSON") % {"place": place})
    if settings.get("success") and "=" not in settings["success"]:
        raise BadSetting("success", _("形如 code=0"))
    field_map(settings)
    for name in ("signature_header", "authorization"):
        if any(ord(one) < 32 or ord(one) > 126 for one in settings.get(name, "")):
            raise BadSetting(name, _("只含可见的 ASCII 字符"))


FIELDS = ("id", "status", "from", "text", "digits", "event", "time")
"""What an item posted to the callback address says: the message's key or reference, its status, who replied, what,
the keys pressed, and what tells a repetition (the item's own id, its time)."""
DELIVERED = ("delivered", "delivrd", "answered", "connected")


@dataclass(frozen=True)
class Item:
    """One thing an operator told: a receipt, a reply or keys pressed. `event` tells a repetition."""

    what: str
    id: str
    status: str
    sender: str
    text: str
    event: str


def field_map(settings: Mapping[str, str]) -> dict[str, str]:
    """Our names of callback fields → the operator's. Raises BadSetting."""
    names = {name: name for name in FIELDS}
    for pair in filter(None, (part.strip() for part in settings.get("fields", "").split(","))):
        ours, _eq, theirs = (part.strip() for part in pair.partition("="))
        if ours not in FIELDS or not theirs:
            raise BadSetting("fields", _("形如 id=msgId，左边是其中之一：%(names)s") % {"names": "、".join(FIELDS)})
        names[ours] = theirs
    return names


def read_item(settings: Mapping[str, str], item: Mapping[str, Any]) -> Item | None:
    """One posted item; None when it says nothing this understands. Status comes out as delivered or failed."""
    names = field_map(settings)
    got = {ours: pick(item, theirs) for ours, theirs in names.items()}
    event = "|".join(filter(None, (got["event"], got["time"])))
    if event:
        event += f"|{got['id']}|{got['from']}|{got['text']}|{got['digits']}|{got['status']}"
    if got["digits"]:
        return Item("keys", got["id"], "", got["from"], got["digits"], event)
    if got["text"] and got["from"]:
        return Item("reply", got["id"], "", got["from"], got["text"], event)
    if got["status"] and got["id"]:
        mine = [word.strip().lower() for word in settings.get("delivered", "").split(",") if word.strip()]
        status = "delivered" if got["status"].lower() in (mine or DELIVERED) else "failed"
        return Item("receipt", got["id"], status, got["from"], got["status"], event)
    return None


SETTINGS = (
    Setting("url", gettext_lazy("网关地址"), "https://sms.example.gov.cn/send", is_url=True),
    Setting("template", gettext_lazy("请求体模板（JSON）"), TEMPLATE, required=False, default=TEMPLATE),
    Setting("success", gettext_lazy("收下的标志"), "code=0", required=False),
    Setting("reference", gettext_lazy("对方流水号所在字段"), "data.id", required=False, default="id"),
    Setting("signature_header", gettext_lazy("签名请求头"), "X-Shoutu-Signature", required=False),
    Setting("authorization", gettext_lazy("Authorization 请求头"), "Bearer …", secret=True, required=False),
    Setting("secret", gettext_lazy("签名密钥"), secret=True, required=False),
    Setting("fields", gettext_lazy("回执字段对照"), "id=msgId, status=stat, from=mobile, text=content", required=False),
    Setting("delivered", gettext_lazy("表示送达的状态值"), "DELIVRD, delivered", required=False),
)
SMS = Adapter(
    "operator_sms",
    gettext_lazy("运营商短信网关"),
    "sms",
    SETTINGS,
    send,
    gettext_lazy("手机号"),
    check=check,
    callbacks=True,
)
VOICE = Adapter(
    "operator_voice", gettext_lazy("运营商语音外呼"), "voice", SETTINGS, send, gettext_lazy("电话号码"), check=check,
    callbacks=True,
)  # fmt: skip
