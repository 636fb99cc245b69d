"""Calling Modbus TCP devices, against the server of an independent library."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from shoutu.sensing import metrics
from shoutu.sensing.devices import DevicesHandle, hub, serve_devices
from shoutu.sensing.devices.hub import Counts, Pauses, Runner
from shoutu.sensing.devices.modbus import poll
from shoutu.sensing.devices.nets import Nets
from shoutu.sensing.model import GOOD, INVALID, Device, Source
from shoutu.sensing.senders import SENDERS
from tests.sensing.memory import MemoryAcceptor, config

pytestmark = pytest.mark.anyio
MINE = Source(1, "a", False, False)
ROWS = [
    {"address": "A-1", "function": 3, "index": 0, "type": "i16", "scale": 0.1, "fault": 32_767},
    {"address": "A-2", "function": 3, "index": 1, "type": "f32", "order": "CDAB"},
    {"address": "A-3", "function": 2, "index": 0, "type": "bit"},
]


def unsaid(sending: bool, data: bytes) -> bytes:
    """A gateway that cannot reach its unit 5 and says nothing of it."""
    return b"" if sending and data[6] == 5 else data


class Their:
    """A device of somebody else's making."""

    def __init__(self, port: int = 0) -> None:
        words = [SimData(0, values=[63, 0x3333, 0x41BD], datatype=DataType.REGISTERS)]
        bits = [SimData(0, values=[True], datatype=DataType.BITS)]
        device = SimDevice(1, (bits, bits, words, words))
        self.server = ModbusTcpServer([device], address=("127.0.0.1", port), trace_packet=unsaid)

    @property
    def port(self) -> int:
        return int(self.server.transport.sockets[0].getsockname()[1])  # type: ignore[attr-defined, union-attr]


@pytest.fixture
async def their() -> AsyncIterator[Their]:
    found = Their()
    await found.server.serve_forever(background=True)
    yield found
    await found.server.shutdown()


class House:
    def __init__(self, folder: Path) -> None:
        SENDERS.clear()
        self.acceptor = MemoryAcceptor()
        self.folder = folder
        self.handle: DevicesHandle

    async def open(self, nets: tuple[str, ...] = ("127.0.0.0/8",)) -> None:
        pauses = Pauses(look=0.002, first=0.01, longest=0.02)
        self.handle = await serve_devices(self.acceptor, config(self.folder, device_nets=nets), pauses)

    def call(self, port: int, *rows: dict[str, Any], id: int = 7, name: str = "坝上 PLC", **told: Any) -> None:
        settings = {"host": "127.0.0.1", "port": port, "every_s": 60, "registers": rows or ROWS, **told}
        self.acceptor.directory.call(Device(MINE, id, name, "modbus", settings))

    def device(self, name: str = "坝上 PLC") -> dict[str, Any]:
        told = SENDERS.of([1]).get("1", [])
        return next((one for one in told if one["device"] == name), {"reason": None, "connections": 0, "heard": None})

    async def away(self, reason: str) -> dict[str, Any]:
        await until(lambda: self.device()["reason"] == reason)
        return self.device()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    found = House(tmp_path)
    await found.open()
    yield found
    found.acceptor.gate.set()
    await found.handle.close()


async def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.002)


def count(outcome: str) -> float:
    value = metrics.REGISTRY.get_sample_value("shoutu_door_requests_total", {"door": "modbus", "outcome": outcome})
    return value or 0.0


async def test_registers_and_bits_become_readings_and_the_device_is_shown(house: House, their: Their) -> None:
    house.call(their.port)
    await until(lambda: len(house.acceptor.rows()) == 3)
    assert sorted((p, v, q) for p, _, v, q in house.acceptor.rows()) == [(1, 6.3, GOOD), (2, 23.65, GOOD), (3, 1, GOOD)]
    await until(lambda: house.device()["heard"] is not None)
    told = house.device()
    assert (told["door"], told["connections"], told["accepted"]) == ("modbus", 1, 3)
    assert (told["peer"], told["reason"]) == (f"127.0.0.1:{their.port}", "")
    assert house.handle.stats()["connections"] == 1


async def test_a_number_that_means_none_is_a_fault_and_not_a_value(house: House, their: Their) -> None:
    house.call(their.port, ROWS[0] | {"fault": 63})
    await until(lambda: len(house.acceptor.rows()) == 1)
    assert house.acceptor.rows()[0][3] == INVALID


async def test_it_is_asked_again_at_its_pace(house: House, their: Their) -> None:
    house.call(their.port, every_s=0.1)
    await until(lambda: len(house.acceptor.batches) >= 3)
    stamps = sorted({ts for _, ts, _, _ in house.acceptor.rows()})
    assert stamps[-1] - stamps[0] >= 150
    assert house.device()["connections"] == 1


