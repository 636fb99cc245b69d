"""One point of our own in the demo county, and its sender."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx

from tests.stack import Api, Stack, until

POND = "乙铁矿尾矿库"
LIMITS = {"direction": "high", "levels": {"1": 10, "2": 20, "3": 30, "4": 40}, "hysteresis": 1}


class Gauge:
    """One new point of the demo pond, watched by a threshold rule, and its sender; with ``token`` one made before."""

    def __init__(self, demo: Stack, name: str, token: str = "") -> None:
        self.demo = demo
        self.name = name
        self.token = token
        if not token:
            self._make()

    def _make(self) -> None:
        demo, name = self.demo, self.name
        demo.cli("source", "create", f"{name}网关", "--site", POND)
        self.token = demo.cli("token", "create", name, "--scope", "ingest", "--source", f"{name}网关")
        self.point = int(
            demo.cli(
                "point",
                "create",
                name,
                "--site",
                POND,
                "--source",
                f"{name}网关",
                "--item",
                f"gauge_{name}",
                "--title",
                f"量计{name}",
                "--unit",
                "mm",
                "--interval",
                "1",
                "--danger",
                "high",
            )
        )
        demo.cli(
            "rules", "add", "--point", str(self.point), "--kind", "threshold",
            "--params", json.dumps(LIMITS), "--reason", "试验",
        )  # fmt: skip
        until(self._known, 10, "the pipeline knows the new point")

    def _known(self) -> bool:
        return self.send(0.0).get("accepted") == 1

    def send(self, value: float) -> dict[str, Any]:
        reading = {"point": self.name, "ts": int(time.time() * 1000), "value": value}
        answer = httpx.post(
            f"{self.demo.ingest_url}/ingest/v1/readings", json=[reading],
            headers={"Authorization": f"Bearer {self.token}"}, timeout=60, trust_env=False,
        )  # fmt: skip
        return answer.json()

    def warnings(self, api: Api, state: str = "open") -> list[dict[str, Any]]:
        listed = api.get("/warnings", state=state, limit=500)["items"]
        return [w for w in listed if w["item"] == f"gauge_{self.name}"]
