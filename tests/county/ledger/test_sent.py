"""An act that comes twice is done once; one that comes late keeps the device's time beside ours."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import time_machine
from django.db import connections
from django.utils import timezone

from shoutu.county.duties import services as duties
from shoutu.county.duties.models import Duty, State
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.ledger.models import Entry, SentAct
from shoutu.county.ledger.verbs import words
from shoutu.county.warnings.models import Warning
from tests.county.duties.conftest import lane, open_duty, pack  # noqa: F401
from tests.county.warnings.conftest import raise_to, signal, watched  # noqa: F401


def _sent(county, name: str, key: str = "k" * 8, at=None) -> dict:
    return {"key": key, "user": county.users[name].pk, "at": (at or timezone.now()).isoformat()}


def _post(client, path: str, body: dict):
    return client.post(f"/api/v1/{path}", json.dumps(body), content_type="application/json")


def _seen(of: Warning) -> dict:
    return {"level": of.level, "episode": of.episode, "result": of.result}


def _verbs(subject_id: int) -> list[str]:
    return list(
        Entry.objects.filter(subject_type="duty", subject_id=subject_id).order_by("id").values_list("verb", flat=True)
    )


@pytest.mark.django_db
def test_an_act_sent_again_is_done_once_and_answered_alike(county, login, open_duty) -> None:  # noqa: F811
    duty = open_duty()
    client = login("enterprise")
    body = {"note": "在路上", "sent": _sent(county, "enterprise")}
    first = _post(client, f"duties/{duty.pk}/answer", body)
    entries = Entry.objects.count()
    again = _post(client, f"duties/{duty.pk}/answer", body)
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json()["state"] == again.json()["state"] == "answered"
    assert Entry.objects.count() == entries
    assert "act.came_late" not in _verbs(duty.pk)
    # What can be done once only is not refused the second time either: its first answer was lost.
    body = {"note": "办完", "sent": _sent(county, "enterprise", "done-done")}
    assert _post(client, f"duties/{duty.pk}/done", body).status_code == 200
    assert _post(client, f"duties/{duty.pk}/done", body).json()["state"] == "done"
    assert _post(client, f"duties/{duty.pk}/done", {"note": "办完"}).status_code == 409


@pytest.mark.django_db
def test_a_key_names_one_act_of_one_person(county, login, open_duty) -> None:  # noqa: F811
    duty, other = open_duty(), open_duty(subject=2)
    client = login("enterprise")
    sent = _sent(county, "enterprise")
    assert _post(client, f"duties/{duty.pk}/answer", {"sent": sent}).status_code == 200
    for path, note in (
        (f"duties/{duty.pk}/answer", "别的话"),
        (f"duties/{other.pk}/answer", ""),
        (f"duties/{duty.pk}/done", ""),
    ):
        refused = _post(client, path, {"note": note, "sent": sent})
        assert (refused.status_code, refused.json()["code"]) == (409, "key.reused"), path
    stranger = _post(client, f"duties/{other.pk}/answer", {"sent": _sent(county, "duty_officer", "another-1")})
    assert (stranger.status_code, stranger.json()["code"]) == (409, "act.other_user")
    assert SentAct.objects.count() == 1
    assert Duty.objects.get(pk=other.pk).state == State.CALLED


@pytest.mark.django_db
def test_what_is_refused_may_be_sent_again_under_its_key(county, login, open_duty) -> None:  # noqa: F811
    duty = open_duty()
    client = login("enterprise")
    body = {"note": "", "sent": _sent(county, "enterprise")}
    assert _post(client, f"duties/{duty.pk}/done", body).status_code == 409, "not answered yet"
    assert not SentAct.objects.exists()
    assert _post(client, f"duties/{duty.pk}/answer", {}).status_code == 200
    assert _post(client, f"duties/{duty.pk}/done", body).status_code == 200


@pytest.mark.django_db
def test_what_was_done_before_it_got_worse_does_not_answer_for_the_worse(county, login, open_duty, lane) -> None:  # noqa: F811
    duty = open_duty(level=1, policy=lane(1))
    client = login("enterprise")
    held = {"sent": {**_sent(county, "enterprise"), "seen": {"round": duty.round}}}
    duties.raise_duty(SYSTEM, duty, lane(4), 4, "红色", "≤ 6.00 m")
    refused = _post(client, f"duties/{duty.pk}/answer", held)
    assert (refused.status_code, refused.json()["code"]) == (409, "act.overtaken")
    assert "情况变了" in refused.json()["detail"]
    duty.refresh_from_db()
    assert (duty.state, duty.climb_at is not None) == (State.CALLED, True)
    assert not SentAct.objects.exists()
    now = {"sent": {**_sent(county, "enterprise", "looked-at-it"), "seen": {"round": duty.round}}}
    assert _post(client, f"duties/{duty.pk}/answer", now).json()["state"] == "answered"
    late = {"sent": {**_sent(county, "enterprise", "done-too-late"), "seen": {"round": duty.round - 1}}}
    refused = _post(client, f"duties/{duty.pk}/done", late)
    assert (refused.status_code, "情况变了" in refused.json()["detail"]) == (409, True)


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["enterprise", "principal"])
def test_a_chain_nobody_answered_and_that_began_again_refuses_nobody(county, login, open_duty, who) -> None:  # noqa: F811
    begun = timezone.now()
    with time_machine.travel(begun, tick=False) as clock:
        duty = open_duty()
        for minutes in (5, 5, 5, 5, 15):
            clock.shift(minutes * 60)
            duties.climb_due()
        duty.refresh_from_db()
        # One is called in the second round already, the other's turn has not come again.
        assert (duty.round, duty.calls.filter(round=2).count()) == (2, 1)
        done_at = begun + timedelta(minutes=6)
        held = {"sent": {**_sent(county, who, at=done_at), "seen": {"round": 1}}}
        [desk] = login(who).get("/api/v1/duties", {"view": "mine"}).json()["items"]
        assert (desk["id"], desk["verb"]) == (duty.pk, "应答"), "it stays on the desk of who may answer it"
        answered = _post(login(who), f"duties/{duty.pk}/answer", held)
        assert (answered.status_code, answered.json().get("state")) == (200, "answered"), answered.content
        assert [row["state"] for row in answered.json()["chain"]].count("answered") == 1
        clock.shift(3600)
        duties.climb_due()
    duty.refresh_from_db()
    assert (duty.state, duty.round, duty.person_id) == ("answered", 2, county.users[who].person_id)
    assert _verbs(duty.pk).count("duty.answered") == 1


@pytest.mark.django_db
def test_an_answer_to_the_round_before_is_counted_on_the_list(county, login, raise_to) -> None:  # noqa: F811
    with time_machine.travel(timezone.now(), tick=False) as clock:
        warning = raise_to(4)
        duty = Duty.objects.filter(about_type="warning", about_id=warning.pk).order_by("id").first()
        for _minutes in range(0, 600, 5):
            clock.shift(300)
            duties.climb_due()
            duty.refresh_from_db()
            if duty.round == 2:
                break
        again = {call.rung for call in duty.calls.filter(round=2)}
        waits = [call.person_id for call in duty.calls.filter(round=1, state="calling") if call.rung not in again]
        who = next(name for name, user in county.users.items() if user.person_id in waits)
        assert _post(login(who), f"duties/{duty.pk}/answer", {}).status_code == 200
        shown = login("leader").get(f"/api/v1/warnings/{warning.pk}").json()
    assert shown["answered"] == sum(row["state"] == "answered" for row in shown["chain"]) == 1


@pytest.mark.django_db
def test_whose_turn_has_not_come_again_calls_no_next_one(county, login, open_duty) -> None:  # noqa: F811
    with time_machine.travel(timezone.now(), tick=False) as clock:
        duty = open_duty()
        for minutes in (5, 5, 5, 5, 15):
            clock.shift(minutes * 60)
            duties.climb_due()
        assert _post(login("principal"), f"duties/{duty.pk}/decline", {}).status_code == 409


@pytest.mark.django_db
def test_who_saw_the_first_result_verifies_not_the_second(county, login, open_duty) -> None:  # noqa: F811
    duty = open_duty()
    holder, verifier = login("enterprise"), login("duty_officer")
    for verb in ("answer", "done"):
        _post(holder, f"duties/{duty.pk}/{verb}", {})
    row = verifier.get(f"/api/v1/duties/{duty.pk}").json()
    held = {"sent": {**_sent(county, "duty_officer"), "seen": {"round": row["round"], "done_at": row["done_at"]}}}
    assert _post(login("inspector"), f"duties/{duty.pk}/return", {"note": "还在漏"}).status_code == 200
    assert _post(holder, f"duties/{duty.pk}/done", {}).status_code == 200
    refused = _post(verifier, f"duties/{duty.pk}/verify", held)
    assert (refused.status_code, refused.json().get("code")) == (409, "act.overtaken")
    row = verifier.get(f"/api/v1/duties/{duty.pk}").json()
    seen = {"round": row["round"], "done_at": row["done_at"]}
    held = {"sent": {**_sent(county, "duty_officer", "looked-at-it"), "seen": seen}}
    assert _post(verifier, f"duties/{duty.pk}/verify", held).json()["state"] == "verified"


@pytest.mark.django_db
def test_what_was_seen_before_a_restore_is_not_done_to_what_has_its_number_now(county, login, open_duty) -> None:  # noqa: F811
    duty = open_duty()
    client = login("enterprise")
    row = client.get(f"/api/v1/duties/{duty.pk}").json()
    # Put back from a backup taken before it was opened, the county gives its number to what came next.
    Duty.objects.filter(pk=duty.pk).update(opened_at=duty.opened_at + timedelta(hours=3))
    old = {"round": row["round"], "opened_at": row["opened_at"], "done_at": None}
    refused = _post(client, f"duties/{duty.pk}/answer", {"sent": {**_sent(county, "enterprise"), "seen": old}})
    assert (refused.status_code, refused.json()["code"]) == (409, "act.overtaken")
    assert "从备份恢复" in refused.json()["detail"]
    assert (Duty.objects.get(pk=duty.pk).state, SentAct.objects.exists()) == (State.CALLED, False)
    row = client.get(f"/api/v1/duties/{duty.pk}").json()
    new = {"round": row["round"], "opened_at": row["opened_at"], "done_at": None}
    held = {"sent": {**_sent(county, "enterprise", "looked-at-it"), "seen": new}}
    assert _post(client, f"duties/{duty.pk}/answer", held).json()["state"] == "answered"


@pytest.mark.django_db
def test_nor_to_a_warning_and_a_telephone_that_does_not_say_is_believed(county, login, raise_to) -> None:  # noqa: F811
    red = raise_to(4)
    client = login("duty_officer")
    told = client.get(f"/api/v1/warnings/{red.pk}").json()["opened_at"]
    Warning.objects.filter(pk=red.pk).update(opened_at=red.opened_at + timedelta(hours=3))
    held = {"result": "real", "sent": {**_sent(county, "duty_officer"), "seen": {**_seen(red), "opened_at": told}}}
    refused = _post(client, f"warnings/{red.pk}/verify", held)
    assert (refused.status_code, refused.json()["code"]) == (409, "act.overtaken")
    assert Warning.objects.get(pk=red.pk).result is None
    older = {"result": "real", "sent": {**_sent(county, "duty_officer", "older-page"), "seen": _seen(red)}}
    assert _post(client, f"warnings/{red.pk}/verify", older).json()["result"] == "real"


@pytest.mark.django_db
def test_a_false_alarm_of_the_yellow_calls_off_no_red(county, login, raise_to) -> None:  # noqa: F811
    seen = _seen(raise_to(2))
    red = raise_to(4, 2)
    client = login("duty_officer")
    told = {"result": "false_alarm", "reason": "calibration", "note": ""}
    body = {**told, "sent": {**_sent(county, "duty_officer"), "seen": seen}}
    refused = _post(client, f"warnings/{red.pk}/verify", body)
    assert (refused.status_code, "情况变了" in refused.json()["detail"]) == (409, True)
    late = {"note": "已处置", "sent": {**_sent(county, "enterprise", "late-late"), "seen": seen}}
    assert "情况变了" in _post(login("enterprise"), f"warnings/{red.pk}/dispose", late).json()["detail"]
    red.refresh_from_db()
    assert (red.result, red.disposed_at) == (None, None)
    assert Duty.objects.filter(about_type="warning", about_id=red.pk, state=State.CALLED).exists()
    # Whoever looks first and says so is heard, and what a colleague said meanwhile is not spoken over unread.
    seen = _seen(red)
    held = {**told, "sent": {**_sent(county, "duty_officer", "held-since-red"), "seen": seen}}
    real = {"result": "real", "sent": {**_sent(county, "duty_officer", "looked-at-it"), "seen": seen}}
    assert _post(client, f"warnings/{red.pk}/verify", real).json()["result"] == "real"
    assert _post(client, f"warnings/{red.pk}/verify", held).status_code == 409
    red.refresh_from_db()
    assert red.result == "real"


@pytest.mark.django_db
@pytest.mark.parametrize("shift", [timedelta(hours=-1, minutes=-8), timedelta(minutes=5)])
def test_late_act_keeps_both_times_and_the_limit_counts_ours(county, login, open_duty, shift) -> None:  # noqa: F811
    duty = open_duty()
    client = login("enterprise")
    before = timezone.now()
    told = before + shift
    answer = _post(client, f"duties/{duty.pk}/answer", {"sent": _sent(county, "enterprise", at=told)})
    assert answer.status_code == 200, answer.content
    duty.refresh_from_db()
    row = SentAct.objects.get()
    assert row.told_at == told
    assert before <= duty.answered_at <= row.came_at <= timezone.now()
    entry = Entry.objects.get(verb="act.came_late")
    assert entry.body["payload"]["told_at"] == told.isoformat()
    words = [line["text"] for line in answer.json()["timeline"]]
    assert any(f"{timezone.localtime(told):%m-%d %H:%M:%S}" in line and "县里收到的时间" in line for line in words)


@pytest.mark.django_db
@pytest.mark.parametrize("at", ["1970-01-01T00:05:00Z", "2100-01-01T00:00:00+08:00"])
def test_a_telephone_with_a_wrong_date_is_answered_and_told_of(county, login, open_duty, at) -> None:  # noqa: F811
    duty = open_duty()
    answer = _post(login("enterprise"), f"duties/{duty.pk}/answer", {"sent": {**_sent(county, "enterprise"), "at": at}})
    assert answer.status_code == 200, answer.content
    assert Duty.objects.get(pk=duty.pk).state == State.ANSWERED
    assert Entry.objects.get(verb="act.came_late").body["payload"]["clock"] == "wrong"
    assert any("手机的日期不对" in line["text"] and at[:4] in line["text"] for line in answer.json()["timeline"])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"at": "9999-12-31T23:59:59+00:00"}, "at"),
        ({"at": "9999-12-31T23:59:59-10:00"}, "at"),
        ({"at": "0001-01-01T00:00:00+10:00"}, "at"),
        ({"at": "1969-12-31T23:59:59Z"}, "at"),
        ({"at": "2026-11-26T12:00:00"}, "at"),
        ({"key": "k" * 7}, "key"),
        ({"key": "k" * 65}, "key"),
        ({"key": "钥匙钥匙钥匙钥匙"}, "key"),
        ({"key": "12345678\n"}, "key"),
    ],
)
def test_a_time_or_a_key_that_is_none_is_refused_by_its_name(county, login, open_duty, wrong, field) -> None:  # noqa: F811
    duty = open_duty()
    client = login("enterprise")
    refused = _post(client, f"duties/{duty.pk}/answer", {"sent": {**_sent(county, "enterprise"), **wrong}})
    assert (refused.status_code, field in refused.json()["field"]) == (422, True), refused.content
    assert Duty.objects.get(pk=duty.pk).state == State.CALLED
    assert client.get(f"/api/v1/duties/{duty.pk}").status_code == 200


def test_an_entry_whose_time_no_calendar_has_is_shown_all_the_same() -> None:
    assert words("act.came_late", {"told_at": "9999-12-31T23:59:59+00:00"}) == "act.came_late"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("verb", ["answer", "done"])
def test_the_same_act_twice_at_once_is_done_once(county, login, open_duty, verb) -> None:  # noqa: F811
    duty = open_duty()
    if verb == "done":
        assert _post(login("enterprise"), f"duties/{duty.pk}/answer", {}).status_code == 200
    clients = [login("enterprise") for _ in range(3)]
    body = {"note": "收到", "sent": _sent(county, "enterprise")}
    start = Barrier(3)

    def send(client) -> int:
        try:
            start.wait(10)
            return _post(client, f"duties/{duty.pk}/{verb}", body).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(send, clients)) == [200, 200, 200]
    assert SentAct.objects.count() == 1
    assert _verbs(duty.pk).count({"answer": "duty.answered", "done": "duty.done"}[verb]) == 1
