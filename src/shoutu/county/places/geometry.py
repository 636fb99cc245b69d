"""Outlines as GeoJSON in WGS-84: read, checked, converted from GCJ-02. No database.

GCJ-02 is the offset grid Chinese map services draw on; here it lies about 560 m east of WGS-84. Its published
approximation (Krasovsky 1940 ellipsoid plus sine terms) is inverted by iteration to less than a millimetre.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import shapely
from django.utils.translation import gettext as _
from shapely.geometry import MultiPolygon, mapping, shape
from shapely.geometry.base import BaseGeometry

from shoutu.county.kit.errors import Invalid

CRS = ("wgs84", "gcj02")
MAX_BYTES = 32 * 1024 * 1024
MAX_POINTS = 400_000
MAX_FEATURES = 1000
"""A county with all its townships and villages, and its neighbours."""
DECIMALS = 6
"""About 0.1 m: finer than any boundary is known."""
REPAIR_SHARE = 0.001
"""A crossing ring may be mended when that changes its area by less than this share."""
NAMES = ("name", "NAME", "shapeName", "名称")
CODES = ("adcode", "code", "gb", "pac")

_AXIS = 6378245.0
_ECCENTRICITY2 = 0.00669342162296594323


@dataclass(frozen=True)
class Outline:
    """One area of a file: `geometry` is a GeoJSON MultiPolygon in WGS-84; `mended` when a ring had to be repaired."""

    name: str
    code: str
    geometry: dict[str, Any]
    mended: bool = False


def to_gcj02(longitude: float, latitude: float) -> tuple[float, float]:
    """WGS-84 degrees as GCJ-02 degrees. Meant for points in China."""
    x, y = longitude - 105.0, latitude - 35.0
    ripple = (20.0 * math.sin(6.0 * x * math.pi) + 20.0 * math.sin(2.0 * x * math.pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x)) + ripple
    north += (20.0 * math.sin(y * math.pi) + 40.0 * math.sin(y / 3.0 * math.pi)) * 2.0 / 3.0
    north += (160.0 * math.sin(y / 12.0 * math.pi) + 320.0 * math.sin(y * math.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + ripple
    east += (20.0 * math.sin(x * math.pi) + 40.0 * math.sin(x / 3.0 * math.pi)) * 2.0 / 3.0
    east += (150.0 * math.sin(x / 12.0 * math.pi) + 300.0 * math.sin(x / 30.0 * math.pi)) * 2.0 / 3.0
    radians = math.radians(latitude)
    magic = 1.0 - _ECCENTRICITY2 * math.sin(radians) ** 2
    root = math.sqrt(magic)
    north = north * 180.0 / ((_AXIS * (1.0 - _ECCENTRICITY2)) / (magic * root) * math.pi)
    east = east * 180.0 / (_AXIS / root * math.cos(radians) * math.pi)
    return longitude + east, latitude + north


def to_wgs84(longitude: float, latitude: float) -> tuple[float, float]:
    """GCJ-02 degrees as WGS-84 degrees."""
    x, y = longitude, latitude
    for _turn in range(20):
        east, north = to_gcj02(x, y)
        x, y = x - (east - longitude), y - (north - latitude)
        if abs(east - longitude) + abs(north - latitude) < 1e-10:
            break
    return x, y


def place(longitude: float, latitude: float, crs: str = "wgs84") -> tuple[float, float]:
    """A point as WGS-84 degrees. Raises Invalid naming `longitude`, `latitude` or `crs`."""
    known_crs(crs)
    for field, value, limit in (("longitude", longitude, 180), ("latitude", latitude, 90)):
        if not math.isfinite(value) or abs(value) > limit:
            raise Invalid(field, _("-%(limit)s 到 %(limit)s 之间的度数") % {"limit": limit})
    return to_wgs84(longitude, latitude) if crs == "gcj02" else (longitude, latitude)


def known_crs(crs: str) -> None:
    """Raises Invalid."""
    if crs not in CRS:
        raise Invalid("crs", _("其中之一：%(names)s") % {"names": "、".join(CRS)})


@dataclass(frozen=True)
class Fault:
    """What is wrong with one feature of a file: its number from 0, its name where it has one, and as `Invalid` does."""

    number: int
    name: str
    field: str
    expected: str


@dataclass(frozen=True)
class Survey:
    """A file read to its end: the areas that are whole and the faults, each under the feature's number from 0."""

    outlines: dict[int, Outline]
    faults: list[Fault]


