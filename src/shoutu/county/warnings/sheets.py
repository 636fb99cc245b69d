"""Warnings as a table that goes out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.sheets.columns import named, out
from shoutu.county.kit.sheets.tables import Table, register
from shoutu.county.warnings.api import WarningQuery, filtered_warnings
from shoutu.county.warnings.models import Result, State

LEVELS = {0: _("正常"), 1: _("蓝"), 2: _("黄"), 3: _("橙"), 4: _("红")}
CATEGORIES = {"risk": _("险情"), "fault": _("设备故障")}


def _warnings(actor: Actor, query: Any, whole: bool) -> Iterator[Mapping[str, Any]]:
    for row in filtered_warnings(actor, query).order_by("-id").iterator(chunk_size=500):
        yield {
            "number": row.number, "level": row.level, "peak": row.peak_level, "current": row.current_level,
            "category": row.category, "title": row.title, "state": row.state,
            "organisation": row.site.organisation.name if row.site else "",
            "site": row.site.name if row.site else gettext("全县"),
            "territory": row.site.territory.name if row.site else "",
            "point": row.point.name if row.point else "", "value": row.value, "threshold": row.threshold,
            "unit": row.unit, "started_at": row.started_at,
            "answered_at": row.answered_at, "ended_at": row.ended_at, "closed_at": row.closed_at,
            "result": row.result, "reason": row.reason,
        }  # fmt: skip


WARNINGS = register(
    Table(
        "warnings",
        _("预警"),
        (
            out("number", _("编号"), 18),
            out("level", _("级别"), 8, LEVELS),
            out("peak", _("最高"), 8, LEVELS),
            out("current", _("现在"), 8, LEVELS),
            out("category", _("类别"), 10, CATEGORIES),
            out("title", _("内容"), 36),
            out("state", _("状态"), 12, named(State.choices)),
            out("organisation", _("单位"), 26),
            out("site", _("场所"), 24),
            out("territory", _("行政区"), 14),
            out("point", _("测点"), 22),
            out("value", _("读数"), 12),
            out("threshold", _("限值"), 12),
            out("unit", _("计量单位"), 10),
            out("started_at", _("起始"), 18),
            out("answered_at", _("应答"), 18),
            out("ended_at", _("回落"), 18),
            out("closed_at", _("关闭"), 18),
            out("result", _("结论"), 12, named(Result.choices)),
            out("reason", _("原因"), 20),
        ),
        read="warning.read",
        query=WarningQuery,
        rows=_warnings,
    )
)
