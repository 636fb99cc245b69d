"""Sources, rules and unclaimed addresses as tables that go out. Tokens: their names, never their text."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shoutu.county.kit.paging import ListQuery, Page
from shoutu.county.kit.sheets.columns import out, spoken
from shoutu.county.kit.sheets.listed import listed
from shoutu.county.sites.api import RuleQuery, list_rules, list_sources
from shoutu.county.sites.api_quality import (
    EnterpriseQualityQuery,
    PointQualityQuery,
    list_enterprise_quality,
    list_point_quality,
)
from shoutu.county.sites.api_unclaimed import UnclaimedQuery, list_unclaimed
from shoutu.county.sites.schemas import Rule, Source
from shoutu.county.sites.schemas_quality import EnterpriseQuality, PointQuality
from shoutu.county.sites.schemas_unclaimed import Unclaimed

LEVELS: dict[Any, Any] = {1: _("蓝"), 2: _("黄"), 3: _("橙"), 4: _("红")}
RULES = {
    "threshold": _("限值"),
    "rate": _("变化速率"),
    "accumulation": _("累计"),
    "quota": _("限额"),
    "forecast": _("走势"),
    "anomaly": _("异于以往"),
    "no_data": _("断传"),
    "stuck": _("卡死"),
    "implausible": _("超量程"),
    "composite": _("综合"),
}
WHY = {
    "": "",
    "foreign": _("是别的来源的测点，这个来源不能发"),
    "number": _("县级来源按测点编号发，没有这个编号"),
    "blank": _("地址前后有空白，在设备上改掉"),
    "long": _("地址超过 120 个字，在设备上改短"),
}


def _left(row: Any) -> str:
    """「剩 3 时 20 分」, 「超 26 分」 of the most urgent repair; empty where no limit runs."""
    clock = row.repair.clock if row.repair else None
    if clock is None:
        return ""
    minutes = round((clock.due_at - timezone.now()).total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    span = _("%(h)d 时 %(m)d 分") % {"h": hours, "m": rest} if hours else _("%(m)d 分") % {"m": rest}
    return str((_("超 %(span)s") if minutes < 0 else _("剩 %(span)s")) % {"span": span})


def _until(row: Any) -> Any:
    return row.repair.clock.due_at if row.repair and row.repair.clock else None


REPAIR = (
    out("repair.number", _("故障预警"), 18),
    out("repair.who", _("由谁修"), 30),
    out("until", _("修复时限"), 18),
    out("left", _("还剩"), 16),
)


def _tokens(row: Any) -> list[str]:
    return [one.name for one in row.tokens if one.revoked_at is None]


def _limits(row: Any) -> str:
    return "；".join(
        f"{spoken(one.level, LEVELS)} {'≥' if one.direction == 'high' else '≤'} {one.value:g}" for one in row.levels
    )


listed(
    "sources",
    _("数据源"),
    (
        out("name", _("名称"), 30),
        out("site.name", _("场所"), 28),
        out("trusted", _("县级来源"), 12),
        out("disabled", _("停用"), 8),
        out("disabled_until", _("停用到"), 18),
        out("tokens", _("在用的令牌（名称）"), 40),
    ),
    view=list_sources,
    page=Page[Source],
    query=ListQuery,
    read="source.read",
    made={"tokens": _tokens},
)

listed(
    "rules",
    _("规则"),
    (
        out("site.name", _("场所"), 26),
        out("point.name", _("测点"), 24),
        out("title", _("名称"), 28),
        out("kind", _("类别"), 12, RULES),
        out("levels", _("限值"), 34),
        out("sentence", _("内容"), 60),
        out("cite", _("依据"), 40),
        out("verified", _("来源已核"), 10),
        out("enabled", _("在用"), 8),
        out("version", _("版本"), 8),
    ),
    view=list_rules,
    page=Page[Rule],
    query=RuleQuery,
    read="rule.read",
    made={"levels": _limits},
)

listed(
    "unclaimed",
    _("待认领"),
    (
        out("source.name", _("数据源"), 28),
        out("site.name", _("场所"), 26),
        out("address", _("地址"), 24),
        out("count", _("来过几次"), 10),
        out("first_at", _("第一次"), 18),
        out("last_at", _("最近一次"), 18),
        out("last_value", _("最近值"), 12),
        out("hindrance", _("为什么不能认领"), 40, WHY),
    ),
    view=list_unclaimed,
    page=Page[Unclaimed],
    query=UnclaimedQuery,
    read="unclaimed.read",
)

listed(
    "quality-points",
    _("测点数据质量"),
    (
        out("day", _("日期"), 12),
        out("organisation.name", _("企业"), 28),
        out("site.name", _("场所"), 26),
        out("point.name", _("测点"), 24),
        out("online", _("在线率（0–1）"), 14),
        out("complete", _("完整率（0–1）"), 14),
        out("counted_s", _("计入时长（秒）"), 14),
        out("online_s", _("在线时长（秒）"), 14),
        out("away_s", _("不计入时长（秒）"), 16),
        out("stopped_s", _("其中停产（秒）"), 14),
        out("readings", _("读数"), 10),
        out("expected", _("应有"), 10),
        out("covered", _("实有"), 10),
        out("late_p50_s", _("延迟中位（秒）"), 14),
        out("late_p95_s", _("延迟 95 %（秒）"), 14),
        out("skew_s", _("时钟偏快（秒）"), 14),
        out("stuck_s", _("卡死（秒）"), 12),
        out("implausible", _("超量程读数"), 12),
        *REPAIR,
    ),
    view=list_point_quality,
    page=Page[PointQuality],
    query=PointQualityQuery,
    read="point.read",
    made={"until": _until, "left": _left},
)

listed(
    "quality-enterprises",
    _("企业在线率"),
    (
        out("day", _("日期"), 12),
        out("rank", _("名次"), 8),
        out("ranked", _("参加排名"), 10),
        out("organisation.name", _("企业"), 30),
        out("online", _("在线率（0–1）"), 14),
        out("complete", _("完整率（0–1）"), 14),
        out("points", _("测点数"), 10),
        out("judged", _("计入的测点"), 12),
        out("poor", _("低于下限的测点"), 14),
        out("counted_s", _("计入时长（秒）"), 14),
        out("online_s", _("在线时长（秒）"), 14),
        out("away_s", _("不计入时长（秒）"), 16),
        out("stuck_s", _("卡死（秒）"), 12),
        out("implausible", _("超量程读数"), 12),
        out("repairs", _("待修的故障"), 12),
        out("late", _("超时未修"), 12),
        *REPAIR,
    ),
    view=list_enterprise_quality,
    page=Page[EnterpriseQuality],
    query=EnterpriseQualityQuery,
    read="point.read",
    made={"until": _until, "left": _left},
)
