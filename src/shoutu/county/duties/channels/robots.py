"""Robots of group chats: DingTalk, WeCom, Feishu. They post into a group and mention the called person.

A group reads along, so no message here carries a link that answers without login.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shoutu.county.duties.channels.base import Adapter, BadSetting, Message, Setting, post, refuse


def dingtalk_sign(secret: str, stamp_ms: int) -> str:
    """DingTalk 加签: HMAC-SHA256 with the secret as key over ``stamp\\nsecret``, base64. `stamp_ms`: Unix ms."""
    digest = hmac.new(secret.encode(), f"{stamp_ms}\n{secret}".encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def feishu_sign(secret: str, stamp_s: int) -> str:
    """Feishu 签名校验: HMAC-SHA256 of nothing with ``stamp\\nsecret`` as key, base64. `stamp_s`: Unix seconds."""
    digest = hmac.new(f"{stamp_s}\n{secret}".encode(), b"", hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def _json(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


def send_dingtalk(settings: Mapping[str, str], message: Message) -> str:
    params = None
    if settings.get("secret"):
        stamp = int(time.time() * 1000)
        params = {"timestamp": str(stamp), "sign": dingtalk_sign(settings["secret"], stamp)}
    text = f"{message.text}\n@{message.address}"
    body = {"msgtype": "text", "text": {"content": text}, "at": {"atMobiles": [message.address], "isAtAll": False}}
    refuse(post(settings["url"], _json(body), params=params), "errcode", "errmsg", busy=(-1, 130101, 410100))
    return ""


def send_wecom(settings: Mapping[str, str], message: Message) -> str:
    body = {"msgtype": "text", "text": {"content": message.text, "mentioned_mobile_list": [message.address]}}
    refuse(post(settings["url"], _json(body)), "errcode", "errmsg", busy=(-1, 45009))
    return ""


def send_feishu(settings: Mapping[str, str], message: Message) -> str:
    text = f'<at user_id="{message.address}"></at> {message.text}'
    body: dict[str, Any] = {"msg_type": "text", "content": {"text": text}}
    if settings.get("secret"):
        stamp = int(time.time())
        body |= {"timestamp": str(stamp), "sign": feishu_sign(settings["secret"], stamp)}
    answer = post(settings["url"], _json(body))
    code = "code" if "code" in answer else "StatusCode"
    refuse(answer, code, "msg", busy=(9499, 11232))
    return str((answer.get("data") or {}).get("message_id", ""))[:120] if isinstance(answer.get("data"), dict) else ""


def _feishu_id(address: str) -> str:
    if not re.match(r"^(ou_|on_)?[A-Za-z0-9_-]{4,64}$", address.strip()):
        raise BadSetting("address", _("飞书用户 ID，如 ou_18eac85d35a26f989317ad4f02e8bbbb"))
    return address.strip()


def _settings(example: str, signed: bool) -> tuple[Setting, ...]:
    # The address of a robot is its password: kept sealed.
    url = Setting("url", gettext_lazy("机器人 Webhook 地址"), example, secret=True, is_url=True)
    return (url, Setting("secret", gettext_lazy("加签密钥"), secret=True, required=False)) if signed else (url,)


DINGTALK = Adapter(
    "dingtalk", gettext_lazy("钉钉机器人"), "robot",
    _settings("https://oapi.dingtalk.com/robot/send?access_token=…", True), send_dingtalk, gettext_lazy("钉钉手机号"),
    private=False,
)  # fmt: skip
WECOM = Adapter(
    "wecom", gettext_lazy("企业微信机器人"), "robot",
    _settings("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…", False), send_wecom,
    gettext_lazy("企业微信手机号"), private=False,
)  # fmt: skip
FEISHU = Adapter(
    "feishu", gettext_lazy("飞书机器人"), "robot",
    _settings("https://open.feishu.cn/open-apis/bot/v2/hook/…", True), send_feishu, gettext_lazy("飞书用户 ID"),
    check_address=_feishu_id, private=False,
)  # fmt: skip
