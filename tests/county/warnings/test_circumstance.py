"""Site states and blasting windows: what an alarm means at a stopped mine, and while a mine blasts."""

from __future__ import annotations

import dataclasses
from datetime import date, time, timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from shoutu.county.duties.models import Call, Duty
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Conflict, Invalid, NotAllowed
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.models import Entry
from shoutu.county.people import proposals
from shoutu.county.people.models import Proposal
from shoutu.county.people.testing import actor
from shoutu.county.sites import operation
from shoutu.county.sites import services as sites
from shoutu.county.sites.models import Binding, BlastingWindow, OperatingState, Rule
from shoutu.county.sites.services.operation import add_window, revoke_window, set_state
from shoutu.county.sites.still import lacks_of
from shoutu.county.warnings import services
from shoutu.county.warnings.models import Evacuation, Warning
from shoutu.county.warnings.states import closing_of
from tests.county.warnings.test_silencing import alone


@pytest.fixture
def meter(watched):
    """A power meter at 甲矿尾矿库."""
    return sites.create_point(SYSTEM, watched.site, watched.source, "P-1", name="总电表", item="power", unit="kW")


def deliver(signal, rule, point, to, value, **changes):
    body = {**signal(to), "rule": rule.pk, "rule_version": rule.version, "point": point.pk, "item": point.item}
    sites.receive([{**body, "value": value, "threshold": 5.0, **changes}])
    services.take_in()
    return Warning.objects.filter(item=point.item).latest("id")


def test_a_stop_holds_at_once_and_going_back_takes_two(watched):
    officer, leader = actor(watched.users["duty_officer"]), actor(watched.users["leader"])
    set_state(officer, watched.site, "sealed", "停产整顿", document="县安委〔2026〕1号")
    assert operation.state_at(watched.site.pk) == "sealed"
    set_state(officer, watched.site, "producing", "整改完成")
    assert operation.state_at(watched.site.pk) == "sealed"
    with pytest.raises(NotAllowed):
        proposals.agree(officer, Proposal.objects.get())
    proposals.agree(leader, Proposal.objects.get())
    assert operation.state_at(watched.site.pk) == "producing"
    assert [(row.state, bool(row.agreed_by)) for row in OperatingState.objects.order_by("id")] == [
        ("sealed", False),
        ("producing", True),
    ]
    assert Entry.objects.filter(verb="site.state").count() == 2


def test_an_agreement_to_end_one_stop_does_not_end_another(watched):
    officer, leader = actor(watched.users["duty_officer"]), actor(watched.users["leader"])
    set_state(officer, watched.site, "sealed", "边坡裂缝")
    first = set_state(officer, watched.site, "stopped", "裂缝治好，拆封")
    old = set_state(officer, watched.site, "producing", "裂缝治好")
    proposals.agree(leader, first)
    set_state(officer, watched.site, "sealed", "又查出透水隐患")
    with pytest.raises(Conflict, match="变过"):
        proposals.agree(leader, old)
    assert operation.state_at(watched.site.pk) == "sealed"


def test_a_stop_holds_though_its_pack_cannot_be_read(watched, tmp_path, monkeypatch):
    officer = actor(watched.users["duty_officer"])
    monkeypatch.setattr(settings, "CONFIG", dataclasses.replace(settings.CONFIG, packs=tmp_path))
    set_state(officer, watched.site, "sealed", "停产整顿")
    assert operation.state_at(watched.site.pk) == "sealed"
    assert not operation.overview(officer, watched.site)["watched"]
    assert "pack" in [gap.key for gap in lacks_of(ref(watched.site))]


def test_unsealing_to_a_mere_stop_takes_two(watched):
    officer = actor(watched.users["duty_officer"])
    set_state(officer, watched.site, "sealed", "停产整顿")
    set_state(officer, watched.site, "stopped", "拆封检修")
    assert operation.state_at(watched.site.pk) == "sealed"


