"""What may be done with a warning in which state, by whom, and why not now."""

from __future__ import annotations

from django.utils.translation import gettext as _

from shoutu.county.duties.models import Call, CallState, Duty
from shoutu.county.duties.models import State as DutyState
from shoutu.county.duties.policy import Closing
from shoutu.county.duties.states import RECALL_PAUSE
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.states import StateTable, Transition
from shoutu.county.warnings import policies
from shoutu.county.warnings.course import fallen
from shoutu.county.warnings.models import State, Warning
from shoutu.county.warnings.states_evacuation import EVACUATION, roles_words
from shoutu.county.warnings.words import LEVELS

OPEN = ("calling", "verifying", "disposing", "feedback", "closable")


def _disposed(warning: Warning, actor: Actor) -> str | None:
    return None if warning.disposed_at else _("须先处置，再反馈")


def _not_ordered(warning: Warning, actor: Actor) -> str | None:
    if warning.site_id is None:
        return _("没有具体企业，在各企业的预警里下令")
    if warning.evacuations.filter(resumed_at__isnull=True).exists():
        return _("已经下令停产撤人")
    return None


def closing_of(warning: Warning) -> Closing:
    """Who may close it: by the highest level it ever had, since a red that has fallen is still a red to judge;
    and by the circumstance people were called in."""
    return policies.in_force().response(warning.peak_level, warning.category, warning.circumstance).close


def reviews(warning: Warning, actor: Actor) -> bool:
    """Whether this actor's closing needs nobody's review."""
    review = closing_of(warning).review
    return actor.kind == "system" or not review or actor.is_one_of(review)


def _closer(warning: Warning, actor: Actor) -> str | None:
    closing = closing_of(warning)
    if actor.kind == "system" or actor.is_one_of(closing.review):
        own = warning.close_asked_user is not None and warning.close_asked_user == actor.user_id
        return _("自己提请关闭的由别人复核") if own else None
    if not actor.is_one_of(closing.by):
        what = LEVELS.get(warning.peak_level, "") if warning.category == "risk" else _("设备故障")
        return _("%(level)s预警由%(roles)s关闭") % {"level": what, "roles": roles_words(closing.by)}
    if warning.close_asked_at is not None:
        return _("已提请关闭，等%(roles)s复核") % {"roles": roles_words(closing.review)}
    return None


def _asked(warning: Warning, actor: Actor) -> str | None:
    if warning.close_asked_at is None:
        return _("还没有人提请关闭")
    return (
        None if reviews(warning, actor) else _("由%(roles)s复核") % {"roles": roles_words(closing_of(warning).review)}
    )


def _closable(warning: Warning, actor: Actor) -> str | None:
    if wrong := _closer(warning, actor):
        return wrong
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
    return _nobody_missing(warning, actor)


def _nobody_missing(warning: Warning, actor: Actor) -> str | None:
    evacuation = warning.evacuations.filter(state="going").first()
    if evacuation is None:
        return None
    if warning.result != "real":
        # Closing it calls the withdrawal off, which is an order to resume.
        return EVACUATION.why_not(evacuation.state, "resume", actor, evacuation)
    if evacuation.total is None:
        return _("撤人人数未报，不能关闭")
    return _("还有 %(n)d 人未出，不能关闭") % {"n": evacuation.missing}


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
        Transition(OPEN, "withdraw", None, "evacuation.order", _not_ordered),
        Transition(OPEN, "verify", None, "warning.verify"),
        Transition(OPEN, "dispose", None, "warning.dispose"),
        Transition(OPEN, "feedback", None, "warning.feedback", _disposed),
        Transition(OPEN, "close", "closed", "warning.close", _closable),
        Transition(OPEN, "return", None, "warning.review", _asked),
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
