"""A rule pack watching a site: the shipped tailings pack, with design values there, missing, and changed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from shoutu.county import commands_sites
from shoutu.county.duties import services as duties
from shoutu.county.duties.models import Call, Duty, Finding
from shoutu.county.kit import catalog
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Conflict, Invalid, NotAllowed
from shoutu.county.people.testing import actor
from shoutu.county.places.services import set_site_params
from shoutu.county.sites import packs, services
from shoutu.county.sites.models import Rule, RuleVersion
from shoutu.engine.params import parse
from tests.stack import plain_environment

PACK = "tailings-pond"
SHIPPED = Path(__file__).resolve().parents[3] / "packs/warning/tailings-pond.yaml"
DESIGN = {"phreatic_control_depth": 6.0, "phreatic_yellow_depth": 7.2, "phreatic_blue_depth": 8.0}


@pytest.fixture
def pond(county):
    source = services.create_source(SYSTEM, "甲矿网关", county.site)
    for address in ("JR-01", "JR-02"):
        services.create_point(SYSTEM, county.site, source, address, item="phreatic_depth", unit="m", danger="low")
    county.source = source
    return county


def design(pond, **values):
    return set_site_params(actor(pond.users["inspector"]), pond.site, {**DESIGN, **values}, "设计文件")


def limits(rule):
    return rule.versions.get(number=rule.version).params["levels"]


def test_every_rule_the_pack_gives_is_one_the_engine_takes(pond):
    design(pond)
    rules = services.bind(SYSTEM, pond.site, PACK)
    assert {rule.point.address for rule in rules if rule.point} == {"JR-01", "JR-02"}
    for told in catalog.changes(0)["rules"]:
        parse(told["kind"], told["params"])
    threshold = next(rule for rule in rules if rule.kind == "threshold")
    assert limits(threshold) == {"1": 8.0, "2": 7.2, "3": pytest.approx(6.6), "4": 6.0}
    assert threshold.cite


def test_a_missing_design_value_is_one_finding_with_a_duty_and_clears_when_entered(pond):
    services.bind(SYSTEM, pond.site, PACK)
    needed = Finding.objects.get(key="value:phreatic_control_depth")
    assert not needed.optional
    assert "浸润线" in needed.message
    duty = Duty.objects.get(kind="site.gap")
    assert duty == needed.duty
    assert Call.objects.get(duty=duty).who == "enterprise_principal"
    assert not Finding.objects.filter(optional=True, duty__isnull=False).exists()
    design(pond)
    needed.refresh_from_db()
    duty.refresh_from_db()
    assert needed.cleared_at is not None
    # The sensors the standard asks for are still lacking: the same duty goes on for them.
    assert (duty.state, "浸润线控制埋深" in duty.why) == ("called", False)
    assert Rule.objects.filter(kind="threshold", enabled=True).count() == 2


def test_binding_again_changes_nothing(pond):
    design(pond)
    services.bind(SYSTEM, pond.site, PACK)
    before = RuleVersion.objects.count(), Finding.objects.count(), Duty.objects.count()
    services.bind(SYSTEM, pond.site, PACK)
    assert (RuleVersion.objects.count(), Finding.objects.count(), Duty.objects.count()) == before


def test_a_new_point_of_a_bound_site_is_watched_from_its_first_reading(pond):
    design(pond)
    services.bind(SYSTEM, pond.site, PACK)
    new = services.create_point(SYSTEM, pond.site, pond.source, "JR-09", item="phreatic_depth", unit="m")
    assert Rule.objects.filter(point=new, kind="threshold", enabled=True).exists()


def test_a_point_nothing_watches_is_a_finding(pond):
    odd = services.create_point(SYSTEM, pond.site, pond.source, "Q-1", item="moon_phase", unit="")
    services.bind(SYSTEM, pond.site, PACK)
    assert "moon" not in Finding.objects.get(key=f"point:{odd.pk}").message


def test_a_stricter_design_value_holds_at_once_a_weaker_one_needs_another_person(pond):
    design(pond)
    rule = next(r for r in services.bind(SYSTEM, pond.site, PACK) if r.kind == "threshold")
    design(pond, phreatic_control_depth=6.2)
    rule.refresh_from_db()
    assert limits(rule)["4"] == 6.2
    design(pond, phreatic_control_depth=5.0)
    rule.refresh_from_db()
    assert limits(rule)["4"] == 6.2
    waiting = rule.versions.get(state="proposed")
    with pytest.raises(NotAllowed):
        services.approve(actor(pond.users["inspector"]), waiting)
    services.approve(actor(pond.users["administrator"]), waiting)
    rule.refresh_from_db()
    assert limits(rule)["4"] == 5.0


def test_a_design_value_that_makes_no_sense_is_a_finding_not_a_crash(pond):
    design(pond, phreatic_control_depth=9.5)
    services.bind(SYSTEM, pond.site, PACK)
    assert Finding.objects.filter(key__startswith="rule:", optional=False).exists()


def test_an_unknown_pack_names_those_there_are(pond):
    with pytest.raises(Invalid, match="tailings-pond"):
        services.bind(SYSTEM, pond.site, "../response/default")
    with pytest.raises(NotAllowed):
        services.bind(actor(pond.users["enterprise"]), pond.site, PACK)


@pytest.mark.parametrize(("grade", "number"), [("4", 4), ("四等", 4), ("四", 4), ("", None), ("甲级", None)])
def test_the_grade_of_a_site_is_a_design_value(pond, grade, number):
    pond.site.grade = grade
    assert packs.design_values(pond.site).get("grade") == number


def run(*arguments):
    return CliRunner().invoke(commands_sites.rules, list(arguments))


EVERY = [*sorted(SHIPPED.parent.glob("*.yaml")), SHIPPED.parents[1] / "response/default.yaml"]


@pytest.mark.parametrize("file", EVERY, ids=lambda file: file.stem)
def test_the_shipped_packs_pass_the_check(file):
    result = run("check", str(file))
    assert (result.exit_code, "ok" in result.output, "弱于法定" in result.output) == (0, True, False), result.output


def test_the_check_runs_from_a_bare_command_line(tmp_path):
    command = [sys.executable, "-m", "shoutu.cli", "rules", "check", str(SHIPPED)]
    environment = {**plain_environment(), "SHOUTU_DATA": str(tmp_path)}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert (ended.returncode, "ok" in ended.stdout) == (0, True), ended.stderr


def test_the_check_names_the_limit_of_law_a_pack_goes_below(tmp_path):
    lax = tmp_path / "lax.yaml"
    text = (SHIPPED.parent / "underground-mine.yaml").read_text("utf-8")
    lax.write_text(text.replace("levels: {3: 24}", "levels: {3: 50}"), "utf-8")
    result = run("check", str(lax))
    assert result.exit_code == 0
    assert "一氧化碳 ≥ 24 ppm（矿安〔2023〕60号" in result.output


@pytest.mark.parametrize("file", [SHIPPED, SHIPPED.parents[1] / "response/default.yaml"])
def test_a_broken_pack_is_named_with_its_line(tmp_path, file):
    broken = tmp_path / "broken.yaml"
    broken.write_text(re.sub(r"(?m)^version: \d+", "version: soon", file.read_text("utf-8")), "utf-8")
    line = broken.read_text("utf-8").splitlines().index("version: soon") + 1
    result = run("check", str(broken))
    assert result.exit_code == 1
    assert f"broken.yaml:{line}: version" in result.output


def test_the_duty_to_enter_a_missing_value_cannot_be_cancelled_while_it_is_missing(pond):
    services.bind(SYSTEM, pond.site, PACK)
    duty = Duty.objects.filter(about_type="finding").first()
    with pytest.raises(Conflict, match="缺项还在"):
        duties.cancel(actor(pond.users["administrator"]), duty.pk, "不用了")
