"""Kit's own lines of health: the processes, the outbox, the worker's steps, the machine."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from shoutu import __version__
from shoutu.county.kit import machine, process
from shoutu.county.kit.health import Line, Part, State, contribute, queue
from shoutu.county.kit.models import Beat, OutboxEvent, StepState
from shoutu.county.kit.steps import title_of
from shoutu.county.kit.watch import Part as Watched
from shoutu.county.kit.watch import watching

GIB = 1024**3
DISK_WRONG, DISK_WATCH = 1 * GIB, 5 * GIB
"""Below these many bytes free: soon nothing can be recorded any more; time to make room."""
MANY_STARTS = 4
"""So many starts within an hour are no operator's doing."""
CLOCK_ERROR_MS = 1000.0
AFTER_ALARM = 3
"""A step that failed so often in a row has an alarm of its own."""


@contribute
def processes(now: datetime) -> Iterable[Line]:
    """Web, pipeline, worker, and the auditor within web: whether each gives signs of life, since when, how often anew.

    Web answers this, so it lives; how often it started its auditor has kept.
    """
    details = dict(Beat.objects.filter(name__in=("pipeline", "worker", "auditor")).values_list("name", "detail"))
    web = {"version": __version__, **details.get("auditor", {}), "started_at": process.STARTED.isoformat()}
    yield _process("web", Watched("web", True, now), web, now)
    for part in watching(now).parts:
        yield _process(part.name, part, details.get(part.name, {}), now)


def _process(name: str, part: Watched, detail: dict[str, Any], now: datetime) -> Line:
    titles = {
        "web": _("网页进程 web"),
        "pipeline": _("监测管道 pipeline"),
        "worker": _("叫应进程 worker"),
        "auditor": _("督察进程（在 web 里）"),
    }
    log = {"auditor": "web"}.get(name, name)
    starts = [datetime.fromisoformat(one) for one in detail.get("starts", [])]
    lately = sum(one > now - timedelta(hours=1) for one in starts)
    version = str(detail.get("version") or "")
    state, todo = State.WELL, ""
    told = [_("%(version)s 版") % {"version": version} if version else _("版本不知道")]
    if starts:
        told.append(_("24 小时内启动 %(count)d 次") % {"count": sum(one > now - timedelta(days=1) for one in starts)})
    if version and version != __version__:
        state = State.WATCH
        todo = _("和网页进程（%(version)s 版）不是一个版本：把全部进程重启一遍") % {"version": __version__}
    if lately >= MANY_STARTS:
        state, todo = State.WATCH, _("1 小时内启动了 %(count)d 次，看 %(log)s 的日志为什么停") % {
            "count": lately, "log": log,
        }  # fmt: skip
    if not part.ok:
        state = State.WRONG
        told.insert(0, _("没有心跳") if part.last_seen else _("从来没有心跳"))
        todo = _("在服务器上看它还在不在，看 %(log)s 的日志；停了就启动它") % {"log": log}
    began = detail.get("started_at")
    return Line(
        f"process.{name}", Part.PROCESS, titles[name], state, "，".join(told),
        since=datetime.fromisoformat(began) if began else None, as_of=part.last_seen or now, todo=todo,
    )  # fmt: skip


@contribute
def outbox(now: datetime) -> Iterable[Line]:
    """Events that wait to be numbered: until then no page is told of them."""
    waiting = OutboxEvent.objects.filter(seq__isnull=True)
    oldest = waiting.order_by("id").values_list("at", flat=True).first()
    yield queue(
        "outbox", _("待推送的变动"), waiting.count(), oldest, now,
        watch_after=timedelta(seconds=5), wrong_after=timedelta(seconds=15),
        todo=_("叫应进程停了，或者推送这一步失败：看 worker 的日志"),
    )  # fmt: skip


@contribute
def worker_steps(now: datetime) -> Iterable[Line]:
    """Steps whose last run failed; those that failed often are alarms already."""
    failing = list(StepState.objects.filter(failing__gte=1, failing__lt=AFTER_ALARM).order_by("name"))
    known = StepState.objects.exists()
    state = State.WATCH if failing else State.WELL if known else State.UNKNOWN
    words = _("最近一次都做成了") if known else _("还没有运行过")
    if failing:
        first = failing[0]
        words = _("“%(title)s”刚失败过：%(error)s") % {"title": title_of(first.name), "error": first.last_error[:200]}
    yield Line(
        "worker.steps", Part.PROCESS, _("叫应进程各步"), state, words, len(failing), "",
        since=min((one.last_error_at for one in failing if one.last_error_at), default=None),
        todo=_("会自己再试；连续失败 3 次成为告警") if failing else "",
    )  # fmt: skip


@contribute
def disk(now: datetime) -> Iterable[Line]:
    """Room where the data lies. Without it nothing can be recorded."""
    try:
        free = machine.disk_free(settings.CONFIG.data)
    except OSError as error:
        words = _("读不出来：%(error)s") % {"error": error.strerror or error}
        yield Line("disk", Part.MACHINE, _("数据目录所在磁盘"), State.UNKNOWN, words, todo=_("在服务器上用 df 看"))
        return
    state = State.WRONG if free < DISK_WRONG else State.WATCH if free < DISK_WATCH else State.WELL
    todo = _("腾出空间：搬走旧的备份和日志，或者换大的磁盘；满了就记不下读数") if state is not State.WELL else ""
    yield Line(
        "disk", Part.MACHINE, _("数据目录所在磁盘"), state, _("剩余空间"), round(free / GIB, 1), "GiB", todo=todo
    )


@contribute
def clock(now: datetime) -> Iterable[Line]:
    """Whether the machine's clock is kept right: every limit of time and every entry rests on it."""
    care = machine.clock_care()
    title = _("本机时钟对时")
    if care is None:
        yield Line(
            "clock.ntp", Part.MACHINE, title, State.UNKNOWN, _("问不到系统"),
            todo=_("在服务器上用 timedatectl 或 chronyc tracking 看"),
        )  # fmt: skip
    elif not care.synchronised:
        yield Line(
            "clock.ntp", Part.MACHINE, title, State.WATCH, _("没有对时，差多少不知道"),
            todo=_("装上并启用 chrony 或 systemd-timesyncd，指向单位的时间服务器"),
        )  # fmt: skip
    else:
        far = care.error_ms > CLOCK_ERROR_MS
        yield Line(
            "clock.ntp", Part.MACHINE, title, State.WATCH if far else State.WELL, _("已对时，误差最多"),
            round(care.error_ms, 1), "ms",
            todo=_("误差超过 1 秒：看时间服务器连不连得上") if far else "",
        )  # fmt: skip
