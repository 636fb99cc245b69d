"""号码核对: who is known to answer, who is asked first, and what is tried when."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from shoutu.county.duties.models import Channel, Finding, Notice, Trial
from shoutu.county.duties.selectors.numbers import NUMBER, numbers, unanswered
from shoutu.county.duties.services import check_findings, findings, set_contact, trials
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Conflict, Invalid
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.models import Entry
from shoutu.county.people import services as people
from shoutu.county.people.testing import actor

pytestmark = pytest.mark.django_db
JSON = "application/json"


@pytest.fixture
def noon():
    """A day to come, away from the first week of a month: then the monthly run would call, too."""
    day = timezone.localtime() + timedelta(days=20)
    with time_machine.travel(day.replace(day=15, hour=12, minute=0), tick=False) as clock:
        yield clock


@pytest.fixture
def sms() -> Channel:
    return Channel.objects.create(title="短信", kind="operator_sms", settings={}, secrets="")


def contact(county: SimpleNamespace, name: str, channel: Channel, address: str = "13800000001"):
    return set_contact(SYSTEM, county.users[name].person, "短信", channel=channel, address=address)


def of(county: SimpleNamespace, name: str):
    return next(one for one in numbers(timezone.now()) if one.person == county.users[name].person)


def test_a_number_is_known_to_answer_only_once_it_did(county, sms, noon) -> None:
    assert of(county, "principal").state == "none"
    own = contact(county, "principal", sms)
    assert of(county, "principal").state == "never"
    trial = trials.test_contact(SYSTEM, own)
    assert of(county, "principal").waiting == trial.due_at
    trials.answered(trial.notices.get())
    assert (of(county, "principal").state, of(county, "principal").last_at) == ("reached", timezone.now())
    noon.shift(timedelta(days=30))
    trials.test_contact(SYSTEM, own)
    noon.shift(timedelta(hours=3))
    trials.keep_testing()
    assert (of(county, "principal").state, of(county, "principal").missed) == ("silent", 1)


def test_another_address_has_to_answer_anew(county, sms, noon) -> None:
    own = contact(county, "principal", sms)
    trials.answered(trials.test_contact(SYSTEM, own).notices.get())
    noon.shift(timedelta(minutes=1))
    contact(county, "principal", sms, "13800000002")
    assert of(county, "principal").state == "never"


def test_an_address_changed_while_it_was_off_has_to_answer_anew(county, sms, noon) -> None:
    own = contact(county, "principal", sms)
    trials.answered(trials.test_contact(SYSTEM, own).notices.get())
    person = county.users["principal"].person
    noon.shift(timedelta(minutes=1))
    set_contact(SYSTEM, person, "短信", channel=sms, address="13800000001", enabled=False)
    contact(county, "principal", sms)
    assert of(county, "principal").state == "reached", "off and on again at the same address"
    set_contact(SYSTEM, person, "短信", channel=sms, address="13800000001", enabled=False)
    noon.shift(timedelta(minutes=1))
    contact(county, "principal", sms, "13800000002")
    assert of(county, "principal").state == "never"


def test_an_unanswered_call_to_another_address_counts_no_more(county, sms, noon) -> None:
    trials.test_contact(SYSTEM, contact(county, "principal", sms))
    noon.shift(timedelta(hours=3))
    trials.keep_testing()
    assert of(county, "principal").missed == 1
    contact(county, "principal", sms, "13800000002")
    assert (of(county, "principal").state, of(county, "principal").missed) == ("never", 0)


def test_an_answer_in_the_application_says_nothing_about_the_number(county, sms, noon) -> None:
    contact(county, "principal", sms)
    now = timezone.now()
    Notice.objects.create(
        person=county.users["principal"].person, channel="app", key="x", text="", step="answered", at=now,
        queued_at=now, answered_at=now,
    )  # fmt: skip
    assert of(county, "principal").state == "never"


def test_who_is_on_duty_now_comes_first_and_who_answers_last(county, sms, noon) -> None:
    own = contact(county, "leader", sms)
    trials.answered(trials.test_contact(SYSTEM, own).notices.get())
    watch = county.posts["duty_officer"]
    now = timezone.now()
    since, until = now - timedelta(hours=1), now + timedelta(hours=5)
    people.plan_shift(SYSTEM, watch, county.users["inspector"].person, since, until)
    found = numbers(now)
    assert (found[0].person, found[0].urgency) == (county.users["inspector"].person, "on_duty")
    assert found[-1].person == county.users["leader"].person


def test_all_never_tried_are_called_once_and_by_name_half_a_minute_apart(county, sms, noon) -> None:
    contact(county, "principal", sms)
    contact(county, "leader", sms, "13800000002")
    boss = actor(county.users["administrator"])
    assert trials.try_numbers(boss) == 2
    with pytest.raises(Conflict):
        trials.try_numbers(boss)
    with pytest.raises(Conflict):
        trials.try_numbers(boss, county.users["leader"].person)
    noon.shift(timedelta(seconds=31))
    assert trials.try_numbers(boss, county.users["leader"].person) == 1
    assert Trial.objects.count() == 3


@pytest.mark.parametrize(("hour", "may"), [(6, False), (7, True), (21, True), (22, False), (3, False)])
def test_at_night_only_for_a_reason(county, sms, hour: int, may: bool) -> None:
    day: datetime = (timezone.localtime() + timedelta(days=1)).replace(hour=hour, minute=0)
    boss = actor(county.users["administrator"])
    with time_machine.travel(day, tick=False):
        contact(county, "principal", sms)
        if not may:
            with pytest.raises(Invalid) as caught:
                trials.try_numbers(boss)
            assert caught.value.field == "reason"
        assert trials.try_numbers(boss, reason="" if may else "换了号，马上要用") == 1
    entry = Entry.objects.filter(verb="trial.started").get()
    assert "换了号" not in bytes(entry.canonical).decode()


def test_a_rostered_number_that_never_answered_is_a_finding_until_it_does(county, sms, noon) -> None:
    who = county.users["inspector"].person
    watch, now = county.posts["duty_officer"], timezone.now()
    people.plan_shift(SYSTEM, watch, who, now + timedelta(days=3), now + timedelta(days=3, hours=8))
    own = contact(county, "inspector", sms)
    body = ref(county.bureau)
    mine = lambda: [gap for gap in unanswered(body) if gap.key == f"person:{who.pk}"]  # noqa: E731
    assert [gap.optional for gap in mine()] == [True], "never tried: nobody's failing"
    trials.test_contact(SYSTEM, own)
    noon.shift(timedelta(hours=3))
    trials.keep_testing()
    assert [gap.optional for gap in mine()] == [False]
    again = trials.test_contact(SYSTEM, own)
    trials.answered(again.notices.get())
    assert mine() == []


def test_a_finding_about_a_number_ends_when_its_organisation_leaves_the_roster(county, sms, noon) -> None:
    who, body = county.users["inspector"].person, ref(county.bureau)
    watch, now = county.posts["duty_officer"], timezone.now()
    for days in (1, 2):
        people.plan_shift(SYSTEM, watch, who, now + timedelta(days=days), now + timedelta(days=days, hours=8))
    trials.test_contact(SYSTEM, contact(county, "inspector", sms))
    noon.shift(timedelta(hours=3))
    trials.keep_testing()
    found = lambda: list(check_findings(SYSTEM, NUMBER, body))  # noqa: E731
    assert [one.key for one in found()] == [f"person:{who.pk}"]
    entries = Entry.objects.filter(verb="finding.changed").count()
    noon.shift(timedelta(days=1, hours=8))
    found()
    assert Entry.objects.filter(verb="finding.changed").count() == entries, "the same words after the first shift"
    noon.shift(timedelta(days=2))
    with transaction.atomic():
        trials.touch([who.pk])
    while findings.look():
        pass
    assert not Finding.objects.filter(kind=NUMBER, cleared_at__isnull=True).exists()


def test_the_list_masks_and_counts_and_the_verb_is_the_administrators(county, sms, login, noon) -> None:
    contact(county, "principal", sms)
    page = login("duty_officer").get("/api/v1/numbers?state=never").json()
    assert [row["person"]["id"] for row in page["items"]] == [county.users["principal"].person_id]
    assert page["states"]["never"] == 1
    phone = county.users["principal"].person.phone
    assert not phone or page["items"][0]["phone"] != phone
    assert login("duty_officer").post("/api/v1/numbers/test", {}, content_type=JSON).status_code == 403
    answer = login("administrator").post("/api/v1/numbers/test", {}, content_type=JSON)
    assert (answer.status_code, answer.json()) == (200, {"persons": 1})
