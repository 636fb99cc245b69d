"""Asking the history: DuckDB finds a point's rows in the files, the tail adds the newest, the first key wins."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import numpy as np

from shoutu.sensing.model import Bytes8, Floats, Ints64
from shoutu.sensing.store import buckets
from shoutu.sensing.store.buckets import FOREVER, INT64_MIN, Grid
from shoutu.sensing.store.columns import Columns, Conflicts, Judged, concat, empty, first_wins
from shoutu.sensing.store.manifest import FAR, PART, Manifest, Run
from shoutu.sensing.store.rollup import Figures, none

DAYS_AT_ONCE = 32


class Readings(NamedTuple):
    """One point's readings in order of time; ``next``: event time of the first one beyond the limit, or None."""

    ts: Ints64
    received: Ints64
    value: Floats
    quality: Bytes8
    next: int | None


class Coarse(NamedTuple):
    """From ``start`` to ``end`` (UTC ms) only rollups are left, ``step`` ms apart."""

    start: int
    end: int
    step: int


class Steps(NamedTuple):
    """One point's figures per interval of ``step`` ms that holds finite values; ``ts`` is the interval's start.

    ``coarse``: stretches (start, end, ms) whose raw readings are gone and whose rollups lie further apart than that.
    """

    ts: Ints64
    low: Floats
    high: Floats
    mean: Floats
    first: Floats
    last: Floats
    n: Ints64
    step: int
    next: int | None
    coarse: tuple[Coarse, ...] = ()


class Engine:
    """DuckDB, confined to the store's directory, without network or extensions; safe to use from any thread."""

    def __init__(self, folder: Path, memory_mb: int) -> None:
        self._folder = folder
        self._db = duckdb.connect(
            ":memory:",
            config={
                "threads": 1,
                "memory_limit": f"{memory_mb}MB",
                "temp_directory": "",
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            },
        )
        allowed = str(folder).replace("'", "''")
        for setting in (
            f"allowed_directories=['{allowed}']",
            "enable_external_access=false",
            "parquet_metadata_cache=true",  # files never change, so what was read once stays true
            "validate_external_file_cache='NO_VALIDATION'",
            "lock_configuration=true",
        ):
            self._db.execute(f"SET {setting}")
        self._opening = threading.Lock()

    def readings(self, files: Sequence[str], points: Sequence[int], start: int, end: int) -> Columns:
        """Rows of the points with start ≤ ts < end, those of earlier files first. Raises duckdb.Error."""
        if not files:
            return empty()
        got = self._ask("point, ts, received, value, quality", "ts", files, points, start, end)
        pieces = [got["file_index"], got["point"], got["ts"], got["received"], got["value"], got["quality"]]
        order = np.argsort(pieces[0], kind="stable")
        return Columns._make(np.ascontiguousarray(piece[order]) for piece in pieces[1:])

    def figures(self, files: Sequence[str], point: int, start: int, end: int) -> Figures:
        """Rollup rows of a point with start ≤ minute < end, in order of time. Raises duckdb.Error."""
        if not files:
            return none()
        names = "point, minute, low, high, mean, first, last, n"
        got = self._ask(names, "minute", files, [point], start, end)
        order = np.argsort(got["minute"], kind="stable")
        return Figures._make(got[name][order] for name in names.split(", "))

    def _ask(
        self, names: str, time: str, files: Sequence[str], points: Sequence[int], start: int, end: int
    ) -> dict[str, Any]:
        paths = [str(self._folder / file) for file in files]
        which = f"= {int(points[0])}" if len(points) == 1 else f"IN ({', '.join(str(int(p)) for p in points)})"
        with self._opening:
            cursor = self._db.cursor()
        try:
            found = cursor.execute(
                f"SELECT file_index, {names} FROM read_parquet(?)"
                f" WHERE point {which} AND {time} >= ?::BIGINT AND {time} <= ?::BIGINT",
                [paths, buckets.clamp(start), buckets.clamp(end - 1)],
            ).fetchnumpy()
        finally:
            cursor.close()
        return {name: np.ma.getdata(column) for name, column in found.items()}

    def close(self) -> None:
        self._db.close()


