"""The store as it would be without files: a dict. Slow, obvious, and what the real one is compared with."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from shoutu.sensing.store import Readings, Steps, Store

DAY = 86_400_000
NOON = 1_793_534_400_000  # 2026-11-01T12:00:00Z


class Row(NamedTuple):
    point: int
    ts: int
    received: int
    value: float
    quality: int


def offer(store: Store, seq0: int, rows: list[Row]) -> None:
    """Add rows to a real store as columns."""
    point, ts, received, value, quality = zip(*rows, strict=True)
    store.add(
        seq0,
        np.array(point, np.int32),
        np.array(ts, np.int64),
        np.array(received, np.int64),
        np.array(value, np.float64),
        np.array(quality, np.uint8),
    )


def _text(value: float) -> str:
    return repr(float(value) + 0.0)


class Plain:
    """The first reading of a key is kept, the first of each further content set aside, the rest are repeats."""

    def __init__(self) -> None:
        self.kept: dict[tuple[int, int], Row] = {}
        self.seen: set[tuple[object, ...]] = set()
        self.conflicts: list[tuple[object, ...]] = []
        self.repeats = 0

    def add(self, rows: list[Row]) -> None:
        for row in rows:
            first = self.kept.setdefault((row.point, row.ts), row)
            content = (row.point, row.ts, _text(row.value), row.quality)
            if content in self.seen:
                self.repeats += 1
            elif first is not row:
                kept = (_text(first.value), first.quality)
                self.conflicts.append((*row[:3], _text(row.value), row.quality, *kept))
            self.seen.add(content)

    def rows(self, point: int, start: int, end: int) -> list[Row]:
        return sorted(r for r in self.kept.values() if r.point == point and start <= r.ts < end)

    def steps(self, point: int, start: int, end: int, step: int, origin: int) -> list[tuple[float, ...]]:
        low = (start - origin) // step * step + origin
        high = -(-(end - origin) // step) * step + origin
        groups: dict[int, list[float]] = {}
        for row in self.rows(point, low, high):
            if math.isfinite(row.value):
                groups.setdefault((row.ts - origin) // step * step + origin, []).append(row.value)
        return [(at, min(v), max(v), sum(v) / len(v), v[0], v[-1], len(v)) for at, v in sorted(groups.items())]


def told(readings: Readings) -> list[tuple[object, ...]]:
    columns = (readings.ts, readings.received, readings.value, readings.quality)
    return [(t, r, _text(v), q) for t, r, v, q in zip(*(c.tolist() for c in columns), strict=True)]


def expected(rows: list[Row]) -> list[tuple[object, ...]]:
    return [(r.ts, r.received, _text(r.value), r.quality) for r in rows]


def set_aside(store: Store, point: int | None = None) -> list[tuple[object, ...]]:
    rows = store.conflicts(point, limit=10**9)
    return sorted(
        (r.point, r.ts, r.received, _text(r.value), r.quality, _text(r.kept_value), r.kept_quality) for r in rows
    )


def figures(steps: Steps) -> list[tuple[float, ...]]:
    columns = (steps.ts, steps.low, steps.high, steps.mean, steps.first, steps.last, steps.n)
    return list(zip(*(c.tolist() for c in columns), strict=True))
