"""统一认证: signing in and out at the county's provider, over HTTP."""

from __future__ import annotations

import logging
import re
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.utils.translation import gettext as _
from ninja import Field, Schema

from shoutu.config import Oidc, host_of
from shoutu.county.kit import guessing
from shoutu.county.kit.actors import actor_of_user
from shoutu.county.kit.api import Router, asker
from shoutu.county.kit.auth import require_csrf
from shoutu.county.kit.errors import Conflict, FactorNeeded, NotAllowed, TooMany, Unavailable
from shoutu.county.people import oidc, selectors, services, sso
from shoutu.county.people.api_me import Me, me
from shoutu.county.people.models import User
from shoutu.county.people.oneself import right_code

log = logging.getLogger(__name__)
router = Router()
BACKEND = "shoutu.county.people.backends.PostBackend"


class Onward(Schema):
    """`next`: the page of the face to go on to, a path."""

    next: str = Field("/", max_length=500)


class Address(Schema):
    """Where the browser goes now; "" nowhere."""

    address: str


class SsoCode(Schema):
    code: str = Field(min_length=1, max_length=40)


class SubjectIn(Schema):
    """Who somebody is at the provider: the value of the claim the county names people by."""

    subject: str = Field(min_length=1, max_length=255)


@router.post("/session/oidc", response=Address, auth=None)
def begin(request: HttpRequest, onward: Onward, response: HttpResponse) -> Any:
    """Begin to sign in at the provider: send the browser to `address`. 503 where the provider is not reached."""
    provider = sso.configured()
    public = settings.CONFIG.public_url
    if host_of(f"{urlsplit(public).scheme}://{request.get_host()}") != host_of(public):
        # The provider sends the browser to the public address, where this host's cookie is not.
        words = _("用 %(address)s 打开本系统，再用统一认证登录。")
        raise Conflict(words % {"address": public})
    try:
        address, attempt = oidc.begin(provider, sso.callback())
    except oidc.Refused as error:
        log.warning("single sign-on: %s", error.why)
        raise Unavailable(_("统一认证现在连不上或配置不对：先用本系统的用户名和密码登录，并告诉管理员。")) from error
    sso.carry(response, attempt, _own_path(onward.next))
    return {"address": address}


@router.get("/session/oidc/callback", auth=None, response={302: None})
def come_back(request: HttpRequest) -> Any:
    """Where the provider sends the browser. On to the page asked for, or to the login page, which says what is next."""
    answer = {name: request.GET[name] for name in request.GET}
    brought = sso.carried(request)
    try:
        provider = sso.configured()
        if brought is None:
            raise oidc.Refused("expired", "the browser brought no attempt of its own")
        known = oidc.finish(provider, sso.callback(), brought[0], answer)
        if max_age := _asks_anew(provider, known, brought[0].max_age is not None):
            return _again(provider, brought, max_age)
        going = _enter(request, known, provider.names, brought[1])
    except oidc.Refused as error:
        log.warning("single sign-on: %s", error.why)
        going = _to_login(error.code)
        if error.code in ("expired", "untrusted"):
            try:
                guessing.wrong(request, "oidc")
            except TooMany:
                going = _to_login("many")
    except Conflict:
        going = _to_login("off")
    sso.drop(going)
    return going


def _asks_anew(provider: Oidc, known: oidc.Known, asked: bool) -> int | None:
    """Within how many seconds who came is to have signed in there, where that is too long ago and nothing else of
    them is asked here. `asked`: the provider was told so once already."""
    user = selectors.identified(provider.names, known.subject)
    if user is None or not user.is_active or user.factor_since:
        return None
    if asked and known.auth_time is None and not selectors.opens_by_password(user):
        # There is no other way in for them, and the provider asked is one that never says.
        log.warning("single sign-on: %s tells no auth_time; %s is let in without it", provider.names, user.username)
        return None
    return sso.too_long_ago(user, known)


