"""The entries of this room in words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

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
        "warning.fed_back": gettext_lazy("反馈"),
        "warning.closed": gettext_lazy("关闭"),
        "warning.recalled": gettext_lazy("追叫"),
        "warning.rule_changed": gettext_lazy("规则换版，等级重新判断"),
        "signal.set_aside": gettext_lazy("信号无法处理，搁置"),
        "signal.cleaned_out": lambda p: _("清出已处理的信号 %(count)s 条") % {"count": p["count"]},
        "signal.retried": gettext_lazy("搁置的信号重新处理"),
        "source.created": gettext_lazy("登记数据源"),
        "source.token_created": gettext_lazy("发放数据源令牌"),
        "source.token_revoked": gettext_lazy("撤销数据源令牌"),
        "source.disabled": gettext_lazy("停用数据源"),
        "source.enabled": gettext_lazy("启用数据源"),
        "point.created": gettext_lazy("登记测点"),
        "rule.created": gettext_lazy("新建规则"),
        "rule.proposed": gettext_lazy("提出修改规则"),
        "rule.approved": gettext_lazy("同意修改规则"),
        "rule.rejected": gettext_lazy("不同意修改规则"),
        "rule.in_force": gettext_lazy("规则生效"),
        "binding.created": gettext_lazy("采用规则包"),
        "binding.renewed": gettext_lazy("重新采用规则包"),
        "finding.raised": lambda p: _("缺少设计值：%(message)s") % {"message": p["message"]},
        "finding.cleared": gettext_lazy("设计值已补"),
    }
)
