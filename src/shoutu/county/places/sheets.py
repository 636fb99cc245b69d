"""Territories and organisations as tables (sites are told by the room `sites`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from ninja import Schema

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.sheets.columns import Column, choice, named, text, uscc, yes_no
from shoutu.county.kit.sheets.tables import Table, register
from shoutu.county.places import importing, selectors
from shoutu.county.places.api import OrganisationQuery, filtered_organisations
from shoutu.county.places.finding import Territories
from shoutu.county.places.models import Organisation

KINDS = named(Organisation.Kind.choices)
IN_USE = Column("is_active", _("在用"), yes_no, exported=True, width=8)


def _territories(actor: Actor, query: Any, whole: bool) -> Iterator[Mapping[str, Any]]:
    known = Territories()
    for row in selectors.territory_rows(actor):
        above = known.by_id.get(row.parent_id) if row.parent_id else None
        yield {
            "name": row.name, "parent": known.path(above) if above else "", "code": row.code,
            "is_active": row.is_active, "bodies": row.bodies, "sites": row.places,  # type: ignore[attr-defined]
        }  # fmt: skip


def _organisations(actor: Actor, query: Any, whole: bool) -> Iterator[Mapping[str, Any]]:
    known = Territories()
    for row in filtered_organisations(actor, query).order_by("name", "id").iterator(chunk_size=500):
        yield {
            "name": row.name, "kind": row.kind, "code": row.code, "territory": known.path(row.territory),
            "is_active": row.is_active,
        }  # fmt: skip


TERRITORIES = register(
    Table(
        "territories",
        _("行政区"),
        (
            Column("name", _("名称"), text(80), required=True, example="寺头村", width=20),
            Column(
                "parent",
                _("上级行政区"),
                text(170),
                example="东张乡",
                width=20,
                note=_("上级的名称，可以是同一张表里的；重名时写“上级/名称”。县一级留空。"),
            ),
            Column(
                "code",
                _("行政区划代码"),
                text(12),
                note=_("填了就按代码认，可以改名、换上级。"),
                example="141027201203",
            ),
            IN_USE,
            Column("bodies", _("单位数"), text(10), exported=True, width=10),
            Column("sites", _("场所数"), text(10), exported=True, width=10),
        ),
        read="site.read",
        query=Schema,  # the tree as a whole
        rows=_territories,
        edit=("import.use", "place.edit"),
        plan=importing.plan_territories,
        apply=importing.apply_territories,
        follow=importing.follow,
        follow_size={"territory": 100},
        notes=(_("认同一条：先按行政区划代码，再按上级加名称。"),),
    )
)

ORGANISATIONS = register(
    Table(
        "organisations",
        _("单位"),
        (
            Column(
                "name",
                _("单位名称"),
                text(120),
                required=True,
                note=_("全称，全县不重名。"),
                example=_("示范矿业有限公司"),
                width=30,
                aliases=("名称", "企业名称", "单位"),
            ),
            Column(
                "kind",
                _("类别"),
                choice(KINDS),
                required=True,
                choices=KINDS,
                example="enterprise",
                width=12,
                aliases=("单位类别",),
            ),
            Column(
                "code",
                _("统一社会信用代码"),
                uscc,
                note=_("18 位，存成文字格式。填了就按代码认，可以改名。"),
                example="91110000600037341L",
                width=24,
                aliases=("信用代码",),
            ),
            Column(
                "territory",
                _("所在行政区"),
                text(170),
                note=_("乡镇或村的名称；重名时写“上级/名称”。新增的必填。"),
                example="东张乡",
                width=20,
                aliases=("行政区", "所在乡镇"),
            ),
            IN_USE,
        ),
        read="site.read",
        query=OrganisationQuery,
        rows=_organisations,
        edit=("import.use", "place.edit"),
        plan=importing.plan_organisations,
        apply=importing.apply_organisations,
        follow=importing.follow,
        follow_size={"organisation": 100},
        notes=(_("认同一条：先按统一社会信用代码，再按单位名称。"),),
    )
)
