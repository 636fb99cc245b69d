"""The small county, made once and put back row by row: most tests begin with it, and making it costs more than they do.

Only where the database stands as it stood before it was made the first time; else it is made anew.
"""

from __future__ import annotations

import pickle
import time
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from shoutu.county.people.testing import make_county

Rows = dict[int, tuple[Any, ...]]


@dataclass
class Kept:
    before: dict[str, tuple[int, int]]
    sequences: dict[str, int]
    rows: dict[str, list[tuple[Any, ...]]]
    after: dict[str, int]
    county: bytes


_kept: dict[float, Kept] = {}
"""By what the county's clock said: the instant where a test stops it, else how far it is from the machine's."""


def county_once_more() -> SimpleNamespace:
    """A county as `make_county` makes it, with the times of the first: shifts of hours bear the minutes between."""
    # Not where rows are made and deleted by other means (PostgreSQL's sequences stay where a test left them).
    if connection.vendor != "sqlite" or not connection.in_atomic_block:
        return make_county()
    clock = _clock()
    kept = _kept.get(clock)
    if kept is None:
        return _make_and_keep(clock)
    if _standing() != kept.before or _sequences() != kept.sequences:
        return make_county()
    with transaction.atomic(), connection.cursor() as cursor:
        for table, rows in kept.rows.items():
            marks = ", ".join(["%s"] * len(rows[0]))
            cursor.executemany(f'INSERT OR REPLACE INTO "{table}" VALUES ({marks})', rows)
        cursor.execute("DELETE FROM sqlite_sequence")
        cursor.executemany("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", list(kept.after.items()))
    return pickle.loads(kept.county)  # type: ignore[no-any-return]


def _make_and_keep(clock: float) -> SimpleNamespace:
    standing, sequences = _standing(), _sequences()
    before = {table: _rows(table) for table in standing}
    county = make_county()
    rows = {}
    for table in standing:
        now = _rows(table)
        assert before[table].keys() <= now.keys()
        rows[table] = [row for rowid, row in now.items() if before[table].get(rowid) != row]
    changed = {table: new for table, new in rows.items() if new}
    _kept[clock] = Kept(standing, sequences, changed, _sequences(), pickle.dumps(county))
    return county


def _clock() -> float:
    now = timezone.now().timestamp()
    stopped = now == timezone.now().timestamp()
    return now if stopped else float(round(now - time.perf_counter()))


def _standing() -> dict[str, tuple[int, int]]:
    """Table → how many rows, and the highest of their numbers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%%'")
        tables = [name for (name,) in cursor.fetchall()]
        cursor.execute(
            " UNION ALL ".join(f"SELECT '{one}', count(*), coalesce(max(rowid), 0) FROM \"{one}\"" for one in tables)
        )
        return {table: (count, last) for table, count, last in cursor.fetchall()}


def _sequences() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, seq FROM sqlite_sequence")
        return dict(cursor.fetchall())


def _rows(table: str) -> Rows:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT rowid, * FROM "{table}"')
        return {row[0]: row[1:] for row in cursor.fetchall()}
