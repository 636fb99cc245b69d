"""Acts of a device that may have had no line: sent until answered, done once, with the device's time beside ours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.kit import keys
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Conflict, Invalid, KeyReused, Overtaken
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.ledger.models import SentAct
from shoutu.county.ledger.services.record import record, service, unchanged

LATE = timedelta(seconds=60)
"""A difference between the two times that is told in an entry of its own: the line was away, or a clock is wrong."""
OLDEST, AHEAD = timedelta(days=30), timedelta(days=1)
"""How far the device's time may lie from ours. Beyond that its clock is wrong, which is said and refuses nothing: a
telephone whose battery was empty thinks it is 1970, and its answer to a red call is an answer."""
FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9998, 1, 1, tzinfo=UTC)
"""What is outside has no date in every zone, or in every database."""

TOLD_TO = timedelta(milliseconds=1)
"""How exactly the API tells a time."""


class Sent(Protocol):
    """`key` names the act, new for each; `user` did it; `at` is when (aware), by the device's clock."""

    key: str
    user: int
    at: datetime


class OtherUser(Conflict):
    """An act of one user, sent while another is signed in: it waits on the device for its own."""

    code = "act.other_user"

    def __init__(self) -> None:
        super().__init__(_("这是另一个用户办的，等本人登录再送。"))

    def problem(self) -> dict[str, Any]:
        return {**super().problem(), "code": self.code}


@service
def once(
    actor: Actor, sent: Sent, verb: str, subject: SubjectRef, content: dict[str, Any], act: Callable[[], object]
) -> None:
    """Do `act` unless this very one was done before: then nothing changes, and it counts as done.

    Nothing is kept of an act that is refused, so that it may be sent again under the same key. What comes `LATE` (or
    from a clock that is ahead) leaves an entry with both times. Raises OtherUser, KeyReused for another act under a
    key that was used, Invalid for a time no calendar has, and what `act` raises.
    """
    if sent.user != actor.user_id:
        raise OtherUser()
    asked = keys.digest(verb=verb, subject=[subject.type, subject.id], content=content)
    before = SentAct.objects.filter(user=sent.user, key=sent.key).first()
    if before is not None:
        if keys.differs(before.content_sha256, asked):
            raise KeyReused(_("同一编号的另一次办理"))
        unchanged()
        return
    if not FIRST <= sent.at < LAST:
        raise Invalid("sent.at", _("办理时本机的时间，1970 年到 9997 年之间"))
    now = timezone.now()
    # Written down before it is done: sent twice at once, the second waits at this row for what becomes of the first,
    # and run again finds it done (`contention.settled`); or does it itself, where the first was refused.
    row = SentAct.objects.create(
        user=sent.user, key=sent.key, content_sha256=asked, verb=verb, subject_type=subject.type,
        subject_id=subject.id, told_at=sent.at, came_at=now,
    )  # fmt: skip
    act()
    row.came_at = timezone.now()
    row.save(update_fields=["came_at"])
    if abs(row.came_at - sent.at) > LATE:
        wrong = {} if now - OLDEST <= sent.at <= now + AHEAD else {"clock": "wrong"}
        told = {"verb": verb, "told_at": sent.at.isoformat(), "key": sent.key}
        record(actor, "act.came_late", subject, {**told, **wrong})


def same_moment(stands: datetime, told: datetime | None) -> bool:
    """Whether a device tells of the time that stands here; also where it tells of none."""
    return told is None or abs(stands - told) < TOLD_TO


def the_one_seen(opened_at: datetime, told: datetime | None) -> None:
    """Raises Overtaken where this number was another thing's when the device saw it.

    A database put back from a backup gives the numbers of what came after it a second time. What a device held from
    before must not land on what has them now; a device that does not say (None) is believed, as ever.
    """
    if not same_moment(opened_at, told):
        raise Overtaken(_("没有记录：当时看到的不是这一件。系统从备份恢复过，编号已给了另一件；看了现在的情况再办"))
