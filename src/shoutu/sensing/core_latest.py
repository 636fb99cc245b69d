"""The newest reading of each point, for asking: arrays beside the engine, kept in the checkpoint."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np

from .journal_records import Readings
from .model import Ints32, Ints64

AHEAD_MS = 120_000
"""A reading dated further ahead than this counts as of its receipt, so that it cannot stay newest for years."""

TABLE_IDS = 8_000_000
"""Ids below this are looked up in a table (32 MB at most), larger ones by search."""

_NEVER = np.iinfo(np.int64).min
"""When a reading was received that has not come yet."""
_MAGIC = b"SHOUTU-LATEST-2\n"
_COLUMNS = (("ids", 0), ("ts", 0), ("received", _NEVER), ("value", 0.0), ("quality", 0))
"""What is kept of a point, and what stands there before its first reading. 33 bytes a point, 4 in the table."""


class Latest:
    """Written by the engine thread under the core's lock."""

    def __init__(self) -> None:
        self._ids = np.empty(0, np.int64)
        self._ts = np.empty(0, np.int64)
        self._received = np.empty(0, np.int64)
        self._value = np.empty(0, np.float64)
        self._quality = np.empty(0, np.uint8)
        self._table: Ints32 | None = None

    def points(self, ids: Ints64) -> None:
        """Watch these points from now on, keeping what is known of them."""
        old = self._ids
        wanted = np.unique(np.asarray(ids, np.int64))
        same = np.intersect1d(old, wanted, assume_unique=True)
        come_from, go_to = np.searchsorted(old, same), np.searchsorted(wanted, same)
        for name, empty in _COLUMNS[1:]:
            column = getattr(self, f"_{name}")
            fresh = np.full(len(wanted), empty, column.dtype)
            fresh[go_to] = column[come_from]
            setattr(self, f"_{name}", fresh)
        self._ids = wanted
        self._index()

    def _slots(self, point: Ints32) -> Ints32 | Ints64:
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
            self._table = np.zeros(top + 1, np.int32)
            self._table[self._ids] = np.arange(len(self._ids), dtype=np.int32)

    def update(self, readings: Readings) -> None:
        """Take in a batch in any order of time."""
        if not len(self._ids):
            return
        slot = self._slots(readings.point)
        at = _judged(readings.ts, readings.received)
        newer = (self._ids[slot] == readings.point) & (at >= _judged(self._ts[slot], self._received[slot]))
        chosen = np.flatnonzero(newer)
        if not len(chosen):
            return
        times = at[chosen]
        if (times[1:] < times[:-1]).any():
            # Assignment through repeated indices keeps the last, so the newest must come last.
            chosen = chosen[np.argsort(times, kind="stable")]
        slot = slot[chosen]
        self._ts[slot] = readings.ts[chosen]
        self._received[slot] = readings.received[chosen]
        self._value[slot] = readings.value[chosen]
        self._quality[slot] = readings.quality[chosen]

    def get(self, point: int) -> dict[str, Any] | None:
        """{ts, received, value, quality} of the newest reading; None where there is none."""
        slot = int(np.searchsorted(self._ids, point))
        if slot == len(self._ids) or self._ids[slot] != point or self._received[slot] == _NEVER:
            return None
        value = float(self._value[slot])
        return {
            "ts": int(self._ts[slot]),
            "received": int(self._received[slot]),
            "value": value if np.isfinite(value) else None,
            "quality": int(self._quality[slot]),
        }

    def copy(self) -> Latest:
        """What is known now, for another thread to ``dump``. The ids are shared: they are only ever replaced."""
        new = Latest()
        new._ids = self._ids
        for name, _ in _COLUMNS[1:]:
            setattr(new, f"_{name}", getattr(self, f"_{name}").copy())
        return new

    def dump(self) -> Sequence[bytes | memoryview]:
        """As bytes, in pieces that lie where the columns do."""
        columns = [np.ascontiguousarray(getattr(self, f"_{name}")) for name, _ in _COLUMNS]
        return [_MAGIC, *(column.data.cast("B") for column in columns if len(column))]

    @classmethod
    def load(cls, raw: bytes | memoryview) -> Latest:
        """Raises ValueError when the bytes are not what ``dump`` gave, of this version or the one before."""
        new, view = cls(), memoryview(raw)
        if view[: len(_MAGIC)] != _MAGIC:
            new._load_before(bytes(raw))
        else:
            width = sum(getattr(new, f"_{name}").itemsize for name, _ in _COLUMNS)
            count, rest = divmod(len(view) - len(_MAGIC), width)
            if rest:
                raise ValueError(
                    f"the newest readings of a checkpoint: {len(view)} bytes hold no whole number of points"
                )
            at = len(_MAGIC)
            for name, _ in _COLUMNS:
                kind = getattr(new, f"_{name}").dtype
                setattr(new, f"_{name}", np.frombuffer(view, kind, count, at).copy())
                at += count * kind.itemsize
        new._index()
        return new

    def _load_before(self, raw: bytes) -> None:
        with np.load(io.BytesIO(raw), allow_pickle=False) as kept:
            for name, _ in _COLUMNS:
                setattr(self, f"_{name}", kept[name])
            self._received[kept["at"] == _NEVER] = _NEVER


def _judged(ts: Ints64, received: Ints64) -> Ints64:
    """By which time a reading is the newest: its own, or that of its receipt where it is dated too far ahead."""
    return np.asarray(np.where(ts > received + AHEAD_MS, received, ts), np.int64)
