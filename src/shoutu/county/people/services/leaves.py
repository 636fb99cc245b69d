"""Being away, and who answers meanwhile."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Conflict, Invalid
from shoutu.county.kit.events import emit
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service
from shoutu.county.people.models import Leave, Person, Post
from shoutu.county.people.services.posts import not_before_now


@service
def start_leave(
    actor: Actor,
    person: Person,
    reason: str,
    until: datetime,
    *,
    since: datetime | None = None,
    deputy: Person | None = None,
    post: Post | None = None,
) -> Leave:
    """A person is away from `since` (now) until `until`; calls to their posts (or to `post` alone) reach `deputy`.

    By oneself, or with `leave.edit`. Without a deputy the next holder of the post answers, else still the person:
    a call is never dropped because somebody is away. Raises Invalid, Conflict for leave that overlaps.
    """
    if actor.person_id != person.pk:
        actor.require("leave.edit")
    now = timezone.now()
    start = not_before_now("since", since, now)
    if reason not in Leave.Reason.values:
        raise Invalid("reason", _("其中之一：%(names)s") % {"names": "、".join(Leave.Reason.values)})
    if until <= start:
        raise Invalid("until", _("晚于开始时间"))
    # Two at once for one person: the second waits here.
    person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    if _away(person, start, until).exists():
        raise Conflict(_("此人这段时间已经请过假，先结束前一次。"))
    if deputy is not None:
        _fit(person, deputy, start, until)
    leave = Leave.objects.create(
        person=person, deputy=deputy, post=post, reason=reason, valid_from=start, valid_to=until
    )
    payload = {"reason": reason, "deputy": deputy and deputy.pk, "post": post and post.pk, "from": start, "to": until}
    record(actor, "leave.started", ref(person), {"id": leave.pk, **payload})
    emit("roster.changed", ref(person))
    return leave


def _away(person: Person, start: datetime, until: datetime):  # type: ignore[no-untyped-def]
    return Leave.objects.filter(person=person, valid_from__lt=until, valid_to__gt=start)


def _fit(person: Person, deputy: Person, start: datetime, until: datetime) -> None:
    if deputy.pk == person.pk:
        raise Invalid("deputy", _("本人以外的人"))
    if not deputy.is_active:
        raise Invalid("deputy", _("在册的人"))
    if _away(deputy, start, until).exists():
        raise Invalid("deputy", _("这段时间自己不请假的人"))


@service
def end_leave(actor: Actor, leave: Leave, at: datetime | None = None) -> Leave:
    """Back earlier. By oneself or with `leave.edit`. Raises Conflict when it is over, Invalid for the past."""
    if actor.person_id != leave.person_id:
        actor.require("leave.edit")
    now = timezone.now()
    leave = Leave.objects.select_for_update(of=("self",), no_key=True).select_related("person").get(pk=leave.pk)
    assert leave.valid_to is not None
    if leave.valid_to <= now:
        raise Conflict(_("这次请假已经结束。"))
    end = not_before_now("at", at, now)
    if end > leave.valid_to:
        raise Invalid("at", _("不晚于已定的结束时间"))
    leave.valid_to = max(end, leave.valid_from)
    leave.save(update_fields=["valid_to"])
    record(actor, "leave.ended", ref(leave.person), {"id": leave.pk, "to": leave.valid_to})
    emit("roster.changed", ref(leave.person))
    return leave
