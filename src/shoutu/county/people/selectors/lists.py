"""Lists of the room: each starts from the organisations the actor sees."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Max, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import NotFound
from shoutu.county.people.models import (
    Handover,
    Holding,
    Leave,
    Obligation,
    ObligationDue,
    Period,
    Person,
    Post,
    Responsibility,
    Shift,
)
from shoutu.county.people.selectors.chain import at_time
from shoutu.county.places.models import Organisation
from shoutu.county.places.selectors import organisations, sites

LATE = timedelta(hours=1)


def backdated(row: Period) -> bool:
    """Entered later than it began to hold: shown as 补录 wherever it is read as proof."""
    return row.recorded_at - row.valid_from > LATE


def _seen(actor: Actor) -> Any:
    return organisations().visible_to(actor).values("pk")


def _inner(actor: Actor) -> Any:
    """Organisations whose inner affairs (leave, handovers, obligations) the actor sees.

    Whom to call in the government is no secret, who is ill there is. So: one's own, those under one's territory, and
    the enterprises one watches over; not those one is merely called to.
    """
    seen = organisations().visible_to(actor)
    if actor.scope.all:
        return seen.values("pk")
    near = Q(pk=actor.organisation_id or 0)
    if actor.scope.territories:
        near |= Q(kind=Organisation.Kind.ENTERPRISE)
    for path in () if actor.scope.sectors else actor.scope.territories:
        near |= Q(territory__path__startswith=path)
    return seen.filter(near).values("pk")


def _one(rows: QuerySet[Any], kind: str, id: int) -> Any:
    found = rows.filter(pk=id).first()
    if found is None:
        raise NotFound(kind, id)
    return found


def posts(
    actor: Actor, q: str = "", organisation: int | None = None, on_shift: bool | None = None, *, closed: bool = False
) -> QuerySet[Post]:
    """Posts of organisations the actor sees."""
    found = Post.objects.filter(organisation__in=_seen(actor)).select_related("organisation")
    if q:
        found = found.filter(Q(title__icontains=q) | Q(organisation__name__icontains=q))
    if organisation is not None:
        found = found.filter(organisation_id=organisation)
    if on_shift is not None:
        found = found.filter(on_shift=on_shift)
    return found if closed else found.filter(is_active=True)


def with_rung(found: QuerySet[Post], at: datetime) -> QuerySet[Post]:
    """Each with `rung`, the highest it answers on at `at`; 0: none."""
    held = at_time(Responsibility.objects.filter(post=OuterRef("pk")), at).order_by().values("post")
    return found.annotate(rung=Coalesce(Subquery(held.annotate(top=Max("rung")).values("top")), 0))


def get_post(actor: Actor, id: int) -> Post:
    """Raises NotFound("post", id)."""
    return _one(posts(actor, closed=True), "post", id)  # type: ignore[no-any-return]


def holdings_of(post: Post) -> QuerySet[Holding]:
    """Who held it and holds it, newest first."""
    return Holding.objects.filter(post=post).select_related("person").order_by("-valid_from", "rank", "id")


def get_holding(actor: Actor, id: int) -> Holding:
    """Raises NotFound("holding", id)."""
    return _one(Holding.objects.filter(post__organisation__in=_seen(actor)), "holding", id)  # type: ignore[no-any-return]


def persons_of(actor: Actor) -> QuerySet[Person]:
    """Persons of organisations the actor sees, and oneself; those of none for whoever sees the whole county."""
    seen = Q(organisation__in=_seen(actor)) | Q(pk=actor.person_id or 0)
    return Person.objects.filter(seen | Q(organisation=None) if actor.scope.all else seen)


def persons(
    actor: Actor,
    q: str = "",
    organisation: int | None = None,
    *,
    closed: bool = False,
    for_post: int | None = None,
) -> QuerySet[Person]:
    """Persons of organisations the actor sees, and oneself; with `for_post`, who may sit on it (see `who_may_sit`).

    Searched by name only where names are shown whole: a search must not undo the mask.
    """
    found = persons_of(actor)
    if q and actor.may("person.read_phone"):
        found = found.filter(Q(name__icontains=q) | Q(organisation__name__icontains=q))
    elif q:
        found = found.filter(organisation__name__icontains=q)
    if organisation is not None:
        found = found.filter(organisation_id=organisation)
    found = found if closed else found.filter(is_active=True)
    found = found if for_post is None else who_may_sit(found, get_post(actor, for_post))
    return found.select_related("organisation", "user")


def who_may_sit(found: QuerySet[Person], post: Post) -> QuerySet[Person]:
    """Those of `found` whom `services.belonging.must_belong` lets sit on the post; `own`: 1 for its own body's."""
    own = Q(organisation_id=post.organisation_id)
    others = Q(organisation=None) | ~Q(organisation__kind=Organisation.Kind.ENTERPRISE)
    return found.filter(own | others).annotate(own=Case(When(own, then=1), default=0))


