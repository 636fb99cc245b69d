"""The ASGI application, served by uvicorn."""

from __future__ import annotations

import asyncio
import os
import warnings
from typing import Any
from weakref import WeakKeyDictionary

import django
from django.core.handlers.asgi import ASGIHandler
from django.http.response import HttpResponseBase

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shoutu.county.settings")
# WhiteNoise hands small files over as plain iterators; Django reads them whole, which is what we want.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")

AT_ONCE = 48
"""Requests answered at one time on PostgreSQL. Each has a connection of its own, of which a server as it comes allows a
hundred, worker and pipeline included; beyond that it refuses. SQLite refuses none, and knows no such bound here."""


class Handler(ASGIHandler):
    """Django's, where requests wait for their turn: three hundred pages that come back at once are answered in turn.

    Nobody holds a turn who is still sending, or only being sent, something: streams, slow lines, large files.
    """

    def __init__(self) -> None:
        super().__init__()
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()

    async def get_response_async(self, request: Any) -> HttpResponseBase:
        from django.db import connection

        if connection.vendor != "postgresql":
            return await super().get_response_async(request)
        async with self._turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE)):
            return await super().get_response_async(request)


django.setup(set_prefix=False)
application = Handler()
