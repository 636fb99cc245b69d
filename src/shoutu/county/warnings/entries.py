"""The entries of this room in words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from shoutu.county.ledger import verbs
from shoutu.county.warnings.models import Result
from shoutu.county.warnings.words import LEVELS, number


def _level(payload: dict[str, Any]) -> str:
    before, after = LEVELS.get(payload["before"], ""), LEVELS.get(payload["after"], "")
    value = payload.get("value")
    figure = f"，{number(value)}" if isinstance(value, int | float) else ""
    return (
        f"{before} → {after}{figure}"
        if before != after
        else _("%(level)s%(figure)s") % {"level": after, "figure": figure}
    )


def _verified(payload: dict[str, Any]) -> str:
    result = str(Result(payload["result"]).label)
    return _("核实：%(result)s") % {"result": f"{result}，{payload['reason']}" if payload["reason"] else result}


verbs.register(
    {
        "warning.opened": lambda p: _("预警：%(title)s") % {"title": p["title"]},
        "warning.level": _level,
        "warning.called_anew": lambda p: _("启动%(level)s响应，重新叫应") % {"level": LEVELS.get(p["level"], "")},
        "warning.verified": _verified,
        "warning.disposed": lambda p: _("处置，停产撤人") if p["withdraw"] else _("处置"),
        "warning.fed_back": lazy("反馈"),
        "warning.closed": lazy("关闭"),
        "warning.recalled": lazy("追叫"),
        "warning.rule_changed": lazy("规则换版，等级重新判断"),
        "signal.set_aside": lazy("信号无法处理，搁置"),
        "signal.retried": lazy("搁置的信号重新处理"),
        "source.created": lazy("登记数据源"),
        "source.token_created": lazy("发放数据源令牌"),
        "source.token_revoked": lazy("撤销数据源令牌"),
        "source.disabled": lazy("停用数据源"),
        "source.enabled": lazy("启用数据源"),
        "point.created": lazy("登记测点"),
        "rule.created": lazy("新建规则"),
        "rule.proposed": lazy("提出修改规则"),
        "rule.approved": lazy("同意修改规则"),
        "rule.rejected": lazy("不同意修改规则"),
        "rule.in_force": lazy("规则生效"),
        "binding.created": lazy("采用规则包"),
        "binding.renewed": lazy("重新采用规则包"),
        "finding.raised": lambda p: _("缺少设计值：%(message)s") % {"message": p["message"]},
        "finding.cleared": lazy("设计值已补"),
    }
)
