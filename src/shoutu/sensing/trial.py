"""Rules tried on stored readings for the county: the engine beside the live one, on a copy of one point's history."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import msgspec
import numpy as np

from shoutu.engine.trial import Episode, Series, episodes, judged, late

from .backtest import BacktestAsked, backtest
from .store import Store

T = TypeVar("T")

MOST_READINGS = 3_000_000
MOST_EPISODES = 2_000
MOST_RUNS = 4
PLACES = 2
"""One trial runs, one waits. More would each be answered after whoever asked has given up."""


class Asked(msgspec.Struct):
    """Body of ``POST /local/v1/trial``.

    ``point`` and the rules of ``runs`` as in the catalog; ``start``, ``end`` UTC ms; ``sums``: which rules to take
    together, per name, the same for every run. Readings of ``lead_ms`` before ``start`` prepare the rules' state.
    """

    point: dict[str, Any]
    runs: list[list[dict[str, Any]]]
    sums: dict[str, list[int]]
    start: int
    end: int
    lead_ms: int = 86_400_000


class TrialsBusy(Exception):
    """One trial runs and another waits: nothing of this one was begun, it may be asked again."""


class Trial:
    """One at a time, on a thread of their own: a trial takes a core for seconds, the live engine goes first."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._thread = ThreadPoolExecutor(1, "trial")
        self._places = threading.BoundedSemaphore(PLACES)

    async def ask(self, asked: Asked) -> dict[str, Any]:
        """``run`` in its turn. Raises TrialsBusy, or ValueError as ``run`` does."""
        return await self._in_turn(lambda: self.run(asked))

    async def backtest(self, asked: BacktestAsked) -> dict[str, Any]:
        """``backtest.backtest`` in its turn, which is that of trials. Raises TrialsBusy, ValueError."""
        return await self._in_turn(lambda: backtest(self._store, asked))

    async def _in_turn(self, work: Callable[[], T]) -> T:
        if not self._places.acquire(blocking=False):
            raise TrialsBusy
        begun = self._thread.submit(work)
        begun.add_done_callback(lambda _: self._places.release())
        return await asyncio.wrap_future(begun)

    def run(self, asked: Asked) -> dict[str, Any]:
        """``{"n", "first", "last", "next", "runs": [{name: {"count", "late", "episodes"}}]}``, times UTC ms.

        ``next``: where the history was cut because there is more of it than one trial takes, or None; nothing is said
        of the time after, nor of that before raw readings are kept whole. Left out are episodes that ended before
        ``start``, and readings of before it that came late.
        Of many episodes the newest are told, ``count`` counts all by their highest level.
        Raises ValueError naming what is wrong in what was asked.
        """
        point = asked.point.get("id")
        if not isinstance(point, int) or asked.start >= asked.end or not 1 <= len(asked.runs) <= MOST_RUNS:
            raise ValueError(f"point, start, end, runs: a point's id, start before end, 1 to {MOST_RUNS} runs")
        since = self._store.whole_since(asked.start - max(0, asked.lead_ms), asked.end)
        found = self._store.query(point, since, asked.end, MOST_READINGS)
        series = Series(found.ts, found.received, found.value, found.quality)
        # Of what lies beyond a cut nothing is known, least of all that it was silent.
        until = asked.end if found.next is None else found.next
        told = [self._told(asked, rules, series, until) for rules in asked.runs]
        within = np.flatnonzero(found.ts >= asked.start)
        return {
            "n": len(within),
            "first": int(found.ts[within[0]]) if len(within) else None,
            "last": int(found.ts[-1]) if len(within) else None,
            "next": found.next,
            "runs": told,
        }

    def _told(self, asked: Asked, rules: list[dict[str, Any]], series: Series, until: int) -> dict[str, Any]:
        signals = judged(asked.point, rules, series, until)
        within = signals[signals["event_ts"] >= asked.start]
        return {name: _sum(episodes(signals, ids), late(within, ids), asked.start) for name, ids in asked.sums.items()}


def _sum(found: list[Episode], late: int, start: int) -> dict[str, Any]:
    mine = [one for one in found if one.end is None or one.end > start]
    count = {level: sum(one.level == level for one in mine) for level in (1, 2, 3, 4)}
    return {
        "count": {str(level): n for level, n in count.items()},
        "late": late,
        "episodes": [
            [one.start, one.end, one.level, [list(step) for step in one.reached], one.value]
            for one in mine[-MOST_EPISODES:]
        ],
    }
