"""Who is called for a spell of weather: once per enterprise, township and county, anew when it gets worse."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shoutu.county.duties import auditor
from shoutu.county.duties import services as duties
from shoutu.county.duties.models import Call, Duty
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Conflict
from shoutu.county.ledger.models import Entry
from shoutu.county.people.testing import actor
from shoutu.county.places import services as places
from shoutu.county.weather import selectors, services
from shoutu.county.weather.models import Area, Called, Weather


def lanes(event):
    rows = Called.objects.filter(event=event).order_by("lane", "township_id")
    return [(row.lane, row.township and row.township.name, row.organisation and row.organisation.name) for row in rows]


def test_one_call_per_enterprise_township_and_county(take, county):
    event = take()
    assert lanes(event) == [
        ("county", None, None),
        ("township", "东乡", None),
        ("township", "西乡", None),
        ("withdraw", "东乡", "甲矿"),
        ("withdraw", "西乡", "乙矿"),
    ]
    mine = Duty.objects.get(weather__organisation=county.mine)
    assert mine.kind == "weather.withdraw"
    assert mine.title == "甲矿（东乡，2 处）：暴雨橙色预警"
    assert Call.objects.filter(person=county.persons["enterprise"]).count() == 1


def test_twenty_more_sites_are_no_more_calls(take, county):
    for n in range(20):
        places.create_site(SYSTEM, f"{n} 号库", "tailings_pond", county.mine)
    event = take()
    assert Duty.objects.filter(weather__event=event).count() == 5


def test_calling_again_calls_nobody_twice(take, county):
    event = take()
    before = Call.objects.count()
    services.call_due()
    assert Call.objects.count() == before
    assert Area.objects.filter(event=event, called_level=3).count() == 2


def test_calls_cut_off_midway_are_completed_once(draft, county, monkeypatch):
    from shoutu.county.weather.services import calling

    services.take(SYSTEM, draft())
    real, left = calling._call, [2]

    def dies(*args):
        if not left[0]:
            raise RuntimeError("killed")
        left[0] -= 1
        return real(*args)

    monkeypatch.setattr(calling, "_call", dies)
    with pytest.raises(RuntimeError):
        services.call_due()
    monkeypatch.setattr(calling, "_call", real)
    services.call_due()
    assert Duty.objects.count() == 5
    assert Call.objects.count() == 5


def test_yellow_rain_withdraws_people_from_underground_alone(take, county):
    event = take(level=2)
    kinds = dict(Duty.objects.filter(weather__event=event).values_list("about_label", "kind"))
    assert kinds
    assert Duty.objects.get(weather__organisation=county.mine).kind == "weather.withdraw"
    assert "停止井下作业，撤出人员，清点人数" in Duty.objects.get(weather__organisation=county.mine).policy["orders"]
    assert Duty.objects.get(weather__organisation=county.mine_b).kind == "weather.respond"


def test_blue_gale_calls_the_county_duty_officer_alone(take, county):
    event = take(type="gale", level=1)
    assert lanes(event) == [("county", None, None)]
    assert Call.objects.get().person == county.persons["duty_officer"]


def test_worse_in_one_township_calls_anew_there_and_in_the_county_only(take, county, clock):
    event = take(level=2, type="rainstorm")
    clock.shift(600)
    again = take(level=4, townships=[county.east.pk])
    assert again.pk == event.pk
    east = Duty.objects.filter(weather__township=county.east, state="called")
    assert {duty.level for duty in east} == {4}
    west = Duty.objects.filter(weather__township=county.west)
    assert {(duty.level, duty.round) for duty in west} == {(2, 1)}
    assert Weather.objects.get().peak_level == 4


def test_the_same_weather_by_another_door_calls_nobody_anew(take, county):
    event = take()
    before = Call.objects.count()
    assert take(door="cap", sender="省台", townships=[county.east.pk]).pk == event.pk
    assert Call.objects.count() == before
    assert event.messages.count() == 2


def test_every_called_person_must_answer(take, county):
    event = take()
    leader = actor(county.users["leader"])
    for name in ("township", "enterprise"):
        duty = Duty.objects.get(pk__in=Call.objects.filter(person=county.persons[name]).values("duty_id"))
        duties.answer(actor(county.users[name]), duty.pk)
    told = selectors.figures(leader, [event.pk])[event.pk]
    assert (told["townships_answered"], told["townships"], told["townships_waiting"]) == (1, 2, ["西乡"])
    assert (told["enterprises_answered"], told["enterprises"]) == (1, 2)
    assert told["enterprises_waiting"] == ["乙矿（西乡）"]


def test_unanswered_climbs_and_one_answer_settles_all_that_rang_together(take, county, clock):
    other = places.create_organisation(SYSTEM, "丙矿", "enterprise", county.east)
    places.create_site(SYSTEM, "丙矿尾矿库", "tailings_pond", other)
    event = take()
    clock.shift(25 * 60)
    duties.climb_due()
    head = county.persons["township"]
    ringing = Call.objects.filter(person=head, state="calling", duty__weather__organisation__isnull=False)
    assert ringing.count() == 2
    duties.answer(actor(county.users["township"]), ringing.order_by("id").first().duty_id)
    assert not Call.objects.filter(person=head, state="calling", duty__weather__township=county.east).exists()
    assert Duty.objects.filter(weather__event=event, weather__township=county.west, state="called").count() == 2


def test_uncalled_weather_is_an_alarm(draft, county, clock):
    services.take(SYSTEM, draft())
    clock.shift(30)
    found = [f for check in auditor._checks for f in check(clock_now())]
    assert any(f.kind == "weather.uncalled" for f in found)
    services.call_due()
    found = [f for check in auditor._checks for f in check(clock_now())]
    assert not any(f.kind == "weather.uncalled" for f in found)


def clock_now():
    from django.utils import timezone

    return timezone.now()


def test_recall_rings_once_more_and_not_at_once(take, county, clock):
    event = take()
    officer = actor(county.users["duty_officer"])
    with pytest.raises(Conflict):
        services.recall(officer, event)
    clock.shift(timedelta(seconds=40))
    services.recall(officer, event)
    assert set(Call.objects.values_list("times", flat=True)) == {2}
    assert Entry.objects.filter(verb="weather.recalled").exists()
