"""The page of one rule: its versions with who asked and who agreed, and what a change would do before it is asked."""

from __future__ import annotations

import pytest

from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Invalid
from shoutu.county.people.testing import actor
from shoutu.county.sites import ruling, services
from shoutu.county.sites.models import RuleVersion

LOW = {"levels": {"4": 6.0, "3": 6.6}, "direction": "low"}


@pytest.fixture
def rule(county):
    source = services.create_source(SYSTEM, "甲矿网关", county.site)
    point = services.create_point(SYSTEM, county.site, source, "JR-03", item="phreatic_depth", unit="m", danger="low")
    return services.create_rule(SYSTEM, point, "threshold", LOW, "设计", title="浸润线")


def url(rule):
    return f"/api/v1/rules/{rule.pk}"


@pytest.mark.parametrize(
    ("params", "enabled", "effect"),
    [
        (LOW, True, "nothing"),
        ({**LOW, "levels": {"4": 6.2, "3": 6.6}}, True, "at_once"),
        ({**LOW, "levels": {"4": 5.0, "3": 6.6}}, True, "second_person"),
        ({**LOW, "levels": {"4": 6.0}}, True, "second_person"),
        ({**LOW, "raise_for_s": 60}, True, "second_person"),
        (LOW, False, "second_person"),
    ],
)
def test_what_a_change_would_do_is_what_proposing_it_does(county, rule, params, enabled, effect):
    told = ruling.change_of(rule, params, enabled)
    assert told.effect == effect
    assert RuleVersion.objects.filter(rule=rule).count() == 1
    done = services.propose(actor(county.users["inspector"]), rule, "试", params, enabled=enabled)
    state = {"nothing": "in_force", "at_once": "in_force", "second_person": "proposed"}[effect]
    assert done.state == state
    assert done.params == told.params


def test_a_check_names_the_field_and_changes_nothing(county, rule, login):
    client = login("inspector")
    answer = client.post(
        f"{url(rule)}/changes/check", {"params": {"levels": {"4": "x"}}}, content_type="application/json"
    )
    assert answer.status_code == 422
    assert answer.json()["field"].startswith("params.levels")
    with pytest.raises(Invalid):
        ruling.change_of(rule, {"levels": {}}, True)
    weak = {"params": {**LOW, "levels": {"4": 5.0}}}
    told = client.post(f"{url(rule)}/changes/check", weak, content_type="application/json").json()
    assert told["effect"] == "second_person"
    assert told["sentence"] == "≤ 5.00 m 红"
    assert RuleVersion.objects.filter(rule=rule).count() == 1


def test_a_rule_shows_who_asked_and_who_agreed(county, rule, login):
    client = login("inspector")
    weak = {"params": {**LOW, "levels": {"4": 5.0}}, "reason": "坝已加固"}
    assert client.post(f"{url(rule)}/changes", weak, content_type="application/json").json()["version"] == 1
    told = client.get(url(rule)).json()
    first, second = told["versions"][1], told["versions"][0]
    assert (first["number"], first["state"], first["proposal"]) == (1, "in_force", None)
    assert (second["number"], second["state"], second["reason"]) == (2, "proposed", "坝已加固")
    assert second["proposal"] is not None
    assert second["proposed_by"] == actor(county.users["inspector"]).label
    assert told["may_edit"] is True
    other = login("administrator")
    assert other.post(f"/api/v1/proposals/{second['proposal']}/agree").status_code == 200
    agreed = other.get(url(rule)).json()
    assert agreed["version"] == 2
    assert agreed["sentence"] == "≤ 5.00 m 红"
    assert [one["state"] for one in agreed["versions"]] == ["in_force", "replaced"]
    assert agreed["versions"][0]["decided_by"] == actor(county.users["administrator"]).label
    assert agreed["versions"][0]["proposal"] is None


def test_a_rule_of_another_mine_is_not_there(county, rule, login):
    assert login("enterprise_b").get(url(rule)).status_code == 404
    assert login("leader").get(url(rule)).json()["may_edit"] is False
