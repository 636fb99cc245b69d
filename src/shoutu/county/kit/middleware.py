"""What holds for every request: headers of the answer, no changes from foreign pages, the end of sessions."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from shoutu.county.kit import sessions
from shoutu.county.kit.api import problem
from shoutu.county.kit.auth import SAFE
from shoutu.county.kit.errors import NotAllowed


class SecurityHeaders:
    """CSP without inline scripts, no framing but of what is made for it, no sniffing, no referrer, no
    keeping; HSTS when served over TLS."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        headers = response.headers
        # Other pages, and answers of any kind, stay in no frame.
        if settings.EMBED_ORIGINS and _is_frame(request):
            headers.setdefault("Content-Security-Policy", settings.EMBED_POLICY)
        else:
            headers.setdefault("X-Frame-Options", "DENY")
        headers.setdefault("Content-Security-Policy", settings.CONTENT_SECURITY_POLICY)
        # What somebody was shown stays on no disk; what may be kept (bundles, pictures) says so itself.
        headers.setdefault("Cache-Control", "no-store")
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Permissions-Policy", "camera=(self), geolocation=(self), microphone=()")
        if settings.SECURE:
            headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        return response


def _is_frame(request: HttpRequest) -> bool:
    """Whether a page made to be framed is asked for, in just these letters: of ``/%65mbed/`` a browser does not know
    that it means the same, and shows the whole face there."""
    scope = getattr(request, "scope", {})
    written: bytes = scope.get("raw_path") or b"/embed/"
    written = written.removeprefix(scope.get("root_path", "").encode())
    return request.path_info.startswith("/embed/") and written.startswith(b"/embed/")


class OwnPagesOnly:
    """Refuses every change a browser sends for somebody else's page, signed in or not.

    The CSRF token guards sessions that exist. This guards the door to them: a foreign page must not sign the duty
    room's browser in as somebody who sees less. Programs send neither header.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in SAFE and self._foreign(request):
            return problem(NotAllowed("csrf", _("请求来自别的网站的页面，没有受理。从本系统的页面操作。")))
        return self.get_response(request)

    @staticmethod
    def _foreign(request: HttpRequest) -> bool:
        origin = request.headers.get("Origin")
        if origin is None:
            return request.headers.get("Sec-Fetch-Site") == "cross-site"
        return origin not in (*settings.CSRF_TRUSTED_ORIGINS, f"{request.scheme}://{request.get_host()}")


class SessionLimits:
    """Ends sessions that have had their time (`settings.SESSION_LIMITS`); the row goes from the database too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Who sends no cookie costs no look into the database; a bearer's token has an end of its own.
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            role, now = request.user.role, time.time()  # type: ignore[union-attr]
            if sessions.over(request.session, role, now):
                logout(request)
            elif not request.path_info.startswith("/live/"):  # the browser opens it by itself, and can send no header
                sessions.touch(request, role, now)
        return self.get_response(request)
