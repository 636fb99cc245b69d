"""Points from a table: judged as a whole, written as a whole.

What a point measures and its range decide how its readings are judged: of one that is there only the name changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from shoutu.county.kit.actors import SYSTEM, Actor
from shoutu.county.kit.errors import Invalid
from shoutu.county.kit.events import emit
from shoutu.county.kit.sheets.columns import spoken
from shoutu.county.kit.sheets.still import fresh, locked, remember
from shoutu.county.kit.sheets.tables import Applied, Line, once
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.places.finding import Sites
from shoutu.county.places.services import lock_sites
from shoutu.county.sites import suggesting
from shoutu.county.sites.models import Point, Source, Unclaimed
from shoutu.county.sites.services.binding import rebind
from shoutu.county.sites.services.points import checked_point
from shoutu.county.sites.services.publishing import publish_points

BATCH = 500
NAMES = ("name", "item_title")
JUDGED = ("item", "unit", "interval_s", "low", "high", "danger")


def plan_points(actor: Actor, lines: list[Line]) -> None:
    """One of the same source and address is the same."""
    places = Sites(actor)
    sources = {row.name: row for row in Source.objects.visible_to(actor)}
    for line in lines:
        line.extra["site"] = places.one(line, "site")
        name = line.get("source")
        line.extra["source"] = sources.get(name)
        if name and name not in sources:
            line.bad("source", _("没有数据源“%(name)s”：先建数据源，再导入它的测点") % {"name": name})
    once(lines, "address", _key, _("同一数据源的地址"))
    used = {line.extra["source"].pk for line in lines if line.extra["source"]}
    rows = {}
    for point in Point.objects.filter(source__in=used).select_related("site"):
        rows[point.source_id, point.address] = point
    known = suggesting.known_items()
    for line in lines:
        row = rows.get(_key(line) or (0, ""))
        _item(line, known, new=row is None)
        if row is None:
            _new(line)
        else:
            _known(line, row)


def _key(line: Line) -> tuple[int, str] | None:
    source = line.extra["source"]
    return (source.pk, line.get("address")) if source and line.get("address") else None


def _item(line: Line, known: suggesting.Known, *, new: bool) -> None:
    """What it measures, by the packs' id; by a title only one of them has. What none knows is taken, and said."""
    said = line.get("item")
    if not said or said in known.ids:
        return
    found = known.by_title.get(said, set())
    if len(found) == 1:
        line.values["item"] = next(iter(found))
        if new:
            line.extra["item_title"] = said
        return
    if new and found:
        words = _("没有规则看它：有 %(count)s 个监测项叫“%(item)s”，写代号：%(ids)s")
        line.note("item", words % {"count": len(found), "item": said, "ids": "、".join(sorted(found))})
    elif new:
        line.note("item", _("没有规则看它：没有一个规则包认得监测项“%(item)s”") % {"item": said})


def _new(line: Line) -> None:
    line.need("item")
    if line.errors or not line.extra["site"] or not line.extra["source"]:
        return
    given: Any = {name: line.values[name] for name in (*NAMES, *JUDGED) if line.get(name, None) is not None}
    if "item_title" in line.extra:
        given.setdefault("item_title", line.extra["item_title"])
    try:
        line.extra["point"] = checked_point(line.extra["site"], line.extra["source"], line.get("address"), given)
    except Invalid as error:
        line.bad(error.field, _("应为%(expected)s") % {"expected": error.expected})


def _known(line: Line, row: Point) -> None:
    remember(line, row, ("name", "item_title", "site_id"))
    site = line.extra["site"]
    if site is not None and site.pk != row.site_id:
        line.bad("site", _("这个地址已是“%(site)s”的测点，不能用表挪到别的场所") % {"site": row.site.name})
    for column in JUDGED:
        told, now = line.get(column, None), getattr(row, column)
        if told is not None and told != now:
            said = spoken(now, line.columns[column].choices)
            line.bad(
                column,
                _("已有的测点现在是“%(now)s”：它决定读数怎么判，不能用表改。这一格照旧或留空") % {"now": said},
            )
    for column in NAMES:
        if line.get(column):
            line.compare(column, getattr(row, column), line.get(column))


def apply_points(actor: Actor, lines: list[Line], reason: str) -> Applied:
    """All of them set-wise. Addresses that were waiting to be claimed are claimed."""
    standing = Point.objects.filter(pk__in=[line.target for line in lines if line.target is not None])
    lock_sites({line.extra["point"].site_id for line in fresh(lines)} | set(standing.values_list("site_id", flat=True)))
    made = Point.objects.bulk_create([line.extra["point"] for line in fresh(lines)], batch_size=BATCH)
    by_key = {(point.source_id, point.address): point for point in made}
    claimed = []
    for waiting in Unclaimed.objects.filter(source__in={point.source_id for point in made}, point=None):
        point = by_key.get((waiting.source_id, waiting.address))
        if point is not None:
            waiting.point = point
            claimed.append(waiting)
    Unclaimed.objects.bulk_update(claimed, ["point"], batch_size=BATCH)
    rows = []
    for line, row in locked(Point.objects.all(), lines):
        row.name, row.item_title = line.get("name") or row.name, line.get("item_title") or row.item_title
        rows.append(row)
    Point.objects.bulk_update(rows, ["name", "item_title"], batch_size=BATCH)
    sites = sorted({point.site_id for point in made} | {row.site_id for row in rows})
    follow = [("point", point.pk) for point in made] + [("site", site) for site in sites]
    return Applied({"point": [row.pk for row in (*made, *rows)]}, follow)


def follow(kind: str, ids: Sequence[int]) -> None:
    """Tell the wings about new points, then watch them: each site's packs are bound anew."""
    if kind == "point":
        publish_points(list(Point.objects.filter(pk__in=ids).order_by("id")))
        return
    for site in ids:
        rebind(SYSTEM, site)
        emit("point.imported", SubjectRef("site", site))
