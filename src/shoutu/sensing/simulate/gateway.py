"""A simulated gateway: one token, one door, some sensors; keeps what it could not send and sends it later."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

import httpx
import msgspec
import numpy as np
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from shoutu.sensing.simulate.plan import Sensor
from shoutu.sensing.simulate.series import times, values

log = logging.getLogger("shoutu.simulate")
BATCH = 500
SLICE_MS = 600_000
"""Time of the series that is made at once: while a door is closed, what is not made yet needs no memory."""


class Link(Protocol):
    """A way through one door."""

    def send(self, readings: list[dict[str, object]]) -> None:
        """Return once the door has acknowledged. Raises OSError when it has not; the same is sent again."""
        ...

    def close(self) -> None: ...


class HttpLink:
    """The HTTP door."""

    def __init__(self, url: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Accept-Language": "en"}
        self._client = httpx.Client(base_url=url, headers=headers, timeout=10)

    def send(self, readings: list[dict[str, object]]) -> None:
        try:
            answer = self._client.post("/ingest/v1/readings", content=msgspec.json.encode(readings))
        except httpx.TransportError as error:
            raise OSError(str(error)) from None
        if answer.status_code != 202:
            raise OSError(f"{answer.status_code}: {answer.text[:200]}")
        rejected = answer.json()["rejected"]
        if rejected:
            log.warning("%d readings rejected, first: %s", len(rejected), rejected[0]["reason"])

    def close(self) -> None:
        self._client.close()


class MqttLink:
    """The MQTT door, QoS 1. While it is closed paho keeps the message and publishes it again."""

    def __init__(self, host: str, port: int, token: str, name: str, stopping: threading.Event) -> None:
        self._address, self._name, self._stopping = (host, port), name, stopping
        self._acked: set[int] = set()
        self._told = threading.Condition()
        self._refused = ""
        self._client = paho.Client(CallbackAPIVersion.VERSION2, name, protocol=MQTTProtocolVersion.MQTTv311)
        self._client.username_pw_set(token)
        self._client.reconnect_delay_set(1, 10)
        self._client.on_publish = self._published
        self._client.on_connect = self._connected
        self._started = False

    def _published(self, _: Any, __: Any, mid: int, *___: Any) -> None:
        with self._told:
            self._acked.add(mid)
            self._told.notify()

    def _connected(self, _: Any, __: Any, ___: Any, reason: Any, ____: Any) -> None:
        said = str(reason) if reason.is_failure else ""
        if said and said != self._refused:
            log.warning("%s: the MQTT door refuses: %s", self._name, said)
        self._refused = said

    def send(self, readings: list[dict[str, object]]) -> None:
        if not self._started:
            self._client.connect(*self._address, keepalive=60)
            self._client.loop_start()
            self._started = True
        mid = self._client.publish("shoutu/v1/readings", msgspec.json.encode(readings), qos=1).mid
        with self._told:
            while mid not in self._acked:
                self._told.wait(0.5)
                if self._stopping.is_set() and mid not in self._acked:
                    raise OSError("stopped before the acknowledgement")
            self._acked.discard(mid)

    def close(self) -> None:
        if self._started:
            self._client.disconnect()
            self._client.loop_stop()


class Gateway:
    """Runs in a thread of its own until ``stop`` is set."""

    def __init__(
        self,
        link: Link,
        sensors: list[Sensor],
        seed: int,
        sent: dict[str, int],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.link, self.sensors, self.seed, self.sent, self.clock = link, sensors, seed, sent, clock
        self.started = self.now()
        self.kept: deque[tuple[Sensor, int, float]] = deque()
        self.made = dict(sent)
        self.reached = min(sent.values())
        self.acknowledged = 0

    def now(self) -> int:
        return int(self.clock() * 1000)

    def make(self, until: int) -> None:
        """Take the readings due up to a moment into the buffer, in order of time."""
        due = []
        for sensor in self.sensors:
            moments = times(sensor, self.seed, self.made[sensor.address], until)
            if not moments:
                continue
            spoken, told = values(sensor, self.seed, np.array(moments, np.int64), self.started)
            due += [(ts, sensor.address, sensor, v) for ts, v in zip(spoken.tolist(), told.tolist(), strict=True)]
            self.made[sensor.address] = moments[-1]
        due.sort(key=lambda reading: reading[:2])
        self.kept.extend((sensor, ts, value) for ts, _, sensor, value in due)
        self.reached = until

    def catch_up(self) -> None:
        """Make and send everything due by now. Raises OSError when the door is closed."""
        self.flush()
        while self.reached < (now := self.now()):
            self.make(min(now, self.reached + SLICE_MS))
            self.flush()

    def flush(self) -> None:
        """Send the buffer, oldest first. Raises OSError when the door is closed; what is left is kept."""
        while self.kept:
            head = [self.kept[i] for i in range(min(BATCH, len(self.kept)))]
            self.link.send([{"point": s.address, "ts": ts, "value": value} for s, ts, value in head])
            self.acknowledged += len(head)
            for sensor, ts, _ in head:
                self.kept.popleft()
                self.sent[sensor.address] = ts

    def run(self, stop: threading.Event) -> None:
        """Speak until told to stop; say once when the door is closed and once when it is open again."""
        closed = False
        while not stop.is_set():
            try:
                self.catch_up()
                if closed:
                    log.info("%s: the door is open again", self.sensors[0].address)
                closed = False
            except OSError as error:
                if not closed:
                    log.warning("%s: the door is closed (%s); readings wait", self.sensors[0].address, error)
                closed = True
            stop.wait(2.0 if closed else self.pause())
        self.link.close()

    def pause(self) -> float:
        """Seconds until the next sensor speaks."""
        now = self.now()
        step = max(int(s.interval_s * 1000) for s in self.sensors)
        coming = [times(s, self.seed, self.made[s.address], now + step + 1) for s in self.sensors]
        return max(0.02, (min(t[0] for t in coming if t) - now) / 1000.0) if any(coming) else 1.0