def posts_by_person(persons: Iterable[int], at: datetime) -> dict[int, list[str]]:
    """Person → the names of the posts held at `at`."""
    found: dict[int, list[str]] = defaultdict(list)
    seats = at_time(Holding.objects.filter(person_id__in=list(persons)), at).select_related("post__organisation")
    for seat in seats.order_by("rank", "id"):
        found[seat.person_id].append(str(seat.post))
    return found


def leave_by_person(persons: Iterable[int], at: datetime) -> dict[int, datetime]:
    """Person → when the leave running at `at` ends."""
    rows = at_time(Leave.objects.filter(person_id__in=list(persons)), at)
    return {row.person_id: row.valid_to for row in rows}


def leaves(actor: Actor, *, past: bool = False, q: str = "", person: int | None = None) -> QuerySet[Leave]:
    """Leave of one's own and of those whose inner affairs the actor sees, searched by name only as `persons` is."""
    near = Q(person__organisation__in=_inner(actor)) | Q(post_id__in=actor.posts)
    found = Leave.objects.filter(near | Q(person_id=actor.person_id or 0) | Q(deputy_id=actor.person_id or 0))
    if person is not None:
        found = found.filter(person_id=person)
    if not past:
        found = found.filter(valid_to__gt=timezone.now())
    if q:
        named = Q(person__organisation__name__icontains=q)
        if actor.may("person.read_phone"):
            named |= Q(person__name__icontains=q) | Q(deputy__name__icontains=q)
        found = found.filter(named)
    return found.select_related("person", "deputy", "post__organisation")


def get_leave(actor: Actor, id: int) -> Leave:
    """Raises NotFound("leave", id)."""
    return _one(leaves(actor, past=True), "leave", id)  # type: ignore[no-any-return]


def responsibilities(actor: Actor) -> QuerySet[Responsibility]:
    """Responsibilities of posts in organisations the actor sees, current and past.

    Not those for a site or an enterprise the actor does not see: what the county does about another's is not theirs.
    """
    bodies = _seen(actor)
    found = Responsibility.objects.filter(post__organisation__in=bodies)
    if not actor.scope.all:
        found = found.filter(
            Q(site=None) | Q(site__in=sites().visible_to(actor).values("pk")),
            Q(organisation=None) | Q(organisation__in=bodies),
        )
    return found.select_related("post__organisation", "site", "organisation", "territory").order_by("-valid_from", "id")


def get_responsibility(actor: Actor, id: int) -> Responsibility:
    """Raises NotFound("responsibility", id)."""
    return _one(responsibilities(actor), "responsibility", id)  # type: ignore[no-any-return]


def handovers(actor: Actor) -> QuerySet[Handover]:
    """Handovers within the inner affairs the actor sees, and of every post one is rostered to."""
    own = Shift.objects.filter(person_id=actor.person_id or 0).values("post_id")
    found = Handover.objects.filter(Q(shift__post__organisation__in=_inner(actor)) | Q(shift__post__in=own))
    return found.select_related(
        "shift__post__organisation", "shift__person", "incoming__person", "handed_by", "taken_by"
    )


def shifts(actor: Actor, start: datetime, end: datetime, organisation: int | None = None) -> QuerySet[Shift]:
    """Shifts that stand and run in [start, end), of posts in organisations the actor sees."""
    found = Shift.objects.filter(post__organisation__in=_seen(actor), cancelled_at=None)
    if organisation is not None:
        found = found.filter(post__organisation=organisation)
    return found.filter(ends_at__gt=start, starts_at__lt=end).select_related("post__organisation", "person")


def get_handover(actor: Actor, id: int) -> Handover:
    """Raises NotFound("handover", id)."""
    return _one(handovers(actor), "handover", id)  # type: ignore[no-any-return]


def obligations(actor: Actor) -> QuerySet[Obligation]:
    """Obligations within the inner affairs the actor sees, and of one's own posts."""
    found = Obligation.objects.filter(Q(post__organisation__in=_inner(actor)) | Q(post_id__in=actor.posts))
    return found.select_related("post__organisation")


def get_obligation(actor: Actor, id: int) -> Obligation:
    """Raises NotFound("obligation", id)."""
    return _one(obligations(actor), "obligation", id)  # type: ignore[no-any-return]


def dues(actor: Actor) -> QuerySet[ObligationDue]:
    """What has fallen due of the obligations the actor sees."""
    found = ObligationDue.objects.filter(obligation__in=obligations(actor).values("pk"))
    return found.select_related("obligation__post__organisation", "done_by")


def get_due(actor: Actor, id: int) -> ObligationDue:
    """Raises NotFound("obligation_due", id)."""
    return _one(dues(actor), "obligation_due", id)  # type: ignore[no-any-return]
