"""Opens the HTTP door: uvicorn inside the pipeline's own loop, without its signal handlers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Generator
from dataclasses import replace
from typing import Any

import uvicorn

from shoutu.config import Config
from shoutu.guard import Limits, Watch, connections_allowed
from shoutu.sensing import metrics
from shoutu.sensing.doors import listen
from shoutu.sensing.http.app import HttpDoor
from shoutu.sensing.http.local import LONG
from shoutu.sensing.model import Acceptor, LocalApi

KEEP_ALIVE = 90
"""Seconds an idle connection is kept: most devices send at least once a minute."""


class QuietServer(uvicorn.Server):
    """uvicorn that leaves signals to the process it lives in."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


class HttpHandle:
    """The open door."""

    def __init__(self, port: int, door: HttpDoor, watch: Watch, server: QuietServer, task: asyncio.Task[None]):
        self.port = port
        self._door, self._watch, self._server, self._task = door, watch, server, task
        self._sweeper = asyncio.create_task(watch.sweep(), name="http sweep")

    def stats(self) -> dict[str, Any]:
        """Figures for the beat."""
        door = self._door
        return {
            "port": self.port,
            "connections": len(self._watch.open),
            "requests": door.requests,
            "accepted": door.accepted,
            "refused": door.refused,
        }

    async def close(self) -> None:
        """Take nothing new, answer what is under way (5 s at most), let go of the port."""
        self._server.should_exit = True
        await self._task
        self._sweeper.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._sweeper


async def serve_http(acceptor: Acceptor, config: Config, local: LocalApi, limits: Limits | None = None) -> HttpHandle:
    """Open the HTTP door on ``config.ingest_host:ingest_port`` (0: a free one).

    Raises SettingError naming SHOUTU_INGEST_PORT when the port is taken.
    """
    socket = listen(config.ingest_host, config.ingest_port, "SHOUTU_INGEST_PORT")
    door = HttpDoor(acceptor, local, config.ingest_max_bytes)
    watch = Watch(
        replace(limits or Limits(connections=connections_allowed()), endless=LONG),
        count=lambda outcome: metrics.DOOR_REQUESTS.labels("http", outcome).inc(),
        show=metrics.DOOR_CONNECTIONS.labels("http").set,
    )
    settings = uvicorn.Config(
        door,
        http=watch.protocol(),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=5,
    )
    # what is no HTTP is counted in /metrics; a line of log each would let a stranger fill the disk
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    server = QuietServer(settings)
    task = asyncio.create_task(server.serve(sockets=[socket]), name="http door")
    while not server.started:
        if task.done():
            task.result()
            raise RuntimeError("the HTTP server ended before it began")
        await asyncio.sleep(0.005)
    return HttpHandle(socket.getsockname()[1], door, watch, server, task)
