"""Follows the county's catalog by long poll and puts each change into force."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

import httpx
import msgspec

from . import metrics
from .catalog import Delta, OutOfTurn, read_delta
from .model import NotDurable

logger = logging.getLogger(__name__)

WAIT_SECONDS = 25
LEAST_PAUSE = 0.1
NOTHING_NEW_PAUSE = 1.0
"""Seconds from one question to the next when nothing changed, whatever the county makes of ``wait``."""
FIRST_WAIT = 0.2


class Follower:
    """``switch`` puts a delta (JSON), or a part of one, into force, False when it changes nothing; ``version``: the one
    in force."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        version: Callable[[], int],
        switch: Callable[[bytes], Awaitable[bool]],
        retry_cap_s: float = 5.0,
    ) -> None:
        self._client = client
        self._version = version
        self._switch = switch
        self._cap = retry_cap_s
        self.failing: str | None = None
        self.heard = False
        """Whether the county has answered since the start."""

    async def run(self) -> None:
        """Follow for ever. While the county is down the last catalog stays in force."""
        wait = FIRST_WAIT
        while True:
            try:
                await self._poll()
            except (httpx.HTTPError, msgspec.MsgspecError, NotDurable, OutOfTurn) as error:
                metrics.DELIVERY_FAILURES.labels("catalog").inc()
                if self.failing is None:
                    logger.warning("the catalog stays at version %d: %s", self._version(), error)
                self.failing = f"{type(error).__name__}: {error}"
                await asyncio.sleep(wait)
                wait = min(wait * 2, self._cap)
            else:
                wait, self.failing, self.heard = FIRST_WAIT, None, True

    async def _poll(self) -> None:
        known, asked = self._version(), time.monotonic()
        # The first question of a process does not wait, so that it knows at once whether it is current.
        answer, delta = await self._ask({"after": known, "wait": WAIT_SECONDS if self.heard else 0})
        while delta.more:
            await self._switch(answer)
            logger.info("part %d of the catalog, up to version %d", delta.part, delta.version)
            answer, delta = await self._ask({"after": known, "next": delta.next})
        changed = False
        if delta.version != known or not delta.empty:
            changed = await self._switch(answer)
        if changed or delta.version != known:
            logger.info("catalog version %d in force", delta.version)
        if delta.version == known:
            # A county that answers at once though nothing moved must not be asked in a circle.
            pause = asked + NOTHING_NEW_PAUSE - time.monotonic() if self.heard else 0.0
            await asyncio.sleep(max(LEAST_PAUSE, pause))

    async def _ask(self, params: dict[str, int | str]) -> tuple[bytes, Delta]:
        answer = await self._client.get(
            "/internal/v1/catalog", params=params, timeout=httpx.Timeout(5.0, read=WAIT_SECONDS + 15.0)
        )
        answer.raise_for_status()
        return answer.content, read_delta(answer.content)
