"""Sessions: who signs in, who I am."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Field, Schema

from shoutu.county.kit.actors import Actor, actor_of_user
from shoutu.county.kit.api import Router, asker
from shoutu.county.kit.auth import require_csrf
from shoutu.county.kit.errors import Conflict, Invalid, NotAllowed, NotSignedIn, TooMany
from shoutu.county.people import services
from shoutu.county.people.api_accounts import router as accounts_router
from shoutu.county.people.api_calendar import router as calendar_router
from shoutu.county.people.api_obligations import router as obligations_router
from shoutu.county.people.api_posts import router as posts_router
from shoutu.county.people.api_proposals import router as proposals_router
from shoutu.county.people.api_responsibility import router as responsibility_router
from shoutu.county.people.api_roster import router as roster_router
from shoutu.county.people.models import User
from shoutu.county.people.selectors import posts_of
from shoutu.county.places.selectors import county

router = Router()
for _part in (
    proposals_router,
    roster_router,
    calendar_router,
    accounts_router,
    posts_router,
    responsibility_router,
    obligations_router,
):
    router.add_router("", _part)


class Credentials(Schema):
    username: str = Field(min_length=1, max_length=60)
    password: str = Field(min_length=1, max_length=200)


class NewPassword(Schema):
    current: str = Field(min_length=1, max_length=200)
    password: str = Field(min_length=1, max_length=200)


class UserOut(Schema):
    id: int
    username: str
    display: str
    role: str


class MyPost(Schema):
    id: int
    title: str
    organisation: str


class CountyOut(Schema):
    name: str


class Me(Schema):
    """Who I am and what I may. `whole`: whether I see the whole county or a part of it."""

    user: UserOut
    post: MyPost | None
    permissions: list[str]
    server_time: datetime
    county: CountyOut
    whole: bool
    demo: bool


def me(actor: Actor, user: User) -> dict[str, Any]:
    posts = posts_of(user.person_id, timezone.now()) if user.person_id else []
    root = county()
    return {
        "user": user,
        "post": {"id": posts[0].pk, "title": posts[0].title, "organisation": posts[0].organisation.name}
        if posts
        else None,
        "permissions": sorted(actor.permissions),
        "server_time": timezone.now(),
        "county": {"name": root.name if root else ""},
        "whole": actor.scope.all,
        "demo": settings.DEMO,
    }


def _known(request: HttpRequest, username: str, password: str) -> User | None:
    """The account these belong to; None where they belong to none. Raises TooMany after too many wrong ones."""
    user = authenticate(request, username=username, password=password)
    if getattr(request, "axes_locked_out", False):
        wait = int(settings.AXES_COOLOFF_TIME * 3600)
        raise TooMany(_("密码错误次数过多，%(minutes)s 分钟后再试。") % {"minutes": wait // 60}, wait)
    return user if isinstance(user, User) else None


@router.post("/session", response=Me, auth=None)
def sign_in(request: HttpRequest, credentials: Credentials) -> Any:
    """Sign in with a name and a password. 401 when they do not match, 429 after too many wrong ones."""
    user = _known(request, credentials.username, credentials.password)
    if user is None:
        raise NotSignedIn(_("用户名或密码不对。"))
    actor = actor_of_user(user, request)
    # A new key even for who is signed in already: Django keeps the old one then.
    request.session.flush()
    login(request, user)
    get_token(request)
    return me(actor, user)


@router.get("/session", response=Me, auth=None)
def who_am_i(request: HttpRequest) -> Any:
    """Who I am; also sets the CSRF cookie. 401 when nobody is signed in."""
    get_token(request)
    if not isinstance(request.user, User):
        raise NotSignedIn
    return me(actor_of_user(request.user, request), request.user)


@router.post("/session/password", response={204: None})
def change_my_password(request: HttpRequest, new: NewPassword) -> Any:
    """A new password for myself. This session goes on under a new key, all others of mine end.

    422 when `current` is wrong, 429 after too many wrong ones.
    """
    actor, user = _myself(request)
    if user.is_demo:
        raise Conflict(_("演示账号的密码人人知道，不能改。"))
    if _known(request, user.username, new.current) is None:
        raise Invalid("current", _("现在用的密码"))
    services.set_password(actor, user, new.password)
    user.refresh_from_db()
    update_session_auth_hash(request, user)
    return 204, None


@router.post("/session/end-others", response={204: None})
def end_my_other_sessions(request: HttpRequest) -> Any:
    """End all sessions of mine but this one, as when my telephone is lost."""
    actor, user = _myself(request)
    services.end_sessions(actor, user)
    user.refresh_from_db()
    update_session_auth_hash(request, user)
    return 204, None


def _myself(request: HttpRequest) -> tuple[Actor, User]:
    """Raises NotAllowed for a token: these are about the session a person sits at."""
    actor = asker(request)
    if actor.token_id is not None or not isinstance(request.user, User):
        raise NotAllowed("session", _("这一步只能登录后在界面上做，令牌不行。"))
    return actor, request.user


@router.delete("/session", response={204: None})
def sign_out(request: HttpRequest) -> Any:
    """End the session."""
    asker(request)
    require_csrf(request)
    logout(request)
    return HttpResponse(status=204)
