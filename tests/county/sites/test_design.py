"""Design values stand with the document they come from: at once, or when the second person agrees."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Invalid
from shoutu.county.people import proposals
from shoutu.county.people.testing import actor
from shoutu.county.sites import selectors, services
from shoutu.county.sites.models import DesignValue, Rule

DOCUMENT = {"document": "尾矿库初步设计 2019-04", "dated": date(2019, 4, 1)}


@pytest.fixture
def pond(county):
    source = services.create_source(SYSTEM, "甲矿网关", county.site)
    services.create_point(SYSTEM, county.site, source, "JR-01", item="phreatic_depth", unit="m")
    services.bind(SYSTEM, county.site, "tailings-pond")
    return county


def enter(pond, value, **more):
    inspector = actor(pond.users["inspector"])
    return services.change_design(
        inspector, pond.site, {"phreatic_control_depth": value}, "补录", **{**DOCUMENT, **more}
    )


def test_a_new_value_stands_with_its_document_and_the_rule_follows(pond):
    assert enter(pond, 6.0) is None
    row = DesignValue.objects.get(site=pond.site)
    assert (row.document, row.dated) == ("尾矿库初步设计 2019-04", date(2019, 4, 1))
    assert row.entered_by == actor(pond.users["inspector"]).label
    rule = Rule.objects.get(origin="tailings-pond/phreatic_limit")
    assert rule.versions.get(number=rule.version).params["levels"]["4"] == 6.0


def test_a_weaker_value_brings_its_document_when_the_second_person_agrees(pond):
    enter(pond, 6.0)
    proposal = enter(pond, 5.0, document="变更设计 2024-02", dated=date(2024, 2, 1))
    assert DesignValue.objects.get(site=pond.site).document == DOCUMENT["document"]
    proposals.agree(actor(pond.users["administrator"]), proposal)
    row = DesignValue.objects.get(site=pond.site)
    assert (row.document, row.entered_by) == ("变更设计 2024-02", actor(pond.users["inspector"]).label)


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"dated": timezone.localdate() + timedelta(days=1)}, "dated"), ({"document": "长" * 201}, "document")],
)
def test_what_is_wrong_with_the_document_is_named(pond, changes, field):
    with pytest.raises(Invalid) as error:
        enter(pond, 6.0, **changes)
    assert error.value.field == field
    assert not DesignValue.objects.exists()


def test_the_watch_page_has_rules_needs_values_and_gaps(pond, login):
    enter(pond, 6.0)
    body = login("leader").get(f"/api/v1/sites/{pond.site.pk}/watch").json()
    assert [one["name"] for one in body["packs"]] == ["tailings-pond"]
    rules = {rule["title"]: rule for rule in body["points"][0]["rules"]}
    assert "GB 39496" in rules["浸润线埋深不足"]["cite"]
    needs = {need["id"]: need["state"] for need in body["needs"]}
    assert (needs["phreatic"], needs["rain"], "landslide" in needs) == ("met", "missing", False)
    values = {value["id"]: value for value in body["values"]}
    control, orange = values["phreatic_control_depth"], values["phreatic_orange_depth"]
    assert (control["value"], control["own"], control["document"]) == (6.0, True, DOCUMENT["document"])
    assert (orange["value"], orange["how"], orange["own"]) == (pytest.approx(6.6), "derived", False)
    assert any("降水量" in finding["message"] for finding in body["findings"])


def test_another_enterprise_sees_nothing_of_it(pond, login):
    assert login("enterprise_b").get(f"/api/v1/sites/{pond.site.pk}/watch").status_code == 404


def test_the_packs_are_listed_and_read_whole(pond, login):
    client = login("leader")
    rows = {row["name"]: row for row in client.get("/api/v1/packs").json()["items"]}
    assert set(rows) == {file.stem for file in (settings.CONFIG.packs / "warning").glob("*.yaml")}
    assert set(rows) >= {"tailings-pond", "underground-mine", "open-pit-slope", "stopped-mine", "geohazard"}
    assert (rows["tailings-pond"]["sites"], rows["underground-mine"]["sites"]) == (1, 0)
    mine = client.get("/api/v1/packs/underground-mine").json()
    co = next(item for item in mine["items"] if item["id"] == "co")
    limit = next(rule for rule in co["rules"] if rule["id"] == "co_limit")
    assert limit["levels"] == [{"level": 3, "bound": "≥ 24"}]
    assert any(law["value"] == "24" for law in mine["limits"])
    assert client.get("/api/v1/packs/nothing").status_code == 404


def test_a_point_is_written_with_the_decimals_of_its_indicator_and_its_limits(county):
    source = services.create_source(SYSTEM, "甲矿网关", county.site)
    made = [
        services.create_point(SYSTEM, county.site, source, f"CO-{n}", item="co", unit="ppm", name=f"CO {n}")
        for n in range(3)
    ]
    services.bind(SYSTEM, county.site, "underground-mine")
    assert {point.pk: selectors.decimals_of([point.pk])[point.pk] for point in made} == dict.fromkeys(
        [point.pk for point in made], 0
    )
    services.create_rule(SYSTEM, made[0], "threshold", {"levels": {"3": 2.5}}, "试")
    assert selectors.decimals_of(point.pk for point in made)[made[0].pk] == 1
    bare = services.create_point(SYSTEM, county.site, source, "X-1", item="humidity", unit="%")
    assert bare.pk not in selectors.decimals_of([bare.pk])
    # A whole limit of a rule by hand says nothing of how fine its point is: 4.6 is not to be read as its limit of 5.
    services.create_rule(SYSTEM, bare, "threshold", {"levels": {"3": 5.0}}, "试")
    assert bare.pk not in selectors.decimals_of([bare.pk])
    services.create_rule(SYSTEM, bare, "threshold", {"levels": {"4": 5.125}}, "试")
    assert selectors.decimals_of([bare.pk])[bare.pk] == 3
