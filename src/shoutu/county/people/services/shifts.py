"""The roster: planning, exchanging, signing in and out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Conflict, Invalid, NotAllowed
from shoutu.county.kit.events import emit
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.ledger.services.record import Draft, record_many
from shoutu.county.people.models import Person, Post, Shift
from shoutu.county.people.services.belonging import must_belong

MAX_SERIES = 400


@service
def plan_shift(actor: Actor, post: Post, person: Person, starts_at: datetime, ends_at: datetime) -> Shift:
    """Roster a person to a post on shift. Raises Invalid, Conflict when the same person is on it then already."""
    actor.require("roster.edit")
    if not post.on_shift:
        raise Invalid("post", _("实行轮班的岗位"))
    if ends_at <= starts_at:
        raise Invalid("ends_at", _("晚于开始时间"))
    if not person.is_active:
        raise Conflict(_("此人已停用，先启用再排班。"))
    must_belong(post, person)
    # Two at once for one post: the second waits here and sees the first.
    Post.objects.select_for_update(of=("self",), no_key=True).get(pk=post.pk)
    if overlapping(starts_at, ends_at).filter(post=post, person=person).exists():
        raise Conflict(_("此人这段时间已经排在这个岗位上。"))
    shift = Shift.objects.create(post=post, person=person, starts_at=starts_at, ends_at=ends_at)
    record(actor, "shift.planned", ref(shift), _told(shift))
    emit("roster.changed", ref(post))
    return shift


def overlapping(starts_at: datetime, ends_at: datetime):  # type: ignore[no-untyped-def]
    """Shifts that stand and share time with [starts_at, ends_at)."""
    return Shift.objects.filter(cancelled_at=None, starts_at__lt=ends_at, ends_at__gt=starts_at)


def _told(shift: Shift) -> dict[str, object]:
    return {"post": shift.post_id, "person": shift.person_id, "from": shift.starts_at, "to": shift.ends_at}


@service
def plan_series(
    actor: Actor, post: Post, persons: Sequence[Person], first: datetime, hours: float, count: int
) -> list[Shift]:
    """`count` shifts of `hours` one after another from `first`, the persons taking turns in the order given.

    All or none. Raises Invalid naming the field, Conflict when the post has a shift in that time already.
    """
    actor.require("roster.edit")
    if not post.on_shift:
        raise Invalid("post", _("实行轮班的岗位"))
    if not persons:
        raise Invalid("persons", _("至少一人"))
    if not 1 <= hours <= 48:
        raise Invalid("hours", _("1 到 48 小时"))
    if not 1 <= count <= MAX_SERIES:
        raise Invalid("count", _("1 到 %(limit)s 个班") % {"limit": MAX_SERIES})
    if any(not person.is_active for person in persons):
        raise Invalid("persons", _("在册的人"))
    for person in persons:
        must_belong(post, person)
    Post.objects.select_for_update(of=("self",), no_key=True).get(pk=post.pk)
    length = timedelta(hours=hours)
    taken = overlapping(first, first + count * length).filter(post=post).order_by("starts_at").first()
    if taken is not None:
        raise Conflict(
            _("%(at)s 起已经排了班，换个开始时间，或先撤掉那个班。")
            % {"at": timezone.localtime(taken.starts_at).strftime("%m-%d %H:%M")}
        )
    shifts = [
        Shift(
            post=post, person=persons[i % len(persons)], starts_at=first + i * length, ends_at=first + (i + 1) * length
        )
        for i in range(count)
    ]
    Shift.objects.bulk_create(shifts, batch_size=200)
    record_many([Draft(actor, "shift.planned", ref(shift), _told(shift)) for shift in shifts])
    emit("roster.changed", ref(post))
    return shifts


@service
def swap_shifts(actor: Actor, one: Shift, other: Shift, reason: str) -> tuple[Shift, Shift]:
    """Exchange the persons of two shifts that have not begun. Raises Invalid without a reason, Conflict."""
    actor.require("roster.edit")
    _reason(reason)
    rows = {
        row.pk: row
        for row in Shift.objects.select_for_update(of=("self",), no_key=True)
        .select_related("post", "person__organisation")
        .filter(pk__in=[one.pk, other.pk])
    }
    if len(rows) != 2:
        raise Invalid("other", _("另一个班次"))
    first, second = rows[one.pk], rows[other.pk]
    for shift in (first, second):
        _not_begun(shift)
    if first.person_id == second.person_id:
        raise Conflict(_("两个班是同一个人，换了还是一样。"))
    for shift, theirs in ((first, second), (second, first)):
        must_belong(shift.post, theirs.person)
    first.person_id, second.person_id = second.person_id, first.person_id
    for shift, before in ((first, second.person_id), (second, first.person_id)):
        if _double(shift, {first.pk, second.pk}):
            raise Conflict(_("换过去的人在那段时间已经排在同一岗位上。"))
        shift.save(update_fields=["person"])
        record(actor, "shift.swapped", ref(shift), {**_told(shift), "before": before, "reason": reason})
        emit("roster.changed", ref(shift.post))
    return first, second


def _double(shift: Shift, but: set[int]) -> bool:
    there = overlapping(shift.starts_at, shift.ends_at).filter(post_id=shift.post_id, person_id=shift.person_id)
    return bool(there.exclude(pk__in=but).exists())


@service
def replace_on_shift(actor: Actor, shift: Shift, person: Person, reason: str) -> Shift:
    """Another person takes a shift. One that runs is ended now and goes on as a new one: who was on stays true.

    Returns the shift of the new person. Raises Invalid without a reason, Conflict when it is over or cancelled.
    """
    actor.require("roster.edit")
    _reason(reason)
    shift = Shift.objects.select_for_update(of=("self",), no_key=True).select_related("post").get(pk=shift.pk)
    now = timezone.now()
    if shift.cancelled_at is not None or shift.ends_at <= now:
        raise Conflict(_("该班次已经结束或撤销。"))
    if not person.is_active:
        raise Conflict(_("此人已停用，先启用再排班。"))
    must_belong(shift.post, person)
    if person.pk == shift.person_id:
        unchanged()
        return shift
    before = shift.person_id
    if overlapping(max(shift.starts_at, now), shift.ends_at).filter(post=shift.post, person=person).exists():
        raise Conflict(_("此人这段时间已经排在这个岗位上。"))
    if shift.starts_at <= now:
        ends = shift.ends_at
        shift.ends_at = now
        if shift.signed_in_at is not None and shift.signed_out_at is None:
            shift.signed_out_at = now
        shift.save(update_fields=["ends_at", "signed_out_at"])
        shift = Shift.objects.create(post=shift.post, person=person, starts_at=now, ends_at=ends)
    else:
        shift.person = person
        shift.save(update_fields=["person"])
    record(actor, "shift.replaced", ref(shift), {**_told(shift), "before": before, "reason": reason})
    emit("roster.changed", ref(shift.post))
    return shift


@service
def cancel_shift(actor: Actor, shift: Shift, reason: str) -> Shift:
    """Take a shift that has not begun off the roster. Raises Invalid without a reason, Conflict once it has begun."""
    actor.require("roster.edit")
    _reason(reason)
    shift = Shift.objects.select_for_update(of=("self",), no_key=True).select_related("post").get(pk=shift.pk)
    _not_begun(shift)
    shift.cancelled_at = timezone.now()
    shift.save(update_fields=["cancelled_at"])
    record(actor, "shift.cancelled", ref(shift), {**_told(shift), "reason": reason})
    emit("roster.changed", ref(shift.post))
    return shift


def _reason(reason: str) -> None:
    if not reason.strip():
        raise Invalid("reason", _("必填"))


def _not_begun(shift: Shift) -> None:
    if shift.cancelled_at is not None:
        raise Conflict(_("该班次已经撤销。"))
    if shift.signed_in_at is not None or shift.starts_at <= timezone.now():
        raise Conflict(_("该班次已经开始，只能换人，不能改动。"))


@service
def sign_in(actor: Actor, shift: Shift) -> Shift:
    """Take over the watch: from now on calls to the post reach this person."""
    actor.require("shift.sign_in")
    _own_or_editor(actor, shift)
    shift = Shift.objects.select_for_update(of=("self",), no_key=True).select_related("post").get(pk=shift.pk)
    now = timezone.now()
    if shift.cancelled_at is not None:
        raise Conflict(_("该班次已经撤销。"))
    if shift.signed_out_at is not None:
        raise Conflict(_("该班次已经签退。"))
    if not shift.sign_in_from <= now < shift.ends_at:
        raise Conflict(_("只能在班次开始前一小时至班次结束之间签到。"))
    if shift.signed_in_at is not None:
        unchanged()
        return shift
    shift.signed_in_at = now
    shift.starts_at = min(shift.starts_at, now)
    shift.save(update_fields=["signed_in_at", "starts_at"])
    record(actor, "shift.signed_in", ref(shift), {"post": shift.post_id, "person": shift.person_id})
    emit("roster.changed", ref(shift.post))
    return shift


@service
def sign_out(actor: Actor, shift: Shift) -> Shift:
    """Hand the watch over."""
    actor.require("shift.sign_in")
    _own_or_editor(actor, shift)
    shift = Shift.objects.select_for_update(of=("self",), no_key=True).select_related("post").get(pk=shift.pk)
    if shift.signed_in_at is None or shift.signed_out_at is not None:
        raise Conflict(_("该班次没有签到，或者已经签退。"))
    shift.signed_out_at = timezone.now()
    shift.save(update_fields=["signed_out_at"])
    record(actor, "shift.signed_out", ref(shift), {"post": shift.post_id, "person": shift.person_id})
    emit("roster.changed", ref(shift.post))
    return shift


def _own_or_editor(actor: Actor, shift: Shift) -> None:
    if actor.person_id != shift.person_id and not actor.may("roster.edit"):
        raise NotAllowed("roster.edit", _("只能为自己签到、签退。"))
