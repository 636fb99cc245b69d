"""Who may be asked about: holders of posts, the chain that answers for a site, the roster."""

from __future__ import annotations

from django.conf import settings
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import NotFound
from shoutu.county.kit.selectors import among
from shoutu.county.people.models import ApiToken, Embed, Identity, Person, Post, Role, User
from shoutu.county.people.selectors.chain import (
    Answerer,
    Filled,
    applies,
    at_time,
    filled,
    holders,
    posts_of,
    who_answers_for,
)
from shoutu.county.people.selectors.lists import persons_of

__all__ = [
    "Answerer",
    "Filled",
    "api_tokens",
    "applies",
    "at_time",
    "embed_by_key",
    "embed_waiting",
    "filled",
    "get_api_token",
    "get_person",
    "get_post",
    "get_posts",
    "get_user",
    "holders",
    "identified",
    "persons_seen",
    "posts_of",
    "token_by_hash",
    "user_named",
    "users",
    "who_answers_for",
    "with_account",
]


def token_by_hash(hash: str) -> ApiToken | None:
    """The token with this SHA-256, if it still holds and its owner is active."""
    return (
        ApiToken.objects.filter(
            hash=hash, revoked_at__isnull=True, expires_at__gt=timezone.now(), owner__is_active=True
        )
        .select_related("owner__territory")
        .first()
    )


def _embeds() -> QuerySet[Embed]:
    """Embeds whose token still holds and whose owner is active; none where no platform may embed any more."""
    if not settings.EMBED_ORIGINS:
        return Embed.objects.none()
    now = timezone.now()
    return Embed.objects.filter(
        token__revoked_at__isnull=True, token__expires_at__gt=now, token__owner__is_active=True, ends_at__gt=now
    ).select_related("token__owner__territory")


def embed_waiting(hash: str) -> Embed | None:
    """The embed whose ticket has this SHA-256 and still waits for its frame."""
    return _embeds().filter(ticket_hash=hash, key_hash__isnull=True, open_before__gt=timezone.now()).first()


def embed_by_key(hash: str) -> Embed | None:
    """The embed whose frame has the key with this SHA-256, until it ends."""
    return _embeds().filter(key_hash=hash).first()


def user_named(username: str) -> User:
    """Raises NotFound("user", username)."""
    user = User.objects.select_related("territory").filter(username=username).first()
    if user is None:
        raise NotFound("user", username)
    return user


def with_account(persons: set[int]) -> set[int]:
    """Those of `persons` who can sign in to the application."""
    told = User.objects.filter(among("person_id", persons), person__isnull=False, is_active=True)
    return persons & set(told.values_list("person_id", flat=True))


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
    return persons_of(actor).select_related("organisation")


def get_person(actor: Actor, id: int) -> Person:
    """Raises NotFound("person", id)."""
    person = persons_seen(actor).filter(pk=id).first()
    if person is None:
        raise NotFound("person", id)
    return person


def users() -> QuerySet[User]:
    """All accounts, for those who may manage them."""
    issuer = settings.OIDC.names if settings.OIDC else ""
    subject = Identity.objects.filter(user=OuterRef("pk"), issuer=issuer).values("subject")[:1]
    return User.objects.select_related("organisation", "territory").annotate(identity=Subquery(subject))


def identified(issuer: str, subject: str) -> User | None:
    """The account of who a provider calls `subject`; None where none is bound."""
    found = Identity.objects.select_related("user").filter(issuer=issuer, subject=subject).first()
    return found.user if found else None


def identity_of(user: User) -> Identity | None:
    """Who an account is at the county's provider of single sign-on."""
    if settings.OIDC is None:
        return None
    return Identity.objects.filter(user=user, issuer=settings.OIDC.names).first()


def opens_by_password(user: User) -> bool:
    """Whether this account may sign in by password. An administrator always may: somebody must while the provider is
    down."""
    return settings.OIDC is None or settings.OIDC.passwords or user.role == Role.ADMINISTRATOR


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
