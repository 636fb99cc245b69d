"""The entries of this room in words, for timelines and the ledger page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from shoutu.county.duties.selectors.chains import RUNG_WORDS
from shoutu.county.ledger import verbs

STAGES = {"dispose": lazy("处置"), "feedback": lazy("反馈"), "verify": lazy("核实"), "close": lazy("关闭")}


def _called(payload: dict[str, Any]) -> str:
    post = payload.get("post") or RUNG_WORDS.get(payload["rung"], payload["rung"])
    due = timezone.localtime(datetime.fromisoformat(payload["due_at"])).strftime("%H:%M:%S")
    return _("呼叫%(post)s，%(due)s 前应答") % {"post": post, "due": due}


def _nobody(payload: dict[str, Any]) -> str:
    post = payload.get("post") or RUNG_WORDS.get(payload["rung"], payload["rung"])
    return _("%(post)s无人，叫下一位") % {"post": post}


def _answered(payload: dict[str, Any]) -> str:
    minutes, seconds = divmod(int(payload["took_s"]), 60)
    return _("应答（用时 %(minutes)d:%(seconds)02d）") % {"minutes": minutes, "seconds": seconds}


def _stage(text: str) -> Any:
    return lambda payload: text % {"stage": STAGES.get(payload.get("stage", ""), payload.get("stage", ""))}


verbs.register(
    {
        "duty.opened": lambda p: _("派出：%(title)s") % {"title": p["title"]},
        "duty.called": _called,
        "duty.nobody": _nobody,
        "duty.answered": _answered,
        "duty.declined": lazy("我不在岗，叫下一位"),
        "duty.done": lazy("办完"),
        "duty.verified": lazy("验收"),
        "duty.returned": lazy("退回"),
        "duty.recalled": lazy("追叫"),
        "duty.cancelled": lazy("撤销"),
        "duty.raised": lazy("等级上升，重新叫应"),
        "duty.seen": lazy("已看到"),
        "duty.delivered": lazy("已送达"),
        "duty.unanswered": lazy("全链叫过一遍无人应答，从头再叫"),
        "duty.overdue": _stage(lazy("%(stage)s超时，上叫")),  # type: ignore[arg-type]
        "duty.notice_sent": lazy("通知已发出"),
        "duty.notice_retry": lazy("通知没有发出，稍后再发"),
        "duty.notice_failed": lazy("通知发送失败"),
        "alarm.raised": lazy("告警"),
        "alarm.cleared": lazy("告警解除"),
        "endpoint.allowed": lazy("允许向外发送的地址"),
        "contact.created": lazy("登记联系方式"),
        "contact.changed": lazy("修改联系方式"),
    }
)
