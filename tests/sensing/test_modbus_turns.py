"""Units of a gateway that are dead: the living ones do not wait for them, and none is forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoutu.sensing.devices.modbus.turns import LONGEST, Turns
from shoutu.sensing.devices.modbus.values import Block
from tests.sensing.test_modbus import House, until

pytestmark = pytest.mark.anyio


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    found = House(tmp_path)
    await found.open()
    yield found
    await found.handle.close()


class Gateway:
    """Answers 7 for every unit but those that are dead; for one that ``hangs`` up it ends the connection."""

    def __init__(self, *dead: int, hangs: int = 0) -> None:
        self.dead, self.hangs = set(dead), hangs
        self.asked: list[tuple[int, int]] = []

    async def open(self) -> int:
        self.server = await asyncio.start_server(self._speak, "127.0.0.1", 0)
        return int(self.server.sockets[0].getsockname()[1])

    async def _speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while len(asked := await reader.read(12)) == 12:
            unit = asked[6]
            self.asked.append((unit, asked[9]))
            if unit == self.hangs:
                break
            if unit not in self.dead:
                writer.write(asked[:2] + bytes.fromhex("0000 0005") + bytes([unit]) + bytes.fromhex("03 02 0007"))
        writer.close()

    def rounds(self, living: int) -> list[list[int]]:
        """Which units were asked between two questions to one that lives."""
        found: list[list[int]] = [[]]
        for unit, _ in self.asked:
            if unit == living:
                found.append([])
            else:
                found[-1].append(unit)
        return found


def row(address: str, unit: int, index: int = 0) -> dict[str, object]:
    return {"address": address, "function": 3, "index": index, "unit": unit}


async def test_a_living_unit_waits_for_one_dead_unit_a_round_at_most(house: House) -> None:
    gateway = Gateway(2, 3, 4)
    port = await gateway.open()
    house.call(port, *(row(f"A-{unit}", unit) for unit in (2, 3, 4, 9)), every_s=0.5, timeout_s=0.4)
    await until(lambda: len(gateway.rounds(9)) >= 7)
    first, *others, _ = gateway.rounds(9)
    assert first == [2, 3, 4]
    assert max(len(one) for one in others) == 1
    assert {unit for one in others for unit in one} == {2, 3, 4}
    told = await house.away("silent")
    assert told["detail"].startswith("3/4 unit 2")
    gateway.server.close()


async def test_a_unit_that_comes_back_is_read_whole_at_once(house: House) -> None:
    gateway = Gateway(2)
    port = await gateway.open()
    rows = [row("A-1", 2), row("A-2", 2, 5), row("A-3", 2, 9), row("A-4", 9)]
    house.call(port, *rows, every_s=0.3, timeout_s=0.1)
    await house.away("silent")
    before = len(gateway.asked)
    gateway.dead.clear()
    await until(lambda: {point for point, *_ in house.acceptor.rows()} == {1, 2, 3, 4})
    again = [index for unit, index in gateway.asked[before:] if unit == 2]
    back = next(at for at in range(len(again)) if len(set(again[at : at + 3])) == 3)
    assert back <= 3
    await house.away("")
    gateway.server.close()


async def test_a_gateway_that_hangs_up_on_a_dead_unit_is_read_all_the_same(house: House) -> None:
    gateway = Gateway(hangs=2)
    port = await gateway.open()
    house.call(port, row("A-1", 2), row("A-2", 9), every_s=0.1, timeout_s=5)
    await until(lambda: len(house.acceptor.rows()) >= 3)
    assert {point for point, *_ in house.acceptor.rows()} == {2}
    gateway.server.close()


BLOCKS = [Block(unit, 3, first, 1) for unit in (1, 2, 3) for first in (0, 10)]


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 100)), max_size=60), st.floats(0.5, 300))
def test_whatever_answers_or_not_each_block_is_asked_within_the_longest_pause(
    steps: list[tuple[bool, float]], every: float
) -> None:
    turns, now = Turns(BLOCKS, every), 1.0
    for answers, passed in steps:
        now += passed
        block = turns.due(now, ()) or next(iter(turns.living()), None)
        if block is not None and answers:
            turns.answered(block)
        elif block is not None:
            turns.silent(block, now)
    later, seen = now + max(LONGEST, every), [id(one) for one in turns.living()]
    while (block := turns.due(later, ())) is not None:
        seen.append(id(block))
        turns.answered(block)
    assert sorted(seen) == sorted(id(one) for one in BLOCKS)


def test_what_is_silent_is_asked_ever_more_rarely_and_of_a_unit_one_block() -> None:
    turns = Turns(BLOCKS, 10.0)
    pauses = []
    now = 100.0
    for _ in range(5):
        turns.silent(BLOCKS[0], now)
        began = now
        while turns.due(now, ()) is None:
            now += 1
        pauses.append(now - began)
    assert pauses == [10, 20, 40, 60, 60]
    assert turns.due(now, {1}) is None
    turns.silent(BLOCKS[2], now)
    turns.answered(BLOCKS[4], "2 illegal data address")
    assert turns.wrong() == ("silent", f"2/6 {BLOCKS[0]}; {BLOCKS[2]}")
    turns.answered(BLOCKS[0])
    turns.answered(BLOCKS[2])
    assert turns.wrong() == ("exception", f"{BLOCKS[4]}: 2 illegal data address")
