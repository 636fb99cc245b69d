"""The county's clock set back under what warnings are still to do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from shoutu.county.duties import services as duties
from shoutu.county.duties.models import Duty
from shoutu.county.duties.services.setback import Elapsed
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.people.testing import actor
from shoutu.county.warnings import services
from shoutu.county.warnings.models import Dispatch, Group, ReportPlan, Warning
from shoutu.county.warnings.services.reports_sending import Target
from shoutu.county.warnings.steps import ask_reports

HOUR = timedelta(hours=1)
pytestmark = pytest.mark.django_db


@pytest.fixture
def clocks(clock):
    """`go(seconds)` lets both clocks run, `back()` sets the wall clock back an hour; the worker looks each time."""

    class Clocks:
        seconds = 1000.0

        def look(self):
            duties.mind_clock(since=Elapsed("a", self.seconds))

        def go(self, seconds):
            clock.shift(timedelta(seconds=seconds))
            self.seconds += seconds
            self.look()

        def back(self):
            clock.shift(-HOUR)
            self.look()

    clocks = Clocks()
    clocks.look()
    return clocks


def test_a_report_is_asked_for_and_due_when_it_would_have_been(raise_to, clocks):
    raise_to(4)
    plan = ReportPlan.objects.get()
    asks, due = plan.asks_at - timezone.now(), plan.due_at - timezone.now()
    clocks.back()
    plan.refresh_from_db()
    assert (plan.asks_at - timezone.now(), plan.due_at - timezone.now()) == (asks, due)
    clocks.go(asks.total_seconds() + 1)
    ask_reports()
    assert Duty.objects.filter(kind="warning.report").exists()


def test_a_report_already_asked_for_is_due_when_it_would_have_been(raise_to, clocks):
    raise_to(4)
    clocks.go((ReportPlan.objects.get().asks_at - timezone.now()).total_seconds() + 1)
    ask_reports()
    due = ReportPlan.objects.get().due_at - timezone.now()
    clocks.back()
    plan = ReportPlan.objects.get()
    assert (plan.asks_at, plan.due_at - timezone.now()) == (None, due)


def test_the_follow_up_to_the_others_is_asked_for_when_it_would_have_been(raise_to, clocks):
    raise_to(4)
    now = timezone.now()
    ReportPlan.objects.update(then_due_at=now + 3 * HOUR, then_asks_at=now + 2 * HOUR)
    clocks.back()
    plan = ReportPlan.objects.get()
    assert (plan.then_due_at - timezone.now(), plan.then_asks_at - timezone.now()) == (3 * HOUR, 2 * HOUR)


def test_a_report_on_its_way_is_tried_again_in_time(raise_to, clocks, watched):
    warning = raise_to(4)
    office = services.set_superior(SYSTEM, "市应急管理局", "city", phone="1")
    officer = actor(watched.users["duty_officer"])
    to = [Target(office.pk, "phone", "张")]
    services.send_report(officer, "k", "first", "初报", "情况", to, warning_id=warning.pk)
    Dispatch.objects.update(state="queued", next_try_at=timezone.now() + timedelta(minutes=2))
    clocks.back()
    assert Dispatch.objects.get().next_try_at == timezone.now() + timedelta(minutes=2)


def test_what_stood_lower_for_long_and_rises_again_is_called_anew(raise_to, clocks):
    raise_to(3)
    raise_to(2, 3)
    since = Warning.objects.get().below_since
    clocks.back()
    assert Warning.objects.get().below_since == since - HOUR


def test_the_leader_may_call_again(raise_to, clocks, watched):
    warning = raise_to(3)
    clocks.back()
    clocks.go(60)
    services.recall(actor(watched.users["leader"]), warning.pk)


def test_a_storm_that_is_over_ends(raise_to, clocks, settings):
    warning = raise_to(2)
    now = timezone.now()
    Group.objects.create(kind="storm", cause="c", title="t", lead=warning, begun_at=now, last_at=now)
    clocks.back()
    clocks.go(3 * 60 * settings.CONFIG.storm_minutes + 1)
    services.end_groups()
    assert Group.objects.get().ended_at is not None
