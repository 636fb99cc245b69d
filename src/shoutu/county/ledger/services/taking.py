"""A backup asked for in the browser: the worker takes it by a process of its own, the web process only asks.

What was asked stands in one row (a `Beat`), so that it outlives whoever does it. The command itself puts the finished
backup on record, also when the worker is gone by then.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.kit import steps
from shoutu.county.kit.actors import Actor, system
from shoutu.county.kit.errors import Conflict
from shoutu.county.kit.models import Beat
from shoutu.county.kit.subjects import COUNTY
from shoutu.county.ledger.selectors.taking import JOB, OPEN, job, obstacle
from shoutu.county.ledger.services.record import record, service

_process: list[subprocess.Popen[bytes]] = []


def ask(actor: Actor) -> None:
    """Ask the worker for a backup into the folder of the settings.

    Raises NotAllowed, Conflict where it cannot be taken (no folder, no room) or is being taken already.
    """
    actor.require("backup.take")
    if why := obstacle():
        raise Conflict(why)
    _ask(actor)


@service
def _ask(actor: Actor) -> None:
    Beat.objects.get_or_create(name=JOB, defaults={"at": timezone.now()})
    row = Beat.objects.select_for_update(no_key=True).get(name=JOB)
    if row.detail.get("state") in OPEN:
        raise Conflict(_("已经在备份，等它做完。"))
    _set(state="asked", by=actor.label, asked_at=timezone.now().isoformat())
    record(actor, "backup.asked", COUNTY, {"folder": settings.CONFIG.backup_dir})


def _set(**told: Any) -> None:
    steps.beat(JOB, detail=told)


def work() -> None:
    """One look at what was asked: begin it, or see whether it has ended. Never waits for it."""
    now = job()
    if now is None or now["state"] not in OPEN:
        return
    if now["state"] == "asked":
        with transaction.atomic():
            steps.fence()
            _set(**{**now, "state": "running"})
        _process[:] = [_begin()]
        return
    if not _process:
        _fail(now, _("叫应进程中途重启了，不知道做完没有：看备份目录，再备份一次"))
        return
    code = _process[0].poll()
    if code is None:
        return
    if code == 0:
        _done(now, json.loads(_said("out").strip().splitlines()[-1]))
    else:
        _fail(now, (_said("err").strip().splitlines() or [str(code)])[-1].removeprefix("Error: "))
    # Not before that is committed: a busy database has it tried again, and the process still tells how it ended.
    _process.clear()


def _begin() -> subprocess.Popen[bytes]:
    """The command as the operator gives it, in a process of its own: it takes all the time and files it wants."""
    config = settings.CONFIG
    command = [sys.executable, "-m", "shoutu.cli", "--data", str(config.data), "backup", config.backup_dir, "--json"]
    with _file("out").open("wb") as out, _file("err").open("wb") as err:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True)


def _file(name: str) -> Path:
    path: Path = settings.CONFIG.run / f"backup.{name}"
    if not path.exists():
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    return path


def _said(name: str) -> str:
    return _file(name).read_text("utf-8", errors="replace")


def _done(now: dict[str, Any], facts: dict[str, Any]) -> None:
    with transaction.atomic():
        steps.fence()
        _set(**{**now, **facts, "state": "done", "ended_at": timezone.now().isoformat()})


@service
def _fail(now: dict[str, Any], problem: str) -> None:
    steps.fence()
    _set(**{**now, "state": "failed", "problem": problem[:400], "ended_at": timezone.now().isoformat()})
    record(system("备份"), "backup.failed", COUNTY, {"problem": problem[:400], "asked_by": now.get("by", "")})
