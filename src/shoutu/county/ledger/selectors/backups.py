"""When the county was last backed up, and the alarm when that is too long ago."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.kit.drill import drilling
from shoutu.county.kit.models import Beat
from shoutu.county.ledger.models import Entry

TAKEN = "backup.taken"
"""The verb, and the beat that keeps the last one."""


def last_backup() -> dict[str, Any] | None:
    """The last backup: `at` (the moment it is of), file, bytes; None before the first."""
    beat = Beat.objects.filter(name=TAKEN).first()
    if beat is None:
        return None
    detail = beat.detail
    return {"at": datetime.fromisoformat(detail["taken_at"]), "file": detail["file"], "bytes": detail["bytes"]}


def backup_alarms(last: dict[str, Any] | None) -> list[dict[str, Any]]:
    """One alarm while the `last` backup, or the beginning of a county without one, is `SHOUTU_BACKUP_DAYS` ago or more.

    Never in a demo, nor in a drill copy, of which no backup may be made.
    """
    if settings.DEMO or drilling():
        return []
    since = last["at"] if last else Entry.objects.order_by("id").values_list("at", flat=True).first()
    if since is None:
        return []
    days = settings.CONFIG.backup_days
    age = timezone.now() - since
    if age < timedelta(days=days):
        return []
    words = (
        _("上次备份是 %(age)s 天前（限 %(days)s 天）。在服务器上运行 shoutu backup 文件夹")
        if last
        else _("启用 %(age)s 天了还没有备份过（限 %(days)s 天）。在服务器上运行 shoutu backup 文件夹")
    )
    message = words % {"age": age.days, "days": days}
    return [{"id": 0, "at": since + timedelta(days=days), "kind": "backup.old", "message": message}]
