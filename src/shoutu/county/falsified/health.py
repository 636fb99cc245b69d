"""How the search for falsified readings does: searched or not, and how many strong leads wait for their check."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Count, Min, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.falsified import search, unsearched
from shoutu.county.falsified.models import STRONG, Finding, Owed, SearchDay, State
from shoutu.county.kit import health
from shoutu.county.kit.health import Line, Part, contribute, queue


@contribute
def searching(now: datetime) -> Iterable[Line]:
    last, fault = SearchDay.last(), unsearched.fault(now)
    state, todo, figure, since = health.State.WELL, "", None, None
    words = _("还没有查过")
    if last is not None:
        words = _("%(day)s 查完，测点 %(points)d 个") % {"day": last.day, "points": last.points}
    since_day = timezone.localdate(now) - search.OWED
    failed = Owed.objects.filter(cause=Owed.Cause.FAILED, settled_at__isnull=True, day__gte=since_day)
    told = failed.aggregate(points=Sum("points"), since=Min("noted_at"))
    missed = unsearched.missed(now)
    if fault is not None:
        state, words = health.State.WRONG, "\n".join(filter(None, (fault.words, fault.why)))
        todo = _("看 pipeline 和 worker 的日志；修好以后最近两天的自己补查")
    elif told["points"]:
        state, figure, since = health.State.WATCH, told["points"], told["since"]
        names = "、".join(failed.order_by("-day", "site").values_list("site__name", flat=True)[:3])
        words = _("有测点没有查成：%(sites)s。%(why)s") % {"sites": names, "why": failed.latest("noted_at").why}
        todo = _("其余的都查了；这些再试两次，还不成就看 pipeline 的日志")
    elif missed:
        state, figure = health.State.WATCH, len(missed)
        words = _("有几天没有查：%(days)s") % {"days": "、".join(f"{day}" for day in missed)}
        todo = _("停机太久，这几天不再补查")
    yield Line(
        "falsified.search", Part.RECORD, _("存疑读数筛查"), state, words, figure, "", since, todo=todo,
        url="/falsified", covers=(unsearched.ALARM,),
    )  # fmt: skip


@contribute
def waiting(now: datetime) -> Iterable[Line]:
    leads = Finding.objects.filter(state=State.LEAD, kind__in=STRONG).aggregate(n=Count("pk"), oldest=Min("found_at"))
    yield queue(
        "falsified.checks", _("等现场核查的存疑读数"), leads["n"], leads["oldest"], now,
        watch_after=timedelta(days=2), wrong_after=timedelta(days=14),
        todo=_("每天最多派 10 次，还在排；一下子这么多，先看是不是同一个网关或者筛查本身出了错"), url="/falsified",
    )  # fmt: skip
