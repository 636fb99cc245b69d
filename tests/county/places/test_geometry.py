"""Outlines: what is read, what is refused and how, and the offset grid there and back."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import shape

from shoutu.county.kit.errors import Invalid
from shoutu.county.places.geometry import (
    holds,
    label_point,
    place,
    prepared,
    read_outlines,
    share_within,
    to_gcj02,
    to_wgs84,
)

SQUARE = [[111.7, 35.9], [111.9, 35.9], [111.9, 36.0], [111.7, 36.0], [111.7, 35.9]]


def file(*features: Any, **more: Any) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": list(features), **more}).encode()


def area(coordinates: Any = None, kind: str = "Polygon", **properties: Any) -> dict[str, Any]:
    geometry = {"type": kind, "coordinates": [SQUARE] if coordinates is None else coordinates}
    return {"type": "Feature", "properties": {"name": "甲县", **properties}, "geometry": geometry}


@pytest.mark.parametrize(("wgs84", "gcj02"), [
    ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597)),
    ((113.912316, 22.543847), (113.9171764808363, 22.540796131694766)),
    ((116.377817, 39.911954), (116.38404722455657, 39.91334545536069)),
])  # fmt: skip
def test_the_offset_grid_agrees_with_published_pairs(wgs84, gcj02) -> None:
    assert to_gcj02(*wgs84) == pytest.approx(gcj02, abs=1e-9)
    assert to_wgs84(*gcj02) == pytest.approx(wgs84, abs=1e-9)


@given(st.floats(74, 134), st.floats(18, 53))
def test_there_and_back_is_within_a_millimetre(longitude: float, latitude: float) -> None:
    assert to_wgs84(*to_gcj02(longitude, latitude)) == pytest.approx((longitude, latitude), abs=1e-8)


def test_the_offset_here_is_what_the_map_readme_says() -> None:
    """Half a kilometre east: a pond drawn from the wrong grid lies in another valley."""
    x, _y = to_gcj02(111.85, 35.97)
    assert 500 < (x - 111.85) * 111_320 * math.cos(math.radians(35.97)) < 620


@pytest.mark.parametrize(("west", "share"), [(111.75, 1.0), (111.85, 0.5), (111.9, 0.0), (113, 0.0)])
def test_the_share_of_an_area_in_another(west: float, share: float) -> None:
    inner = {"type": "Polygon", "coordinates": [[[west, 35.92], [west + 0.1, 35.92], [west + 0.1, 35.98], [west, 35.98],
                                                 [west, 35.92]]]}  # fmt: skip
    outer = prepared({"type": "Polygon", "coordinates": [SQUARE]})
    assert share_within(inner, outer) == pytest.approx(share)


def test_a_file_in_the_offset_grid_is_stored_in_wgs84() -> None:
    moved = [list(to_gcj02(*corner)) for corner in SQUARE]
    found = read_outlines(file(area([moved])), "gcj02")[0].geometry["coordinates"][0][0]
    assert found == [pytest.approx(corner, abs=2e-6) for corner in SQUARE]


@pytest.mark.parametrize(("properties", "code"), [
    ({"adcode": "141027"}, "141027"), ({"adcode": 141027}, "141027"), ({"gb": "156141027"}, "141027"), ({}, ""),
    ({"shapeID": "79429593B16158459390634"}, ""),
])  # fmt: skip
def test_codes_as_the_usual_sources_write_them(properties, code) -> None:
    assert read_outlines(file(area(**properties)))[0].code == code


@pytest.mark.parametrize(("content", "field"), [
    (b"\xff\xfe", "file"), (b"{", "file"), (b"[" * 100_000, "file"), (b"[]", "file"), (b'{"type": "Point"}', "type"),
    (file(), "features"), (file(7), "features[0].geometry"),
    (file(area(kind="Point")), "features[0].geometry"),
    (file(area(name="")), "features[0].properties.name"),
    (file(area(), area([])), "features[1].geometry.coordinates"),
    (file(area([SQUARE[:3]])), "features[0].geometry.coordinates"),
    (file(area([[*SQUARE[:4], [111.71, 35.9]]])), "features[0].geometry.coordinates"),
    (file(area([[["x", 1]] * 4])), "features[0].geometry.coordinates"),
    (file(area([[[None]] * 4])), "features[0].geometry.coordinates"),
    (file(area([[[39_500_000, 3_980_000]] * 4])), "features[0].geometry.coordinates"),
    (file(area([[[math.nan, 1.0]] * 4])), "features[0].geometry.coordinates"),
    (file(area([[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]])), "features[0].geometry.coordinates"),
    (file(area(), crs={"type": "name", "properties": {"name": "EPSG:2382"}}), "crs"),
])  # fmt: skip
def test_a_bad_file_names_the_field(content: bytes, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_outlines(content)
    assert caught.value.field == field


def test_a_sliver_that_crosses_itself_is_mended_and_said() -> None:
    spike = [*SQUARE[:4], [111.7, 35.95], [111.70001, 35.95002], [111.69999, 35.95002], [111.7, 35.95], SQUARE[0]]
    found = read_outlines(file(area([spike])))[0]
    assert found.mended
    assert shape(found.geometry).is_valid


def test_inside_outside_and_on_the_edge() -> None:
    geometry = read_outlines(file(area()))[0].geometry
    assert holds(geometry, 111.8, 35.95)
    assert holds(geometry, 111.7, 35.95)
    assert not holds(geometry, 35.95, 111.8), "written the wrong way round"


def test_a_name_is_written_inside_even_of_a_horseshoe() -> None:
    horseshoe = [[0, 0], [9, 0], [9, 9], [0, 9], [0, 7], [7, 7], [7, 2], [0, 2], [0, 0]]
    geometry = read_outlines(file(area([horseshoe])))[0].geometry
    assert holds(geometry, *label_point(geometry))


@pytest.mark.parametrize(("arguments", "field"), [
    ((181.0, 30.0), "longitude"), ((111.0, 91.0), "latitude"), ((math.nan, 30.0), "longitude"),
    ((111.0, 30.0, "bd09"), "crs"),
])  # fmt: skip
def test_a_bad_place_names_the_field(arguments, field) -> None:
    with pytest.raises(Invalid) as caught:
        place(*arguments)
    assert caught.value.field == field
