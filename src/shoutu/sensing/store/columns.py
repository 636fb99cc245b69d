"""Readings as columns: sorting by (point, ts) and judging repeats and conflicts at the speed of memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from shoutu.sensing.model import Bytes8, Floats, Ints32, Ints64

KEPT, REPEAT, CONFLICT = 0, 1, 2


class Columns(NamedTuple):
    """Readings as five columns of one length: point id, event time (UTC ms), received (UTC ms), value, quality."""

    point: Ints32
    ts: Ints64
    received: Ints64
    value: Floats
    quality: Bytes8

    @property
    def rows(self) -> int:
        return len(self.point)

    def take(self, index: NDArray[np.bool_] | NDArray[np.int64] | slice) -> Columns:
        return Columns._make(column[index] for column in self)


class Conflicts(NamedTuple):
    """Readings set aside because their (point, ts) was taken by another value, and what was kept instead."""

    reading: Columns
    kept_value: Floats
    kept_quality: Bytes8

    @property
    def rows(self) -> int:
        return self.reading.rows


class Judged(NamedTuple):
    """The outcome of ``first_wins``: one reading per key, what was set aside, how many equal repeats."""

    kept: Columns
    conflicts: Conflicts
    repeats: int


def empty(rows: int = 0) -> Columns:
    return Columns(
        np.empty(rows, np.int32),
        np.empty(rows, np.int64),
        np.empty(rows, np.int64),
        np.empty(rows, np.float64),
        np.empty(rows, np.uint8),
    )


def concat(pieces: Sequence[Columns]) -> Columns:
    """One fresh, writable copy of all pieces in their order."""
    if not pieces:
        return empty()
    return Columns._make(np.concatenate(columns) for columns in zip(*pieces, strict=True))


def first_wins(columns: Columns) -> Judged:
    """Sort by (point, ts) and keep the first of each key in the given (sequence) order.

    Of a key's other readings, the first of each further content (value and quality) is a conflict, and whatever
    equals an earlier one is a repeat: kept + conflicts + repeats is what came in, and judging the outcome again
    with more readings gives the same as judging all at once. Columns must be writable and contiguous, as
    ``concat`` returns them.
    """
    order = _order(columns.point, columns.ts)
    if len(order):
        columns = columns.take(order)
    verdict = np.zeros(columns.rows, np.uint8)
    repeats, conflicts = _judge(columns.point, columns.ts, columns.value, columns.quality, verdict)
    if not repeats and not conflicts:
        return Judged(columns, no_conflicts(), 0)
    winner = np.maximum.accumulate(np.where(verdict == KEPT, np.arange(columns.rows), 0))
    aside = np.flatnonzero(verdict == CONFLICT)
    kept_by = winner[aside]
    return Judged(
        columns.take(verdict == KEPT),
        Conflicts(columns.take(aside), columns.value[kept_by], columns.quality[kept_by]),
        int(repeats),
    )


def warm_up() -> None:
    """Load the compiled code now: doing it at the first flush would hold the interpreter for a moment."""
    first_wins(Columns._make(np.zeros(2, column.dtype) for column in empty()))


def no_conflicts() -> Conflicts:
    return Conflicts(empty(), np.empty(0, np.float64), np.empty(0, np.uint8))


def upto(columns: Columns, point: int, ts: int) -> int:
    """How many rows of columns sorted by (point, ts) have a key up to and including the given one."""
    first = int(np.searchsorted(columns.point, point, "left"))
    last = int(np.searchsorted(columns.point, point, "right"))
    return first + int(np.searchsorted(columns.ts[first:last], ts, "right"))


@njit(nogil=True, cache=True)
def _order(point, ts):  # type: ignore[no-untyped-def]
    """The stable permutation that sorts by (point, ts); empty when the columns are sorted already.

    A radix sort by point, then a look at each point's own stretch, which is nearly always in order of time.
    """
    n = len(point)
    ordered = True
    top = np.int64(0)
    for i in range(n):
        top = max(top, np.int64(point[i]) + 2147483648)
        if i and (point[i] < point[i - 1] or (point[i] == point[i - 1] and ts[i] < ts[i - 1])):
            ordered = False
    if ordered:
        return np.empty(0, np.int64)
    order = np.arange(n)
    other = np.empty(n, np.int64)
    for shift in (0, 16):
        counts = np.zeros(65537, np.int64)
        for i in range(n):
            counts[(((np.int64(point[i]) + 2147483648) >> shift) & 65535) + 1] += 1
        if counts.max() == n:
            continue
        for d in range(65536):
            counts[d + 1] += counts[d]
        for i in range(n):
            row = order[i]
            digit = ((np.int64(point[row]) + 2147483648) >> shift) & 65535
            other[counts[digit]] = row
            counts[digit] += 1
        order, other = other, order
    start = 0
    while start < n:
        end = start + 1
        rising = True
        while end < n and point[order[end]] == point[order[start]]:
            if ts[order[end]] < ts[order[end - 1]]:
                rising = False
            end += 1
        if not rising:
            stretch = order[start:end].copy()
            order[start:end] = stretch[np.argsort(ts[stretch], kind="mergesort")]
        start = end
    return order


@njit(nogil=True, cache=True)
def _judge(point, ts, value, quality, verdict):  # type: ignore[no-untyped-def]
    n = len(point)
    repeats, conflicts, start = 0, 0, 0
    while start < n:
        end = start + 1
        while end < n and point[end] == point[start] and ts[end] == ts[start]:
            end += 1
        if end - start > 1:
            _judge_key(value[start:end], quality[start:end], verdict[start:end])
            for i in range(start + 1, end):
                repeats += verdict[i] == REPEAT
                conflicts += verdict[i] == CONFLICT
        start = end
    return repeats, conflicts


@njit(nogil=True, cache=True)
def _judge_key(value, quality, verdict):  # type: ignore[no-untyped-def]
    """One key's readings. Sorted by content, equal ones lie together, the earliest first (NaN sorts last)."""
    by_quality = np.argsort(quality, kind="mergesort")
    order = by_quality[np.argsort(value[by_quality], kind="mergesort")]
    for k in range(len(order)):
        this = order[k]
        verdict[this] = CONFLICT
        if k:
            before = order[k - 1]
            same = value[this] == value[before] or (np.isnan(value[this]) and np.isnan(value[before]))
            if same and quality[this] == quality[before]:
                verdict[this] = REPEAT
    verdict[0] = KEPT
