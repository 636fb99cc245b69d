"""One Modbus TCP device: connect, ask in rounds, take what is answered; Away ends it."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from shoutu.sensing.decode.model import Rows
from shoutu.sensing.devices.away import Away
from shoutu.sensing.devices.modbus.frames import HEAD, Broken, Told, answer, head, question
from shoutu.sensing.devices.modbus.values import Block, blocks_of, raw_of, value_of
from shoutu.sensing.devices.settings import WIDTH, Modbus, read_modbus
from shoutu.sensing.model import GOOD

if TYPE_CHECKING:
    from shoutu.sensing.devices.hub import Runner


class Line:
    """A connection with one question at a time under way."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._transaction = 0
        self._head: bytes | None = None

    async def ask(self, block: Block, seconds: float) -> list[int]:
        """Raises Told, Broken, TimeoutError, and OSError or IncompleteReadError when the connection is gone."""
        self._transaction = (self._transaction + 1) & 0xFFFF
        self._writer.write(question(self._transaction, block.unit, block.function, block.first, block.count))
        async with asyncio.timeout(seconds):
            await self._writer.drain()
            while True:
                transaction, unit, body = await self._frame()
                if transaction != self._transaction:
                    continue  # late: its question was given up
                if unit != block.unit:
                    raise Broken(f"unit {unit} answers for unit {block.unit}")
                return answer(body, block.function, block.count)

    async def _frame(self) -> tuple[int, int, bytes]:
        # A head that was read is kept when its rest comes too late, so that the next question finds the line in order.
        self._head = self._head or await self._reader.readexactly(HEAD.size)
        transaction, unit, size = head(self._head)
        body = await self._reader.readexactly(size)
        self._head = None
        return transaction, unit, body


async def hold_modbus(runner: Runner) -> None:
    """Work with a device until it is away. Raises Away."""
    settings = read_modbus(runner.device.settings)
    address = await runner.nets.find(settings.host, settings.port, settings.timeout_s)
    try:
        async with asyncio.timeout(settings.timeout_s):
            reader, writer = await asyncio.open_connection(address, settings.port)
    except TimeoutError:
        raise Away("timeout", f"{address}:{settings.port}") from None
    except ConnectionRefusedError:
        raise Away("refused", f"{address}:{settings.port}") from None
    except OSError as error:
        raise Away("unreachable", str(error)) from None
    try:
        runner.connected(f"{address}:{settings.port}")
        await _rounds(runner, settings, Line(reader, writer))
    except (asyncio.IncompleteReadError, ConnectionError) as error:
        raise Away("closed", str(error)) from None
    except OSError as error:
        raise Away("unreachable", str(error)) from None
    except Broken as error:
        raise Away("protocol", str(error)) from None
    finally:
        writer.transport.abort()


async def _rounds(runner: Runner, settings: Modbus, line: Line) -> None:
    loop = asyncio.get_running_loop()
    blocks = blocks_of(settings.registers, settings.unit)
    due = loop.time()
    while not runner.leaving:
        await _round(runner, settings, line, blocks)
        due += settings.every_s
        late = loop.time() - due
        if late > 0:
            rounds = int(late // settings.every_s) + 1
            runner.missed(rounds)
            due += rounds * settings.every_s
        await asyncio.sleep(due - loop.time())


async def _round(runner: Runner, settings: Modbus, line: Line, blocks: list[Block]) -> None:
    """Ask for all once. What was not answered is refused by its name, and keeps the rest from nothing."""
    rows, index, silent, wrong = Rows(), 0, 0, ("", "")
    for block in blocks:
        try:
            words = await line.ask(block, settings.timeout_s)
            _read(rows, index, block, words, time.time_ns() // 1_000_000)
            runner.count("taken")
        except Told as told:
            wrong = ("exception", f"{block}: {told.words}")
            _refuse(rows, index, block, "modbus_exception", told.words)
            runner.count("exception")
        except TimeoutError:
            silent, wrong = silent + 1, ("silent", str(block))
            _refuse(rows, index, block, "modbus_silent", f"{settings.timeout_s:g} s")
            runner.count("silent")
        index += len(block.registers)
    await runner.store(rows, index, heard=silent < len(blocks))
    if silent == len(blocks):
        raise Away("silent", wrong[1])
    runner.trouble(*wrong)


def _read(rows: Rows, index: int, block: Block, words: list[int], now: int) -> None:
    for place, one in enumerate(block.registers, index):
        at = one.index - block.first
        rows.add(place, one.address, now, value_of(one, raw_of(one, words[at : at + WIDTH[one.type]])), GOOD)


def _refuse(rows: Rows, index: int, block: Block, code: str, got: str) -> None:
    for place, one in enumerate(block.registers, index):
        rows.refuse(place, code, register=str(one.index), unit=str(block.unit), got=got)
