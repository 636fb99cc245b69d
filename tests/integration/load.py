"""Senders that keep sending over kills, each for its own points, and know what was acknowledged."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from typing import Any

import paho.mqtt.client as mqtt

from tests.integration.rig import TOKEN, Pipeline

PER_MESSAGE = 20


class Sender:
    """One device: its first point swings over the threshold with each message, its second stays quiet.

    Messages go out in order; what was not acknowledged is sent again after a restart, as devices do.
    ``acknowledged``: how many messages were, always the first ones.
    """

    def __init__(self, pair: int, start: int, random: random.Random) -> None:
        self.swing, self.quiet = 2 * pair + 1, 2 * pair + 2
        self.start = start
        self.sent = 0
        self.acknowledged = 0
        self.random = random
        self.stop = threading.Event()
        self.broken: BaseException | None = None

    def message(self, index: int) -> list[dict[str, Any]]:
        """The same readings whenever it is asked for."""
        at = self.start + index * PER_MESSAGE
        swing = {"point": f"P{self.swing}", "ts": at, "value": 1.0 if index % 2 else 9.0}
        return [swing] + [
            {"point": f"P{self.quiet}", "ts": at + k, "value": (index * 7 + k) % 3 * 0.5} for k in range(1, PER_MESSAGE)
        ]

    def run(self, pipeline: Pipeline) -> threading.Thread:
        self.stop = threading.Event()
        thread = threading.Thread(target=self._guarded, args=(pipeline, self.stop), daemon=True)
        thread.start()
        return thread

    def _guarded(self, pipeline: Pipeline, stop: threading.Event) -> None:
        try:
            self.work(pipeline, stop)
        except OSError:
            pass  # the pipeline was killed
        except http.client.HTTPException:
            pass
        except BaseException as error:
            self.broken = error

    def work(self, pipeline: Pipeline, stop: threading.Event) -> None:
        raise NotImplementedError

    def swings(self) -> list[int]:
        """Event times at which the swinging point changed its level, as far as acknowledged."""
        return [self.start + i * PER_MESSAGE for i in range(self.acknowledged)]

    def quiets(self) -> list[int]:
        return [self.start + i * PER_MESSAGE + k for i in range(self.acknowledged) for k in range(1, PER_MESSAGE)]


class HttpSender(Sender):
    def work(self, pipeline: Pipeline, stop: threading.Event) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", pipeline.ports["http"], timeout=60)
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        while not stop.is_set():
            self.sent = max(self.sent, self.acknowledged + 1)
            body = json.dumps(self.message(self.acknowledged))
            connection.request("POST", "/ingest/v1/readings", body, headers)
            answer = connection.getresponse()
            told = json.loads(answer.read())
            if answer.status == 202:
                assert told["accepted"] == PER_MESSAGE, told
                self.acknowledged += 1
            else:
                assert answer.status in (429, 503), (answer.status, told)
                time.sleep(0.05)
        connection.close()


class MqttSender(Sender):
    """QoS 1 with up to eight messages under way."""

    def work(self, pipeline: Pipeline, stop: threading.Event) -> None:
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        client.username_pw_set(TOKEN)
        client.max_inflight_messages_set(8)
        changed = threading.Condition()
        acknowledged: set[int] = set()
        gone = threading.Event()

        def on_publish(client: Any, data: Any, mid: int, reason: Any, properties: Any) -> None:
            with changed:
                if not reason.is_failure:
                    acknowledged.add(mid)
                changed.notify()

        def on_disconnect(*args: Any) -> None:
            gone.set()
            with changed:
                changed.notify()

        client.on_publish, client.on_disconnect = on_publish, on_disconnect
        client.reconnect_delay_set(60, 60)
        client.connect("127.0.0.1", pipeline.ports["mqtt"], keepalive=60)
        client.loop_start()
        waiting: list[tuple[int, int]] = []
        following = self.acknowledged
        try:
            while not gone.is_set() and not (stop.is_set() and not waiting):
                if not stop.is_set() and len(waiting) < 8:
                    info = client.publish("shoutu/v1/readings", json.dumps(self.message(following)), qos=1)
                    waiting.append((info.mid, following))
                    following += 1
                    self.sent = max(self.sent, following)
                with changed:
                    if len(waiting) >= 8 or stop.is_set():
                        changed.wait(0.2)
                    while waiting and waiting[0][0] in acknowledged:
                        self.acknowledged = waiting.pop(0)[1] + 1
            with changed:
                while waiting and waiting[0][0] in acknowledged:
                    self.acknowledged = waiting.pop(0)[1] + 1
        finally:
            client.disconnect()
            client.loop_stop()
