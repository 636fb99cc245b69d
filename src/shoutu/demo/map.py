"""The demo county's outlines: a schematic county and neighbours from `examples/map`, townships derived from seats.

A township's area is what lies nearer to its seat than to any other (Voronoi), clipped to the county. Seats are set
by hand, so the areas are plausible and no more: everything is labelled 示意图.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

OUTLINES = Path(__file__).resolve().parents[3] / "examples" / "map" / "fushan-schematic.geojson"
SOURCE = "守土演示数据，按 1 km 精度手绘；乡镇界按驻地推算"
SEATS = {
    "天坛镇": (111.855, 35.965),
    "响水河镇": (111.985, 35.930),
    "张庄镇": (111.820, 36.035),
    "北王镇": (111.945, 36.025),
    "东张乡": (111.725, 35.955),
    "槐埝乡": (111.785, 35.885),
    "寨圪塔乡": (112.090, 35.895),
}
"""Township → longitude, latitude (degrees) of its seat, roughly."""


def township_areas(county: BaseGeometry, seats: dict[str, tuple[float, float]]) -> dict[str, BaseGeometry]:
    """The part of the county nearest to each seat. Degrees of longitude are narrowed first, so that near is near."""
    narrow = math.cos(math.radians(county.centroid.y))

    def squeeze(area: BaseGeometry, by: float) -> BaseGeometry:
        return shapely.transform(area, lambda xy: xy * [by, 1.0])

    points = shapely.MultiPoint([(x * narrow, y) for x, y in seats.values()])
    cells = shapely.voronoi_polygons(points, extend_to=squeeze(county, narrow), ordered=True)
    return {
        name: shapely.intersection(squeeze(cell, 1.0 / narrow), county)
        for name, cell in zip(seats, cells.geoms, strict=True)
    }


def demo_outlines(codes: dict[str, str]) -> bytes:
    """The GeoJSON file the demo imports: county, neighbours and townships. `codes`: township → statistical code."""
    document: dict[str, Any] = json.loads(OUTLINES.read_text("utf-8"))
    county = shape(document["features"][0]["geometry"])
    for name, area in township_areas(county, SEATS).items():
        document["features"].append(
            {
                "type": "Feature",
                "properties": {"name": name, "adcode": codes[name]},
                "geometry": shapely.geometry.mapping(area),
            }
        )
    return json.dumps(document, ensure_ascii=False).encode()
