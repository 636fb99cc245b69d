"""What the pipeline's last beat says is wrong. Without a fresh one, none of it is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _

from shoutu.county.kit.health import Line, Part, State, contribute
from shoutu.county.kit.models import Beat
from shoutu.county.kit.watch import AHEAD, PARTS

APART_MS = 3_000
"""A beat arrives within 2 s or is not taken: clocks further apart than this are really apart."""


@contribute
def pipeline(now: datetime) -> Iterable[Line]:
    beat = Beat.objects.filter(name="pipeline").first()
    if beat is None:
        return  # the line of the process says so
    fresh = -AHEAD.total_seconds() <= (now - beat.at).total_seconds() <= PARTS["pipeline"]
    for line in _told(beat.detail, beat.at):
        if fresh:
            yield replace(line, as_of=beat.at)
        else:
            words = _("管道没有心跳，这是停下之前的：%(words)s") % {"words": line.words}
            yield replace(line, as_of=beat.at, state=State.UNKNOWN, words=words, todo=line.todo or _("先恢复监测管道"))


def _told(told: Mapping[str, Any], at: datetime) -> Iterable[Line]:
    failing = told.get("failing") or {}
    yield _failing(failing, bool(told.get("live", True)))
    yield _count(
        "pipeline.spool", Part.QUEUE, _("管道里等着送的预警信号"), told.get("spool_pending"),
        State.WRONG if "delivery" in failing else State.WELL,
        str(failing.get("delivery", "")) or _("送得出去"), _("网页进程不收：看 web 的日志；信号都留着，恢复后会送到"),
    )  # fmt: skip
    yield _count(
        "pipeline.refused", Part.QUEUE, _("县端不收的预警信号"), told.get("signals_refused"), None,
        _("另存在 sensing/spool/refused.jsonl"), _("可能漏了预警：把文件交给维护人员，逐条看"),
    )  # fmt: skip
    yield _rules(told.get("rules_refused") or [])
    yield _damage(told.get("damage") or {})
    yield _clock(told.get("clock") or {}, told.get("now"), at)
    if (told.get("raw") or {}).get("hours"):
        yield _raw(told["raw"])


def _failing(failing: Mapping[str, str], live: bool) -> Line:
    titles = {
        "journal": _("流水写不进"),
        "engine": _("规则判不了"),
        "store": _("读数存不了"),
        "delivery": _("信号送不出"),
        "catalog": _("目录取不到"),
        "folders": _("文件夹里的文件收不了"),
        "retention": _("到时的原始读数没有删"),
    }
    state, words, todo = State.WELL, _("都在工作"), ""
    if not live:
        state, words, todo = State.WATCH, _("正在追赶停机时的读数"), _("等它追完，通常几分钟")
    if failing:
        told = [f"{titles.get(name, name)}：{text}" for name, text in failing.items()]
        state, words, todo = State.WRONG, "；".join(told), _("看 pipeline 的日志")
    return Line("pipeline.stages", Part.PROCESS, _("管道各段"), state, words, todo=todo)


def _untold(key: str, part: Part, title: str) -> Line:
    return Line(key, part, title, State.UNKNOWN, _("管道没有说"), todo=_("管道可能是旧版：更新后重启"))


def _count(key: str, part: Part, title: str, count: Any, state: State | None, words: str, todo: str) -> Line:
    """A figure of the beat; without a state of its own, anything above 0 is wrong."""
    if not isinstance(count, int):
        return _untold(key, part, title)
    if state is None:
        state, words = (State.WRONG, words) if count else (State.WELL, _("没有"))
    return Line(key, part, title, state, words, count, todo=todo if state is not State.WELL else "")


def _rules(refused: list[Any]) -> Line:
    words = "；".join(str(one) for one in refused[:3]) or _("没有")
    return Line(
        "pipeline.rules", Part.RECORD, _("管道不认的规则"), State.WRONG if refused else State.WELL, words, len(refused),
        todo=_("这些规则没有在看：打开规则改正") if refused else "", url="/rules" if refused else "",
    )  # fmt: skip


def _damage(damage: Mapping[str, Any]) -> Line:
    cut, missing = int(damage.get("quarantined") or 0), int(damage.get("missing") or 0)
    skipped = len(damage.get("skipped") or [])
    words = _("隔离 %(cut)d 段，缺 %(missing)d 条，判不了 %(skipped)d 批") % {
        "cut": cut, "missing": missing, "skipped": skipped,
    }  # fmt: skip
    bad = cut or missing or skipped
    return Line(
        "pipeline.damage", Part.RECORD, _("读数流水"), State.WRONG if bad else State.WELL,
        words if bad else _("没有坏损"),
        todo=_("磁盘可能坏了：先备份，再看 docs/durability.md") if bad else "",
    )  # fmt: skip


DAY_HOURS, SEARCH_HOURS = 48, 120
"""Raw readings that data quality and the search of a day need; with those of three days before, and late ones."""


def _raw(raw: Mapping[str, Any]) -> Line:
    """Raw readings that are not kept for ever: how many went, how many stay as evidence, and what is too short for."""
    hours = int(raw["hours"])
    words = [
        _("留 %(hours)d 小时；到时删了 %(expired)d 条，作为证据留下 %(held)d 条")
        % {"hours": hours, "expired": int(raw.get("expired") or 0), "held": int(raw.get("held") or 0)}
    ]
    if waiting := int(raw.get("waiting") or 0):
        words.append(_("%(count)d 段到时了还没删，等数据质量和筛查做完") % {"count": waiting})
    todo = ""
    if hours < DAY_HOURS:
        todo = _("数据质量和存疑读数筛查要整天的原始读数，做完之前不会删：要么 raw_hours 设到 48 以上，要么多备磁盘")
    elif hours < SEARCH_HOURS:
        todo = _("筛查用前三天的原始读数学噪声，也查三天内迟到的：raw_hours 不到 120 时学不满，迟到的查不了")
    state = State.WATCH if todo else State.WELL
    return Line("pipeline.raw", Part.RECORD, _("原始读数"), state, "；".join(words), hours, _("小时"), todo=todo)


def _clock(clock: Mapping[str, Any], told_ms: Any, at: datetime) -> Line:
    """The pipeline's clock against the wall, the jumps it saw, and how far the two processes' clocks are apart."""
    title = _("管道时钟")
    if not isinstance(told_ms, int) or "ahead_of_wall_ms" not in clock:
        return _untold("pipeline.clock", Part.MACHINE, title)
    ahead = int(clock["ahead_of_wall_ms"])
    jumps = int(clock.get("jumps_back") or 0) + int(clock.get("jumps_ahead") or 0)
    # The steady clock's offset is not the machines': without it, both walls are compared.
    apart = abs((at - datetime.fromtimestamp((told_ms - ahead) / 1000, UTC)).total_seconds() * 1000)
    words, todo, state = _("和墙上时钟一致"), "", State.WELL
    if jumps:
        words = _("启动以来跳过 %(count)d 次，最近一次 %(ms)d ms") % {
            "count": jumps, "ms": int(clock.get("last_jump_ms") or 0),
        }  # fmt: skip
        state, todo = State.WATCH, _("有人改过时间，或者对时断过：看系统日志")
    if ahead > 0:
        words, state = _("比墙上时钟快 %(ms)d ms，正在慢慢等") % {"ms": ahead}, State.WATCH
        todo = _("时钟被往回拨过：这段时间的时刻以管道为准，不用做什么，别再拨")
    if apart > APART_MS:
        words, state = _("和县端的钟差 %(s).1f 秒") % {"s": apart / 1000}, State.WATCH
        todo = _("两台机器都要对时")
    return Line("pipeline.clock", Part.MACHINE, title, state, words, ahead, "ms", todo=todo)
