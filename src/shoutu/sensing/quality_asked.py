"""The figures of a span for many points, for the county: from the store, beside the live engine, never in haste."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from .quality import Measure, Series, figures
from .store import Store

MOST_POINTS = 200
MOST_READINGS = 1_000_000
"""Of one point; of a faster one the span is told as far as this reaches."""
MOST_SPAN_MS = 32 * 86_400_000
LEAD_MS = 3_600_000
"""What came before the span still holds within it, at most this long."""
PLACES = 2


class Asked(msgspec.Struct):
    """One point as the county knows it: times in ms, `away` what counts for nothing, see ``quality.Measure``."""

    id: int
    interval_ms: int
    low: float | None = None
    high: float | None = None
    stuck_ms: int | None = None
    away: list[tuple[int, int]] = []


class QualityAsked(msgspec.Struct):
    """Body of ``POST /local/v1/quality``: the span in UTC ms, and what holds for every point."""

    points: list[Asked]
    start: int
    end: int
    online: float = 3.0
    late_ms: int = 900_000


class QualityBusy(Exception):
    """One asks and another waits: nothing of this one was begun, it may be asked again."""


class Quality:
    """One question at a time, on a thread of its own that rests after each point as long as the point took."""

    def __init__(self, store: Store, rest: Callable[[float], None] = time.sleep) -> None:
        self._store = store
        self._rest = rest
        self._thread = ThreadPoolExecutor(1, "quality")
        self._places = threading.BoundedSemaphore(PLACES)

    async def ask(self, asked: QualityAsked) -> dict[str, Any]:
        """``run`` in its turn. Raises QualityBusy, or ValueError as ``run`` does."""
        if not self._places.acquire(blocking=False):
            raise QualityBusy
        work = self._thread.submit(self.run, asked)
        work.add_done_callback(lambda _: self._places.release())
        return await asyncio.wrap_future(work)

    def run(self, asked: QualityAsked) -> dict[str, Any]:
        """``{"items": {point: figures}}``, each with the ``end`` it speaks of. Raises ValueError for too much."""
        span = asked.end - asked.start
        if not 0 < span <= MOST_SPAN_MS or not 1 <= len(asked.points) <= MOST_POINTS:
            raise ValueError(f"points, start, end: 1 to {MOST_POINTS} points, a span of at most {MOST_SPAN_MS} ms")
        items = {}
        for one in asked.points:
            began = time.monotonic()
            items[str(one.id)] = self._of(one, asked)
            self._rest(time.monotonic() - began)
        return {"items": items}

    def _of(self, one: Asked, asked: QualityAsked) -> dict[str, Any]:
        lead = min(LEAD_MS, round(asked.online * one.interval_ms))
        found = self._store.query(one.id, asked.start - lead, asked.end, MOST_READINGS)
        end = asked.end if found.next is None else max(asked.start + 1, min(asked.end, found.next))
        by = Measure(one.interval_ms, asked.online, asked.late_ms, one.low, one.high, one.stuck_ms, one.away)
        at = Series(found.ts, found.received, found.value, found.quality)
        return {**figures(at, asked.start, end, by)._asdict(), "end": end}
