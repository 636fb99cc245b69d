"""Forgetting raw readings past their time: only what the engine has judged, whose signals the county has, and of which
the county has said just now what is evidence. While it cannot be asked, nothing goes."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import httpx
import msgspec

from . import metrics
from .core import Core
from .store import Kept, Store, StoreBlocked

logger = logging.getLogger(__name__)

EVERY_S, WAITING_S = 60.0, 600.0
"""Between two looks; the longer one while something past its time must stay: it does for hours, mostly."""
DELIVERY_S = 30.0
TIMEOUT = httpx.Timeout(5.0, read=60.0)


class KeptAnswer(msgspec.Struct):
    """What ``GET /internal/v1/kept`` answers: (point, start, end) and (start, end), UTC ms, ends exclusive."""

    points: list[tuple[int, int, int]]
    everything: list[tuple[int, int]]


class Retention:
    """``failing``: why nothing is forgotten; ``waiting``: buckets past their time that must stay whole for now."""

    def __init__(self, client: httpx.AsyncClient, core: Core, store: Store) -> None:
        self._client = client
        self._core = core
        self._store = store
        self.failing: str | None = None
        self.waiting = 0

    async def run(self) -> None:
        while True:
            try:
                await self.once()
            except (httpx.HTTPError, msgspec.MsgspecError, StoreBlocked, TimeoutError) as error:
                metrics.DELIVERY_FAILURES.labels("kept").inc()
                if self.failing is None:
                    logger.warning("old readings stay: %s", error)
                self.failing = f"{type(error).__name__}: {error}"
            else:
                self.failing = None
            await asyncio.sleep(WAITING_S if self.waiting and self.failing is None else EVERY_S)

    async def once(self) -> None:
        """Forget what is due. Raises httpx.HTTPError, MsgspecError, TimeoutError or StoreBlocked; nothing is lost."""
        judged = self._core.engine.tick
        span = await asyncio.to_thread(self._store.due, judged)
        if span is None:
            self.waiting = 0
            return
        await self._delivered(self._core.spool.next_index)
        answer = await self._client.get("/internal/v1/kept", params={"start": span[0], "end": span[1]}, timeout=TIMEOUT)
        answer.raise_for_status()
        told = msgspec.json.decode(answer.content, type=KeptAnswer)
        self.waiting = await asyncio.to_thread(self._store.forget, judged, Kept(told.points, told.everything))

    async def _delivered(self, index: int) -> None:
        """Wait until the county has every signal raised so far: what it does not know of it cannot keep."""
        try:
            async with asyncio.timeout(DELIVERY_S):
                while self._core.spool.delivered < index:
                    await asyncio.sleep(0.2)
        except TimeoutError:
            raise TimeoutError("the county has not taken all signals yet") from None

    def state(self) -> dict[str, Any]:
        """The figures of the beat."""
        figures = self._store.figures()
        return {
            "hours": self._store.settings.raw_hours or 0,
            "expired": figures.expired,
            "held": figures.held,
            "waiting": self.waiting,
        }