def test_a_planned_end_ends_nothing_by_itself(watched, clock):
    officer = actor(watched.users["duty_officer"])
    set_state(officer, watched.site, "stopped", "检修", planned_end=timezone.now() + timedelta(days=1))
    clock.shift(timedelta(days=2))
    told = operation.overview(officer, watched.site)
    assert (told["state"], told["overstayed"]) == ("stopped", True)


def test_lists_say_what_a_site_does(watched, raise_to, login):
    raise_to(2)
    officer, client = actor(watched.users["duty_officer"]), login("duty_officer")
    assert client.get("/api/v1/warnings").json()["items"][0]["site"]["operating"] == "producing"
    set_state(officer, watched.site, "sealed", "停产整顿")
    assert client.get("/api/v1/warnings").json()["items"][0]["site"]["operating"] == "sealed"
    found = {flag: client.get("/api/v1/sites", {"stopped": flag}).json()["items"] for flag in ("yes", "no")}
    assert [row["id"] for row in found["yes"]] == [watched.site.pk]
    assert watched.site.pk not in [row["id"] for row in found["no"]]
    set_state(officer, watched.site, "closed", "闭库")
    found = {flag: client.get("/api/v1/sites", {"closed": flag}).json()["items"] for flag in ("yes", "no")}
    assert [row["id"] for row in found["yes"]] == [watched.site.pk]
    assert [row["id"] for row in found["no"]] == [watched.site_b.pk]


def test_a_state_begins_no_earlier_than_the_one_that_holds(watched, clock):
    officer = actor(watched.users["duty_officer"])
    set_state(officer, watched.site, "stopped", "检修")
    clock.shift(timedelta(hours=1))
    with pytest.raises(Invalid) as caught:
        set_state(officer, watched.site, "sealed", "加封", from_at=timezone.now() - timedelta(hours=2))
    assert caught.value.field == "from_at"
    set_state(officer, watched.site, "sealed", "加封", from_at=timezone.now() - timedelta(minutes=30))
    assert operation.state_at(watched.site.pk) == "sealed"


def test_bad_states_name_the_field(watched):
    officer = actor(watched.users["duty_officer"])
    for state, changes, field in [
        ("asleep", {}, "state"), ("stopped", {"reason": " "}, "reason"),
        ("stopped", {"from_at": timezone.now() + timedelta(days=1)}, "from_at"),
        ("stopped", {"planned_end": timezone.now() - timedelta(days=1)}, "planned_end"),
    ]:  # fmt: skip
        with pytest.raises(Invalid) as caught:
            set_state(officer, watched.site, state, **{"reason": "检修", **changes})
        assert caught.value.field == field
    with pytest.raises(Conflict):
        set_state(officer, watched.site, "producing", "本来就在生产")
    for name in ("enterprise", "township", "auditor", "administrator"):
        with pytest.raises(NotAllowed):
            set_state(actor(watched.users[name]), watched.site, "stopped", "x")


def test_power_at_a_sealed_mine_is_orange_and_sends_somebody_there(watched, meter, signal):
    set_state(actor(watched.users["duty_officer"]), watched.site, "sealed", "停产整顿")
    rule = Rule.objects.get(origin="stopped-mine/power_while_stopped")
    assert rule.versions.get().params["levels"] == {"3": 5.0}
    warning = deliver(signal, rule, meter, 3, 12.0)
    assert (warning.circumstance, warning.title) == ("stopped", "停产封条期间检出用电 12.0 kW")
    assert "不能只当离线" in warning.sentence
    first = Call.objects.get(duty__kind="warning.dispose", rung=0)
    assert first.who == "township_head"
    assert "立即派人到场查" in Duty.objects.get(kind="warning.dispose").policy["orders"][0]


def test_a_find_at_a_sealed_mine_is_closed_by_whom_its_own_response_names(watched, meter, signal):
    set_state(actor(watched.users["duty_officer"]), watched.site, "sealed", "停产整顿")
    warning = deliver(signal, Rule.objects.get(origin="stopped-mine/power_while_stopped"), meter, 2, 12.0)
    assert set(closing_of(warning).by) == {"duty_officer", "leader"}


