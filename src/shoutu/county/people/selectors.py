"""Who may be asked about: holders of posts, the chain that answers for a site, the roster."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import NotFound
from shoutu.county.people.models import ApiToken, Holding, Period, Person, Post, Responsibility, Rung, Shift, User
from shoutu.county.places.models import Site
from shoutu.county.places.selectors import organisations


@dataclass(frozen=True)
class Answerer:
    """One step of the chain: a post, who fills it at that time (None: nobody), and where it stands."""

    post: Post
    person: Person | None
    kind: str
    rung: int

    @property
    def rung_name(self) -> str:
        """The lower-case name in `Rung`, such as ``"enterprise_duty"``."""
        return Rung(self.rung).name.lower()


def at_time(queryset: QuerySet, at: datetime) -> QuerySet:
    """Rows of a Period that are valid at `at`."""
    assert issubclass(queryset.model, Period)
    return queryset.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=at), valid_from__lte=at)


def holders(posts: Iterable[int], at: datetime) -> dict[int, Person]:
    """Who fills each of these posts at `at`; a post nobody fills is missing. Three queries.

    A post on shift belongs to the last who signed in to a shift running then and has not signed out, else to who is
    rostered then, else to its first holder; any other post to its holder of lowest rank.
    """
    ids = set(posts)
    found: dict[int, Person] = {}
    seats = at_time(Holding.objects.filter(post_id__in=ids), at).select_related("person")
    for seat in seats.order_by("-rank", "-id"):
        found[seat.post_id] = seat.person
    shifts = Shift.objects.filter(post_id__in=ids, post__on_shift=True, starts_at__lte=at, ends_at__gt=at)
    signed: dict[int, Person] = {}
    for shift in shifts.select_related("person").order_by("signed_in_at", "id"):
        if shift.signed_out_at is not None and shift.signed_out_at <= at:
            continue
        if shift.signed_in_at is not None and shift.signed_in_at <= at:
            signed[shift.post_id] = shift.person
        else:
            found[shift.post_id] = shift.person
    return found | signed


def who_answers_for(site_id: int, matter: str, at: datetime) -> list[Answerer]:
    """The whole chain for a site and a matter as it stood at `at`, lowest rung first.

    Within a rung the nearest comes first: named for the site, then for its organisation, then for the smallest
    territory. Raises NotFound("site", id). Four queries.
    """
    site = Site.objects.select_related("territory").filter(pk=site_id).first()
    if site is None:
        raise NotFound("site", site_id)
    above = [int(part) for part in site.territory.path.split(".") if part]
    rows = at_time(Responsibility.objects.all(), at).filter(
        Q(site_id=site.id)
        | Q(site__isnull=True, organisation_id=site.organisation_id, territory__isnull=True)
        | Q(site__isnull=True, territory_id__in=above)
    )
    chain = [
        row
        for row in rows.select_related("post__organisation")
        if (not row.sectors or site.kind in row.sectors)
        and (not row.matters or matter in row.matters)
        and (row.organisation_id in (None, site.organisation_id) or row.site_id == site.id)
    ]

    def nearness(row: Responsibility) -> tuple[int, int, int, int]:
        place = 0 if row.site_id else 1 if row.organisation_id and not row.territory_id else 2
        depth = above.index(row.territory_id) if row.territory_id in above else len(above)
        return row.rung, place, -depth, row.id

    filled = holders({row.post_id for row in chain}, at)
    seen: set[tuple[int, int]] = set()
    answer: list[Answerer] = []
    for row in sorted(chain, key=nearness):
        if (row.post_id, row.rung) not in seen:
            seen.add((row.post_id, row.rung))
            answer.append(Answerer(row.post, filled.get(row.post_id), row.kind, row.rung))
    return answer


def posts_of(person_id: int, at: datetime) -> list[Post]:
    """The posts a person fills at `at`: seats held that are not on shift or to which they are the one on duty."""
    candidates = Post.objects.filter(
        Q(pk__in=at_time(Holding.objects.filter(person_id=person_id), at).values("post_id"))
        | Q(pk__in=Shift.objects.filter(person_id=person_id, starts_at__lte=at, ends_at__gt=at).values("post_id"))
    ).select_related("organisation")
    return list(candidates.order_by("id"))


def token_by_hash(hash: str) -> ApiToken | None:
    """The token with this SHA-256, if it still holds and its owner is active."""
    return (
        ApiToken.objects.filter(
            hash=hash, revoked_at__isnull=True, expires_at__gt=timezone.now(), owner__is_active=True
        )
        .select_related("owner__territory")
        .first()
    )


def user_named(username: str) -> User:
    """Raises NotFound("user", username)."""
    user = User.objects.select_related("territory").filter(username=username).first()
    if user is None:
        raise NotFound("user", username)
    return user


def get_posts() -> QuerySet[Post]:
    """Posts with their organisation."""
    return Post.objects.select_related("organisation")


def get_post(id: int) -> Post:
    """Raises NotFound("post", id). Who holds an office is no secret."""
    post = get_posts().filter(pk=id).first()
    if post is None:
        raise NotFound("post", id)
    return post


def persons_seen(actor: Actor) -> QuerySet[Person]:
    """Persons of organisations the actor sees, and oneself."""
    seen = organisations().visible_to(actor).values("pk")
    return Person.objects.filter(Q(organisation__in=seen) | Q(pk=actor.person_id or 0)).select_related("organisation")


def get_person(actor: Actor, id: int) -> Person:
    """Raises NotFound("person", id)."""
    person = persons_seen(actor).filter(pk=id).first()
    if person is None:
        raise NotFound("person", id)
    return person


def users() -> QuerySet[User]:
    """All accounts, for those who may manage them."""
    return User.objects.select_related("organisation", "territory")


def get_user(id: int) -> User:
    """Raises NotFound("user", id)."""
    user = users().filter(pk=id).first()
    if user is None:
        raise NotFound("user", id)
    return user


def api_tokens(actor: Actor) -> QuerySet[ApiToken]:
    """One's own tokens; all of them for those who manage accounts."""
    return ApiToken.objects.visible_to(actor).select_related("owner")  # type: ignore[no-any-return]


def get_api_token(actor: Actor, id: int) -> ApiToken:
    """Raises NotFound("token", id)."""
    token = api_tokens(actor).filter(pk=id).first()
    if token is None:
        raise NotFound("token", id)
    return token
