"""A red has the rescue team stand by: it is called and sees the site meanwhile; that nobody is named is found."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from shoutu.county.duties import services as duties
from shoutu.county.duties.auditor import audit
from shoutu.county.duties.holes import county as whole
from shoutu.county.duties.holes import holes_of
from shoutu.county.duties.models import Call, Duty, Notice
from shoutu.county.duties.services import climb_due
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Conflict
from shoutu.county.ledger.models import Entry
from shoutu.county.people import asked
from shoutu.county.people import services as people
from shoutu.county.people.findings import findings
from shoutu.county.people.models import Rung
from shoutu.county.people.testing import PASSWORD, actor
from shoutu.county.places import services as places
from shoutu.county.warnings import services
from shoutu.county.warnings.models import Warning
from shoutu.county.weather import policies as weather

JSON = "application/json"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def team(watched: SimpleNamespace) -> SimpleNamespace:
    """The small county with a rescue team whose lead nothing names yet."""
    c = watched
    c.team = places.create_organisation(SYSTEM, "县矿山救护队", "rescue", c.territory)
    c.posts["rescue_lead"] = people.create_post(SYSTEM, c.team, "队长")
    person = c.persons["rescue_lead"] = people.create_person(SYSTEM, "县矿山救护队队长", organisation=c.team)
    people.hold_post(SYSTEM, c.posts["rescue_lead"], person)
    c.users["rescue_lead"] = people.create_user(
        SYSTEM, "rescue_lead", "rescue_lead", PASSWORD, person=person, organisation=c.team
    )
    return c


def name_it(c: SimpleNamespace, **scope) -> None:
    scope = scope or {"territory": c.territory}
    people.assign_responsibility(SYSTEM, c.posts["rescue_lead"], "rescue", Rung.RESCUE_LEAD, **scope)


@pytest.fixture
def named(team: SimpleNamespace) -> SimpleNamespace:
    name_it(team)
    return team


def standby() -> Duty:
    return Duty.objects.get(kind="warning.standby")


def lead(c: SimpleNamespace):
    return actor(c.users["rescue_lead"])


def sees(c: SimpleNamespace, warning: Warning) -> bool:
    found = Warning.objects.visible_to(lead(c)).filter(pk=warning.pk).exists()
    assert found == (warning.site_id in lead(c).scope.called)
    return found


def test_a_red_has_the_team_stand_by_and_an_orange_has_not(named, raise_to, login):
    warning = raise_to(3)
    assert not Duty.objects.filter(kind="warning.standby").exists()
    assert not sees(named, warning)
    raise_to(4, 3)
    duty = standby()
    assert [(call.who, call.post_id) for call in duty.calls.all()] == [("rescue_lead", named.posts["rescue_lead"].pk)]
    assert sees(named, warning)
    # Told outside the application, too, that it is no order to set out.
    assert "：救援待命，浸润线埋深" in Notice.objects.filter(call__duty=duty).earliest("id").text
    desk = login("rescue_lead").get("/api/v1/duties?view=mine").json()["items"]
    assert [(one["kind"], one["verb"], one["orders"][-1]) for one in desk] == [
        ("warning.standby", "应答", "未接到命令不得进入")
    ]
    assert login("rescue_lead").get(f"/api/v1/warnings/{warning.pk}").status_code == 200


def test_the_team_that_answers_makes_nobody_else_know_of_it(named, raise_to, login, clock):
    warning = raise_to(4)
    duty = standby()
    client = login("rescue_lead")
    assert client.post(f"/api/v1/duties/{duty.pk}/answer", {}, content_type=JSON).json()["state"] == "answered"
    warning.refresh_from_db()
    assert (warning.state, warning.answered_at) == ("calling", None)
    # Nor does it pass for somebody called for the danger.
    Duty.objects.filter(kind__in=("warning.dispose", "warning.verify")).update(state="cancelled")
    clock.shift(11)
    assert "warning.uncalled" in [one.kind for one in audit()]


def test_who_does_not_answer_is_followed_by_the_county(named, raise_to, clock):
    raise_to(4)
    clock.shift(10 * 60 + 1)
    climb_due(timezone.now())
    assert [call.who for call in standby().calls.order_by("rung")] == ["rescue_lead", "county_duty"]


def test_nobody_named_passes_the_call_on_at_once_and_is_found(team, raise_to, login):
    raise_to(4)
    calls = list(standby().calls.order_by("rung"))
    assert [(call.who, call.state) for call in calls] == [("rescue_lead", "nobody"), ("county_duty", "calling")]
    assert Entry.objects.filter(verb="duty.nobody", subject_type="duty", subject_id=standby().pk).count() == 1
    row = next(
        one for one in login("leader").get(f"/api/v1/duties/{standby().pk}").json()["chain"] if one["state"] == "nobody"
    )
    assert row["post"] == "救援队负责人"
    (found,) = [one for one in findings(actor(team.users["leader"])) if one.kind == "site.no_rescue"]
    assert (found.sites, found.fix) == (2, {"kind": "rescue", "rung": 7})
    assert "2 个场所没有定救援队负责人" in found.text
    # The township's own part of it, and one named for a single site leaves the other.
    (theirs,) = [one for one in findings(actor(team.users["township"])) if one.kind == "site.no_rescue"]
    assert "甲矿尾矿库没有定" in theirs.text
    name_it(team, site=team.site)
    (left,) = [one for one in findings(actor(team.users["leader"])) if one.kind == "site.no_rescue"]
    assert left.sites == 1
    # One finding while it lasts, whatever it is about: it is kept, and who keeps the matrix is called for it.
    (kept,) = [one for one in holes_of(whole()[0]) if one.detail["kind"] == "site.no_rescue"]
    assert kept.key == "site.no_rescue:kind=rescue"
    name_it(team, organisation=team.mine_b)
    assert not [one for one in findings(actor(team.users["leader"])) if one.kind == "site.no_rescue"]


def test_only_what_a_pack_calls_is_missed(team, monkeypatch):
    assert "rescue_lead" in asked.asked()
    assert "rescue_lead" not in weather.places()
    monkeypatch.setattr(asked, "_askers", [weather.places])
    assert not [one for one in findings(actor(team.users["leader"])) if one.kind == "site.no_rescue"]


def test_a_mines_own_team_is_no_second_rung_of_the_mines_ladder(team):
    def two_rungs() -> list[str]:
        return [one.text for one in findings(actor(team.users["leader"])) if one.kind == "person.two_rungs"]

    own = people.create_post(SYSTEM, team.mine, "兼职救护队长")
    people.hold_post(SYSTEM, own, team.persons["principal"])
    people.assign_responsibility(SYSTEM, own, "rescue", Rung.RESCUE_LEAD, site=team.site)
    assert two_rungs() == []
    # Of the county's ladder it is: called after the team, the same person would be called twice.
    bureau = people.create_post(SYSTEM, team.bureau, "救援队长")
    people.hold_post(SYSTEM, bureau, team.persons["leader"])
    people.assign_responsibility(SYSTEM, bureau, "rescue", Rung.RESCUE_LEAD, site=team.site_b)
    assert len(two_rungs()) == 1


def test_in_place_it_goes_on_seeing_the_site_until_the_warning_is_closed(named, raise_to, login):
    warning = raise_to(4)
    duty, officer = standby(), actor(named.users["duty_officer"])
    client = login("rescue_lead")
    client.post(f"/api/v1/duties/{duty.pk}/answer", {}, content_type=JSON)
    done = client.post(f"/api/v1/duties/{duty.pk}/done", {"note": "12 人到位"}, content_type=JSON)
    assert (done.status_code, done.json()["state"]) == (200, "done")
    assert duty.clocks.get(stage="standby").done_at is not None
    assert sees(named, warning)
    with pytest.raises(Conflict, match="了结时一并验收"):
        duties.verify(officer, duty.pk)
    services.verify(officer, warning.pk, "false_alarm", "calibration")
    assert sees(named, warning), "it is shown that it was false"
    raise_to(0, 4)
    services.resume_work(officer, warning.evacuations.get().pk, "误报")
    services.close(officer, warning.pk, "误报")
    assert standby().state == "verified"
    assert not sees(named, warning)


def test_a_false_alarm_calls_the_team_off(named, raise_to):
    warning = raise_to(4)
    services.verify(actor(named.users["duty_officer"]), warning.pk, "false_alarm", "calibration")
    assert standby().state == "cancelled"
    assert not sees(named, warning)
    assert not Call.objects.filter(duty=standby(), state="calling").exists()
