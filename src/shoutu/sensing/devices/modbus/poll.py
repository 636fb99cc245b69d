"""One Modbus TCP device: connect, ask in rounds, take what is answered; Away ends it."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from shoutu.sensing.decode.model import Rows
from shoutu.sensing.devices.away import Away
from shoutu.sensing.devices.modbus.frames import HEAD, Broken, Told, answer, head, question
from shoutu.sensing.devices.modbus.turns import Turns
from shoutu.sensing.devices.modbus.values import Block, blocks_of, raw_of, value_of
from shoutu.sensing.devices.settings import WIDTH, Modbus, read_modbus
from shoutu.sensing.model import GOOD

if TYPE_CHECKING:
    from shoutu.sensing.devices.hub import Runner

HOLD_SECONDS = 1.0
"""So long a reading may wait for others of its round before it is stored: one write for many, and none late."""


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


class Left(Exception):
    """The device is let go while it is asked."""


class Hand:
    """What was answered and is not stored yet."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._clear()

    def _clear(self) -> None:
        self._rows, self._count, self._heard = Rows(), 0, False
        self._since = 0.0

    @property
    def empty(self) -> bool:
        """No reading is in hand; what was refused can wait."""
        return not self._rows.address

    @property
    def patience(self) -> float:
        """Seconds for which what is in hand may be held yet."""
        return max(self._since + HOLD_SECONDS - time.monotonic(), 0.0)

    @property
    def leaving(self) -> bool:
        return self._runner.leaving

    def read(self, block: Block, words: list[int], now: int) -> None:
        if self.empty:
            self._since = time.monotonic()
        for place, one in enumerate(block.registers, self._count):
            at = one.index - block.first
            value = value_of(one, raw_of(one, words[at : at + WIDTH[one.type]]))
            self._rows.add(place, one.address, now, value, GOOD)
        self._count += len(block.registers)
        self._heard = True

    def refuse(self, block: Block, code: str, got: str, heard: bool) -> None:
        for place, one in enumerate(block.registers, self._count):
            self._rows.refuse(place, code, register=str(one.index), unit=str(block.unit), got=got)
        self._count += len(block.registers)
        self._heard = self._heard or heard

    async def store(self) -> None:
        rows, count, heard = self._rows, self._count, self._heard
        self._clear()
        if count:
            await self._runner.store(rows, count, heard=heard)


async def _rounds(runner: Runner, settings: Modbus, line: Line) -> None:
    loop = asyncio.get_running_loop()
    if runner.kept is None:
        runner.kept = Turns(blocks_of(settings.registers, settings.unit), settings.every_s)
    runner.pace = settings.every_s
    due = loop.time()
    while True:
        await _round(runner, line, runner.kept, settings.timeout_s, due + settings.every_s)
        if runner.leaving:
            return
        due += settings.every_s
        late = loop.time() - due
        if late > 0:
            rounds = int(late // settings.every_s) + 1
            runner.missed(rounds)
            due += rounds * settings.every_s
        await asyncio.sleep(due - loop.time())


async def _round(runner: Runner, line: Line, turns: Turns, seconds: float, until: float) -> None:
    """Ask once for all whose turn it is. What was not answered is refused by its name, and keeps the rest from nothing.

    What was answered is stored whatever becomes of the round: the line breaks, or the device is let go.
    """
    hand = Hand(runner)
    try:
        for block in turns.living():
            await _one(runner, hand, line, turns, block, seconds)
        await _those_silent(runner, hand, line, turns, seconds, until)
    except Left:
        return
    finally:
        await hand.store()
    if turns.none_left:
        turns.forget()
        raise Away("silent", str(turns.blocks[-1]))
    runner.worked = True
    runner.trouble(*turns.wrong())


async def _those_silent(runner: Runner, hand: Hand, line: Line, turns: Turns, seconds: float, until: float) -> None:
    """Of each unit one block, and all once it answers; the next round begins late for one that is silent at most."""
    loop = asyncio.get_running_loop()
    silent: set[int] = set()
    while (block := turns.due(loop.time(), silent)) is not None:
        if silent and loop.time() + seconds > until:
            return
        if not await _one(runner, hand, line, turns, block, seconds):
            silent.add(block.unit)


async def _one(runner: Runner, hand: Hand, line: Line, turns: Turns, block: Block, seconds: float) -> bool:
    """Ask for a block; whether there was an answer, be it a refusal."""
    loop = asyncio.get_running_loop()
    try:
        words, now = await _asked(hand, line, block, seconds)
    except Told as told:
        hand.refuse(block, "modbus_exception", told.words, heard=True)
        runner.count("exception")
        turns.answered(block, told.words)
        return True
    except TimeoutError:
        hand.refuse(block, "modbus_silent", f"{seconds:g} s", heard=False)
        runner.count("silent")
        turns.silent(block, loop.time())
        return False
    except (asyncio.IncompleteReadError, ConnectionError):
        turns.silent(block, loop.time())
        raise
    hand.read(block, words, now)
    runner.count("taken")
    turns.answered(block)
    return True


async def _asked(hand: Hand, line: Line, block: Block, seconds: float) -> tuple[list[int], int]:
    """The words of a block and when they came. What is in hand does not wait for one that is slow or silent."""
    if hand.empty:
        return await _answered(line, block, seconds)
    asking = asyncio.create_task(_answered(line, block, seconds))
    asking.add_done_callback(lambda task: task.cancelled() or task.exception())  # let go of: nobody need hear of it
    try:
        await asyncio.wait({asking}, timeout=hand.patience)
        if not asking.done():
            await hand.store()
            if hand.leaving:
                raise Left
        return await asking
    finally:
        asking.cancel()


async def _answered(line: Line, block: Block, seconds: float) -> tuple[list[int], int]:
    words = await line.ask(block, seconds)
    return words, time.time_ns() // 1_000_000
