"""The doors: session, CSRF, lockout, tokens, problems in the asker's language."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils import timezone

from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.models import StepState
from shoutu.county.people import services
from shoutu.county.people.models import ApiToken
from shoutu.county.people.testing import PASSWORD, actor

JSON = "application/json"


def post(client: Client, path: str, body: dict, **extra):
    return client.post(path, body, content_type=JSON, **extra)


def test_sign_in_who_am_i_sign_out(county: SimpleNamespace) -> None:
    client = Client()
    assert client.get("/api/v1/session").status_code == 401
    assert "csrftoken" in client.cookies
    answer = post(client, "/api/v1/session", {"username": "duty_officer", "password": PASSWORD})
    assert answer.status_code == 200
    me = client.get("/api/v1/session").json()
    assert me["user"]["role"] == "duty_officer"
    assert me["post"] == {
        "id": county.posts["duty_officer"].pk, "title": "值班员", "organisation": "县应急管理局",
    }  # fmt: skip
    assert "warning.close" in me["permissions"]
    assert me["county"] == {"name": "示范县"}
    assert me["server_time"].endswith(("Z", "+00:00"))
    assert client.delete("/api/v1/session").status_code == 204
    assert client.get("/api/v1/session").status_code == 401


def test_wrong_password_then_locked(county: SimpleNamespace) -> None:
    client = Client()
    for _ in range(4):
        answer = post(client, "/api/v1/session", {"username": "leader", "password": "wrong"})
        assert answer.status_code == 401
        assert answer["Content-Type"].startswith("application/problem+json")
    locked = post(client, "/api/v1/session", {"username": "leader", "password": "wrong"})
    assert locked.status_code == 429
    assert int(locked["Retry-After"]) == 900
    even_right = post(client, "/api/v1/session", {"username": "leader", "password": PASSWORD})
    assert even_right.status_code == 429
    assert post(client, "/api/v1/session", {"username": "auditor", "password": PASSWORD}).status_code == 200


def test_change_without_csrf_token_is_refused(county: SimpleNamespace) -> None:
    client = Client(enforce_csrf_checks=True)
    assert post(client, "/api/v1/session", {"username": "leader", "password": PASSWORD}).status_code == 200
    refused = client.delete("/api/v1/session")
    assert refused.status_code == 403
    assert "CSRF" in refused.json()["detail"]
    token = client.cookies["csrftoken"].value
    assert client.delete("/api/v1/session", headers={"X-CSRFToken": token}).status_code == 204


@pytest.mark.parametrize(
    ("body", "field"), [({}, "credentials.username"), ({"username": 3, "password": "x"}, "credentials.username")]
)
def test_bad_credentials_body_names_the_field(county: SimpleNamespace, body, field) -> None:
    answer = post(Client(), "/api/v1/session", body)
    assert answer.status_code == 422
    assert answer.json()["field"].endswith(field.split(".")[-1])
    assert answer.json()["expected"]


def test_truncated_json(county: SimpleNamespace) -> None:
    answer = Client().post("/api/v1/session", '{"username": "le', content_type=JSON)
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:shoutu:problem:invalid"


def test_demo_login_works_on_loopback_only(county: SimpleNamespace) -> None:
    services.create_user(SYSTEM, "演示值班员", "duty_officer", "demo", is_demo=True)
    body = {"username": "演示值班员", "password": "demo"}
    client = Client(SERVER_NAME="localhost")
    assert post(client, "/api/v1/session", body).status_code == 200
    for outside in (
        {"REMOTE_ADDR": "10.0.0.8"},
        {"HTTP_X_FORWARDED_FOR": "10.0.0.8"},
        {"SERVER_NAME": "testserver"},
    ):
        assert post(Client(SERVER_NAME="localhost"), "/api/v1/session", body, **outside).status_code == 403
        assert client.get("/api/v1/status", **outside).status_code == 403
    assert client.get("/api/v1/status").status_code == 200


def test_token_acts_as_its_owner_within_its_permissions(county: SimpleNamespace) -> None:
    leader = actor(county.users["leader"])
    token, text = services.create_api_token(leader, county.users["leader"], "大屏", permissions=["status.read"])
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {text}"}
    assert text not in str(ApiToken.objects.values())
    assert Client().get("/api/v1/status", **bearer).status_code == 200
    assert Client().get("/api/v1/ledger", **bearer).status_code == 403
    services.revoke_api_token(leader, token)
    assert Client().get("/api/v1/status", **bearer).status_code == 401


def test_token_ends(county: SimpleNamespace) -> None:
    leader = actor(county.users["leader"])
    token, text = services.create_api_token(leader, county.users["leader"], "短期", days=1)
    ApiToken.objects.filter(pk=token.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert Client().get("/api/v1/status", HTTP_AUTHORIZATION=f"Bearer {text}").status_code == 401


def test_switched_off_account_loses_session_and_token(county: SimpleNamespace, login) -> None:
    client = login("inspector")
    inspector = county.users["inspector"]
    _token, text = services.create_api_token(actor(inspector), inspector, "导出")
    services.set_active(SYSTEM, inspector, False)
    assert client.get("/api/v1/status").status_code == 401
    assert Client().get("/api/v1/status", HTTP_AUTHORIZATION=f"Bearer {text}").status_code == 401


def test_unknown_token(db) -> None:
    answer = Client().get("/api/v1/status", HTTP_AUTHORIZATION="Bearer nonsense")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_status_of_a_county_nobody_watches(county: SimpleNamespace, login) -> None:
    status = login("leader").get("/api/v1/status").json()
    assert status["watching"]["ok"] is False
    assert {part["name"] for part in status["watching"]["parts"]} == {"pipeline", "worker", "auditor"}
    assert set(status["levels"]) == {"1", "2", "3", "4"}


def test_security_headers_and_unbuilt_face(db, settings, tmp_path) -> None:
    settings.FACE = tmp_path
    answer = Client().get("/desk")
    assert answer.status_code == 503
    assert "make run" in answer.content.decode()
    (tmp_path / "index.html").write_text("<!doctype html><title>x</title>")
    answer = Client().get("/warnings/7")
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-cache"
    assert "script-src 'self';" in answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "DENY"
    missing = Client().get("/api/v1/nothing")
    assert missing.status_code == 404
    assert missing["Content-Type"].startswith("application/problem+json")


def test_health(db) -> None:
    assert Client().get("/healthz").json() == {"ok": True}
    assert Client().get("/readyz").json() == {"ok": True}
    figures = Client().get("/metrics").content
    assert b"shoutu_outbox_unnumbered 0.0" in figures
    assert b"shoutu_ledger_unsealed 0.0" in figures


def test_a_step_that_keeps_failing_is_an_alarm(county: SimpleNamespace, login) -> None:
    StepState.objects.create(
        name="duties.climb", failing=3, failures=9, last_error="OSError: x", last_error_at=timezone.now()
    )
    StepState.objects.create(name="fine", failing=1, last_error="once", last_error_at=timezone.now())
    (alarm,) = login("leader").get("/api/v1/status").json()["alarms"]
    # A leader reads what does not work and what to do; what a program said is for who mends it.
    assert (alarm["kind"], alarm["raw"]) == ("worker.step", "")
    assert "OSError" not in alarm["message"]
    assert "告诉维护人员" in alarm["message"]
    (alarm,) = login("administrator").get("/api/v1/status").json()["alarms"]
    assert alarm["raw"] == "duties.climb: OSError: x"
    assert "OSError" not in alarm["message"]
    assert login("enterprise").get("/api/v1/status").json()["alarms"] == []


def test_openapi_is_3_1(db) -> None:
    document = Client().get("/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert "/api/v1/session" in document["paths"]
