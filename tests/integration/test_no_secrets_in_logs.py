"""No secret that goes through a real door, taken or refused, stands afterwards in a log, in metrics or on record.

Every secret of this test is a text of its own; what was written is searched for each. That the search finds what is
there is shown by a text that is no secret and must be found.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from shoutu.county.kit import totp
from tests.stack import Api, Stack, free_ports, running, until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
PASSWORD, WRONG, NEW = "Mark-Yi-41-mima", "Mark-Er-52-cuomi", "Mark-San-63-xinmi"
KEYS = {name: f"mark-{name}-key-7731" for name in ("robot", "dead", "angry", "header")}
BEARER, CALLBACK, MQTT, LINK = "mark-bearer-8841", "mark-callback-8842", "mark-mqtt-8843", "1-mark0link8844"
SEEN = "值班室外的网关"


class Sink:
    """Another system: says yes, but at ``/angry`` no, and repeats there all that it was told."""

    def __init__(self) -> None:
        self.bodies: list[str] = []
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                sink.bodies.append(body)
                angry = self.path.startswith("/angry")
                raw = (f"{self.path} {self.headers} {body}" if angry else '{"errcode": 0}').encode()
                self.send_response(500 if angry else 200)
                self.send_header("content-length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def sink() -> Iterator[Sink]:
    made = Sink()
    yield made
    made.server.shutdown()
    made.server.server_close()


def ask(url: str, **more: Any) -> int:
    return httpx.post(url, timeout=60, trust_env=False, **more).status_code


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def sign_in_every_way(stack: Stack, api: Api) -> dict[str, str]:
    """Passwords, codes and tokens at the web process, right, wrong and malformed. The secrets that were made."""
    session = f"{stack.url}/api/v1/session"
    assert ask(session, json={"username": "boss", "password": WRONG}) == 401
    assert ask(session, json={"username": WRONG, "password": [WRONG]}) == 422
    assert ask(session, content=f'{{"username": "boss", "password": "{WRONG}"') in (400, 422)
    assert ask(session, json={"username": "boss", "password": WRONG, "extra": WRONG}) == 401
    secret = api.post("/session/factor", password=PASSWORD)["secret"]
    assert api.try_post("/session/factor/confirm", {"code": "mark-code-9"}).status_code == 422
    now = int(time.time()) // totp.STEP_S
    codes = api.post("/session/factor/confirm", code=totp.code_at(secret, now))["codes"]
    assert ask(session, json={"username": "boss", "password": PASSWORD}) == 401
    assert ask(session, json={"username": "boss", "password": PASSWORD, "code": "mark-code-9"}) == 401
    assert ask(session, json={"username": "boss", "password": PASSWORD, "code": codes[0]}) == 200
    api.post("/users", username="other", role="auditor", password=NEW)
    token = api.post("/tokens", name="程序")["token"]
    assert httpx.get(f"{stack.url}/api/v1/status", headers=bearer(token), trust_env=False).status_code == 200
    for path in ("/api/v1/status", "/internal/v1/catalog", "/live/events"):
        answer = httpx.get(f"{stack.url}{path}?token={BEARER}", headers=bearer(BEARER), timeout=60, trust_env=False)
        assert answer.status_code == 401
    assert ask(f"{stack.url}/api/v1/answer-links/{LINK}/answer") in (401, 404)
    assert ask(f"{stack.url}/api/v1/channels/1/callback?token={CALLBACK}", json={}) in (401, 404)
    again = {"code": BEARER, "county": "示范县", "username": "two", "password": WRONG}
    assert ask(f"{stack.url}/api/v1/setup", json=again) == 409
    return {"totp": secret, "recovery": codes[0], "recovery unused": codes[1], "api token": token}


def call_every_way(api: Api, sink: Sink) -> str:
    """A test call by each channel: one that works, one that is refused, one that nobody hears. The answer link."""
    api.post("/channels/endpoints", scheme="http", host="127.0.0.1")
    (closed,) = free_ports(1)
    plain = {"url": f"{sink.url}/platform", "authorization": f"Bearer {KEYS['header']}"}
    ways = {
        "platform": ("webhook", plain),
        "grumpy": ("webhook", {**plain, "url": f"{sink.url}/angry"}),
        "robot": ("wecom", {"url": f"{sink.url}/robot?key={KEYS['robot']}"}),
        "angry": ("wecom", {"url": f"{sink.url}/angry?key={KEYS['angry']}"}),
        "dead": ("wecom", {"url": f"http://127.0.0.1:{closed}/robot?key={KEYS['dead']}"}),
    }
    person = api.post("/persons", name="值班员", phone="13800000000")["id"]
    for name, (kind, settings) in ways.items():
        channel = api.post("/channels", title=name, kind=kind, settings=settings)["id"]
        contact = api.post("/contacts", person=person, title=name, channel=channel, address="13800000000")["id"]
        api.post(f"/contacts/{contact}/test")
    until(lambda: len(sink.bodies) >= 4, 60, "the working and the refusing channels were called")

    def failing() -> bool:
        rows = {row["title"]: row for row in api.get("/channels")}
        return all(rows[name]["last_problem"] for name in ("angry", "dead", "grumpy"))

    until(failing, 60, "the failures are told")
    told = [json.loads(body).get("text", "") for body in sink.bodies]
    return next(text for text in told if "/a/" in text).split("/a/")[1]


def send_every_way(stack: Stack, token: str) -> None:
    """A sensor's token at the pipeline's doors, right and wrong, with good and damaged bodies."""
    stack.await_token(token)
    door = f"{stack.ingest_url}/ingest/v1/readings"
    reading = {"point": SEEN, "ts": int(time.time() * 1000), "value": 1.0}
    assert ask(door, json=[reading], headers=bearer(token)) == 202
    assert ask(door, content=b"[{]", headers=bearer(token)) in (400, 422)
    assert ask(door, json=[reading], headers=bearer(BEARER)) == 401
    assert ask(f"{door}?token={BEARER}", json=[reading]) == 401
    for user in (token, MQTT):
        told = threading.Event()
        client = paho.Client(CallbackAPIVersion.VERSION2, f"device {user}")
        client.username_pw_set(user, MQTT)
        client.on_connect = lambda *_args, told=told: told.set()
        client.connect("127.0.0.1", stack.mqtt_port)
        client.loop_start()
        assert told.wait(60)
        client.publish("shoutu/v1/readings", b"[{]", qos=1)
        client.disconnect()
        client.loop_stop()


def is_up(port: int) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=60, trust_env=False).is_success
    return False


def written(stack: Stack, api: Api, worker_port: int) -> dict[str, str]:
    """Everything that was written where people look, by its name."""
    found = {str(path): path.read_text("utf-8", "replace") for path in (stack.data / "log").iterdir()}
    found["console"] = stack.console()
    found |= {
        str(path): path.read_text("utf-8", "replace") for path in (stack.data / "run").iterdir() if path.is_file()
    }
    for url in (stack.url, stack.ingest_url, f"http://127.0.0.1:{worker_port}"):
        answer = httpx.get(f"{url}/metrics", timeout=60, trust_env=False)
        assert answer.status_code == 200
        found[f"{url}/metrics"] = answer.text
    export = stack.data.parent / "export"
    stack.cli("ledger", "export", str(export))
    found |= {str(path): path.read_text("utf-8", "replace") for path in export.rglob("*") if path.is_file()}
    found["channels"] = json.dumps(api.get("/channels"), ensure_ascii=False)
    found["health"] = json.dumps(api.get("/health"), ensure_ascii=False)
    return found


def test_no_secret_of_any_door_is_in_a_log_in_metrics_or_on_record(tmp_path: Path, sink: Sink) -> None:
    (worker_port,) = free_ports(1)
    outside = "http://county.example.test"
    with running(tmp_path / "var", SHOUTU_WORKER_PORT=str(worker_port), SHOUTU_PUBLIC_URL=outside) as stack:
        secrets = {
            one.name: one.read_text().strip() for one in (stack.data / "secrets").iterdir() if one.suffix != ".pem"
        }
        assert {"django.key", "wing.token", "setup.code"} <= set(secrets)
        api = Api(stack.url)
        first = {"county": "示范县", "username": "boss", "password": PASSWORD}
        api.post("/setup", code=secrets.pop("setup.code"), **first)
        secrets |= sign_in_every_way(stack, api)
        secrets["answer link"] = call_every_way(api, sink)
        link = f"{stack.url}/api/v1/answer-links/{secrets['answer link']}"
        assert httpx.get(link, timeout=60, trust_env=False).status_code == 200
        assert ask(f"{link}/answer") == 200
        secrets["sensor token"] = stack.cli("token", "create", SEEN, "--scope", "ingest", "--source", "county")
        send_every_way(stack, secrets["sensor token"])
        stack.kill("worker")  # the last words of a process are in its log too
        until(lambda: is_up(worker_port), 60, "the worker is back")
        secrets |= {"password": PASSWORD, "wrong password": WRONG, "new password": NEW, "bearer": BEARER}
        secrets |= {"callback": CALLBACK, "mqtt": MQTT, "wrong link": LINK, "wrong code": "mark-code-9", **KEYS}
        found = written(stack, api, worker_port)
    found["console at the end"] = stack.console()
    for name in ("web", "pipeline", "worker"):
        assert found[str(stack.data / "log" / f"{name}.log")], f"{name} wrote nothing: nothing is shown by this test"
    assert any(SEEN in text for text in found.values()), "what is no secret is found where it was written"
    assert "grumpy" in found["channels"]
    leaks = [
        f"{name} in {where}: …{text[max(0, at - 80) : at + 80]}…"
        for name, secret in secrets.items()
        for form in {secret, secret.replace("-", ""), quote(secret)}
        for where, text in found.items()
        if (at := text.find(form)) >= 0
    ]
    assert not leaks, "\n".join(leaks)
