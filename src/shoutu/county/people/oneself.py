"""What every step about one's own account asks first: who sits here, and whether password and code are theirs."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.api import asker
from shoutu.county.kit.errors import NotAllowed, TooMany
from shoutu.county.people.models import User
from shoutu.county.people.services import factors


def known(request: HttpRequest, username: str, password: str) -> User | None:
    """The account these belong to; None where they belong to none. Raises TooMany after too many wrong ones."""
    user = authenticate(request, username=username, password=password)
    if getattr(request, "axes_locked_out", False):
        wait = int(settings.AXES_COOLOFF_TIME * 3600)
        raise TooMany(_("密码错误次数过多，%(minutes)s 分钟后再试。") % {"minutes": wait // 60}, wait)
    return user if isinstance(user, User) else None


def right_code(actor: Actor, user: User, code: str) -> bool:
    """Whether this code is right now; it is used up. Raises TooMany after too many wrong ones."""
    verdict = factors.check_factor(actor, user, code)
    if verdict is factors.Verdict.HELD:
        wait = int(factors.WAIT.total_seconds())
        words = _("动态口令连错 %(n)s 次，%(minutes)s 分钟后再试；恢复码现在就能用。")
        raise TooMany(words % {"n": factors.WRONG, "minutes": wait // 60}, wait)
    return verdict is factors.Verdict.RIGHT


def myself(request: HttpRequest) -> tuple[Actor, User]:
    """Raises NotAllowed for a token: these are about the session a person sits at."""
    actor = asker(request)
    if actor.token_id is not None or not isinstance(request.user, User):
        raise NotAllowed("session", _("这一步只能登录后在界面上做，令牌不行。"))
    return actor, request.user
