"""The roster of now: which post on shift is filled by whom, or by nobody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Conflict, NotFound
from shoutu.county.people.models import Holding, Person, Post, Shift
from shoutu.county.people.selectors import get_posts
from shoutu.county.people.selectors.chain import at_time, running
from shoutu.county.places.selectors import organisations


@dataclass(frozen=True)
class OnRoster:
    """`state`: on_duty (signed in), not_signed (somebody should be there), nobody."""

    post: Post
    person: Person | None
    state: str
    since: datetime | None
    shift: Shift | None


@dataclass(frozen=True)
class Roster:
    """The window covers all shifts running at that time; the local day when none runs."""

    start: datetime
    end: datetime
    rows: list[OnRoster]


def roster(actor: Actor, at: datetime) -> Roster:
    """Posts on shift in organisations the actor sees, the county's own first. Four queries."""
    seen = organisations().visible_to(actor).values("pk")
    posts = list(
        get_posts()
        .filter(on_shift=True, is_active=True, organisation__in=seen)
        .order_by("organisation__kind", "organisation_id", "id")
    )
    ids = [post.pk for post in posts]
    best: dict[int, Shift] = {}
    for shift in running(at).filter(post_id__in=ids).select_related("person").order_by("signed_in_at", "id"):
        if shift.signed_out_at is None:
            held = best.get(shift.post_id)
            if held is None or shift.signed_in_at is not None or held.signed_in_at is None:
                best[shift.post_id] = shift
    seats: dict[int, Person] = {}
    for seat in at_time(Holding.objects.filter(post_id__in=ids), at).select_related("person").order_by("-rank", "-id"):
        seats[seat.post_id] = seat.person
    rows = [_row(post, best.get(post.pk), seats.get(post.pk)) for post in posts]
    shifts = list(best.values())
    day = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    start = min((shift.starts_at for shift in shifts), default=day)
    end = max((shift.ends_at for shift in shifts), default=day + timedelta(days=1))
    return Roster(start, end, rows)


def _row(post: Post, shift: Shift | None, seat: Person | None) -> OnRoster:
    if shift is not None and shift.signed_in_at is not None:
        return OnRoster(post, shift.person, "on_duty", shift.signed_in_at, shift)
    person = shift.person if shift is not None else seat
    return OnRoster(post, person, "not_signed" if person else "nobody", None, shift)


def my_shift(actor: Actor, at: datetime, *, signed_in: bool) -> Shift:
    """The asker's own shift to sign in to (or out of) now. Raises Conflict when there is none."""
    found = Shift.objects.filter(
        person_id=actor.person_id or 0,
        starts_at__lte=at + Shift.SIGN_IN_AHEAD,
        ends_at__gt=at,
        cancelled_at__isnull=True,
        signed_out_at__isnull=True,
        signed_in_at__isnull=not signed_in,
    )
    shift = found.select_related("post").order_by("starts_at").first()
    if shift is None:
        raise Conflict(_("现在没有可以签退的班次。") if signed_in else _("现在没有排给你、可以签到的班次。"))
    return shift


def incoming(actor: Actor, at: datetime) -> QuerySet[Shift]:
    """The asker's own shifts that run or begin within the hour, not signed out."""
    return Shift.objects.filter(
        person_id=actor.person_id or 0,
        cancelled_at__isnull=True,
        signed_out_at__isnull=True,
        starts_at__lte=at + Shift.SIGN_IN_AHEAD,
        ends_at__gt=at,
    ).order_by("starts_at", "id")


def incoming_shift(actor: Actor, post_id: int, at: datetime) -> Shift | None:
    """The asker's own shift on this post that runs or begins within the hour."""
    return incoming(actor, at).filter(post_id=post_id).first()


def my_posts_soon(actor: Actor, at: datetime) -> set[int]:
    """The posts the asker is rostered to now or within the hour."""
    return set(incoming(actor, at).values_list("post_id", flat=True))


def shift_in_sight(actor: Actor, id: int) -> Shift:
    """A shift of a post in an organisation the actor sees. Raises NotFound("shift", id)."""
    seen = organisations().visible_to(actor).values("pk")
    shift = Shift.objects.select_related("post__organisation", "person").filter(pk=id, post__organisation__in=seen)
    found = shift.first()
    if found is None:
        raise NotFound("shift", id)
    return found


def get_shift(actor: Actor, id: int) -> Shift:
    """Raises NotFound when the shift is of a post the asker has nothing to do with."""
    found = Shift.objects.select_related("post").filter(pk=id)
    if not actor.may("roster.edit"):
        found = found.filter(person_id=actor.person_id or 0)
    shift = found.first()
    if shift is None:
        raise NotFound("shift", id)
    return shift
