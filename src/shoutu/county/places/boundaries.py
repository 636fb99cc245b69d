"""The outlines of the county, its townships and its neighbours: taken from a GeoJSON file, asked for by the map."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import shapely
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from shapely.geometry import shape

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Conflict, Invalid
from shoutu.county.kit.events import emit
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service
from shoutu.county.places.geometry import Outline, holds, label_point, read_outlines
from shoutu.county.places.models import Boundary, Site, Territory
from shoutu.county.places.selectors import county, territories


@dataclass(frozen=True)
class Imported:
    """What a file brought: outlines of our territories, of neighbours, those mended, and territories still without."""

    territories: list[str]
    neighbours: list[str]
    mended: list[str]
    without: list[str]
    # Sites whose coordinates lie outside the county's outline.
    outside: list[str]


@service
def import_boundaries(
    actor: Actor, content: bytes, source: str, *, crs: str = "wgs84", schematic: bool = False, neighbours: bool = False
) -> Imported:
    """Take all outlines of a GeoJSON file, or none of them. Those there before are replaced.

    An area belongs to the territory of its code, else of its name; one that belongs to none is a neighbour when
    `neighbours` is said, and a mistake otherwise. `source` says where the file is from (审图号, licence).
    Raises Invalid naming the file's field, Conflict while there is no county.
    """
    actor.require("place.edit")
    if not source.strip():
        raise Invalid("source", _("边界来源，如审图号或许可"))
    root = county()
    if root is None:
        raise Conflict(_("还没有县；先建第一个管理员（打开 /setup），再导入边界。"))
    outlines = read_outlines(content, crs)
    tree = territories()
    ours, others = _match(outlines, tree)
    if others and not neighbours:
        names = "、".join(outline.name for outline in others[:10])
        raise Invalid(
            "features", _("本县行政区的名称或代码；这些对不上：%(names)s。是邻县就加 --neighbours") % {"names": names}
        )
    facts = {"source": source.strip()[:200], "schematic": schematic, "imported_at": timezone.now()}
    for territory, outline in ours.items():
        Boundary.objects.update_or_create(territory=territory, defaults={**facts, **_columns(outline)})
    for outline in others:
        Boundary.objects.update_or_create(territory=None, name=outline.name, defaults={**facts, **_columns(outline)})
    record(
        actor,
        "boundary.imported",
        ref(root),
        {
            "sha256": hashlib.sha256(content).hexdigest(),
            "crs": crs,
            "source": facts["source"],
            "schematic": schematic,
            "territories": [territory.pk for territory in ours],
            "neighbours": [outline.name for outline in others],
        },
    )
    emit("boundary.imported", ref(root))
    have = set(Boundary.objects.filter(territory__isnull=False).values_list("territory_id", flat=True))
    return Imported(
        territories=[territory.name for territory in ours],
        neighbours=[outline.name for outline in others],
        mended=[outline.name for outline in outlines if outline.mended],
        without=[territory.name for territory in tree if territory.pk not in have],
        outside=sites_outside(),
    )


def _columns(outline: Outline) -> dict[str, Any]:
    return {
        "name": outline.name,
        "code": outline.code,
        "geometry": outline.geometry,
        "label": label_point(outline.geometry),
    }


def _match(outlines: Iterable[Outline], tree: list[Territory]) -> tuple[dict[Territory, Outline], list[Outline]]:
    """Each outline's territory, by code, else by a name only one territory has. Raises Invalid for one told twice."""
    codes = {territory.code: territory for territory in tree if territory.code}
    names: dict[str, list[Territory]] = {}
    for territory in tree:
        names.setdefault(territory.name, []).append(territory)
    ours: dict[Territory, Outline] = {}
    others: list[Outline] = []
    for outline in outlines:
        named = names.get(outline.name, [])
        found = codes.get(outline.code) or (named[0] if len(named) == 1 else None)
        if len(named) > 1 and found is None:
            raise Invalid("features", _("代码（adcode）：有几个行政区都叫%(name)s") % {"name": outline.name})
        if found is None:
            if any(other.name == outline.name for other in others):
                raise Invalid("features", _("每个区域一次：%(name)s 出现了两次") % {"name": outline.name})
            others.append(outline)
        elif found in ours:
            raise Invalid("features", _("每个区域一次：%(name)s 出现了两次") % {"name": found.name})
        else:
            ours[found] = outline
    return ours, others


def boundaries() -> list[Boundary]:
    """All outlines, the county's first, then townships and villages as in the tree, then neighbours."""
    rows = Boundary.objects.select_related("territory").order_by(F("territory__path").asc(nulls_last=True), "name")
    return list(rows)


def county_outline() -> dict[str, Any] | None:
    """The county's own outline, GeoJSON, WGS-84; None before one was imported."""
    row = Boundary.objects.filter(territory__parent__isnull=True, territory__isnull=False).first()
    return row.geometry if row else None


def is_outside(site: Site) -> bool | None:
    """Whether a site's coordinates lie outside the county: most often a slip of the pen. None: cannot be told."""
    outline = county_outline() if site.latitude is not None and site.longitude is not None else None
    if outline is None or site.latitude is None or site.longitude is None:
        return None
    return not holds(outline, site.longitude, site.latitude)


def sites_outside() -> list[str]:
    """Names of the sites whose coordinates lie outside the county's outline."""
    outline = county_outline()
    if outline is None:
        return []
    placed = Site.objects.filter(latitude__isnull=False, longitude__isnull=False).order_by("id")
    area = shape(outline)
    shapely.prepare(area)
    return [
        name
        for name, longitude, latitude in placed.values_list("name", "longitude", "latitude")
        if not shapely.intersects_xy(area, longitude, latitude)
    ]
