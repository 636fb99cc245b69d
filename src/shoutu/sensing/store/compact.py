"""Tidying: parts become runs of days, runs of a day become one file with rollups. One task at a time, each
crash-safe by itself: new files are written first, the manifest then changes over in one step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from shoutu.sensing.store import buckets
from shoutu.sensing.store.buckets import Grid
from shoutu.sensing.store.columns import Columns, Conflicts, Judged
from shoutu.sensing.store.files import Files
from shoutu.sensing.store.manifest import FAR, PART, Manifest, Rollup, Run, aside_name, rollup_names, run_name
from shoutu.sensing.store.merge import merge
from shoutu.sensing.store.parts import RunOut
from shoutu.sensing.store.rollup import RollupOut
from shoutu.sensing.store.settings import StoreSettings

DAYS_AT_ONCE = 64


class Stale(Exception):
    """An input left the manifest while it was being merged; the outputs are dropped and the task planned anew."""


@dataclass(frozen=True)
class Task:
    """``adopt``: parts that lie within one day become its runs as they are. ``split``: parts are merged into their
    days. ``tier``: neighbouring runs of a day become one. ``settle``: all runs of a day become one with rollups."""

    kind: str
    inputs: tuple[Run, ...]
    bucket: str = ""


class Work:
    """Files made by one task: all kept on commit, all removed otherwise."""

    def __init__(self, files: Files, settings: StoreSettings) -> None:
        self.files = files
        self.settings = settings
        self.grid = Grid()
        self.runs: list[Run] = []
        self.rollups: list[Rollup] = []
        self.repeats = 0
        self._writers: list[RunOut | RollupOut] = []
        self._made: list[str] = []

    def run(self, bucket: str, lo: int, hi: int) -> RunOut:
        file = run_name(bucket, lo, hi, self.files.number())
        self._made += [file, aside_name(file)]
        writer = RunOut(self.files.folder, file, self.settings.row_group)
        self._writers.append(writer)
        return writer

    def rollup(self, bucket: str) -> tuple[RollupOut, str, str]:
        minute, hour = rollup_names(bucket, self.files.number())
        self._made += [minute, hour]
        writer = RollupOut(self.files.folder / minute, self.files.folder / hour, self.settings.row_group)
        self._writers.append(writer)
        return writer, minute, hour

    def drop(self) -> None:
        for writer in self._writers:
            writer.abort()
        for file in self._made:
            (self.files.folder / file).unlink(missing_ok=True)


@contextmanager
def working(files: Files, settings: StoreSettings) -> Iterator[Work]:
    """A task's files; removed if the block raises."""
    work = Work(files, settings)
    try:
        yield work
    except BaseException:
        work.drop()
        raise


def perform(files: Files, settings: StoreSettings, task: Task) -> None:
    """Do one task and commit it. Raises OSError, pyarrow.ArrowException or Stale, leaving the store as it was."""
    if task.kind == "adopt":
        files.commit(lambda manifest: _adopt(manifest, task))
        return
    with files.hold(lambda: None) as (manifest, _), working(files, settings) as work:
        work.grid = Grid.of(manifest, settings.by_slot)
        if task.kind == "split":
            inputs = _split(work, manifest, task.inputs)
        else:
            inputs = list(task.inputs)
            _join(work, task)
        files.commit(lambda now: replace(now, inputs, work))


def _adopt(manifest: Manifest, task: Task) -> Manifest:
    names = {run.file for run in task.inputs}
    return msgspec.structs.replace(
        manifest,
        runs=tuple(
            msgspec.structs.replace(run, bucket=task.bucket) if run.file in names else run for run in manifest.runs
        ),
    )


def replace(manifest: Manifest, inputs: Sequence[Run], work: Work) -> Manifest:
    names = {run.file for run in inputs}
    if not names <= {run.file for run in manifest.runs}:
        raise Stale
    made = {rollup.bucket for rollup in work.rollups}
    runs = [run for run in manifest.runs if run.file not in names or run in work.runs] + [
        run for run in work.runs if run.file not in names
    ]
    return msgspec.structs.replace(
        manifest,
        runs=tuple(sorted(runs, key=lambda run: (run.lo, run.hi))),
        rollups=tuple([r for r in manifest.rollups if r.bucket not in made] + work.rollups),
        repeats=manifest.repeats + work.repeats,
    )


