"""Settings of the history store, and the errors it raises."""

from __future__ import annotations

from dataclasses import dataclass

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
MINUTE_MS = 60_000
SLOT_MS = 3 * HOUR_MS
"""Raw readings of short retention are filed, and forgotten, by so much at once."""
SLOT_BELOW_HOURS = 72


class StoreBlocked(Exception):
    """The store cannot write (disk full or broken); nothing was lost, the same call may be repeated."""


@dataclass(frozen=True)
class StoreSettings:
    """How much memory the store may use, when it tidies up, and how long history is kept.

    ``max_pending`` readings wait in memory (29 bytes each) before ``add`` writes them itself.
    ``min_day_rows``: a UTC day gets files of its own once it has this many readings; until then its readings
    share the *far* file with other sparse days, so stray timestamps cannot make thousands of files.
    ``fan``: parts that pile up before they are merged. ``settle_s``: seconds a finished day must be quiet
    before it becomes one file with rollups; ``resettle_s``: at most one such rewriting of a day in that time.
    ``query_memory_mb`` bounds DuckDB. ``raw_hours``: how long raw readings are kept at least before only rollups
    are, in days rollups, None = for ever; the far file is kept as long as the longest of the three.
    """

    max_pending: int = 1_000_000
    row_group: int = 65_536
    min_day_rows: int = 1_000
    fan: int = 8
    settle_s: float = 60.0
    resettle_s: float = 3_600.0
    query_memory_mb: int = 256
    raw_hours: int | None = None
    minute_days: int | None = None
    hour_days: int | None = None

    def __post_init__(self) -> None:
        for name in ("max_pending", "row_group", "min_day_rows", "query_memory_mb"):
            if getattr(self, name) < 1:
                raise ValueError(f"store setting {name}={getattr(self, name)}: expected a number of at least 1")
        if self.fan < 2:
            raise ValueError(f"store setting fan={self.fan}: expected a number of at least 2")
        for name, unit in (("raw_hours", "hour"), ("minute_days", "day"), ("hour_days", "day")):
            least = getattr(self, name)
            if least is not None and least < 1:
                raise ValueError(f"store setting {name}={least}: expected at least 1 {unit}, or None for ever")

    @property
    def by_slot(self) -> bool:
        """Whether readings are filed by three hours instead of by day, so that they can be forgotten so."""
        return self.raw_hours is not None and self.raw_hours < SLOT_BELOW_HOURS
