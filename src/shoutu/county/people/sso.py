"""What a browser carries through signing in at the county's provider, and what its session remembers of it."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from shoutu.config import Oidc
from shoutu.county.kit.errors import Conflict
from shoutu.county.kit.sessions import BY_PROVIDER, limits_of
from shoutu.county.people.models import User
from shoutu.county.people.oidc import LEEWAY_S, Attempt, Known
from shoutu.county.people.selectors import identified

WAIT_S = 600
"""So long one may take at the provider, and so long again to bind an account or to give a code."""
PATH = "/api/v1/session/oidc"
COOKIE = "shoutu_oidc"
SALT = "shoutu.oidc"
ENDED, PENDING = BY_PROVIDER, "oidc_pending"


def configured() -> Oidc:
    """Raises Conflict where the county has no provider."""
    if settings.OIDC is None:
        raise Conflict(_("本系统没有配置统一认证，用用户名和密码登录。"))
    return settings.OIDC


def came(request: HttpRequest) -> bool:
    """Whether this session began at the provider: a password an administrator set was not what opened it."""
    return BY_PROVIDER in request.session


def callback() -> str:
    """The address the provider sends the browser back to; registered there."""
    return f"{settings.CONFIG.public_url.rstrip('/')}{PATH}/callback"


def _cookie() -> tuple[str, str]:
    """Name and path of the cookie. Over TLS by a name that no neighbouring host and no page without TLS can set
    (RFC 6265bis, 4.1.3.2), which asks for the whole path."""
    return (f"__Host-{COOKIE}", "/") if settings.SECURE else (COOKIE, PATH)


def carry(response: HttpResponse, attempt: Attempt, onward: str) -> None:
    """Give the browser what it must bring back. Lax: it comes back by a link from the provider's page."""
    text = signing.dumps({**asdict(attempt), "next": onward}, salt=SALT)
    name, path = _cookie()
    response.set_cookie(name, text, max_age=WAIT_S, path=path, secure=settings.SECURE, httponly=True, samesite="Lax")


def carried(request: HttpRequest) -> tuple[Attempt, str] | None:
    """What this browser was given, and where it wanted to go; None where it brings nothing of these ten minutes."""
    try:
        found = signing.loads(request.COOKIES.get(_cookie()[0], ""), salt=SALT, max_age=WAIT_S)
        return Attempt(found["state"], found["nonce"], found["verifier"], found.get("max_age")), found["next"]
    except (signing.BadSignature, KeyError, TypeError):
        return None


def drop(response: HttpResponse) -> None:
    name, path = _cookie()
    response.delete_cookie(name, path=path, samesite="Lax")


def too_long_ago(user: User, known: Known) -> int | None:
    """Within how many seconds this account is to have signed in at the provider, where it has not; None: all is well.

    Whose session ends by stillness would be let in again by one press, for as long as the provider's session lives.
    """
    idle = limits_of(user.role)[0]
    if idle == float("inf"):
        return None
    since = float("inf") if known.auth_time is None else time.time() - known.auth_time
    return int(idle) if since > idle + LEEWAY_S else None


def await_more(request: HttpRequest, known: Known, issuer: str) -> None:
    """The provider has said who it is; a password to bind an account, or a code, is still to come."""
    request.session.flush()
    request.session[PENDING] = {**asdict(known), "issuer": issuer, "at": int(time.time())}
    request.session.set_expiry(WAIT_S)


def awaited(request: HttpRequest) -> tuple[Known, str] | None:
    """Who the provider said it is a moment ago, and the issuer; None where nothing is awaited (any more)."""
    found: Any = request.session.get(PENDING)
    if settings.OIDC is None or not isinstance(found, dict) or not 0 <= time.time() - found["at"] <= WAIT_S:
        return None
    if found["issuer"] != settings.OIDC.names:
        return None
    return Known(found["subject"], found["who"], found["id_token"]), found["issuer"]


def step(request: HttpRequest) -> dict[str, str] | None:
    """What the login page has to ask now: `bind` (own name and password) or `code`. None: nothing."""
    pending = awaited(request)
    if pending is None:
        return None
    known, issuer = pending
    user = identified(issuer, known.subject)
    return {"step": "bind" if user is None else "code", "who": known.who, "identity": known.subject}


def owner(request: HttpRequest) -> tuple[User, Known] | None:
    """The account a code is awaited for."""
    pending = awaited(request)
    user = identified(pending[1], pending[0].subject) if pending else None
    return (user, pending[0]) if pending and user else None