def test_back_at_work_the_meter_is_watched_no_more_and_a_new_stop_watches_again(watched, meter):
    officer, leader = actor(watched.users["duty_officer"]), actor(watched.users["leader"])
    set_state(officer, watched.site, "stopped", "检修")
    set_state(officer, watched.site, "producing", "修好")
    proposals.agree(leader, Proposal.objects.get())
    assert not Rule.objects.filter(origin__startswith="stopped-mine/", enabled=True).exists()
    assert not Binding.objects.filter(pack="stopped-mine").exists()
    set_state(officer, watched.site, "stopped", "又检修")
    assert Rule.objects.filter(origin="stopped-mine/power_while_stopped", enabled=True).count() == 1


def test_silence_at_a_stopped_mine_is_not_hidden(watched, signal):
    set_state(actor(watched.users["duty_officer"]), watched.site, "stopped", "检修")
    told = {"rule": watched.silences[0].pk, "kind": "no_data", "category": "fault", "value": None, "threshold": None}
    sites.receive([{**signal(1), **told}])
    services.take_in()
    warning = Warning.objects.get(category="fault")
    assert "到场查明" in warning.sentence
    assert Call.objects.filter(duty__about_id=warning.pk).exists()


@pytest.fixture
def blasting(watched, clock):
    """甲矿 blasts every day 14:00–15:00 (it is 14:02), agreed by two; and a CO sensor."""
    officer, leader = actor(watched.users["duty_officer"]), actor(watched.users["leader"])
    days = (date(2026, 7, 1), date(2026, 8, 1))
    add_window(officer, watched.site, range(7), time(14), time(15), *days, "每日爆破")
    assert operation.blasting_until(watched.site.pk, timezone.now()) is None
    proposals.agree(leader, Proposal.objects.get())
    clock.shift(60)
    watched.co = sites.create_point(
        SYSTEM, watched.site, watched.source, "CO-1", name="一氧化碳", item="co", unit="ppm"
    )
    told = {"levels": {"3": 24, "4": 100}, "direction": "high"}
    watched.co_rule = sites.create_rule(SYSTEM, watched.co, "threshold", told, "限值")
    return watched


def kinds(warning):
    return set(Duty.objects.filter(about_type="warning", about_id=warning.pk).values_list("kind", flat=True))


def test_below_red_in_a_window_only_the_mine_is_called_until_it_is_over(blasting, signal, clock):
    warning = deliver(signal, blasting.co_rule, blasting.co, 3, 30.0)
    assert warning.circumstance == "blasting"
    assert "放炮时段内（至 15:00）" in warning.sentence
    assert kinds(warning) == {"warning.dispose"}
    services.blasting_over()
    assert kinds(warning) == {"warning.dispose"}
    clock.shift(timedelta(hours=1))
    services.blasting_over()
    assert "warning.verify" in kinds(warning)
    assert Entry.objects.filter(verb="warning.blasting_over").count() == 1
    services.blasting_over()
    assert Entry.objects.filter(verb="warning.blasting_over").count() == 1


def test_red_in_a_window_calls_everybody(blasting, signal):
    warning = deliver(signal, blasting.co_rule, blasting.co, 4, 200.0)
    assert {"warning.dispose", "warning.verify", "warning.answer"} <= kinds(warning)


def test_what_fell_within_the_window_calls_nobody_more(blasting, signal, clock):
    deliver(signal, blasting.co_rule, blasting.co, 3, 30.0)
    warning = deliver(signal, blasting.co_rule, blasting.co, 0, 2.0, **{"from": 3})
    clock.shift(timedelta(hours=1))
    services.blasting_over()
    assert kinds(warning) == {"warning.dispose"}


def test_a_silence_of_another_point_orders_no_withdrawal_in_a_window(blasting, signal):
    deliver(signal, blasting.co_rule, blasting.co, 3, 30.0)
    silence = alone(blasting, point=blasting.points[0].pk)
    services.revoke_silence(actor(blasting.users["leader"]), silence.pk)
    assert not Evacuation.objects.exists()


def test_a_silence_held_in_a_window_orders_no_withdrawal_when_it_ends(blasting, signal):
    silence = alone(blasting)
    deliver(signal, blasting.co_rule, blasting.co, 3, 30.0)
    services.revoke_silence(actor(blasting.users["leader"]), silence.pk)
    assert not Evacuation.objects.exists()


