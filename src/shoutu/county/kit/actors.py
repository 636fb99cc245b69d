"""Who acts: a user, a token, a wing, or the system itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from shoutu.county.kit.errors import NotAllowed
from shoutu.county.kit.permissions import EVERY, permissions_of
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
_from_token: list[Callable[[str, Any], Actor | None]] = []


def resolve_users_by(function: Callable[[Any, Any], Actor]) -> None:
    _from_user[:] = [function]


def resolve_tokens_by(function: Callable[[str, Any], Actor | None]) -> None:
    _from_token[:] = [function]


def actor_of_user(user: Any, request: Any = None) -> Actor:
    """The actor behind a signed-in user. Raises NotAllowed when the user may not act from where they are."""
    return _from_user[0](user, request)


def actor_of_token(token: str, request: Any = None) -> Actor | None:
    """The actor behind a bearer token, or None when it is unknown, ended or revoked."""
    return _from_token[0](token, request)
