"""The entries of this room in words, for timelines and the ledger page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shoutu.county.duties.selectors.chains import RUNG_WORDS
from shoutu.county.ledger import verbs

STAGES = {
    "dispose": gettext_lazy("处置"),
    "feedback": gettext_lazy("反馈"),
    "repair": gettext_lazy("修复"),
    "verify": gettext_lazy("核实"),
    "close": gettext_lazy("关闭"),
    "withdraw": gettext_lazy("撤清"),
    "review": gettext_lazy("复查"),
    "report": gettext_lazy("上报"),
    "assign": gettext_lazy("分派"),
    "carry_out": gettext_lazy("落实"),
    "standby": gettext_lazy("到位"),
}

OUTCOMES = {
    "answered": gettext_lazy("应答"),
    "declined": gettext_lazy("不在岗"),
    "delivered": gettext_lazy("送达"),
    "failed": gettext_lazy("没有送达"),
    "over": gettext_lazy("那次呼叫已了结"),
    "unclear": gettext_lazy("看不明白"),
    "unknown": gettext_lazy("对不上号"),
}


def _received(payload: dict[str, Any]) -> str:
    return _("通道来信：%(outcome)s") % {"outcome": OUTCOMES.get(payload["outcome"], payload["outcome"])}


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
        "policy.taken": gettext_lazy("记下现用的响应方案："),
        "policy.changed": lambda p: _("两人同意，改用第 %(n)s 版响应方案：") % {"n": p["number"]},
        "clock.set_back": lambda p: _("时钟被拨慢 %(seconds)s 秒，各项时限随之前移") % {"seconds": p["seconds"]},
        "clock.set_forward": lambda p: _("时钟向前跳了 %(seconds)s 秒") % {"seconds": p["seconds"]},
        "duty.opened": lambda p: _("派出：%(title)s") % {"title": p["title"]},
        "duty.called": _called,
        "duty.nobody": _nobody,
        "duty.answered": _answered,
        "duty.declined": gettext_lazy("我不在岗，叫下一位"),
        "duty.done": gettext_lazy("办完"),
        "duty.verified": gettext_lazy("验收"),
        "duty.returned": gettext_lazy("退回"),
        "duty.recalled": gettext_lazy("追叫"),
        "duty.held": gettext_lazy("静默，暂不呼叫"),
        "duty.let_go": gettext_lazy("静默解除，恢复呼叫"),
        "duty.cancelled": gettext_lazy("撤销"),
        "duty.raised": lambda p: _("等级上升，重新叫应") if p["from"] < p["to"] else _("情况有变，重新叫应"),
        "duty.seen": gettext_lazy("已看到"),
        "duty.delivered": gettext_lazy("已送达"),
        "duty.unanswered": gettext_lazy("全链叫过一遍无人应答，从头再叫"),
        "duty.overdue": _stage(gettext_lazy("%(stage)s超时，上叫")),  # type: ignore[arg-type]
        "duty.notice_sent": gettext_lazy("通知已发出"),
        "duty.notice_retry": gettext_lazy("通知没有发出，稍后再发"),
        "duty.notice_failed": gettext_lazy("通知发送失败"),
        "finding.raised": lambda p: _("查出缺项：%(what)s") % {"what": p.get("message", "")},
        "finding.changed": lambda p: _("缺项有变：%(what)s") % {"what": p.get("message", "")},
        "finding.cleared": gettext_lazy("缺项已补齐"),
        "alarm.raised": gettext_lazy("告警"),
        "alarm.cleared": gettext_lazy("告警解除"),
        "endpoint.allowed": gettext_lazy("允许向外发送的地址"),
        "channel.created": lambda p: _("增设通道：%(title)s") % {"title": p.get("title", "")},
        "channel.changed": gettext_lazy("修改通道"),
        "channel.token": gettext_lazy("换发回执令牌"),
        "channel.received": lambda p: (
            _("通道来信：%(outcome)s") % {"outcome": OUTCOMES.get(p["outcome"], p["outcome"])}
        ),
        "trial.started": lambda p: _("试叫 %(count)d 条通道") % {"count": p["contacts"]},
        "trial.answered": gettext_lazy("试叫应答"),
        "trial.missed": lambda p: _("试叫没有应答 %(count)d 条") % {"count": len(p["contacts"])},
        "contact.created": gettext_lazy("登记联系方式"),
        "contact.changed": gettext_lazy("修改联系方式"),
        "contact.old_told": gettext_lazy("联系方式改了，已告知旧地址"),
        "contact.old_not_told": lambda p: _("联系方式改了，旧地址没有告知到：%(why)s") % {"why": p["problem"]},
    }
)
