"""Opens the MQTT door: plain and TLS listeners inside the pipeline's own loop."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from shoutu.config import Config
from shoutu.guard import connections_allowed
from shoutu.sensing.doors import listen
from shoutu.sensing.model import Acceptor
from shoutu.sensing.mqtt.codec import Reason
from shoutu.sensing.mqtt.connection import Connection
from shoutu.sensing.mqtt.hub import Hub, Limits
from shoutu.sensing.mqtt.tls import server_context

CLOSE_SECONDS = 5.0


class MqttHandle:
    """The open door; ``port`` speaks plain MQTT, ``tls_port`` MQTT over TLS."""

    def __init__(self, hub: Hub, plain: asyncio.Server, tls: asyncio.Server) -> None:
        self._hub, self._servers = hub, (plain, tls)
        self.port = int(plain.sockets[0].getsockname()[1])
        self.tls_port = int(tls.sockets[0].getsockname()[1])
        self._watcher = asyncio.create_task(hub.watch(), name="mqtt watch")

    def stats(self) -> dict[str, Any]:
        """Figures for the beat."""
        hub = self._hub
        return {
            "port": self.port,
            "tls_port": self.tls_port,
            "connections": len(hub.open),
            "messages": hub.messages,
            "accepted": hub.accepted,
            "refused": hub.refused,
        }

    async def close(self) -> None:
        """Take nothing new, make durable and acknowledge what is queued (5 s at most), let go of the ports."""
        for server in self._servers:
            server.close()
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
            connection.dismiss(Reason.SHUTTING_DOWN, "the server is going down", "closed")
        for server in self._servers:
            await server.wait_closed()


async def serve_mqtt(acceptor: Acceptor, config: Config, limits: Limits | None = None) -> MqttHandle:
    """Open the MQTT door on ``config.mqtt_host`` (ports 0: free ones).

    Raises SettingError naming SHOUTU_MQTT_PORT or SHOUTU_MQTTS_PORT when a port is taken.
    """
    context = server_context(config.sensing / "mqtt", config.mqtt_host)
    hub = Hub(acceptor, limits or Limits(connections=connections_allowed()))
    loop = asyncio.get_running_loop()
    plain = listen(config.mqtt_host, config.mqtt_port, "SHOUTU_MQTT_PORT")
    try:
        tls = listen(config.mqtt_host, config.mqtts_port, "SHOUTU_MQTTS_PORT")
    except BaseException:
        plain.close()
        raise
    return MqttHandle(
        hub,
        await loop.create_server(lambda: Connection(hub), sock=plain),
        await loop.create_server(lambda: Connection(hub), sock=tls, ssl=context, ssl_handshake_timeout=10),
    )
