"""Subscribing to OPC UA servers: in this process, and in a child that is killed, stopped and started again.

The server is that of the library the client is made with: what both misread alike these tests do not see.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asyncua import Server, ua
from asyncua.server.user_managers import User, UserRole

from shoutu import sealing
from shoutu.sensing import metrics
from shoutu.sensing.devices import DevicesHandle, serve_devices
from shoutu.sensing.devices.hub import Pauses
from shoutu.sensing.devices.opcua.certificate import own_certificate, thumbprint
from shoutu.sensing.devices.opcua.values import OVERFLOW
from shoutu.sensing.model import GOOD, INVALID, SUSPECT, Device, Source
from shoutu.sensing.senders import SENDERS
from tests.sensing.memory import MemoryAcceptor, config

pytestmark = [pytest.mark.anyio, pytest.mark.integration]
MINE = Source(1, "a", False, False)
EXAMPLE = Path(__file__).parents[2] / "examples" / "opcua" / "serve.py"
PASSWORD = "their-password-7"


class People:
    """One person with a password; where nobody asks for one, anybody."""

    def get_user(self, _: Any, username: Any = None, password: Any = None, certificate: Any = None) -> User | None:
        known = username is None or (username, password) == ("reader", PASSWORD)
        return User(role=UserRole.User) if known else None


def free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])


class Their:
    """A server on a thread of its own, with numbers ``a`` and ``b`` and the array ``table`` in ``urn:mine``."""

    def __init__(self, folder: Path) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.port = free_port()
        self.url = f"opc.tcp://127.0.0.1:{self.port}/mine"
        asyncio.run_coroutine_threadsafe(self._begin(folder), self.loop).result(300)

    async def _begin(self, folder: Path) -> None:
        self.server = Server(user_manager=People())  # type: ignore[arg-type]
        await self.server.init()
        self.server.set_endpoint(self.url)
        own = own_certificate(folder)
        await self.server.set_application_uri(own.uri)
        await self.server.load_certificate(str(own.certificate))
        await self.server.load_private_key(str(own.key), format="pem")
        self.thumbprint = thumbprint(own.certificate.read_bytes())
        kinds = ua.SecurityPolicyType
        self.server.set_security_policy(
            [kinds.NoSecurity, kinds.Basic256Sha256_Sign, kinds.Basic256Sha256_SignAndEncrypt]
        )
        self.space = await self.server.register_namespace("urn:mine")
        self.nodes = {name: await self._add(name, 1.0) for name in ("a", "b")}
        await self._add("table", [1.0, 2.0])
        await self.server.start()

    async def _add(self, name: str, value: Any) -> Any:
        id = ua.NodeId(name, self.space)
        return await self.server.nodes.objects.add_variable(id, name, ua.Variant(value, ua.VariantType.Double))

    async def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self.loop))

    async def write(self, name: str, value: float, status: int = 0, when: datetime | None = None) -> None:
        told = ua.DataValue(ua.Variant(value, ua.VariantType.Double), ua.StatusCode(status), when or datetime.now(UTC))
        await self.do(self.nodes[name].write_value(told))

    async def add(self, name: str, value: float) -> None:
        self.nodes[name] = await self.do(self._add(name, value))

    async def remove(self, name: str) -> None:
        await self.do(self.server.delete_nodes([self.nodes.pop(name)]))

    def end(self) -> None:
        asyncio.run_coroutine_threadsafe(self.server.stop(), self.loop).result(60)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Their]:
    found = Their(tmp_path_factory.mktemp("their"))
    yield found
    found.end()


@pytest.fixture
async def their(server: Their) -> Their:
    for name in ("a", "b"):
        await server.write(name, 1.0)
    return server


class House:
    def __init__(self, folder: Path) -> None:
        SENDERS.clear()
        self.acceptor = MemoryAcceptor()
        self.config = config(folder, device_nets=("127.0.0.0/8",))
        self.handle: DevicesHandle

    async def open(self) -> None:
        self.handle = await serve_devices(self.acceptor, self.config, Pauses(look=0.01, first=0.05, longest=0.2))

    def call(self, url: str, *names: str, id: int = 7, **told: Any) -> None:
        nodes = [{"address": f"A-{at}", "node": f"nsu=urn:mine;s={one}"} for at, one in enumerate(names or ("a",), 1)]
        paces = {"every_s": 0.1, "sample_s": 0, "timeout_s": 10, "beat_s": 3_600}
        self.acceptor.directory.call(
            Device(MINE, id, "坝上", "opcua", {"endpoint": url, "nodes": nodes, **paces, **told})
        )

    def device(self) -> dict[str, Any]:
        told = SENDERS.of([1]).get("1", [])
        return next(iter(told), {"reason": None, "connections": 0, "heard": None, "detail": ""})

    def values(self, point: int = 1) -> list[float]:
        return [value for one, _, value, _ in self.acceptor.rows() if one == point]

    async def away(self, reason: str) -> str:
        await until(lambda: self.device()["reason"] == reason, self)
        return str(self.device()["detail"])


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    found = House(tmp_path)
    await found.open()
    yield found
    found.acceptor.gate.set()
    await found.handle.close()


async def until(condition: Any, house: House | None = None, seconds: float = 120) -> None:
    try:
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.01)
    except TimeoutError:
        assert condition(), (house.device(), house.acceptor.rows()) if house else ""


def count(outcome: str) -> float:
    value = metrics.REGISTRY.get_sample_value("shoutu_door_requests_total", {"door": "opcua", "outcome": outcome})
    return value or 0.0


async def test_what_changes_is_a_reading_by_its_source_s_time_status_and_scale(house: House, their: Their) -> None:
    house.call(their.url, "a", "b")
    await until(lambda: house.values(1) == [1.0] and house.values(2) == [1.0], house)
    when = datetime.now(UTC) - timedelta(seconds=90)
    await their.write("a", 6.3, when=when)
    await until(lambda: len(house.values()) == 2, house)
    await their.write("a", 6.4, status=ua.StatusCodes.UncertainSensorNotAccurate)
    await until(lambda: len(house.values()) == 3, house)
    await their.write("a", 6.5, status=ua.StatusCodes.BadSensorFailure)
    await until(lambda: len(house.values()) == 4, house)
    rows = [one for one in house.acceptor.rows() if one[0] == 1]
    # This server gives no value beside a bad status.
    assert [(value, quality) for _, _, value, quality in rows[1:3]] == [(6.3, GOOD), (6.4, SUSPECT)]
    assert rows[3][3] == INVALID
    assert rows[1][1] == int(when.timestamp() * 1000)
    told = house.device()
    assert (told["door"], told["connections"], told["accepted"]) == ("opcua", 1, 5)
    assert told["peer"] == f"127.0.0.1:{their.port}"
    assert (await house.away("nodes")).startswith("1/2 nsu=urn:mine;s=a: BadSensorFailure")
    await their.write("a", 6.6)
    await house.away("")


async def test_changes_between_two_publishes_are_not_lost_nor_while_the_disk_is_full(
    house: House, their: Their
) -> None:
    house.call(their.url, every_s=0.4)
    await until(lambda: house.values() == [1.0], house)
    for value in (2.0, 3.0, 4.0):
        await their.write("a", value)
    await until(lambda: house.values() == [1.0, 2.0, 3.0, 4.0], house)
    house.acceptor.gate.clear()
    await their.write("a", 5.0)
    await until(lambda: house.acceptor.waiting == 1, house)
    for value in (6.0, 7.0):
        await their.write("a", value)
    house.acceptor.gate.set()
    await until(lambda: house.values()[4:] == [5.0, 6.0, 7.0], house)


async def test_that_the_server_dropped_values_is_counted_and_shown(house: House, their: Their) -> None:
    before = count("overflow")
    house.call(their.url)
    await until(lambda: house.values() == [1.0], house)
    await their.write("a", 2.0, status=OVERFLOW)  # as a server with a full queue marks what comes after the gap
    await house.away("overflow")
    assert (house.acceptor.rows()[-1][2:], count("overflow")) == ((2.0, GOOD), before + 1)


async def test_what_stands_still_is_read_again_and_said_for_now(house: House, their: Their) -> None:
    long_ago = datetime.now(UTC) - timedelta(hours=3)
    await their.write("a", 2.5, when=long_ago)
    before = count("read")
    house.call(their.url, beat_s=0.5)
    began = time.time_ns() // 1_000_000
    await until(lambda: len(house.values()) >= 4, house)
    stamps = [ts for _, ts, _, _ in house.acceptor.rows()]
    assert (stamps[0], set(house.values())) == (int(long_ago.timestamp() * 1000), {2.5})
    assert all(began - 1_000 <= ts <= time.time_ns() // 1_000_000 for ts in stamps[1:])
    assert stamps == sorted(set(stamps))
    assert count("read") >= before + 3


async def test_a_clock_that_runs_ahead_is_not_turned_back_by_what_is_read_again(house: House, their: Their) -> None:
    ahead = datetime.now(UTC) + timedelta(hours=1)
    await their.write("a", 2.5, when=ahead)
    house.call(their.url, beat_s=0.5)
    await until(lambda: len(house.values()) >= 3, house)
    stamps = [ts for _, ts, _, _ in house.acceptor.rows()]
    assert stamps[0] == int(ahead.timestamp() * 1000)
    assert stamps == sorted(set(stamps))


async def test_by_the_clock_of_arrival_where_the_source_s_is_wrong(house: House, their: Their) -> None:
    await their.write("a", 2.5, when=datetime(1970, 1, 5, tzinfo=UTC))
    house.call(their.url)
    await until(lambda: (house.device().get("refused") or 0) >= 1, house)
    assert house.values() == []
    house.call(their.url, id=8, time="arrival")
    await until(lambda: house.values() == [2.5], house)


async def test_a_node_that_is_not_there_is_named_and_taken_when_it_comes_and_said_when_it_goes(
    house: House, their: Their
) -> None:
    house.call(their.url, "a", "late", "table", beat_s=0.5)
    await until(lambda: "2/3" in house.device()["detail"] and house.values(1) != [], house)
    assert "nsu=urn:mine;s=late: BadNodeIdUnknown" in house.device()["detail"]
    assert "nsu=urn:mine;s=table: Double[]" in house.device()["detail"]
    await their.add("late", 9.0)
    await until(lambda: 9.0 in house.values(2), house)
    await until(lambda: house.device()["detail"].startswith("1/3"), house)
    await their.remove("late")
    await until(lambda: "s=late: Bad" in house.device()["detail"], house)
    told, others = len(house.values(2)), len(house.values(1))
    await until(lambda: len(house.values(1)) >= others + 2, house)
    assert house.device()["connections"] == 1
    assert len(house.values(2)) <= told + 1
    assert set(house.values(2)) == {9.0}


async def test_a_namespace_that_comes_later_is_found_without_a_new_session(house: House, their: Their) -> None:
    house.acceptor.directory.call(
        Device(MINE, 9, "坝下", "opcua", {
            "endpoint": their.url, "every_s": 0.1, "sample_s": 0, "timeout_s": 10, "beat_s": 0.5,
            "nodes": [{"address": "A-1", "node": "nsu=urn:mine;s=a"}, {"address": "A-2", "node": "nsu=urn:late;s=c"}],
        })
    )  # fmt: skip
    await until(lambda: "urn:late;s=c: no such namespace" in house.device()["detail"], house)
    space = await their.do(their.server.register_namespace("urn:late"))
    id = ua.NodeId("c", space)
    await their.do(their.server.nodes.objects.add_variable(id, "c", ua.Variant(4.5, ua.VariantType.Double)))
    await until(lambda: 4.5 in house.values(2), house)
    assert house.device()["connections"] == 1


def secured(their: Their, folder: Path, password: str = PASSWORD, **told: Any) -> dict[str, Any]:
    key = config(folder).secret("django.key")
    sealed = sealing.seal({"password": password}, sealing.DEVICE, key)
    return {"security": "encrypt", "server": their.thumbprint, "user": "reader", "sealed": sealed, **told}


@pytest.mark.parametrize("security", ["sign", "encrypt"])
async def test_with_certificates_and_a_password(
    house: House, their: Their, tmp_path: Path, security: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    house.call(their.url, **secured(their, tmp_path, security=security))
    await until(lambda: house.values() == [1.0], house)
    assert (tmp_path / "secrets" / "opcua.der").exists()
    house.call(their.url, **secured(their, tmp_path, "wrong-password-8"), id=8)
    await house.away("login")
    logged = caplog.text
    assert (PASSWORD in logged, "wrong-password-8" in logged) == (False, False)


async def test_a_certificate_that_nobody_agreed_to_is_shown_and_the_server_left(
    house: House, their: Their, tmp_path: Path
) -> None:
    house.call(their.url, **secured(their, tmp_path, server=""))
    assert await house.away("unpinned") == f"SHA-256 {their.thumbprint}"
    house.call(their.url, **secured(their, tmp_path, server="0" * 64), id=8)
    assert await house.away("other_certificate") == f"SHA-256 {their.thumbprint}"
    colons = ":".join(their.thumbprint.upper()[at : at + 2] for at in range(0, 64, 2))
    assert not house.acceptor.rows()
    house.call(their.url, **secured(their, tmp_path, server=colons), id=9)
    await until(lambda: house.values() == [1.0], house)


async def test_no_address_outside_the_opened_networks_is_called(tmp_path: Path, their: Their) -> None:
    house = House(tmp_path)
    house.config = config(tmp_path, device_nets=("10.20.0.0/16",))
    await house.open()
    house.call(their.url)
    assert "SHOUTU_DEVICE_NETS: 127.0.0.1" in await house.away("not_allowed")
    await house.handle.close()


async def test_what_is_no_opc_ua_server_is_left(house: House) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await reader.read()
        writer.close()

    other = await asyncio.start_server(speak, "127.0.0.1", 0)
    house.call(f"opc.tcp://127.0.0.1:{other.sockets[0].getsockname()[1]}", timeout_s=1)
    await until(lambda: house.device()["reason"] in {"not_opcua", "closed", "timeout"}, house)
    assert not house.acceptor.rows()
    other.close()


class Child:
    """The example's server, in a process of its own."""

    def __init__(self, port: int) -> None:
        command = [sys.executable, str(EXAMPLE), "--port", str(port), "--level", "6.5"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    async def ready(self) -> None:
        assert self.process.stdout is not None
        line = await asyncio.to_thread(self.process.stdout.readline)
        assert line.startswith("listening")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


async def test_one_that_is_killed_or_hangs_gives_no_reading_and_is_taken_up_when_it_is_back(house: House) -> None:
    port = free_port()
    child = Child(port)
    try:
        await child.ready()
        house.call(f"opc.tcp://127.0.0.1:{port}/mine", "level", beat_s=0.5, timeout_s=2)
        await until(lambda: len(house.values()) >= 2, house)
        child.kill()
        await until(lambda: house.device()["reason"] == "refused", house)
        told = len(house.values())
        await asyncio.sleep(1.2)
        assert (len(house.values()), house.device()["connections"]) == (told, 0)
        child = Child(port)
        await child.ready()
        await until(lambda: len(house.values()) >= told + 2, house)
        assert (house.device()["connections"], house.device()["reason"]) == (1, "")
        os.kill(child.process.pid, signal.SIGSTOP)
        await until(lambda: house.device()["connections"] == 0, house)
        told = len(house.values())
        await asyncio.sleep(1.2)
        assert len(house.values()) == told
        os.kill(child.process.pid, signal.SIGCONT)
        await until(lambda: len(house.values()) > told, house)
    finally:
        child.kill()
