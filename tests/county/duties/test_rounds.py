"""A chain nobody answered begins again: what was said to a call of an earlier round is an answer, and is counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from shoutu.county.duties import services
from shoutu.county.duties.models import Call, Contact, Duty, Notice
from shoutu.county.duties.selectors import duties_for, late_of
from shoutu.county.duties.selectors.chains import chain_rows
from shoutu.county.duties.selectors.clocks import has_answered, late_since
from shoutu.county.duties.selectors.lists import whole
from shoutu.county.duties.services import answering, links
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.people.testing import actor
from shoutu.county.warnings.selectors.drawn import still_calling

PHONE = "13800000001"
pytestmark = pytest.mark.django_db


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield clock


@pytest.fixture
def contact(county: SimpleNamespace) -> Contact:
    services.allow_endpoint(SYSTEM, "http", "127.0.0.1")
    channel = services.add_channel(SYSTEM, "短信", "operator_sms", {"url": "http://127.0.0.1:9/send"})
    return services.set_contact(SYSTEM, county.persons["enterprise"], "短信", channel=channel, address=PHONE)


def again(clock: Any) -> None:
    """Nobody on the whole chain answers."""
    for minutes in (5, 5, 5, 5, 15):
        clock.shift(minutes * 60)
        services.climb_due()
    sent = Notice.objects.filter(channel="operator_sms")
    sent.update(step="handed_over", handed_over_at=timezone.now(), next_try_at=None)


def messages() -> list[Notice]:
    return list(Notice.objects.filter(channel="operator_sms").order_by("id"))


@pytest.mark.parametrize("which", [0, 1])
def test_a_reply_to_either_message_is_that_ones_and_ends_the_calling_of_who_sent_it(
    county: SimpleNamespace, contact: Contact, open_duty: Callable[..., Duty], clock: Any, which: int
) -> None:
    duty = open_duty()
    again(clock)
    said = messages()[which]
    outcome = answering.take(contact.channel, "reply", PHONE, f"1 {links.code_of(said)}")
    duty.refresh_from_db()
    assert (outcome, duty.state, duty.person_id) == ("answered", "answered", county.users["enterprise"].person_id)
    assert [one.step for one in messages()][which] == "answered"
    states = list(Call.objects.filter(duty=duty, person=duty.person).order_by("round").values_list("state", flat=True))
    assert sorted(states) == ["answered", "ended"]
    assert states[which] == "answered"
    assert has_answered(Duty.objects.get(pk=duty.pk), actor(county.users["enterprise"]))
    rows = chain_rows(whole(Duty.objects.filter(pk=duty.pk)), SYSTEM)
    assert [row["state"] for row in rows].count("answered") == 1
    assert [row["post"] for row in rows].count(rows[0]["post"]) == 1, "who answered stands there once"
    # The other message answered as well, or the same twice: it counts, and changes nothing.
    late = messages()[1 - which]
    assert answering.take(contact.channel, "reply", PHONE, f"1 {links.code_of(late)}") in ("answered", "over")
    services.answer(actor(county.users["enterprise"]), duty.pk, via=late)
    assert duty.calls.filter(state="answered").count() == 1


def test_a_reply_without_a_number_to_two_messages_of_one_duty_is_an_answer(
    contact: Contact, open_duty: Callable[..., Duty], clock: Any
) -> None:
    duty = open_duty()
    again(clock)
    assert answering.take(contact.channel, "reply", PHONE, "1") == "answered"
    duty.refresh_from_db()
    assert (duty.state, messages()[1].step) == ("answered", "answered")


def test_of_two_duties_it_is_not(contact: Contact, open_duty: Callable[..., Duty], clock: Any) -> None:
    open_duty()
    open_duty(subject=2)
    again(clock)
    assert answering.take(contact.channel, "reply", PHONE, "1") == "unclear"
    assert not Duty.objects.filter(state="answered").exists()


def test_begun_again_it_is_late_since_the_first_round(
    county: SimpleNamespace, open_duty: Callable[..., Duty], clock: Any, login: Any
) -> None:
    duty = open_duty()
    first = duty.calls.get().due_at
    again(clock)
    assert Duty.objects.get(pk=duty.pk).round == 2
    assert late_of(SYSTEM) == (1, first)
    assert list(duties_for(SYSTEM, "late")) == [duty]
    seen = {
        role: (late_of(actor(user))[0], duties_for(actor(user), "late").count()) for role, user in county.users.items()
    }
    assert all(counted == listed for counted, listed in seen.values()), seen
    assert {counted for counted, _listed in seen.values()} == {0, 1}, "somebody sees it, somebody does not"
    # The row's own clock is of the new round, and runs: what is late must be said beside it.
    told = login("inspector").get("/api/v1/duties?view=late").json()["items"][0]
    assert abs(datetime.fromisoformat(told["late_since"]) - first) < timedelta(milliseconds=1)
    assert (told["round"], told["overdue"]) == (2, False)


def test_late_since_and_the_late_list_are_one_judgement(open_duty: Callable[..., Duty], clock: Any) -> None:
    duty = open_duty()
    for _ in range(12):
        row = whole(Duty.objects.filter(pk=duty.pk)).get()
        told = late_since(row)
        assert (told is not None) == duties_for(SYSTEM, "late").exists()
        assert told == late_of(SYSTEM)[1]
        clock.shift(4 * 60)
        services.climb_due()
        if row.round == 2 and row.state == "called":
            services.answer(SYSTEM, duty.pk)


def test_calling_again_reaches_those_above_whose_turn_has_not_come_again(
    county: SimpleNamespace, open_duty: Callable[..., Duty], clock: Any
) -> None:
    duty = open_duty()
    again(clock)
    clock.shift(40)
    services.recall(actor(county.users["duty_officer"]), duty.pk)
    called = Call.objects.filter(duty=duty, times=2).order_by("rung")
    assert [(one.rung, one.round) for one in called] == [(0, 2), (1, 1), (2, 1), (3, 1), (4, 1)]


def test_calling_again_leaves_alone_whose_shift_has_ended(
    county: SimpleNamespace, open_duty: Callable[..., Duty], clock: Any
) -> None:
    duty = open_duty()
    again(clock)
    # By day another one sat there.
    Call.objects.filter(duty=duty, round=1, rung=0).update(person=county.persons["township"])
    clock.shift(40)
    services.recall(actor(county.users["duty_officer"]), duty.pk)
    called = Call.objects.filter(duty=duty, times=2).order_by("rung")
    assert [(one.rung, one.round) for one in called] == [(0, 2), (1, 1), (2, 1), (3, 1), (4, 1)]


def test_answered_by_whom_is_called_nobody_of_them_is_still_called(
    county: SimpleNamespace, open_duty: Callable[..., Duty], clock: Any
) -> None:
    duty = open_duty()
    Duty.objects.filter(pk=duty.pk).update(about_type="warning", about_id=7)
    again(clock)
    for who in ("enterprise", "principal", "township", "duty_officer", "leader"):
        services.answer(actor(county.users[who]), duty.pk)
    assert still_calling() == set()