@dataclass(frozen=True)
class _Division:
    """How a split goes: its inputs, the days that get runs of their own (with the lowest number each may claim),
    and whether anything remains for the far file."""

    inputs: list[Run]
    own: dict[int, int]
    rest: bool


def _divide(work: Work, manifest: Manifest, parts: Sequence[Run]) -> _Division:
    folder = work.files.folder
    far = [run for run in manifest.runs if run.bucket == FAR]
    known = {run.bucket for run in manifest.runs} | {rollup.bucket for rollup in manifest.rollups}
    new, old = _count(folder, parts, work.grid), _count(folder, far, work.grid)
    least = work.settings.min_day_rows
    own = {
        day for day in new.keys() | old.keys()
        if new.get(day, 0) + old.get(day, 0) >= least or buckets.name_of(day) in known
    }  # fmt: skip
    involved = bool(far) and bool(own & old.keys() or new.keys() - own)
    inputs = sorted([*parts, *(far if involved else [])], key=lambda run: (run.lo, run.hi))
    days = new.keys() | (old.keys() if involved else set())
    # A day that has runs already must not claim numbers older than theirs: the lower range wins.
    floor = min(run.lo for run in parts)
    claims = {d: floor if buckets.name_of(d) in known else inputs[0].lo for d in sorted(own & days)}
    return _Division(inputs, claims, bool(days - own))


def _split(work: Work, manifest: Manifest, parts: Sequence[Run]) -> list[Run]:
    """Merge parts into runs of their days, sparse days into the far file. Answers the runs that were used up."""
    division = _divide(work, manifest, parts)
    folder = work.files.folder
    hi = max(run.hi for run in division.inputs)
    days = np.array(list(division.own), np.int64)
    for first in range(0, len(days), DAYS_AT_ONCE):
        group = days[first : first + DAYS_AT_ONCE]
        everything = not division.rest and len(group) == len(days)
        outs = {day: work.run(buckets.name_of(day), division.own[day], hi) for day in group.tolist()}
        for judged in merge(folder, division.inputs, None if everything else partial(work.grid.among, numbers=group)):
            work.repeats += judged.repeats
            for day in np.unique(work.grid.numbers(judged.kept.ts)).tolist():
                outs[day].write(*of_bucket(judged, day))
        work.runs += [out.close(buckets.name_of(day), division.own[day], hi) for day, out in outs.items()]
    if division.rest:
        lo = division.inputs[0].lo
        out = work.run(FAR, lo, hi)
        for judged in merge(folder, division.inputs, lambda ts: ~np.isin(work.grid.numbers(ts), days)):
            work.repeats += judged.repeats
            out.write(judged.kept, judged.conflicts)
        work.runs.append(out.close(FAR, lo, hi))
    return division.inputs


def of_bucket(judged: Judged, number: int) -> tuple[Columns, Conflicts]:
    """What is kept of a bucket, and what was set aside."""
    kept, aside = judged.kept, judged.conflicts
    grid, numbers = Grid(), np.array([number])
    chosen = grid.among(kept.ts, numbers)
    if chosen.all():
        return kept, aside
    mine = grid.among(aside.reading.ts, numbers)
    return kept.take(chosen), Conflicts(aside.reading.take(mine), aside.kept_value[mine], aside.kept_quality[mine])


def _count(folder: Path, runs: Sequence[Run], grid: Grid) -> dict[int, int]:
    """Readings per bucket (its number) in some runs."""
    total: dict[int, int] = {}
    for run in runs:
        for day, rows in _days(folder / run.file, run, grid).items():
            total[day] = total.get(day, 0) + rows
    return total


def _days(path: Path, run: Run, grid: Grid) -> dict[int, int]:
    if (number := grid.number(run.ts_min)) == grid.number(run.ts_max):
        return {number: run.rows}
    table = pq.read_table(path, columns=["ts"], use_threads=False)
    return grid.count(table.column("ts").to_numpy())