async def test_what_the_device_will_not_tell_is_refused_by_name_and_the_rest_taken(house: House, their: Their) -> None:
    house.call(their.port, *ROWS, {"address": "A-9", "function": 3, "index": 900})
    told = await house.away("exception")
    assert told["connections"] == 1
    assert "registers 900 to 900: 2 illegal data address" in told["detail"]
    assert (told["accepted"], told["refused"]) == (3, 1)


async def test_a_unit_that_is_silent_keeps_the_others_from_nothing(house: House, their: Their) -> None:
    house.call(their.port, *ROWS, {"address": "A-9", "function": 3, "index": 0, "unit": 5}, timeout_s=0.1)
    told = await house.away("silent")
    assert (told["connections"], told["accepted"], told["refused"]) == (1, 3, 1)
    assert "unit 5" in told["detail"]


SILENT = {"address": "A-9", "function": 3, "index": 0, "unit": 5}


async def test_what_was_answered_does_not_wait_for_a_unit_that_is_silent(
    house: House, their: Their, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poll, "HOLD_SECONDS", 0.05)
    house.call(their.port, *ROWS, SILENT, timeout_s=60)
    await until(lambda: len(house.acceptor.rows()) == 3, seconds=10)
    await until(lambda: house.device()["heard"] is not None)
    assert (house.device()["accepted"], house.device()["refused"]) == (3, 0)


async def test_a_unit_that_is_silent_after_the_others_were_stored_is_still_counted(
    house: House, their: Their, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poll, "HOLD_SECONDS", 0.02)
    house.call(their.port, *ROWS, SILENT, timeout_s=0.2)
    told = await house.away("silent")
    assert (told["connections"], told["accepted"], told["refused"]) == (1, 3, 1)
    assert len(house.acceptor.rows()) == 3


@pytest.mark.parametrize(("second", "reason"), [(b"", "closed"), (b"HTTP/1.1 400 Bad Request\r\n\r\n", "protocol")])
async def test_what_was_answered_before_the_line_broke_is_stored(house: House, second: bytes, reason: str) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readexactly(12)
        writer.write(asked[:2] + bytes.fromhex("0000 0005 01 03 02 0007"))
        await reader.readexactly(12)
        writer.write(second)
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    house.call(server.sockets[0].getsockname()[1], ROWS[0] | {"scale": 1}, SILENT)
    told = await house.away(reason)
    assert house.acceptor.rows()[0][::2] == (1, 7)
    assert (told["accepted"] >= 1, told["heard"] is not None) == (True, True)
    server.close()


async def test_what_was_answered_is_stored_when_the_device_is_let_go_in_mid_round(house: House, their: Their) -> None:
    before = count("taken")
    house.call(their.port, *ROWS, SILENT, timeout_s=60)
    await until(lambda: count("taken") == before + 2)  # the bit, and the registers
    house.acceptor.directory.call()
    await until(lambda: len(house.acceptor.rows()) == 3, seconds=10)
    assert house.handle.stats()["lost"] == 0


async def test_letting_go_takes_some_seconds_at_most_and_counts_what_is_lost(
    house: House, their: Their, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "CLOSE_SECONDS", 0.1)
    before = count("taken")
    house.acceptor.full = 1_000_000
    house.call(their.port, *ROWS, SILENT, timeout_s=60)
    await until(lambda: count("taken") == before + 2)
    house.acceptor.directory.call()
    await until(lambda: house.handle.stats()["lost"] == 3, seconds=10)
    assert not house.acceptor.rows()


