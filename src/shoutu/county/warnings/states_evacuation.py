"""What may be done with a withdrawal in which state, by whom, and why not now."""

from __future__ import annotations

from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.permissions import NAMES
from shoutu.county.kit.states import StateTable, Transition
from shoutu.county.warnings import policies
from shoutu.county.warnings.course import fallen
from shoutu.county.warnings.models import Evacuation, EvacuationState, Warning

NOT_RESUMED = ("going", "out")


def roles_words(roles: tuple[str, ...]) -> str:
    """「县领导或县值班员」."""
    return _("或").join(str(NAMES.get(role, role)) for role in roles)


def _unset(evacuation: Evacuation, actor: Actor) -> str | None:
    if evacuation.total is None:
        return None
    return _("人数已定为 %(n)d 人；多了用“加人数”，少了用“减人数”") % {"n": evacuation.total}


def _counted(evacuation: Evacuation, actor: Actor) -> str | None:
    return _("先报人数，再确认出来的人") if evacuation.total is None else None


def _some_out(evacuation: Evacuation, actor: Actor) -> str | None:
    return _("还没有人确认出来") if evacuation.out == 0 else None


def _some_missing(evacuation: Evacuation, actor: Actor) -> str | None:
    return None if evacuation.missing else _("没有未出的人")


def _may_resume(evacuation: Evacuation, actor: Actor) -> str | None:
    allowed = policies.evacuation().resume
    if actor.kind != "system" and not actor.is_one_of(allowed):
        return _("复工由%(roles)s下令") % {"roles": roles_words(allowed)}
    return not_yet(evacuation)


def not_yet(evacuation: Evacuation) -> str | None:
    """What must be seen to before work may be resumed, whoever orders it."""
    causes = list(evacuation.warnings.order_by("-level", "id"))
    for warning in causes:
        if why := _stands(warning):
            return f"{warning.number}：{why}"
    # Where each of them proved false nobody was in danger, and the mine need not count to the end.
    if not all(warning.result in ("false_alarm", "device_fault") for warning in causes):
        if evacuation.total is None:
            return _("人数未报，不能复工")
        if evacuation.missing:
            return _("还有 %(n)d 人未出，不能复工") % {"n": evacuation.missing}
    return None


def _stands(warning: Warning) -> str | None:
    """Why what this warning told of is not yet gone; None when it is."""
    if warning.closed_at is not None:
        return None
    if warning.result is None:
        return _("须先核实真假")
    if warning.result == "real":
        if not fallen(warning.facts()):
            return _("险情还没有消除")
        if warning.disposed_at is None:
            return _("真警须先处置")
    return None


EVACUATION = StateTable(
    [
        Transition("going", "set", None, "evacuation.count", _unset),
        Transition("going", "confirm", None, "evacuation.count", _counted),
        Transition(NOT_RESUMED, "more", None, "evacuation.count", _counted),
        Transition(NOT_RESUMED, "back", None, "evacuation.count", _some_out),
        Transition("going", "fewer", None, "evacuation.correct", _some_missing),
        Transition(NOT_RESUMED, "resume", "resumed", "evacuation.resume", _may_resume),
    ],
    states=dict(EvacuationState.choices),
)