def _join(work: Work, task: Task) -> None:
    """Merge neighbouring runs of one bucket into one; with rollups when settling (a lone run is kept as it is)."""
    lo, hi = task.inputs[0].lo, max(run.hi for run in task.inputs)
    out = work.run(task.bucket, lo, hi) if len(task.inputs) > 1 else None
    rollup = work.rollup(task.bucket) if task.kind == "settle" else None
    for judged in merge(work.files.folder, task.inputs):
        work.repeats += judged.repeats
        if out is not None:
            out.write(judged.kept, judged.conflicts)
        if rollup is not None:
            rollup[0].write(judged.kept)
    run = out.close(task.bucket, lo, hi) if out is not None else task.inputs[0]
    work.runs.append(run)
    if rollup is not None:
        work.rollups.append(Rollup(task.bucket, run.file, rollup[1], rollup[2], rollup[0].close()))


READ_ERRORS = (OSError, pa.ArrowException)
"""What reading or writing Parquet raises; pyarrow's own input errors are OSErrors."""


def plan(
    manifest: Manifest, settings: StoreSettings, now_ms: int, settled: dict[str, int], all_of_it: bool
) -> Task | None:
    """The next worthwhile task, or None. ``settled``: when each day was last made one; ``all_of_it``: leave no
    parts and no day with several runs, whatever it costs."""
    parts = [run for run in manifest.runs if run.bucket == PART]
    days: dict[str, list[Run]] = {}
    for run in manifest.runs:
        if run.bucket not in (PART, FAR):
            days.setdefault(run.bucket, []).append(run)
    if parts and (len(parts) >= settings.fan or all_of_it):
        return _plan_parts(parts, days, settings, Grid.of(manifest, settings.by_slot))
    for bucket, runs in days.items():
        if few := _tier(runs):
            return Task("tier", few, bucket)
    for bucket, runs in sorted(days.items()):
        if _ripe(manifest, settings, bucket, runs, now_ms, settled, all_of_it):
            return Task("settle", tuple(runs), bucket)
    return None


def _plan_parts(parts: Sequence[Run], days: dict[str, list[Run]], settings: StoreSettings, grid: Grid) -> Task:
    """Only the oldest parts may move, so that ranges of a day stay in order."""
    buckets_of = [
        buckets.name_of(first) if (first := grid.number(run.ts_min)) == grid.number(run.ts_max) else "" for run in parts
    ]
    bucket = buckets_of[0]
    if bucket in days:
        same = next((i for i, other in enumerate(buckets_of) if other != bucket), len(parts))
        return Task("adopt", tuple(parts[:same]), bucket)
    return Task("split", tuple(parts[: 2 * settings.fan]))


def _tier(runs: Sequence[Run]) -> tuple[Run, ...]:
    """The newest runs of comparable size, at least four: each reading is rewritten about log₄(n) times."""
    total, start = runs[-1].rows, len(runs) - 1
    while start > 0 and runs[start - 1].rows <= 3 * total:
        start -= 1
        total += runs[start].rows
    if len(runs) - start >= 4:
        return tuple(runs[start:])
    return tuple(runs[-4:]) if len(runs) > 16 else ()


def _ripe(
    manifest: Manifest, settings: StoreSettings, bucket: str, runs: Sequence[Run],
    now_ms: int, settled: dict[str, int], all_of_it: bool,
) -> bool:  # fmt: skip
    """Whether a day is over, quiet, and not yet one file with rollups (or its rollups outlived its readings)."""
    rollup = next((r for r in manifest.rollups if r.bucket == bucket), None)
    if rollup is not None and not rollup.source:
        return False
    if len(runs) == 1 and rollup is not None and rollup.source == runs[0].file:
        return False
    span = buckets.span_of(bucket)
    if all_of_it:
        return True
    quiet = int(settings.settle_s * 1000)
    over = span is not None and now_ms > span[1] + quiet
    # A stamp ahead of the clock (it was set back) must not keep the day from settling.
    calm = not 0 <= now_ms - max(run.received_max for run in runs) <= quiet
    again = now_ms - settled.get(bucket, -(2**60)) > settings.resettle_s * 1000
    return over and calm and again
