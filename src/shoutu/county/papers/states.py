"""The life of a licence."""

from __future__ import annotations

from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.states import StateTable, Transition
from shoutu.county.papers.models import Licence, State, Withdrawal


def _of_somebody_who_left(licence: Licence, actor: Actor) -> str | None:
    """Nobody else's certificate stands in the place of a revoked one: asked for until its bearer works no more."""
    if licence.withdrawal == Withdrawal.REVOKED and licence.bearer:
        return None
    return _("当前状态为“%(state)s”，不能这样做。") % {"state": State.WITHDRAWN.label}


TABLE = StateTable(
    [
        Transition(State.VALID, "correct", None, "licence.edit"),
        Transition(State.VALID, "renew", State.RENEWED, "licence.edit"),
        Transition(State.VALID, "withdraw", State.WITHDRAWN, "licence.edit"),
        Transition(State.WITHDRAWN, "withdraw", None, "licence.edit", _of_somebody_who_left),
    ],
    states={one.value: one.label for one in State},
)
