"""When the county's clock is set back: what was to happen after five minutes still happens after five minutes.

Every limit stands in its row as a time of the wall clock. Set that clock back an hour, and a call that was to climb in
five minutes would climb in sixty-five; the auditor reads the same clock and would say nothing. So the worker holds the
wall clock against one that nobody can set (time since the machine started, sleep included), and on a step back moves
what runs by as much. A step forward makes things late at once, which only calls too early: it is told, not undone, for
a machine that was paused sees the same.

Times people agreed on (the end of a silence, a shift) are times of the wall clock and stay.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.duties.models import OPEN, Alarm, Call, CallState, Duty, Notice, StageClock, Trial
from shoutu.county.duties.services.alarms import clear_alarm, raise_alarm
from shoutu.county.kit import events, steps
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.models import Beat
from shoutu.county.kit.subjects import COUNTY
from shoutu.county.ledger.services import record, service

TOLERANCE = timedelta(seconds=2)
"""Smaller steps are the ordinary work of a time service."""
FORWARD = timedelta(minutes=2)
TOLD_FOR = timedelta(hours=1)
BEAT, ALARM = "clock", "clock:set"
_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Elapsed:
    """Seconds of the clock that cannot be set, and which start of the machine they count from ("": unknown)."""

    boot: str
    seconds: float


def elapsed() -> Elapsed:
    """Now, by the clock that cannot be set."""
    boot = _BOOT.read_text("ascii").strip() if _BOOT.exists() else ""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return Elapsed(boot, time.clock_gettime(clock))


def mind_clock(now: datetime | None = None, since: Elapsed | None = None) -> timedelta:
    """Compare the clocks and put right what a step back would delay. How far the wall clock was moved (back: < 0)."""
    if now is None or since is None:
        sampled = _sample()
        now, since = now or sampled[0], since or sampled[1]
    moved = _moved(now, since)
    if moved < -TOLERANCE:
        _set_back(-moved, now, since)
    elif moved > FORWARD:
        _set_forward(moved)
    steps.beat(BEAT, detail=_beat(now, since))
    if Alarm.objects.filter(key=ALARM, cleared_at__isnull=True, raised_at__lt=now - TOLD_FOR).exists():
        clear_alarm(ALARM)
    return moved


def _sample() -> tuple[datetime, Elapsed]:
    """Both clocks at one moment: a process that was stopped between the two looks again."""
    for _attempt in range(5):
        before, now, since = elapsed(), timezone.now(), elapsed()
        if since.seconds - before.seconds < TOLERANCE.total_seconds() / 4:
            break
    return now, since


def _beat(now: datetime, since: Elapsed) -> dict[str, Any]:
    """Both clocks as they were read together. When the row is written is later, and on a slow disk much later."""
    return {"boot": since.boot, "seconds": since.seconds, "at": now.isoformat()}


def _moved(now: datetime, since: Elapsed) -> timedelta:
    last = Beat.objects.filter(name=BEAT).first()
    if last is None:
        return timedelta(0)
    # Rows written before `at` was kept have the time of their writing alone.
    at = datetime.fromisoformat(last.detail["at"]) if "at" in last.detail else last.at
    if last.detail.get("boot") == since.boot and since.seconds >= last.detail.get("seconds", 0.0):
        return now - at - timedelta(seconds=since.seconds - last.detail["seconds"])
    # Another start of the machine: how long it was off nobody knows, but not less than nothing.
    return min(now - at, timedelta(0))


@service
def _set_back(by: timedelta, now: datetime, since: Elapsed) -> None:
    steps.fence()
    was = now + by
    # A duty held by a silence begins with the silence's end, a time people agreed on.
    free = Q(held_until__isnull=True) | Q(held_until__lte=was)
    running = {"duty__state__in": OPEN}
    counts = {
        "duties": Duty.objects.filter(free, state__in=OPEN, climb_at__isnull=False).update(climb_at=F("climb_at") - by),
        "calls": Call.objects.filter(state=CallState.CALLING, **running).update(due_at=F("due_at") - by),
        "clocks": StageClock.objects.filter(done_at__isnull=True, overdue_at__isnull=True, **running).update(
            due_at=F("due_at") - by
        ),
        "notices": Notice.objects.filter(next_try_at__isnull=False).update(next_try_at=F("next_try_at") - by),
    }
    # Since when it calls, too: 追叫 would be refused, and said to be just made, for as long as the clock was set back.
    stamps = {"called_since": F("called_since") - by, "recalled_at": F("recalled_at") - by}
    Duty.objects.filter(state__in=OPEN).update(**stamps)
    Notice.objects.filter(starts_at__gt=now).update(starts_at=F("starts_at") - by)
    Trial.objects.filter(answered_at__isnull=True, missed_at__isnull=True).update(due_at=F("due_at") - by)
    # With the changes or not at all, so that a kill right after them does not move everything twice.
    steps.beat(BEAT, detail=_beat(now, since))
    record(SYSTEM, "clock.set_back", COUNTY, {"seconds": round(by.total_seconds(), 1), **counts})
    # Rooms to the right move what of theirs runs.
    events.emit("clock.set_back", COUNTY, {"seconds": by.total_seconds()})
    words = _("系统时钟被拨慢 %(span)s，各项时限已按实际经过的时间调整；请检查对时服务")
    raise_alarm(ALARM, "clock.set_back", words % {"span": _span(by)})


@service
def _set_forward(by: timedelta) -> None:
    steps.fence()
    record(SYSTEM, "clock.set_forward", COUNTY, {"seconds": round(by.total_seconds(), 1)})
    words = _("系统时钟向前跳了 %(span)s，时限可能提前到期；请检查对时服务")
    raise_alarm(ALARM, "clock.set_forward", words % {"span": _span(by)})


def _span(by: timedelta) -> str:
    seconds = round(by.total_seconds())
    if seconds < 60:
        return _("%(n)d 秒") % {"n": seconds}
    if seconds < 7200:
        return _("%(n)d 分钟") % {"n": seconds // 60}
    return _("%(n)d 小时") % {"n": seconds // 3600}
