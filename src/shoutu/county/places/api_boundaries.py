"""Outlines over HTTP: a GeoJSON file is looked at first, and taken as a whole or not at all."""

from __future__ import annotations

from typing import Any, Literal

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Query, Schema

from shoutu.county.kit.api import Router, asker
from shoutu.county.kit.errors import Invalid
from shoutu.county.places import geometry
from shoutu.county.places.boundaries import Checked, Row, check_boundaries, import_boundaries

router = Router()
MAX_BYTES = 8 * 1024 * 1024
MAX_POINTS = 100_000
"""Less than the command takes: a county drawn by more is slow on every map, and read here beside all other askers."""
PREVIEW_DEGREES = 0.0005
"""About 50 m: less than a pixel of the picture."""
SHOWN = 20
UPLOAD = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class FileQuery(Schema):
    """`others`: what an area is that belongs to no territory of the county."""

    crs: Literal["wgs84", "gcj02"] = Field(description="the file's grid")
    others: Literal["refuse", "neighbours", "townships"] = "refuse"


class TakeQuery(FileQuery):
    source: str = Field(min_length=1, max_length=200, description="where the file is from: 审图号, licence")
    schematic: bool = Field(False, description="no survey, labelled 示意图")
    plan: str = Field(min_length=1, max_length=64, description="the mark of what was looked at")


class BoundaryRow(Schema):
    """One area: `number` from 1 as in the file; `territory`: whose outline it is; `replaces`: one there before."""

    number: int
    name: str
    code: str
    fits: Literal["county", "township", "village", "new", "neighbour", "wrong"]
    territory: str
    replaces: bool
    points: int
    errors: list[str]
    notes: list[str]


class DrawnArea(Schema):
    """An area for a look, drawn coarsely: GeoJSON MultiPolygon, WGS-84; `label`: where its name is written."""

    number: int
    name: str
    kind: Literal["county", "territory", "neighbour"]
    label: list[float]
    geometry: dict[str, Any]


class BoundaryCheck(Schema):
    """A file as it was looked at; nothing was kept. `without`: territories that stay without an outline;
    `outside`: sites that would lie outside the county."""

    rows: list[BoundaryRow]
    wrong: int
    plan: str
    without: list[str]
    outside: list[str]
    map: list[DrawnArea]


class BoundariesTaken(Schema):
    """What the file brought; `made`: townships that were not there before."""

    territories: list[str]
    neighbours: list[str]
    made: list[str]
    mended: list[str]
    without: list[str]
    outside: list[str]


def _content(request: HttpRequest) -> bytes:
    content = request.body
    if not content:
        raise Invalid("file", _("一个有内容的 GeoJSON 文件"))
    if len(content) > MAX_BYTES:
        raise Invalid("file", _("不超过 %(limit)s MB 的文件") % {"limit": MAX_BYTES // 1024 // 1024})
    return content


def _row(row: Row) -> dict[str, Any]:
    return {
        "number": row.number + 1,
        "name": row.name,
        "code": row.code,
        "fits": row.fits,
        "territory": row.territory.name if row.territory else "",
        "replaces": row.replaces,
        "points": geometry.outline_points(row.outline.geometry) if row.outline else 0,
        "errors": row.errors,
        "notes": row.notes,
    }


def _drawn(checked: Checked) -> list[dict[str, Any]]:
    kinds = {"county": "county", "neighbour": "neighbour"}
    return [
        {
            "number": row.number + 1,
            "name": row.territory.name if row.territory else row.name,
            "kind": kinds.get(row.fits, "territory"),
            "label": geometry.label_point(row.outline.geometry),
            "geometry": geometry.simplified(row.outline.geometry, PREVIEW_DEGREES),
        }
        for row in checked.rows
        if row.outline is not None
    ]


@router.post("/boundaries/check", response=BoundaryCheck, openapi_extra=UPLOAD)
def check_file(request: HttpRequest, query: Query[FileQuery]) -> Any:
    """Look at a GeoJSON file (the body): what each area would be, every fault at once. Nothing is kept."""
    actor = asker(request)
    actor.require("place.edit")
    found = check_boundaries(actor, _content(request), crs=query.crs, others=query.others, max_points=MAX_POINTS)
    return {
        "rows": [_row(row) for row in found.rows],
        "wrong": found.wrong,
        "plan": found.plan,
        "without": found.without,
        "outside": found.outside[:SHOWN],
        "map": _drawn(found),
    }


@router.post("/boundaries", response=BoundariesTaken, openapi_extra=UPLOAD)
def take_file(request: HttpRequest, query: Query[TakeQuery]) -> Any:
    """Take the outlines of a file that was looked at, all or none; 409 when something has changed since."""
    actor = asker(request)
    actor.require("place.edit")
    done = import_boundaries(
        actor,
        _content(request),
        query.source,
        crs=query.crs,
        schematic=query.schematic,
        others=query.others,
        plan=query.plan,
        max_points=MAX_POINTS,
    )
    return {
        "territories": done.territories,
        "neighbours": done.neighbours,
        "made": done.made,
        "mended": done.mended,
        "without": done.without,
        "outside": done.outside[:SHOWN],
    }
