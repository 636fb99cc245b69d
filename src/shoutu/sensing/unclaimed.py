"""Readings nobody owns (待认领): kept by address with their count and last value until the county has them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from . import metrics
from .model import Rejected

PER_SOURCE = 2_000
ADDRESS_CHARS = 200


class Unclaimed:
    """Bounded: at most ``per_source`` addresses of a source; more are counted, not kept. Loop thread only."""

    def __init__(self, per_source: int = PER_SOURCE) -> None:
        self._per_source = per_source
        self._kept: dict[int, dict[tuple[str, str], list[Any]]] = {}
        self.overflow = 0

    def add(self, readings: Sequence[Rejected]) -> None:
        """Add up refused readings; never blocks."""
        kept, limit = self._kept, self._per_source
        over = 0
        for source, address, ts, value, reason in readings:
            of_source = kept.setdefault(source, {})
            key = (address[:ADDRESS_CHARS], reason)
            entry = of_source.get(key)
            if entry is not None:
                entry[0] += 1
                entry[1] = min(entry[1], ts)
                if ts >= entry[2]:
                    entry[2], entry[3] = ts, value
            elif len(of_source) < limit:
                of_source[key] = [1, ts, ts, value]
            else:
                over += 1
        if over:
            self.overflow += over
            metrics.UNCLAIMED_OVERFLOW.inc(over)

    def take(self, limit: int = 500) -> list[dict[str, Any]]:
        """Up to ``limit`` items for the county; they are no longer kept here (``give_back`` if it fails)."""
        items: list[dict[str, Any]] = []
        for source in list(self._kept):
            of_source = self._kept[source]
            while of_source and len(items) < limit:
                (address, reason), (count, first, last, value) = of_source.popitem()
                items.append(
                    {
                        "source": source,
                        "address": address,
                        "count": count,
                        "first_ts": first,
                        "last_ts": last,
                        "last_value": value if math.isfinite(value) else None,
                        "reason": reason,
                    }
                )
            if not of_source:
                del self._kept[source]
        return items

    def give_back(self, items: Sequence[dict[str, Any]]) -> None:
        """Add items again that could not be delivered."""
        over = 0
        for item in items:
            of_source = self._kept.setdefault(item["source"], {})
            key = (item["address"], item["reason"])
            value = math.nan if item["last_value"] is None else item["last_value"]
            entry = of_source.get(key)
            if entry is not None:
                entry[0] += item["count"]
                entry[1] = min(entry[1], item["first_ts"])
                if item["last_ts"] > entry[2]:
                    entry[2], entry[3] = item["last_ts"], value
            elif len(of_source) < self._per_source:
                of_source[key] = [item["count"], item["first_ts"], item["last_ts"], value]
            else:
                over += item["count"]
        if over:
            self.overflow += over
            metrics.UNCLAIMED_OVERFLOW.inc(over)

    def __len__(self) -> int:
        return sum(len(of_source) for of_source in self._kept.values())
