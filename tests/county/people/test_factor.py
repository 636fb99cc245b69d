"""动态口令: set up, asked for, used once, guessed at, recovered from, asked of roles, taken off by two persons."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone

from shoutu.county.kit import totp
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Conflict, NotAllowed
from shoutu.county.ledger.models import Entry
from shoutu.county.people import proposals, services
from shoutu.county.people.models import Proposal, RecoveryCode, SecondFactor, User
from shoutu.county.people.services import factors
from shoutu.county.people.testing import PASSWORD, actor


def post(client: Client, path: str, body: dict[str, Any] | None = None) -> Any:
    return client.post(f"/api/v1/{path}", body or {}, content_type="application/json")


def code(secret: str, steps: int = 0) -> str:
    return totp.code_at(secret, int(timezone.now().timestamp()) // totp.STEP_S + steps)


def enrol(client: Client) -> tuple[str, list[str]]:
    """Through the interface; confirmed by the step before this one, so that this one's code is still unused."""
    begun = post(client, "session/factor", {"password": PASSWORD})
    assert begun.status_code == 200, begun.content.decode()
    secret = begun.json()["secret"]
    confirmed = post(client, "session/factor/confirm", {"code": code(secret, -1)})
    assert confirmed.status_code == 200, confirmed.content.decode()
    return secret, confirmed.json()["codes"]


def sign_in(typed: str | None = None, name: str = "leader") -> Any:
    body = {"username": name, "password": PASSWORD} | ({} if typed is None else {"code": typed})
    return post(Client(), "session", body)


def told(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


def verbs() -> list[str]:
    return list(Entry.objects.filter(verb__startswith="factor.").order_by("id").values_list("verb", flat=True))


@pytest.fixture(autouse=True)
def _mid_step() -> Any:
    """No step of thirty seconds ends in the middle of a test."""
    now = timezone.now()
    with time_machine.travel(now.replace(second=10, microsecond=0), tick=False):
        yield


def test_signing_in_asks_for_a_code_that_works_once(county: SimpleNamespace, login) -> None:
    secret, codes = enrol(login("leader"))
    assert len(set(codes)) == 10
    assert told(sign_in()) == (401, "factor.needed")
    assert told(sign_in("000000" if code(secret) != "000000" else "111111")) == (401, "factor.wrong")
    assert sign_in(code(secret)).status_code == 200
    assert told(sign_in(code(secret))) == (401, "factor.wrong")
    assert told(sign_in(code(secret, -1))) == (401, "factor.wrong"), "used to set it up"
    assert sign_in(code(secret, 1)).status_code == 200, "a telephone's clock may be a step ahead"
    assert told(sign_in(code(secret, 2))) == (401, "factor.wrong")
    assert verbs() == ["factor.begun", "factor.on"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["of the app", "for recovery"])
def test_of_many_who_show_one_code_at_once_one_gets_in(county: SimpleNamespace, login, kind: str) -> None:
    secret, codes = enrol(login("leader"))
    user = county.users["leader"]
    me, typed = actor(user), code(secret) if kind == "of the app" else codes[0]
    together, found, failed = threading.Barrier(4), [], []

    def show() -> None:
        try:
            together.wait(30)
            found.append(factors.check_factor(me, user, typed))
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=show) for _number in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failed == []
    assert sorted(one.value for one in found) == ["right", "wrong", "wrong", "wrong"]


def test_without_the_right_password_nothing_is_told_of_a_factor(county: SimpleNamespace, login) -> None:
    secret, _codes = enrol(login("leader"))
    with_code = post(Client(), "session", {"username": "leader", "password": "不是这个密码", "code": code(secret)})
    without = post(Client(), "session", {"username": "nobody", "password": "不是这个密码"})
    assert with_code.status_code == without.status_code == 401
    assert with_code.json() == without.json()
    assert sign_in(code(secret)).status_code == 200, "the code was not used up"


def test_guesses_are_held_from_every_address_and_a_recovery_code_is_taken_all_the_same(
    county: SimpleNamespace, login
) -> None:
    secret, codes = enrol(login("leader"))
    wrong = "000000" if code(secret) != "000000" else "111111"
    for number in range(5):
        body = {"username": "leader", "password": PASSWORD, "code": wrong}
        answer = Client(REMOTE_ADDR=f"10.0.0.{number}").post("/api/v1/session", body, content_type="application/json")
        assert told(answer) == (401, "factor.wrong")
    assert sign_in(code(secret)).status_code == 429
    assert verbs()[-1] == "factor.held"
    with time_machine.travel(timezone.now() + timedelta(minutes=14), tick=False):
        assert sign_in(code(secret)).status_code == 429
        assert sign_in("ABCD-EFGH-IJKL-MNOP").status_code == 429
        assert sign_in(codes[0].lower()).status_code == 200
        assert sign_in(code(secret)).status_code == 200, "who is in has shown to be the owner"
    assert sign_in(codes[0]).status_code == 401, "used once"


