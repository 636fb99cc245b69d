"""Nothing a stranger sends makes the server fail."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as trials
from hypothesis import strategies as st

from shoutu.county.kit.actors import SYSTEM
from shoutu.county.people.models import User

JSON = "application/json"
HUGE = "9" * 30


@pytest.mark.parametrize("path", [
    f"/api/v1/ledger/{HUGE}/proof", "/api/v1/ledger/-1/proof", "/api/v1/ledger/0/proof", "/api/v1/ledger/x/proof",
    f"/api/v1/ledger?subject=site:{HUGE}", "/api/v1/ledger?q=%00", "/api/v1/ledger?q=%F0%9F%98%80",
    "/api/v1/ledger?limit=1e400",
    f"/api/v1/ledger/consistency?old={HUGE}", f"/api/v1/persons/{HUGE}/phone", "/api/v1/users?sort=-",
    "/api/v1/nothing",
    "/api/v1/organisations?cursor=%FF%FE", f"/api/v1/tokens?cursor={'A' * 5000}",
])  # fmt: skip
def test_bad_addresses_and_queries(county: SimpleNamespace, login, path: str) -> None:
    assert login("administrator").get(path).status_code < 500


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b"{", b'{"username":' + b"[" * 5000, b"\xff\xfe", b'{"username": "\\ud800", "password": "x"}',
     b'{"username": "a\\u0000b", "password": "x"}', b'{"username": 1e400, "password": "x"}',
     b'{"username": "a", "username": "b", "password": "x"}'],
)  # fmt: skip
def test_bad_bodies(county: SimpleNamespace, client, body: bytes) -> None:
    answer = client.post("/api/v1/session", body, content_type=JSON)
    assert answer.status_code in {401, 422}, answer.content
    assert answer["Content-Type"].startswith("application/problem+json")


def refused(client, status: int) -> float:
    lines = client.get("/metrics").content.decode().splitlines()
    mine = [line for line in lines if line.startswith(f'shoutu_api_refused_total{{status="{status}"}}')]
    return float(mine[0].split()[1]) if mine else 0.0


def test_a_refusal_is_counted(county: SimpleNamespace, client) -> None:
    before = refused(client, 422)
    client.post("/api/v1/session", b"{", content_type=JSON)
    assert refused(client, 422) == before + 1


def test_a_pack_that_cannot_be_read_is_counted(county: SimpleNamespace, client, settings, tmp_path) -> None:
    (tmp_path / "warning").mkdir()
    (tmp_path / "warning" / "bad.yaml").write_text("pack: bad\nrules: !!python/object:os.system {}\n", "utf-8")
    settings.CONFIG = replace(settings.CONFIG, packs=tmp_path)
    assert b"shoutu_packs_unreadable 1.0" in client.get("/metrics").content


def test_a_body_beyond_the_limit_is_refused(county: SimpleNamespace, client) -> None:
    answer = client.post("/api/v1/session", b'{"username": "' + b"a" * (17 * 1024 * 1024) + b'"}', content_type=JSON)
    assert answer.status_code == 413
    assert "16777216" in answer.json()["detail"]


TEXT = st.text(max_size=30)
VALUE = st.none() | st.booleans() | st.integers() | st.floats() | TEXT | st.lists(TEXT, max_size=2)


@trials(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.dictionaries(
        st.sampled_from(["username", "password", "role", "display", "organisation", "territory"]), VALUE
    )
)
def test_any_account_body_is_taken_or_refused_with_a_field(county: SimpleNamespace, admin, body) -> None:
    answer = admin.post("/api/v1/users", body, content_type=JSON)
    assert answer.status_code in {201, 404, 422}, answer.content.decode()
    if answer.status_code == 422:
        assert answer.json()["field"]


@pytest.fixture
def admin(login):
    return login("administrator")


def test_a_permission_nobody_named_is_a_mistake_not_a_refusal() -> None:
    with pytest.raises(KeyError, match=r"warnings\.read"):
        SYSTEM.may("warnings.read")


@pytest.mark.parametrize("name", ["\x00", "a\x00b", "a b", "a\u200bb", ""])
def test_no_account_gets_a_name_that_cannot_be_seen(county: SimpleNamespace, admin, name: str) -> None:
    before = User.objects.count()
    body = {"username": name, "password": "一个足够长的密码2026", "role": "auditor"}
    answer = admin.post("/api/v1/users", body, content_type=JSON)
    assert answer.status_code == 422
    assert answer.json()["field"].endswith(("username", "body"))
    assert User.objects.count() == before
