"""The worker's own /healthz, /readyz and /metrics: is this process alive, does it watch, which step fails or is slow.

What the database knows (beats, steps over all restarts, outbox) is told by the web process, so that nothing counts
twice when both are scraped.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.simple_server import ServerHandler, WSGIRequestHandler, make_server

from prometheus_client import CollectorRegistry, Counter, Gauge, PlatformCollector, ProcessCollector, Summary
from prometheus_client.exposition import ThreadingWSGIServer, make_wsgi_app

log = logging.getLogger(__name__)

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)
SECONDS = Summary("shoutu_worker_step_seconds", "Runs of a step in this process, seconds", ["step"], registry=REGISTRY)
FAILED = Counter("shoutu_worker_step_failed", "Failed runs of a step in this process", ["step"], registry=REGISTRY)
WATCHING = Gauge("shoutu_worker_watching", "1 while this process holds the lease and runs the steps", registry=REGISTRY)

Respond = Callable[[str, list[tuple[str, str]]], Any]


class _Handler(WSGIRequestHandler):
    timeout = 10

    def log_message(self, format: str, *arguments: Any) -> None:
        """Not into the worker's log: it is asked every few seconds."""


def serve(host: str, port: int, watching: Callable[[], bool]) -> None:
    """Answer on host:port in a thread of its own until the process ends; port 0 is: do not.

    A worker that cannot listen says so and works on: watching matters more than being asked about it.
    """
    if port == 0:
        return
    WATCHING.set_function(lambda: float(watching()))
    figures = make_wsgi_app(REGISTRY)

    def answer(environ: dict[str, Any], respond: Respond) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/metrics":
            return figures(environ, respond)  # type: ignore[no-any-return]
        if path == "/healthz":
            return _json(respond, "200 OK", {"ok": True})
        if path == "/readyz":
            if watching():
                return _json(respond, "200 OK", {"ok": True})
            return _json(respond, "503 Service Unavailable", {"ok": False, "lease": "held by another worker, or lost"})
        return _json(respond, "404 Not Found", {"ok": False})

    ServerHandler.server_software = "shoutu"
    try:
        server = make_server(host, port, answer, ThreadingWSGIServer, handler_class=_Handler)
    except OSError as error:
        log.error("SHOUTU_WORKER_PORT=%s: cannot listen on %s:%s (%s); working without it", port, host, port, error)
        return
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()


def _json(respond: Respond, status: str, body: dict[str, Any]) -> Iterable[bytes]:
    respond(status, [("Content-Type", "application/json")])
    return [json.dumps(body).encode()]