def test_held_for_a_quarter_of_an_hour_and_no_longer(county: SimpleNamespace, login) -> None:
    secret, _codes = enrol(login("leader"))
    wrong = "000000" if code(secret) != "000000" else "111111"
    assert [sign_in(wrong).status_code for _number in range(6)] == [401] * 5 + [429]
    with time_machine.travel(timezone.now() + timedelta(minutes=15), tick=False):
        assert sign_in(code(secret)).status_code == 200


def test_secret_is_sealed_codes_are_hashed_and_neither_is_in_the_ledger(county: SimpleNamespace, login) -> None:
    secret, codes = enrol(login("leader"))
    kept = str([vars(SecondFactor.objects.get()), *(vars(one) for one in RecoveryCode.objects.all())])
    entries = str([vars(one) for one in Entry.objects.filter(verb__startswith="factor.")])
    for one in (secret, *codes, *(text.replace("-", "") for text in codes)):
        assert one not in kept
        assert one not in entries


def test_setting_up_needs_the_present_password_and_a_right_code(county: SimpleNamespace, login) -> None:
    client = login("leader")
    assert post(client, "session/factor/confirm", {"code": "123456"}).status_code == 409
    answer = post(client, "session/factor", {"password": "不是这个密码"})
    assert (answer.status_code, answer.json()["field"]) == (422, "password")
    secret = post(client, "session/factor", {"password": PASSWORD}).json()["secret"]
    answer = post(client, "session/factor/confirm", {"code": code(secret, 3)})
    assert (answer.status_code, answer.json()["field"]) == (422, "code")
    assert sign_in().status_code == 200, "not in force yet"
    assert not client.get("/api/v1/session/factor").json()["since"]
    enrol(client)
    assert post(client, "session/factor", {"password": PASSWORD}).status_code == 409
    assert client.get("/api/v1/session/factor").json()["codes_left"] == 10


def test_set_up_here_ends_what_is_elsewhere(county: SimpleNamespace, login) -> None:
    here, elsewhere = login("leader"), login("leader")
    enrol(here)
    assert here.get("/api/v1/status").status_code == 200
    assert elsewhere.get("/api/v1/status").status_code == 401


def test_taken_off_by_password_and_code_together(county: SimpleNamespace, login) -> None:
    client = login("leader")
    assert post(client, "session/factor/off", {"password": PASSWORD, "code": "1"}).status_code == 409
    secret, codes = enrol(client)
    off = "session/factor/off"
    assert post(client, off, {"password": "不是", "code": code(secret)}).json()["field"] == "password"
    assert post(client, off, {"password": PASSWORD, "code": code(secret, 5)}).json()["field"] == "code"
    assert post(client, off, {"password": PASSWORD, "code": code(secret)}).status_code == 204
    assert sign_in().status_code == 200
    assert verbs()[-1] == "factor.off"
    _secret, again = enrol(client)
    assert not set(again) & set(codes)


def test_new_recovery_codes_end_the_old_ones(county: SimpleNamespace, login) -> None:
    client = login("leader")
    secret, old = enrol(client)
    assert post(client, "session/factor/codes", {"code": code(secret, 4)}).status_code == 422
    new = post(client, "session/factor/codes", {"code": code(secret)}).json()["codes"]
    assert told(sign_in(old[0])) == (401, "factor.wrong")
    assert sign_in(new[0]).status_code == 200
    assert verbs()[-2:] == ["factor.codes", "factor.recovered"]
    assert client.get("/api/v1/session/factor").json()["codes_left"] == 9


def test_sealed_by_a_lost_key_recovery_codes_still_open(county: SimpleNamespace, login, settings) -> None:
    secret, codes = enrol(login("leader"))
    settings.SECRET_KEY = "another installation's key"
    assert told(sign_in(code(secret))) == (401, "factor.wrong")
    assert sign_in(codes[3]).status_code == 200


