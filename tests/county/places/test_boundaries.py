"""Outlines of territories: matched by code or name, all of a file or none, recorded; sites outside are told."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
import shapely
from click.testing import CliRunner
from shapely.geometry import shape

from shoutu.county import commands_places as commands
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Conflict, Invalid, NotAllowed
from shoutu.county.ledger.models import Entry
from shoutu.county.people.testing import actor
from shoutu.county.places import services
from shoutu.county.places.boundaries import boundaries, import_boundaries, is_outside
from shoutu.county.places.models import Boundary
from shoutu.demo.county import TOWNSHIPS
from shoutu.demo.map import SEATS, demo_outlines


def square(name: str, west: float, code: str = "") -> dict:
    ring = [[west, 35.0], [west + 1, 35.0], [west + 1, 36.0], [west, 36.0], [west, 35.0]]
    return {
        "type": "Feature",
        "properties": {"name": name, "adcode": code},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def file(*features: dict) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": list(features)}).encode()


def test_outlines_find_their_territories_and_are_recorded(county: SimpleNamespace) -> None:
    content = file(square("示范县", 111), square("东乡", 111), square("邻县", 112))
    done = import_boundaries(SYSTEM, content, "审图号 X", others="neighbours", schematic=True)
    assert (done.territories, done.neighbours, done.without) == (["示范县", "东乡"], ["邻县"], ["西乡"])
    assert [(row.name, row.territory, row.schematic) for row in boundaries()] == [
        ("示范县", county.territory, True), ("东乡", county.east, True), ("邻县", None, True)
    ]  # fmt: skip
    payload = Entry.objects.get(verb="boundary.imported").payload
    assert payload["territories"] == [county.territory.pk, county.east.pk]
    assert len(payload["sha256"]) == 64


def test_a_code_is_believed_before_a_name(county: SimpleNamespace) -> None:
    county.east.code = "141027100"
    county.east.save()
    import_boundaries(SYSTEM, file(square("东镇（改名）", 111, "141027100")), "审图号 X")
    assert county.east.boundary.name == "东镇（改名）"


def test_a_second_import_replaces_the_first(county: SimpleNamespace) -> None:
    for west in (111, 100):
        import_boundaries(SYSTEM, file(square("示范县", west), square("邻县", west)), "审图号 X", others="neighbours")
    assert Boundary.objects.count() == 2
    assert county.territory.boundary.geometry["coordinates"][0][0][0] == [100, 35]


@pytest.mark.parametrize(("features", "field"), [
    ([square("示范县", 111), square("示范县", 112)], "features"),
    ([square("示范县", 111), square("不认识", 112)], "features"),
])  # fmt: skip
def test_nothing_of_a_file_that_does_not_fit_is_taken(county: SimpleNamespace, features, field) -> None:
    before = Entry.objects.count()
    with pytest.raises(Invalid) as caught:
        import_boundaries(SYSTEM, file(*features), "审图号 X")
    assert caught.value.field == field
    assert (Boundary.objects.count(), Entry.objects.count()) == (0, before)


def test_before_there_is_a_county_it_is_said(db: None) -> None:
    with pytest.raises(Conflict):
        import_boundaries(SYSTEM, file(square("示范县", 111)), "审图号 X")


def test_only_administrators_draw_boundaries(county: SimpleNamespace) -> None:
    with pytest.raises(NotAllowed):
        import_boundaries(actor(county.users["inspector"]), file(square("示范县", 111)), "审图号 X")


def test_a_site_is_placed_and_one_outside_is_told(county: SimpleNamespace) -> None:
    assert is_outside(county.site) is None
    who = actor(county.users["inspector"])
    site = services.locate_site(who, county.site, 35.5, 111.5)
    assert is_outside(site) is None, "no outline yet: cannot be told"
    import_boundaries(SYSTEM, file(square("示范县", 111)), "审图号 X")
    assert is_outside(site) is False
    site = services.locate_site(who, site, 35.5, 113.0)
    assert is_outside(site) is True
    assert import_boundaries(SYSTEM, file(square("示范县", 111)), "审图号 X").outside == [site.name]
    entry = Entry.objects.filter(verb="site.located").latest("id")
    assert entry.payload == {"before": [35.5, 111.5], "after": [35.5, 113.0]}


def test_the_same_place_twice_is_recorded_once(county: SimpleNamespace) -> None:
    for _time in range(2):
        services.locate_site(SYSTEM, county.site, 35.5, 111.5)
    assert Entry.objects.filter(verb="site.located").count() == 1


@pytest.mark.parametrize(("latitude", "longitude", "field"), [
    (None, 111.0, "latitude"), (35.0, None, "longitude"), (95.0, 111.0, "latitude"), (35.0, 200.0, "longitude"),
])  # fmt: skip
def test_half_a_place_is_none(county: SimpleNamespace, latitude, longitude, field) -> None:
    with pytest.raises(Invalid) as caught:
        services.locate_site(SYSTEM, county.site, latitude, longitude)
    assert caught.value.field == field


def test_the_commands(county: SimpleNamespace, tmp_path) -> None:
    path = tmp_path / "county.geojson"
    path.write_bytes(file(square("示范县", 111)))
    run = CliRunner().invoke
    told = run(commands.places, ["import-boundary", str(path), "--crs", "wgs84", "--source", "审图号 X"])
    assert told.exit_code == 0, told.output
    assert "territories 1" in told.stdout
    assert "东乡" in told.stderr
    told = run(commands.places, ["locate", "甲矿尾矿库", "--longitude", "35.5", "--latitude", "89"])
    assert told.exit_code == 0
    assert "outside" in told.stderr
    told = run(commands.places, ["locate", "甲矿尾矿库", "--longitude", "181", "--latitude", "35"])
    assert (told.exit_code, "经度" in told.output) == (1, True)


def test_demo_townships_cover_the_county_once() -> None:
    document = json.loads(demo_outlines(dict(TOWNSHIPS)))
    shapes = {f["properties"]["name"]: shape(f["geometry"]) for f in document["features"]}
    whole = shapes["浮山县"]
    parts = [shapes[name] for name, _code in TOWNSHIPS]
    assert set(SEATS) == {name for name, _code in TOWNSHIPS}
    assert shapely.union_all(parts).symmetric_difference(whole).area < 1e-9
    assert sum(part.area for part in parts) == pytest.approx(whole.area)
    assert all(part.contains(shapely.Point(SEATS[name])) for name, part in zip(SEATS, parts, strict=False))
