"""Every route: its answer's headers, and that no change is taken from another's page or without the CSRF token."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client

from shoutu.county.people import services
from shoutu.county.people.testing import PASSWORD, actor
from tests.county.access.test_matrix import FACE, Visitor, walked
from tests.county.access.walk import FORMS, Route, request

# No session is asked for: there is none yet, the address itself holds the secret, or a signature lets it in.
NO_SESSION = {
    "POST /api/v1/ledger/heads",
    "POST /api/v1/embeds/open",
    "POST /api/v1/session",
    "POST /api/v1/session/oidc",
    "POST /api/v1/session/oidc/code",
    "POST /api/v1/setup",
    "POST /api/v1/answer-links/{token}/answer",
    "POST /api/v1/answer-links/{token}/decline",
    "POST /api/v1/answer-links/{token}/open",
    "POST /api/v1/channels/{id}/callback",
}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def changes() -> list[Route]:
    return [one for one in walked() if one.method not in {"GET", "HEAD", "OPTIONS"}]


def ask(client: Client, route: Route, things: dict[str, Any], **more: Any) -> Any:
    path, query, body = request(route, {"tokens/{id}": 1} | things)
    arguments: dict[str, Any] = {"query_params": query, **more}
    if body is not None:
        arguments |= {"data": body, "content_type": "application/json"}
    if route.name in FORMS:
        arguments |= {"data": FORMS[route.name]()}
    with transaction.atomic():
        answer = getattr(client, route.method.lower())(path, **arguments)
        transaction.set_rollback(True)
    return answer


def signed_in(county: SimpleNamespace, role: str) -> Client:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    answer = client.post("/api/v1/session", {"username": role, "password": PASSWORD}, content_type="application/json")
    assert answer.status_code == 200
    return client


def refused(answer: Any) -> bool:
    return bool(answer.status_code == 403 and answer.json()["permission"] == "csrf")


@pytest.mark.django_db
def test_no_change_by_a_session_without_its_csrf_token(both: SimpleNamespace) -> None:
    client = signed_in(both, "administrator")
    cookies = dict(client.cookies)
    taken = []
    for route in changes():
        if route.of_wings or route.name in NO_SESSION:
            continue
        for headers in ({}, {"X-CSRFToken": "a" * 32}):
            client.cookies.update(cookies)
            if not refused(answer := ask(client, route, both.own, headers=headers)):
                taken.append(f"{route.name}: {answer.status_code}")
    assert not taken, "\n" + "\n".join(taken)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": ""}, {"Sec-Fetch-Site": "cross-site"},
     {"Origin": "http://testserver.evil.example"}, {"Origin": "http://testserver:8001"}],
)  # fmt: skip
def test_no_change_from_another_sites_page_signed_in_or_not(both: SimpleNamespace, headers: dict[str, str]) -> None:
    client = signed_in(both, "administrator")
    token = client.cookies["csrftoken"].value
    stranger = Client(enforce_csrf_checks=True)
    taken = []
    for route in changes():
        for who, more in ((client, {"X-CSRFToken": token}), (stranger, {})):
            if not refused(answer := ask(who, route, both.own, headers=headers | more)):
                taken.append(f"{route.name}: {answer.status_code}")
    assert not taken, "\n" + "\n".join(taken)


@pytest.mark.django_db
def test_another_sites_page_does_not_sign_the_duty_room_in_as_somebody_else(both: SimpleNamespace) -> None:
    client = signed_in(both, "duty_officer")
    body = {"username": "enterprise", "password": PASSWORD}
    answer = client.post(
        "/api/v1/session", body, content_type="application/json", headers={"Origin": "http://evil.example"}
    )
    assert answer.status_code == 403
    assert client.get("/api/v1/session").json()["user"]["role"] == "duty_officer"
    own = client.post("/api/v1/session", body, content_type="application/json", headers={"Origin": "http://testserver"})
    assert own.status_code == 200


@pytest.mark.django_db
def test_a_bearer_needs_no_csrf_token(both: SimpleNamespace) -> None:
    leader = both.users["leader"]
    _token, text = services.create_api_token(actor(leader), leader, "程序")
    asked = 0
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    for route in changes():
        if not route.of_wings:
            client.cookies.clear()
            answer = ask(client, route, both.own, headers={"authorization": f"Bearer {text}"})
            if route.name != "DELETE /api/v1/session":
                assert not (answer.status_code == 403 and answer.json().get("permission") == "csrf"), route.name
            asked += 1
    assert asked > 50


@pytest.mark.django_db
def test_every_answer_says_what_a_browser_may_do_with_it(both: SimpleNamespace) -> None:
    wrong = []
    visitors = [Visitor(both, column) for column in ("anonymous", "administrator", "wing")]
    for route in walked():
        for visitor in visitors:
            answer = visitor.answer(route, both.own)
            policy = answer.headers.get("Content-Security-Policy", "")
            parts = {part.split()[0]: part.split()[1:] for part in policy.split(";") if part.strip()}
            kind = answer.headers.get("Content-Type", "")
            found = [name for name, value in HEADERS.items() if answer.headers.get(name) != value]
            rest = parts.get("default-src", [])
            found += [] if parts.get("script-src", rest) in (["'self'"], ["'none'"]) else ["script-src"]
            found += [] if parts.get("object-src", rest) == ["'none'"] else ["object-src"]
            found += [] if parts.get("frame-ancestors") == ["'none'"] else ["frame-ancestors"]
            found += [] if "microphone=()" in answer.headers.get("Permissions-Policy", "") else ["Permissions-Policy"]
            page = route.name == FACE
            found += (
                ["Content-Type: " + kind] if kind.startswith("text/html") != page and answer.status_code != 204 else []
            )
            found += [] if answer.headers.get("Cache-Control") else ["Cache-Control"]
            if found:
                wrong.append(f"{route.name} {answer.status_code}: {', '.join(found)}")
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.django_db
def test_a_request_for_another_host_is_told_so_in_the_one_shape(both: SimpleNamespace) -> None:
    answer = Client().get("/api/v1/session", headers={"host": "evil.example"})
    assert answer.status_code in (400, 422)
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert "evil.example" not in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/api/v1/nothing", "/api/v1/sites/x", "/assets/none.js", "/desk", "/api/v1/sites/<script>"]
)
def test_addresses_nobody_serves_answer_alike(both: SimpleNamespace, path: str) -> None:
    answer = Client().get(path)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "script-src 'self';" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Content-Type"].startswith("text/html") is (path == "/desk")


def test_policy_of_the_page_allows_no_script_but_ours() -> None:
    parts = {part.split()[0]: part.split()[1:] for part in settings.CONTENT_SECURITY_POLICY.split(";")}
    assert parts["script-src"] == ["'self'"]
    assert parts["frame-ancestors"] == parts["object-src"] == ["'none'"]
    assert parts["base-uri"] == ["'none'"]
    assert parts["form-action"] == parts["connect-src"] == parts["default-src"] == ["'self'"]
    assert not any(word in settings.CONTENT_SECURITY_POLICY for word in ("http:", "https:", "unsafe-eval", "*"))
