"""Which file a reading belongs to: its UTC day, or the far file while that day is sparse."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
from numpy.typing import NDArray

from shoutu.sensing.model import Ints64
from shoutu.sensing.store.manifest import FAR, PART
from shoutu.sensing.store.settings import DAY_MS

_LAST = 2_932_896  # day number of 9999-12-31
INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
FOREVER = 2**63
"""The end, exclusive, of all times."""


def day_of(ts: int) -> int:
    """Number of the UTC day since 1970-01-01 that holds an event time in ms."""
    return ts // DAY_MS


def days_of(ts: Ints64) -> Ints64:
    return np.asarray(np.floor_divide(ts, DAY_MS), np.int64)


def count_days(ts: Ints64) -> dict[int, int]:
    """Readings per UTC day number."""
    if not len(ts):
        return {}
    first, last = day_of(int(ts.min())), day_of(int(ts.max()))
    if first == last:
        return {first: len(ts)}
    days, counts = np.unique(days_of(ts), return_counts=True)
    return dict(zip(days.tolist(), counts.tolist(), strict=True))


def bucket_name(day: int) -> str:
    """``2026-11-24``, or ``d<number>`` for days no calendar shows."""
    if 0 <= day <= _LAST:
        return datetime.fromtimestamp(day * 86_400, UTC).date().isoformat()
    return f"d{day}"


def bucket_day(bucket: str) -> int | None:
    """The day number of a bucket's name, None for parts and the far file."""
    if bucket in (PART, FAR):
        return None
    if bucket.startswith("d"):
        return int(bucket[1:])
    return date.fromisoformat(bucket).toordinal() - date(1970, 1, 1).toordinal()


def clamp(ts: int) -> int:
    return max(INT64_MIN, min(INT64_MAX, ts))


def in_days(ts: Ints64, days: Ints64) -> NDArray[np.bool_]:
    """Which event times fall on one of the given sorted day numbers."""
    if len(days) == 1:
        low = int(days[0]) * DAY_MS
        return np.asarray((ts >= clamp(low)) & (ts <= clamp(low + DAY_MS - 1)))
    return np.isin(days_of(ts), days)
