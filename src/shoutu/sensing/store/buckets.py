"""Which file a reading belongs to: its UTC day, or three hours of it, or the far file while that is sparse.

A bucket has a number, which rises with its time: of a day ``16 · day + 1``, of three hours twice their number since
1970, which is even.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np
from numpy.typing import NDArray

from shoutu.sensing.model import Ints64
from shoutu.sensing.store.manifest import FAR, PART, Manifest
from shoutu.sensing.store.settings import DAY_MS, SLOT_MS

_LAST = 2_932_896  # day number of 9999-12-31
INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
FOREVER = 2**63
"""The end, exclusive, of all times."""


@dataclass(frozen=True)
class Grid:
    """How time is cut into buckets. ``by_slot``: new days in stretches of three hours, else whole.

    A day that has a bucket is cut as it was begun (``whole`` or ``slots``, numbers of days), so that no two buckets
    ever share a time.
    """

    by_slot: bool = False
    whole: frozenset[int] = frozenset()
    slots: frozenset[int] = frozenset()

    @classmethod
    def of(cls, manifest: Manifest, by_slot: bool) -> Grid:
        whole: set[int] = set()
        slots: set[int] = set()
        for name in {run.bucket for run in manifest.runs} | {rollup.bucket for rollup in manifest.rollups}:
            if (span := span_of(name)) is not None:
                (slots if "T" in name else whole).add(day_of(span[0]))
        return cls(by_slot, frozenset(whole), frozenset(slots))

    def numbers(self, ts: Ints64) -> Ints64:
        """The bucket of each event time."""
        days = np.floor_divide(ts, DAY_MS)
        if self.by_slot:
            fine = ~np.isin(days, list(self.whole))
        elif self.slots:
            fine = np.isin(days, list(self.slots))
        else:
            return np.asarray(days * 16 + 1, np.int64)
        return np.asarray(np.where(fine, np.floor_divide(ts, SLOT_MS) * 2, days * 16 + 1), np.int64)

    def number(self, ts: int) -> int:
        """The bucket of one event time."""
        return int(self.numbers(np.array([ts], np.int64))[0])

    def count(self, ts: Ints64) -> dict[int, int]:
        """Readings per bucket."""
        if not len(ts):
            return {}
        first, last = self.number(int(ts.min())), self.number(int(ts.max()))
        if first == last:
            return {first: len(ts)}
        numbers, counts = np.unique(self.numbers(ts), return_counts=True)
        return dict(zip(numbers.tolist(), counts.tolist(), strict=True))

    def among(self, ts: Ints64, numbers: Ints64) -> NDArray[np.bool_]:
        """Which event times lie in one of these buckets."""
        if len(numbers) == 1:
            low, high = span(int(numbers[0]))
            return np.asarray((ts >= clamp(low)) & (ts <= clamp(high - 1)))
        return np.isin(self.numbers(ts), numbers)


def span(number: int) -> tuple[int, int]:
    """From when to when (exclusive) a bucket reaches, UTC ms."""
    if number % 2:
        return number // 16 * DAY_MS, (number // 16 + 1) * DAY_MS
    return number // 2 * SLOT_MS, (number // 2 + 1) * SLOT_MS


def name_of(number: int) -> str:
    """``2026-11-24`` or ``2026-11-24T03``; ``d<number>`` for days no calendar shows."""
    start = span(number)[0]
    day = bucket_name(day_of(start))
    return day if number % 2 else f"{day}T{start % DAY_MS // 3_600_000:02d}"


def span_of(bucket: str) -> tuple[int, int] | None:
    """From when to when a bucket of this name reaches; None for parts and the far file."""
    if bucket in (PART, FAR):
        return None
    name, _, hour = bucket.partition("T")
    start = bucket_day(name) * DAY_MS
    return (start + int(hour) * 3_600_000, start + int(hour) * 3_600_000 + SLOT_MS) if hour else (start, start + DAY_MS)


def day_of(ts: int) -> int:
    """Number of the UTC day since 1970-01-01 that holds an event time in ms."""
    return ts // DAY_MS


def bucket_name(day: int) -> str:
    """``2026-11-24``, or ``d<number>`` for days no calendar shows."""
    if 0 <= day <= _LAST:
        return datetime.fromtimestamp(day * 86_400, UTC).date().isoformat()
    return f"d{day}"


def bucket_day(day: str) -> int:
    """The number of a day by its name."""
    if day.startswith("d"):
        return int(day[1:])
    return date.fromisoformat(day).toordinal() - date(1970, 1, 1).toordinal()


def clamp(ts: int) -> int:
    return max(INT64_MIN, min(INT64_MAX, ts))
