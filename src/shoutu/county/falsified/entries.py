"""The entries of this room in words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import get_language, gettext, gettext_lazy
from django.utils.translation import gettext as _

from shoutu.county.falsified.models import State
from shoutu.county.ledger import verbs


def _found(payload: dict[str, Any]) -> str:
    told = payload["en"] if (get_language() or "").startswith("en") else payload["zh"]
    return gettext("读数存疑：%(told)s") % {"told": told}


def _searched(payload: dict[str, Any]) -> str:
    told = gettext("筛查 %(day)s 的读数：测点 %(points)s 个，没有查到的 %(left)s 个") % payload
    if payload.get("aside"):
        told += gettext("，筛查失败的 %(aside)s 个") % payload
    return told


verbs.register(
    {
        "falsified.searched": _searched,
        "falsified.searched_again": lambda p: gettext("再查一次：%(told)s") % {"told": _searched(p)},
        "falsified.found": _found,
        "falsified.again": lambda p: _("%(day)s 又查到，第 %(times)s 次") % dict(p),
        "falsified.more": lambda p: _("同一场所 %(day)s 还有 %(more)s 条没有逐条记") % dict(p),
        "falsified.check_opened": lambda p: _("派出现场核查，存疑读数 %(n)d 条") % {"n": len(p["findings"])},
        "falsified.check_joined": lambda p: _("现场核查加入存疑读数 %(n)d 条") % {"n": len(p["findings"])},
        "falsified.check_ended": lambda p: (
            _("现场核查办结：属实 %(real)s 条，设备故障 %(fault)s 条，正常 %(normal)s 条") % dict(p)
        ),
        "falsified.decided": lambda p: _("存疑读数定为%(outcome)s") % {"outcome": State(p["outcome"]).label},
    },
    found_by={
        "falsified.searched": gettext_lazy("筛查读数"),
        "falsified.searched_again": gettext_lazy("再查一次"),
        "falsified.again": gettext_lazy("又查到"),
        "falsified.more": gettext_lazy("没有逐条记"),
        "falsified.check_ended": gettext_lazy("现场核查办结"),
        "falsified.found": gettext_lazy("读数存疑"),
        "falsified.decided": gettext_lazy("存疑读数定为"),
    },
)
