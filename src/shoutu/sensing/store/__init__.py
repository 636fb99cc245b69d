"""The history of readings: immutable Parquet files under a manifest, asked through DuckDB.

``Store(folder)`` is the whole interface, and ``lay_prehistory`` for what is older than the journal; see docs/store.md.
"""

from shoutu.sensing.store.columns import Columns
from shoutu.sensing.store.prehistory import lay_prehistory
from shoutu.sensing.store.query import Coarse, Readings, Steps
from shoutu.sensing.store.retention import Kept
from shoutu.sensing.store.settings import StoreBlocked, StoreSettings
from shoutu.sensing.store.store import ConflictRow, Figure, Store

__all__ = [
    "Coarse", "Columns", "ConflictRow", "Figure", "Kept", "Readings", "Steps", "Store", "StoreBlocked", "StoreSettings",
    "lay_prehistory",
]  # fmt: skip
