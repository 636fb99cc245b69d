"""Messages in, updates, cancellations, expiry: what adds holds at once, what takes away needs two when by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from shoutu.county.duties.models import OPEN, Duty
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Conflict, Invalid, NotAllowed
from shoutu.county.ledger.models import Entry
from shoutu.county.people import proposals
from shoutu.county.people.models import Proposal
from shoutu.county.people.testing import actor
from shoutu.county.weather import services
from shoutu.county.weather.models import Area, Message, Weather


def test_the_same_message_twice_is_one(draft, county):
    told = draft()
    first = services.take(SYSTEM, told)
    entries = Entry.objects.count()
    assert services.take(SYSTEM, told).pk == first.pk
    assert (Message.objects.count(), Entry.objects.count()) == (1, entries)


def test_expiry_ends_the_event_and_its_calls(take, county, clock):
    event = take()
    clock.shift(timedelta(hours=7))
    services.expire_due()
    event.refresh_from_db()
    assert (event.state, event.ended_by, event.level) == ("ended", "expired", 0)
    assert not Duty.objects.filter(state__in=OPEN).exists()
    assert take().pk != event.pk


def test_the_longer_message_keeps_its_townships(take, county, clock):
    event = take()
    take(townships=[county.east.pk], ends_at=timezone.now() + timedelta(hours=12))
    clock.shift(timedelta(hours=7))
    services.expire_due()
    event.refresh_from_db()
    assert event.state == "active"
    assert dict(Area.objects.values_list("township__name", "level")) == {"东乡": 3, "西乡": 0}
    assert not Duty.objects.filter(weather__township=county.west, state__in=OPEN).exists()
    assert Duty.objects.filter(weather__township=county.east, state__in=OPEN).count() == 2


def test_back_in_a_township_after_it_was_let_go_calls_anew(take, county, clock):
    take()
    take(townships=[county.east.pk], ends_at=timezone.now() + timedelta(hours=24))
    clock.shift(timedelta(hours=7))
    services.expire_due()
    take()
    west = Duty.objects.filter(weather__township=county.west)
    assert west.filter(state="called").count() == 2
    assert west.count() == 4


def test_a_cancellation_by_the_service_holds_at_once(take, draft, county):
    event = take()
    gone = draft(kind="cancel", door="cap", references=[("县气象台", "id-1")], townships=[], level=None)
    services.take(SYSTEM, gone)
    event.refresh_from_db()
    assert (event.state, event.ended_by) == ("ended", "cancelled")


def test_lifting_by_hand_needs_a_second_person(take, county):
    event = take()
    officer, leader = actor(county.users["duty_officer"]), actor(county.users["leader"])
    services.lift(officer, event, "气象台 16:30 解除")
    event.refresh_from_db()
    assert event.state == "active"
    with pytest.raises(Conflict):
        services.lift(leader, event, "再提一次")
    proposal = Proposal.objects.get()
    with pytest.raises(NotAllowed):
        proposals.agree(officer, proposal)
    proposals.agree(leader, proposal)
    event.refresh_from_db()
    assert event.state == "ended"


def test_lifting_rejected_changes_nothing(take, county):
    event = take()
    services.lift(actor(county.users["duty_officer"]), event, "误看")
    proposals.reject(actor(county.users["leader"]), Proposal.objects.get(), "没有收到解除")
    event.refresh_from_db()
    assert event.state == "active"
    assert Message.objects.latest("id").standing == "noted"
    services.lift(actor(county.users["duty_officer"]), event, "这次是真的")
    assert Proposal.objects.filter(state="waiting").count() == 1


def test_a_hand_update_that_says_more_replaces_at_once_and_less_waits(take, draft, county):
    officer = actor(county.users["duty_officer"])
    event = take(officer, level=2)
    first = event.messages.get()
    take(officer, level=3, kind="update", refers=[first.pk])
    first.refresh_from_db()
    assert first.standing == "replaced"
    second = event.messages.get(standing="standing")
    take(officer, level=2, kind="update", refers=[second.pk])
    event.refresh_from_db()
    assert event.level == 3
    assert Proposal.objects.filter(state="waiting").count() == 1
    proposals.agree(actor(county.users["leader"]), Proposal.objects.get())
    event.refresh_from_db()
    assert (event.level, event.state) == (2, "active")


def test_a_fall_and_rise_calls_anew(take, county):
    event = take(level=2)
    up = take(level=4, kind="update", door="cap", refers=[event.messages.get().pk])
    take(level=2, kind="update", door="cap", refers=[up.messages.get(standing="standing").pk])
    take(level=4, kind="update", door="cap", refers=[up.messages.get(standing="standing").pk])
    head = Duty.objects.filter(weather__lane="township", weather__township=county.east).order_by("id")
    assert Weather.objects.count() == 1
    assert max(duty.round for duty in head) >= 2


@pytest.mark.parametrize(
    ("changes", "why"),
    [({"status": "Test"}, "不是实况"), ({"kind": "ack"}, "回执"), ({"kind": "cancel"}, "没有收到过"),
     ({"ends_at": timezone.now() - timedelta(days=400), "door": "cap"}, "过期")],
)  # fmt: skip
def test_what_is_no_warning_is_noted_and_calls_nobody(draft, county, changes, why):
    message = services.take(SYSTEM, draft(**changes))
    services.call_due()
    assert message.standing == "noted"
    assert why in message.because
    assert Entry.objects.filter(verb="weather.noted").count() == 1
    assert not Duty.objects.exists()


def test_no_known_township_calls_the_county_and_placing_calls_the_rest(take, county):
    event = take(townships=[], unmatched=["某某流域"], door="cap")
    assert "未认出地区" in event.title
    assert list(Duty.objects.values_list("weather__lane", flat=True)) == ["county"]
    officer = actor(county.users["duty_officer"])
    with pytest.raises(Invalid):
        services.place(officer, event.messages.get().pk, [county.territory.pk])
    services.place(officer, event.messages.get().pk, [county.west.pk])
    services.call_due()
    assert Duty.objects.filter(weather__township=county.west).count() == 2


def test_an_unnamed_colour_is_yellow_and_marked(take, county):
    event = take(level=None)
    message = event.messages.get()
    assert (event.level, message.level_assumed) == (2, True)


def test_entering_needs_the_permission(draft, county):
    for name in ("inspector", "township", "enterprise", "auditor", "administrator"):
        with pytest.raises(NotAllowed):
            services.take(actor(county.users[name]), draft())


def test_a_hand_entry_that_is_over_is_refused(draft, county):
    with pytest.raises(Invalid) as caught:
        services.take(SYSTEM, draft(ends_at=timezone.now() - timedelta(minutes=1)))
    assert caught.value.field == "ends_at"
