"""The outlines of the county, its townships and its neighbours: taken from a GeoJSON file, asked for by the map."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
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
from shoutu.county.places.geometry import (
    MAX_POINTS,
    Outline,
    Survey,
    holds,
    label_point,
    prepared,
    share_within,
    survey,
)
from shoutu.county.places.models import Boundary, Site, Territory
from shoutu.county.places.selectors import county, territories
from shoutu.county.places.services import create_territory

OTHERS = ("refuse", "neighbours", "townships")
"""What an area is that belongs to no territory: a mistake, a neighbour of the county, or a township not yet there."""
MOST = 0.5
"""A township of which less than this share lies in the county is most often in another grid."""


@dataclass(frozen=True)
class Imported:
    """What a file brought: outlines of our territories, of neighbours, those mended, and territories still without."""

    territories: list[str]
    neighbours: list[str]
    mended: list[str]
    without: list[str]
    # Sites whose coordinates lie outside the county's outline.
    outside: list[str]
    # Townships that were not there before.
    made: list[str]


@dataclass
class Row:
    """One feature of a file (`number` from 0) and what would come of it.

    `fits`: county, township or village (there already), new, neighbour or wrong. `replaces`: an outline it had before.
    """

    number: int
    name: str
    code: str
    fits: str
    territory: Territory | None = None
    outline: Outline | None = None
    replaces: bool = False
    errors: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Checked:
    """A file as it was looked at; nothing of it is kept. `plan` marks what would be done: importing names it."""

    rows: list[Row]
    plan: str
    without: list[str]
    outside: list[str]

    @property
    def wrong(self) -> int:
        return sum(1 for row in self.rows if row.errors)


def check_boundaries(
    actor: Actor, content: bytes, *, crs: str = "wgs84", others: str = "refuse", max_points: int = MAX_POINTS
) -> Checked:
    """What would come of each area of a GeoJSON file, all faults at once. Changes nothing.

    Raises Invalid where the file cannot be read at all, Conflict while there is no county.
    """
    actor.require("place.edit")
    _known_others(others)
    root = _root()
    found = survey(content, crs, max_points)
    tree = territories()
    rows = _rows(found, tree, others, root)
    _remark(rows)
    have = set(Boundary.objects.filter(territory__isnull=False).values_list("territory_id", flat=True))
    have |= {row.territory.pk for row in rows if row.territory}
    drawn = next((row.outline.geometry for row in rows if row.fits == "county" and row.outline), county_outline())
    return Checked(
        rows=rows,
        plan=_plan(content, rows),
        without=[territory.name for territory in tree if territory.pk not in have],
        outside=_outside(drawn),
    )


def import_boundaries(
    actor: Actor,
    content: bytes,
    source: str,
    *,
    crs: str = "wgs84",
    schematic: bool = False,
    others: str = "refuse",
    plan: str = "",
    max_points: int = MAX_POINTS,
) -> Imported:
    """Take all outlines of a GeoJSON file, or none of them. Those there before are replaced.

    An area belongs to the territory of its code, else of its name; what one is that belongs to none, `others` says.
    `source` says where the file is from (审图号, licence); `plan` is the mark of what was looked at ("": it was not).
    Raises Invalid naming the file's field, Conflict while there is no county or when the mark is another by now.
    """
    actor.require("place.edit")
    if not source.strip():
        raise Invalid("source", _("边界来源，如审图号或许可"))
    _known_others(others)
    _root()
    # Read before anything is locked: a large file takes seconds.
    found = survey(content, crs, max_points)
    if found.faults:
        raise Invalid(found.faults[0].field, found.faults[0].expected)
    labels = {number: label_point(outline.geometry) for number, outline in found.outlines.items()}
    return _take(actor, content, found, labels, source.strip()[:200], crs, schematic, others, plan)


@service
def _take(
    actor: Actor,
    content: bytes,
    found: Survey,
    labels: dict[int, list[float]],
    source: str,
    crs: str,
    schematic: bool,
    others: str,
    plan: str,
) -> Imported:
    root = _root()
    tree = territories()
    rows = _rows(found, tree, others, root)
    if plan and plan != _plan(content, rows):
        raise Conflict(_("试读之后行政区或文件变了，再看一遍再导入。"))
    _refuse(rows)
    facts = {"source": source, "schematic": schematic, "imported_at": timezone.now()}
    made: list[Territory] = []
    for row in rows:
        assert row.outline is not None
        if row.fits == "new":
            row.territory = create_territory(actor, row.name, root, row.code)
            made.append(row.territory)
        drawn = {**facts, "code": row.code, "geometry": row.outline.geometry, "label": labels[row.number]}
        if row.territory is None:
            Boundary.objects.update_or_create(territory=None, name=row.name, defaults=drawn)
        else:
            Boundary.objects.update_or_create(territory=row.territory, defaults={"name": row.name, **drawn})
    record(
        actor,
        "boundary.imported",
        ref(root),
        {
            "sha256": hashlib.sha256(content).hexdigest(),
            "crs": crs,
            "source": source,
            "schematic": schematic,
            "territories": [row.territory.pk for row in rows if row.territory],
            "neighbours": [row.name for row in rows if row.territory is None],
        },
    )
    emit("boundary.imported", ref(root))
    have = set(Boundary.objects.filter(territory__isnull=False).values_list("territory_id", flat=True))
    return Imported(
        territories=[row.territory.name for row in rows if row.territory],
        neighbours=[row.name for row in rows if row.territory is None],
        mended=[row.name for row in rows if row.outline and row.outline.mended],
        without=[territory.name for territory in tree if territory.pk not in have],
        outside=sites_outside(),
        made=[territory.name for territory in made],
    )


def _root() -> Territory:
    root = county()
    if root is None:
        raise Conflict(_("还没有县；先建第一个管理员（打开 /setup），再导入边界。"))
    return root


def _known_others(others: str) -> None:
    if others not in OTHERS:
        raise Invalid("others", _("其中之一：%(names)s") % {"names": "、".join(OTHERS)})


def _plan(content: bytes, rows: list[Row]) -> str:
    """A mark of a file and of what would be done with each of its areas."""
    told = [[row.number, row.fits, row.territory.pk if row.territory else None] for row in rows]
    return hashlib.sha256(hashlib.sha256(content).digest() + json.dumps(told).encode()).hexdigest()


def _refuse(rows: list[Row]) -> None:
    """Raises Invalid for the first fault of what belongs to what."""
    strange = [row.name for row in rows if row.fits == "wrong" and row.errors == [_strange()]]
    if strange:
        raise Invalid(
            "features",
            _("本县行政区的名称或代码；这些对不上：%(names)s。是邻县，或是还没建的乡镇，导入时说明")
            % {"names": "、".join(strange[:10])},
        )
    for row in rows:
        if row.errors:
            raise Invalid("features", row.errors[0])


def _strange() -> str:
    return _("和本县的县、乡镇、村都对不上，看名称或代码")


def _rows(found: Survey, tree: list[Territory], others: str, root: Territory) -> list[Row]:
    """Each area's territory: by code, else by a name only one territory has."""
    codes = {territory.code: territory for territory in tree if territory.code}
    names: dict[str, list[Territory]] = {}
    for territory in tree:
        names.setdefault(territory.name, []).append(territory)
    drawn = set(Boundary.objects.values_list("territory_id", flat=True))
    apart = set(Boundary.objects.filter(territory__isnull=True).values_list("name", flat=True))
    rows = [
        Row(fault.number, fault.name, "", "wrong", errors=[_("应为%(expected)s") % {"expected": fault.expected}])
        for fault in found.faults
    ]
    taken: set[Any] = set()
    for number, outline in found.outlines.items():
        row = Row(number, outline.name, outline.code, "wrong", outline=outline)
        rows.append(row)
        named = names.get(outline.name, [])
        row.territory = codes.get(outline.code) or (named[0] if len(named) == 1 else None)
        if row.territory is not None:
            row.fits = ("county", "township")[row.territory.depth] if row.territory.depth < 2 else "village"
            row.replaces = row.territory.pk in drawn
        elif len(named) > 1:
            row.errors.append(_("代码（adcode）：有几个行政区都叫%(name)s") % {"name": outline.name})
        elif others == "refuse":
            row.errors.append(_strange())
        else:
            row.fits = "neighbour" if others == "neighbours" else "new"
            row.replaces = others == "neighbours" and outline.name in apart
        key = row.territory.pk if row.territory else outline.name
        if key in taken:
            said = row.territory.name if row.territory else outline.name
            row.errors.append(_("每个区域一次：%(name)s 出现了两次") % {"name": said})
        taken.add(key)
        if row.fits == "new" and outline.code:
            if ("code", outline.code) in taken:
                row.errors.append(_("每个代码一次：%(code)s 出现了两次") % {"code": outline.code})
            taken.add(("code", outline.code))
        if row.errors:
            row.fits = "wrong"
    return sorted(rows, key=lambda row: row.number)


def _remark(rows: list[Row]) -> None:
    """What is worth a second look before it is taken."""
    drawn = next((row.outline.geometry for row in rows if row.fits == "county" and row.outline), county_outline())
    county_area = prepared(drawn) if drawn is not None else None
    for row in rows:
        if row.outline is None:
            continue
        if row.outline.mended:
            row.notes.append(_("边界自相交，已修"))
        if row.territory is not None and row.name != row.territory.name:
            row.notes.append(_("按代码认作“%(name)s”，名称不改") % {"name": row.territory.name})
        if county_area is None or row.fits in ("county", "wrong"):
            continue
        within = share_within(row.outline.geometry, county_area)
        if row.fits == "neighbour" and within > MOST:
            row.notes.append(_("大半在县界以内，像是本县的乡镇"))
        elif row.fits != "neighbour" and within < MOST:
            row.notes.append(_("大半不在县界以内，核对坐标系和文件"))


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
    return _outside(county_outline())


def _outside(outline: dict[str, Any] | None) -> list[str]:
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
