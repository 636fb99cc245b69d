"""Points of one item together (GB 39496-2020 5.5.4), from readings through the engine to one warning of the item."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from shoutu.county.duties.models import Duty
from shoutu.county.kit import catalog
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Invalid
from shoutu.county.people.testing import actor
from shoutu.county.places.services import set_site_params
from shoutu.county.sites import selectors as site_selectors
from shoutu.county.sites import services as sites
from shoutu.county.sites.models import Rule, RuleState
from shoutu.county.warnings import selectors, services
from shoutu.county.warnings.models import Warning
from shoutu.engine import Engine, RuleSet, signal_to_dict

DESIGN = {
    "phreatic_control_depth": 6.0, "phreatic_yellow_depth": 7.2, "phreatic_blue_depth": 8.0, "water_level_blue": 100,
    "water_level_yellow": 101, "water_level_orange": 102, "water_level_red": 103, "beach_blue": 90, "beach_yellow": 80,
    "beach_orange": 70, "grade": 4, "rain_hour_blue": 10, "rain_hour_yellow": 20, "rain_hour_orange": 30,
}  # fmt: skip
NORMAL = {"phreatic_depth": 9.5, "pond_level": 90.0, "beach_length": 120.0, "rain_hour": 0.0}
BLUE = {"phreatic_depth": 7.9, "pond_level": 100.5, "beach_length": 85.0, "rain_hour": 12.0}
YELLOW = {"phreatic_depth": 7.0, "pond_level": 101.5, "beach_length": 75.0, "rain_hour": 22.0}
LADDER = [{"level": 1, "count": 4, "to": 2}]


class Pond:
    """The shipped pack on a pond, with a real engine that follows the catalog and delivers to the inbox."""

    def __init__(self, county: SimpleNamespace, items: dict[str, str]) -> None:
        self.county, self.site, self.seq = county, county.site, 0
        source = sites.create_source(SYSTEM, "甲矿网关", county.site)
        self.points = {
            address: sites.create_point(SYSTEM, county.site, source, address, name=address, item=item)
            for address, item in items.items()
        }
        set_site_params(actor(county.users["inspector"]), county.site, DESIGN, "设计文件")
        sites.bind(SYSTEM, county.site, "tailings-pond")
        self.engine = Engine()
        self.follow()
        self.at = int(timezone.now().timestamp() * 1000)
        self.read(NORMAL)

    def follow(self) -> None:
        told = catalog.changes(0)
        rules = RuleSet.from_catalog(told["sources"], told["points"], told["rules"])
        assert rules.problems == ()
        self.engine.switch(self.seq, rules)

    def read(self, *values: dict[str, float], keep_s: int = 120) -> None:
        """Every point reads the value of its address, else of its item, until the holds are over; taken in."""
        for _ in range(keep_s // 20 + 1):
            self.at += 20_000
            for address, point in self.points.items():
                self.seq += 1
                value = next(v[key] for v in (*values, NORMAL) for key in (address, point.item) if key in v)
                self.deliver(self.engine.readings(self.seq, [point.pk], [self.at], self.at, [value], [0]))
            self.seq += 1
            self.deliver(self.engine.tick(self.seq, self.at))
        services.take_in()

    def deliver(self, signals: Any) -> None:
        told = [signal_to_dict(s, self.engine.ruleset, 1, self.engine.evidence) for s in signals]
        sites.receive([one for one in told if one["category"] == "risk"])

    def open(self) -> dict[str, Warning]:
        return {w.item: w for w in Warning.objects.filter(closed_at=None)}


def piezometers(n: int) -> dict[str, str]:
    return {f"JR-{k:02d}": "phreatic_depth" for k in range(1, n + 1)}


def these(values: dict[str, float], *addresses: str) -> dict[str, float]:
    return dict.fromkeys(addresses, values["phreatic_depth"])


def detail(pond: Pond, warning: Warning) -> dict[str, Any]:
    asker = actor(pond.county.users["inspector"])
    return selectors.detail(asker, selectors.get_warning(asker, warning.pk))


def test_four_blue_piezometers_are_one_yellow_warning_of_the_item(clock, county):
    pond = Pond(county, piezometers(5))
    assert pond.open() == {}
    pond.read(these(BLUE, "JR-01", "JR-02", "JR-03"))
    assert [(w.level, w.count) for w in pond.open().values()] == [(1, 3)]
    pond.read(these(BLUE, "JR-01", "JR-02", "JR-03", "JR-04"))
    (warning,) = pond.open().values()
    assert (warning.item, warning.level, warning.current_level, warning.episode) == ("phreatic_depth", 2, 2, 2)
    assert warning.title == "浸润线埋深 4 个测点蓝色，合为黄色"
    assert warning.sentence == "浸润线埋深 4 个测点蓝色，按 GB 39496-2020 5.5.4 合为黄色。"
    assert (warning.value, warning.threshold, warning.point.address) == (None, None, "JR-04")
    assert warning.verified_source
    assert Duty.objects.filter(about_type="warning", about_id=warning.pk).exists()
    shown = detail(pond, warning)
    composite, *points = shown["members"]
    assert (composite["kind"], composite["level"], composite["point"]) == ("composite", 2, None)
    assert [(c["name"], c["level"]) for c in composite["counted"]] == [(f"JR-0{k}", 1) for k in (1, 2, 3, 4)]
    assert [(m["kind"], m["level"]) for m in points] == [("threshold", 1)] * 4
    assert shown["rule"]["kind"] == "composite"
    assert shown["thresholds"] == []
    # One piezometer comes back: three blue ones are blue again, in the same warning.
    pond.read(these(BLUE, "JR-01", "JR-02", "JR-03"), keep_s=900)
    (same,) = pond.open().values()
    assert (same.pk, same.current_level, same.peak_level) == (warning.pk, 1, 2)


def test_four_blue_items_are_one_yellow_warning_of_the_pond(clock, county):
    items = {**piezometers(1), "SW-1": "pond_level", "GT-1": "beach_length", "YL-1": "rain_hour"}
    pond = Pond(county, items)
    pond.read(BLUE)
    found = pond.open()
    assert {item: w.level for item, w in found.items()} == {**dict.fromkeys(NORMAL, 1), "composite": 2}
    assert found["composite"].title == "监测综合 4 项蓝色，合为黄色"
    assert found["composite"].sentence == "全库 4 个监测项蓝色，按 GB 39496-2020 5.5.4 合为黄色。"
    assert found["composite"].point is None
    (member,) = detail(pond, found["composite"])["members"]
    assert [c["name"] for c in member["counted"]] == ["干滩长度", "浸润线埋深", "库水位", "小时雨量"]
    pond.read(YELLOW)
    found = pond.open()
    assert {item: w.level for item, w in found.items()} == {**dict.fromkeys(NORMAL, 2), "composite": 3}
    assert not found["composite"].verified_source
    assert site_selectors.rules_for(SYSTEM, site=county.site.pk).filter(point=None).count() == 3


def test_a_rule_of_a_member_switched_off_takes_its_level_along(clock, county):
    pond = Pond(county, piezometers(4))
    pond.read(BLUE)
    (warning,) = pond.open().values()
    assert warning.current_level == 2
    rule = Rule.objects.get(point=pond.points["JR-02"], kind="threshold")
    version = sites.propose(actor(county.users["inspector"]), rule, "传感器拆了", enabled=False)
    sites.approve(actor(county.users["administrator"]), version)
    pond.follow()
    pond.read(BLUE)
    (warning,) = pond.open().values()
    assert warning.current_level == 1


def test_binding_makes_the_composites_of_what_is_measured_and_asks_two_persons_to_weaken_one(clock, county):
    pond = Pond(county, piezometers(2))
    (rule,) = Rule.objects.filter(site=county.site, point=None)
    assert (rule.kind, rule.origin, rule.verified) == ("composite", "tailings-pond/phreatic_depth_ladder", True)
    (told,) = [one for one in catalog.changes(0)["rules"] if one["kind"] == "composite"]
    assert (told["site"], told["params"]["items"], "point" in told) == (county.site.pk, ["phreatic_depth"], False)
    sites.bind(SYSTEM, county.site, "tailings-pond")
    assert Rule.objects.get(pk=rule.pk).version == 1
    weaker = {**told["params"], "steps": [{**LADDER[0], "count": 5}]}
    version = sites.propose(actor(county.users["inspector"]), rule, "试验", weaker)
    assert version.state == RuleState.PROPOSED
    del pond


def test_a_composite_by_hand_names_points_of_its_site(clock, county):
    pond = Pond(county, piezometers(2))
    params = {"form": "k_of_n", "items": ["phreatic_depth"], "steps": LADDER, "points": [10**6]}
    with pytest.raises(Invalid, match="points"):
        sites.create_composite(SYSTEM, county.site, params, "试验")
    with pytest.raises(Invalid, match="种类"):
        sites.create_rule(SYSTEM, pond.points["JR-01"], "composite", params, "试验")
