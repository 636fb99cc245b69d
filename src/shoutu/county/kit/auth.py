"""Who is asking, for the public API (session or token) and for the internal one (a wing's token)."""

from __future__ import annotations

import hmac
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.security import APIKeyCookie, HttpBearer
from ninja.utils import check_csrf

from shoutu.county.kit.actors import Actor, actor_of_token, actor_of_user, wing
from shoutu.county.kit.errors import NotAllowed, NotSignedIn
from shoutu.county.kit.sessions import BY_PROVIDER

SAFE = {"GET", "HEAD", "OPTIONS"}
ONESELF = "/api/v1/session/"
"""What is about one's own signing in: open to who must have a second factor and has none yet."""
NEW_PASSWORD = {ONESELF, f"{ONESELF}password/"}
"""What is open to whom an administrator gave a password: to change it, or to leave."""


class TokenAuth(HttpBearer):
    """`Authorization: Bearer <token>` of `shoutu token create --scope api`."""

    def __init__(self, *, look: bool = False) -> None:
        super().__init__()
        self.look = look

    def authenticate(self, request: HttpRequest, token: str) -> Actor:
        actor = actor_of_token(token, request, look=self.look)
        if actor is None:
            raise NotSignedIn(_("令牌无效、已过期或已撤销，重新建一个。"))
        request.actor = actor  # type: ignore[attr-defined]
        return actor


class SessionAuth(APIKeyCookie):
    """The session cookie; changes also need the CSRF token of the `csrftoken` cookie in `X-CSRFToken`."""

    param_name = settings.SESSION_COOKIE_NAME

    def __init__(self) -> None:
        super().__init__(csrf=False)

    def authenticate(self, request: HttpRequest, key: str | None) -> Actor | None:
        if not request.user.is_authenticated:
            return None
        if request.method not in SAFE:
            require_csrf(request)
        actor = actor_of_user(request.user, request)
        path = f"{request.path_info}/"
        given = request.user.password_given and BY_PROVIDER not in request.session  # type: ignore[union-attr]
        if given and path not in NEW_PASSWORD:
            raise NotAllowed("password", _("现在的密码是管理员设的：先改成只有自己知道的，再做别的。"))
        if request.user.must_enrol and not path.startswith(ONESELF):  # type: ignore[union-attr]
            raise NotAllowed("factor", _("这个角色登录要用动态口令：先在“我的账号”里绑定，再做别的。"))
        request.actor = actor  # type: ignore[attr-defined]
        return actor


class WingAuth(HttpBearer):
    """`Authorization: Bearer <wing token>`, the secret `wing.token` of the data directory."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor:
        if not hmac.compare_digest(token.encode(), _wing_token().encode()):
            raise NotSignedIn(_("机翼令牌不对：应为数据目录 secrets/wing.token 的内容。"))
        actor = wing("sensing")
        request.actor = actor  # type: ignore[attr-defined]
        return actor


@lru_cache
def _wing_token() -> str:
    return settings.CONFIG.secret("wing.token")


def require_csrf(request: HttpRequest) -> None:
    """Raises NotAllowed unless the request carries its session's CSRF token."""
    if check_csrf(request):
        raise NotAllowed("csrf", _("请求缺少 CSRF 校验值：带上 X-CSRFToken 请求头（取自 csrftoken Cookie）。"))


def asker(request: HttpRequest) -> Actor:
    """The actor of an authenticated request."""
    actor: Any = getattr(request, "actor", None)
    if actor is None:
        raise NotSignedIn
    return actor  # type: ignore[no-any-return]


def bears_token(request: HttpRequest) -> bool:
    """Whether a request says who asks by a token. Any other `Authorization` (a proxy's own password) says nothing."""
    return request.headers.get("Authorization", "").lower().startswith("bearer ")


def identify(request: HttpRequest, *, look: bool = False) -> Actor:
    """The actor of a plain Django view (SSE, downloads): token first, then session. Raises NotSignedIn.

    `look`: only look who it is, without a note that the token was used.
    """
    if bears_token(request):
        return TokenAuth(look=look).authenticate(request, request.headers["Authorization"][7:].strip())
    actor = SessionAuth().authenticate(request, None)
    if actor is None:
        raise NotSignedIn
    return actor
