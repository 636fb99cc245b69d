"""What the county asks of the running pipeline: history, latest values, readiness."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import metrics
from .backtest import BacktestAsked
from .core import Core
from .falsified_asked import Falsified, FalsifiedAsked
from .quality_asked import Quality, QualityAsked
from .senders import SENDERS
from .store import Store
from .trial import Asked, Trial

TICK_LATE_MS = 10_000
MAX_LATEST = 20_000
I64 = 2**63 - 1


class Local:
    """Implements ``LocalApi`` over the core and the store."""

    def __init__(
        self,
        core: Core,
        store: Store,
        token: str,
        doors: Callable[[], bool],
        state: Callable[[], dict[str, Any]],
    ) -> None:
        self._core = core
        self._store = store
        self._trial = Trial(store)
        self._quality = Quality(store)
        self._falsified = Falsified(store)
        self._token = token.encode()
        self._doors = doors
        self._state = state

    def is_wing(self, token: str) -> bool:
        return hmac.compare_digest(token.encode(), self._token)

    async def readings(
        self, point: int, start: int | None, end: int | None, limit: int, step: int | None
    ) -> dict[str, Any]:
        """``[ts, value, quality]`` rows, or ``[ts, min, max, mean, n]`` with ``step`` (ms); ``next`` to go on."""
        low = -I64 if start is None else start
        high = I64 if end is None else end
        if step is None:
            found = await asyncio.to_thread(self._store.query, point, low, high, limit)
            rows = zip(found.ts.tolist(), _numbers(found.value), found.quality.tolist(), strict=True)
            return {"items": [list(row) for row in rows], "next": found.next}
        if start is None or end is None:
            raise ValueError("start, end: needed together with step; give both in UTC ms")
        steps = await asyncio.to_thread(self._store.query, point, low, high, limit, step)
        columns = (
            steps.ts.tolist(),
            _numbers(steps.low),
            _numbers(steps.high),
            _numbers(steps.mean),
            steps.n.tolist(),
        )
        return {"items": [list(row) for row in zip(*columns, strict=True)], "next": steps.next, "step": steps.step}

    async def latest(self, points: Sequence[int]) -> dict[str, Any]:
        """The newest value, level and state of each known point."""
        if len(points) > MAX_LATEST:
            raise ValueError(f"points: at most {MAX_LATEST} at once, not {len(points)}")
        return {"items": await asyncio.to_thread(self._latest, points)}

    def _latest(self, points: Sequence[int]) -> dict[str, Any]:
        engine = self._core.engine
        wanted = [point for point in dict.fromkeys(points) if 0 < point < 2**31]
        items: dict[str, Any] = {}
        with engine.lock:
            states = engine.watch.engine.state(np.array(wanted, np.int32))
            known = [engine.latest.get(point) for point in wanted]
        for point, latest, state in zip(wanted, known, states, strict=True):
            if latest is None and not state["watched"]:
                continue
            told = "silent" if state["silent"] else "fault" if state["fault"] else "live"
            empty = {"ts": None, "received": None, "value": None, "quality": None}
            items[str(point)] = {
                **(latest or empty),
                "level": int(state["level"]),
                "state": told if latest else "unknown",
            }
        return items

    def senders(self, sources: Sequence[int]) -> dict[str, Any]:
        """Who of these sources is connected, and when it was heard last."""
        return {"items": SENDERS.of(sources)}

    async def trial(self, asked: Asked) -> dict[str, Any]:
        """Rules judged over a point's stored readings, apart from what runs live."""
        return await self._trial.ask(asked)

    async def backtest(self, asked: BacktestAsked) -> dict[str, Any]:
        """What variants of a rule would have been worth over a point's stored readings."""
        return await self._trial.backtest(asked)

    async def quality(self, asked: QualityAsked) -> dict[str, Any]:
        """How good the stored readings of a span are, point by point."""
        return await self._quality.ask(asked)

    async def falsified(self, asked: FalsifiedAsked) -> dict[str, Any]:
        """What no honest sensor tells in the stored readings of a span, all its points compared with each other."""
        return await self._falsified.ask(asked)

    def ready(self) -> tuple[bool, dict[str, Any]]:
        """Ready: doors open, replay done, the clock evaluated within 10 s, the journal writable."""
        core = self._core
        late = core.clock.now() - core.engine.tick
        checks = {
            "doors": self._doors(),
            "replayed": core.live,
            "ticking": late < TICK_LATE_MS,
            "journal": core.committer.failing is None,
            "watching": core.alive,
        }
        return all(checks.values()), {"checks": checks, **self._state()}


def publish_store(store: Store) -> None:
    """Bring the store's own counts into the metrics."""
    figures = store.figures()
    metrics.STORE_ROWS.set(figures.rows)
    metrics.STORE_BYTES.set(figures.bytes)
    metrics.STORE_REPEATS.set(figures.repeats)
    metrics.STORE_CONFLICTS.set(figures.conflicts)


def _numbers(values: Any) -> list[float | None]:
    """As JSON has them: null where not finite."""
    finite = np.isfinite(values)
    return [value if ok else None for value, ok in zip(values.tolist(), finite.tolist(), strict=True)]
