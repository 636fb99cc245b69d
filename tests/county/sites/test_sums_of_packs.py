"""What the packs sum and foresee at a site: in what unit, against which limits, and how an older county comes to it."""

from __future__ import annotations

import pytest

from shoutu.county.kit.actors import SYSTEM
from shoutu.county.people.testing import actor
from shoutu.county.places.services import set_site_params
from shoutu.county.sites import selectors, services, shaping
from shoutu.county.sites.models import Rule
from shoutu.county.sites.services.design import change_design

DESIGN = {"phreatic_control_depth": 6.0, "rain_day_yellow": 50.0, "people_limit": 30.0, "capacity_year": 30.0}


@pytest.fixture
def place(county):
    county.source = services.create_source(SYSTEM, "甲矿网关", county.site)
    set_site_params(actor(county.users["inspector"]), county.site, DESIGN, "设计文件")
    return county


def point(place, item, unit, **more):
    return services.create_point(SYSTEM, place.site, place.source, f"P-{item}", item=item, unit=unit, **more)


def told(rule):
    return shaping.point_rule(selectors.rules_for(SYSTEM).get(pk=rule.pk))


def bound(place, pack, key):
    services.bind(SYSTEM, place.site, pack)
    return Rule.objects.get(origin=f"{pack}/{key}")


def test_a_days_rain_is_told_in_millimetres_by_a_gauge_of_millimetres_an_hour(place):
    point(place, "rain_hour", "mm/h")
    rule = bound(place, "tailings-pond", "rain_day")
    assert rule.words["unit"] == "mm"
    row = told(rule)
    assert (row["levels_unit"], row["on_value"]) == ("mm", False)
    assert row["sentence"] == "24 小时内累计 ≥ 50.00 mm 黄"
    assert "unit" not in Rule.objects.get(origin="tailings-pond/rain_no_data").words


def test_hours_left_are_reached_from_above_whatever_way_the_value_goes(place):
    point(place, "phreatic_depth", "m", danger="low")
    row = told(bound(place, "tailings-pond", "phreatic_ahead"))
    assert (row["levels_unit"], row["on_value"]) == ("h", False)
    assert [(one["level"], one["value"], one["direction"]) for one in row["levels"]] == [(1, 72, "low"), (2, 24, "low")]
    assert row["sentence"] == "照3 天内的走势，离 6.00 m ≤ 24.00 小时 黄，≤ 72.00 小时 蓝"


def test_persons_counted_lie_on_the_curve_and_tonnes_of_a_month_do_not(place):
    point(place, "people_underground", "人")
    point(place, "ore_output", "t")
    assert told(bound(place, "underground-mine", "people_over"))["on_value"]
    month = told(bound(place, "underground-mine", "output_month"))
    assert not month["on_value"]
    assert month["sentence"] == "当月累计 ≥ 60000.00 t 橙，≥ 48000.00 t 蓝"


def test_a_stricter_control_depth_holds_at_once_for_the_forecast_too(place):
    point(place, "phreatic_depth", "m", danger="low")
    rule = bound(place, "tailings-pond", "phreatic_ahead")
    inspector = actor(place.users["inspector"])
    assert change_design(inspector, place.site, {"phreatic_control_depth": 6.5}, "设计变更") is None
    rule.refresh_from_db()
    assert rule.versions.get(number=rule.version).params["target"] == 6.5
    assert change_design(inspector, place.site, {"phreatic_control_depth": 5.5}, "设计变更") is not None


def test_a_county_bound_before_comes_to_the_new_rules_and_keeps_the_old_one_until_two_agree(place):
    persons = point(place, "people_underground", "人")
    old = services.create_rule(
        SYSTEM, persons, "threshold", {"levels": {"3": 31.0}, "raise_for_s": 120.0}, "规则包",
        title="井下人数超限", origin="underground-mine/people_limit_rule",
    )  # fmt: skip
    new = bound(place, "underground-mine", "people_over")
    old.refresh_from_db()
    assert (new.enabled, old.enabled) == (True, True)
    waiting = old.versions.get(state="proposed")
    assert not waiting.enabled
    services.bind(SYSTEM, place.site, "underground-mine")
    assert old.versions.filter(state="proposed").count() == 1
