"""What falls due on a post (责任书, 责任清单) becomes a duty of that post; signing it there finishes it here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shoutu.county.duties import kinds, services
from shoutu.county.duties.chain import POST
from shoutu.county.kit import events
from shoutu.county.kit.actors import SYSTEM, Actor
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.people.identity import actor_of_user
from shoutu.county.people.selectors import users

KIND = kinds.register(kinds.Kind("obligation", _("到期责任"), _("办理"), finished_in=_("在责任书里办理")))
# Whoever does not answer is called again each so often until it is done.
REMIND = timedelta(days=3)
LEAST = timedelta(hours=1)


def policy(post: int, due_at: datetime, now: datetime) -> dict[str, Any]:
    """The lane of such a duty: the post alone, with one limit, the end of its day. Seconds."""
    left = max(due_at - now, timedelta(0))
    return {
        "policy": "obligation@1",
        "verified": True,
        "chain": [{"who": f"{POST}{post}", "answer_s": max(min(REMIND, left), LEAST).total_seconds()}],
        "due_s": {"dispose": left.total_seconds()},
        "orders": [],
        "retry_s": [60, 300, 900],
    }


@events.on("obligation.opened")
def opened(topic: str, subject: SubjectRef, payload: Mapping[str, Any]) -> None:
    due_at = datetime.fromisoformat(payload["due_at"])
    lane = policy(payload["post"], due_at, timezone.now())
    services.open_duty(
        SYSTEM, KIND.name, subject, None, lane, 0, payload["title"], payload["source"], matter="obligation"
    )


@events.on("obligation.done")
def done(topic: str, subject: SubjectRef, payload: Mapping[str, Any]) -> None:
    services.complete(_signer(payload.get("user")), subject, [KIND.name], "dispose")


@events.on("obligation.cancelled")
def cancelled(topic: str, subject: SubjectRef, payload: Mapping[str, Any]) -> None:
    services.settle(SYSTEM, subject, payload["reason"])


def _signer(user: int | None) -> Actor:
    """Whoever signed. To sign is to answer, whatever else the role may do."""
    found = users().filter(pk=user).first() if user else None
    if found is None:
        return SYSTEM
    actor = actor_of_user(found)
    return replace(actor, permissions=actor.permissions | {"duty.act"})
