"""One enterprise's part of every list its page shows: that enterprise's rows alone, and of another's none."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from shoutu.county.kit.actors import SYSTEM
from shoutu.county.places import services as places

LISTS = {
    "sites": "sites",
    "points": "points",
    "warnings?state=all": "warnings",
    "licences": "licences",
    "licences/lacking": "sites",
    "documents": "documents",
    "posts": "posts",
    "persons": "persons",
}
"""List → the kind of thing whose ids its rows bear."""


@pytest.fixture
def asked(both: SimpleNamespace) -> Any:
    clients: dict[str, Client] = {}

    def ask(role: str, path: str, organisation: int) -> Any:
        if role not in clients:
            clients[role] = Client()
            clients[role].force_login(both.users[role])
        answer = clients[role].get(f"/api/v1/{path}", query_params={"organisation": organisation})
        assert answer.status_code == 200, answer.content.decode()
        return answer.json()

    return ask


@pytest.mark.parametrize("path", LISTS)
def test_a_list_holds_one_enterprise_alone(both: SimpleNamespace, asked: Any, path: str) -> None:
    client = Client()
    client.force_login(both.users["leader"])
    everything = {one["id"] for one in client.get(f"/api/v1/{path}").json()["items"]}
    own = asked("leader", path, both.mine.pk)
    foreign = asked("leader", path, both.mine_b.pk)
    ids, others = {one["id"] for one in own["items"]}, {one["id"] for one in foreign["items"]}
    assert not ids & others
    assert ids | others <= everything
    kind = f"{LISTS[path]}/{{id}}"
    assert others, path
    if path != "licences/lacking":  # 甲矿 lacks none
        assert both.own[kind] in ids
        assert both.foreign[kind] in others


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("role", ["principal", "enterprise"])
def test_another_enterprise_is_not_seen_through_it(both: SimpleNamespace, asked: Any, role: str, path: str) -> None:
    assert asked(role, path, both.mine_b.pk) == {"items": [], "next": None, "count": 0}
    whole = asked("leader", path, both.mine.pk)
    assert asked(role, path, both.mine.pk)["count"] == whole["count"]


@pytest.mark.parametrize("role", ["principal", "enterprise"])
def test_its_head_is_for_who_sees_it(both: SimpleNamespace, role: str) -> None:
    client = Client()
    client.force_login(both.users[role])
    own = client.get(f"/api/v1/organisations/{both.mine.pk}")
    assert (own.json()["name"], own.json()["territory"]) == (both.mine.name, both.mine.territory.name)
    assert client.get(f"/api/v1/organisations/{both.mine_b.pk}").status_code == 404
    # Whom to call in the government is no secret.
    assert client.get(f"/api/v1/organisations/{both.water.pk}").json()["kind"] == "government"


def test_one_without_a_site_is_found_by_its_code_and_by_its_name_after_it_closed(both: SimpleNamespace) -> None:
    bare = places.create_organisation(SYSTEM, "丙矿业", "enterprise", both.territory, "91110000MA0000003X")
    places.set_organisation_active(SYSTEM, bare, False)
    client = Client()
    client.force_login(both.users["leader"])

    def found(**asked: Any) -> list[int]:
        return [one["id"] for one in client.get("/api/v1/organisations", query_params=asked).json()["items"]]

    assert found(q="丙矿") == []
    assert found(q="丙矿", kind="enterprise", closed=True) == [bare.pk]
    assert found(q="91110000ma0000003x", closed=True) == [bare.pk]
    assert client.get(f"/api/v1/organisations/{bare.pk}").json()["is_active"] is False
