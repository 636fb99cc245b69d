"""The auditor finds what the climbing code was prevented from doing, says so, and clears it when mended."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from shoutu import __version__
from shoutu.county.duties import auditor, heartbeat, services
from shoutu.county.duties.models import Alarm, Call, Duty, Notice
from shoutu.county.kit.models import Beat
from shoutu.county.kit.steps import beat
from shoutu.county.people.testing import actor
from tests.county.duties.test_climbing import T0


@pytest.fixture
def clock():
    with time_machine.travel(T0, tick=False) as traveller:
        yield traveller


def raised(kind="duty.missed"):
    return Alarm.objects.filter(kind=kind, cleared_at=None).count()


def test_a_missed_climb_is_found_and_cleared_when_made(clock, county, open_duty):
    duty = open_duty()
    clock.shift(305)
    assert auditor.audit() == []
    clock.shift(10)
    auditor.audit()
    auditor.audit()
    assert raised() == 1
    alarm = Alarm.objects.get()
    assert (alarm.about_type, alarm.about_id) == ("duty", duty.pk)
    services.climb_due()
    auditor.audit()
    assert raised() == 0


def test_a_climber_that_forgets_its_agenda_is_found(clock, county, open_duty):
    """The climber's own column says there is nothing to do; the calls say otherwise."""
    open_duty()
    Duty.objects.update(climb_at=None)
    clock.shift(400)
    services.climb_due()
    assert Call.objects.count() == 1
    auditor.audit()
    assert raised() == 1


def test_a_stage_nobody_noticed_passing_is_found(clock, county, open_duty):
    duty = open_duty()
    services.answer(actor(county.users["enterprise"]), duty.pk)
    clock.shift(1801 + 10)
    auditor.audit()
    assert raised() == 1
    services.overdue_due()
    auditor.audit()
    assert raised() == 0


def test_an_outage_with_many_duties_is_one_banner(clock, county, open_duty):
    for i in range(30):
        open_duty(subject=i)
    clock.shift(400)
    auditor.audit()
    assert raised() == 1
    assert "30" in Alarm.objects.get(cleared_at=None).message


def test_messages_nobody_sends_are_found(clock, county, open_duty):
    open_duty()
    Notice.objects.update(next_try_at=timezone.now())
    clock.shift(200)
    auditor.audit()
    assert raised("notice.stuck") == 1


def test_the_alarm_of_an_unanswered_chain_clears_with_an_answer(clock, county, open_duty):
    duty = open_duty()
    for minutes in (5, 5, 5, 5, 15):
        clock.shift(minutes * 60)
        services.climb_due()
    assert raised("duty.unanswered") == 1
    services.answer(actor(county.users["enterprise"]), duty.pk)
    auditor.audit()
    assert raised("duty.unanswered") == 0


@pytest.mark.django_db(transaction=True)
def test_it_runs_as_a_loop_with_a_beat_of_its_own():
    stop = threading.Event()
    thread = threading.Thread(target=auditor.run_forever, args=(stop,))
    thread.start()
    end = timezone.now() + timedelta(seconds=10)
    while not Beat.objects.filter(name="auditor").exists() and timezone.now() < end:
        stop.wait(0.02)
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
    told = Beat.objects.get(name="auditor").detail
    assert (told["findings"], told["version"]) == (0, __version__)
    assert told["starts"] == [told["started_at"]]


def test_the_heartbeat_goes_out_only_while_all_are_fresh(clock, county, settings):
    got = []
    from tests.county.duties.receiver import receiving

    with receiving(got) as url:
        settings.CONFIG = type(settings.CONFIG)(**{**settings.CONFIG.__dict__, "heartbeat_url": url})
        assert heartbeat.beat_outside() is False
        for part in ("pipeline", "worker", "auditor", "climb"):
            beat(part)
        assert heartbeat.beat_outside() is True
        clock.shift(31)
        for part in ("pipeline", "worker", "auditor"):
            beat(part)
        assert heartbeat.beat_outside() is False
    assert len(got) == 1
