"""The lives of a handover and of a falling-due obligation, as tables."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.states import StateTable, Transition
from shoutu.county.people.models import Handover, ObligationDue


def _only_the_outgoing(handover: Any, actor: Actor) -> str | None:
    if actor.person_id != handover.shift.person_id:
        return _("交班要由当班的人自己签。")
    if not handover.note.strip():
        return _("先写交班记录，没有事也写“无”。")
    return None


def _not_the_outgoing(handover: Any, actor: Actor) -> str | None:
    if actor.person_id is None or actor.person_id == handover.shift.person_id:
        return _("接班要由接班的人自己签，不能和交班人是同一人。")
    return None


def _of_the_post(due: Any, actor: Actor) -> str | None:
    if due.obligation.post_id not in actor.posts:
        return _("要由“%(post)s”本人或代理人来办。") % {"post": due.obligation.post}
    return None


HANDOVER_STATES = StateTable(
    [
        Transition("draft", "hand", "handed", "shift.sign_in", _only_the_outgoing),
        Transition("handed", "take", "taken", "shift.sign_in", _not_the_outgoing),
        Transition("handed", "return", "draft", "shift.sign_in", _not_the_outgoing),
    ],
    dict(Handover.State.choices),
)
DUE_STATES = StateTable(
    [
        Transition("open", "do", "done", "obligation.do", _of_the_post),
        Transition("open", "cancel", "cancelled", "obligation.edit"),
    ],
    dict(ObligationDue.State.choices),
)