def read_outlines(content: bytes, crs: str = "wgs84") -> list[Outline]:
    """The areas of a GeoJSON file. Raises Invalid naming the file's field: nothing of a file with a fault is taken."""
    found = survey(content, crs)
    if found.faults:
        raise Invalid(found.faults[0].field, found.faults[0].expected)
    return list(found.outlines.values())


def survey(content: bytes, crs: str = "wgs84", max_points: int = MAX_POINTS) -> Survey:
    """Read all of a GeoJSON file and keep what is wrong with each feature.

    Raises Invalid only where there is nothing to go on with: no GeoJSON, another grid, no area, too many of them, too
    many points.
    """
    known_crs(crs)
    features = list(_features(_parse(content)))
    if not features:
        raise Invalid("features", _("至少一个面"))
    if len(features) > MAX_FEATURES:
        raise Invalid("features", _("至多 %(limit)d 个区域；大的分成几个文件") % {"limit": MAX_FEATURES})
    outlines: dict[int, Outline] = {}
    faults: list[Fault] = []
    points = 0
    for number, feature in enumerate(features):
        field = f"features[{number}]"
        try:
            outline = _outline(feature, field, crs)
        except Invalid as error:
            faults.append(Fault(number, _name_of(feature), error.field, error.expected))
            continue
        points += outline_points(outline.geometry)
        if points > max_points:
            raise Invalid(field, _("整个文件不超过 %(limit)s 个点；先简化") % {"limit": max_points})
        outlines[number] = outline
    return Survey(outlines, faults)


def outline_points(geometry: dict[str, Any]) -> int:
    """How many points an outline is drawn by."""
    return int(shapely.get_num_coordinates(shape(geometry)))


def simplified(geometry: dict[str, Any], degrees: float) -> dict[str, Any]:
    """An outline drawn by fewer points, none farther than `degrees` from where it was: for a look, not for keeping."""
    drawn = shapely.simplify(shape(geometry), degrees, preserve_topology=True)
    return geojson(drawn)


def prepared(geometry: dict[str, Any]) -> BaseGeometry:
    """An outline made ready to be asked of many others, as by `share_within`."""
    area: BaseGeometry = shapely.make_valid(shape(geometry))
    shapely.prepare(area)
    return area


def share_within(inner: dict[str, Any], outer: BaseGeometry) -> float:
    """Which part of an area lies in another, a `prepared` one, 0 to 1."""
    area = shapely.make_valid(shape(inner))
    if not area.area or not shapely.intersects(outer, area):
        return 0.0
    return 1.0 if shapely.covers(outer, area) else float(area.intersection(outer).area / area.area)


def holds(geometry: dict[str, Any], longitude: float, latitude: float) -> bool:
    """Whether the point lies in the area or on its edge."""
    return bool(shapely.intersects(shape(geometry), shapely.Point(longitude, latitude)))


def label_point(geometry: dict[str, Any]) -> list[float]:
    """Where to write the area's name: the pole of inaccessibility of its largest part, `[longitude, latitude]`."""
    area = shape(geometry)
    largest = max(getattr(area, "geoms", [area]), key=lambda part: part.area)
    # The centre of the largest inscribed circle; its tolerance is a hundredth of the area's width.
    west, south, east, north = largest.bounds
    line = shapely.maximum_inscribed_circle(largest, tolerance=max(east - west, north - south, 1e-6) / 100)
    x, y = line.coords[0]
    return [round(x, DECIMALS), round(y, DECIMALS)]


def geojson(area: BaseGeometry) -> dict[str, Any]:
    """A polygonal shape as a GeoJSON MultiPolygon of rounded degrees."""
    parts = [part for part in getattr(area, "geoms", [area]) if part.geom_type == "Polygon" and not part.is_empty]
    return json.loads(json.dumps(mapping(shapely.transform(MultiPolygon(parts), lambda xy: xy.round(DECIMALS)))))  # type: ignore[no-any-return]


