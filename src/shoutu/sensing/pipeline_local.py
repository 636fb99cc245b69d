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
from .store import Coarse, Steps, Store
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
        self, point: int, start: int | None, end: int | None, limit: int, step: int | None, fill: bool = False
    ) -> dict[str, Any]:
        """``[ts, value, quality]`` rows, or ``[ts, min, max, mean, n]`` with ``step`` (ms); ``next`` to go on.

        ``coarse``: stretches ``[start, end, ms]`` of which only rollups so far apart are left. With ``fill`` these are
        told among the readings where there are no readings any more.
        """
        low = -I64 if start is None else start
        high = I64 if end is None else end
        if step is None:
            return await asyncio.to_thread(self._readings, point, low, high, limit, fill)
        if start is None or end is None:
            raise ValueError("start, end: needed together with step; give both in UTC ms")
        steps = await asyncio.to_thread(self._store.query, point, low, high, limit, step)
        coarse = [list(one) for one in steps.coarse]
        return {"items": _steps(steps), "next": steps.next, "step": steps.step, "coarse": coarse}

    def _readings(self, point: int, low: int, high: int, limit: int, fill: bool) -> dict[str, Any]:
        coarse = self._store.gone(low, high)
        items: list[list[Any]] = []
        at = low
        for one in (*(coarse if fill else ()), None):
            # The readings before a stretch that has only rollups, then that stretch; at last what is behind all.
            for start, end, step in ((at, one.start if one else high, 0), *([one] if one else [])):
                room = limit - len(items)
                if start >= end or not room:
                    if start < end:
                        return _told(items, start, coarse)
                    continue
                found = self._store.query(point, start, end, room)
                rows = [
                    list(r) for r in zip(found.ts.tolist(), _numbers(found.value), found.quality.tolist(), strict=True)
                ]
                after = found.next
                if step:
                    rows, after = self._filled(point, (start, end, step), rows, after, room)
                items += rows
                if after is not None:
                    return _told(items, after, coarse)
            at = one.end if one else high
        return _told(items, None, coarse)

    def _filled(
        self, point: int, stretch: tuple[int, int, int], rows: list[list[Any]], after: int | None, room: int
    ) -> tuple[list[list[Any]], int | None]:
        """Readings of a stretch with the figures of what is gone between them; at most ``room``, and where to go on.

        Figures that say of their minute what its readings say are left out: those readings were kept, as evidence.
        """
        start, end, step = stretch
        if after is not None:
            # A page ends between two minutes, so that none is told half.
            after = max(after // step * step, start + 1)
            rows = [row for row in rows if row[0] < after]
        steps = self._store.query(point, start, end, room, step)
        told: dict[int, list[float]] = {}
        for at, value, _ in rows:
            if value is not None:
                told.setdefault(at // step, []).append(value)
        known = {minute: (min(values), max(values), len(values)) for minute, values in told.items()}
        others = (
            row for row in _steps(steps) if row[0] >= start and known.get(row[0] // step) != (row[1], row[2], row[4])
        )
        both = sorted([*rows, *others], key=lambda row: row[0])
        bounds = [bound for bound in (after, steps.next) if bound is not None]
        if len(both) > room:
            bounds.append(both[room][0])
        bound = min(bounds, default=None)
        return [row for row in both[:room] if bound is None or row[0] < bound], bound

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
    metrics.STORE_EXPIRED.set(figures.expired)
    metrics.STORE_HELD.set(figures.held)
    metrics.STORE_REPEATS.set(figures.repeats)
    metrics.STORE_CONFLICTS.set(figures.conflicts)


def _told(items: list[list[Any]], after: int | None, coarse: Sequence[Coarse]) -> dict[str, Any]:
    return {"items": items, "next": after, "coarse": [list(one) for one in coarse]}


def _steps(steps: Steps) -> list[list[Any]]:
    """``[ts, min, max, mean, n]``."""
    columns = (_numbers(steps.low), _numbers(steps.high), _numbers(steps.mean), steps.n.tolist())
    return [list(row) for row in zip(steps.ts.tolist(), *columns, strict=True)]


def _numbers(values: Any) -> list[float | None]:
    """As JSON has them: null where not finite."""
    finite = np.isfinite(values)
    return [value if ok else None for value, ok in zip(values.tolist(), finite.tolist(), strict=True)]
