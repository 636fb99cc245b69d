"""What watching rests on: packs and limits that can be read, addresses somebody has taken up."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count, Min
from django.utils.translation import gettext as _

from shoutu.county.kit.health import Line, Part, State, contribute
from shoutu.county.sites import packs
from shoutu.county.sites.models import Unclaimed
from shoutu.county.sites.services.unreadable import LIMITS, PACK


@contribute
def policies(now: datetime) -> Iterable[Line]:
    wrong = packs.unreadable()
    words = "；".join(f"{name}：{fault}" for name, fault in wrong.items())[:400] or _("都读得了")
    yield Line(
        "packs", Part.RECORD, _("规则包"), State.WRONG if wrong else State.WELL, words, len(packs.names()), "",
        todo=_("改正文件；已生效的规则照旧，不能再采用") if wrong else "", url="/rules", covers=(PACK,),
    )  # fmt: skip
    fault = packs.law_fault()
    yield Line(
        "limits", Part.RECORD, _("法定限值"), State.WRONG if fault else State.WELL, fault or _("读得了"),
        todo=_("改正文件；没有可比的限值，规则包都不能采用") if fault else "", url="/rules", covers=(LIMITS,),
    )  # fmt: skip


@contribute
def unclaimed(now: datetime) -> Iterable[Line]:
    waiting = Unclaimed.objects.filter(point__isnull=True).aggregate(n=Count("pk"), oldest=Min("first_at"))
    count = waiting["n"]
    yield Line(
        "unclaimed", Part.QUEUE, _("待认领的地址"), State.WATCH if count else State.WELL,
        _("有人在送，没有人在看") if count else _("没有"), count, "", waiting["oldest"],
        todo=_("认领成测点，或者让发送方改地址") if count else "", url="/unclaimed",
    )  # fmt: skip
