"""The entries of this room in words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shoutu.county.ledger import verbs
from shoutu.county.weather.models import Door
from shoutu.county.weather.words import LEVELS


def _received(payload: dict[str, Any]) -> str:
    return _("收到%(level)s预警（%(door)s），%(count)d 个乡镇：%(headline)s") % {
        "level": LEVELS.get(payload["level"], ""),
        "door": Door(payload["door"]).label,
        "count": len(payload["townships"]),
        "headline": payload["headline"],
    }


verbs.register(
    {
        "weather.received": _received,
        "weather.noted": lambda p: _("登记气象信息，不叫应：%(because)s") % {"because": p["because"]},
        "weather.refused": lambda p: _("气象信息没有收下：%(because)s") % {"because": p["because"]},
        "weather.retired": lambda p: (
            _("前一条预警解除") if p["became"] == "cancelled" else _("前一条预警由新的一条替换")
        ),
        "weather.expired": gettext_lazy("预警到期"),
        "weather.ended": lambda p: _("气象预警解除") if p["by"] == "cancelled" else _("气象预警结束"),
        "weather.placed": lambda p: _("定区域：%(count)d 个乡镇") % {"count": len(p["townships"])},
        "weather.recalled": lambda p: _("追叫 %(count)d 处") % {"count": p["duties"]},
    },
    found_by={
        "weather.received": gettext_lazy("收到气象预警"),
    },
)
