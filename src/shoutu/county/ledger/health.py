"""The record's lines of health: sealing, the last whole check, the last backup."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from shoutu.county.kit.health import Line, Part, State, contribute, queue
from shoutu.county.ledger.models import Unsealed
from shoutu.county.ledger.selectors import unsealed_count
from shoutu.county.ledger.selectors.backups import backup_alarms, last_backup
from shoutu.county.ledger.selectors.overview import CHECK, last_check
from shoutu.county.ledger.steps import CHECK_AGAIN


@contribute
def unsealed(now: datetime) -> Iterable[Line]:
    oldest = Unsealed.objects.order_by("pk").values_list("entry__at", flat=True).first()
    yield queue(
        "ledger.unsealed", _("账本待封的记录"), unsealed_count(), oldest, now,
        watch_after=timedelta(seconds=30), wrong_after=timedelta(minutes=2),
        todo=_("封账停了：看 worker 的日志"), url="/ledger", covers=("ledger.seal",),
    )  # fmt: skip


@contribute
def checked(now: datetime) -> Iterable[Line]:
    last, title = last_check(), _("账本核对")
    if last is None:
        words = _("还没有核对过")
        yield Line(CHECK, Part.RECORD, title, State.UNKNOWN, words, todo=_("启动后 1 分钟内会核对"), url="/ledger")
    elif last["findings"]:
        yield Line(
            CHECK, Part.RECORD, title, State.WRONG, _("有不一致的地方"), last["findings"], "", last["at"],
            todo=_("在服务器上运行 shoutu ledger verify"), url="/ledger", covers=(CHECK,),
        )  # fmt: skip
    else:
        old = now - last["at"] > 2 * CHECK_AGAIN
        words = _("核对到第 %(size)d 条，一致") % {"size": last["size"]}
        yield Line(
            CHECK, Part.RECORD, title, State.UNKNOWN if old else State.WELL, words, since=last["at"],
            todo=_("该核对了却没有：看 worker 的日志") if old else "", url="/ledger",
        )  # fmt: skip


@contribute
def backed_up(now: datetime) -> Iterable[Line]:
    """A demo is never asked to be backed up, but is not called backed up either."""
    last = last_backup()
    late = bool(backup_alarms(last))
    days = settings.CONFIG.backup_days
    state = State.WRONG if late else State.WELL if last else State.WATCH
    words = _("从来没有备份过") if last is None else last["file"]
    todo = _("在服务器上运行 shoutu backup 文件夹，每 %(days)s 天至少一次") % {"days": days}
    yield Line(
        "backup", Part.RECORD, _("备份"), state, words,
        round(last["bytes"] / 1024**2, 1) if last else None, "MiB" if last else "", last["at"] if last else None,
        todo=todo if state is not State.WELL else "", url="/ledger", covers=("backup.old",),
    )  # fmt: skip
