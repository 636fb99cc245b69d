"""Sessions: who signs in, who I am."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import login, logout, update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.utils.translation import gettext as _
from ninja import Field, Schema

from shoutu.county.kit.actors import Actor, actor_of_user
from shoutu.county.kit.api import Router, asker
from shoutu.county.kit.auth import require_csrf
from shoutu.county.kit.errors import Conflict, FactorNeeded, Invalid, NotAllowed, NotSignedIn
from shoutu.county.people import selectors, services, sso
from shoutu.county.people.api_accounts import router as accounts_router
from shoutu.county.people.api_calendar import router as calendar_router
from shoutu.county.people.api_embeds import router as embeds_router
from shoutu.county.people.api_factor import router as factor_router
from shoutu.county.people.api_me import Me, me
from shoutu.county.people.api_obligations import router as obligations_router
from shoutu.county.people.api_oidc import enter
from shoutu.county.people.api_oidc import router as oidc_router
from shoutu.county.people.api_posts import router as posts_router
from shoutu.county.people.api_proposals import router as proposals_router
from shoutu.county.people.api_responsibility import router as responsibility_router
from shoutu.county.people.api_roster import router as roster_router
from shoutu.county.people.models import User
from shoutu.county.people.oneself import known, myself, right_code

router = Router()
for _part in (
    proposals_router,
    factor_router,
    oidc_router,
    embeds_router,
    roster_router,
    calendar_router,
    accounts_router,
    posts_router,
    responsibility_router,
    obligations_router,
):
    router.add_router("", _part)


class Credentials(Schema):
    """`code`: of the authenticator app or a recovery code; for accounts with a second factor.

    `bind`: bind this account to who the provider of single sign-on said it is a moment ago, in this browser.
    """

    username: str = Field(min_length=1, max_length=60)
    password: str = Field(min_length=1, max_length=200)
    code: str = Field("", max_length=40)
    bind: bool = False


class NewPassword(Schema):
    current: str = Field(min_length=1, max_length=200)
    password: str = Field(min_length=1, max_length=200)


@router.post("/session", response=Me, auth=None)
def sign_in(request: HttpRequest, credentials: Credentials) -> Any:
    """Sign in with a name and a password, and a code where the account has a second factor.

    401 when they do not match; with the code `factor.needed` or `factor.wrong` where password and name do and the code
    is missing or wrong. 429 after too many wrong ones. 403 where the county signs in at its provider alone: then an
    administrator binds. 409 to `bind` by a password an administrator set.
    """
    told = sso.awaited(request) if credentials.bind else None
    if credentials.bind and told is None:
        raise Conflict(_("统一认证的这一次登录已经过了 10 分钟，重新点“用统一认证登录”。"))
    user = known(request, credentials.username, credentials.password)
    if user is None:
        raise NotSignedIn(_("用户名或密码不对。"))
    actor = actor_of_user(user, request)
    if told is None and not selectors.opens_by_password(user):
        raise NotAllowed("password", _("本县只用统一认证登录：点“用统一认证登录”。统一认证用不了，找管理员。"))
    if told is not None and not selectors.opens_by_password(user):
        # What opens nothing else names nobody either: an old password, known to whomever, would open it for good.
        words = _("本县只用统一认证登录，绑定由管理员办：把统一认证里的标识“%(identity)s”告诉管理员。")
        raise NotAllowed("user.manage", words % {"identity": told[0].subject})
    if told is not None and user.password_given:
        # Others know it. Whoever bound by it would stay in beside the owner, who changes it later and sees nothing.
        raise Conflict(_("现在的密码是管理员设的：先不经统一认证，用它登录、改成只有自己知道的，再来绑定。"))
    if user.factor_since is not None:
        _ask_code(request, actor, user, credentials.code)
    if told is not None:
        services.bind_identity(actor, user, told[1], told[0].subject)
        enter(request, user, told[0])
        return me(request, actor, user)
    # A new key even for who is signed in already: Django keeps the old one then.
    request.session.flush()
    login(request, user)
    get_token(request)
    return me(request, actor, user)


def _ask_code(request: HttpRequest, actor: Actor, user: User, code: str) -> None:
    """Raises FactorNeeded unless the code is right, TooMany after too many wrong ones."""
    if not code.strip():
        raise FactorNeeded("factor.needed", _("这个账号还要动态口令：带上验证器现在显示的 6 位数字，或一个恢复码。"))
    if not right_code(actor, user, code):
        raise FactorNeeded("factor.wrong", _("动态口令不对或已经用过：等验证器换下一个数字再试，手机时间要准。"))


@router.get("/session", response=Me, auth=None)
def who_am_i(request: HttpRequest) -> Any:
    """Who I am; also sets the CSRF cookie. 401 when nobody is signed in."""
    get_token(request)
    if not isinstance(request.user, User):
        raise NotSignedIn
    return me(request, actor_of_user(request.user, request), request.user)


@router.post("/session/password", response={204: None})
def change_my_password(request: HttpRequest, new: NewPassword) -> Any:
    """A new password for myself. This session goes on under a new key, all others of mine end.

    422 when `current` is wrong, 429 after too many wrong ones.
    """
    actor, user = myself(request)
    if user.is_demo:
        raise Conflict(_("演示账号的密码人人知道，不能改。"))
    if known(request, user.username, new.current) is None:
        raise Invalid("current", _("现在用的密码"))
    if new.password == new.current:
        raise Invalid("password", _("与现在用的不同的密码"))
    services.set_password(actor, user, new.password)
    user.refresh_from_db()
    update_session_auth_hash(request, user)
    return 204, None


@router.post("/session/end-others", response={204: None})
def end_my_other_sessions(request: HttpRequest) -> Any:
    """End all sessions of mine but this one, as when my telephone is lost."""
    actor, user = myself(request)
    services.end_sessions(actor, user)
    user.refresh_from_db()
    update_session_auth_hash(request, user)
    return 204, None


@router.delete("/session", response={204: None})
def sign_out(request: HttpRequest) -> Any:
    """End the session."""
    asker(request)
    require_csrf(request)
    logout(request)
    return HttpResponse(status=204)
