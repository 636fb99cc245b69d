"""监测缺项: what a standard requires of a site and it lacks; packs below the law; sites no pack watches."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings

from shoutu.county.duties.models import Duty, Finding
from shoutu.county.duties.services import findings as worker
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.people.testing import actor
from shoutu.county.places.services import create_site, set_site_params
from shoutu.county.sites import hooks, planning, services
from shoutu.county.sites.models import Rule

SHIPPED = Path(__file__).resolve().parents[3] / "packs"


@pytest.fixture
def packs_folder(tmp_path, monkeypatch):
    """An installation's own packs, free to be changed."""
    folder = tmp_path / "packs"
    shutil.copytree(SHIPPED, folder)
    monkeypatch.setattr(settings, "CONFIG", replace(settings.CONFIG, packs=folder))
    return folder


@pytest.fixture
def mine(county):
    county.mine = create_site(SYSTEM, "甲铁矿地采", "underground_mine", county.site.organisation, county.site.territory)
    county.source = services.create_source(SYSTEM, "甲矿地采网关", county.mine)
    return county


def point(county, address, item, **fields):
    return services.create_point(SYSTEM, county.mine, county.source, address, item=item, unit="ppm", **fields)


def open_keys(site):
    return set(Finding.objects.filter(site=site, cleared_at__isnull=True, optional=False).values_list("key", flat=True))


def look():
    while worker.look():
        pass


def test_a_mine_without_its_six_systems_has_a_finding_each_and_one_duty(mine):
    services.bind(SYSTEM, mine.mine, "underground-mine")
    needed = {"monitoring", "positioning", "fan", "air_speed", "refuge", "air_supply", "water_supply", "communication"}
    assert open_keys(mine.mine) == {f"need:{one}@underground-mine" for one in needed}
    duty = Duty.objects.get(kind="site.gap", site=mine.mine)
    assert "8 项" in duty.title


def test_a_gap_closes_by_itself_when_the_point_or_the_value_is_there(mine):
    services.bind(SYSTEM, mine.mine, "underground-mine")
    made = point(mine, "CO-01", "co")
    services.note_heard([made.pk])
    look()
    assert "need:monitoring@underground-mine" not in open_keys(mine.mine)
    set_site_params(actor(mine.users["inspector"]), mine.mine, {"refuge_chambers": 2}, "验收单")
    look()
    assert "need:refuge@underground-mine" not in open_keys(mine.mine)


def test_what_another_room_counts_meets_a_requirement(mine, monkeypatch):
    monkeypatch.setattr(hooks, "_items", [lambda _site: {"people_underground": 1}])
    services.bind(SYSTEM, mine.mine, "underground-mine")
    assert "need:positioning@underground-mine" not in open_keys(mine.mine)


def test_without_its_height_a_slope_is_asked_for_it(county):
    pit = create_site(SYSTEM, "甲采场", "open_pit", county.site.organisation, county.site.territory)
    services.bind(SYSTEM, pit, "open-pit-slope")
    assert open_keys(pit) == {"value:slope_height"}
    set_site_params(actor(county.users["inspector"]), pit, {"slope_height": 180}, "设计")
    look()
    assert open_keys(pit) == {"need:surface@open-pit-slope", "need:video@open-pit-slope"}


def lower_co(folder):
    file = folder / "warning/underground-mine.yaml"
    file.write_text(file.read_text("utf-8").replace("levels: {3: 24}", "levels: {3: 50}"), "utf-8")


def co_rule():
    rule = Rule.objects.get(origin="underground-mine/co_limit")
    return rule, rule.versions.get(number=rule.version).params["levels"]


def test_a_pack_below_the_law_holds_at_the_limit_until_a_second_person_agrees(mine, packs_folder):
    lower_co(packs_folder)
    point(mine, "CO-01", "co")
    inspector = actor(mine.users["inspector"])
    services.bind(inspector, mine.mine, "underground-mine")
    rule, levels = co_rule()
    assert levels == {"3": 24.0}
    waiting = rule.versions.get(state="proposed")
    assert (waiting.params["levels"], "24 ppm" in waiting.reason) == ({"3": 50.0}, True)
    told = Finding.objects.get(key="limit:co", cleared_at__isnull=True)
    assert ("矿安〔2023〕60号" in told.message, told.optional) == (True, True)
    services.approve(actor(mine.users["administrator"]), waiting)
    services.bind(inspector, mine.mine, "underground-mine")
    assert co_rule()[1] == {"3": 50.0}


def test_a_pack_that_goes_below_the_law_later_changes_nothing_by_itself(mine, packs_folder):
    point(mine, "CO-01", "co")
    services.bind(SYSTEM, mine.mine, "underground-mine")
    lower_co(packs_folder)
    services.bind(SYSTEM, mine.mine, "underground-mine")
    assert co_rule()[1] == {"3": 24.0}


