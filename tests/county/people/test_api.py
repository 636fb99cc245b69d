"""Accounts, tokens, the roster and telephone numbers over HTTP."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils import timezone

from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Conflict, Invalid, NotAllowed
from shoutu.county.ledger.models import Access, Entry
from shoutu.county.people import services
from shoutu.county.people.models import ApiToken, Holding, Shift, User
from shoutu.county.people.testing import PASSWORD, actor
from tests.county.base import ListTests

JSON = "application/json"
GIVEN = "Shan-Hou-46-qiao"


class TestUserList(ListTests):
    path = "/api/v1/users"
    queries = 5
    role = "administrator"
    sees = {"administrator": True}
    forbidden = ("leader", "duty_officer", "inspector", "township", "enterprise", "auditor")

    def make(self, county, n):
        start = User.objects.count()
        return [services.create_user(SYSTEM, f"user{start + i}", "auditor", PASSWORD) for i in range(n)]


class TestTokenList(ListTests):
    path = "/api/v1/tokens"
    queries = 5
    sees = {"leader": True, "administrator": True, "enterprise": False, "auditor": False}

    def make(self, county, n):
        leader = county.users["leader"]
        return [services.create_api_token(actor(leader), leader, f"令牌{i}")[0] for i in range(n)]


def test_roster_says_who_is_there_and_where_nobody_is(county: SimpleNamespace, login) -> None:
    rows = {(r["organisation"], r["post"]): r for r in login("leader").get("/api/v1/roster/today").json()["items"]}
    assert rows["县应急管理局", "值班员"]["state"] == "on_duty"
    assert rows["县应急管理局", "值班员"]["since"]
    services.sign_out(SYSTEM, Shift.objects.get(post=county.posts["duty_officer"]))
    lonely = services.create_post(SYSTEM, county.bureau, "夜班值班员", on_shift=True)
    rows = {r["post_id"]: r for r in login("leader").get("/api/v1/roster/today").json()["items"]}
    assert rows[county.posts["duty_officer"].pk]["state"] == "not_signed"
    assert (rows[lonely.pk]["state"], rows[lonely.pk]["person"]) == ("nobody", None)


def test_roster_of_a_mine_hides_other_mines(county: SimpleNamespace, login) -> None:
    services.create_post(SYSTEM, county.mine_b, "夜班", on_shift=True)
    seen = {r["organisation"] for r in login("enterprise").get("/api/v1/roster/today").json()["items"]}
    assert seen == {"甲矿", "县应急管理局"}


def test_sign_out_and_in_over_http(county: SimpleNamespace, login) -> None:
    client = login("duty_officer")
    assert client.post("/api/v1/roster/sign-in").status_code == 409
    assert client.post("/api/v1/roster/sign-out").json()["signed_out_at"]
    assert client.post("/api/v1/roster/sign-out").status_code == 409
    assert login("inspector").post("/api/v1/roster/sign-in").status_code == 409
    assert login("auditor").post("/api/v1/roster/sign-in").status_code == 403


def test_plan_a_shift_over_http(county: SimpleNamespace, login) -> None:
    body = {
        "post": county.posts["duty_officer"].pk, "person": county.persons["inspector"].pk,
        "starts_at": "2027-01-01T08:00:00+08:00", "ends_at": "2027-01-01T20:00:00+08:00",
    }  # fmt: skip
    client = login("duty_officer")
    assert client.post("/api/v1/roster/shifts", body, content_type=JSON).status_code == 201
    for change, field in (
        ({"ends_at": "2026-12-31T20:00:00+08:00"}, "ends_at"), ({"starts_at": "2027-01-01T08:00:00"}, "starts_at"),
        ({"post": county.posts["leader"].pk}, "post"),
    ):  # fmt: skip
        answer = client.post("/api/v1/roster/shifts", {**body, **change}, content_type=JSON)
        assert (answer.status_code, answer.json()["field"].split(".")[-1]) == (422, field)
    assert login("enterprise").post("/api/v1/roster/shifts", body, content_type=JSON).status_code == 403


def test_sign_in_for_another_is_refused(county: SimpleNamespace) -> None:
    shift = Shift.objects.get(post=county.posts["enterprise"])
    with pytest.raises(NotAllowed):
        services.sign_out(actor(county.users["township"]), shift)


def test_looking_at_a_telephone_number_is_logged(county: SimpleNamespace, login) -> None:
    person = county.persons["enterprise"]
    answer = login("duty_officer").get(f"/api/v1/persons/{person.pk}/phone", {"purpose": "叫应"})
    assert answer.json()["phone"] == "0357-8000000"
    look = Access.objects.get()
    assert (look.subject_id, look.fields, look.purpose) == (person.pk, "phone", "叫应")
    assert login("auditor").get(f"/api/v1/persons/{person.pk}/phone").status_code == 403
    other = county.persons["enterprise_b"]
    assert login("township").get(f"/api/v1/persons/{other.pk}/phone").status_code == 404
    for blank in ({}, {"purpose": ""}, {"purpose": " \u3000"}):
        refused = login("duty_officer").get(f"/api/v1/persons/{person.pk}/phone", blank)
        assert (refused.status_code, refused.json()["field"]) == (422, "purpose")
        assert "0357" not in refused.content.decode()
    assert Access.objects.count() == 1


def test_personal_values_of_a_person_are_not_in_the_ledger(county: SimpleNamespace) -> None:
    text = b"".join(bytes(c) for c in Entry.objects.values_list("canonical", flat=True))
    assert b"0357-8000000" not in text


def test_last_use_of_a_token_is_kept_to_within_minutes(county: SimpleNamespace, login) -> None:
    token, text = services.create_api_token(SYSTEM, county.users["leader"], "取数")
    bearer = {"authorization": f"Bearer {text}"}

    def used() -> str | None:
        items = login("administrator").get("/api/v1/tokens").json()["items"]
        return next(one["last_used_at"] for one in items if one["id"] == token.pk)

    assert used() is None
    assert Client().get("/api/v1/warnings", headers={"authorization": "Bearer wrong"}).status_code == 401
    assert used() is None
    assert Client().get("/api/v1/warnings", headers=bearer).status_code == 200
    first = used()
    assert first is not None
    Client().get("/api/v1/warnings", headers=bearer)
    assert used() == first  # not a write for each request
    ApiToken.objects.filter(pk=token.pk).update(last_used_at=timezone.now() - timedelta(minutes=11))
    Client().get("/api/v1/warnings", headers=bearer)
    assert used() >= first


def test_create_token_over_http_and_use_it(county: SimpleNamespace, login) -> None:
    client = login("leader")
    made = client.post("/api/v1/tokens", {"name": "大屏"}, content_type=JSON)
    assert made.status_code == 201
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {made.json()['token']}"}
    assert Client().get("/api/v1/status", **bearer).status_code == 200
    wide = client.post("/api/v1/tokens", {"name": "x", "permissions": ["user.manage"]}, content_type=JSON)
    assert (wide.status_code, wide.json()["field"]) == (422, "permissions")
    assert client.delete(f"/api/v1/tokens/{made.json()['id']}").status_code == 200
    assert Client().get("/api/v1/status", **bearer).status_code == 401
    assert client.delete(f"/api/v1/tokens/{made.json()['id']}").status_code == 409
    theirs = services.create_api_token(SYSTEM, county.users["auditor"], "别人的")[0]
    assert client.delete(f"/api/v1/tokens/{theirs.pk}").status_code == 404
    assert ApiToken.objects.get(pk=theirs.pk).revoked_at is None


@pytest.mark.parametrize(("change", "field"), [
    ({"username": "leader"}, "username"), ({"username": "有 空格"}, "username"), ({"role": "king"}, "role"),
    ({"password": "123"}, "password"), ({"role": "enterprise"}, "organisation"), ({"role": "township"}, "territory"),
])  # fmt: skip
def test_bad_account_names_the_field(county: SimpleNamespace, login, change, field) -> None:
    body = {"username": "新账号", "password": PASSWORD, "role": "auditor", **change}
    answer = login("administrator").post("/api/v1/users", body, content_type=JSON)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_create_and_switch_off_account_over_http(county: SimpleNamespace, login) -> None:
    admin = login("administrator")
    body = {"username": "新账号", "password": PASSWORD, "role": "inspector", "territory": county.east.pk}
    made = admin.post("/api/v1/users", body, content_type=JSON)
    assert made.status_code == 201
    assert admin.post(f"/api/v1/users/{made.json()['id']}/deactivate").json()["is_active"] is False
    verbs = list(Entry.objects.filter(subject_type="user").order_by("-id").values_list("verb", flat=True)[:2])
    assert verbs == ["user.deactivated", "user.created"]


def test_services_refuse_what_makes_no_sense(county: SimpleNamespace) -> None:
    post, person = county.posts["leader"], county.persons["leader"]
    with pytest.raises(Invalid):
        services.create_post(SYSTEM, county.bureau, "分管领导")
    with pytest.raises(Invalid):
        services.assign_responsibility(SYSTEM, post, "overall", 5)
    with pytest.raises(Invalid):
        services.assign_responsibility(SYSTEM, post, "nonsense", 5, site=county.site)
    holding = Holding.objects.get(post=post)
    services.leave_post(SYSTEM, holding)
    with pytest.raises(Conflict):
        services.leave_post(SYSTEM, holding)
    with pytest.raises(Invalid):
        services.hold_post(SYSTEM, post, person, until=holding.valid_from)
    with pytest.raises(NotAllowed):
        services.create_person(actor(county.users["leader"]), "某人")


def set_by(client: Client, name: str, county: SimpleNamespace, password: str) -> int:
    path = f"/api/v1/users/{county.users[name].pk}/password"
    return client.post(path, {"password": password}, content_type="application/json").status_code


def test_password_set_by_an_administrator_is_changed_before_anything_else(county: SimpleNamespace, login) -> None:
    assert set_by(login("administrator"), "leader", county, GIVEN) == 204
    user = User.objects.get(username="leader")
    assert user.password_given is True
    client = Client()
    signed = client.post("/api/v1/session", {"username": "leader", "password": GIVEN}, content_type="application/json")
    assert (signed.status_code, signed.json()["must_change_password"]) == (200, True)
    for path in ("status", "warnings", "duties", "ledger", "session/factor"):
        answer = client.get(f"/api/v1/{path}")
        assert (answer.status_code, answer.json()["permission"]) == (403, "password")
    assert client.get("/live/events").status_code == 403
    new = {"current": GIVEN, "password": GIVEN}
    same = client.post("/api/v1/session/password", new, content_type="application/json")
    assert (same.status_code, same.json()["field"]) == (422, "password")
    new["password"] = "Jing-Xia-29-deng"
    assert client.post("/api/v1/session/password", new, content_type="application/json").status_code == 204
    assert client.get("/api/v1/session").json()["must_change_password"] is False
    assert client.get("/api/v1/status").status_code == 200
    entries = Entry.objects.filter(verb="user.password_set").order_by("id")
    assert [b'"given":true' in bytes(one.canonical) for one in entries] == [True, False]


def test_account_made_by_an_administrator_changes_its_password_and_may_leave(county: SimpleNamespace, login) -> None:
    made = login("administrator").post(
        "/api/v1/users", {"username": "新来的", "password": GIVEN, "role": "auditor"}, content_type="application/json"
    )
    assert (made.status_code, made.json()["password_given"]) == (201, True)
    client = Client()
    client.post("/api/v1/session", {"username": "新来的", "password": GIVEN}, content_type="application/json")
    assert client.get("/api/v1/status").status_code == 403
    assert client.delete("/api/v1/session").status_code == 204


def test_password_of_the_command_line_and_of_a_demo_are_kept(county: SimpleNamespace) -> None:
    leader, administrator = county.users["leader"], county.users["administrator"]
    services.set_password(SYSTEM, leader, GIVEN)
    leader.refresh_from_db()
    assert leader.password_given is False
    demo = services.create_user(actor(administrator), "演示", "auditor", "demo", is_demo=True)
    assert demo.password_given is False
