"""The web process: Django, and beside it the auditor, which must not live in the worker it watches."""

from __future__ import annotations

import gc
import threading
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from shoutu.county.setup import ready

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]


def _settle() -> None:
    """Load every route, and leave what lives as long as the process out of later searches for garbage.

    A request that makes thousands of objects sets off such searches; each went over all of Django (0.12 s).
    """
    from django.urls import get_resolver

    assert get_resolver().url_patterns
    gc.collect()
    gc.freeze()


STATEMENT_S = 60


def _bound(connection: Any, **_kwargs: Any) -> None:
    """No question of a request's goes on for ever on PostgreSQL, whoever has stopped waiting for it."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET statement_timeout = '{STATEMENT_S}s'")


def application() -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """The ASGI application, with the auditor running as long as it is served."""
    ready()
    from django.db.backends.signals import connection_created

    from shoutu.county.asgi import application as django

    connection_created.connect(_bound, dispatch_uid="statement_timeout")
    from shoutu.county.duties import auditor

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await django(scope, receive, send)
            return
        stop = threading.Event()
        thread = threading.Thread(target=auditor.run_forever, args=(stop,), name="auditor", daemon=True)
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                _settle()
                thread.start()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                stop.set()
                thread.join(timeout=5)
                await send({"type": "lifespan.shutdown.complete"})
                return

    return app
