"""A backup asked for in the browser: refused in words, taken by the worker's own process, on record, never twice."""

from __future__ import annotations

import errno
import json
import shutil
import subprocess
import sys
import time
from collections import namedtuple
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from shoutu.county.kit import steps
from shoutu.county.kit.models import Beat
from shoutu.county.kit.steps import LeaseLost
from shoutu.county.ledger.models import Entry
from shoutu.county.ledger.selectors import taking as selectors
from shoutu.county.ledger.services import taking

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    """A backup folder, and a data directory of its own beside it."""
    (tmp_path / "var" / "run").mkdir(parents=True)
    (tmp_path / "stick").mkdir()
    settings.CONFIG = replace(settings.CONFIG, data=tmp_path / "var", backup_dir=str(tmp_path / "stick"))
    return tmp_path / "stick"


def test_it_is_asked_for_once_and_put_on_record(county: SimpleNamespace, login: Any, folder: Path) -> None:
    admin = login("administrator")
    told = admin.get("/api/v1/backups").json()
    assert (told["folder"], told["obstacle"], told["job"], told["items"]) == (str(folder), "", None, [])
    answer = admin.post("/api/v1/backups")
    assert (answer.status_code, answer.json()["job"]["state"]) == (202, "asked")
    assert admin.post("/api/v1/backups").status_code == 409
    assert Entry.objects.filter(verb="backup.asked").count() == 1


def _broken(folder: Path, look: Callable[[Path], Any]) -> Callable[[Path], Any]:
    def fails(path: Path) -> Any:
        if path == folder:
            raise OSError(errno.EIO, "the disk fails")
        return look(path)

    return fails


@pytest.mark.parametrize("why", ["not set", "drill", "not there", "failing", "unreadable", "inside", "full"])
def test_what_stands_against_it_is_said(
    county: SimpleNamespace, login: Any, folder: Path, settings: Any, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    places = {"not set": "", "not there": str(folder / "gone"), "inside": str(settings.CONFIG.data / "run")}
    settings.CONFIG = replace(settings.CONFIG, backup_dir=places.get(why, str(folder)), drill=why == "drill")
    if why == "full":
        monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(10**9, 10**9 - 1000, 1000))
    if why in ("failing", "unreadable"):
        place, name = (shutil, "disk_usage") if why == "failing" else (Path, "is_dir")
        monkeypatch.setattr(place, name, _broken(folder, getattr(place, name)))
    answer = login("administrator").post("/api/v1/backups")
    words = {
        "not set": "SHOUTU_BACKUP_DIR",
        "drill": "演练副本",
        "not there": "不在",
        "failing": "不能写",
        "unreadable": "不能写",
        "inside": "数据目录里面",
        "full": "放不下",
    }
    assert answer.status_code == 409
    assert words[why] in answer.json()["detail"]
    assert not Entry.objects.filter(verb="backup.asked").exists()
    assert selectors.job() is None


def test_a_backup_that_fails_says_why_and_another_may_be_asked_for(
    county: SimpleNamespace, login: Any, folder: Path
) -> None:
    admin = login("administrator")
    admin.post("/api/v1/backups")
    taking.work()
    assert selectors.job()["state"] == "running"
    # This data directory holds no county: the command itself refuses, in its own process.
    deadline = time.monotonic() + 60
    while selectors.job()["state"] == "running" and time.monotonic() < deadline:
        taking.work()
        time.sleep(0.05)
    job = admin.get("/api/v1/backups").json()["job"]
    assert job["state"] == "failed"
    assert job["problem"]
    assert Entry.objects.get(verb="backup.failed").payload["problem"] == job["problem"]
    assert list(folder.iterdir()) == []
    assert admin.post("/api/v1/backups").status_code == 202


def test_a_finished_backup_that_could_not_be_noted_at_once_is_noted_later(
    county: SimpleNamespace, login: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    login("administrator").post("/api/v1/backups")
    script = f"print({json.dumps({'file': 'shoutu-1.tar'})!r})"
    with taking._file("out").open("wb") as out:
        ended = subprocess.Popen([sys.executable, "-c", script], stdout=out)
    ended.wait()
    taking._process[:] = [ended]
    taking._set(**{**selectors.job(), "state": "running"})  # type: ignore[dict-item]

    def lost() -> None:
        raise LeaseLost

    with monkeypatch.context() as patch:
        patch.setattr(steps, "fence", lost)
        with pytest.raises(LeaseLost):
            taking.work()
    assert selectors.job()["state"] == "running"
    taking.work()
    assert (selectors.job()["state"], selectors.job()["file"]) == ("done", "shoutu-1.tar")
    assert taking._process == []
    assert not Entry.objects.filter(verb="backup.failed").exists()


def test_a_worker_that_was_restarted_does_not_leave_it_running_for_ever(
    county: SimpleNamespace, login: Any, folder: Path
) -> None:
    login("administrator").post("/api/v1/backups")
    Beat.objects.filter(name=selectors.JOB).update(
        detail={**selectors.job(), "state": "running"}  # type: ignore[dict-item]
    )
    taking.work()
    assert selectors.job()["state"] == "failed"
    assert "重启" in selectors.job()["problem"]


@pytest.mark.parametrize("role", ["leader", "duty_officer", "auditor"])
def test_nobody_else_asks(county: SimpleNamespace, login: Any, folder: Path, role: str) -> None:
    assert login(role).post("/api/v1/backups").status_code == 403
    assert login(role).get("/api/v1/backups").status_code == 403