def test_a_rule_below_the_law_nobody_seconded_goes_up_to_it(mine, packs_folder):
    (packs_folder / "limits/mines.yaml").rename(packs_folder / "mines.away")
    lower_co(packs_folder)
    point(mine, "CO-01", "co")
    services.bind(SYSTEM, mine.mine, "underground-mine")
    assert co_rule()[1] == {"3": 50.0}
    (packs_folder / "mines.away").rename(packs_folder / "limits/mines.yaml")
    services.bind(SYSTEM, mine.mine, "underground-mine")
    assert co_rule()[1] == {"3": 24.0}


def planned(site):
    (row,) = planning.plan("underground-mine", [site])
    return {name: row[name] for name in ("added", "tightened", "waits", "asked")}


def did(rule):
    """What of a rule was put in force and what waits, in order."""
    return [(version.params["levels"], version.state) for version in rule.versions.order_by("number")]


def test_a_pack_is_planned_as_it_is_bound_where_limits_of_law_come_later(mine, packs_folder):
    (packs_folder / "limits/mines.yaml").rename(packs_folder / "mines.away")
    lower_co(packs_folder)
    point(mine, "CO-01", "co")
    services.bind(SYSTEM, mine.mine, "underground-mine")
    assert planned(mine.mine) == {"added": 0, "tightened": 0, "waits": 0, "asked": 0}
    (packs_folder / "mines.away").rename(packs_folder / "limits/mines.yaml")
    (row,) = planning.plan("underground-mine", [mine.mine])
    assert [one["effect"] for one in row["changes"]] == ["tightened", "waits"]
    assert ["24" in one["sentence"] for one in row["changes"]] == [True, False]
    services.bind(SYSTEM, mine.mine, "underground-mine")
    expected = [({"3": 50.0}, "replaced"), ({"3": 24.0}, "in_force"), ({"3": 50.0}, "proposed")]
    assert did(co_rule()[0]) == expected
    assert planned(mine.mine) == {"added": 0, "tightened": 0, "waits": 0, "asked": 1}
    services.bind(SYSTEM, mine.mine, "underground-mine")
    assert did(co_rule()[0]) == expected
    inspector, waiting = actor(mine.users["inspector"]), co_rule()[0].versions.get(state="proposed")
    services.bind(inspector, mine.mine, "underground-mine")
    services.approve(actor(mine.users["administrator"]), waiting)
    assert planned(mine.mine) == {"added": 0, "tightened": 0, "waits": 0, "asked": 0}


def test_a_rule_no_longer_asked_for_is_asked_off_once(mine, packs_folder):
    point(mine, "CO-01", "co")
    services.bind(SYSTEM, mine.mine, "underground-mine")
    file = packs_folder / "warning/underground-mine.yaml"
    text = file.read_text("utf-8")
    file.write_text(text.replace("- id: co_limit", "- id: co_other"), "utf-8")
    assert (planned(mine.mine)["added"], planned(mine.mine)["waits"]) == (1, 1)
    services.bind(SYSTEM, mine.mine, "underground-mine")
    assert planned(mine.mine) == {"added": 0, "tightened": 0, "waits": 0, "asked": 1}


def test_a_limit_nobody_judges_calls_somebody(mine, packs_folder):
    file = packs_folder / "warning/underground-mine.yaml"
    text = file.read_text("utf-8")
    file.write_text(text[: text.index("  - id: o2_limit")] + text[text.index("  - id: temperature_limit") :], "utf-8")
    point(mine, "O2-01", "o2")
    services.bind(SYSTEM, mine.mine, "underground-mine")
    assert "limit:o2" in open_keys(mine.mine)


def test_a_pack_that_became_unreadable_is_a_finding_and_the_rules_stand(mine, packs_folder):
    point(mine, "CO-01", "co")
    services.bind(SYSTEM, mine.mine, "underground-mine")
    (packs_folder / "warning/underground-mine.yaml").write_text("pack: [", "utf-8")
    worker.sweep()
    look()
    assert "pack:underground-mine" in open_keys(mine.mine)
    assert Rule.objects.filter(point__site=mine.mine, enabled=True).exists()


def test_a_site_no_pack_watches_is_found_by_the_sweep_and_settled_by_binding(mine):
    look()
    assert not Finding.objects.filter(kind="site.unwatched", site=mine.mine).exists()
    worker.sweep()
    look()
    found = Finding.objects.get(kind="site.unwatched", site=mine.mine)
    assert "地下矿山监测预警" in found.message
    services.bind(SYSTEM, mine.mine, "underground-mine")
    look()
    found.refresh_from_db()
    assert found.cleared_at is not None
    found.duty.refresh_from_db()
    assert found.duty.state == "cancelled"
