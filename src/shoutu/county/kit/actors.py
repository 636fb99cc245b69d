"""Who acts: a user, a token, a wing, or the system itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from shoutu.county.kit.errors import NotAllowed
from shoutu.county.kit.permissions import EVERY, OUTSIDE, names_of, permissions_of
from shoutu.county.kit.scope import Scope


@dataclass(frozen=True)
class Actor:
    """Whoever asks or acts, with what they may (`permissions`) and where (`scope`).

    `label` is what the record calls them: a post's title, never a bare account name when a post is held.
    `posts` are the ids of the posts held now; `person_id` the person behind the user.
    """

    kind: str
    label: str
    role: str
    user_id: int | None = None
    person_id: int | None = None
    posts: tuple[int, ...] = ()
    organisation_id: int | None = None
    token_id: int | None = None
    permissions: frozenset[str] = field(default_factory=frozenset)
    scope: Scope = field(default_factory=Scope)

    def may(self, permission: str) -> bool:
        """Whether this actor has the named permission. Raises KeyError for a name that is not in the table."""
        if permission not in EVERY:
            raise KeyError(f"permission {permission!r} is not in kit.permissions.TABLE")
        return permission in self.permissions

    def is_one_of(self, roles: Iterable[str]) -> bool:
        """Whether the role, or its group, is among those a pack names."""
        return not names_of(self.role).isdisjoint(roles)

    @property
    def outside(self) -> bool:
        """Whether this is one of those the county oversees or calls in, not one of its own."""
        return self.is_one_of(OUTSIDE)

    def require(self, permission: str) -> None:
        """Raises NotAllowed when the permission is missing."""
        if not self.may(permission):
            raise NotAllowed(permission)


def system(label: str = "系统") -> Actor:
    """The county acting by itself: the worker, a command on the server."""
    return Actor(kind="system", label=label, role="system", permissions=EVERY, scope=Scope.everything())


def wing(name: str) -> Actor:
    """A wing (sensing, video) speaking over the internal interface."""
    return Actor(kind="wing", label=name, role="wing", permissions=permissions_of("wing"), scope=Scope.everything())


SYSTEM = system()

# people registers here how a request's user or token becomes an actor; kit must not import people.
_from_user: list[Callable[[Any, Any], Actor]] = []
_from_token: list[Callable[..., Actor | None]] = []


def resolve_users_by(function: Callable[[Any, Any], Actor]) -> None:
    _from_user[:] = [function]


# duties registers here which sites a person or the holder of a post is called to now.
CalledTo = Callable[[int | None, tuple[int, ...]], tuple[int, ...]]
_called_to: list[CalledTo] = []


def called_sites_by(function: CalledTo) -> CalledTo:
    _called_to[:] = [function]
    return function


def sites_called_to(person_id: int | None, posts: tuple[int, ...]) -> tuple[int, ...]:
    """The sites of open duties that call this person, in person or on a post."""
    return _called_to[0](person_id, posts) if _called_to else ()


def resolve_tokens_by(function: Callable[..., Actor | None]) -> None:
    _from_token[:] = [function]


def actor_of_user(user: Any, request: Any = None) -> Actor:
    """The actor behind a signed-in user. Raises NotAllowed when the user may not act from where they are."""
    return _from_user[0](user, request)


def actor_of_token(token: str, request: Any = None, *, look: bool = False) -> Actor | None:
    """The actor behind a bearer token, or None when it is unknown, ended or revoked. `look`: write nothing."""
    return _from_token[0](token, request, look=look)
