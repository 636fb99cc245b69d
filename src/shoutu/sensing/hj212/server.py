"""Opens the HJ 212 door inside the pipeline's own loop."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from shoutu.config import Config
from shoutu.guard import connections_allowed
from shoutu.sensing.doors import listen
from shoutu.sensing.hj212.connection import Connection
from shoutu.sensing.hj212.hub import Hub, Limits
from shoutu.sensing.model import Acceptor

CLOSE_SECONDS = 5.0


class Hj212Handle:
    """The open door."""

    def __init__(self, hub: Hub, server: asyncio.Server) -> None:
        self._hub, self._server = hub, server
        self.port = int(server.sockets[0].getsockname()[1])
        self._watcher = asyncio.create_task(hub.watch(), name="hj212 watch")

    def stats(self) -> dict[str, Any]:
        """Figures for the beat."""
        return {"port": self.port, **self._hub.stats()}

    async def close(self) -> None:
        """Take nothing new, make durable and answer what is queued (5 s at most), let go of the port."""
        self._server.close()
        self._watcher.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._watcher
        for connection in list(self._hub.open):
            connection.leaving = True
        if self._hub.pumps:
            _, late = await asyncio.wait(list(self._hub.pumps), timeout=CLOSE_SECONDS)
            for task in late:
                task.cancel()
        for connection in list(self._hub.open):
            connection.end("closed")
        await self._server.wait_closed()


async def serve_hj212(acceptor: Acceptor, config: Config, limits: Limits | None = None) -> Hj212Handle:
    """Open the HJ 212 door on ``config.hj212_host`` (port 0 here: a free one).

    Raises SettingError naming SHOUTU_HJ212_PORT when the port is taken.
    """
    hub = Hub(acceptor, limits or Limits(connections=connections_allowed()))
    opened = listen(config.hj212_host, config.hj212_port, "SHOUTU_HJ212_PORT")
    server = await asyncio.get_running_loop().create_server(lambda: Connection(hub), sock=opened)
    return Hj212Handle(hub, server)
