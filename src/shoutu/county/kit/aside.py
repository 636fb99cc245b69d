"""A thread beside the event loop that answers many questions of the database at once, by one connection it keeps."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Generic, TypeVar

from django.db import connection

Ask = TypeVar("Ask")
Answer = TypeVar("Answer")
log = logging.getLogger(__name__)
IDLE_S = 0.5
AT_ONCE = 1_000


class Aside(Generic[Ask, Answer]):
    """`answer` gets what was asked since it last looked and yields one answer for each, in that order.

    A connection for every question would cost more than the question: on PostgreSQL a process of the server's. The
    thread ends, and its connection with it, when nothing was asked for `IDLE_S`.
    """

    def __init__(self, name: str, answer: Callable[[Sequence[Ask]], Iterator[Answer]]) -> None:
        self.name, self.answer = name, answer
        self._asked: queue.SimpleQueue[tuple[Ask, asyncio.Future[Answer]]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    async def ask(self, question: Ask) -> Answer:
        """The answer. Raises what answering it raised, twice: the first time may have been an old connection's."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        with self._lock:
            self._asked.put((question, future))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
                self._thread.start()
        return await future

    def _run(self) -> None:
        while True:
            waiting = self._waiting()
            if not waiting:
                with self._lock:
                    if self._asked.empty():
                        self._thread = None
                        break
                continue
            while waiting:
                waiting = self._give(waiting)
        connection.close()

    def _waiting(self) -> list[tuple[Ask, asyncio.Future[Answer]]]:
        """Whatever is asked now; waits `IDLE_S` for the first."""
        found: list[tuple[Ask, asyncio.Future[Answer]]] = []
        with suppress(queue.Empty):
            found.append(self._asked.get(timeout=IDLE_S))
            while len(found) < AT_ONCE:
                found.append(self._asked.get_nowait())
        return found

    def _give(self, waiting: list[tuple[Ask, asyncio.Future[Answer]]]) -> list[tuple[Ask, asyncio.Future[Answer]]]:
        """Answer in order. What could not be answered is tried once more, at the head of what is left: those behind it
        need not suffer for it."""
        left, error = self._until_wrong(waiting)
        if error is None:
            return []
        log.info("%s could not answer and tries once more: %s", self.name, error)
        again, error = self._until_wrong(left)
        if error is not None and len(again) == len(left):
            _tell(left[0][1], error)
            return left[1:]
        return again

    def _until_wrong(self, waiting: list[Any]) -> tuple[list[Any], Exception | None]:
        """Answer in order; what is left unanswered, and why."""
        done = 0
        try:
            for answer in self.answer([question for question, _ in waiting]):
                _tell(waiting[done][1], answer)
                done += 1
        except Exception as error:
            connection.close()
            return waiting[done:], error
        return [], None


def _tell(future: asyncio.Future[Any], said: Any) -> None:
    def tell() -> None:
        if not future.done():  # else whoever asked has gone
            future.set_exception(said) if isinstance(said, Exception) else future.set_result(said)

    with suppress(RuntimeError):  # the loop has ended
        future.get_loop().call_soon_threadsafe(tell)
