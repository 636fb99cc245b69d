"""The life of a duty as a table: what may follow what, who may do it, and why not now."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.duties import kinds
from shoutu.county.duties.models import Duty, State
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.states import StateTable, Transition

RECALL_PAUSE = timedelta(seconds=30)
"""A person called just now is not called again by hand before this has passed."""


def is_mine(duty: Duty, actor: Actor, since: int) -> bool:
    """Whether this actor was called in the round `since` or after it, in person or on a post."""
    return any(
        call.round >= since
        and (call.post_id in actor.posts or (call.person_id is not None and call.person_id == actor.person_id))
        for call in duty.calls.all()
    )


def holds(duty: Duty, actor: Actor) -> bool:
    """Whether this actor answered for the duty, in person or on the post that did."""
    by_post = duty.post_id is not None and duty.post_id in actor.posts
    return by_post or (duty.person_id is not None and duty.person_id == actor.person_id)


def _called(duty: Duty, actor: Actor) -> str | None:
    # Whoever was called for this very thing is heard, also where nobody answered and the chain has begun anew below.
    return None if is_mine(duty, actor, duty.cause_round) else _("这一件没有叫到你，由被叫到的人应答")


def _called_now(duty: Duty, actor: Actor) -> str | None:
    return None if is_mine(duty, actor, duty.round) else _("这一件没有叫到你，由被叫到的人应答")


def _holder(duty: Duty, actor: Actor) -> str | None:
    if actor.kind != "system" and (reason := kinds.get(duty.kind).finished_in):
        return str(reason)
    if actor.kind == "system" or holds(duty, actor):
        return None
    return _("由应答的人来办")


def _other(duty: Duty, actor: Actor) -> str | None:
    if actor.kind != "system" and holds(duty, actor):
        return _("自己办的事由别人验收")
    return None


def _over(duty: Duty, actor: Actor) -> str | None:
    kind = kinds.get(duty.kind)
    if actor.kind != "system" and kind.stays and kind.needed is not None and kind.needed(duty.about_id):
        return _("这一件还没有了结，了结时一并验收")
    return _other(duty, actor)


def _not_just_now(duty: Duty, actor: Actor) -> str | None:
    last = max(filter(None, (duty.called_since, duty.recalled_at)))
    wait = (last + RECALL_PAUSE - timezone.now()).total_seconds()
    return _("刚叫过，%(seconds)d 秒后再叫") % {"seconds": int(wait) + 1} if wait > 0 else None


def _still_needed(duty: Duty, actor: Actor) -> str | None:
    # What the subject's own room lets go of (a warning closed, or found false) it cancels as the system.
    needed = kinds.get(duty.kind).needed
    return needed(duty.about_id) if needed is not None and actor.kind != "system" else None


TABLE = StateTable(
    [
        Transition(("called", "answered"), "answer", "answered", "duty.act", _called),
        Transition("called", "decline", "called", "duty.act", _called_now),
        Transition("answered", "done", "done", "duty.act", _holder),
        Transition("done", "verify", "verified", "duty.verify", _over),
        Transition("done", "return", "answered", "duty.verify", _other),
        Transition(("called", "answered"), "recall", None, "duty.recall", _not_just_now),
        Transition(("called", "answered"), "cancel", "cancelled", "policy.edit", _still_needed),
    ],
    states=dict(State.choices),
)
