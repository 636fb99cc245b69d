"""The entries of this room in words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shoutu.county.ledger import verbs
from shoutu.county.sites.models import Operation
from shoutu.county.warnings.facts import PARTS
from shoutu.county.warnings.models import ReportKind, Result, Silence, Superior
from shoutu.county.warnings.words import LEVELS, number


def _level(payload: dict[str, Any]) -> str:
    before, after, value = payload["before"], payload["after"], payload.get("value")
    # Entries from before the unit was recorded have none.
    figure = f"，{number(value, payload.get('unit') or '')}" if isinstance(value, int | float) else ""
    words = {"before": LEVELS.get(before, ""), "after": LEVELS.get(after, ""), "figure": figure}
    if before == after:
        return _("%(level)s%(figure)s") % {"level": words["after"], "figure": figure}
    if before < after:
        return _("由%(before)s升为%(after)s%(figure)s") % words
    return _("由%(before)s降为%(after)s%(figure)s") % words


def _sent(payload: dict[str, Any]) -> str:
    told = _("上报 %(number)s（%(kind)s）") % {
        "number": payload["number"],
        "kind": ReportKind(payload["kind"]).label,
    }
    since = [str(PARTS[part]) for part in payload.get("changed_since", ()) if part in PARTS]
    if not since:
        return told
    return _("%(told)s，照原稿报出，拟稿之后%(what)s有变") % {"told": told, "what": "、".join(since)}


def _verified(payload: dict[str, Any]) -> str:
    result = str(Result(payload["result"]).label)
    return _("核实：%(result)s") % {"result": f"{result}，{payload['reason']}" if payload["reason"] else result}


_COUNTED = {
    "set": lambda p: _("人数定为 %(total)d 人") % {"total": p["total"]},
    "out": lambda p: _("确认 %(n)d 人已出") % {"n": p["amount"]},
    "positioning": lambda p: _("按定位读数确认 %(n)d 人已出") % {"n": p["amount"]},
    "more": lambda p: _("人数增加 %(n)d 人") % {"n": p["amount"]},
    "back": lambda p: _("撤回 %(n)d 人已出的确认") % {"n": p["amount"]},
    "fewer": lambda p: _("两人同意，人数减少 %(n)d 人") % {"n": p["amount"]},
}


def _counted(payload: dict[str, Any]) -> str:
    did = _COUNTED[payload["kind"]](payload)
    if payload["missing"] == 0:
        return _("%(did)s，人已撤清") % {"did": did}
    return _("%(did)s，还有 %(missing)d 人未出") % {"did": did, "missing": payload["missing"]}


def _site_state(payload: dict[str, Any]) -> str:
    return _("状态改为%(state)s：%(reason)s") % {
        "state": Operation(payload["state"]).label,
        "reason": payload["reason"],
    }


def _unraised(payload: dict[str, Any]) -> str:
    """「，标校期间触发 3 次未告警」"""
    if not payload.get("withheld"):
        return ""
    kind = dict(Silence.Kind.choices).get(str(payload.get("kind")), "")
    return _("，%(kind)s期间触发 %(count)d 次未告警") % {"kind": kind, "count": payload["withheld"]}


verbs.register(
    {
        "evacuation.ordered": gettext_lazy("下令停产撤人"),
        "evacuation.joined": lambda p: _("%(number)s 也要求停产撤人") % {"number": p["warning"]},
        "evacuation.counted": _counted,
        "evacuation.resumed": gettext_lazy("下令复工"),
        "report.sent": _sent,
        "report.handed_over": lambda p: _("%(number)s 已发到%(to)s") % {"number": p["number"], "to": p["superior"]},
        "report.retry": lambda p: (
            _("%(number)s 没有发到%(to)s，稍后再发")
            % {
                "number": p["number"],
                "to": p["superior"],
            }
        ),
        "report.failed": lambda p: (
            _("%(number)s 没有发到%(to)s：%(why)s")
            % {
                "number": p["number"],
                "to": p["superior"],
                "why": p["problem"],
            }
        ),
        "report.passed_over": lambda p: (
            _("没有报%(ranks)s：没有在用的上级单位")
            % {"ranks": "、".join(str(Superior.Rank(rank).label) for rank in p["ranks"])}
        ),
        "report.again": lambda p: _("%(number)s 再发%(to)s") % {"number": p["number"], "to": p["superior"]},
        "report.by_hand": lambda p: _("%(number)s 人工报%(to)s") % {"number": p["number"], "to": p["superior"]},
        "report.received": lambda p: _("%(number)s %(to)s签收") % {"number": p["number"], "to": p["superior"]},
        "superior.set": lambda p: _("登记上级单位：%(title)s") % {"title": p["title"]},
        "order.taken": lambda p: (
            _("收到%(sender)s指令：%(title)s（%(concerns)s）")
            % {"sender": p["sender"], "title": p["title"], "concerns": p["concerns"]}
            if p.get("concerns")
            else _("收到%(sender)s指令：%(title)s") % {"sender": p["sender"], "title": p["title"]}
        ),
        "order.differs": lambda p: (
            _("又来不同内容，存为第 %(n)s 稿：%(title)s") % {"n": p["version"], "title": p["title"]}
        ),
        "order.given": lambda p: _("指令分派给%(to)s") % {"to": "、".join(p["to"])},
        "order.ended": gettext_lazy("指令办结"),
        "rule.care_set": lambda p: _("规则归 %(post)s，%(day)s 复查") % {"post": p["post"], "day": p["review_on"]},
        "rule.reviewed": lambda p: _("规则已复查，下次 %(day)s") % {"day": p["review_on"]},
        "warning.opened": lambda p: _("预警：%(title)s") % {"title": p["title"]},
        "warning.level": _level,
        "warning.called_anew": lambda p: _("启动%(level)s响应，重新叫应") % {"level": LEVELS.get(p["level"], "")},
        "warning.blasting_over": gettext_lazy("放炮时段已过，没有降下来，重新叫应"),
        "site.state": _site_state,
        "site.blasting_added": lambda p: _("放炮时段 %(start)s–%(end)s") % {"start": p["start"], "end": p["end"]},
        "site.blasting_revoked": gettext_lazy("取消放炮时段"),
        "warning.verified": _verified,
        "warning.disposed": lambda p: _("处置，停产撤人") if p["withdraw"] else _("处置"),
        "warning.evidence": lambda p: _("存入照片，SHA-256 %(hash)s…") % {"hash": p["sha256"][:8]},
        "warning.fed_back": gettext_lazy("反馈"),
        "warning.close_asked": gettext_lazy("提请关闭，等复核"),
        "warning.sent_back": gettext_lazy("退回，不同意关闭"),
        "warning.closed": gettext_lazy("关闭"),
        "warning.recalled": gettext_lazy("追叫"),
        "warning.held_back": lambda p: _("静默，%(level)s不呼叫") % {"level": LEVELS.get(p["level"], "")},
        "warning.merged": lambda p: _("并入 %(lead)s") % {"lead": p["lead"]},
        "warning.split": gettext_lazy("从事件里拆出"),
        "warning.gathered": gettext_lazy("归入同因事件"),
        "group.merged": lambda p: _("并案，带 %(count)s 起") % {"count": len(p["followers"])},
        "group.begun": lambda p: _("同因事件开始，%(count)s 起") % {"count": p["count"]},
        "group.ended": lambda p: _("事件结束，共 %(count)s 起") % {"count": p["count"]},
        "silence.ordered": lambda p: _("一人静默") if p["alone"] else _("两人同意静默"),
        "silence.begun": gettext_lazy("静默开始"),
        "silence.ended": lambda p: _("静默到时结束，压下 %(count)s 起") % {"count": p["held"]} + _unraised(p),
        "silence.revoked": lambda p: _("提前解除静默，压下 %(count)s 起") % {"count": p["held"]} + _unraised(p),
        "silence.withheld": lambda p: (
            _("标校或维护期间，%(from)s → %(to)s，未告警") % {name: LEVELS.get(p[name], "") for name in ("from", "to")}
        ),
        "silence.broken": lambda p: _("红色预警 %(number)s 打破静默，照常呼叫") % {"number": p["warning"]},
        "warning.rule_changed": gettext_lazy("规则换版，等级重新判断"),
        "signal.set_aside": gettext_lazy("信号无法处理，搁置"),
        "signal.cleaned_out": lambda p: _("清出已处理的信号 %(count)s 条") % {"count": p["count"]},
        "signal.retried": gettext_lazy("搁置的信号重新处理"),
        "source.created": gettext_lazy("登记数据源"),
        "source.token_created": gettext_lazy("发放数据源令牌"),
        "source.token_revoked": gettext_lazy("撤销数据源令牌"),
        "source.disabled": gettext_lazy("停用数据源"),
        "source.station_registered": gettext_lazy("登记数采仪"),
        "source.device_registered": gettext_lazy("登记主动采集的设备"),
        "source.device_changed": gettext_lazy("改主动采集设备的设置"),
        "source.clock_changed": gettext_lazy("改数据源时间的读法"),
        "source.enabled": gettext_lazy("启用数据源"),
        "point.created": gettext_lazy("登记测点"),
        "rule.created": gettext_lazy("新建规则"),
        "rule.proposed": gettext_lazy("提出修改规则"),
        "rule.approved": gettext_lazy("同意修改规则"),
        "rule.rejected": gettext_lazy("不同意修改规则"),
        "rule.in_force": gettext_lazy("规则生效"),
    },
    found_by={
        "evacuation.counted": gettext_lazy("人数定为"),
        "report.sent": gettext_lazy("上报"),
        "site.state": gettext_lazy("状态改为"),
        "warning.verified": gettext_lazy("核实"),
    },
)
