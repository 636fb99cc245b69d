"""Signals out of their order: set aside and tried again, overtaken, delivered again after they were cleaned out."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoutu.county.duties.models import Alarm, Call, Duty
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.models import Beat
from shoutu.county.ledger.models import Entry
from shoutu.county.people.testing import actor
from shoutu.county.sites import services as sites
from shoutu.county.sites.models import Signal
from shoutu.county.warnings import services
from shoutu.county.warnings.course import APART_MS, Place, later
from shoutu.county.warnings.models import Event, Member, Warning
from shoutu.county.warnings.selectors import signals_cleaned_out
from shoutu.county.warnings.services import cleaning


def take(*signals):
    sites.receive(signals)
    services.take_in()


def aside(told):
    """Deliver a signal in a form that cannot be taken in, until it is set aside; the row, mended since."""
    sites.receive([{**told, "event_ts": "yesterday"}])
    for _ in range(3):
        services.take_in()
    row = Signal.objects.get(uid=told["id"])
    assert row.state == "aside"
    Signal.objects.filter(pk=row.pk).update(body=told)
    return row


def retried(row):
    services.retry(SYSTEM, row.pk)
    services.take_in()
    row.refresh_from_db()
    assert row.state == "done"


def test_a_raise_tried_again_after_its_recovery_calls_people_but_claims_no_level(signal, clock):
    row = aside(signal(3))
    clock.shift(60)
    take(signal(0, 3))
    assert Warning.objects.count() == 0
    retried(row)
    warning = Warning.objects.get()
    assert (warning.level, warning.peak_level, warning.current_level) == (3, 3, 0)
    assert warning.ended_at is not None
    assert Duty.objects.filter(about_type="warning", about_id=warning.pk).count() == 3
    assert Alarm.objects.get(kind="signal.aside").cleared_at is not None


def test_it_can_be_closed_as_any_other(signal, clock, watched):
    row = aside(signal(3))
    take(signal(0, 3))
    retried(row)
    officer = actor(watched.users["duty_officer"])
    warning = Warning.objects.get()
    services.verify(officer, warning.pk, "false_alarm", "calibration")
    services.close(officer, warning.pk)


def test_a_raise_tried_again_before_its_recovery_stands_until_it_recovers(signal):
    row = aside(signal(3))
    retried(row)
    assert Warning.objects.get().current_level == 3
    take(signal(0, 3))
    assert Warning.objects.get().current_level == 0


def test_tried_again_after_a_fall_to_blue_it_stands_at_blue(signal):
    row = aside(signal(3))
    take(signal(1, 3))
    opened = Warning.objects.get()
    assert (opened.level, opened.current_level) == (1, 1)
    retried(row)
    opened.refresh_from_db()
    assert (opened.level, opened.peak_level, opened.current_level) == (3, 3, 1)


def test_the_rise_of_a_closed_warning_tried_again_completes_its_course_and_calls_nobody(signal, watched, clock):
    row = aside(signal(2))
    clock.shift(60)
    take(signal(3, 2))
    clock.shift(60)
    take(signal(0, 3))
    officer = actor(watched.users["duty_officer"])
    warning = Warning.objects.get()
    services.verify(officer, warning.pk, "false_alarm", "calibration")
    services.close(officer, warning.pk)
    calls = Call.objects.count()
    retried(row)
    assert (Warning.objects.count(), Call.objects.count()) == (1, calls)
    assert Event.objects.filter(warning=warning).count() == 3


def test_an_earlier_rise_is_not_taken_for_a_later_one_people_were_called_for(signal, watched, clock):
    row = aside(signal(3))
    clock.shift(60)
    take(signal(0, 3))
    clock.shift(3600)
    take(signal(3, 0))
    clock.shift(60)
    take(signal(0, 3))
    officer = actor(watched.users["duty_officer"])
    services.verify(officer, Warning.objects.get().pk, "false_alarm", "calibration")
    services.close(officer, Warning.objects.get().pk)
    retried(row)
    assert [w.current_level for w in Warning.objects.order_by("id")] == [0, 0]


def test_one_point_set_aside_leaves_the_order_of_another_alone(signal):
    row = aside(signal(4))
    take(signal(0, 4, point=1))
    retried(row)
    assert Warning.objects.get().current_level == 4


def test_a_journal_begun_anew_counts_from_one_and_is_still_heard(signal, clock):
    take(signal(3, seq=900))
    clock.shift(3600)
    take(signal(0, 3, seq=4))
    assert Warning.objects.get().current_level == 0
    clock.shift(3600)
    take(signal(4, 0, seq=9))
    warning = Warning.objects.get()
    assert (warning.current_level, Member.objects.get().level) == (4, 4)


PLACES = st.builds(Place, st.just(0), st.integers(0, 50), st.integers(0, 2), st.integers(0, APART_MS))


@given(PLACES, PLACES)
def test_of_two_places_of_one_journal_just_one_is_later(one, other):
    assert later(one, other) != later(other, one) or one == dataclasses.replace(other, received=one.received)


@given(PLACES, PLACES, PLACES)
def test_later_is_an_order(one, two, three):
    if later(one, two) and later(two, three):
        assert later(one, three)


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(cleaning, "KEEP_IDS", 2)
    monkeypatch.setattr(cleaning, "CHUNK", 3)


def closed(watched, signal):
    take(signal(2))
    take(signal(0, 2))
    officer = actor(watched.users["duty_officer"])
    warning = Warning.objects.latest("id")
    services.verify(officer, warning.pk, "false_alarm", "calibration")
    services.close(officer, warning.pk)
    return warning


def clean():
    total = 0
    while gone := services.clean_out():
        assert gone <= cleaning.CHUNK
        total += gone
    return total


def test_handled_signals_leave_the_inbox_after_their_days_counted_and_on_the_record(few, watched, signal, clock):
    warning = closed(watched, signal)
    take(*(signal(0, 1) for _ in range(5)))
    assert clean() == 0
    clock.shift(timedelta(days=91))
    assert clean() == 5
    assert Signal.objects.count() == 2
    assert (Event.objects.filter(warning=warning).count(), signals_cleaned_out()) == (2, 5)
    assert sum(e.body["payload"]["count"] for e in Entry.objects.filter(verb="signal.cleaned_out")) == 5
    assert Beat.objects.get(name=cleaning.CLEANED).detail == {"total": 5}


def test_what_waits_was_set_aside_or_belongs_to_an_open_warning_stays(few, watched, signal, clock):
    row = aside(signal(3))
    take(signal(2, 0, point=1))
    waiting = signal(4, 0)
    sites.receive([waiting])
    sites.receive([signal(0, 1, kind="rate") for _ in range(3)])
    Signal.objects.filter(body__kind="rate").update(state="done", done_at=Signal.objects.get(pk=row.pk).done_at)
    clock.shift(timedelta(days=400))
    clean()
    assert set(Signal.objects.values_list("state", flat=True)) == {"aside", "done", "new"}
    assert Event.objects.filter(signal__isnull=True).count() == 0
    services.take_in()
    assert Warning.objects.filter(peak_level=4).exists()


def test_a_signal_delivered_again_after_it_was_cleaned_out_is_no_new_warning(few, watched, signal, clock):
    told = [signal(2), signal(0, 2)]
    take(*told)
    officer = actor(watched.users["duty_officer"])
    services.verify(officer, Warning.objects.get().pk, "false_alarm", "calibration")
    services.close(officer, Warning.objects.get().pk)
    take(*(signal(0, 1, point=1) for _ in range(3)))
    clock.shift(timedelta(days=91))
    clean()
    calls = Call.objects.count()
    assert sites.receive(told) == (2, 0)
    services.take_in()
    assert (Warning.objects.count(), Call.objects.count()) == (1, calls)
    assert Signal.objects.filter(state="new").count() == 0


def test_the_countys_long_absence_makes_no_signal_old(watched, signal, clock):
    """Delivered for the first time a hundred days late, it warns all the same."""
    take(signal(0, 1))
    late = [signal(3), signal(4, 3)]
    clock.shift(timedelta(days=100))
    take(*late)
    assert Warning.objects.get().current_level == 4
