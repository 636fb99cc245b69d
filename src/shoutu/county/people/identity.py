"""How a signed-in user or a bearer token becomes an actor, each time anew so that a lost right is lost at once."""

from __future__ import annotations

import hashlib
import ipaddress
import logging
from datetime import timedelta
from typing import Any

from django.db import OperationalError
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor, sites_called_to
from shoutu.county.kit.errors import NotAllowed
from shoutu.county.kit.permissions import permissions_of
from shoutu.county.kit.scope import Scope
from shoutu.county.people.models import ApiToken, User
from shoutu.county.people.selectors import posts_of, token_by_hash

log = logging.getLogger(__name__)
USE_NOTED_EVERY = timedelta(minutes=10)
# These see the whole county whatever their account says.
COUNTYWIDE = {"administrator", "leader", "duty_officer", "auditor"}


def scope_of(user: User, posts: tuple[int, ...] = ()) -> Scope:
    """What an account sees: its territory's subtree and its organisation, narrowed to its sectors."""
    if user.role in COUNTYWIDE:
        return Scope.everything()
    if user.role == "rescue_lead":
        # A rescue team watches no site: it sees one while it is called there.
        return Scope(called=sites_called_to(user.person_id, posts))
    return Scope(
        territories=(user.territory.path,) if user.territory else (),
        organisations=(user.organisation_id,) if user.organisation_id and not user.territory_id else (),
        sectors=tuple(user.sectors),
    )


def actor_of_user(user: User, request: Any = None) -> Actor:
    """The actor behind an account, named by the first post held. Raises NotAllowed for a demo login from outside."""
    if user.is_demo and request is not None and not is_loopback(request):
        raise NotAllowed("demo", _("演示账号只能在本机（127.0.0.1）使用，用正式账号登录。"))
    posts = posts_of(user.person_id, timezone.now()) if user.person_id else []
    return Actor(
        kind="user",
        label=str(posts[0]) if posts else user.display,
        role=user.role,
        user_id=user.pk,
        person_id=user.person_id,
        posts=tuple(post.pk for post in posts),
        organisation_id=user.organisation_id,
        permissions=permissions_of(user.role),
        scope=scope_of(user, tuple(post.pk for post in posts)),
    )


def hash_token(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def actor_of_token(text: str, request: Any = None, *, look: bool = False) -> Actor | None:
    """The actor behind a token: its owner, narrowed. None when unknown, ended, revoked, or its owner is off.

    `look`: nothing is written, not even that it was used.
    """
    token = token_by_hash(hash_token(text))
    if token is None:
        return None
    actor = actor_of_token_row(token, request)
    if not look:
        _note_use(token)
    return actor


def actor_of_token_row(token: ApiToken, request: Any = None) -> Actor:
    """The actor behind a token that holds. Raises NotAllowed for a demo login from outside."""
    owner = actor_of_user(token.owner, request)
    permissions = owner.permissions & frozenset(token.permissions) if token.permissions else owner.permissions
    return Actor(
        **{
            **{name: getattr(owner, name) for name in owner.__dataclass_fields__},
            "kind": "token",
            "label": f"{owner.label}（{token.name}）",
            "token_id": token.pk,
            "permissions": permissions,
        }
    )


def _note_use(token: ApiToken) -> None:
    """Keep when a token was last used, to within `USE_NOTED_EVERY`. A database too busy for that refuses nobody."""
    now = timezone.now()
    if token.last_used_at is not None and timedelta() <= now - token.last_used_at < USE_NOTED_EVERY:
        return
    try:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    except OperationalError as error:
        log.info("the use of token %s could not be noted: %s", token.pk, error)


def is_loopback(request: Any) -> bool:
    """Whether a request really comes from this machine: address, host name, and no proxy in between."""
    meta = request.META
    if any(meta.get(name) for name in ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP")):
        return False
    host = request.get_host().rsplit(":", 1)[0].strip("[]")
    return _local(meta.get("REMOTE_ADDR", "")) and (host == "localhost" or _local(host))


def _local(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
