"""Call and climb by the clock: each rung once, across outages, races and kills."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shoutu.county.duties import services
from shoutu.county.duties.auditor import audit
from shoutu.county.duties.models import Alarm, Call, Duty, Notice, StageClock
from shoutu.county.duties.selectors import duties_for
from shoutu.county.duties.services import climbing
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.ledger.models import Entry
from shoutu.county.people.models import Holding, Shift
from shoutu.county.people.testing import actor

T0 = datetime(2026, 7, 21, 6, 2, 18, tzinfo=UTC)


@pytest.fixture
def clock():
    with time_machine.travel(T0, tick=False) as traveller:
        yield traveller


def entries(duty, verb):
    return Entry.objects.filter(subject_type="duty", subject_id=duty.pk, verb=verb).count()


def rungs(duty):
    return list(Call.objects.filter(duty=duty).order_by("round", "rung").values_list("who", "state"))


def test_opening_calls_the_first_at_once(clock, county, open_duty):
    duty = open_duty()
    call = Call.objects.get(duty=duty)
    assert (call.who, call.post_id, call.person_id) == (
        "enterprise_duty",
        county.posts["enterprise"].pk,
        county.persons["enterprise"].pk,
    )
    assert call.due_at == T0 + timedelta(minutes=5) == duty.climb_at
    assert StageClock.objects.get(duty=duty).due_at == T0 + timedelta(minutes=30)
    assert entries(duty, "duty.opened") == entries(duty, "duty.called") == 1
    assert Notice.objects.get(call=call).step == "handed_over"


def test_opening_again_opens_nothing(clock, open_duty):
    assert open_duty().pk == open_duty().pk
    assert Duty.objects.count() == Call.objects.count() == 1


def test_a_second_person_is_called_when_the_first_does_not_answer(clock, county, open_duty):
    duty = open_duty()
    clock.shift(299)
    services.climb_due()
    assert rungs(duty) == [("enterprise_duty", "calling")]
    clock.shift(1)
    services.climb_due()
    assert rungs(duty) == [("enterprise_duty", "calling"), ("enterprise_principal", "calling")]
    services.climb_due()
    assert Call.objects.filter(duty=duty).count() == 2
    assert entries(duty, "duty.called") == 2


def test_an_answer_stops_the_climb(clock, county, open_duty):
    duty = open_duty()
    services.answer(actor(county.users["enterprise"]), duty.pk, "已停放矿")
    clock.shift(3600)
    services.climb_due()
    assert rungs(duty) == [("enterprise_duty", "answered")]


def test_after_an_hours_outage_every_rung_due_is_called_once_and_at_once(clock, open_duty):
    duty = open_duty()
    clock.shift(3600)
    services.climb_due()
    found = Call.objects.filter(duty=duty).order_by("rung")
    names = ["enterprise_duty", "enterprise_principal", "township_head", "county_duty", "county_leader"]
    assert [(call.round, call.who) for call in found] == [(1, name) for name in names]
    assert {call.called_at for call in found[1:]} == {T0 + timedelta(hours=1)}
    assert Duty.objects.get(pk=duty.pk).climb_at == T0 + timedelta(hours=1, minutes=15)
    services.climb_due()
    assert found.count() == 5


def test_after_a_short_outage_only_what_fell_due_is_called(clock, open_duty):
    duty = open_duty()
    clock.shift(11 * 60)
    services.climb_due()
    assert [who for who, _state in rungs(duty)] == ["enterprise_duty", "enterprise_principal", "township_head"]


def test_a_spent_chain_starts_again_and_raises_an_alarm(clock, county, open_duty):
    duty = open_duty()
    for minutes in (5, 5, 5, 5, 15):
        clock.shift(minutes * 60)
        services.climb_due()
    assert list(Call.objects.filter(duty=duty, round=2).values_list("who", flat=True)) == ["enterprise_duty"]
    assert Alarm.objects.get(kind="duty.unanswered", cleared_at=None).about_id == duty.pk
    assert entries(duty, "duty.unanswered") == 1


def test_an_empty_post_is_skipped_at_once_with_an_entry(clock, county, open_duty):
    Holding.objects.filter(post=county.posts["principal"]).update(valid_to=T0)
    duty = open_duty()
    clock.shift(300)
    services.climb_due()
    assert rungs(duty) == [
        ("enterprise_duty", "calling"),
        ("enterprise_principal", "nobody"),
        ("township_head", "calling"),
    ]
    assert entries(duty, "duty.nobody") == 1


def test_a_chain_with_nobody_on_it_is_called_through_at_once_and_again_later(clock, county, open_duty):
    Holding.objects.update(valid_to=T0)
    Shift.objects.all().delete()
    duty = open_duty()
    assert [state for _who, state in rungs(duty)] == ["nobody"] * 5
    assert duty.climb_at == T0 + timedelta(minutes=15)
    clock.shift(15 * 60)
    services.climb_due()
    assert Call.objects.filter(duty=duty, round=2).count() == 5
    assert Alarm.objects.filter(kind="duty.unanswered").count() == 1


def test_declining_calls_the_next_in_the_same_moment(clock, county, open_duty):
    duty = open_duty()
    clock.shift(10)
    services.decline(actor(county.users["enterprise"]), duty.pk)
    assert rungs(duty) == [("enterprise_duty", "declined"), ("enterprise_principal", "calling")]
    duty.refresh_from_db()
    assert duty.climb_at == T0 + timedelta(seconds=310)


def test_raising_calls_everybody_so_far_anew_with_the_tighter_clock(clock, county, open_duty, lane):
    duty = open_duty(level=2)
    clock.shift(15 * 60)
    services.climb_due()
    services.answer(actor(county.users["principal"]), duty.pk)
    clock.shift(60)
    raised = services.raise_duty(SYSTEM, duty, lane(4), 4, "变红", "为什么")
    second = Call.objects.filter(duty=duty, round=2).order_by("rung")
    assert [call.who for call in second] == ["enterprise_duty", "enterprise_principal"]
    assert {call.due_at for call in second} == {T0 + timedelta(minutes=21)}
    assert (raised.state, raised.level) == ("called", 4)
    assert StageClock.objects.get(duty=duty).due_at == T0 + timedelta(minutes=46)


def test_a_passed_stage_is_recorded_once_and_told_upward(clock, county, open_duty):
    duty = open_duty()
    services.answer(actor(county.users["enterprise"]), duty.pk)
    clock.shift(30 * 60)
    services.overdue_due()
    services.overdue_due()
    assert entries(duty, "duty.overdue") == 1
    assert rungs(duty) == [("enterprise_duty", "answered"), ("enterprise_principal", "calling")]
    assert Call.objects.get(duty=duty, rung=0).times == 2
    assert duty in duties_for(actor(county.users["principal"]), "mine")


def test_a_superior_silent_about_a_late_stage_is_climbed_from_to_the_end_of_the_chain(clock, county, open_duty):
    duty = open_duty()
    services.answer(actor(county.users["enterprise"]), duty.pk)
    clock.shift(30 * 60)
    services.overdue_due()
    clock.shift(5 * 60 + 11)
    assert [finding.key for finding in audit()] == [f"audit:duty:{duty.pk}:call:1:2"]
    services.climb_due()
    assert [who for who, _state in rungs(duty)] == ["enterprise_duty", "enterprise_principal", "township_head"]
    assert audit() == []
    for _ in range(5):
        clock.shift(3600)
        services.climb_due()
    chain = [step["who"] for step in duty.policy["chain"]]
    assert [who for who, _state in rungs(duty)] == chain
    assert audit() == []


@pytest.mark.parametrize("taken", ["answered above", "stage done"])
def test_who_is_told_of_a_late_stage_is_climbed_from_no_longer_once_it_is_taken_up(clock, county, open_duty, taken):
    duty = open_duty()
    services.answer(actor(county.users["enterprise"]), duty.pk)
    clock.shift(30 * 60)
    services.overdue_due()
    if taken == "answered above":
        services.answer(actor(county.users["principal"]), duty.pk)
    else:
        services.pass_stage(actor(county.users["enterprise"]), duty.about, [duty.kind], "feedback")
    clock.shift(3600)
    services.climb_due()
    assert Call.objects.filter(duty=duty).count() == 2
    assert audit() == []


def test_an_empty_post_above_a_late_stage_is_passed_by(clock, county, open_duty):
    Holding.objects.filter(post=county.posts["principal"]).update(valid_to=T0)
    duty = open_duty()
    services.answer(actor(county.users["enterprise"]), duty.pk)
    clock.shift(30 * 60)
    services.overdue_due()
    assert rungs(duty)[1:] == [("enterprise_principal", "nobody"), ("township_head", "calling")]


def test_a_stage_done_before_it_got_worse_runs_again(clock, county, open_duty, lane):
    duty = open_duty(level=3)
    services.pass_stage(actor(county.users["enterprise"]), duty.about, [duty.kind], "feedback")
    stage = StageClock.objects.filter(duty=duty, stage="feedback")
    assert stage.get().done_at is not None
    clock.shift(3600)
    services.raise_duty(SYSTEM, Duty.objects.get(pk=duty.pk), lane(4), 4, "变红", "为什么")
    assert (stage.get().done_at, stage.get().starts_at) == (None, T0 + timedelta(hours=1))


def test_a_duty_that_cannot_be_climbed_holds_up_no_other(clock, county, open_duty):
    broken = open_duty()
    duty = open_duty(subject=2)
    unknown = [broken.policy["chain"][0], {"who": "not_a_place", "answer_s": 60}]
    Duty.objects.filter(pk=broken.pk).update(policy={**broken.policy, "chain": unknown})
    clock.shift(300)
    services.climb_due()
    assert [who for who, _state in rungs(duty)] == ["enterprise_duty", "enterprise_principal"]
    assert len(rungs(broken)) == 1
    clock.shift(11)
    assert [finding.about.id for finding in audit()] == [broken.pk]


@pytest.mark.full
def test_ten_thousand_open_duties_cost_only_those_that_are_due(clock, county, lane):
    """Queries per due duty stay constant and nothing that is not due is read."""
    duties = Duty.objects.bulk_create(
        Duty(
            kind="test.work",
            key=f"bulk:{i}",
            about_type="thing",
            about_id=i,
            site=county.site,
            level=4,
            title="堆",
            policy=lane(),
            opened_at=T0,
            called_since=T0,
            rung_next=1,
            climb_at=T0 + timedelta(seconds=0 if i < 200 else 600),
        )
        for i in range(10_000)
    )
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert services.climb_due() is False
    due = {duty.pk for duty in duties[:200]}
    assert set(Call.objects.values_list("duty_id", flat=True)) == due
    groups = 200 // climbing.GROUP
    assert len(captured) <= groups * (climbing.GROUP + 25)
    assert Duty.objects.filter(climb_at__lte=T0, pk__in=due).count() == 0


@pytest.mark.django_db(transaction=True)
def test_two_workers_racing_place_each_call_once(clock, county, open_duty):
    made = [open_duty(subject=i) for i in range(30)]
    clock.shift(300)
    failures = []

    def work():
        try:
            services.climb_due()
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert Call.objects.filter(rung=1).count() == len(made)
    assert Entry.objects.filter(verb="duty.called").count() == 2 * len(made)


def test_a_call_that_stands_without_its_agenda_is_not_placed_twice(clock, open_duty):
    """A row another worker wrote: the constraint refuses the second call and the agenda follows the calls."""
    duty = open_duty()
    clock.shift(300)
    services.climb_due()
    Duty.objects.filter(pk=duty.pk).update(rung_next=1, climb_at=T0 + timedelta(seconds=300))
    other = open_duty(subject=2)
    clock.shift(299)
    clock.shift(1)
    services.climb_due()
    assert Call.objects.filter(duty=duty, rung=1).count() == 1
    assert Call.objects.filter(duty=other).count() == 2
    duty.refresh_from_db()
    assert duty.rung_next == 2


def test_about_is_the_subject(open_duty):
    assert open_duty(subject=9).about == SubjectRef("thing", 9)
