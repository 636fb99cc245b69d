"""/live/events, set up below."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse


async def events(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=503)
