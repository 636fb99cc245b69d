"""Sites and points as tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.sheets.columns import Column, choice, named, number, text
from shoutu.county.kit.sheets.tables import Table, register
from shoutu.county.places import importing as places
from shoutu.county.places.finding import Sites, Territories
from shoutu.county.places.models import Site
from shoutu.county.sites import care, importing, selectors
from shoutu.county.sites.api import PointQuery, SiteQuery, point_flags, site_flags
from shoutu.county.sites.models import Danger, Operation

KINDS = named(Site.Kind.choices)
CRS = {"wgs84": "WGS-84", "gcj02": "GCJ-02"}
OPERATION = named(Operation.choices)
CARE = {"calibration": _("标校"), "maintenance": _("维护")}
DANGER = named(Danger.choices)


def _sites(actor: Actor, query: Any, whole: bool) -> Iterator[Mapping[str, Any]]:
    known = Territories()
    rows = selectors.sites_for(actor, query.q, **site_flags(query))
    for row in rows.order_by("name", "id").iterator(chunk_size=500):
        yield {
            "organisation": row.organisation.name, "name": row.name, "kind": row.kind, "grade": row.grade,
            "territory": known.path(row.territory), "longitude": row.longitude, "latitude": row.latitude,
            "crs": "wgs84" if row.longitude is not None else "", "points": row.n,  # type: ignore[attr-defined]
            "operating": row.operating or Operation.PRODUCING,  # type: ignore[attr-defined]
        }  # fmt: skip


def _points(actor: Actor, query: Any, whole: bool) -> Iterator[Mapping[str, Any]]:
    known = Sites(actor)
    found = selectors.points_for(actor, q=query.q, **point_flags(query))
    rows = found.select_related("site__organisation", "source")
    under = care.finder()
    for row in rows.order_by("site_id", "item", "name", "id").iterator(chunk_size=500):
        yield {
            "site": known.path(row.site), "source": row.source.name, "address": row.address, "name": row.name,
            "item": row.item, "item_title": row.item_title, "unit": row.unit, "interval_s": row.interval_s,
            "low": row.low, "high": row.high, "danger": row.danger, "organisation": row.site.organisation.name,
            "care": (under(row) or {}).get("kind", ""), "care_until": (under(row) or {}).get("ends_at"),
        }  # fmt: skip


SITES = register(
    Table(
        "sites",
        _("场所"),
        (
            Column(
                "organisation",
                _("单位"),
                text(120),
                required=True,
                note=_("单位全称，或 18 位统一社会信用代码。"),
                example=_("示范矿业有限公司"),
                width=30,
                aliases=("企业", "单位名称", "企业名称"),
            ),
            Column(
                "name",
                _("场所名称"),
                text(120),
                required=True,
                note=_("同一单位内不重名。"),
                example=_("1 号尾矿库"),
                width=26,
                aliases=("名称", "场所"),
            ),
            Column(
                "kind",
                _("类别"),
                choice(KINDS),
                required_new=True,
                choices=KINDS,
                note=_("已有的场所不能用表改。"),
                example="tailings_pond",
                width=14,
            ),
            Column(
                "grade",
                _("等别"),
                text(20),
                note=_("尾矿库填一等到五等；别的可空。已有的场所不能用表改。"),
                example="四等",
                width=10,
            ),
            Column(
                "territory",
                _("所在行政区"),
                text(170),
                note=_("空着就是单位所在的行政区；重名时写“上级/名称”。"),
                example="东张乡",
                width=20,
                aliases=("行政区", "所在乡镇"),
            ),
            Column(
                "longitude",
                _("经度"),
                number(-180, 180),
                unit="°",
                note=_("十进制度数，如 111.8502。"),
                example=111.8502,
                width=14,
            ),
            Column(
                "latitude",
                _("纬度"),
                number(-90, 90),
                unit="°",
                note=_("十进制度数，如 35.9713。"),
                example=35.9713,
                width=14,
            ),
            Column(
                "crs",
                _("坐标系"),
                choice(CRS),
                choices=CRS,
                note=_("空着是 WGS-84（GPS）；高德、腾讯地图上点的是 GCJ-02，会换算。"),
                example="wgs84",
                width=12,
            ),
            Column("operating", _("运行状态"), text(20), choices=OPERATION, exported=True, width=12),
            Column("points", _("测点数"), text(10), exported=True, width=10),
        ),
        read="site.read",
        query=SiteQuery,
        rows=_sites,
        edit=("import.use", "site.create", "site.edit"),
        plan=places.plan_sites,
        apply=places.apply_sites,
        follow=places.follow,
        follow_size={"site": 50},
        notes=(
            _("认同一条：单位加场所名称。"),
            _("设计值、规则包不在这张表里：在场所页录入，放宽要两人复核。"),
        ),
    )
)

POINTS = register(
    Table(
        "points",
        _("测点"),
        (
            Column(
                "site",
                _("场所"),
                text(250),
                required=True,
                note=_("场所名称；重名时写“单位/场所”。"),
                example=_("1 号尾矿库"),
                width=26,
                aliases=("场所名称",),
            ),
            Column(
                "source",
                _("数据源"),
                text(80),
                required=True,
                note=_("已建的数据源名称。"),
                example=_("示范矿业网关"),
                width=22,
            ),
            Column(
                "address",
                _("地址"),
                text(120),
                required=True,
                note=_("设备上报时用的地址，同一数据源内不重。"),
                example="JR-03",
                width=18,
            ),
            Column(
                "name",
                _("测点名称"),
                text(120),
                note=_("空着就用地址。"),
                example=_("主坝 JR-03"),
                width=24,
                aliases=("名称",),
            ),
            Column(
                "item",
                _("监测项"),
                text(60),
                required_new=True,
                note=_("规则包里的监测项代号或名称，如 phreatic_depth、pond_level、co。已有的测点不能用表改。"),
                example="phreatic_depth",
                width=18,
            ),
            Column(
                "item_title",
                _("监测项名称"),
                text(60),
                note=_("空着按监测项代号取名。"),
                example=_("浸润线埋深"),
                width=16,
            ),
            Column(
                "unit",
                _("计量单位"),
                text(20),
                note=_("如 m、ppm、mm/h。已有的测点不能用表改。"),
                example="m",
                width=10,
            ),
            Column(
                "interval_s",
                _("采样间隔"),
                number(0.01, 366 * 86400),
                unit=_("秒"),
                note=_("两次读数之间的秒数，空着是 20。已有的测点不能用表改。"),
                example=20,
                width=14,
            ),
            Column("low", _("量程下限"), number(), note=_("计量单位同左；空着是不限。"), example=0, width=12),
            Column("high", _("量程上限"), number(), example=30, width=12),
            Column(
                "danger",
                _("危险侧"),
                choice(DANGER),
                choices=DANGER,
                note=_("超出量程时哪一侧算险情：空着是两侧。"),
                example="low",
                width=12,
            ),
            Column("organisation", _("所属单位"), text(120), exported=True, width=26),
            Column("care", _("标校维护中"), text(20), choices=CARE, exported=True, width=12),
            Column("care_until", _("标校维护到"), text(20), exported=True, width=18),
        ),
        read="point.read",
        query=PointQuery,
        rows=_points,
        edit=("import.use", "point.edit"),
        plan=importing.plan_points,
        apply=importing.apply_points,
        follow=importing.follow,
        follow_size={"point": 200, "site": 1},
        notes=(
            _("认同一条：数据源加地址。"),
            _("导入后，场所已采用的规则包自动看住新测点；待认领的地址随之认领。"),
        ),
    )
)
