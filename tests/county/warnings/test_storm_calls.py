"""The law of storms: however warnings come, everybody is told of each at its level or worse, and none later."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest
from django.conf import settings as django
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, example, given
from hypothesis import settings as trials
from hypothesis import strategies as st

from shoutu.county.duties import services as duties
from shoutu.county.duties.auditor import audit
from shoutu.county.duties.models import OPEN, Duty, Notice
from shoutu.county.duties.services import delivering
from shoutu.county.duties.services.delivering import Outcome
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.warnings import services
from shoutu.county.warnings.models import Group, Warning
from shoutu.county.warnings.models_reports import ReportPlan
from shoutu.county.warnings.steps import ask_reports
from tests.county.warnings.test_grouping import storm

pytestmark = pytest.mark.django_db


def send():
    """Hand over all that is due: what the delivering step does, but for the wire."""
    claimed = delivering._claim()
    if claimed:
        delivering._book([Outcome(notice) for notice in claimed])


def let_pass(clock, seconds):
    """Seconds go by; whatever falls due meanwhile is climbed, asked for or handed over at that moment."""
    end = timezone.now() + timedelta(seconds=seconds)
    notices = Notice.objects.filter(next_try_at__isnull=False, contact__isnull=False).order_by("next_try_at")
    climbs = Duty.objects.filter(state__in=OPEN, climb_at__isnull=False).order_by("climb_at")
    reports = ReportPlan.objects.filter(ended_at__isnull=True, asks_at__isnull=False).order_by("asks_at")
    for _ in range(1000):
        clocks = (notices, "next_try_at"), (climbs, "climb_at"), (reports, "asks_at")
        due = [rows.values_list(field, flat=True).first() for rows, field in clocks]
        due = min((at for at in due if at is not None), default=None)
        if due is None or due > end:
            break
        clock.move_to(max(due, timezone.now()))
        duties.climb_due()
        ask_reports()
        send()
    else:
        pytest.fail(f"{due} stays due whatever the worker does")
    clock.move_to(end)
    duties.overdue_due()
    send()


@pytest.fixture
def reached(county, settings):
    """The mine's and the county's people have an address outside; offices above are known; three make a storm."""
    settings.CONFIG = replace(settings.CONFIG, storm_count=3)
    duties.allow_endpoint(SYSTEM, "json", "127.0.0.1")
    for name in ("enterprise", "enterprise_b", "township", "duty_officer", "leader"):
        duties.set_contact(SYSTEM, county.persons[name], "短信", "json://127.0.0.1:9/call")
    for rank in ("city", "province"):
        services.set_superior(SYSTEM, f"{rank} 值班室", rank, phone="号码待填")
    return county


COMING = st.lists(
    st.tuples(st.integers(1, 4), st.booleans(), st.sampled_from([0, 1, 20, 59, 60, 61, 400])), min_size=1, max_size=8
)


@trials(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@example(coming=[(4, True, 400)] + [(1, True, 400)] * 7)
@example(coming=[(2, True, 0)] * 4 + [(4, True, 1), (3, True, 1), (1, False, 20), (2, True, 59)])
@given(coming=COMING)
def test_nobody_is_told_later_or_less_urgently_than_their_own_worst(reached, clock, coming):
    """`coming`: level, site, and seconds after the one before. Each message is handed over as soon as it may be."""
    with transaction.atomic():
        for level, here, gap in coming:
            let_pass(clock, gap)
            storm(reached, [level], reached.site if here else reached.site_b)
            send()
        came = timezone.now()
        let_pass(clock, 61)
        everybody_was_told(came)
        transaction.set_rollback(True)


def everybody_was_told(queued_by=None):
    """All that was queued up to then, if given: what a ladder adds in the last pause may still wait for its end."""
    pause = timedelta(seconds=django.CONFIG.storm_pause_s)
    every = list(Notice.objects.filter(contact__isnull=False).select_related("carried_by", "call__duty"))
    rows = [one for one in every if queued_by is None or one.queued_at <= queued_by]
    heads = [one for one in every if one.carried_by_id is None and one.handed_over_at is not None]
    for one in rows:
        told = one.carried_by or one
        assert told.handed_over_at is not None, "told by a message that was sent"
        assert told.level >= one.level, "at its level or worse"
        # Called at once at its level or worse: by this message or by one the same address had within the pause.
        near = [head for head in heads if head.contact_id == one.contact_id and head.level >= one.level]
        began = [head.handed_over_at - one.queued_at for head in near]
        assert any(-pause < late <= timedelta(0) for late in began)
        # And named itself within the pause; a red at once.
        assert told.handed_over_at - one.queued_at <= (timedelta(0) if one.level == 4 else pause)
    for person, mine in itertools.groupby(sorted(rows, key=lambda row: row.person_id), key=lambda row: row.person_id):
        calls = list(mine)
        worst = max(one.level for one in calls)
        due = min(one.queued_at for one in calls if one.level == worst)
        assert due in {head.handed_over_at for head in heads if head.person_id == person and head.level == worst}
    for warning in Warning.objects.all():
        assert any(one.call.duty.about_id == warning.pk for one in rows)
    assert audit() == []


def test_fifty_warnings_of_one_cause_are_one_event_and_one_message_a_person(reached):
    storm(reached, [4 if i % 10 == 0 else 1 + i % 3 for i in range(50)])
    send()
    assert Group.objects.get().memberships.count() == 50
    heads = Notice.objects.filter(contact__isnull=False, carried_by__isnull=True)
    assert heads.values("person").distinct().count() == heads.count() >= 2
    assert set(heads.values_list("level", flat=True)) == {4}
    assert "同一事件共 50 起：红色 5 起" in heads.get(person=reached.persons["enterprise"]).text
    # The leader is called for orange and red alone.
    assert "蓝色" not in heads.get(person=reached.persons["leader"]).text
    everybody_was_told()


def test_out_of_its_event_a_warning_calls_by_itself_again(reached, clock):
    storm(reached, [2] * 10)
    send()
    clock.shift(timedelta(minutes=31))
    services.end_groups()
    sent = Notice.objects.filter(contact__isnull=False, carried_by__isnull=True)
    before = sent.filter(handed_over_at__isnull=False).count()
    duties.climb_due()
    send()
    assert sent.filter(handed_over_at__isnull=False).count() >= before + 10
