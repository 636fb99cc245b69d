"""Sessions: a new key at each sign-in, an end by time and by stillness, all of an account ended at once."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from shoutu import config
from shoutu.county.kit import sessions
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import NotAllowed
from shoutu.county.ledger.models import Entry
from shoutu.county.people import services
from shoutu.county.people.identity import actor_of_token
from shoutu.county.people.models import User
from shoutu.county.people.testing import PASSWORD, actor

COOKIE = "shoutu_session"
NEW = "守土尽责-有责-2027"


def post(client: Client, path: str, body: dict[str, Any] | None = None, **extra: Any) -> Any:
    return client.post(f"/api/v1/{path}", body or {}, content_type="application/json", **extra)


def inside(client: Client, **extra: Any) -> bool:
    status: int = client.get("/api/v1/status", **extra).status_code
    assert status in (200, 401)
    return status == 200


def test_sign_in_takes_no_key_from_outside_and_each_gets_a_new_one(county: SimpleNamespace) -> None:
    client = Client()
    client.cookies[COOKIE] = "a" * 32
    keys = set()
    for name in ("leader", "leader", "auditor"):
        assert post(client, "session", {"username": name, "password": PASSWORD}).status_code == 200
        keys.add(client.cookies[COOKIE].value)
    assert len(keys) == 3
    assert "a" * 32 not in keys


def test_signed_out_the_key_opens_nothing_and_its_row_is_gone(county: SimpleNamespace, login) -> None:
    client = login("leader")
    key = client.cookies[COOKIE].value
    assert client.delete("/api/v1/session").status_code == 204
    assert not Session.objects.filter(pk=key).exists()
    thief = Client()
    thief.cookies[COOKIE] = key
    assert not inside(thief)


def test_my_new_password_ends_my_other_sessions_and_not_this_one(county: SimpleNamespace, login) -> None:
    here, telephone, other = login("leader"), login("leader"), login("inspector")
    before = here.cookies[COOKIE].value
    assert post(here, "session/password", {"current": PASSWORD, "password": NEW}).status_code == 204
    assert here.cookies[COOKIE].value != before
    assert inside(here)
    assert inside(other)
    assert not inside(telephone)
    assert post(Client(), "session", {"username": "leader", "password": PASSWORD}).status_code == 401
    assert post(Client(), "session", {"username": "leader", "password": NEW}).status_code == 200
    entry = Entry.objects.filter(verb="user.password_set").get()
    assert NEW not in str(vars(entry))
    assert PASSWORD not in str(vars(entry))


def test_who_sits_at_my_open_session_cannot_change_my_password_and_guesses_are_counted(
    county: SimpleNamespace, login
) -> None:
    client = login("leader")
    for _ in range(4):
        answer = post(client, "session/password", {"current": "猜一个", "password": NEW})
        assert (answer.status_code, answer.json()["field"]) == (422, "current")
    assert post(client, "session/password", {"current": "猜一个", "password": NEW}).status_code == 429
    assert post(client, "session/password", {"current": PASSWORD, "password": NEW}).status_code == 429
    assert not Entry.objects.filter(verb="user.password_set").exists()


@pytest.mark.parametrize("password", ["short", "leader", "password12"])
def test_a_weak_new_password_is_refused(county: SimpleNamespace, login, password: str) -> None:
    client = login("leader")
    answer = post(client, "session/password", {"current": PASSWORD, "password": password})
    assert (answer.status_code, answer.json()["field"]) == (422, "password")
    assert inside(client)


def test_an_administrators_new_password_ends_every_session(county: SimpleNamespace, login) -> None:
    client, administrator = login("leader"), login("administrator")
    path = f"users/{county.users['leader'].pk}/password"
    assert post(administrator, path, {"password": NEW}).status_code == 204
    assert not inside(client)
    assert inside(administrator)


def test_an_administrators_open_session_sets_no_new_password_of_its_own_without_the_present_one(
    county: SimpleNamespace, login
) -> None:
    administrator = login("administrator")
    path = f"users/{county.users['administrator'].pk}/password"
    assert post(administrator, path, {"password": NEW}).status_code == 409
    assert post(administrator, "session/password", {"current": PASSWORD, "password": NEW}).status_code == 204


def test_a_lost_telephone_is_signed_out_by_oneself_and_by_the_administrator(county: SimpleNamespace, login) -> None:
    here, telephone = login("leader"), login("leader")
    assert post(here, "session/end-others").status_code == 204
    assert inside(here)
    assert not inside(telephone)
    administrator = login("administrator")
    assert post(administrator, f"users/{county.users['leader'].pk}/end-sessions").status_code == 204
    assert not inside(here)
    assert Entry.objects.filter(verb="user.sessions_ended").count() == 2


def test_switched_on_again_the_old_session_stays_ended(county: SimpleNamespace, login) -> None:
    client = login("leader")
    services.set_active(SYSTEM, county.users["leader"], False)
    assert not inside(client)
    client = login("inspector")
    services.set_active(SYSTEM, county.users["inspector"], False)
    services.set_active(SYSTEM, county.users["inspector"], True)
    assert not inside(client)


def test_a_session_ends_so_many_hours_after_signing_in_however_busy(county: SimpleNamespace, login, settings) -> None:
    settings.SESSION_LIMITS = {"": (0, 12), "duty_officer": (0, 24)}
    leader, room = login("leader"), login("duty_officer")
    now = timezone.now()
    for hours, leads, watches in ((6, True, True), (11.9, True, True), (12.1, False, True), (23.9, False, True),
                                  (24.1, False, False)):  # fmt: skip
        with time_machine.travel(now + timedelta(hours=hours), tick=False):
            assert (inside(leader), inside(room)) == (leads, watches), hours


def test_a_still_session_ends_where_the_role_says_so_though_its_page_keeps_asking(
    county: SimpleNamespace, login, settings
) -> None:
    settings.SESSION_LIMITS = {"": (0, 12), "administrator": (30, 12)}
    touched, still, leader = login("administrator"), login("administrator"), login("leader")
    now = timezone.now()
    for minutes in range(5, 56, 5):
        with time_machine.travel(now + timedelta(minutes=minutes), tick=False):
            assert inside(touched), minutes
            assert inside(leader, headers={sessions.STILL: str(minutes * 60)}), minutes
            assert inside(still, headers={sessions.STILL: str(minutes * 60)}) is (minutes < 30), minutes


def test_a_still_page_that_opens_its_live_line_anew_ends_all_the_same(county: SimpleNamespace, login, settings) -> None:
    """The browser opens the line by itself, and cannot say how long nobody has touched the page."""
    settings.SESSION_LIMITS = {"": (30, 12)}
    client, still = login("leader"), {sessions.STILL: str(29 * 60)}
    now = timezone.now()
    with time_machine.travel(now + timedelta(minutes=29), tick=False):
        assert client.get("/live/events").status_code == 200
        assert inside(client, headers=still)
    with time_machine.travel(now + timedelta(minutes=31), tick=False):
        assert client.get("/live/events").status_code == 401
        assert not inside(client)


@pytest.mark.parametrize("told", ["-5", "x", "9" * 40, "１２", "1e3", ""])
def test_nonsense_about_stillness_changes_nothing(county: SimpleNamespace, login, told: str) -> None:
    assert inside(login("administrator"), headers={sessions.STILL: told.encode().decode("latin-1")})


def test_a_session_that_does_not_say_when_it_began_is_over(county: SimpleNamespace, login) -> None:
    client = login("leader")
    session = client.session
    del session[sessions.BEGAN]
    session.save()
    assert not inside(client)


def test_a_token_takes_over_no_account(county: SimpleNamespace) -> None:
    administrator = county.users["administrator"]
    _token, text = services.create_api_token(actor(administrator), administrator, "导出")
    bearer = actor_of_token(text)
    assert bearer is not None
    assert bearer.may("user.manage")
    leader = county.users["leader"]
    for attempt in (
        lambda: services.create_user(bearer, "new", "administrator", NEW),
        lambda: services.change_user(bearer, leader, role="administrator"),
        lambda: services.set_password(bearer, leader, NEW),
        lambda: services.set_password(bearer, administrator, NEW),
        lambda: services.set_active(bearer, leader, True),
    ):
        with pytest.raises(NotAllowed):
            attempt()
    for path in ("session/password", "session/end-others"):
        body = {"current": PASSWORD, "password": NEW}
        assert post(Client(), path, body, headers={"authorization": f"Bearer {text}"}).status_code == 403
    services.set_active(bearer, leader, False)
    assert not User.objects.get(pk=leader.pk).is_active


@pytest.mark.parametrize(
    ("text", "found"),
    [("", {}), ("duty_officer=0/24", {"duty_officer": (0, 24)}), 
     ("leader=60/8, auditor = 5/1", {"leader": (60, 8), "auditor": (5, 1)})],
)  # fmt: skip
def test_setting_of_limits(text: str, found: dict[str, tuple[int, int]]) -> None:
    assert config._sessions({"SHOUTU_SESSIONS": text}, "SHOUTU_SESSIONS") == found


@pytest.mark.parametrize("text", ["leader", "leader=5", "leader=5/0", "leader=5/721", "leader=1441/5", "leader=-1/5"])
def test_wrong_setting_of_limits_says_what_is_expected(text: str) -> None:
    with pytest.raises(config.SettingError, match="minutes/hours"):
        config._sessions({"SHOUTU_SESSIONS": text}, "SHOUTU_SESSIONS")


def test_cookies_are_closed_to_scripts_and_other_sites(county: SimpleNamespace, login) -> None:
    cookies = login("leader").cookies
    assert cookies[COOKIE]["httponly"]
    assert cookies[COOKIE]["samesite"] == "Lax"
    assert not cookies[COOKIE]["domain"]
    assert cookies["csrftoken"]["samesite"] == "Lax"


@pytest.mark.parametrize(
    ("url", "flags"), [("https://shoutu.example", "True True True"), ("http://10.0.0.8", "False False False")]
)
def test_behind_tls_cookies_go_over_tls_alone(tmp_path: Path, url: str, flags: str) -> None:
    say = "from shoutu.county import settings as s; print(s.SECURE, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE)"
    environment = {**os.environ, "SHOUTU_DATA": str(tmp_path), "SHOUTU_PUBLIC_URL": url}
    ran = subprocess.run([sys.executable, "-c", say], env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == flags


def test_a_role_nobody_knows_in_the_setting_is_refused_at_the_start(tmp_path: Path) -> None:
    environment = {**os.environ, "SHOUTU_DATA": str(tmp_path), "SHOUTU_SESSIONS": "boss=0/24"}
    say = "from shoutu.county import settings"
    ran = subprocess.run([sys.executable, "-c", say], env=environment, capture_output=True, text=True)
    assert ran.returncode
    assert "SHOUTU_SESSIONS: no role 'boss'" in ran.stderr
