"""统一认证, against a provider that is not ours: binding, signing in and out, and what is not believed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from axes.models import AccessAttempt
from cryptojwt.jws.jws import JWS
from django.test import Client
from django.utils import timezone

from shoutu.config import Oidc, SettingError, _oidc
from shoutu.county.kit import totp
from shoutu.county.ledger.models import Entry
from shoutu.county.people import oidc, sso
from shoutu.county.people.models import Identity, User
from shoutu.county.people.testing import PASSWORD
from tests.county.people import provider as providers
from tests.county.people.provider import Provider

HOST = "127.0.0.1:8000"


@pytest.fixture
def provider(tmp_path: Path, settings: Any) -> Iterator[Provider]:
    """Running, and what the settings of this county name."""
    oidc.forget()
    with providers.running(tmp_path, sso.callback(), f"http://{HOST}/login") as running:
        settings.OIDC = Oidc(
            issuer=running.issuer, client=providers.CLIENT, secret=providers.SECRET, claim="preferred_username"
        )
        yield running


def browser() -> Client:
    return Client(headers={"accept-language": "zh-hans", "host": HOST})


def post(client: Client, path: str, body: dict[str, Any] | None = None) -> Any:
    return client.post(f"/api/v1/{path}", body or {}, content_type="application/json")


def asked(client: Client, onward: str = "/warnings?level=4") -> httpx.Response:
    """Press the button, go to the provider; its answer sends the browser back."""
    began = post(client, "session/oidc", {"next": onward})
    assert began.status_code == 200, began.content.decode()
    return httpx.get(began.json()["address"], trust_env=False)


def back(client: Client, answer: httpx.Response) -> str:
    """Follow the provider home; where the county sends the browser then."""
    parts = urlsplit(answer.headers["location"])
    home = client.get(parts.path, dict(parse_qsl(parts.query)))
    assert home.status_code == 302, home.content.decode()
    return str(home["location"])


def signed_in(client: Client) -> str:
    answer = client.get("/api/v1/session")
    return answer.json()["user"]["username"] if answer.status_code == 200 else ""


def bind(user: User, provider: Provider) -> None:
    Identity.objects.create(user=user, issuer=f"{provider.issuer}#preferred_username", subject="A-0007")


def test_the_first_time_binds_by_ones_own_password_and_then_none_is_asked(
    county: SimpleNamespace, provider: Provider
) -> None:
    client = browser()
    assert back(client, asked(client)).startswith("/login?sso=bind&next=")
    told = client.get("/api/v1/hello").json()["sso"]
    assert (told["step"], told["who"], told["identity"]) == ("bind", "值班员甲", "A-0007")
    assert signed_in(client) == "", "the provider's word alone signs nobody in"
    wrong = post(client, "session", {"username": "leader", "password": "wrong", "bind": True})
    assert wrong.status_code == 401
    assert not Identity.objects.exists()
    right = post(client, "session", {"username": "leader", "password": PASSWORD, "bind": True})
    assert (right.status_code, right.json()["sso"]) == (200, True)
    other = browser()
    assert back(other, asked(other)) == "/warnings?level=4"
    assert signed_in(other) == "leader"
    entry = Entry.objects.get(verb="identity.bound")
    assert b"A-0007" not in bytes(entry.canonical), "who somebody is elsewhere is personal"


def test_each_sign_in_has_a_new_key_and_the_old_session_is_gone(county: SimpleNamespace, provider: Provider) -> None:
    bind(county.users["leader"], provider)
    client = browser()
    assert post(client, "session", {"username": "auditor", "password": PASSWORD}).status_code == 200
    old = client.cookies["shoutu_session"].value
    back(client, asked(client))
    assert signed_in(client) == "leader"
    assert client.cookies["shoutu_session"].value != old
    thief = browser()
    thief.cookies["shoutu_session"] = old
    assert signed_in(thief) == ""


def test_a_second_factor_is_asked_whatever_the_provider_says_of_one(
    county: SimpleNamespace, provider: Provider, login: Callable[[str], Client]
) -> None:
    bind(county.users["leader"], provider)
    own = login("leader")
    secret = post(own, "session/factor", {"password": PASSWORD}).json()["secret"]
    now = int(timezone.now().timestamp()) // totp.STEP_S
    assert post(own, "session/factor/confirm", {"code": totp.code_at(secret, now - 1)}).status_code == 200
    provider.spoil = lambda claims: claims | {"amr": ["otp", "mfa"], "acr": "mfa"}
    client = browser()
    assert back(client, asked(client)).startswith("/login?sso=code")
    assert signed_in(client) == ""
    assert post(client, "session/oidc/code", {"code": "000000"}).json()["code"] == "factor.wrong"
    code = totp.code_at(secret, int(timezone.now().timestamp()) // totp.STEP_S)
    assert post(client, "session/oidc/code", {"code": code}).status_code == 200
    assert signed_in(client) == "leader"
    assert post(browser(), "session/oidc/code", {"code": code}).status_code == 409


def test_what_is_not_believed_signs_nobody_in(county: SimpleNamespace, provider: Provider) -> None:
    bind(county.users["leader"], provider)
    other = provider._made()
    stranger = other.keyjar.get_signing_key("RSA", "")[0]
    named = provider.signing_key().kid
    stranger.kid = named
    of_ours = provider.server.keyjar.get_signing_key("oct", providers.CLIENT)[0]
    of_ours.kid = named

    def signed(alg: str, keys: list[Any]) -> Callable[[dict[str, Any]], str]:
        return lambda claims: str(JWS(json.dumps(claims), alg=alg, kid=named).sign_compact(keys))

    unsigned, by_secret, forged = signed("none", []), signed("HS256", [of_ours]), signed("RS256", [stranger])
    spoilt: dict[str, Any] = {
        "another nonce": lambda c: c | {"nonce": "x" * 64},
        "no nonce": lambda c: {k: v for k, v in c.items() if k != "nonce"},
        "another audience": lambda c: c | {"aud": ["another"]},
        "ours among others, for another": lambda c: c | {"aud": [providers.CLIENT, "another"], "azp": "another"},
        "expired": lambda c: c | {"exp": int(time.time()) - 120},
        "another issuer": lambda c: c | {"iss": "https://other.example"},
    }
    for name, spoil in spoilt.items():
        provider.spoil, client = spoil, browser()
        assert back(client, asked(client)) in ("/login?sso=untrusted", "/login?sso=many"), name
        assert signed_in(client) == "", name
    provider.spoil = None
    for name, sign in {"alg none": unsigned, "by our secret": by_secret, "by a stranger": forged}.items():
        provider.sign, client = sign, browser()
        assert back(client, asked(client)) in ("/login?sso=untrusted", "/login?sso=many"), name
        assert signed_in(client) == "", name
    provider.sign, client = None, browser()
    assert back(client, asked(client)) == "/warnings?level=4", "the right one is never kept out"


@pytest.mark.parametrize("verified", [False, "true", None])
def test_an_address_nobody_verified_names_nobody(
    county: SimpleNamespace, provider: Provider, settings: Any, verified: Any
) -> None:
    settings.OIDC = Oidc(settings.OIDC.issuer, providers.CLIENT, providers.SECRET, "email")
    named = settings.OIDC.names
    Identity.objects.create(user=county.users["leader"], issuer=named, subject="leader@example.gov.cn")
    says = {"email": "leader@example.gov.cn"} | ({} if verified is None else {"email_verified": verified})
    provider.spoil, client = (lambda claims: claims | says), browser()
    assert back(client, asked(client)) == "/login?sso=untrusted"
    assert signed_in(client) == ""
    provider.spoil = lambda claims: claims | says | {"email_verified": True}
    assert back(client, asked(client)) == "/warnings?level=4"


def test_a_code_works_once_and_in_its_own_browser(county: SimpleNamespace, provider: Provider) -> None:
    bind(county.users["leader"], provider)
    client = browser()
    answer = asked(client)
    carried = client.cookies[sso.COOKIE].value
    assert back(browser(), answer) == "/login?sso=expired", "another browser's answer"
    code = dict(parse_qsl(urlsplit(answer.headers["location"]).query))["code"]
    assert code not in AccessAttempt.objects.get(username="(oidc)").get_data, "it has not been used yet"
    assert back(client, answer) == "/warnings?level=4"
    again = browser()
    again.cookies[sso.COOKIE] = carried
    assert back(again, answer) == "/login?sso=expired"
    assert signed_in(again) == ""


def test_another_claim_names_nobody_by_the_values_of_the_one_before(
    county: SimpleNamespace, provider: Provider, settings: Any
) -> None:
    first = browser()
    back(first, asked(first))
    assert post(first, "session", {"username": "leader", "password": PASSWORD, "bind": True}).status_code == 200
    settings.OIDC = Oidc(settings.OIDC.issuer, providers.CLIENT, providers.SECRET, "employee_number")
    provider.spoil, client = (lambda claims: claims | {"employee_number": "A-0007"}), browser()
    assert back(client, asked(client)).startswith("/login?sso=bind")
    assert signed_in(client) == ""


def test_keys_may_be_new(county: SimpleNamespace, provider: Provider) -> None:
    bind(county.users["leader"], provider)
    first = browser()
    back(first, asked(first))
    provider.rotate()
    second = browser()
    assert back(second, asked(second)) == "/warnings?level=4"


def test_provider_down_the_password_still_opens(county: SimpleNamespace, provider: Provider) -> None:
    provider.down = True
    client = browser()
    answer = post(client, "session/oidc")
    assert answer.status_code == 503
    assert "用户名和密码" in answer.json()["detail"]
    assert post(client, "session", {"username": "leader", "password": PASSWORD}).status_code == 200


def test_a_provider_that_is_down_is_not_asked_by_everybody(county: SimpleNamespace, provider: Provider) -> None:
    provider.down = True
    for _ in range(5):
        assert post(browser(), "session/oidc").status_code == 503
    assert len(provider.asked) == 1
    provider.down = False
    oidc.forget()  # as ten seconds do
    assert post(browser(), "session/oidc").status_code == 200


def test_a_provider_that_hangs_holds_few_and_nobody_waits_to_wait(county: SimpleNamespace, provider: Provider) -> None:
    with ExitStack() as waiting:
        for _ in range(oidc.AT_ONCE):
            waiting.enter_context(oidc._asking())
        assert post(browser(), "session/oidc").status_code == 503
        assert provider.asked == []
    assert post(browser(), "session/oidc").status_code == 200


def test_down_between_going_and_coming_back(county: SimpleNamespace, provider: Provider) -> None:
    client = browser()
    answer = asked(client)
    provider.down = True
    assert back(client, answer) == "/login?sso=down"


def test_switched_off_passwords_open_for_administrators_alone(
    county: SimpleNamespace, provider: Provider, settings: Any
) -> None:
    settings.OIDC = Oidc(
        settings.OIDC.issuer, providers.CLIENT, providers.SECRET, "preferred_username", passwords=False
    )
    refused = post(browser(), "session", {"username": "leader", "password": PASSWORD})
    assert (refused.status_code, "统一认证" in refused.json()["detail"]) == (403, True)
    assert post(browser(), "session", {"username": "administrator", "password": PASSWORD}).status_code == 200
    client = browser()
    back(client, asked(client))
    refused = post(client, "session", {"username": "leader", "password": PASSWORD, "bind": True})
    assert (refused.status_code, "A-0007" in refused.json()["detail"]) == (403, True), "an administrator binds"
    assert (Identity.objects.exists(), signed_in(client)) == (False, "")
    own = post(client, "session", {"username": "administrator", "password": PASSWORD, "bind": True})
    assert own.status_code == 200


def test_a_password_an_administrator_sets_ends_what_was_bound_by_the_one_before(
    county: SimpleNamespace, provider: Provider, login: Callable[[str], Client]
) -> None:
    leader = county.users["leader"]
    bind(leader, provider)
    client = browser()
    back(client, asked(client))
    mine = client.get("/api/v1/session").json()["identity"]
    assert (mine["issuer"], mine["subject"], mine["since"] is not None) == (provider.issuer, "A-0007", True)
    path, new = f"users/{leader.pk}/password", {"password": "another-Long-1"}
    assert post(login("administrator"), path, new).status_code == 204
    assert (signed_in(client), Identity.objects.exists()) == ("", False)
    again = browser()
    assert back(again, asked(again)).startswith("/login?sso=bind")
    told = Entry.objects.filter(verb__in=("user.password_set", "identity.unbound")).values_list("verb", flat=True)
    assert list(told.order_by("id")) == ["user.password_set", "identity.unbound"]


def test_ones_own_new_password_ends_it_too_unless_it_opens_nothing(
    county: SimpleNamespace, provider: Provider, settings: Any
) -> None:
    bind(county.users["leader"], provider)
    client = browser()
    back(client, asked(client))
    change = {"current": PASSWORD, "password": "another-Long-1"}
    settings.OIDC = replace(settings.OIDC, passwords=False)
    assert post(client, "session/password", change).status_code == 204
    assert client.get("/api/v1/session").json()["identity"] is not None, "nobody could bind themselves anew"
    settings.OIDC = replace(settings.OIDC, passwords=True)
    assert post(client, "session/password", {"current": change["password"], "password": PASSWORD}).status_code == 204
    assert (signed_in(client), client.get("/api/v1/session").json()["identity"]) == ("leader", None)


def test_a_password_somebody_else_set_binds_nobody(county: SimpleNamespace, provider: Provider, settings: Any) -> None:
    User.objects.filter(username="leader").update(password_given=True)
    client, mine = browser(), {"username": "leader", "password": PASSWORD, "bind": True}
    back(client, asked(client))
    refused = post(client, "session", mine)
    assert (refused.status_code, "管理员设的" in refused.json()["detail"]) == (409, True)
    assert (Identity.objects.exists(), signed_in(client)) == (False, "")
    plain = browser()
    assert post(plain, "session", mine | {"bind": False}).json()["must_change_password"] is True
    settings.OIDC = replace(settings.OIDC, passwords=False)
    assert post(client, "session", mine).status_code == 403, "nor where it opens nothing else"


def test_an_administrator_binds_and_unbinds_and_sessions_end(
    county: SimpleNamespace, provider: Provider, login: Callable[[str], Client]
) -> None:
    admin, leader = login("administrator"), county.users["leader"]
    put = lambda user: admin.put(  # noqa: E731
        f"/api/v1/users/{user.pk}/identity", {"subject": "A-0007"}, content_type="application/json"
    )
    assert put(leader).status_code == 204
    assert put(county.users["auditor"]).status_code == 409, "one identity, one account"
    assert put(county.users["administrator"]).status_code == 403
    rows = {one["username"]: one["identity"] for one in admin.get("/api/v1/users").json()["items"]}
    assert (rows["leader"], rows["auditor"]) == ("A-0007", None)
    client = browser()
    back(client, asked(client))
    assert signed_in(client) == "leader"
    assert admin.delete(f"/api/v1/users/{leader.pk}/identity").status_code == 204
    assert signed_in(client) == ""
    assert list(Entry.objects.filter(verb__startswith="identity.").values_list("verb", flat=True).order_by("id")) == [
        "identity.bound",
        "identity.unbound",
    ]


def test_whose_session_ends_by_stillness_is_not_let_in_by_one_press(
    county: SimpleNamespace, provider: Provider
) -> None:
    bind(county.users["administrator"], provider)
    hour_ago = lambda claims: claims | {"auth_time": int(time.time()) - 3600}  # noqa: E731
    provider.spoil = hour_ago
    client = browser()
    again = back(client, asked(client))
    query = dict(parse_qsl(urlsplit(again).query))
    assert (again.startswith(provider.issuer), query["max_age"], signed_in(client)) == (True, "1800", "")
    provider.spoil = None  # and so they sign in there anew
    assert back(client, httpx.get(again, trust_env=False)) == "/warnings?level=4"
    assert signed_in(client) == "administrator"
    # A provider that does not ask, or does not say when, lets nobody of these roles in.
    for spoil in (hour_ago, lambda claims: {name: value for name, value in claims.items() if name != "auth_time"}):
        provider.spoil = spoil
        client = browser()
        again = back(client, asked(client))
        assert back(client, httpx.get(again, trust_env=False)) == "/login?sso=stale"
        assert signed_in(client) == ""


def test_whom_nothing_else_lets_in_is_not_locked_out_by_a_provider_that_never_says_when(
    county: SimpleNamespace, provider: Provider, settings: Any
) -> None:
    bind(county.users["auditor"], provider)
    settings.OIDC = replace(settings.OIDC, passwords=False)
    provider.spoil = lambda claims: {name: value for name, value in claims.items() if name != "auth_time"}
    client = browser()
    again = back(client, asked(client))
    assert again.startswith(provider.issuer), "it is asked all the same"
    assert back(client, httpx.get(again, trust_env=False)) == "/warnings?level=4"
    assert signed_in(client) == "auditor"
    # One that says it was long ago does keep a session open, and has not asked.
    provider.spoil = lambda claims: claims | {"auth_time": int(time.time()) - 40_000}
    client = browser()
    again = back(client, asked(client))
    assert back(client, httpx.get(again, trust_env=False)) == "/login?sso=stale"


def test_who_is_called_is_let_in_however_long_ago_they_signed_in_there(
    county: SimpleNamespace, provider: Provider
) -> None:
    bind(county.users["leader"], provider)
    provider.spoil = lambda claims: claims | {"auth_time": int(time.time()) - 40_000}
    client = browser()
    assert back(client, asked(client)) == "/warnings?level=4"


def test_an_account_switched_off_is_not_opened(county: SimpleNamespace, provider: Provider) -> None:
    bind(county.users["leader"], provider)
    User.objects.filter(username="leader").update(is_active=False)
    client = browser()
    assert back(client, asked(client)) == "/login?sso=inactive"
    assert signed_in(client) == ""


def test_signing_out_goes_to_the_provider_too(county: SimpleNamespace, provider: Provider) -> None:
    bind(county.users["leader"], provider)
    client = browser()
    back(client, asked(client))
    address = urlsplit(post(client, "session/oidc/end").json()["address"])
    query = dict(parse_qsl(address.query))
    assert f"{address.scheme}://{address.netloc}" == provider.issuer
    assert query["post_logout_redirect_uri"] == sso.callback().replace(f"{sso.PATH}/callback", "/login")
    assert query["id_token_hint"].count(".") == 2
    assert signed_in(client) == ""
    plain = browser()
    post(plain, "session", {"username": "leader", "password": PASSWORD})
    assert post(plain, "session/oidc/end").json() == {"address": ""}


@pytest.mark.parametrize(
    "onward", ["//evil.example", "https://evil.example", "/\\evil.example", "/a\nb", "/\t/evil.example", "/a\x7f", ""]
)
def test_the_way_on_stays_in_this_face(county: SimpleNamespace, provider: Provider, onward: str) -> None:
    bind(county.users["leader"], provider)
    client = browser()
    assert back(client, asked(client, onward)) == "/"


@pytest.mark.parametrize(
    ("public", "host"),
    [
        (f"http://{HOST}/", HOST),
        ("http://Shoutu.Example:80", "shoutu.example"),
        ("http://shoutu.example", "shoutu.example:80"),
        ("http://a:b@shoutu.example", "shoutu.example"),
    ],
)
def test_one_address_written_in_two_ways_is_one(
    county: SimpleNamespace, provider: Provider, settings: Any, public: str, host: str
) -> None:
    settings.CONFIG, settings.ALLOWED_HOSTS = replace(settings.CONFIG, public_url=public), ["*"]
    at = Client(headers={"host": host})
    assert post(at, "session/oidc").status_code == 200
    assert post(Client(headers={"host": "10.0.0.8"}), "session/oidc").status_code == 409


def test_behind_tls_no_other_host_can_set_what_the_browser_brings(
    county: SimpleNamespace, provider: Provider, settings: Any
) -> None:
    settings.SECURE = True
    bind(county.users["leader"], provider)
    client = browser()
    answer = asked(client)
    brought = client.cookies["__Host-shoutu_oidc"]
    assert (brought["secure"], brought["path"], brought["domain"]) == (True, "/", "")
    assert back(client, answer) == "/warnings?level=4"
    assert client.cookies["__Host-shoutu_oidc"].value == ""


def test_not_configured(county: SimpleNamespace) -> None:
    assert post(browser(), "session/oidc").status_code == 409
    assert browser().get("/api/v1/session/oidc/callback")["location"] == "/login?sso=off"
    assert browser().get("/api/v1/hello").json()["sso"] is None


@pytest.mark.parametrize(
    "values",
    [
        {"SHOUTU_OIDC_ISSUER": "http://sso.example", "SHOUTU_OIDC_CLIENT": "a"},
        {"SHOUTU_OIDC_ISSUER": "https://sso.example?x=1", "SHOUTU_OIDC_CLIENT": "a"},
        {"SHOUTU_OIDC_ISSUER": "https://sso.example"},
        {"SHOUTU_OIDC_ISSUER": "https://sso.example", "SHOUTU_OIDC_CLIENT": "a", "SHOUTU_OIDC_SCOPE": "profile"},
        {"SHOUTU_OIDC_ISSUER": "https://sso.example", "SHOUTU_OIDC_CLIENT": "a", "SHOUTU_OIDC_SECRET_FILE": "/none"},
    ],
)
def test_settings_that_cannot_work_are_told(values: dict[str, str]) -> None:
    with pytest.raises(SettingError, match="SHOUTU_OIDC"):
        _oidc(values)


def test_an_address_with_a_password_in_it_is_shown_without() -> None:
    told = _oidc({"SHOUTU_OIDC_ISSUER": "https://u:secret@sso.example/realm", "SHOUTU_OIDC_CLIENT": "a"})
    assert told is not None
    assert told.address == "https://sso.example/realm"


def test_settings_the_secret_of_a_file_and_not_shown(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("top\n")
    given = {"SHOUTU_OIDC_ISSUER": "https://sso.example", "SHOUTU_OIDC_CLIENT": "a"}
    found = _oidc(given | {"SHOUTU_OIDC_SECRET_FILE": str(tmp_path / "secret")})
    assert found is not None
    assert found.secret == "top"
    assert "top" not in repr(found)
