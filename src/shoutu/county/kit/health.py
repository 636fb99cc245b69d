"""How Shoutu itself does, line by line, for whoever keeps it running. Rooms contribute theirs; kit knows no rooms.

Nothing is measured here a second time: a line says what beats, queues and the machine already tell, how bad that is,
since when, and what to do. What cannot be known is `unknown`, never well.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.status import alarms

log = logging.getLogger(__name__)
MOST_ALARMS = 50
"""Alarms with a line of their own; beyond it one line counts the rest."""


class State(StrEnum):
    """The worst first."""

    WRONG = "wrong"
    UNKNOWN = "unknown"
    WATCH = "watch"
    WELL = "well"


class Part(StrEnum):
    """Where a line belongs; in this order among lines equally bad."""

    ALARM = "alarm"
    PROCESS = "process"
    QUEUE = "queue"
    MACHINE = "machine"
    RECORD = "record"


@dataclass(frozen=True)
class Line:
    """One thing that can be well or not.

    `words`: how it does, in a clause. `figure` with its `unit`: how much waits or is free; None where there is nothing
    to count. `since`: since when it is so, or how old the oldest that waits is. `as_of`: of when the line is. `todo`:
    what to do, "" while it is well. `url`: the page of it. `covers`: kinds of alarm that say the same as this line
    while it is not well.
    """

    key: str
    part: Part
    title: str
    state: State
    words: str
    figure: float | None = None
    unit: str = ""
    since: datetime | None = None
    as_of: datetime | None = None
    todo: str = ""
    url: str = ""
    covers: tuple[str, ...] = field(default=(), repr=False)


Lines = Callable[[datetime], Iterable[Line]]
_contributions: list[Lines] = []


def contribute(function: Lines) -> Lines:
    """Add a room's lines: `function(now)` yields them."""
    if function not in _contributions:
        _contributions.append(function)
    return function


def queue(
    key: str,
    title: str,
    count: int,
    oldest: datetime | None,
    now: datetime,
    *,
    watch_after: timedelta,
    wrong_after: timedelta,
    todo: str,
    url: str = "",
    covers: tuple[str, ...] = (),
) -> Line:
    """A queue is as bad as its oldest is old. One that waits and does not say since when is judged as new."""
    age = now - oldest if count and oldest else timedelta()
    state = State.WRONG if age > wrong_after else State.WATCH if age > watch_after else State.WELL
    words = _("没有在等的") if not count else _("在等，正常") if state is State.WELL else _("等得太久")
    return Line(
        key, Part.QUEUE, title, state, words, count, "", oldest if count else None,
        todo=todo if state is not State.WELL else "", url=url, covers=covers,
    )  # fmt: skip


def health(actor: Actor) -> dict[str, Any]:
    """What `GET /health` answers: every line, the worst first, and the worst of their states.

    A contribution that fails is a line too: what it would have said is unknown. Raises NotAllowed.
    """
    actor.require("health.read")
    now = timezone.now()
    lines: list[Line] = []
    for function in _contributions:
        try:
            lines += function(now)
        except Exception as error:
            log.exception("%s could not say how it does", function.__module__)
            lines.append(_failed(function.__module__, error))
    lines += _alarm_lines(actor, {kind for line in lines if line.state is not State.WELL for kind in line.covers})
    states, parts = list(State), list(Part)
    lines.sort(key=lambda line: (states.index(line.state), parts.index(line.part)))
    told = [{**asdict(line), "as_of": line.as_of or now} for line in lines]
    return {"at": now, "state": lines[0].state if lines else State.UNKNOWN, "lines": told}


def _failed(module: str, error: Exception) -> Line:
    room = module.removeprefix("shoutu.county.")
    return Line(
        f"failed.{room}", Part.RECORD, room, State.UNKNOWN,
        _("查不出来：%(error)s") % {"error": f"{type(error).__name__}: {error}"[:300]},
        todo=_("看 web 的日志"),
    )  # fmt: skip


def _alarm_lines(actor: Actor, covered: set[str]) -> Iterable[Line]:
    """The alarms of the bar on every page, but for those another line tells of."""
    left = [alarm for alarm in alarms(actor) if alarm["kind"] not in covered]
    for alarm in left[:MOST_ALARMS]:
        yield Line(
            f"alarm.{alarm['kind']}.{alarm['id']}", Part.ALARM, _("告警"), State.WRONG,
            "\n".join(filter(None, (alarm["message"], alarm["raw"]))),
            since=alarm["at"], url=alarm["url"],
        )  # fmt: skip
    if len(left) > MOST_ALARMS:
        words = _("还有 %(count)d 条告警，见页面上方") % {"count": len(left) - MOST_ALARMS}
        yield Line("alarm.more", Part.ALARM, _("告警"), State.WRONG, words, len(left) - MOST_ALARMS)
