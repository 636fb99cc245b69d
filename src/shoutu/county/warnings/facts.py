"""What a report upward is made of, a sentence each, and how it is told that some of it has changed since.

The sentences are Chinese, whatever the asker reads: they go to offices above the county.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shoutu.county.duties.models import Duty
from shoutu.county.duties.selectors import timeline
from shoutu.county.kit import keys
from shoutu.county.kit.errors import Conflict
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.ledger.models import Entry
from shoutu.county.warnings.models import Order, Result, Warning
from shoutu.county.warnings.words import LEVELS, number

PARTS = {
    "state": gettext_lazy("预警状态"),
    "people": gettext_lazy("停产撤人"),
    "verified": gettext_lazy("核实结果"),
    "steps": gettext_lazy("处置措施"),
    "duties": gettext_lazy("落实情况"),
}
STEPS = ("warning.disposed", "warning.fed_back", "warning.close_asked", "warning.sent_back", "evacuation.resumed")
"""What persons did that no other part tells. That somebody answered, or a report arrived, makes no report old."""
MOST_NAMED = 5


@dataclass(frozen=True)
class Drawn:
    """What a text was drawn up from, as its draft told it; `as_it_stands`: sent though some of it has changed."""

    facts: Mapping[str, str] = field(default_factory=dict)
    as_it_stands: bool = False


class FactsChanged(Conflict):
    """The text was drawn up from what is so no more. `changed`: what, and how it stands; `facts`: those of now."""

    code = "report.stale"

    def __init__(self, changed: list[dict[str, str]], facts: Mapping[str, str]) -> None:
        super().__init__(_("拟稿之后情况有变。%(what)s") % {"what": "".join(one["now"] for one in changed)})
        self.changed, self.facts = changed, dict(facts)

    def problem(self) -> dict[str, Any]:
        return {**super().problem(), "code": self.code, "changed": self.changed, "facts": self.facts}


def of_warning(warning: Warning) -> dict[str, str]:
    """Each part as a mark that is another once the part has changed. A figure is none: its level is what it means."""
    steps = _entries(warning).order_by("-id").values_list("pk", flat=True).first()
    return {
        "state": _mark(warning.closed_at, warning.unknown_now, warning.current_level),
        "people": _mark(people(warning)),
        "verified": _mark(verified(warning)),
        "steps": str(steps or 0),
    }


def of_order(order: Order) -> dict[str, str]:
    return {"duties": _mark(carried_out(order))}


def changed(drawn: Mapping[str, str], about: Warning | Order) -> tuple[list[dict[str, str]], dict[str, str]]:
    """What of `drawn` is otherwise now, in words, and the marks of now. A part that was not told is not compared."""
    now = of_warning(about) if isinstance(about, Warning) else of_order(about)
    parts = [part for part in now if part in drawn and drawn[part] != now[part]]
    return [{"part": part, "now": _words(part, about, drawn[part])} for part in parts], now


def _mark(*content: Any) -> str:
    return keys.digest(content=content)[:16]


def _words(part: str, about: Warning | Order, before: str) -> str:
    if isinstance(about, Order):
        return "；".join(carried_out(about)) + "。"
    if part == "steps":
        seen = int(before) if before.isdecimal() and len(before) < 19 else 0
        new = set(_entries(about).filter(pk__gt=seen).values_list("pk", flat=True))
        rows = [row["text"] for row in timeline(_about(about)) if row["ledger_id"] in new]
        return "；".join(reversed(rows[:MOST_NAMED])) + "。"
    return {"state": state, "people": people, "verified": verified}[part](about)


def _about(warning: Warning) -> list[SubjectRef]:
    stops = warning.evacuations.values_list("pk", flat=True)
    return [SubjectRef("warning", warning.pk), *(SubjectRef("evacuation", pk) for pk in stops)]


def _entries(warning: Warning) -> Any:
    stops = [one.id for one in _about(warning)[1:]]
    own = Entry.objects.filter(subject_type="warning", subject_id=warning.pk)
    return (own | Entry.objects.filter(subject_type="evacuation", subject_id__in=stops)).filter(verb__in=STEPS)


def long_time(at: datetime) -> str:
    return timezone.localtime(at).strftime("%Y年%m月%d日%H时%M分")


def short_time(at: datetime) -> str:
    return timezone.localtime(at).strftime("%m月%d日%H:%M")


def state(warning: Warning) -> str:
    at = long_time(timezone.now())
    if warning.closed_at is not None:
        return f"{long_time(warning.closed_at)}预警关闭。"
    if warning.unknown_now:
        return f"截至{at}，监测数据中断，现状不明。"
    if warning.current_level == 0:
        return f"截至{at}，监测值已回到正常，预警尚未关闭。"
    # The signal's own value, not a guess of now: the newest reading stands in the body the officer completes.
    figure = ""
    if warning.value is not None and warning.point:
        figure = f"，最近一次越限值 {number(warning.value, warning.unit, limit=warning.threshold)}"
    return f"截至{at}，为{LEVELS[warning.current_level]}{figure}。"


def people(warning: Warning) -> str:
    stop = warning.evacuations.order_by("-id").first()
    if stop is None:
        return "未下令停产撤人。"
    begun = f"{short_time(stop.ordered_at)}下令停产撤人"
    if stop.total is None:
        return f"{begun}，井下和危险区人数尚未报清。"
    if stop.missing == 0:
        return f"{begun}，{stop.total}人全部撤出。"
    return f"{begun}，共{stop.total}人，已出{stop.out}人，还有{stop.missing}人未出。"


def verified(warning: Warning) -> str:
    if warning.result is None:
        return "真假尚在核实。"
    words = {Result.REAL: "核实为真警", Result.FALSE_ALARM: "核实为误报", Result.DEVICE_FAULT: "核实为设备故障"}
    return f"{words[Result(warning.result)]}{f'（{warning.reason}）' if warning.reason else ''}。"


def carried_out(order: Order) -> list[str]:
    """Who does what of it, and how far."""
    rows = Duty.objects.filter(kind="order.carry_out", about_type="order", about_id=order.pk)
    rows = rows.select_related("post__organisation").exclude(state="cancelled").order_by("id")
    return [
        f"{one.post.organisation.name if one.post else ''}{one.post.title if one.post else ''}："
        f"{'已落实' if one.state in ('done', 'verified') else '正在落实'}{f'，{one.note}' if one.note else ''}"
        for one in rows
    ]


def steps(warning: Warning, since: datetime | None, but: Iterable[str], most: int) -> list[str]:
    """What was done, since the last report where there was one, in the words of the ledger; `but` is told elsewhere."""
    rows = [row for row in timeline(_about(warning)) if since is None or row["at"] > since]
    own = [row for row in rows if not any(words in row["text"] for words in but)][:most]
    return [f"{short_time(row['at'])} {row['text']}" for row in reversed(own)]
