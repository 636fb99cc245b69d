"""The kinds of channels a message can leave by. One small file each: pure making and reading, thin transport."""

from __future__ import annotations

from shoutu.county.duties.channels.base import Adapter, BadSetting, Message, SendFailed, Setting
from shoutu.county.duties.channels.mail import MAIL
from shoutu.county.duties.channels.modem import MODEM
from shoutu.county.duties.channels.operator import SMS, VOICE
from shoutu.county.duties.channels.robots import DINGTALK, FEISHU, WECOM
from shoutu.county.duties.channels.webhook import WEBHOOK

ADAPTERS: dict[str, Adapter] = {one.kind: one for one in (MODEM, SMS, VOICE, DINGTALK, WECOM, FEISHU, MAIL, WEBHOOK)}

__all__ = ["ADAPTERS", "Adapter", "BadSetting", "Message", "SendFailed", "Setting"]
