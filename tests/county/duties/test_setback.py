"""The county's clock set back or forward under running calls."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from shoutu.county.duties import services
from shoutu.county.duties.auditor import audit
from shoutu.county.duties.models import Alarm, Call, Duty, StageClock
from shoutu.county.duties.services.setback import Elapsed, elapsed
from shoutu.county.kit import steps
from shoutu.county.kit.errors import Conflict
from shoutu.county.kit.models import Beat
from shoutu.county.kit.watch import watching
from shoutu.county.ledger.models import Entry
from shoutu.county.people.testing import actor

T0 = datetime(2026, 7, 21, 6, 2, 18, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Clocks:
    """A wall clock that can be set, and the one that cannot."""

    def __init__(self, wall) -> None:
        self.wall, self.boot, self.seconds = wall, "a", 1000.0

    def go(self, seconds: float) -> None:
        self.wall.shift(timedelta(seconds=seconds))
        self.seconds += seconds

    def set(self, by: timedelta) -> None:
        self.wall.shift(by)

    def restart(self) -> None:
        self.boot, self.seconds = "b", 5.0

    def look(self) -> timedelta:
        return services.mind_clock(since=Elapsed(self.boot, self.seconds))


@pytest.fixture
def clocks(db):
    with time_machine.travel(T0, tick=False) as wall:
        clocks = Clocks(wall)
        clocks.look()
        yield clocks


def rungs(duty):
    return list(Call.objects.filter(duty=duty).order_by("round", "rung").values_list("who", flat=True))


@pytest.mark.parametrize("restarted", [False, True])
def test_set_back_an_hour_the_next_is_called_when_five_minutes_have_passed(clocks, county, open_duty, restarted):
    duty = open_duty()
    clocks.go(60)
    clocks.look()
    clocks.set(-HOUR)
    if restarted:
        clocks.restart()
    assert clocks.look() == -HOUR
    clocks.go(239)
    clocks.look()
    services.climb_due()
    assert rungs(duty) == ["enterprise_duty"]
    clocks.go(2)
    clocks.look()
    services.climb_due()
    assert rungs(duty) == ["enterprise_duty", "enterprise_principal"]
    assert [finding.kind for finding in audit() if finding.kind.startswith("duty.")] == []


def test_set_back_twice_and_killed_between_nothing_moves_twice(clocks, open_duty):
    duty = open_duty()
    due = duty.climb_at
    clocks.set(-HOUR)
    clocks.look()
    clocks.look()
    clocks.set(-HOUR)
    clocks.look()
    clocks.look()
    duty.refresh_from_db()
    call, stage = Call.objects.get(duty=duty), StageClock.objects.get(duty=duty)
    assert duty.climb_at == call.due_at == due - 2 * HOUR
    assert stage.due_at == T0 + timedelta(minutes=30) - 2 * HOUR
    assert Entry.objects.filter(verb="clock.set_back").count() == 2


def test_a_time_service_at_work_moves_nothing(clocks, open_duty):
    due = open_duty().climb_at
    for _ in range(20):
        clocks.go(1)
        clocks.set(timedelta(seconds=-1))
        clocks.look()
    assert Duty.objects.get().climb_at == due
    assert not Alarm.objects.exists()


def test_it_is_told_and_told_no_more_after_an_hour(clocks, open_duty):
    open_duty()
    clocks.set(-HOUR)
    clocks.look()
    alarm = Alarm.objects.get(cleared_at__isnull=True)
    assert alarm.kind == "clock.set_back"
    assert "60 分钟" in alarm.message
    clocks.go(3601)
    clocks.look()
    alarm.refresh_from_db()
    assert alarm.cleared_at is not None


def test_a_step_forward_is_told_and_moves_nothing(clocks, open_duty):
    due = open_duty().climb_at
    clocks.set(HOUR)
    assert clocks.look() == HOUR
    assert Alarm.objects.get().kind == "clock.set_forward"
    assert Duty.objects.get().climb_at == due
    clocks.go(5)
    assert clocks.look() == timedelta(0)


def test_an_outage_is_no_step(clocks, open_duty):
    open_duty()
    clocks.go(7200)
    assert clocks.look() == timedelta(0)
    clocks.restart()
    clocks.wall.shift(HOUR)
    assert clocks.look() == timedelta(0)
    assert not Alarm.objects.exists()


def test_a_moment_between_reading_the_clocks_and_writing_them_down_is_no_step(clocks, county, open_duty):
    due = open_duty().climb_at
    clocks.go(1)
    now, since = timezone.now(), Elapsed(clocks.boot, clocks.seconds)
    clocks.go(3)  # another held the database
    services.mind_clock(now, since)
    clocks.go(1)
    assert clocks.look() == timedelta(0)
    assert Duty.objects.get().climb_at == due
    assert not Alarm.objects.exists()


def test_a_beat_of_before_the_moment_was_kept_is_read_as_before(clocks):
    steps.beat("clock", detail={"boot": clocks.boot, "seconds": clocks.seconds})
    clocks.set(-HOUR)
    assert clocks.look() == -HOUR


def test_a_call_is_made_again_half_a_minute_after_it_however_the_clock_is_set(clocks, county, open_duty):
    duty = open_duty()
    clocks.go(60)
    clocks.look()
    clocks.set(-HOUR)
    clocks.look()
    officer = actor(county.users["duty_officer"])
    services.recall(officer, duty.pk)
    clocks.set(-HOUR)
    clocks.look()
    with pytest.raises(Conflict):
        services.recall(officer, duty.pk)
    clocks.go(31)
    clocks.look()
    services.recall(officer, duty.pk)


def test_a_part_seen_in_the_future_is_not_watching(clocks):
    for name in ("pipeline", "worker", "auditor"):
        steps.beat(name)
    assert watching().ok
    clocks.set(-HOUR)
    assert not watching().ok
    assert {part.name for part in watching().parts if not part.ok} == {"pipeline", "worker", "auditor"}


def test_the_clock_that_cannot_be_set_runs(db):
    first, second = elapsed(), elapsed()
    assert first.boot == second.boot
    assert second.seconds >= first.seconds > 0
    services.mind_clock()
    assert Beat.objects.get(name="clock").detail["seconds"] >= first.seconds
