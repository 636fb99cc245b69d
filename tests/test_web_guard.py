"""The web process among clients that send their requests slowly or never: they go, everybody else is served."""

from __future__ import annotations

import contextlib
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import pytest

from shoutu.guard import Limits
from tests.prepared import prepare
from tests.stack import Promise, free_ports, plain_environment, slowness, until

FILES = 200
"""So few that slow clients could take them all; a real installation has 1024 or more."""


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of ``shoutu web`` in a process of its own that may open few files."""
    data = tmp_path_factory.mktemp("web") / "var"
    port = free_ports(1)[0]
    environment = {**plain_environment(), "SHOUTU_DATA": str(data), "SHOUTU_PORT": str(port)}
    prepare(data / "county.sqlite3")
    shoutu = [sys.executable, "-m", "shoutu.cli"]
    subprocess.run([*shoutu, "prepare"], env=environment, check=True, capture_output=True, timeout=300)
    with (data / "web.log").open("wb") as log:
        process = subprocess.Popen(
            [*shoutu, "web"], env=environment, stdout=log, stderr=log,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES)),
        )  # fmt: skip
    address = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        assert process.poll() is None, (data / "web.log").read_text()
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(f"{address}/readyz", trust_env=False).status_code == 200
        return False

    try:
        until(answers, 60, "web is ready")
        yield address
    finally:
        process.terminate()
        process.wait(60)


def slow(address: str, start: bytes, count: int) -> list[socket.socket]:
    host, port = address.removeprefix("http://").split(":")
    clients = []
    for _ in range(count):
        clients.append(socket.create_connection((host, int(port)), timeout=60))
        clients[-1].sendall(start)
    return clients


@pytest.mark.full
def test_two_hundred_slow_clients_do_not_keep_others_from_being_served(web: str) -> None:
    begun = time.monotonic()
    clients = slow(web, b"GET /api/v1/hello HTTP/1.1\r\nHost: x\r\nX-Slow: ", 200)
    ended: dict[int, bytes] = {}
    allowed = Limits().head_seconds + 3
    try:
        while len(ended) < len(clients) and time.monotonic() - begun < allowed * 1.5 * slowness():
            with Promise(2):
                assert httpx.get(f"{web}/api/v1/hello", trust_env=False, timeout=60).status_code == 200
            for client in clients:
                if client.fileno() in ended:
                    continue
                client.setblocking(False)
                with contextlib.suppress(BlockingIOError, ConnectionError):
                    ended.setdefault(client.fileno(), client.recv(1000))
                with contextlib.suppress(OSError):
                    client.send(b"a")
            time.sleep(0.25)
        assert len(ended) >= 190, f"{len(clients) - len(ended)} slow clients still hold their connection"
        assert all(answer[:12] in (b"HTTP/1.1 408", b"") for answer in ended.values())
    finally:
        for client in clients:
            client.close()
    figures = httpx.get(f"{web}/metrics", trust_env=False, timeout=60).text
    counted = [float(row.split()[-1]) for row in figures.splitlines() if "connections_ended_total{" in row]
    assert sum(counted) >= 190


def test_slow_body_is_cut_too(web: str) -> None:
    head = b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
    (client,) = slow(web, head + b"{", 1)
    answer = client.recv(1000)
    client.close()
    assert answer.startswith(b"HTTP/1.1 408")


def test_endless_headers_are_cut(web: str) -> None:
    (client,) = slow(web, b"GET / HTTP/1.1\r\n", 1)
    with contextlib.suppress(ConnectionError):
        client.sendall(b"x: y\r\n" * 20_000)
    assert client.recv(1000).startswith(b"HTTP/1.1 431")
    client.close()
