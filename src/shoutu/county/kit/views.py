"""Answers outside the API: health, the face's page, refusals by Django itself."""

from __future__ import annotations

import sys

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from shoutu.county.kit.api import on_anything, problem
from shoutu.county.kit.errors import Invalid, NotAllowed, NotFound

_NOT_BUILT = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>守土</title>
<body style="font:16px/1.7 system-ui;max-width:36em;margin:4em auto;padding:0 1em">
<h1>界面还没有构建</h1>
<p>服务已经在运行，接口可用，但是没有找到 <code>web/dist/index.html</code>。
请在项目目录执行 <code>make run</code>，然后重新打开本页。</p>
<p lang="en">The face is not built: <code>web/dist/index.html</code> is missing.
Run <code>make run</code> and reload.</p>
"""


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return problem(NotAllowed("csrf", _("请求缺少 CSRF 校验值：带上 X-CSRFToken 请求头（取自 csrftoken Cookie）。")))


def bad(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The answer where Django itself takes no request, such as one for a host that is not ours."""
    expected = _("本系统的地址（SHOUTU_PUBLIC_URL）和完整的请求")
    return problem(Invalid("request", expected, _("请求没有受理，应为：%(expected)s") % {"expected": expected}))


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problem(NotFound(request.path))


def failed(request: HttpRequest) -> HttpResponse:
    """The answer where something outside the API's own views failed, such as writing the session."""
    return on_anything(request, sys.exc_info()[1])


def healthz(request: HttpRequest) -> HttpResponse:
    """The process is alive."""
    return JsonResponse({"ok": True})


def readyz(request: HttpRequest) -> HttpResponse:
    """The process can answer: the database is there. 503 with the reason otherwise."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM django_migrations")
            cursor.fetchone()
    except Exception as error:
        return JsonResponse({"ok": False, "database": str(error).splitlines()[0]}, status=503)
    return JsonResponse({"ok": True})


def face(request: HttpRequest, path: str = "") -> HttpResponse:
    """The one page of the face for every address that is not an API's or a file's; never cached."""
    if path.startswith(("api/", "internal/", "live/", "assets/")):
        return problem(NotFound(f"/{path}"))
    index = settings.FACE / "index.html"
    if not index.is_file():
        return HttpResponse(_NOT_BUILT, status=503, headers={"Cache-Control": "no-store"})
    response = HttpResponse(index.read_bytes(), content_type="text/html; charset=utf-8")
    response["Cache-Control"] = "no-cache"
    return response
