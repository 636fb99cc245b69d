"""Sources, rules and unclaimed addresses as tables that go out. Tokens: their names, never their text."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from shoutu.county.kit.paging import ListQuery, Page
from shoutu.county.kit.sheets.columns import out, spoken
from shoutu.county.kit.sheets.listed import listed
from shoutu.county.sites.api import RuleQuery, list_rules, list_sources
from shoutu.county.sites.api_unclaimed import UnclaimedQuery, list_unclaimed
from shoutu.county.sites.schemas import Rule, Source
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
