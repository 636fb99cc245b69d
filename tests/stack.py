"""A whole installation started for a test, as its operator would: ``shoutu up`` in a directory of its own."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx

from tests.prepared import prepare

T = TypeVar("T")
_CHANCE = random.SystemRandom()
_GIVEN: set[int] = set()
STOPS_WITHIN_S = 40
"""More than the supervisor gives its children (15 s) before it kills them, on a busy machine."""


def plain_environment() -> dict[str, str]:
    """This process's environment as an operator's shell has it: without what the test run itself has set.

    The worker's health port is off, so that stacks may stand side by side; who tests it chooses one.
    """
    ours = {"DJANGO_SETTINGS_MODULE", "SHOUTU_TEST_DATA"}
    plain = {k: v for k, v in os.environ.items() if k not in ours and not k.startswith("SHOUTU_")}
    return {**plain, "SHOUTU_WORKER_PORT": "0"}


NO_BROWSER_GOES_TO = 10_080
"""Amanda's: Chromium refuses it."""


def free_ports(count: int) -> list[int]:
    """Distinct TCP ports that are free, below those the system hands out by itself.

    Above, any outgoing connection of a test running beside could take one while what owns it is being restarted.
    """
    found: list[int] = []
    while len(found) < count:
        port = _CHANCE.randrange(10_000, 32_000)
        if port in _GIVEN or port == NO_BROWSER_GOES_TO:
            continue
        with socket.socket() as one, contextlib.suppress(OSError):
            one.bind(("127.0.0.1", port))
            found.append(port)
            _GIVEN.add(port)
    return found


def slowness() -> float:
    """How many times longer work takes on this machine now than on one that is ours alone (1 … 20)."""
    begun, used = time.perf_counter(), time.thread_time()
    while time.thread_time() - used < 0.1:
        pass
    return min(20.0, max(1.0, (time.perf_counter() - begun) / 0.1))


def until(question: Callable[[], T], patience_s: float = 30.0, what: str = "") -> T:
    """Ask again and again until the answer is truthy; fail with the last answer otherwise.

    ``patience_s`` is that of a machine doing nothing else; a busy one is given as much more as it is slower.
    """
    begun, pace = time.monotonic(), 1.0
    while True:
        answer = question()
        if answer:
            return answer
        waited = time.monotonic() - begun
        if waited > patience_s * pace and waited > patience_s * (pace := max(pace, 1.5 * slowness())):
            raise AssertionError(
                f"{what or 'condition'} not met within {waited:.0f} s "
                f"({patience_s:g} s at a pace of {pace:.1f}); last answer: {answer!r}"
            )
        time.sleep(0.02)


