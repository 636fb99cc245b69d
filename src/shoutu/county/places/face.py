"""What a browser needs to keep the face on a device: its manifest, by the county's name, and its service worker."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from shoutu.county.kit.api import problem
from shoutu.county.kit.errors import NotFound
from shoutu.county.places.selectors import county

# 底 and 面 of web/src/theme.ts, light.
PAGE, SURFACE = "#F2F2EE", "#FFFFFF"


def manifest(request: HttpRequest) -> HttpResponse:
    """The web app manifest (W3C): how the face is called and drawn once it is installed."""
    root = county()
    name = _("守土")
    icons: list[dict[str, Any]] = [
        {"src": f"/icons/{size}.png", "sizes": f"{size}x{size}", "type": "image/png", "purpose": "any"}
        for size in (192, 512)
    ]
    icons.append({"src": "/icons/maskable.png", "sizes": "512x512", "type": "image/png", "purpose": "maskable"})
    body = {
        "id": "/",
        "name": f"{name} {root.name}" if root else name,
        "short_name": name,
        "lang": "en" if get_language() == "en" else "zh-CN",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": PAGE,
        "theme_color": SURFACE,
        "icons": icons,
    }
    return JsonResponse(
        body,
        content_type="application/manifest+json",
        headers={"Cache-Control": "no-cache"},
        json_dumps_params={"ensure_ascii": False},
    )


def service_worker(request: HttpRequest) -> HttpResponse:
    """The service worker of the build that is served now; 404 where the face is not built."""
    script = settings.FACE / "worker" / "sw.js"
    if not script.is_file():
        return problem(NotFound("/sw.js"))
    return HttpResponse(
        script.read_bytes(), content_type="text/javascript; charset=utf-8", headers={"Cache-Control": "no-cache"}
    )
