"""What may be done with a warning in which state, by whom, and why not now."""

from __future__ import annotations

from django.utils.translation import gettext as _

from shoutu.county.duties.models import Call, CallState, Duty
from shoutu.county.duties.models import State as DutyState
from shoutu.county.duties.states import RECALL_PAUSE
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.states import StateTable, Transition
from shoutu.county.warnings.course import fallen
from shoutu.county.warnings.models import State, Warning

OPEN = ("calling", "verifying", "disposing", "feedback", "closable")


def _disposed(warning: Warning, actor: Actor) -> str | None:
    return None if warning.disposed_at else _("须先处置，再反馈")


def _closable(warning: Warning, actor: Actor) -> str | None:
    if warning.result is None:
        return _("须先核实真假")
    if warning.unknown_now:
        return _("数据中断，不能当作恢复；恢复来数后再关闭")
    if not fallen(warning.facts()):
        return _("等级还没有回落到黄色以下") if warning.category == "risk" else _("设备还没有恢复")
    if warning.result == "real" and not warning.disposed_at:
        return _("真警须先处置")
    if warning.result == "real" and not warning.fed_back_at:
        return _("真警须先反馈")
    return None


def _someone_to_call(warning: Warning, actor: Actor) -> str | None:
    from django.utils import timezone

    waiting = Duty.objects.filter(about_type="warning", about_id=warning.pk, state=DutyState.CALLED)
    calls = Call.objects.filter(duty__in=waiting, state=CallState.CALLING)
    if not calls.exists():
        return _("叫到的人都已应答")
    last = max(
        moment for pair in waiting.values_list("called_since", "recalled_at") for moment in pair if moment is not None
    )
    wait = (last + RECALL_PAUSE - timezone.now()).total_seconds()
    return _("刚叫过，%(seconds)d 秒后再叫") % {"seconds": int(wait) + 1} if wait > 0 else None


TABLE = StateTable(
    [
        Transition(OPEN, "verify", None, "warning.verify"),
        Transition(OPEN, "dispose", None, "warning.dispose"),
        Transition(OPEN, "feedback", None, "warning.feedback", _disposed),
        Transition(OPEN, "close", "closed", "warning.close", _closable),
        Transition(OPEN, "recall", None, "warning.recall", _someone_to_call),
    ],
    states=dict(State.choices),
)

PRIMARY = {
    "calling": ("verify", "dispose"),
    "verifying": ("verify", "dispose"),
    "disposing": ("dispose", "feedback"),
    "feedback": ("feedback",),
    "closable": ("close",),
    "closed": (),
}
"""The verbs that matter most in each state; the first one allowed is the filled button."""
