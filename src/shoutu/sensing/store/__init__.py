"""The history of readings: immutable Parquet files under a manifest, asked through DuckDB.

``Store(folder)`` is the whole interface; see docs/store.md.
"""

from shoutu.sensing.store.query import Readings, Steps
from shoutu.sensing.store.settings import StoreBlocked, StoreSettings
from shoutu.sensing.store.store import ConflictRow, Figure, Store

__all__ = ["ConflictRow", "Figure", "Readings", "Steps", "Store", "StoreBlocked", "StoreSettings"]
