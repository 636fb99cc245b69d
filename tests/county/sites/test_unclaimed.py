"""Unclaimed addresses: what they probably are, and their adoption one by one or together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shoutu.county.kit import catalog
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Conflict, Invalid
from shoutu.county.sites import services, suggesting
from shoutu.county.sites.models import Point, Source, Unclaimed
from tests.county.sites.test_sites import post

AT = datetime(2026, 11, 25, 8, tzinfo=UTC)


@pytest.fixture
def source(county):
    return services.create_source(SYSTEM, "甲矿网关", county.site)


def waiting(source: Source, address: str, count: int = 4, every_s: float = 60, reason: str = "unknown") -> Unclaimed:
    last = AT + timedelta(seconds=every_s * (count - 1))
    return Unclaimed.objects.create(
        source=source, address=address, count=count, first_at=AT, last_at=last, last_value=1.5, reason=reason
    )


def test_a_list_says_what_cannot_be_adopted_and_why(county, source, login):
    trusted = Source.objects.create(name="县级", trusted=True)
    waiting(source, "JR-04")
    waiting(source, "JR-05", reason="foreign")
    waiting(source, " JR-06")
    waiting(source, "J" * 121)
    waiting(trusted, "99")
    admin = login("administrator")
    rows = {row["address"]: row for row in admin.get("/api/v1/unclaimed").json()["items"]}
    assert {address[:6]: row["hindrance"] for address, row in rows.items()} == {
        "JR-04": "", "JR-05": "foreign", " JR-06": "blank", "JJJJJJ": "long", "99": "number",
    }  # fmt: skip
    assert rows["JR-04"]["site"] == {"id": county.site.pk, "name": county.site.name}
    assert rows["99"]["site"] is None
    assert admin.get("/api/v1/unclaimed?adoptable=true").json()["count"] == 4
    assert [r["address"] for r in admin.get("/api/v1/unclaimed?adoptable=false").json()["items"]] == ["JR-05"]
    for address, row in rows.items():
        if row["hindrance"]:
            body = {"site": county.site.pk, "item": "phreatic_depth"}
            assert post(admin, f"/api/v1/unclaimed/{row['id']}/adopt", body).status_code == 409, address
    assert not Point.objects.exists()


def test_a_point_with_an_address_like_it_is_the_first_guess(county, source, login):
    services.create_point(
        SYSTEM, county.site, source, "JR-03", name="坝顶 JR-03", item="phreatic_depth", unit="m", low=0.0, high=30.0,
        danger="low", interval_s=20,
    )  # fmt: skip
    row = waiting(source, "JR-04", every_s=61)
    told = login("inspector").get(f"/api/v1/unclaimed/{row.pk}/suggestion").json()
    assert (told["by"], told["like"]["name"], told["name"]) == ("like", "坝顶 JR-03", "坝顶 JR-04")
    assert (told["item"], told["unit"], told["danger"], told["axis"]) == ("phreatic_depth", "m", "low", "down")
    assert (told["low"], told["high"]) == (0.0, 30.0)
    assert (told["interval_s"], told["measured_s"]) == (60, 60), "how it came weighs more than its neighbour"
    assert told["site"]["id"] == county.site.pk


def test_else_the_words_of_the_address_say_it(county, source, login):
    row = waiting(source, "pond.beach_length-2", count=1)
    told = login("administrator").get(f"/api/v1/unclaimed/{row.pk}/suggestion").json()
    assert (told["by"], told["item"], told["unit"], told["danger"]) == ("address", "beach_length", "m", "low")
    assert (told["interval_s"], told["measured_s"]) == (suggesting.INTERVAL_S, None)


def test_an_address_that_says_nothing_is_not_guessed(county, source, login):
    row = waiting(source, "4711")
    told = login("administrator").get(f"/api/v1/unclaimed/{row.pk}/suggestion").json()
    assert (told["by"], told["item"], told["like"], told["danger"]) == ("nothing", "", None, "both")


@pytest.mark.parametrize(
    ("address", "item"),
    [("CO-2", "co"), ("CO2", "co2"), ("co2_1", "co2"), ("mine1.H2S-04", "h2s"), ("CORE-2", None),
     ("beachLength", "beach_length"), ("1号浸润线埋深", "phreatic_depth"), ("co_intake_3", "co_intake")],
)  # fmt: skip
def test_an_item_is_found_as_whole_words(address, item):
    found = suggesting.item_in(address, suggesting.items())
    assert (found.id if found else None) == item


@pytest.mark.parametrize(("every_s", "told"), [(20.4, 20), (61, 60), (0.21, 0.2), (44, 44), (5000, 5000)])
def test_an_interval_is_what_came_put_to_the_usual_one_near_it(every_s, told):
    assert suggesting.interval_of(11, AT, AT + timedelta(seconds=every_s * 10)) == told


def test_an_interval_of_too_few_is_not_told():
    assert suggesting.interval_of(2, AT, AT + timedelta(seconds=20)) is None
    assert suggesting.interval_of(9, AT, AT) is None


def test_items_come_once_those_of_the_kind_of_site_first(login):
    told = login("administrator").get("/api/v1/items?kind=underground_mine").json()["items"]
    ids = [one["id"] for one in told]
    assert len(ids) == len(set(ids))
    assert "underground_mine" in told[0]["kinds"]
    co = next(one for one in told if one["id"] == "co")
    assert (co["unit"], co["danger"], co["low"]) == ("ppm", "high", 0)


def test_several_are_adopted_together(county, source, login):
    rows = [waiting(source, f"JR-0{n}") for n in (4, 5)]
    other = services.create_source(SYSTEM, "甲矿二号网关", county.site)
    rows.append(waiting(other, "JR-04"))
    body = {
        "site": county.site.pk, "item": "phreatic_depth", "unit": "m", "danger": "low", "interval_s": 60,
        "rows": [{"id": row.pk, "name": f"{row.address} 浸润线 {row.source_id}"} for row in reversed(rows)],
    }  # fmt: skip
    inspector = login("inspector")
    made = post(inspector, "/api/v1/unclaimed/adopt", body)
    assert made.status_code == 201, made.content.decode()
    told = [(one["name"], one["source"]["id"], one["interval_s"]) for one in made.json()["points"]]
    assert told == [(f"{row.address} 浸润线 {row.source_id}", row.source_id, 60) for row in reversed(rows)]
    assert inspector.get("/api/v1/unclaimed").json()["count"] == 0
    assert len(catalog.changes(0)["points"]) == 3
    assert post(inspector, "/api/v1/unclaimed/adopt", body).status_code == 409


def test_all_or_none_of_them(county, source, login):
    good, bad = waiting(source, "JR-04"), waiting(source, "JR-05", reason="foreign")
    admin = login("administrator")
    body = {"site": county.site.pk, "item": "co", "rows": [{"id": good.pk}, {"id": bad.pk}]}
    refused = post(admin, "/api/v1/unclaimed/adopt", body)
    assert (refused.status_code, "JR-05" in refused.json()["detail"]) == (409, True)
    assert post(admin, "/api/v1/unclaimed/adopt", {**body, "rows": [{"id": good.pk}, {"id": 999}]}).status_code == 404
    twice = post(admin, "/api/v1/unclaimed/adopt", {**body, "rows": [{"id": good.pk}, {"id": good.pk}]})
    assert (twice.status_code, twice.json()["field"]) == (422, "rows")
    assert post(admin, "/api/v1/unclaimed/adopt", {**body, "rows": []}).status_code == 422
    assert not Point.objects.exists()


@pytest.mark.parametrize(
    ("more", "field"), [({"low": 5, "high": 1}, "high"), ({"interval_s": 0}, "interval_s"), ({"item": ""}, "item")]
)
def test_what_is_wrong_is_told_by_its_field(county, source, login, more, field):
    row = waiting(source, "JR-04")
    body = {"site": county.site.pk, "item": "phreatic_depth", "rows": [{"id": row.pk, "name": "甲"}], **more}
    refused = post(login("administrator"), "/api/v1/unclaimed/adopt", body)
    assert (refused.status_code, refused.json()["field"]) == (422, field)


def test_an_enterprise_reads_and_does_not_adopt(county, source, login):
    row = waiting(source, "JR-04")
    client = login("enterprise")
    assert client.get("/api/v1/unclaimed").json()["count"] == 1
    assert client.get(f"/api/v1/unclaimed/{row.pk}/suggestion").status_code == 403
    body = {"site": county.site.pk, "item": "co", "rows": [{"id": row.pk}]}
    assert post(client, "/api/v1/unclaimed/adopt", body).status_code == 403


def test_the_service_refuses_what_was_adopted_meanwhile(county, source):
    row = waiting(source, "JR-04")
    services.adopt(SYSTEM, row, county.site, item="co")
    with pytest.raises(Conflict, match="JR-04"):
        services.adopt_many(SYSTEM, county.site, [(row, "")], item="co")
    with pytest.raises(Invalid):
        services.adopt_many(SYSTEM, county.site, [], item="co")
