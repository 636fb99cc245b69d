"""Doors that open by a secret they are shown: wrong ones are counted and slowed down, as wrong passwords are.

A right secret is never kept out, however many wrong ones came from its address: everybody at a mine comes by one
address, and whoever shows wrong links from there must not silence the answers of the others. The secrets themselves
(64 bits and more) are beyond guessing; what this stops is the load, and what it gives is that somebody sees it.
"""

from __future__ import annotations

from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Sum
from django.http import HttpRequest
from django.utils.translation import gettext as _

from shoutu.county.kit.errors import TooMany

DOORS = ("answer-link", "callback", "setup", "oidc", "embed")


def wrong(request: HttpRequest, door: str) -> None:
    """A wrong secret was shown at one of DOORS: counted. Raises TooMany beyond the limit of wrong passwords."""
    AxesProxyHandler.update_request(request)
    credentials = {"username": f"({door})"}
    allowed = AxesProxyHandler.is_allowed(request, credentials)
    AxesProxyHandler.user_login_failed(wrong, credentials, request)
    if not allowed:
        wait = int(settings.AXES_COOLOFF_TIME * 3600)
        raise TooMany(_("错误的链接或令牌太多，%(minutes)s 分钟后再试。") % {"minutes": wait // 60}, wait)


def counted(door: str) -> int:
    """How many wrong secrets were shown at a door lately, by all addresses."""
    rows = AccessAttempt.objects.filter(username=f"({door})")
    return int(rows.aggregate(n=Sum("failures_since_start"))["n"] or 0)
