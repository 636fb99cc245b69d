"""Backups over HTTP: what there is, and asking the worker for one. Where it goes, the settings say."""

from __future__ import annotations

import shutil
from contextlib import suppress
from datetime import datetime
from typing import Any, Literal

from django.conf import settings
from django.http import HttpRequest
from ninja import Schema

from shoutu.county.kit.api import Router, asker
from shoutu.county.ledger.selectors import taking
from shoutu.county.ledger.services import taking as services

router = Router()
BEFORE = {"ended_at": None, "written": 0, "path": "", "bytes": 0, "size": 0, "epoch": 0, "problem": ""}
"""What is told of a job before it has ended."""


class BackupJob(Schema):
    """The backup last asked for here. `written`: bytes on the disk so far; `size`: entries of its ledger's head."""

    state: Literal["asked", "running", "done", "failed"]
    by: str
    asked_at: datetime
    ended_at: datetime | None
    written: int
    path: str
    bytes: int
    size: int
    epoch: int
    problem: str


class BackupTaken(Schema):
    """A backup on record. `taken_at`: the moment it is of; `size`: entries of its ledger's head."""

    entry: int
    by: str
    file: str
    bytes: int
    sha256: str
    taken_at: datetime
    size: int


class Backups(Schema):
    """`folder`: where they go ("": not set); `obstacle`: why none can be taken now, ""; `free`: bytes there;
    `expected`: bytes of the last one."""

    folder: str
    obstacle: str
    free: int | None
    expected: int
    job: BackupJob | None
    items: list[BackupTaken]


def _told(request: HttpRequest) -> dict[str, Any]:
    actor = asker(request)
    actor.require("backup.take")
    folder, free = settings.CONFIG.backup_dir, None
    with suppress(OSError):
        free = shutil.disk_usage(folder).free if folder else None
    job = taking.job()
    if job is not None and job["state"] == "running":
        job["written"] = taking.written_bytes()
    items = taking.taken(actor)
    return {
        "folder": folder,
        "obstacle": taking.obstacle(),
        "free": free,
        "expected": items[0]["bytes"] if items else 0,
        "job": {**BEFORE, **job} if job is not None else None,
        "items": items,
    }


@router.get("/backups", response=Backups)
def list_backups(request: HttpRequest) -> Any:
    """The newest backups, how far one under way is, and whether one can be taken now."""
    return _told(request)


@router.post("/backups", response={202: Backups})
def ask_backup(request: HttpRequest) -> Any:
    """Ask the worker for a backup; 409 with why where none can be taken, or while one is being taken."""
    services.ask(asker(request))
    return 202, _told(request)
