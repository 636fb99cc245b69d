"""Signals on their way to a warning, and photographs on their way in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.db.models import Count, Min
from django.utils.translation import gettext as _

from shoutu.county.kit.health import Line, Part, State, contribute, queue
from shoutu.county.sites.models import Signal, SignalState
from shoutu.county.warnings import pieces

LATE = timedelta(seconds=10)
"""As the auditor has it: signals older than this mean that no warnings are made."""


@contribute
def signals(now: datetime) -> Iterable[Line]:
    new = Signal.objects.filter(state=SignalState.NEW).aggregate(n=Count("pk"), oldest=Min("received_at"))
    yield queue(
        "signals.new", _("等着成预警的信号"), new["n"], new["oldest"], now, watch_after=LATE / 2, wrong_after=LATE,
        todo=_("预警可能停了：看 worker 的日志"), url="/signals", covers=("signal.waiting",),
    )  # fmt: skip
    aside = Signal.objects.filter(state=SignalState.ASIDE).aggregate(n=Count("pk"), oldest=Min("received_at"))
    count = aside["n"]
    yield Line(
        "signals.aside", Part.QUEUE, _("做不成预警、搁置的信号"), State.WRONG if count else State.WELL,
        _("可能漏了预警") if count else _("没有"), count, "", aside["oldest"],
        todo=_("逐条看，改正后再试") if count else "", url="/signals", covers=("signal.aside",),
    )  # fmt: skip


@contribute
def photographs(now: datetime) -> Iterable[Line]:
    count, oldest = pieces.begun()
    since = None if oldest is None else datetime.fromtimestamp(oldest, UTC)
    old = since is not None and now - since > timedelta(days=1)
    yield Line(
        "photographs", Part.QUEUE, _("没传完的照片"), State.WATCH if old else State.WELL,
        _("超过 1 天没有接着传") if old else _("正在传") if count else _("没有"), count, "", since,
        todo=_("照片还在拍的人手机里：让他有信号时打开守土；7 天后这里的一半丢弃") if old else "",
    )  # fmt: skip