def _parse(content: bytes) -> Any:
    if len(content) > MAX_BYTES:
        raise Invalid("file", _("不超过 %(limit)s MB 的文件") % {"limit": MAX_BYTES // 1024 // 1024})
    try:
        return json.loads(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise Invalid("file", _("UTF-8 编码的 GeoJSON（%(error)s）") % {"error": str(error)[:120]}) from None


def _features(document: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(document, dict):
        raise Invalid("file", _("GeoJSON 对象：FeatureCollection 或 Feature"))
    told = json.dumps(document.get("crs") or {})
    if document.get("crs") and not any(name in told for name in ("CRS84", "4326", "4490")):
        raise Invalid("crs", _("经纬度坐标（EPSG:4326 或 4490）；文件写的是 %(told)s") % {"told": told[:80]})
    if document.get("type") == "Feature":
        yield document
    elif document.get("type") == "FeatureCollection" and isinstance(document.get("features"), list):
        yield from document["features"]
    else:
        raise Invalid("type", _("FeatureCollection 或 Feature"))


def _outline(feature: Any, field: str, crs: str) -> Outline:
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if not isinstance(geometry, dict) or kind not in ("Polygon", "MultiPolygon"):
        raise Invalid(f"{field}.geometry", _("面：Polygon 或 MultiPolygon"))
    told = feature.get("properties")
    properties = told if isinstance(told, dict) else {}
    name = _first(properties, NAMES)
    if not name:
        raise Invalid(f"{field}.properties.name", _("区域名称"))
    parts = geometry.get("coordinates")
    polygons = [parts] if kind == "Polygon" else parts
    if not isinstance(polygons, list) or not polygons:
        raise Invalid(f"{field}.geometry.coordinates", _("至少一圈坐标"))
    area, mended = _area(polygons, f"{field}.geometry.coordinates", crs)
    code = _first(properties, CODES)
    return Outline(name[:80], code.removeprefix("156")[:12] if len(code) == 9 else code[:12], geojson(area), mended)


def _name_of(feature: Any) -> str:
    told = feature.get("properties") if isinstance(feature, dict) else None
    return _first(told, NAMES)[:80] if isinstance(told, dict) else ""


def _first(properties: dict[str, Any], names: tuple[str, ...]) -> str:
    return next((str(properties[name]).strip() for name in names if properties.get(name) not in (None, "")), "")


def _area(polygons: list[Any], field: str, crs: str) -> tuple[BaseGeometry, bool]:
    shapes = []
    for polygon in polygons:
        if not isinstance(polygon, list) or not polygon:
            raise Invalid(field, _("至少一圈坐标"))
        rings = [_ring(ring, field, crs) for ring in polygon]
        shapes.append(shapely.Polygon(rings[0], rings[1:]))
    area: BaseGeometry = MultiPolygon(shapes)
    if area.is_valid:
        return area, False
    why = shapely.is_valid_reason(area)
    whole = shapely.make_valid(area)
    if not whole.area or abs(whole.area - area.area) > REPAIR_SHARE * whole.area:
        raise Invalid(field, _("不自相交的面（%(why)s）") % {"why": why})
    return whole, True


def _ring(ring: Any, field: str, crs: str) -> list[tuple[float, float]]:
    if not isinstance(ring, list) or len(ring) < 4:
        raise Invalid(field, _("每圈至少 4 个点，首尾相同"))
    found = []
    for position in ring:
        try:
            x, y = float(position[0]), float(position[1])
        except (TypeError, ValueError, IndexError, KeyError):
            raise Invalid(field, _("[经度, 纬度] 的数字")) from None
        if not (abs(x) <= 180 and abs(y) <= 90):
            said = f"[{x:g}, {y:g}]"
            raise Invalid(field, _("WGS-84 或 GCJ-02 的度数，不是投影坐标；文件里有 %(said)s") % {"said": said})
        found.append(to_wgs84(x, y) if crs == "gcj02" else (x, y))
    if found[0] != found[-1]:
        raise Invalid(field, _("每圈至少 4 个点，首尾相同"))
    return found
