"""管理 → 设置: every setting there is, its value in force and where it comes from; never a secret's text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings as running
from django.test import Client

from shoutu import config
from shoutu.county.kit.installation import SETTINGS
from shoutu.county.kit.permissions import ROLES

REFERENCE = (Path(__file__).parents[3] / "docs/reference.md").read_text("utf-8")
SECRET = "do-not-tell-7c1f"


def lines(client: Client) -> dict[str, dict[str, Any]]:
    answer = client.get("/api/v1/settings")
    assert answer.status_code == 200, answer.content.decode()
    return {one["name"]: one for one in answer.json()["items"]}


def test_every_setting_of_the_reference_is_told() -> None:
    table = REFERENCE.partition("## Settings")[2]
    written = {name for row in re.findall(r"^\| (`SHOUTU_.*?) \|", table, re.M) for name in re.findall(r"`(\w+)`", row)}
    assert len(written) > 30
    assert {one.name for one in SETTINGS} == written - {"SHOUTU_OIDC_SECRET_FILE"}  # told as the secret it holds


@pytest.mark.django_db
def test_no_secret_is_in_the_answer(login: Callable[[str], Client], county: SimpleNamespace, settings: Any) -> None:
    client = login("administrator")
    before = lines(client)
    secret = {one.name for one in SETTINGS if one.secret}
    assert {name for name, one in before.items() if one["secret"]} == secret
    settings.CONFIG = replace(
        running.CONFIG,
        database_url=f"postgresql://shoutu:{SECRET}@db/shoutu",
        heartbeat_url=f"https://watch.example/{SECRET}",
        witness_mail_url=f"mailtos://a:{SECRET}@mail.example",
        public_url=f"https://a:{SECRET}@shoutu.example/",
        county_url=f"http://a:{SECRET}@127.0.0.1:8000",
        oidc=config.Oidc(f"https://a:{SECRET}@sso.example", "shoutu", secret=SECRET),
    )
    answer = client.get("/api/v1/settings")
    assert SECRET not in answer.content.decode()
    told = lines(client)
    assert all(told[name]["value"] is None and told[name]["set"] for name in secret)
    assert told["SHOUTU_PUBLIC_URL"]["value"] == "https://shoutu.example/"
    assert told["SHOUTU_OIDC_ISSUER"]["value"] == "https://sso.example"
    for key in ("django.key", "wing.token", "ledger.pem"):
        assert running.CONFIG.secret(key) not in answer.content.decode()


@pytest.mark.django_db
def test_a_setting_says_where_it_was_given_and_how_it_is_changed(
    login: Callable[[str], Client], county: SimpleNamespace, settings: Any
) -> None:
    given = {"SHOUTU_PORT": "environment", "SHOUTU_BACKUP_DAYS": "file"}
    settings.CONFIG = replace(running.CONFIG, port=8700, backup_days=9, given=given)
    client = login("administrator")
    told = lines(client)
    assert (told["SHOUTU_PORT"]["value"], told["SHOUTU_PORT"]["source"]) == ("8700", "environment")
    assert (told["SHOUTU_BACKUP_DAYS"]["value"], told["SHOUTU_BACKUP_DAYS"]["source"]) == ("9", "file")
    assert (told["SHOUTU_DRILL"]["value"], told["SHOUTU_DRILL"]["source"]) == ("否", "default")
    # How it is changed is said once, not on every line.
    environment, file = client.get("/api/v1/settings").json()["how"]
    assert "环境变量" in environment
    assert "shoutu.toml" in file
    assert all("how" not in one for one in told.values())


@pytest.mark.django_db
def test_who_is_no_administrator_is_told_nothing(login: Callable[[str], Client], county: SimpleNamespace) -> None:
    assert Client().get("/api/v1/settings").status_code == 401
    for role in ("leader", "duty_officer", "auditor", "enterprise"):
        assert login(role).get("/api/v1/settings").status_code == 403
    assert "administrator" in ROLES


def test_the_environment_wins_over_the_file_and_each_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shoutu.toml").write_text("backup_days = 9\nport = 8001\n", "utf-8")
    monkeypatch.setenv("SHOUTU_DATA", str(tmp_path))
    monkeypatch.setenv("SHOUTU_PORT", "8700")
    config.load.cache_clear()
    try:
        found = config.load()
        assert (found.port, found.backup_days) == (8700, 9)
        assert found.given["SHOUTU_PORT"] == "environment"
        assert found.given["SHOUTU_BACKUP_DAYS"] == "file"
        assert "SHOUTU_DRILL" not in found.given
    finally:
        monkeypatch.undo()
        config.load.cache_clear()
