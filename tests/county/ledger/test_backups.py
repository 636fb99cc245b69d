"""What the county says of its backups: the last one, and an alarm when it is too old. Never in a demo."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from shoutu.county.kit import catalog
from shoutu.county.kit.actors import SYSTEM, system
from shoutu.county.kit.errors import NotAllowed
from shoutu.county.kit.models import CatalogHead
from shoutu.county.kit.steps import beat
from shoutu.county.kit.subjects import COUNTY
from shoutu.county.ledger.models import Entry
from shoutu.county.ledger.selectors import taking
from shoutu.county.ledger.selectors.tree import head
from shoutu.county.ledger.services import record, service
from shoutu.county.ledger.services.backups import begin_again, note_taken
from shoutu.county.ledger.services.seal import seal_all
from shoutu.county.ledger.services.taking import work
from shoutu.county.people.testing import actor


@service
def something() -> None:
    record(SYSTEM, "test.done", COUNTY)


def facts(days_ago: float = 0) -> dict[str, Any]:
    at = timezone.now() - timedelta(days=days_ago)
    return {"file": "shoutu-1.tar", "bytes": 12, "sha256": "ab", "taken_at": at.astimezone(UTC).isoformat(), "size": 3}


def alarms(login: Any, name: str = "administrator") -> list[dict[str, Any]]:
    return [one for one in login(name).get("/api/v1/status").json()["alarms"] if one["kind"] == "backup.old"]


def test_backup_is_recorded_and_shown(county: SimpleNamespace, login: Any) -> None:
    client = login("administrator")
    assert client.get("/api/v1/status").json()["last_backup"] is None
    note_taken(system("命令行"), told := facts())
    entry = Entry.objects.latest("id")
    assert (entry.verb, entry.payload) == ("backup.taken", told)
    shown_at = datetime.fromisoformat(client.get("/api/v1/status").json()["last_backup"])
    assert abs(shown_at - datetime.fromisoformat(told["taken_at"])) < timedelta(milliseconds=1)
    shown = client.get("/api/v1/ledger/head").json()["backup"]
    assert (shown["file"], shown["bytes"]) == ("shoutu-1.tar", 12)
    assert login("enterprise").get("/api/v1/ledger/head").json()["backup"] is None
    assert b"shoutu_backup_age_seconds" in client.get("/metrics").content


def test_backup_is_no_users_to_record(county: SimpleNamespace) -> None:
    with pytest.raises(NotAllowed):
        note_taken(actor(county.users["administrator"]), facts())


def test_old_backup_is_an_alarm_until_the_next(county: SimpleNamespace, login: Any) -> None:
    note_taken(SYSTEM, facts(6.9))
    assert alarms(login) == []
    note_taken(SYSTEM, facts(8.5))
    (alarm,) = alarms(login)
    assert "8 天前（限 7 天）" in alarm["message"]
    assert alarm["url"] == "/ledger"
    assert alarms(login, "enterprise") == []
    note_taken(SYSTEM, facts())
    assert alarms(login) == []


def test_county_never_backed_up_is_an_alarm_after_the_same_time(
    county: SimpleNamespace, login: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    something()
    assert alarms(login) == []
    later = timezone.now() + timedelta(days=7, seconds=1)
    monkeypatch.setattr("shoutu.county.ledger.selectors.backups.timezone.now", lambda: later)
    (alarm,) = alarms(login)
    assert "还没有备份过" in alarm["message"]


def test_demo_is_never_told_to_back_up(county: SimpleNamespace, login: Any, settings: Any) -> None:
    note_taken(SYSTEM, facts(30))
    client = login("administrator")
    settings.DEMO = True
    assert [one for one in client.get("/api/v1/status").json()["alarms"] if one["kind"] == "backup.old"] == []


@pytest.mark.django_db
def test_county_that_begins_again_opens_an_epoch_and_tells_the_whole_catalog_anew() -> None:
    something()
    seal_all()
    before, newest = catalog.version(), head()
    assert newest is not None
    assert begin_again("机器坏了", "", facts(2)) == 2
    row = CatalogHead.objects.get(pk=1)
    assert row.version == row.floor == before + 1_000_000
    verbs = list(Entry.objects.order_by("id").values_list("verb", flat=True))
    assert verbs[-2:] == ["backup.restored", "ledger.epoch_opened"]
    assert Entry.objects.latest("id").payload["previous"] == newest.note


@pytest.mark.django_db
def test_county_made_of_a_backup_asked_for_in_the_browser_is_taking_none() -> None:
    something()
    seal_all()
    beat(taking.JOB, detail={"state": "running", "by": "管理员"})
    begin_again("机器坏了", "", facts())
    work()
    assert taking.job() is None
    assert not Entry.objects.filter(verb="backup.failed").exists()


@pytest.mark.django_db
def test_head_kept_elsewhere_that_is_older_than_the_backup_changes_nothing() -> None:
    something()
    seal_all()
    old = head()
    something()
    seal_all()
    newest = head()
    assert old is not None
    assert newest is not None
    begin_again("演练", old.note, facts())
    assert Entry.objects.latest("id").payload["previous"] == newest.note


@pytest.mark.django_db
def test_empty_ledger_has_nothing_to_go_on_from() -> None:
    assert begin_again("演练", "", facts()) == 0
    assert not Entry.objects.exists()
