"""A pack taken up at many sites: what is read before is what happens, and it happens at all of them or at none."""

from __future__ import annotations

import pytest

from shoutu.county.duties.services.findings import look
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Invalid, NotAllowed
from shoutu.county.ledger.models import Entry
from shoutu.county.people.testing import actor
from shoutu.county.places import services as places
from shoutu.county.places.services import set_site_params
from shoutu.county.sites import planning, services
from shoutu.county.sites.models import Binding, Rule, RuleState, RuleVersion
from shoutu.county.sites.selectors import findings_of

PACK = "tailings-pond"
DESIGN = {"phreatic_control_depth": 6.0, "phreatic_yellow_depth": 7.2, "phreatic_blue_depth": 8.0}


@pytest.fixture
def ponds(county):
    """Two ponds with two depths each; the design of the first alone is entered."""
    other = places.create_site(SYSTEM, "甲矿二号尾矿库", "tailings_pond", county.mine, county.east)
    for number, site in enumerate((county.site, other), start=1):
        source = services.create_source(SYSTEM, f"网关 {number}", site)
        for address in ("JR-01", "JR-02"):
            services.create_point(SYSTEM, site, source, address, item="phreatic_depth", unit="m", danger="low")
    set_site_params(actor(county.users["inspector"]), county.site, DESIGN, "设计文件")
    county.site.refresh_from_db()
    return [county.site, other]


def rules_of(site):
    return Rule.objects.filter(site=site, origin__startswith=f"{PACK}/")


def test_what_is_planned_is_what_happens(county, ponds):
    inspector = actor(county.users["inspector"])
    before = planning.plan(PACK, ponds)
    assert Rule.objects.count() == 0
    assert [row["bound_version"] for row in before] == [None, None]
    assert before[0]["added"] > before[1]["added"] > 0
    services.bind_many(inspector, ponds, PACK)
    for row, site in zip(before, ponds, strict=True):
        assert rules_of(site).count() == row["added"]
        assert RuleVersion.objects.filter(rule__site=site, state=RuleState.PROPOSED).count() == row["waits"]
        look()
        assert {one["message"] for one in findings_of(site) if not one["optional"]} >= set(row["missing"])
    after = planning.plan(PACK, ponds)
    assert [(row["added"], row["tightened"], row["waits"]) for row in after] == [(0, 0, 0)] * 2
    assert [row["asked"] for row in after] == [row["waits"] for row in before]
    assert [row["same"] for row in after] == [row["added"] for row in before]
    assert after[0]["bound_version"] is not None


def test_a_changed_design_is_planned_as_tightened_or_waiting(county, ponds):
    inspector = actor(county.users["inspector"])
    services.bind_many(inspector, ponds[:1], PACK)
    silent = rules_of(ponds[0]).filter(kind="no_data")[0]
    sooner = {**silent.versions.get(number=1).params, "intervals": 1.0}
    assert services.propose(inspector, silent, "更严", sooner).state == RuleState.IN_FORCE
    assert planning.plan(PACK, ponds[:1])[0]["waits"] == 1
    rule = rules_of(ponds[0]).filter(kind="threshold")[0]
    weaker = rule.versions.get(number=1).params
    RuleVersion.objects.filter(rule=rule).update(params={**weaker, "levels": {"4": 5.0}})
    assert planning.plan(PACK, ponds[:1])[0]["tightened"] == 1


def test_a_site_the_pack_is_not_made_for_stops_all(county, ponds):
    inspector = actor(county.users["inspector"])
    entries = Entry.objects.count()
    with pytest.raises(Invalid) as refused:
        services.bind_many(inspector, [*ponds, county.site_b], PACK)
    assert county.site_b.name in refused.value.expected
    with pytest.raises(Invalid):
        services.bind_many(inspector, [], PACK)
    with pytest.raises(NotAllowed):
        services.bind_many(actor(county.users["leader"]), ponds, PACK)
    assert Entry.objects.count() == entries
    assert Rule.objects.count() == Binding.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_site_that_fails_midway_leaves_the_others_as_they_were(county, ponds, monkeypatch):
    inspector = actor(county.users["inspector"])
    entries = Entry.objects.count()
    done = []
    whole = services.binding_many.bind

    def breaks(actor, site, pack):
        if done:
            raise OSError("the disk is full")
        done.append(site.pk)
        return whole(actor, site, pack)

    monkeypatch.setattr(services.binding_many, "bind", breaks)
    with pytest.raises(OSError, match="full"):
        services.bind_many(inspector, ponds, PACK)
    assert len(done) == 1
    assert Entry.objects.count() == entries
    assert Rule.objects.count() == Binding.objects.count() == 0


def test_over_http(county, ponds, login):
    client = login("inspector")
    url = f"/api/v1/packs/{PACK}/bindings"
    plan = client.post(f"{url}/check", {}, content_type="application/json").json()
    assert {row["site"]["id"] for row in plan["items"]} == {site.pk for site in ponds}
    ids = {"sites": [site.pk for site in ponds]}
    done = client.post(url, ids, content_type="application/json")
    assert done.status_code == 200
    assert all(row["bound_version"] for row in done.json()["items"])
    assert done.json()["items"][1]["missing"]
    assert client.post(url, {"sites": [999_999]}, content_type="application/json").status_code == 404
    assert client.post(url, {"sites": []}, content_type="application/json").status_code == 422
    assert Binding.objects.filter(pack=PACK).count() == 2
