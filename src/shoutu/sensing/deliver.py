"""Up to the county: signals from the spool in order until taken, unclaimed addresses, the beat every 2 s."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from . import metrics
from .spool import Signal, Spool
from .unclaimed import Unclaimed

logger = logging.getLogger(__name__)

BEAT_SECONDS = 2.0
BATCH = 500
FIRST_WAIT = 0.2
REFUSING = frozenset({400, 413, 422})
"""Answers about what was sent, not about who or when: sending the same again will not help."""
PATIENCE = 5


class CountyUnreachable(Exception):
    """The county did not take it now; it keeps. The message says what was tried and what came back."""


def county_client(county_url: str, token: str) -> httpx.AsyncClient:
    """The client every call to the county uses; the county is on this machine or network, so no proxy."""
    return httpx.AsyncClient(
        base_url=county_url,
        headers={"Authorization": f"Bearer {token}"},
        timeout=httpx.Timeout(10.0, read=30.0),
        trust_env=False,
    )


class Deliverer:
    """Delivers at least once, in order; the place reached outlives a kill."""

    def __init__(self, client: httpx.AsyncClient, spool: Spool, aside: Path, retry_cap_s: float = 15.0) -> None:
        self._client = client
        self._spool = spool
        self._aside = aside
        self._cap = retry_cap_s
        self._loop = asyncio.get_running_loop()
        self._more = asyncio.Event()
        self.refused = 0
        """Signals the county will not take as they are; set aside in a file, shown in the beat."""
        self.failing: str | None = None

    def notify(self) -> None:
        """There are new signals; from any thread."""
        try:
            self._loop.call_soon_threadsafe(self._more.set)
        except RuntimeError:
            logger.debug("the loop has ended; the spool keeps the signals")

    async def run(self) -> None:
        """Deliver for ever; after a failure waits 0.2 s, doubling up to the cap, with jitter."""
        wait, attempts, alone = FIRST_WAIT, 0, 0
        while True:
            self._more.clear()
            try:
                busy = await self._once(1 if alone else BATCH)
            except CountyUnreachable as error:
                self._failed(error)
            except httpx.HTTPStatusError as error:
                # One by one until past the one that is refused, so that only that one is set aside.
                alone = BATCH
                attempts += 1
                self._failed(error)
                if attempts > PATIENCE:
                    await asyncio.to_thread(self._set_aside, error)
                    attempts = 0
            else:
                wait, attempts, self.failing = FIRST_WAIT, 0, None
                alone = max(0, alone - 1)
                if not busy:
                    await self._wait_for_more(5.0)
                continue
            # A new signal must not wait for a long pause to end, but a down county must not be hammered either.
            await asyncio.sleep(wait * random.uniform(0.8, 1.2))
            wait = min(wait * 2, self._cap)

    async def _once(self, limit: int) -> bool:
        """Deliver one batch; False when there is nothing to deliver."""
        signals, end = await asyncio.to_thread(self._spool.peek, limit)
        if signals:
            await self._post(signals)
        elif end <= self._spool.delivered:
            return False
        try:
            await asyncio.to_thread(self._spool.taken, end)
        except OSError as error:
            raise CountyUnreachable(f"the place of delivery cannot be kept: {error}") from error
        return True

    async def _post(self, signals: list[Signal]) -> None:
        """Raises HTTPStatusError when the county refuses these signals as they are."""
        try:
            answer = await self._client.post("/internal/v1/signals", json={"signals": signals})
        except httpx.HTTPError as error:
            raise CountyUnreachable(f"signals: {type(error).__name__} {error}") from error
        if answer.status_code in REFUSING:
            answer.raise_for_status()
        if not answer.is_success:
            raise CountyUnreachable(f"signals: {answer.status_code} {answer.text[:300]}")

    def _set_aside(self, error: httpx.HTTPStatusError) -> None:
        """One signal that is refused again and again must not hold up every other warning."""
        signals, end = self._spool.peek(1)
        line = {"answer": error.response.status_code, "text": error.response.text[:2000], "signals": signals}
        with self._aside.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self.refused += len(signals)
        metrics.SIGNALS_REFUSED.inc(len(signals))
        logger.critical("the county refuses signal %s; set aside in %s", signals, self._aside)
        self._spool.taken(end)

    def _failed(self, error: Exception) -> None:
        metrics.DELIVERY_FAILURES.labels("signals").inc()
        if self.failing is None:
            logger.warning("signals wait for the county: %s", error)
        self.failing = str(error)

    async def _wait_for_more(self, timeout: float) -> None:
        try:
            await asyncio.wait_for(self._more.wait(), timeout)
        except TimeoutError:
            return


class Beats:
    """Tells the county every 2 s how far the pipeline is, and what addresses nobody owns."""

    def __init__(self, client: httpx.AsyncClient, unclaimed: Unclaimed, state: Callable[[], dict[str, Any]]) -> None:
        self._client = client
        self._unclaimed = unclaimed
        self._state = state
        self.failing: str | None = None

    async def run(self) -> None:
        """Beat for ever; a missed beat is not sent later, unclaimed addresses are kept."""
        while True:
            await asyncio.gather(self._beat(), self._report(), asyncio.sleep(BEAT_SECONDS))

    async def _beat(self) -> None:
        await self._post("beats", {"wing": "sensing", **self._state()})

    async def _report(self) -> None:
        items = self._unclaimed.take()
        if items and not await self._post("unclaimed", {"items": items}):
            self._unclaimed.give_back(items)

    async def _post(self, call: str, body: dict[str, Any]) -> bool:
        try:
            answer = await self._client.post(f"/internal/v1/{call}", json=body, timeout=BEAT_SECONDS * 2)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            metrics.DELIVERY_FAILURES.labels(call).inc()
            if self.failing is None:
                logger.warning("%s: the county does not answer: %s", call, error)
            self.failing = f"{call}: {error}"
            return False
        self.failing = None
        return True
