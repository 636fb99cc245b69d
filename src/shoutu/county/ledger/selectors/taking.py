"""What may be asked of backups taken from the browser: whether one can be taken, how far it is, those there were."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.drill import drilling
from shoutu.county.kit.models import Beat
from shoutu.county.ledger.selectors import entries
from shoutu.county.ledger.selectors.backups import TAKEN, last_backup

JOB = "backup.job"
OPEN = ("asked", "running")
SPARE_BYTES = 64 << 20
LISTED = 20


def job() -> dict[str, Any] | None:
    """The backup last asked for in the browser: state (asked, running, done, failed), by, asked_at, …; None: none."""
    row = Beat.objects.filter(name=JOB).first()
    return dict(row.detail) if row is not None and row.detail else None


def obstacle() -> str:
    """Why no backup can be taken from the browser, in words; "" when one can."""
    folder, data = settings.CONFIG.backup_dir, settings.CONFIG.data
    if not folder:
        return _("没有设置备份目录：在服务器上设置 SHOUTU_BACKUP_DIR，再重启")
    if drilling():
        return _("这是演练副本：它的备份恢复出来会当成真的县，照常呼叫真实的人。备份本县要在本县的机器上做")
    path = Path(folder)
    try:
        writable = path.is_dir() and os.access(path, os.W_OK)
        inside = writable and path.resolve().is_relative_to(data.resolve())
        free = shutil.disk_usage(path).free if writable else 0
    except OSError:  # No right to look, a share that went stale, a disk that fails.
        writable, inside, free = False, False, 0
    if not writable:
        return _("备份目录 %(folder)s 不在，或者不能写：看磁盘有没有接上") % {"folder": folder}
    if inside:
        return _("备份目录在数据目录里面，会一起坏掉：SHOUTU_BACKUP_DIR 换到另一块磁盘")
    needed = needed_bytes()
    if free < needed:
        return _("备份目录 %(folder)s 放不下：至少要 %(needed).1f GB，只剩 %(free).1f GB。腾出地方或换一块磁盘") % {
            "folder": folder, "needed": needed / 1e9, "free": free / 1e9,
        }  # fmt: skip
    return ""


def needed_bytes() -> int:
    """At least so much room is needed: the database twice, as it is copied and in the archive, or as much as last."""
    database, last = 0, last_backup()
    with suppress(OSError):
        database = (settings.CONFIG.data / "county.sqlite3").stat().st_size
    return max(2 * database, last["bytes"] if last else 0) + SPARE_BYTES


def written_bytes() -> int:
    """How much of a backup under way is on the disk."""
    folder, size = settings.CONFIG.backup_dir, 0
    if folder:
        with suppress(OSError):
            for draft in Path(folder).glob(".*.tar.*.unfinished"):
                with suppress(OSError):
                    size += draft.stat().st_size
    return size


def taken(actor: Actor) -> list[dict[str, Any]]:
    """The newest backups on record, however they were asked for."""
    found = entries(actor).filter(verb=TAKEN).order_by("-id")[:LISTED]
    return [{"entry": one.pk, "by": one.body["actor"]["label"], **one.payload} for one in found]
