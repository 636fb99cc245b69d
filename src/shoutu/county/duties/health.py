"""The calling's lines of health: messages that wait or could not be sent, channels that fail, the watcher outside."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Max, Min
from django.utils.translation import gettext as _

from shoutu.county.duties.auditor import STUCK
from shoutu.county.duties.models import Channel, Notice, Step
from shoutu.county.duties.policies import sources
from shoutu.county.duties.selectors.channels import state_of
from shoutu.county.duties.services.policies import waiting
from shoutu.county.kit.drill import drilling
from shoutu.county.kit.health import Line, Part, State, contribute, queue


@contribute
def notices(now: datetime) -> Iterable[Line]:
    waiting = Notice.objects.filter(next_try_at__lte=now).aggregate(n=Count("pk"), oldest=Min("next_try_at"))
    yield queue(
        "notices.waiting", _("到点待发的通知"), waiting["n"], waiting["oldest"], now,
        watch_after=timedelta(seconds=30), wrong_after=STUCK,
        todo=_("投递慢或者停了：看通道，再看 worker 的日志"), url="/channels", covers=("notice.stuck",),
    )  # fmt: skip
    day = now - timedelta(days=1)
    failed = Notice.objects.filter(step=Step.FAILED, queued_at__gt=day).aggregate(n=Count("pk"), last=Max("failed_at"))
    bad = failed["n"] > 0
    yield Line(
        "notices.failed", Part.QUEUE, _("24 小时内没有送到的通知"), State.WATCH if bad else State.WELL,
        _("发了，对方没有收到") if bad else _("没有"), failed["n"], "", failed["last"],
        todo=_("看是哪个通道、哪个号码，改正后试叫一次") if bad else "", url="/channels",
    )  # fmt: skip


@contribute
def drill(now: datetime) -> Iterable[Line]:
    if drilling():
        yield Line(
            "drill", Part.ALARM, _("演练副本"), State.WATCH,
            _("不外呼：通知、上报、树头、报平安都不发出去，每条都记作没有发"),
            todo=_("演练完整个删掉；真县在另一处运行，先看它好不好"),
        )  # fmt: skip


@contribute
def channels(now: datetime) -> Iterable[Line]:
    rows = list(Channel.objects.filter(enabled=True).order_by("pk"))
    failing = [one for one in rows if state_of(one) == "failing"]
    untried = [one for one in rows if state_of(one) == "untried"]
    state, words, todo = State.WELL, _("都通"), ""
    since = max((one.last_ok_at for one in rows if one.last_ok_at), default=None)
    if not rows:
        state, words, since = State.WATCH, _("一个也没有，只在页面里叫得到人"), None
        todo = _("接上短信、电话或者钉钉等通道")
    elif failing:
        state, words = State.WRONG, "；".join(f"{one.title}：{one.last_problem}" for one in failing)
        since = min((one.last_ok_at for one in failing if one.last_ok_at), default=None)
        todo = _("改正设置后试叫一次")
    elif untried:
        state, words = State.WATCH, _("没有试过：%(names)s") % {"names": "、".join(one.title for one in untried)}
        todo = _("试叫一次")
    yield Line("channels", Part.QUEUE, _("通知通道"), state, words, len(rows), "", since, todo=todo, url="/channels")


@contribute
def response_packs(now: datetime) -> Iterable[Line]:
    """Whether people are called by the packs as they stand on disk."""
    wrong = [fault for source in sources() if (fault := source.fault())]
    waits = "、".join(str(source.title) for source, _how in waiting())
    state, words, todo = State.WELL, _("照磁盘上的文件叫应"), ""
    if wrong:
        state, words, todo = State.WRONG, "；".join(wrong)[:400], _("改正文件；仍按原来同意的叫应")
    elif waits:
        state, words = State.WATCH, _("文件改了，还没有两个人同意：%(what)s") % {"what": waits}
        todo = _("到待复核里接手、写明原因，再由另一人同意；不该改的，把文件改回")
    yield Line(
        "policies", Part.RECORD, _("响应方案"), state, words, todo=todo, url="/proposals",
        covers=("policy.waits", "policy.fault"),
    )  # fmt: skip


@contribute
def watched_from_outside(now: datetime) -> Iterable[Line]:
    """Whether anybody would notice Shoutu itself falling silent."""
    there = bool(settings.CONFIG.heartbeat_url)
    yield Line(
        "heartbeat", Part.MACHINE, _("外部看护"), State.WELL if there else State.WATCH,
        _("每分钟向外报平安") if there else _("没有：守土全停了，外面没有人知道"),
        todo="" if there else _("设 SHOUTU_HEARTBEAT_URL，指向另一台机器上的看护"),
    )  # fmt: skip
