"""The search for falsified readings over the store, for the county: read in peace, searched in a process of its own.

What live readings need is neither waited for nor held up: the store is read on one thread that rests as long as it
works, one point at a time, and each is handed at once to a child of the lowest priority that searches and ends with its
answer. So the pipeline holds the readings of one point, and the child those of all.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import chain
from typing import Any

import msgspec
import numpy as np

from shoutu.engine.falsified import ALPHA

from .falsified_child import Head, Told, framed
from .store import Store
from .store.query import Readings

GOOD = 0
MOST_POINTS = 5_000
MOST_READINGS = 8_000_000
"""Of all points together, before and within the span; points for which there is no room are told as left out."""
MOST_SPAN_MS = 2 * 86_400_000
MOST_BACK_MS = 14 * 86_400_000
MOST_SECONDS = 780
"""Of one search, reading and all: it is ended then, before the county no longer waits (900 s)."""
FEWEST_LATE = 16
"""Late readings of a point and day that are worth a search of it anew: fewer are no copy that could be told."""
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
    `searched`: earlier spans (start, end) and since when they are searched: what came in later is counted.
    """

    points: list[Asked]
    start: int
    end: int
    back_ms: int = 0
    same: list[tuple[int, int]] = []
    alpha: float = ALPHA
    searched: list[tuple[int, int, int]] = []


class FalsifiedBusy(Exception):
    """One search runs: this one was not begun, it may be asked again."""


class FalsifiedFailed(Exception):
    """The search of these points broke, or took too long: the same again would most likely, too."""


class Child:
    """A process of the lowest priority: told of a head, then of points, it answers what it found."""

    def __init__(self) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  (closed in ``end``)
        self._process = subprocess.Popen(CHILD, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors)
        self._late = False
        self._clock = threading.Timer(MOST_SECONDS, self._expire)
        self._clock.daemon = True
        self._clock.start()

    def _expire(self) -> None:
        self._late = True
        self._process.kill()

    def tell(self, message: msgspec.Struct) -> None:
        """Raises FalsifiedFailed when it no longer listens."""
        assert self._process.stdin is not None
        try:
            for part in framed(message):
                self._process.stdin.write(part)
        except BrokenPipeError:
            raise self._failed() from None

    def answer(self) -> list[dict[str, Any]]:
        """What it found, when it was told all. Raises FalsifiedFailed."""
        told, _none = self._process.communicate()
        if self._process.returncode:
            raise self._failed()
        found: list[dict[str, Any]] = msgspec.json.decode(told)
        return found

    def _failed(self) -> FalsifiedFailed:
        code = self._process.wait()
        if self._late:
            return FalsifiedFailed(f"the search took more than {MOST_SECONDS} s and was ended")
        self._errors.seek(0)
        said = self._errors.read().decode(errors="replace").strip()[-400:]
        return FalsifiedFailed(f"the search failed ({code}): {said}")

    def end(self) -> None:
        """Whatever it does, it ends now."""
        self._clock.cancel()
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._errors):
            with suppress(OSError):
                pipe.close()  # type: ignore[union-attr]


class Falsified:
    """One search at a time."""

    def __init__(self, store: Store, rest: Callable[[float], None] = time.sleep) -> None:
        self._store = store
        self._rest = rest
        self._thread = ThreadPoolExecutor(1, "falsified")
        self._place = threading.BoundedSemaphore(1)

    async def ask(self, asked: FalsifiedAsked) -> dict[str, Any]:
        """``run`` unless one runs. Raises FalsifiedBusy, or ValueError and FalsifiedFailed as ``run`` does."""
        if not self._place.acquire(blocking=False):
            raise FalsifiedBusy
        work = self._thread.submit(self.run, asked)
        work.add_done_callback(lambda _: self._place.release())
        return await asyncio.wrap_future(work)

    def run(self, asked: FalsifiedAsked) -> dict[str, Any]:
        """``{"items": findings, "points": how many were searched, "left": ids, "late": [[start, id, newest]]}``.

        `late`: of which searched span a point has told more since, and when the last of it came in (UTC ms). Raises
        ValueError for too much, FalsifiedFailed.
        """
        span = asked.end - asked.start
        if not 0 < span <= MOST_SPAN_MS or not 1 <= len(asked.points) <= MOST_POINTS:
            raise ValueError(f"points, start, end: 1 to {MOST_POINTS} points, a span of at most {MOST_SPAN_MS} ms")
        if not 0 <= asked.back_ms <= MOST_BACK_MS or not 0 < asked.alpha <= 1:
            raise ValueError(f"back_ms, alpha: at most {MOST_BACK_MS} ms, above 0 and at most 1")
        left: list[int] = []
        late: list[tuple[int, int, int]] = []
        searched = 0
        series = self._read(asked, left)
        first = next(series, None)
        if first is None:
            return {"items": [], "points": 0, "left": left, "late": late}
        with _child() as child:
            child.tell(Head(asked.start, asked.same, asked.alpha))
            for one, found in chain([first], series):
                late += _late(one.id, found, asked.searched)
                good = found.quality == GOOD
                columns = found.ts[good].astype(np.int64).tobytes(), found.value[good].astype(np.float64).tobytes()
                child.tell(Told(one.id, one.kind, max(1, one.interval_ms), one.away, *columns))
                searched += 1
            items = child.answer()
        return {"items": items, "points": searched, "left": left, "late": late}

    def _read(self, asked: FalsifiedAsked, left: list[int]) -> Iterator[tuple[Asked, Readings]]:
        """Each point that told something, and its readings; those for which there is no room go to `left`."""
        room = MOST_READINGS
        for one in asked.points:
            began = time.monotonic()
            found = self._store.query(one.id, asked.start - asked.back_ms, asked.end, max(1, room))
            took = time.monotonic() - began
            if found.next is not None:
                left.append(one.id)
            elif len(found.ts):
                room -= len(found.ts)
                yield one, found
            self._rest(took)


@contextmanager
def _child() -> Iterator[Child]:
    child = Child()
    try:
        yield child
    finally:
        child.end()


def _late(id: int, found: Readings, searched: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    told = []
    for start, end, at in searched:
        came = found.received[(found.ts >= start) & (found.ts < end) & (found.received > at)]
        if len(came) >= FEWEST_LATE:
            told.append((start, id, int(came.max())))
    return told