def test_demo_accounts_and_tokens_set_up_nothing(county: SimpleNamespace, login) -> None:
    client = login("leader")
    client.defaults["SERVER_NAME"] = "127.0.0.1"
    User.objects.filter(username="leader").update(is_demo=True)
    assert post(client, "session/factor", {"password": PASSWORD}).status_code == 409
    assert client.get("/api/v1/session/factor").json()["may"] is False
    owner = county.users["inspector"]
    _token, text = services.create_api_token(SYSTEM, owner, "程序")
    answer = Client().post(
        "/api/v1/session/factor", {"password": PASSWORD}, content_type="application/json",
        headers={"authorization": f"Bearer {text}"},
    )  # fmt: skip
    assert answer.status_code == 403
    assert not SecondFactor.objects.exists()


def test_a_role_that_must_have_it_does_nothing_before(county: SimpleNamespace, login, settings) -> None:
    settings.SECOND_FACTOR = frozenset({"leader"})
    client, other = login("leader"), login("inspector")
    assert client.get("/api/v1/session").json()["must_enrol"] is True
    for path in ("status", "warnings", "duties", "ledger"):
        assert client.get(f"/api/v1/{path}").status_code == 403
    assert client.get("/live/events").status_code == 403
    assert post(client, "tokens", {"name": "先建个令牌"}).status_code == 403
    assert other.get("/api/v1/status").status_code == 200
    enrol(client)
    assert client.get("/api/v1/session").json()["must_enrol"] is False
    assert client.get("/api/v1/status").status_code == 200


def test_demo_logins_are_never_asked(county: SimpleNamespace, login, settings) -> None:
    settings.SECOND_FACTOR = frozenset({"leader"})
    client = login("leader")
    client.defaults["SERVER_NAME"] = "127.0.0.1"
    assert client.get("/api/v1/status").status_code == 403
    User.objects.filter(username="leader").update(is_demo=True)
    assert client.get("/api/v1/status").status_code == 200


def test_taken_off_another_by_two_persons_and_its_sessions_end(county: SimpleNamespace, login) -> None:
    lost, administrator, second = login("inspector"), login("administrator"), login("leader")
    enrol(lost)
    path = f"users/{county.users['inspector'].pk}/factor/reset"
    assert post(administrator, path, {"reason": ""}).status_code == 422
    asked = post(administrator, path, {"reason": "手机掉进水仓"})
    assert asked.status_code == 202
    assert told(sign_in(name="inspector")) == (401, "factor.needed"), "nothing has changed yet"
    agree = f"proposals/{asked.json()['proposal']}/agree"
    assert post(administrator, agree).status_code == 403
    assert post(login("duty_officer"), agree).status_code == 403
    assert post(second, agree).status_code == 200
    assert sign_in(name="inspector").status_code == 200
    assert lost.get("/api/v1/status").status_code == 401
    assert not SecondFactor.objects.exists()
    assert not RecoveryCode.objects.exists()
    assert verbs()[-1] == "factor.reset"


def test_only_an_administrator_asks_and_not_for_oneself(county: SimpleNamespace, login) -> None:
    administrator = login("administrator")
    enrol(administrator)
    own = f"users/{county.users['administrator'].pk}/factor/reset"
    assert post(administrator, own, {"reason": "换手机"}).status_code == 409
    assert post(login("leader"), own, {"reason": "换手机"}).status_code == 403
    none = f"users/{county.users['leader'].pk}/factor/reset"
    assert post(administrator, none, {"reason": "换手机"}).status_code == 409
    assert not Proposal.objects.exists()


def test_whose_it_is_does_not_agree_and_a_newer_one_is_not_taken_off(county: SimpleNamespace, login) -> None:
    client, user = login("leader"), county.users["leader"]
    enrol(client)
    asked = services.ask_reset(actor(county.users["administrator"]), user, "手机丢了")
    with pytest.raises(NotAllowed):
        proposals.agree(actor(user), asked)
    services.create_user(SYSTEM, "second", "administrator", PASSWORD)
    factors.end_factor(actor(user), user)
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=False):
        enrol(client)
    with pytest.raises(Conflict):
        proposals.agree(actor(User.objects.get(username="second")), asked)
    user.refresh_from_db()
    assert user.factor_since is not None


def test_setting_names_roles(tmp_path: Path) -> None:
    environment = {**os.environ, "SHOUTU_DATA": str(tmp_path), "SHOUTU_SECOND_FACTOR": "administrator, boss"}
    environment["DJANGO_SETTINGS_MODULE"] = "shoutu.county.settings"
    line = "from django.conf import settings; settings.DEBUG"
    ran = subprocess.run([sys.executable, "-c", line], env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode != 0
    assert "SHOUTU_SECOND_FACTOR: no role 'boss'" in ran.stderr
