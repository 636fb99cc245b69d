"""Imports that wait for the worker."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Count, Min
from django.utils.translation import gettext as _

from shoutu.county.exchange.models import Import, State
from shoutu.county.kit.health import Line, contribute, queue

AT_WORK = (State.UPLOADED, State.READING, State.CONFIRMED, State.FOLLOWING)


@contribute
def imports(now: datetime) -> Iterable[Line]:
    waiting = Import.objects.filter(state__in=AT_WORK).aggregate(n=Count("pk"), oldest=Min("created_at"))
    yield queue(
        "imports", _("正在做的导入"), waiting["n"], waiting["oldest"], now,
        watch_after=timedelta(minutes=10), wrong_after=timedelta(hours=1),
        todo=_("看 worker 的日志；放弃后可以重新导入"),
    )  # fmt: skip
