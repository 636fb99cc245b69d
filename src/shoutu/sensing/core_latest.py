"""The newest reading of each point, for asking: arrays beside the engine, kept in the checkpoint."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from .journal_records import Readings
from .model import Ints64

AHEAD_MS = 120_000
"""A reading dated further ahead than this counts as of its receipt, so that it cannot stay newest for years."""

_NEVER = np.iinfo(np.int64).min


class Latest:
    """Written by the engine thread under the core's lock."""

    def __init__(self) -> None:
        self._ids = np.empty(0, np.int64)
        self._at = np.empty(0, np.int64)
        self._ts = np.empty(0, np.int64)
        self._received = np.empty(0, np.int64)
        self._value = np.empty(0, np.float64)
        self._quality = np.empty(0, np.uint8)

    def points(self, ids: Ints64) -> None:
        """Watch these points from now on, keeping what is known of them."""
        old = self._ids
        wanted = np.unique(np.asarray(ids, np.int64))
        same = np.intersect1d(old, wanted, assume_unique=True)
        come_from, go_to = np.searchsorted(old, same), np.searchsorted(wanted, same)
        for name, empty in (("_at", _NEVER), ("_ts", 0), ("_received", 0), ("_value", 0.0), ("_quality", 0)):
            column = getattr(self, name)
            fresh = np.full(len(wanted), empty, column.dtype)
            fresh[go_to] = column[come_from]
            setattr(self, name, fresh)
        self._ids = wanted

    def update(self, readings: Readings) -> None:
        """Take in a batch in any order of time."""
        if not len(self._ids):
            return
        slot = np.searchsorted(self._ids, readings.point)
        slot[slot == len(self._ids)] = 0
        at = np.where(readings.ts > readings.received + AHEAD_MS, readings.received, readings.ts)
        newer = (self._ids[slot] == readings.point) & (at >= self._at[slot])
        chosen = np.flatnonzero(newer)
        if not len(chosen):
            return
        times = at[chosen]
        if (times[1:] < times[:-1]).any():
            # Assignment through repeated indices keeps the last, so the newest must come last.
            chosen = chosen[np.argsort(times, kind="stable")]
        slot = slot[chosen]
        self._at[slot] = at[chosen]
        self._ts[slot] = readings.ts[chosen]
        self._received[slot] = readings.received[chosen]
        self._value[slot] = readings.value[chosen]
        self._quality[slot] = readings.quality[chosen]

    def get(self, point: int) -> dict[str, Any] | None:
        """{ts, received, value, quality} of the newest reading; None where there is none."""
        slot = int(np.searchsorted(self._ids, point))
        if slot == len(self._ids) or self._ids[slot] != point or self._at[slot] == _NEVER:
            return None
        value = float(self._value[slot])
        return {
            "ts": int(self._ts[slot]),
            "received": int(self._received[slot]),
            "value": value if np.isfinite(value) else None,
            "quality": int(self._quality[slot]),
        }

    def dump(self) -> bytes:
        file = io.BytesIO()
        np.savez(
            file,
            ids=self._ids,
            at=self._at,
            ts=self._ts,
            received=self._received,
            value=self._value,
            quality=self._quality,
        )
        return file.getvalue()

    @classmethod
    def load(cls, raw: bytes) -> Latest:
        new = cls()
        with np.load(io.BytesIO(raw), allow_pickle=False) as kept:
            for name in ("ids", "at", "ts", "received", "value", "quality"):
                setattr(new, f"_{name}", kept[name])
        return new