def test_a_silence_of_another_point_orders_no_withdrawal_at_a_sealed_mine(watched, meter, signal):
    set_state(actor(watched.users["duty_officer"]), watched.site, "sealed", "停产整顿")
    deliver(signal, Rule.objects.get(origin="stopped-mine/power_while_stopped"), meter, 3, 12.0)
    alone(watched, point=watched.points[0].pk)
    assert not Evacuation.objects.exists()


@pytest.fixture
def second_co(blasting):
    """Another CO sensor of the same mine, and its rule."""
    point = sites.create_point(SYSTEM, blasting.site, blasting.source, "CO-2", name="一氧化碳2", item="co", unit="ppm")
    told = {"levels": {"3": 24, "4": 100}, "direction": "high"}
    return sites.create_rule(SYSTEM, point, "threshold", told, "限值"), point


def test_a_second_sensor_just_after_the_window_loses_nobody(blasting, second_co, signal, clock):
    warning = deliver(signal, blasting.co_rule, blasting.co, 3, 30.0)
    clock.shift(timedelta(minutes=57))
    assert deliver(signal, *second_co, 3, 31.0).circumstance == "blasting"
    services.blasting_over()
    assert "warning.verify" in kinds(warning)


def test_a_late_reading_from_before_the_window_loses_nobody(blasting, second_co, signal, clock):
    warning = deliver(signal, blasting.co_rule, blasting.co, 3, 30.0)
    before = int((timezone.now() - timedelta(minutes=10)).timestamp() * 1000)
    deliver(signal, *second_co, 3, 31.0, event_ts=before)
    services.blasting_over()
    assert kinds(warning) == {"warning.dispose"}
    clock.shift(timedelta(hours=1))
    services.blasting_over()
    assert "warning.verify" in kinds(warning)


@pytest.mark.parametrize("worker_ran_between", [False, True])
def test_a_flap_over_the_end_of_the_window_loses_nobody(blasting, signal, clock, worker_ran_between):
    warning = deliver(signal, blasting.co_rule, blasting.co, 3, 30.0)
    clock.shift(timedelta(minutes=56, seconds=30))
    deliver(signal, blasting.co_rule, blasting.co, 0, 20.0, **{"from": 3})
    clock.shift(20)
    if worker_ran_between:
        services.blasting_over()
    clock.shift(20)
    deliver(signal, blasting.co_rule, blasting.co, 3, 31.0)
    services.blasting_over()
    assert "warning.verify" in kinds(warning)


def test_the_end_of_a_window_calls_nobody_for_a_sensor_found_false(blasting, second_co, signal, clock):
    warning = deliver(signal, blasting.co_rule, blasting.co, 4, 200.0)
    services.verify(actor(blasting.users["duty_officer"]), warning.pk, "false_alarm", "calibration")
    warning = deliver(signal, *second_co, 3, 31.0)
    assert (warning.level, warning.current_level, warning.circumstance) == (3, 4, "blasting")
    before = Call.objects.latest("id").pk
    clock.shift(timedelta(hours=1))
    services.blasting_over()
    anew = Duty.objects.filter(calls__pk__gt=before, about_type="warning", about_id=warning.pk).distinct()
    assert {duty.kind for duty in anew} >= {"warning.verify"}
    assert {duty.level for duty in anew} == {3}


def test_what_was_found_and_done_about_a_red_outlasts_the_window(blasting, signal, clock):
    warning = deliver(signal, blasting.co_rule, blasting.co, 4, 200.0)
    assert warning.circumstance == "blasting"
    officer = actor(blasting.users["duty_officer"])
    services.verify(officer, warning.pk, "real")
    services.dispose(officer, warning.pk, "通风撤人")
    before = Call.objects.count()
    clock.shift(timedelta(hours=1))
    services.blasting_over()
    warning.refresh_from_db()
    assert (warning.result, warning.state, Call.objects.count()) == ("real", "feedback", before)


