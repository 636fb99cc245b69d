"""Minute and hour figures (min, max, mean, count, first, last) of readings sorted by (point, ts).

Values that are no finite numbers are left out: they stay in the raw history with their quality.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from shoutu.sensing.model import Floats, Ints32, Ints64
from shoutu.sensing.store.columns import Columns
from shoutu.sensing.store.parts import ParquetOut
from shoutu.sensing.store.settings import HOUR_MS, MINUTE_MS

ROLLUP = pa.schema(
    [
        ("point", pa.int32()),
        ("minute", pa.int64()),
        *((name, pa.float64()) for name in ("low", "high", "mean", "first", "last")),
        ("n", pa.int64()),
    ]
)


class Figures(NamedTuple):
    """Per point and interval: its start (UTC ms), least, greatest, mean, first and last value, and count."""

    point: Ints32
    start: Ints64
    low: Floats
    high: Floats
    mean: Floats
    first: Floats
    last: Floats
    n: Ints64

    @property
    def rows(self) -> int:
        return len(self.point)


def none() -> Figures:
    no = np.empty(0, np.float64)
    return Figures(np.empty(0, np.int32), np.empty(0, np.int64), no, no, no, no, no, np.empty(0, np.int64))


def figures(columns: Columns, step: int, origin: int = 0) -> Figures:
    """Figures per ``step`` ms (intervals start at ``origin`` + k·step) of readings sorted by (point, ts)."""
    finite = np.isfinite(columns.value)
    point, value = columns.point[finite], columns.value[finite]
    start = np.floor_divide(columns.ts[finite] - origin, step) * step + origin
    single = Figures(point, start, value, value, value, value, value, np.ones(len(point), np.int64))
    return combine(single)


def combine(parts: Figures) -> Figures:
    """Join rows of the same (point, start), which must be adjacent and in order of time."""
    if not parts.rows:
        return none()
    change = (np.diff(parts.point) != 0) | (np.diff(parts.start) != 0)
    at = np.concatenate(([0], np.flatnonzero(change) + 1))
    end = np.concatenate((at[1:], [parts.rows])) - 1
    low, high = np.minimum.reduceat(parts.low, at), np.maximum.reduceat(parts.high, at)
    n = np.add.reduceat(parts.n, at)
    with np.errstate(over="ignore", invalid="ignore"):
        mean = np.add.reduceat(parts.mean * parts.n, at) / n
    # A sum of huge values may overflow, and rounding may leave the range: a mean lies between the extremes.
    mean = np.clip(np.where(np.isnan(mean), low / 2 + high / 2, mean), low, high)
    return Figures(parts.point[at], parts.start[at], low, high, mean, parts.first[at], parts.last[end], n)


def restep(parts: Figures, step: int, origin: int = 0) -> Figures:
    """Coarser figures out of finer ones sorted by (point, start)."""
    start = np.floor_divide(parts.start - origin, step) * step + origin
    return combine(parts._replace(start=start))


class RollupOut:
    """The minute and hour files of one day, made from its readings in order of (point, ts), block by block."""

    def __init__(self, minute: Path, hour: Path, row_group: int) -> None:
        self._row_group = row_group
        self._minute = ParquetOut(minute, ROLLUP)
        try:
            self._hour = ParquetOut(hour, ROLLUP)
        except BaseException:
            self._minute.abort()
            raise
        self._open = none()
        self._done: list[Figures] = []
        self._waiting = 0

    def write(self, columns: Columns) -> None:
        """Take the next block; the hour in progress waits for the block that completes it."""
        found = figures(columns, MINUTE_MS)
        if not found.rows:
            return
        joined = combine(_join([self._open, found]))
        hour = joined.start // HOUR_MS
        unfinished = (joined.point == joined.point[-1]) & (hour == hour[-1])
        cut = int(np.argmax(unfinished))
        self._done.append(Figures._make(column[:cut] for column in joined))
        self._waiting += cut
        self._open = Figures._make(column[cut:] for column in joined)
        if self._waiting >= 4 * self._row_group:
            self._drain()

    def _drain(self) -> None:
        done = _join(self._done)
        if done.rows:
            self._minute.write(_arrays(done), self._row_group)
            self._hour.write(_arrays(restep(done, HOUR_MS)), self._row_group)
        self._done, self._waiting = [], 0

    def close(self) -> tuple[int, int]:
        """Make both durable; answers their sizes in bytes."""
        self._done.append(self._open)
        self._drain()
        return self._minute.close(), self._hour.close()

    def abort(self) -> None:
        self._minute.abort()
        self._hour.abort()


def _join(pieces: Sequence[Figures]) -> Figures:
    return Figures._make(np.concatenate(columns) for columns in zip(*pieces, strict=True)) if pieces else none()


def _arrays(f: Figures) -> list[object]:
    return [f.point, f.start, f.low, f.high, f.mean, f.first, f.last, f.n]
