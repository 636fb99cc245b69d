"""The search for falsified readings over the store, for the county: read in peace, searched in a process of its own.

What live readings need is neither waited for nor held up: the store is read on one thread that rests as long as it
works, and the search, which takes a core for seconds, runs in a child of the lowest priority that ends with its answer.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from shoutu.engine.falsified import ALPHA, Point, columns

from .store import Store

GOOD = 0
MOST_POINTS = 5_000
MOST_READINGS = 8_000_000
"""Of all points together, before and within the span; points for which there is no room are told as left out."""
MOST_SPAN_MS = 2 * 86_400_000
MOST_BACK_MS = 14 * 86_400_000
MOST_SECONDS = 300
"""Of one search: it is ended then."""
DECIMALS, WRITTEN = 4, 0.99
"""A point tells as many digits after the point as this share of its values is written in, at most so many."""
CHILD = (sys.executable, "-m", "shoutu.sensing.falsified_child")


class Asked(msgspec.Struct):
    """One point as the county knows it: times in ms; `kind`: its peers have the same; `away`: not to be searched."""

    id: int
    kind: str
    interval_ms: int
    away: list[tuple[int, int]] = []


class FalsifiedAsked(msgspec.Struct):
    """Body of ``POST /local/v1/falsified``: the span in UTC ms, how far before it noise and digits are learnt from.

    `same`: pairs that rightly tell the same. `alpha`: of honest series, findings to be expected of this search.
    """

    points: list[Asked]
    start: int
    end: int
    back_ms: int = 0
    same: list[tuple[int, int]] = []
    alpha: float = ALPHA


class Job(msgspec.Struct):
    """What the child is given: two columns as bytes, each point as (id, kind, interval, decimals)."""

    now: list[bytes]
    before: list[bytes]
    points: list[tuple[int, str, int, int]]
    same: list[tuple[int, int]]
    alpha: float


class FalsifiedBusy(Exception):
    """One search runs: this one was not begun, it may be asked again."""


class Falsified:
    """One search at a time."""

    def __init__(self, store: Store, rest: Callable[[float], None] = time.sleep) -> None:
        self._store = store
        self._rest = rest
        self._thread = ThreadPoolExecutor(1, "falsified")
        self._place = threading.BoundedSemaphore(1)

    async def ask(self, asked: FalsifiedAsked) -> dict[str, Any]:
        """``run`` unless one runs. Raises FalsifiedBusy, or ValueError as ``run`` does."""
        if not self._place.acquire(blocking=False):
            raise FalsifiedBusy
        work = self._thread.submit(self.run, asked)
        work.add_done_callback(lambda _: self._place.release())
        return await asyncio.wrap_future(work)

    def run(self, asked: FalsifiedAsked) -> dict[str, Any]:
        """``{"items": findings, "points": how many were searched, "left": ids}``. Raises ValueError for too much."""
        span = asked.end - asked.start
        if not 0 < span <= MOST_SPAN_MS or not 1 <= len(asked.points) <= MOST_POINTS:
            raise ValueError(f"points, start, end: 1 to {MOST_POINTS} points, a span of at most {MOST_SPAN_MS} ms")
        if not 0 <= asked.back_ms <= MOST_BACK_MS or not 0 < asked.alpha <= 1:
            raise ValueError(f"back_ms, alpha: at most {MOST_BACK_MS} ms, above 0 and at most 1")
        job, left = self._job(asked)
        return {"items": searched(job), "points": len(job.points), "left": left}

    def _job(self, asked: FalsifiedAsked) -> tuple[Job, list[int]]:
        points: dict[int, Point] = {}
        told: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]] = []
        left: list[int] = []
        room = MOST_READINGS
        for one in asked.points:
            began = time.monotonic()
            found = self._store.query(one.id, asked.start - asked.back_ms, asked.end, max(1, room))
            if found.next is not None:
                left.append(one.id)
            elif len(found.ts):
                good = found.quality == GOOD
                ts, value = found.ts[good].astype(np.int64), found.value[good]
                points[one.id] = Point(one.kind, max(1, one.interval_ms), decimals(value))
                told.append((np.full(len(ts), one.id, np.int64), ts, value))
                room -= len(found.ts)
            self._rest(time.monotonic() - began)
        ids, ts, value = _joined(told)
        away = {one.id: one.away for one in asked.points if one.away}
        parts = []
        for within in (ts >= asked.start, ts < asked.start):
            column = columns(ids[within], ts[within], value[within], points, away)
            parts.append([one.tobytes() for one in column])
        kinds = [(id_, *point) for id_, point in points.items()]
        return Job(parts[0], parts[1], kinds, asked.same, asked.alpha), left


def _joined(
    told: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    if not told:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float64)
    ids, ts, value = zip(*told, strict=True)
    return np.concatenate(ids), np.concatenate(ts), np.concatenate(value)


def decimals(value: NDArray[np.float64]) -> int:
    """Digits after the point in which a point's values are written."""
    value = value[np.isfinite(value)]
    for places in range(DECIMALS):
        scaled = value * 10.0**places
        if (np.abs(np.rint(scaled) - scaled) < 1e-6 * np.maximum(1.0, np.abs(scaled))).mean() >= WRITTEN:
            return places
    return DECIMALS


def searched(job: Job) -> list[dict[str, Any]]:
    """What a child of the lowest priority finds. Raises RuntimeError when it fails or takes too long."""
    if not job.points:
        return []
    try:
        done = subprocess.run(CHILD, input=msgspec.msgpack.encode(job), capture_output=True, timeout=MOST_SECONDS)
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"the search took more than {MOST_SECONDS} s and was ended") from None
    if done.returncode:
        raise RuntimeError(f"the search failed: {done.stderr.decode(errors='replace')[-400:]}")
    found: list[dict[str, Any]] = msgspec.json.decode(done.stdout)
    return found
