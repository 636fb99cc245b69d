"""A small real county and a real pipeline process, for tests that kill one of them."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.stack import until

TOKEN = "gateway-token"
TRUSTED = "county-token"


class County:
    """What the pipeline calls, over real HTTP; keeps what it was told. ``down()`` refuses connections."""

    def __init__(self, points: list[dict[str, Any]], rules: list[dict[str, Any]]) -> None:
        self.catalog: dict[str, Any] = {
            "version": 1,
            "full": True,
            "sources": [
                {"id": 3, "name": "甲铁矿网关", "trusted": False, "disabled": False, "token_hashes": [digest(TOKEN)]},
                {"id": 9, "name": "县平台", "trusted": True, "disabled": False, "token_hashes": [digest(TRUSTED)]},
            ],
            "points": points,
            "rules": rules,
            "removed": {"sources": [], "points": [], "rules": []},
        }
        self.deltas: list[dict[str, Any]] = []
        self.signals: dict[str, dict[str, Any]] = {}
        self.order: list[str] = []
        self.beats: list[dict[str, Any]] = []
        self.unclaimed: list[dict[str, Any]] = []
        self.refuse: Callable[[dict[str, Any]], bool] = lambda signal: False
        self.changed = threading.Condition()
        self._server: ThreadingHTTPServer | None = None
        self.port = 0
        self.up()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def up(self) -> None:
        county = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                query = parse_qs(urlsplit(self.path).query)
                self.answer(200, county.ask_catalog(int(query["after"][0]), float(query["wait"][0])))

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                self.answer(*county.take(urlsplit(self.path).path.rsplit("/", 1)[1], body))

            def answer(self, status: int, body: Any) -> None:
                raw = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *args: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                pass  # a killed client

            def process_request(self, request: Any, client_address: Any) -> None:
                county.connections.append(request)
                super().process_request(request, client_address)

        self.connections: list[Any] = []
        self._server = Server(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def down(self) -> None:
        if self._server is None:
            return
        server, self._server = self._server, None
        server.shutdown()
        server.server_close()
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(2)

    def ask_catalog(self, after: int, wait: float) -> dict[str, Any]:
        with self.changed:
            self.changed.wait_for(lambda: self.catalog["version"] != after or self._server is None, wait)
            if after == self.catalog["version"]:
                return {"version": after, "full": False}
            for delta in self.deltas:
                if delta["version"] == after + 1:
                    return delta
            return self.catalog

    def change(self, **sections: Any) -> int:
        """Publish a delta, as the county does; the new version."""
        with self.changed:
            removed = {"sources": [], "points": [], "rules": [], **sections.pop("removed", {})}
            version = self.catalog["version"] + 1
            delta = {"version": version, "full": False, **sections, "removed": removed}
            for name in ("sources", "points", "rules"):
                new = {entry["id"]: entry for entry in sections.get(name, [])}
                kept = [e for e in self.catalog[name] if e["id"] not in new and e["id"] not in removed[name]]
                self.catalog[name] = kept + list(new.values())
            self.catalog["version"] = version
            self.deltas.append(delta)
            self.changed.notify_all()
            return int(version)

    def take(self, call: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        with self.changed:
            if call == "signals":
                if any(self.refuse(signal) for signal in body["signals"]):
                    return 422, {"title": "refused"}
                known = 0
                for signal_ in body["signals"]:
                    if signal_["id"] in self.signals:
                        assert self.signals[signal_["id"]] == signal_, "one id, two signals"
                        known += 1
                        continue
                    self.signals[signal_["id"]] = signal_
                    self.order.append(signal_["id"])
                return 200, {"received": len(body["signals"]), "known": known}
            (self.beats if call == "beats" else self.unclaimed).extend(body.get("items", [body]))
            return 200, {}

    def in_order(self) -> list[dict[str, Any]]:
        with self.changed:
            return [self.signals[key] for key in self.order]


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def point(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "source": 3,
        "address": f"P{number}",
        "site": 5,
        "item": "phreatic_depth",
        "unit": "m",
        "interval_s": 3600,
        "low": -1000.0,
        "high": 1000.0,
        "danger": "high",
        **more,
    }


def threshold(number: int, of: int, level_at: float = 5.0, version: int = 1) -> dict[str, Any]:
    params = {"levels": {"3": level_at}, "direction": "high"}
    return {"id": number, "version": version, "point": of, "kind": "threshold", "params": params}


class Pipeline:
    """``shoutu pipeline`` as a process of its own on free ports."""

    def __init__(self, data: Path, county: County, **environment: str) -> None:
        self.data = data
        self.county = county
        self.environment = {
            **os.environ,
            "SHOUTU_DATA": str(data),
            "SHOUTU_INGEST_PORT": "0",
            "SHOUTU_MQTT_PORT": "0",
            "SHOUTU_MQTTS_PORT": "0",
            "SHOUTU_COUNTY_URL": county.url,
            "SHOUTU_RETRY_CAP_S": "0.5",
            **environment,
        }
        self.process: subprocess.Popen[bytes] | None = None
        self.ports: dict[str, int] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports['http']}"

    @property
    def log(self) -> str:
        return (self.data.parent / f"{self.data.name}.log").read_text(errors="replace")

    def spawn(self, *prefix: str) -> subprocess.Popen[bytes]:
        where = self.data / "run" / "pipeline.json"
        where.unlink(missing_ok=True)
        with (self.data.parent / f"{self.data.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*prefix, sys.executable, "-m", "shoutu.cli", "pipeline"],
                env=self.environment,
                stdout=log,
                stderr=log,
            )
        return self.process

    def start(self, *prefix: str, ready: bool = True) -> Pipeline:
        process = self.spawn(*prefix)
        where = self.data / "run" / "pipeline.json"

        def opened() -> bool:
            assert process.poll() is None, f"the pipeline ended: {self.log[-3000:]}"
            return where.exists()

        until(opened, 60, "pipeline open")
        self.ports = json.loads(where.read_text())["ports"]
        if ready:
            until(self.ready, 60, "pipeline ready")
        return self

    def ready(self) -> bool:
        version = self.county.catalog["version"]
        answer = httpx.get(f"{self.url}/readyz", timeout=60)
        return answer.status_code == 200 and answer.json()["catalog_version"] == version

    def state(self) -> dict[str, Any]:
        answer: dict[str, Any] = httpx.get(f"{self.url}/readyz", timeout=60).json()
        return answer

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(120)

    def send(self, readings: list[dict[str, Any]], token: str = TOKEN) -> httpx.Response:
        return httpx.post(
            f"{self.url}/ingest/v1/readings",
            json=readings,
            headers={"Authorization": f"Bearer {token}"},
            timeout=60,
        )

    def local(self, path: str, **query: Any) -> Any:
        token = (self.data / "secrets" / "wing.token").read_text().strip()
        answer = httpx.get(
            f"{self.url}/local/v1/{path}", params=query, headers={"Authorization": f"Bearer {token}"}, timeout=60
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    def stored(self, number: int) -> list[list[Any]]:
        """Every stored reading of a point."""
        rows: list[list[Any]] = []
        start: int | None = 0
        while start is not None:
            page = self.local("readings", point=number, start=start, limit=100_000)
            rows += page["items"]
            start = page["next"]
        return rows

    def settled(self) -> bool:
        """Whether everything durable is evaluated, offered to the store and taken by the county."""
        state = self.state()
        return state["live"] and state["spool_pending"] == 0 and state["evaluated_seq"] >= state["journal_seq"] - 1
