"""Every forbidden transition is refused, every verb leaves an entry, and who may act is who was called."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from shoutu.county.duties import services
from shoutu.county.duties.api import detail
from shoutu.county.duties.models import Call, Duty, State
from shoutu.county.duties.selectors.chains import chain_rows
from shoutu.county.duties.states import TABLE
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Conflict, NotAllowed, NotFound
from shoutu.county.ledger.models import Entry
from shoutu.county.people.testing import actor
from tests.county.duties.test_climbing import T0

VERBS = {
    "answer": services.answer,
    "decline": services.decline,
    "done": services.done,
    "verify": services.verify,
    "return": lambda a, i: services.return_(a, i, "照片不清"),
    "recall": services.recall,
    "cancel": lambda a, i: services.cancel(a, i, "不用了"),
}


COUNTY_LANE = {
    "policy": "test@1",
    "verified": False,
    "chain": [{"who": "county_duty", "answer_s": 300}, {"who": "county_leader", "answer_s": 900}],
    "due_s": {},
    "orders": [],
    "retry_s": [],
}


@pytest.fixture
def clock():
    with time_machine.travel(T0, tick=False) as traveller:
        yield traveller


@pytest.fixture
def mine(clock, county):
    return actor(county.users["enterprise"])


@pytest.fixture
def officer(clock, county):
    return actor(county.users["duty_officer"])


@pytest.fixture
def duty(mine, open_duty):
    return open_duty()


def entries(duty, verb):
    return Entry.objects.filter(subject_type="duty", subject_id=duty.pk, verb=verb).count()


def test_the_table_lists_every_verb():
    assert set(TABLE.verbs) == set(VERBS)
    assert set(TABLE.states) == set(State.values)


@pytest.mark.parametrize(("state", "verb"), TABLE.forbidden())
def test_every_forbidden_transition_is_refused(duty, mine, state, verb):
    Duty.objects.filter(pk=duty.pk).update(state=state, post=duty.calls.get().post)
    with pytest.raises(Conflict):
        VERBS[verb](SYSTEM if verb in ("verify", "return", "recall", "cancel") else mine, duty.pk)


def test_call_answer_done_verified_with_an_entry_each(duty, mine, officer):
    services.answer(mine, duty.pk, "在路上")
    services.done(mine, duty.pk, "已处置")
    done = services.verify(officer, duty.pk)
    assert done.state == "verified"
    for verb in ("opened", "called", "answered", "done", "verified"):
        assert entries(duty, f"duty.{verb}") == 1, verb


def test_a_returned_duty_goes_back_to_its_holder_who_is_called_again(duty, mine, officer):
    services.answer(mine, duty.pk)
    services.done(mine, duty.pk)
    back = services.return_(officer, duty.pk, "照片不清")
    assert (back.state, back.returned, back.post_id) == ("answered", True, mine.posts[0])
    assert Call.objects.get(duty=duty).times == 2
    assert services.done(mine, duty.pk).returned is False


def test_only_those_called_answer(duty, county, officer):
    with pytest.raises(Conflict, match="没有叫到你"):
        services.answer(officer, duty.pk)
    with pytest.raises(NotFound):
        services.answer(actor(county.users["enterprise_b"]), duty.pk)
    with pytest.raises(NotAllowed):
        services.answer(actor(county.users["auditor"]), duty.pk)


def test_answering_twice_is_harmless(duty, mine):
    services.answer(mine, duty.pk)
    services.answer(mine, duty.pk)
    assert entries(duty, "duty.answered") == 1


def test_who_has_answered_is_offered_no_answer_and_who_was_called_after_still_is(duty, mine, county, clock):
    principal = actor(county.users["principal"])

    def offered(who):
        acts = detail(who, duty.pk)["actions"]
        return next((one["allowed"], one["why"]) for one in acts if one["verb"] == "answer")

    assert offered(mine) == (True, None)
    services.answer(mine, duty.pk)
    assert offered(mine) == (False, "已应答")
    Call.objects.create(
        duty=duty,
        round=duty.round,
        rung=1,
        who="principal",
        post=county.posts["principal"],
        state="calling",
        called_at=T0,
        due_at=T0,
    )
    assert offered(principal) == (True, None)
    assert offered(mine) == (False, "已应答")
    Duty.objects.filter(pk=duty.pk).update(cause_round=duty.round + 1)  # called anew for something worse
    assert offered(mine)[1] != "已应答"


def test_a_late_answer_is_on_the_record_but_takes_nothing_from_the_holder(duty, mine, county, clock):
    clock.shift(300)
    services.climb_due()
    services.answer(actor(county.users["principal"]), duty.pk)
    late = services.answer(mine, duty.pk, "刚看到")
    assert late.post_id == county.posts["principal"].pk
    assert entries(duty, "duty.answered") == 2


def test_nobody_verifies_what_they_did_themselves(mine, officer, county, open_duty):
    duty = open_duty(policy=COUNTY_LANE, subject=3)
    services.answer(officer, duty.pk)
    services.done(officer, duty.pk)
    with pytest.raises(Conflict, match="别人验收"):
        services.verify(officer, duty.pk)
    assert services.verify(actor(county.users["leader"]), duty.pk).state == "verified"


def test_the_holder_alone_finishes(duty, mine, county):
    services.answer(mine, duty.pk)
    with pytest.raises(Conflict, match="由应答的人来办"):
        services.done(actor(county.users["principal"]), duty.pk)


def test_recall_calls_again_but_not_within_half_a_minute(duty, officer, clock):
    with pytest.raises(Conflict, match="刚叫过"):
        services.recall(officer, duty.pk)
    clock.shift(31)
    services.recall(officer, duty.pk)
    assert Call.objects.get(duty=duty).times == 2
    with pytest.raises(Conflict, match="刚叫过"):
        services.recall(officer, duty.pk)
    assert entries(duty, "duty.recalled") == 1


def test_the_enterprise_does_not_call_again(duty, mine, clock):
    clock.shift(31)
    with pytest.raises(NotAllowed):
        services.recall(mine, duty.pk)


def test_a_cancelled_duty_climbs_no_more(duty, clock):
    services.cancel(SYSTEM, duty.pk, "误报")
    clock.shift(3600)
    services.climb_due()
    services.overdue_due()
    assert Call.objects.filter(duty=duty).count() == 1
    assert entries(duty, "duty.cancelled") == 1


def test_what_people_write_can_be_erased(duty, mine):
    services.answer(mine, duty.pk, "张某已出发")
    entry = Entry.objects.get(verb="duty.answered")
    assert "张某" not in bytes(entry.canonical).decode()
    assert entry.personal_values.get(field="note").value == "张某已出发"


def unanswered(duty):
    return [(row["state"], row["ended_at"]) for row in rows_of(duty) if row["answered_at"] is None]


def rows_of(duty):
    whole_ = Duty.objects.prefetch_related("calls__post__organisation", "calls__person").get(pk=duty.pk)
    return chain_rows([whole_], SYSTEM)


@pytest.fixture
def climbed(duty, clock):
    """Not answered in time by the first, and called up to the second."""
    clock.shift(timedelta(minutes=6))
    services.climb_due(timezone.now())
    clock.shift(timedelta(seconds=30))
    return duty


OVER = {
    "done": lambda duty: services.complete(SYSTEM, duty.about, [duty.kind], "verify"),
    "cancelled": lambda duty: services.cancel(SYSTEM, duty.pk, "核实为误报"),
    "settled": lambda duty: services.settle(SYSTEM, duty.about),
}


@pytest.mark.parametrize("over", OVER.values(), ids=OVER)
def test_calls_nobody_answered_end_with_their_duty(climbed, clock, over):
    at = timezone.now()
    assert [state for state, _ended in unanswered(climbed)][:2] == ["overdue", "calling"]
    over(climbed)
    clock.shift(timedelta(days=5))
    assert unanswered(climbed) == [("overdue", at), ("ended", at)]
    assert not Call.objects.filter(duty=climbed, state="calling").exists()


def test_calls_kept_before_they_ended_with_their_duty_read_as_ended_then(climbed, clock):
    at = timezone.now()
    services.complete(SYSTEM, climbed.about, [climbed.kind], "verify")
    Call.objects.filter(duty=climbed).update(state="calling", ended_at=None)
    clock.shift(timedelta(days=5))
    assert unanswered(climbed) == [("overdue", at), ("ended", at)]


def test_a_duty_sent_back_asks_those_it_had_let_go(climbed, mine, officer):
    services.answer(mine, climbed.pk)
    services.done(mine, climbed.pk)
    assert not Call.objects.filter(duty=climbed, state="calling").exists()
    services.return_(officer, climbed.pk, "照片不清")
    assert [state for state, _ended in unanswered(climbed)] == ["calling"]


def test_one_who_takes_note_lets_the_others_go(mine, open_duty, clock):
    duty = open_duty(kind="silence.begun")
    clock.shift(timedelta(minutes=6))
    services.climb_due(timezone.now())
    services.answer(mine, duty.pk)
    assert Duty.objects.get(pk=duty.pk).state == "done"
    assert not Call.objects.filter(duty=duty, state="calling").exists()
