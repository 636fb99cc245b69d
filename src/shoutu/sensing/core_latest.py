"""The newest reading of each point, for asking: arrays beside the engine, kept in the checkpoint."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from .journal_records import Readings
from .model import Ints32, Ints64

AHEAD_MS = 120_000
"""A reading dated further ahead than this counts as of its receipt, so that it cannot stay newest for years."""

TABLE_IDS = 4_000_000
"""Ids below this are looked up in a table (32 MB at most), larger ones by search."""

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
        self._table: Ints64 | None = None

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
        self._index()

    def _slots(self, point: Ints32) -> Ints64:
        """A slot for each point; what is in it may be another point when this one is not watched."""
        if self._table is not None:
            return self._table[np.clip(point, 0, len(self._table) - 1)]
        slot = np.searchsorted(self._ids, point)
        slot[slot == len(self._ids)] = 0
        return slot

    def _index(self) -> None:
        top = int(self._ids[-1]) if len(self._ids) else 0
        self._table = None
        if 0 < top < TABLE_IDS:
            self._table = np.zeros(top + 1, np.int64)
            self._table[self._ids] = np.arange(len(self._ids))

    def update(self, readings: Readings) -> None:
        """Take in a batch in any order of time."""
        if not len(self._ids):
            return
        slot = self._slots(readings.point)
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

    def copy(self) -> Latest:
        """What is known now, for another thread to ``dump``."""
        new = Latest()
        for name in ("_ids", "_at", "_ts", "_received", "_value", "_quality"):
            setattr(new, name, getattr(self, name).copy())
        return new

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
        new._index()
        return new
