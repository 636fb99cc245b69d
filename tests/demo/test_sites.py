"""The demo county's sites: the same from the same seed, inside their townships, watched as their packs ask."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from shapely.geometry import Point, shape

from shoutu.demo.county import PONDS
from shoutu.demo.episodes import EPISODES
from shoutu.demo.items import BY_HAND, ITEMS
from shoutu.demo.map import OUTLINES, SEATS, township_areas
from shoutu.demo.sites import LACKING, SILENT, STILL, counts, demo_sites
from shoutu.engine.packs import bind, load, unmet

PACKS = Path(__file__).resolve().parents[2] / "packs" / "warning"


def test_fifty_mines_and_thirty_others() -> None:
    found = counts()
    mines = found["tailings_pond"] + found["underground_mine"] + found["open_pit"]
    assert (mines, sum(found.values()) - mines) == (50, 31)


def test_the_same_seed_gives_the_same_sites() -> None:
    first = demo_sites()
    demo_sites.cache_clear()
    assert demo_sites() == first


def test_names_and_addresses_are_unique() -> None:
    sites = demo_sites()
    names = [site.name for site in sites] + [pond.name for pond in PONDS]
    addresses = [one.address for site in sites for one in site.sensors]
    assert len(set(names)) == len(names)
    assert len(set(addresses)) == len(addresses)
    assert SILENT in addresses


def test_every_site_lies_in_its_township() -> None:
    county = shape(json.loads(OUTLINES.read_text("utf-8"))["features"][0]["geometry"])
    areas = township_areas(county, SEATS)
    outside = [s.name for s in demo_sites() if not areas[s.township].contains(Point(s.longitude, s.latitude))]
    assert outside == []


@pytest.mark.parametrize("name", ["underground-mine", "tailings-pond", "open-pit-slope", "fuel-station", "dust-gas"])
def test_sensors_measure_what_the_pack_knows_in_its_unit(name: str) -> None:
    pack, problems = load((PACKS / f"{name}.yaml").read_text("utf-8"), name)
    assert pack is not None, problems
    units = {indicator.id: indicator.unit for indicator in pack.indicators}
    measured = {one.item for site in demo_sites() if site.pack == name for one in site.sensors}
    assert measured
    assert {item: ITEMS[item].unit for item in measured} == {item: units[item] for item in measured}


def test_fuel_stations_and_dust_works_lack_nothing_their_packs_ask_for() -> None:
    sites = [site for site in demo_sites() if site.pack in ("fuel-station", "dust-gas")]
    assert [site.kind for site in sites] == ["fuel_station"] * 4 + ["dust_gas"] * 3
    for site in sites:
        pack, problems = load((PACKS / f"{site.pack}.yaml").read_text("utf-8"), site.pack)
        assert pack is not None, problems
        wanted = unmet(pack, site.params, Counter(one.item for one in site.sensors))
        assert (wanted.lacking, wanted.undecided) == ((), {}), site.name
        missing = [lack for one in site.sensors for lack in bind(pack, one.item, site.params).missing]
        assert [lack.parameter for lack in missing if not lack.optional] == [], site.name


def test_what_no_pack_knows_has_limits_by_hand() -> None:
    measured = {one.item for site in demo_sites() if not site.pack for one in site.sensors}
    assert measured == set(BY_HAND)


def test_what_is_left_out_is_left_out_of_a_site_that_should_have_it() -> None:
    sites = {site.key: site for site in demo_sites()}
    for key, lacking in LACKING.items():
        site = sites[key]
        there = {one.item for one in site.sensors} | set(site.params)
        assert not there & set(lacking), site.name


def test_episodes_come_in_order_and_speak_of_sensors_that_are_there() -> None:
    sites = {site.key: {one.item for one in site.sensors} for site in demo_sites()}
    assert [one for one in EPISODES if one.item not in sites[one.site]] == []
    assert [one.at for one in EPISODES] == sorted(one.at for one in EPISODES)


def test_no_story_plays_where_nobody_works() -> None:
    keys = {site.key for site in demo_sites()}
    assert set(STILL) <= keys
    assert not set(STILL) & {episode.site for episode in EPISODES}