def _again(provider: Oidc, brought: tuple[oidc.Attempt, str], max_age: int) -> HttpResponse:
    """Back to the provider, which is to ask who it is, once. Raises Refused where it was told to and did not."""
    if brought[0].max_age is not None:
        raise oidc.Refused("stale", "the provider was asked with max_age and tells no auth_time, or an old one")
    address, attempt = oidc.begin(provider, sso.callback(), max_age)
    going = _go(address)
    sso.carry(going, attempt, brought[1])
    return going


def _enter(request: HttpRequest, known: oidc.Known, issuer: str, onward: str) -> HttpResponse:
    user = selectors.identified(issuer, known.subject)
    if user is not None and not user.is_active:
        return _to_login("inactive")
    if user is None or user.factor_since is not None:
        # What the provider says of factors (amr, acr) is not counted: the account's own code is asked.
        sso.await_more(request, known, issuer)
        return _to_login("bind" if user is None else "code", onward)
    enter(request, user, known)
    return _go(onward)


def enter(request: HttpRequest, user: User, known: oidc.Known) -> None:
    """A session of its own for who signed in at the provider. Raises NotAllowed for a demo login from outside."""
    actor_of_user(user, request)
    request.session.flush()
    login(request, user, backend=BACKEND)
    request.session[sso.ENDED] = known.id_token
    get_token(request)


@router.post("/session/oidc/code", response=Me, auth=None)
def enter_by_code(request: HttpRequest, given: SsoCode) -> Any:
    """The code of an account with a second factor, after the provider has said who it is.

    401 `factor.wrong` for a wrong one, 429 after too many, 409 where nobody has just come from the provider.
    """
    sso.configured()
    found = sso.owner(request)
    if found is None or not found[0].is_active or found[0].factor_since is None:
        raise Conflict(_("统一认证的这一次登录已经过了 10 分钟，重新点“用统一认证登录”。"))
    user, known = found
    if not right_code(actor_of_user(user, request), user, given.code):
        raise FactorNeeded("factor.wrong", _("动态口令不对或已经用过：等验证器换下一个数字再试，手机时间要准。"))
    enter(request, user, known)
    return me(request, actor_of_user(user, request), user)


@router.post("/session/oidc/end", response=Address, auth=None)
def sign_out_everywhere(request: HttpRequest) -> Any:
    """End the session, and say where the browser signs out at the provider too; "" where it does not offer that."""
    if not isinstance(request.user, User):
        asker(request)
    require_csrf(request)
    id_token = request.session.get(sso.ENDED)
    logout(request)
    if not isinstance(id_token, str) or settings.OIDC is None:
        return {"address": ""}
    back = f"{settings.CONFIG.public_url.rstrip('/')}/login"
    return {"address": oidc.end_address(settings.OIDC, id_token, back)}


@router.put("/users/{id}/identity", response={204: None})
def bind(request: HttpRequest, id: int, identity: SubjectIn) -> Any:
    """Bind another's account to who its owner is at the provider. 409 where either is bound already."""
    actor = asker(request)
    actor.require("user.manage")
    if actor.user_id == id:
        raise NotAllowed("user.manage", _("自己的账号用统一认证登录一次，凭密码绑定。"))
    services.bind_identity(actor, selectors.get_user(id), sso.configured().names, identity.subject)
    return 204, None


@router.delete("/users/{id}/identity", response={204: None})
def unbind(request: HttpRequest, id: int) -> Any:
    """The provider signs nobody in to this account any more; its sessions end."""
    actor = asker(request)
    actor.require("user.manage")
    services.unbind_identity(actor, selectors.get_user(id), sso.configured().names)
    return 204, None


def _own_path(path: str) -> str:
    """Only a path of this face is gone on to: `//host`, a backslash, or a tab browsers pass over, would leave it."""
    return path if re.fullmatch(r"/(?![/\\])[^\\\x00-\x1f\x7f-\x9f]*", path) else "/"


def _to_login(code: str, onward: str = "/") -> HttpResponse:
    query = {"sso": code} | ({"next": onward} if onward != "/" else {})
    return _go(f"/login?{urlencode(query)}")


def _go(path: str) -> HttpResponse:
    return HttpResponseRedirect(path, content_type="text/plain")
