"""Territories and organisations change: a cycle is refused, what was true before stays true."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Conflict, Invalid, NotAllowed
from shoutu.county.ledger.models import Entry
from shoutu.county.people.testing import actor
from shoutu.county.places import services
from shoutu.county.places.models import Organisation, Site, SitePast, Territory, TerritoryPast
from shoutu.county.places.selectors import sites, territories_under

JSON = "application/json"


def test_moving_a_township_takes_all_below_it_along(county: SimpleNamespace) -> None:
    village = services.create_territory(SYSTEM, "北村", county.east)
    hamlet = services.create_territory(SYSTEM, "上庄", village)
    services.change_territory(SYSTEM, village, parent=county.west)
    assert {t.name for t in territories_under(Territory.objects.get(pk=county.west.pk))} == {"西乡", "北村", "上庄"}
    hamlet.refresh_from_db()
    assert hamlet.path == f"{county.territory.pk}.{county.west.pk}.{village.pk}.{hamlet.pk}."
    assert [t.name for t in territories_under(county.east)] == ["东乡"]
    past = TerritoryPast.objects.get()
    assert (past.territory_id, past.parent_id) == (village.pk, county.east.pk)
    assert Entry.objects.get(verb="territory.changed").payload["before"]["parent"] == county.east.pk


@pytest.mark.parametrize("under", ["itself", "child", "grandchild"])
def test_a_cycle_is_refused_naming_both(county: SimpleNamespace, login, under: str) -> None:
    village = services.create_territory(SYSTEM, "北村", county.east)
    hamlet = services.create_territory(SYSTEM, "上庄", village)
    where = {"itself": county.east, "child": village, "grandchild": hamlet}[under]
    answer = login("administrator").patch(
        f"/api/v1/territories/{county.east.pk}", {"parent": where.pk}, content_type=JSON
    )
    assert (answer.status_code, answer.json()["field"]) == (422, "parent")
    assert "东乡" in answer.json()["detail"]
    assert where.name in answer.json()["detail"]
    county.east.refresh_from_db()
    assert county.east.parent_id == county.territory.pk
    assert not TerritoryPast.objects.exists()


def test_the_county_has_nothing_above_it(county: SimpleNamespace) -> None:
    with pytest.raises(Invalid) as caught:
        services.change_territory(SYSTEM, county.territory, parent=county.east)
    assert caught.value.field == "parent"


def test_a_village_of_a_moved_township_is_seen_by_the_new_station(county: SimpleNamespace) -> None:
    west = actor(county.users["township_b"])
    assert county.site not in sites().visible_to(west)
    services.change_territory(SYSTEM, county.east, parent=county.west)
    assert county.site in sites().visible_to(west)


def test_territory_in_use_is_not_closed(county: SimpleNamespace) -> None:
    with pytest.raises(Conflict) as caught:
        services.set_territory_active(SYSTEM, county.east, False)
    assert "2 个单位、1 个场所" in str(caught.value)
    empty = services.create_territory(SYSTEM, "空村", county.east)
    assert services.set_territory_active(SYSTEM, empty, False).is_active is False
    with pytest.raises(Invalid):
        services.change_territory(SYSTEM, services.create_territory(SYSTEM, "新村", county.west), parent=empty)
    assert services.set_territory_active(SYSTEM, empty, True).is_active is True


def test_organisation_changes_and_closes_over_http(county: SimpleNamespace, login) -> None:
    admin = login("administrator")
    team = admin.post(
        "/api/v1/organisations", {"name": "县矿山救护队", "kind": "rescue", "territory": county.territory.pk},
        content_type=JSON,
    ).json()  # fmt: skip
    changed = admin.patch(
        f"/api/v1/organisations/{team['id']}", {"name": "县应急救援队", "territory": county.east.pk}, content_type=JSON
    )
    assert (changed.json()["name"], changed.json()["territory"]) == ("县应急救援队", "东乡")
    assert Entry.objects.filter(verb="organisation.changed").count() == 1
    again = admin.patch(f"/api/v1/organisations/{team['id']}", {"name": "县应急救援队"}, content_type=JSON)
    assert again.status_code == 200
    assert Entry.objects.filter(verb="organisation.changed").count() == 1
    taken = admin.patch(f"/api/v1/organisations/{team['id']}", {"name": "甲矿"}, content_type=JSON)
    assert (taken.status_code, taken.json()["field"]) == (422, "name")
    kind = admin.patch(f"/api/v1/organisations/{team['id']}", {"kind": "army"}, content_type=JSON)
    assert (kind.status_code, kind.json()["field"]) == (422, "kind")
    assert admin.post(f"/api/v1/organisations/{team['id']}/deactivate").json()["is_active"] is False
    listed = {row["id"] for row in admin.get("/api/v1/organisations", {"limit": 500}).json()["items"]}
    assert team["id"] not in listed
    assert admin.post(f"/api/v1/organisations/{county.mine.pk}/deactivate").status_code == 409
    assert login("leader").post(f"/api/v1/organisations/{team['id']}/activate").status_code == 403


def test_organisations_by_kind_and_territory(county: SimpleNamespace, login) -> None:
    client = login("leader")

    def names(**query: object) -> set[str]:
        return {row["name"] for row in client.get("/api/v1/organisations", query).json()["items"]}

    assert names(kind="enterprise") == {"甲矿", "乙矿"}
    assert names(territory=county.east.pk) == {"甲矿", "东乡安监站"}
    assert names(kind="enterprise", territory=county.west.pk) == {"乙矿"}


def test_a_site_changes_hands_and_the_past_is_kept(county: SimpleNamespace, login) -> None:
    body = {"reason": "转让", "organisation": county.mine_b.pk, "territory": county.west.pk}
    moved = login("administrator").post(f"/api/v1/sites/{county.site.pk}/move", body, content_type=JSON)
    assert moved.json() == {"id": county.site.pk, "organisation": county.mine_b.pk, "territory": county.west.pk}
    past = SitePast.objects.get()
    assert (past.organisation_id, past.territory_id) == (county.mine.pk, county.east.pk)
    entry = Entry.objects.get(verb="site.moved")
    assert (entry.payload["before"]["organisation"], entry.payload["reason"]) == (county.mine.pk, "转让")
    with pytest.raises(NotAllowed):
        services.move_site(actor(county.users["leader"]), county.site, "转让", territory=county.east)
    with pytest.raises(Invalid):
        services.move_site(SYSTEM, county.site, " ", territory=county.east)
    assert Site.objects.get(pk=county.site.pk).territory_id == county.west.pk


def test_the_tree_says_what_stands_in_each_node(county: SimpleNamespace, login) -> None:
    rows = {row["name"]: row for row in login("auditor").get("/api/v1/territories").json()["items"]}
    assert [rows[name]["depth"] for name in ("示范县", "东乡")] == [0, 1]
    assert (rows["东乡"]["bodies"], rows["东乡"]["sites"]) == (2, 1)
    assert Organisation.objects.count() == 5
