"""An empty installation: the code from the terminal makes the first administrator, once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from shoutu.config import load
from shoutu.county.kit import guessing
from shoutu.county.ledger.models import Entry
from shoutu.county.people.first import setup_code
from shoutu.county.people.models import User
from shoutu.county.people.testing import make_county

pytestmark = pytest.mark.django_db
GOOD = {"county": "浮山县", "username": "chief", "password": "a long enough phrase"}


def post(client: Client, body: dict) -> object:
    return client.post("/api/v1/setup", body, content_type="application/json")


def test_code_makes_the_administrator_and_signs_in() -> None:
    client = Client()
    assert client.get("/api/v1/hello").json()["setup_needed"] is True
    answer = post(client, {**GOOD, "code": setup_code()})
    assert answer.status_code == 200, answer.content.decode()
    assert answer.json()["user"]["role"] == "administrator"
    assert client.get("/api/v1/session").json()["county"]["name"] == "浮山县"
    assert Entry.objects.filter(verb="user.created").count() == 1
    assert client.get("/api/v1/hello").json()["setup_needed"] is False


@pytest.mark.parametrize(
    ("change", "field"),
    [({"code": "0" * 16}, "code"), ({"password": "short"}, "password"), ({"county": " "}, "county"),
     ({"username": "a b"}, "username")],
)  # fmt: skip
def test_wrong_field_is_named_and_nothing_is_made(change: dict, field: str) -> None:
    answer = post(Client(), {**GOOD, "code": setup_code(), **change})
    assert answer.status_code == 422
    assert answer.json()["field"] == field
    assert not User.objects.exists()


def test_a_weak_password_is_told_in_chinese_and_in_english() -> None:
    body = {**GOOD, "code": setup_code(), "password": "12345"}
    told = post(Client(), body).json()["expected"]
    assert told == "至少 10 个字符；不是人人都先猜的密码"
    english = Client(headers={"Accept-Language": "en"}).post("/api/v1/setup", body, content_type="application/json")
    assert english.json()["expected"] == "at least 10 characters；not one that everybody guesses first"
    alike = post(Client(), {**GOOD, "code": setup_code(), "username": "ninelives9", "password": "ninelives99"})
    assert alike.json()["expected"] == "与用户名不相近的密码"


def test_an_emptied_code_file_lets_nobody_in() -> None:
    (load().secrets / "setup.code").write_text("")
    answer = post(Client(), {**GOOD, "code": " "})
    assert (answer.status_code, answer.json()["field"]) == (422, "code")
    assert not User.objects.exists()
    assert len(setup_code() or "") == 16


def test_second_time_is_refused() -> None:
    code = setup_code()
    make_county()
    answer = post(Client(), {**GOOD, "code": code})
    assert answer.status_code == 409
    assert setup_code() is None


def test_demo_logins_are_not_shown_outside_a_demo() -> None:
    assert Client().get("/api/v1/hello").json()["demo_users"] == []


def test_a_drill_copy_says_so_before_anybody_has_signed_in(settings: Any) -> None:
    assert Client().get("/api/v1/hello").json()["drill"] is False
    settings.CONFIG = replace(settings.CONFIG, drill=True)
    assert Client().get("/api/v1/hello").json()["drill"] is True


def test_wrong_codes_are_counted_and_slowed_down_and_the_right_one_never() -> None:
    answers = [post(Client(), {**GOOD, "code": f"{n:016}"}).status_code for n in range(6)]
    assert answers == [422] * 5 + [429]
    assert guessing.counted("setup") >= 5
    assert post(Client(), {**GOOD, "code": setup_code()}).status_code == 200