class Promise:
    """``with Promise(2):`` the block must not take longer than so many seconds of a machine doing nothing else."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __enter__(self) -> None:
        self.pace = slowness()
        self.begun = time.monotonic()

    def __exit__(self, kind: object, *_: object) -> None:
        took = time.monotonic() - self.begun
        if kind is None and took > self.seconds:
            allowed = self.seconds * 1.5 * max(self.pace, slowness())
            assert took <= allowed, f"took {took:.1f} s; promised {self.seconds:g} s, allowed {allowed:.1f} s here"


class Stack:
    """``shoutu up`` on free ports; ``stop()`` ends it as Ctrl-C does. An empty directory is given a migrated county."""

    def __init__(self, data: Path, *, demo: bool = False, **environment: str) -> None:
        self.data = data
        self.demo = demo
        self.port, self.ingest_port, self.mqtt_port, self.mqtts_port, self.hj212_port = free_ports(5)
        self.environment = {
            **plain_environment(),
            "SHOUTU_DATA": str(data),
            "SHOUTU_PORT": str(self.port),
            "SHOUTU_INGEST_PORT": str(self.ingest_port),
            "SHOUTU_MQTT_PORT": str(self.mqtt_port),
            "SHOUTU_MQTTS_PORT": str(self.mqtts_port),
            "SHOUTU_HJ212_PORT": str(self.hj212_port),
            "SHOUTU_DEVICE_NETS": "127.0.0.1",
            "PYTHONUNBUFFERED": "1",
            **environment,
        }
        self.output = data.parent / f"{data.name}.console.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.said_before = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ingest_url(self) -> str:
        return f"http://127.0.0.1:{self.ingest_port}"

    def start(self) -> Stack:
        arguments = [sys.executable, "-m", "shoutu.cli", "up", *(["--demo"] if self.demo else [])]
        self.said_before = len(self.console())
        if not self.environment.get("SHOUTU_DATABASE_URL"):
            prepare(self.data / "county.sqlite3")
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                arguments, env=self.environment, stdout=output, stderr=output, start_new_session=True
            )
        until(self._up_or_dead, 120, "shoutu up")
        return self

    def _up_or_dead(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError(f"shoutu up ended with {self.process.returncode}:\n{self.console()}")
        return "up in" in self.console()[self.said_before :]

    def console(self) -> str:
        return self.output.read_text("utf-8") if self.output.exists() else ""

    def log(self, name: str) -> str:
        path = self.data / "log" / f"{name}.log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def pid(self, name: str) -> int:
        try:
            return int((self.data / "run" / f"{name}.pid").read_text())
        except (FileNotFoundError, ValueError):
            return 0

    def kill(self, name: str) -> None:
        """SIGKILL one child; the supervisor is expected to start it again."""
        os.kill(self.pid(name), signal.SIGKILL)

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(STOPS_WITHIN_S)

    def cli(self, *arguments: str, stdin: str = "") -> str:
        """Run a ``shoutu`` command on this installation; returns what it prints."""
        ended = subprocess.run(
            [sys.executable, "-m", "shoutu.cli", *arguments],
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=120 * slowness(),
        )
        assert ended.returncode == 0, f"shoutu {' '.join(arguments)}:\n{ended.stdout}\n{ended.stderr}"
        return ended.stdout.strip()

    def login(self, username: str, password: str) -> Api:
        api = Api(self.url)
        api.login(username, password)
        return api

    def await_token(self, token: str) -> None:
        """Until the door knows a token just made: promised within two seconds of a machine doing nothing else."""

        def known() -> bool:
            answer = httpx.post(
                f"{self.ingest_url}/ingest/v1/readings",
                json=[],
                headers={"Authorization": f"Bearer {token}"},
                timeout=30,
                trust_env=False,
            )
            return answer.status_code == 202

        until(known, 10, "the door knows the new token")

    def send(self, token: str, readings: list[dict[str, Any]]) -> dict[str, Any]:
        answer = httpx.post(
            f"{self.ingest_url}/ingest/v1/readings",
            json=readings,
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
            trust_env=False,
        )
        assert answer.status_code == 202, answer.text
        return answer.json()


class Api:
    """A browser's view of ``/api/v1``: cookie session and CSRF header."""

    def __init__(self, url: str) -> None:
        self.client = httpx.Client(base_url=f"{url}/api/v1", timeout=30, trust_env=False, headers={"Referer": url})

    def login(self, username: str, password: str) -> dict[str, Any]:
        self.client.get("/session")
        return self.post("/session", username=username, password=password)

    def _answer(self, answer: httpx.Response) -> Any:
        assert answer.is_success, f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def get(self, path: str, **query: Any) -> Any:
        return self._answer(self.client.get(path, params=query))

    def try_post(self, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        headers = {"X-CSRFToken": self.client.cookies.get("csrftoken", "")}
        return self.client.post(path, json=body or {}, headers=headers)

    def post(self, path: str, /, **body: Any) -> Any:
        return self._answer(self.try_post(path, body))


@contextlib.contextmanager
def running(data: Path, stack: Stack | None = None, **options: Any) -> Iterator[Stack]:
    """A started stack that is stopped whatever the test does; one that had to be killed fails the test.

    `stack`: one made before, to fill it first; else a new one with these options.
    """
    stack = stack or Stack(data, **options)
    try:
        yield stack.start()
    finally:
        process = stack.process
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                code = process.wait(STOPS_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise AssertionError(
                    f"shoutu up did not end within {STOPS_WITHIN_S} s of Ctrl-C and was killed:\n{stack.console()}"
                ) from None
            assert code == 0, f"shoutu up ended with {code} after Ctrl-C:\n{stack.console()}"
