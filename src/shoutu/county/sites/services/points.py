"""Points, and the adoption of addresses nobody has claimed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypedDict, Unpack

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Conflict, Invalid
from shoutu.county.kit.events import emit
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import service, unchanged
from shoutu.county.ledger.services.record import Draft, record_many
from shoutu.county.places.models import Site
from shoutu.county.places.services import lock_sites
from shoutu.county.sites.items import item_title
from shoutu.county.sites.models import Axis, Danger, Point, Source, Unclaimed
from shoutu.county.sites.services.publishing import publish_points
from shoutu.county.sites.suggesting import hindrance


class PointFields(TypedDict, total=False):
    """What a point may say of itself. `interval_s` seconds between readings; `low`, `high` in its unit."""

    name: str
    item: str
    item_title: str
    unit: str
    interval_s: float
    low: float | None
    high: float | None
    danger: str
    axis: str


@service
def create_point(actor: Actor, site: Site, source: Source, address: str, **fields: Unpack[PointFields]) -> Point:
    """A measured quantity of a site. Raises NotAllowed, Invalid naming the field (a taken address among them)."""
    return create_points(actor, site, source, [(address, fields)])[0]


@service
def create_points(actor: Actor, site: Site, source: Source, rows: Sequence[tuple[str, PointFields]]) -> list[Point]:
    """Many points of one site at once, each as (address, fields); all or none. Raises as `create_point` does."""
    actor.require("point.edit")
    if not rows:
        unchanged()
        return []
    # Before the catalog's head: the new points are watched in this very transaction.
    lock_sites([site.pk])
    points = [checked_point(site, source, address, fields) for address, fields in rows]
    addresses = [point.address for point in points]
    taken = Point.objects.filter(source=source, address__in=addresses).exists()
    if taken or len(set(addresses)) < len(addresses):
        raise Invalid("address", _("本数据源内没有被占用的地址"))
    Point.objects.bulk_create(points, batch_size=200)
    for waiting in Unclaimed.objects.filter(source=source, address__in=addresses):
        waiting.point = points[addresses.index(waiting.address)]
        waiting.save(update_fields=["point"])
    record_many(
        Draft(
            actor, "point.created", ref(point),
            {"site": site.pk, "source": source.pk, "address": point.address, "item": point.item, "unit": point.unit,
             "low": point.low, "high": point.high, "danger": point.danger},
        )
        for point in points
    )  # fmt: skip
    publish_points(points)
    for point in points:
        emit("point.created", ref(point), {"site": site.pk})
    return points


@service
def adopt(actor: Actor, unclaimed: Unclaimed, site: Site, **fields: Unpack[PointFields]) -> Point:
    """Make an unclaimed address a point of a site. Raises NotAllowed, Conflict when it is adopted already, Invalid."""
    return adopt_many(actor, site, [(unclaimed, fields.get("name", ""))], **fields)[0]


@service
def adopt_many(
    actor: Actor, site: Site, rows: Sequence[tuple[Unclaimed, str]], **fields: Unpack[PointFields]
) -> list[Point]:
    """Make unclaimed addresses points of one site, alike in all but the name given with each; all or none.

    Raises NotAllowed, Conflict naming the address that is a point already, Invalid.
    """
    actor.require("unclaimed.adopt")
    if not rows:
        raise Invalid("rows", _("至少一个地址"))
    names = {row.pk: name for row, name in rows}
    if len(names) < len(rows):
        raise Invalid("rows", _("每个地址一次"))
    lock_sites([site.pk])
    locked = Unclaimed.objects.select_for_update(of=("self",), no_key=True).select_related("source").order_by("pk")
    by_source: dict[Source, list[tuple[str, PointFields]]] = {}
    for row in locked.filter(pk__in=names):
        if row.point_id is not None:
            raise Conflict(_("地址“%(address)s”已经有测点") % {"address": row.address})
        why = hindrance(row)
        if why:
            raise Conflict(str(_HINDRANCES[why]) % {"address": row.address})
        by_source.setdefault(row.source, []).append((row.address, {**fields, "name": names[row.pk]}))
    made = [point for source, told in by_source.items() for point in create_points(actor, site, source, told)]
    order = {(row.source_id, row.address): place for place, (row, _name) in enumerate(rows)}
    return sorted(made, key=lambda point: order[point.source_id, point.address])


_HINDRANCES = {
    "foreign": gettext_lazy("地址“%(address)s”是别的数据源的测点，不能认领"),
    "number": gettext_lazy("地址“%(address)s”是纯数字：县级数据源按测点编号寻址，不能认领"),
    "blank": gettext_lazy("地址“%(address)s”前后有空白：在设备上改掉再发"),
    "long": gettext_lazy("地址“%(address)s”超过 120 个字：在设备上改短再发"),
}


def checked_point(site: Site, source: Source, address: str, fields: PointFields) -> Point:
    """The point, unsaved. Raises Invalid."""
    text: dict[str, Any] = dict(fields)
    address = address.strip()
    if not address or len(address) > 120:
        raise Invalid("address", _("1 到 120 个字"))
    if source.trusted and address.isdigit():
        raise Invalid("address", _("县级数据源按测点编号寻址，地址不能是纯数字"))
    item = str(text.get("item", "")).strip()
    if not item or len(item) > 60:
        raise Invalid("item", _("监测项，如 phreatic_depth"))
    interval = float(text.get("interval_s", 20) or 0)
    if not 0.01 <= interval <= 366 * 86400:
        raise Invalid("interval_s", _("两次读数之间的秒数，0.01 到 31622400"))
    low, high = text.get("low"), text.get("high")
    for name, bound in (("low", low), ("high", high)):
        if bound is not None and not math.isfinite(bound):
            raise Invalid(name, _("有限的数字"))
    if low is not None and high is not None and low >= high:
        raise Invalid("high", _("大于下限"))
    danger, axis = text.get("danger") or Danger.BOTH, text.get("axis") or _axis(item)
    if danger not in Danger.values:
        raise Invalid("danger", _("其中之一：%(names)s") % {"names": "、".join(Danger.values)})
    if axis not in Axis.values:
        raise Invalid("axis", _("其中之一：%(names)s") % {"names": "、".join(Axis.values)})
    return Point(
        site=site,
        source=source,
        address=address,
        name=str(text.get("name") or address).strip()[:120],
        item=item,
        item_title=str(text.get("item_title") or item_title(item))[:60],
        unit=str(text.get("unit") or "")[:20],
        interval_s=interval,
        low=low,
        high=high,
        danger=danger,
        axis=axis,
    )


def _axis(item: str) -> str:
    return Axis.DOWN if item.endswith("depth") else Axis.UP