async def test_one_that_breaks_off_is_asked_later_and_later_but_not_rarer_than_at_its_pace(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hold(runner: Runner) -> None:
        runner.pace, runner.began, runner.worked = 5, True, len(slept) == 6
        runner.leaving = len(slept) == 7
        raise hub.Away("closed")

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    slept: list[float] = []
    runner = Runner(
        Device(MINE, 7, "坝上 PLC", "told", {}), house.acceptor, Nets(()), Pauses(first=1, longest=60), Counts()
    )
    monkeypatch.setitem(hub.KINDS, "told", hold)
    monkeypatch.setattr(hub.random, "uniform", lambda low, high: high)
    monkeypatch.setattr(hub, "sleep", sleep)
    await runner.run()
    assert slept == [1, 2, 4, 5, 5, 5, 1]


async def test_one_that_answers_nothing_is_away_and_is_not_said_to_have_been_heard(house: House, their: Their) -> None:
    before = count("away")
    house.call(their.port, unit=5, timeout_s=0.1)
    await until(lambda: count("away") >= before + 2)
    assert (house.device()["reason"], house.device()["heard"]) == ("silent", None)


async def test_one_that_is_away_is_tried_until_it_comes_and_after_it_left(house: House) -> None:
    first = Their()
    await first.server.serve_forever(background=True)
    port = first.port
    await first.server.shutdown()
    house.call(port)
    assert f"127.0.0.1:{port}" in (await house.away("refused"))["detail"]
    second = Their(port)
    await second.server.serve_forever(background=True)
    await until(lambda: house.device()["connections"] == 1)
    assert house.device()["reason"] == ""
    await second.server.shutdown()


async def test_no_address_outside_the_opened_networks_is_called(tmp_path: Path, their: Their) -> None:
    house = House(tmp_path)
    await house.open(nets=("10.20.0.0/16",))
    house.call(their.port)
    assert "SHOUTU_DEVICE_NETS: 127.0.0.1" in (await house.away("not_allowed"))["detail"]
    house.call(their.port, host="::ffff:127.0.0.1")
    await until(lambda: house.device()["reason"] == "not_allowed")
    assert not their.server.active_connections
    await house.handle.close()


async def test_wrong_settings_and_unknown_names_are_said(house: House, their: Their) -> None:
    house.call(their.port, host="no-such-host.invalid")
    await house.away("name")
    house.call(their.port, every_s="often")
    assert "every_s" in (await house.away("settings"))["detail"]


async def test_names_that_nobody_answers_for_hold_up_neither_the_others_nor_the_house(
    house: House, their: Their, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()

    def dead(*_: Any, **__: Any) -> list[Any]:
        over.wait(30)
        raise socket.gaierror("dead")

    monkeypatch.setattr(socket, "getaddrinfo", dead)
    settings = {"host": "plc.example", "port": 1, "registers": ROWS, "timeout_s": 0.1}
    dumb = [Device(MINE, 100 + n, f"PLC {n}", "modbus", settings) for n in range(40)]
    there = {"host": "127.0.0.1", "port": their.port, "registers": ROWS}
    house.acceptor.directory.call(*dumb, Device(MINE, 7, "坝上 PLC", "modbus", there))
    try:
        await until(lambda: len(house.acceptor.rows()) == 3)
        await until(lambda: all(house.device(one.name)["reason"] == "name" for one in dumb))
        assert house.device("PLC 39")["detail"] == "plc.example: no answer in 0.1 s"
        async with asyncio.timeout(5):
            await asyncio.to_thread(int)
    finally:
        over.set()


async def test_what_was_answered_is_held_while_the_disk_is_broken_and_kept_on_leaving(
    house: House, their: Their
) -> None:
    house.acceptor.broken, house.acceptor.full = 1, 1
    house.call(their.port)
    await until(lambda: len(house.acceptor.rows()) == 3)
    house.acceptor.gate.clear()
    house.call(their.port, id=8)
    await until(lambda: house.acceptor.waiting == 1)
    house.acceptor.directory.call()
    house.acceptor.gate.set()
    await until(lambda: not house.handle.runners)
    assert len(house.acceptor.rows()) == 6
    await until(lambda: house.device()["reason"] is None)  # registered no more: shown no more


async def test_rounds_that_were_left_out_are_counted(house: House, their: Their) -> None:
    before = count("missed")
    house.acceptor.full = 3
    house.call(their.port, every_s=0.1)
    await until(lambda: count("missed") > before)
    assert house.handle.stats()["missed"] > 0


async def test_a_line_that_speaks_otherwise_is_left(house: House) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    house.call(server.sockets[0].getsockname()[1])
    await house.away("protocol")
    assert not house.acceptor.rows()
    server.close()


async def test_an_answer_that_comes_too_late_is_not_taken_for_the_next(house: House) -> None:
    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.readexactly(12)
        second = await reader.readexactly(12)
        for asked, number in ((first, 1), (second, 2)):
            writer.write(asked[:2] + bytes.fromhex("0000 0005 01 03 02") + number.to_bytes(2, "big"))
        await reader.read()
        writer.close()

    server = await asyncio.start_server(late, "127.0.0.1", 0)
    rows = [{"address": "A-1", "function": 3, "index": 0}, {"address": "A-2", "function": 3, "index": 5}]
    house.call(server.sockets[0].getsockname()[1], *rows, timeout_s=0.2)
    await until(lambda: len(house.acceptor.rows()) == 1)
    assert [(point, value) for point, _, value, _ in house.acceptor.rows()] == [(2, 2)]
    server.close()