class View:
    """The store at one instant: a manifest and the rows still in memory, oldest first."""

    def __init__(self, engine: Engine, manifest: Manifest, tails: Sequence[Columns]) -> None:
        self._engine = engine
        self.manifest = manifest
        self._tails = tails

    def runs(self, points: Sequence[int], start: int, end: int) -> list[Run]:
        """Runs that may hold rows of the points with start ≤ ts < end, lowest sequence range first."""
        least, most = min(points), max(points)
        return sorted(
            (
                run for run in self.manifest.runs
                if run.ts_min < end and run.ts_max >= start and run.point_min <= most and run.point_max >= least
            ),
            key=lambda run: (run.lo, run.hi),
        )  # fmt: skip

    def judged(self, points: Sequence[int], start: int, end: int) -> Judged:
        """All rows of the points with start ≤ ts < end, judged by their keys."""
        return self.judged_of(self.runs(points, start, end), points, start, end)

    def judged_of(
        self, runs: Sequence[Run], points: Sequence[int], start: int, end: int, asides: bool = False
    ) -> Judged:
        """The same, out of the given runs (with the conflicts filed beside them) and the tail only."""
        files = [file for run in runs for file in (run.file, run.aside if asides else "") if file]
        filed = self._engine.readings(files, points, start, end)
        return first_wins(concat([filed, *self._newest(points, start, end)]))

    def _newest(self, points: Sequence[int], start: int, end: int) -> Iterator[Columns]:
        low, high = buckets.clamp(start), buckets.clamp(end - 1)
        for block in self._tails:
            mine = block.point == points[0] if len(points) == 1 else np.isin(block.point, points)
            rows = np.flatnonzero(mine)
            if len(rows):
                ts = block.ts[rows]
                yield block.take(rows[(ts >= low) & (ts <= high)])

    def slices(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The time from start to end in pieces of 1, 2, 4 … days that have files, so that a small limit reads
        little and a long range asks seldom."""
        spans = {buckets.span_of(run.bucket) for run in self.manifest.runs}
        edges = sorted({span[0] for span in spans if span is not None and start < span[0] < end})
        size, at = 1, start
        while edges:
            cut = edges[min(size, len(edges)) - 1]
            yield at, cut
            edges = [edge for edge in edges if edge > cut]
            at, size = cut, min(size * 2, DAYS_AT_ONCE)
        yield at, end


def collect(view: View, points: Sequence[int], start: int, end: int, limit: int) -> dict[int, Readings]:
    """Up to ``limit`` readings of each point with start ≤ ts < end."""
    found: dict[int, list[Columns]] = {point: [] for point in points}
    wanted = sorted(found)
    for low, high in view.slices(start, end):
        if not wanted:
            break
        kept = view.judged(wanted, low, high).kept
        for point in wanted:
            first, last = np.searchsorted(kept.point, [point, point + 1])
            if last > first:
                found[point].append(kept.take(slice(int(first), int(last))))
        wanted = [p for p in wanted if sum(piece.rows for piece in found[p]) <= limit]
    return {point: _cut(concat(pieces), limit) for point, pieces in found.items()}


def _cut(rows: Columns, limit: int) -> Readings:
    after = int(rows.ts[limit]) if rows.rows > limit else None
    return Readings(rows.ts[:limit], rows.received[:limit], rows.value[:limit], rows.quality[:limit], after)


def conflicts_of(view: View, point: int) -> Conflicts:
    """All contradictions of one point, those no merge has met yet among them."""
    counts = Counter(run.bucket for run in view.manifest.runs)
    loose = [run for run in view.manifest.runs if run.bucket in (PART, FAR) or counts[run.bucket] > 1]
    fresh = view.judged_of(loose, [point], INT64_MIN, FOREVER)
    numbers = Grid.of(view.manifest, False).numbers(fresh.kept.ts)
    touched = {buckets.name_of(number) for number in np.unique(numbers).tolist()}
    whole = [run for run in view.manifest.runs if run.bucket in touched or run.aside or run in loose]
    return view.judged_of(whole, [point], INT64_MIN, FOREVER, asides=True).conflicts