def test_who_was_called_before_the_window_is_not_called_anew_after_it(watched, signal, clock):
    officer, leader = actor(watched.users["duty_officer"]), actor(watched.users["leader"])
    add_window(officer, watched.site, range(7), time(14, 30), time(15), date(2026, 7, 1), date(2026, 8, 1), "爆破")
    proposals.agree(leader, Proposal.objects.get())
    told = {"levels": {"3": 24, "4": 100}, "direction": "high"}
    pairs = []
    for address in ("CO-1", "CO-2"):
        point = sites.create_point(SYSTEM, watched.site, watched.source, address, name="CO", item="co", unit="ppm")
        pairs.append((sites.create_rule(SYSTEM, point, "threshold", told, "限值"), point))
    warning = deliver(signal, *pairs[0], 3, 30.0)
    services.verify(officer, warning.pk, "real")
    services.dispose(officer, warning.pk, "通风")
    clock.shift(timedelta(minutes=35))
    assert "放炮时段内" in deliver(signal, *pairs[1], 3, 31.0).sentence
    clock.shift(timedelta(minutes=30))
    services.blasting_over()
    warning.refresh_from_db()
    assert (warning.circumstance, warning.result, warning.state) == ("", "real", "feedback")


def test_a_window_revoked_after_the_call_explains_it_no_more(blasting, signal, clock):
    warning = deliver(signal, blasting.co_rule, blasting.co, 3, 30.0)
    revoke_window(actor(blasting.users["duty_officer"]), blasting.site, BlastingWindow.objects.get().pk)
    services.blasting_over()
    assert "warning.verify" in kinds(warning)


def test_a_window_added_later_delays_nobody(blasting, signal, clock):
    warning = deliver(signal, blasting.co_rule, blasting.co, 3, 30.0)
    until = warning.circumstance_until
    officer, leader = actor(blasting.users["duty_officer"]), actor(blasting.users["leader"])
    days = (date(2026, 7, 1), date(2026, 8, 1))
    add_window(officer, blasting.site, range(7), time(14), time(15, 30), *days, "加班爆破")
    proposals.agree(leader, Proposal.objects.get(state="waiting"))
    warning.refresh_from_db()
    assert warning.circumstance_until == until


def test_other_items_in_a_window_are_called_as_ever(blasting, raise_to):
    warning = raise_to(3)
    assert warning.circumstance == ""
    assert "warning.verify" in kinds(warning)


def test_a_revoked_window_explains_nothing_any_more(blasting, signal):
    revoke_window(actor(blasting.users["duty_officer"]), blasting.site, BlastingWindow.objects.get().pk)
    assert "warning.verify" in kinds(deliver(signal, blasting.co_rule, blasting.co, 3, 30.0))


def test_windows_are_short_and_end(watched):
    officer = actor(watched.users["duty_officer"])
    good = {"weekdays": [0], "start": time(14), "end": time(15), "first_day": date(2026, 7, 21),
            "last_day": date(2026, 8, 1), "reason": "爆破"}  # fmt: skip
    for changes, field in [
        ({"weekdays": [7]}, "weekdays"), ({"weekdays": []}, "weekdays"), ({"end": time(17)}, "end"),
        ({"end": time(13)}, "end"), ({"last_day": date(2027, 8, 1)}, "last_day"), ({"reason": ""}, "reason"),
    ]:  # fmt: skip
        with pytest.raises(Invalid) as caught:
            add_window(officer, watched.site, **{**good, **changes})
        assert caught.value.field == field


def test_over_http(watched, login):
    client = login("duty_officer")
    client.get("/api/v1/session")
    csrf = {"x-csrftoken": client.cookies["csrftoken"].value}
    path = f"/api/v1/sites/{watched.site.pk}"
    body = {"state": "sealed", "reason": "停产整顿"}
    answer = client.post(f"{path}/state", body, content_type="application/json", headers=csrf)
    assert answer.status_code == 200, answer.content.decode()
    assert answer.json()["state"] == "sealed"
    assert client.get(path).json()["operating"] == "sealed"
    assert login("enterprise_b").get(f"{path}/operation").status_code == 404
