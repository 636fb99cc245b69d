"""Outlines over HTTP: looked at whole, every fault told, taken all or none, and only what was looked at."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from shoutu.county.kit.actors import SYSTEM
from shoutu.county.ledger.models import Entry
from shoutu.county.places import api_boundaries
from shoutu.county.places import services as places
from shoutu.county.places.models import Boundary, Territory
from tests.county.places.test_boundaries import file, square

RAW = "application/octet-stream"


@pytest.fixture
def admin(county: SimpleNamespace, login: Any) -> Client:
    client: Client = login("administrator")
    return client


def check(client: Client, content: bytes, **query: str) -> Any:
    asked = "&".join(f"{key}={value}" for key, value in query.items())
    return client.post(f"/api/v1/boundaries/check?{asked}", content, content_type=RAW)


def take(client: Client, content: bytes, plan: str, **query: str) -> Any:
    asked = "&".join(f"{key}={value}" for key, value in {"crs": "wgs84", "source": "X", "plan": plan, **query}.items())
    return client.post(f"/api/v1/boundaries?{asked}", content, content_type=RAW)


def test_every_fault_of_a_file_is_told_at_once_and_nothing_is_kept(county: SimpleNamespace, admin: Client) -> None:
    broken = square("东乡", 111)
    broken["geometry"]["coordinates"][0] = broken["geometry"]["coordinates"][0][:3]
    before = Entry.objects.count()
    answer = check(
        admin, file(square("示范县", 111), broken, square("不认识", 112), square("示范县", 113)), crs="wgs84"
    )
    assert answer.status_code == 200
    body = answer.json()
    assert [row["fits"] for row in body["rows"]] == ["county", "wrong", "wrong", "wrong"]
    assert [row["number"] for row in body["rows"]] == [1, 2, 3, 4]
    assert body["wrong"] == 3
    assert "每圈至少 4 个点" in body["rows"][1]["errors"][0]
    assert "对不上" in body["rows"][2]["errors"][0]
    assert "出现了两次" in body["rows"][3]["errors"][0]
    assert [area["name"] for area in body["map"]] == ["示范县", "不认识", "示范县"]
    assert (Boundary.objects.count(), Entry.objects.count()) == (0, before)


def test_two_new_townships_of_one_code_are_a_fault(county: SimpleNamespace, admin: Client) -> None:
    content = file(square("示范县", 111), square("南乡", 111, "141027105"), square("北乡", 112, "141027105"))
    checked = check(admin, content, crs="wgs84", others="townships").json()
    assert [row["fits"] for row in checked["rows"]] == ["county", "new", "wrong"]
    assert "141027105 出现了两次" in checked["rows"][2]["errors"][0]
    assert take(admin, content, checked["plan"], others="townships").status_code == 422
    assert not Territory.objects.filter(name__in=("南乡", "北乡")).exists()


def test_a_file_of_too_many_areas_is_refused_before_any_is_read(county: SimpleNamespace, admin: Client) -> None:
    answer = check(admin, file(*[square(f"村{n}", 111) for n in range(1001)]), crs="wgs84")
    assert (answer.status_code, answer.json()["field"]) == (422, "features")
    assert "1000" in answer.json()["detail"]


def test_a_file_with_a_fault_is_refused_whole_whatever_mark_comes_with_it(
    county: SimpleNamespace, admin: Client
) -> None:
    content = file(square("示范县", 111), square("不认识", 112))
    plan = check(admin, content, crs="wgs84").json()["plan"]
    answer = take(admin, content, plan)
    assert answer.status_code == 422
    assert answer.json()["field"] == "features"
    assert Boundary.objects.count() == 0


def test_areas_not_there_yet_become_townships_where_that_is_said(county: SimpleNamespace, admin: Client) -> None:
    content = file(square("示范县", 111), square("南乡", 111, "141027105"))
    checked = check(admin, content, crs="wgs84", others="townships").json()
    assert [row["fits"] for row in checked["rows"]] == ["county", "new"]
    assert checked["without"] == ["东乡", "西乡"]
    assert not Territory.objects.filter(name="南乡").exists()
    taken = take(admin, content, checked["plan"], others="townships")
    assert taken.status_code == 200
    assert taken.json()["made"] == ["南乡"]
    made = Territory.objects.get(name="南乡")
    assert (made.parent_id, made.code, made.boundary.source) == (county.territory.pk, "141027105", "X")
    assert [one.payload["name"] for one in Entry.objects.filter(verb="territory.created")].count("南乡") == 1
    # Once more: now it is one of ours, and its outline is replaced.
    again = check(admin, content, crs="wgs84").json()
    assert [(row["fits"], row["replaces"]) for row in again["rows"]] == [("county", True), ("township", True)]


def test_what_was_looked_at_is_taken_and_nothing_else(county: SimpleNamespace, admin: Client) -> None:
    content = file(square("示范县", 111), square("南乡", 111))
    plan = check(admin, content, crs="wgs84", others="townships").json()["plan"]
    other = take(admin, file(square("示范县", 112), square("南乡", 112)), plan, others="townships")
    assert other.status_code == 409
    places.create_territory(SYSTEM, "南乡", county.territory)
    assert take(admin, content, plan, others="townships").status_code == 409
    assert Boundary.objects.count() == 0


def test_what_lies_elsewhere_is_remarked(county: SimpleNamespace, admin: Client) -> None:
    content = file(square("示范县", 111), square("东乡", 115), square("邻县", 111))
    rows = check(admin, content, crs="wgs84", others="neighbours").json()["rows"]
    assert "大半不在县界以内" in rows[1]["notes"][0]
    assert "像是本县的乡镇" in rows[2]["notes"][0]


@pytest.mark.parametrize(("content", "field"), [
    (b"", "file"),
    (b"not json", "file"),
    (b'{"type": "FeatureCollection", "features": []}', "features"),
    (b" " * (api_boundaries.MAX_BYTES + 1), "file"),
], ids=["empty", "no JSON", "no area", "too large"])  # fmt: skip
def test_what_is_no_file_of_outlines_is_refused_by_name(
    county: SimpleNamespace, admin: Client, content: bytes, field: str
) -> None:
    answer = check(admin, content, crs="wgs84")
    assert answer.status_code == 422
    assert answer.json()["field"] == field


def test_a_file_of_too_many_points_is_refused(
    county: SimpleNamespace, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_boundaries, "MAX_POINTS", 7)
    answer = check(admin, file(square("示范县", 111), square("东乡", 111)), crs="wgs84")
    assert answer.status_code == 422
    assert answer.json()["field"] == "features[1]"
