"""How long a session lasts: so many hours from signing in, and for some roles so many minutes without a touch."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends.base import SessionBase
from django.dispatch import receiver
from django.http import HttpRequest

BEGAN, TOUCHED = "began", "touched"
# The face asks by itself every few seconds; it says in this header how long nobody has touched it (seconds).
STILL = "X-Shoutu-Still"
# In a session that began at the county's provider of single sign-on: no password was used for it.
BY_PROVIDER = "oidc_id_token"
# A touch is written down at most this often: a session is a row of the database.
GRAIN_S = 60


def limits_of(role: str) -> tuple[float, float]:
    """(seconds without a touch, seconds from signing in); the first is infinite where there is no such end."""
    idle, hours = settings.SESSION_LIMITS.get(role, settings.SESSION_LIMITS[""])
    return (idle * 60 if idle else float("inf")), hours * 3600


@receiver(user_logged_in)
def begin(sender: Any, request: HttpRequest, user: Any, **_: Any) -> None:
    """A session has begun (signal `user_logged_in`)."""
    request.session[BEGAN] = request.session[TOUCHED] = int(time.time())
    request.session.set_expiry(int(limits_of(user.role)[1]))


def over(session: SessionBase, role: str, now: float) -> bool:
    """Whether this session has had its time. One that does not say when it began has."""
    idle, whole = limits_of(role)
    began, touched = session.get(BEGAN), session.get(TOUCHED)
    if not isinstance(began, int) or not isinstance(touched, int):
        return True
    return now - began >= whole or now - touched >= idle


def touch(request: HttpRequest, role: str, now: float) -> None:
    """Note that somebody is there, where the role's sessions end by stillness."""
    if limits_of(role)[0] == float("inf"):
        return
    told = request.headers.get(STILL, "")
    last = int(now) - (int(told) if told.isascii() and told.isdigit() and len(told) < 9 else 0)
    if last - request.session[TOUCHED] >= GRAIN_S:
        request.session[TOUCHED] = last
