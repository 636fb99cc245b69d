"""Removing history by age. A bucket's raw readings go when all in it is older than the limit, by event time and by
the time it was received: a stamp from long ago is not a reason to delete what came in yesterday. Its rollups stay.

Raw readings go only once somebody has said what of them is evidence (``Kept``), and once their rollups are made.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from shoutu.sensing.store import compact
from shoutu.sensing.store.buckets import span_of
from shoutu.sensing.store.columns import Columns, Conflicts
from shoutu.sensing.store.files import Files
from shoutu.sensing.store.manifest import FAR, Manifest, Rollup, Run
from shoutu.sensing.store.merge import merge
from shoutu.sensing.store.settings import DAY_MS, HOUR_MS, StoreSettings


class Kept(NamedTuple):
    """Raw readings that must stay whatever their age, UTC ms, ends exclusive.

    ``points``: (point, start, end), of one point each; whole hours of what they touch are kept. ``everything``:
    (start, end), of all points.
    """

    points: Sequence[tuple[int, int, int]] = ()
    everything: Sequence[tuple[int, int]] = ()


class Due(NamedTuple):
    """A bucket whose raw readings are past their time: its only run, which its rollup was made from."""

    run: Run
    rollup: Rollup
    start: int
    end: int


def due(manifest: Manifest, settings: StoreSettings, now_ms: int) -> list[Due]:
    """Buckets whose raw readings are older than ``raw_hours``; none without that setting.

    A bucket that is not yet one file with rollups is not due: it is made so first.
    """
    if settings.raw_hours is None:
        return []
    limit = now_ms - settings.raw_hours * HOUR_MS
    runs: dict[str, list[Run]] = {}
    for run in manifest.runs:
        runs.setdefault(run.bucket, []).append(run)
    found = []
    for rollup in manifest.rollups:
        mine, span = runs.get(rollup.bucket, []), span_of(rollup.bucket)
        if span is None or [run.file for run in mine] != [rollup.source] or not (rollup.minute or rollup.hour):
            continue
        if span[1] <= limit and mine[0].received_max < limit:
            found.append(Due(mine[0], rollup, *span))
    return sorted(found, key=lambda one: one.start)


def forget(files: Files, settings: StoreSettings, one: Due, kept: Kept) -> bool:
    """Remove a bucket's raw readings but for what is kept. False when all of it is; raises as ``compact.perform``."""
    if any(start < one.end and end > one.start for start, end in kept.everything):
        return False
    spans = sorted(
        (point, start // HOUR_MS * HOUR_MS, -(-end // HOUR_MS) * HOUR_MS)
        for point, start, end in kept.points
        if start < one.end and end > one.start and one.run.point_min <= point <= one.run.point_max
    )
    with files.hold(lambda: None), compact.working(files, settings) as work:
        if spans:
            _write_kept(work, one.run, spans)
        held = sum(run.rows for run in work.runs)
        gone = one.run.rows + one.run.aside_rows - held - sum(run.aside_rows for run in work.runs)

        def forgotten(now: Manifest) -> Manifest:
            left = compact.replace(now, [one.run], work)
            rolled = msgspec.structs.replace(one.rollup, source="")
            return msgspec.structs.replace(
                left,
                rollups=tuple(rolled if rollup == one.rollup else rollup for rollup in left.rollups),
                expired=left.expired + gone,
                held=left.held + held,
            )

        files.commit(forgotten)
    return True


def _write_kept(work: compact.Work, run: Run, spans: Sequence[tuple[int, int, int]]) -> None:
    out = None
    for judged in merge(work.files.folder, [run]):
        kept = judged.kept.take(_within(judged.kept, spans))
        aside = judged.conflicts
        if not kept.rows:
            continue
        mine = _within(aside.reading, spans)
        if out is None:
            out = work.run(run.bucket, run.lo, run.hi)
        out.write(kept, Conflicts(aside.reading.take(mine), aside.kept_value[mine], aside.kept_quality[mine]))
    if out is not None:
        work.runs.append(out.close(run.bucket, run.lo, run.hi))


def _within(rows: Columns, spans: Sequence[tuple[int, int, int]]) -> NDArray[np.bool_]:
    """Which rows, sorted by (point, ts), lie in one of the spans."""
    mask = np.zeros(rows.rows, np.bool_)
    if not rows.rows:
        return mask
    first, last = int(rows.point[0]), int(rows.point[-1])
    for point, start, end in spans:
        if first <= point <= last:
            low, high = np.searchsorted(rows.point, [point, point + 1])
            begin, stop = np.searchsorted(rows.ts[low:high], [start, end])
            mask[low + begin : low + stop] = True
    return mask


def without_expired(manifest: Manifest, settings: StoreSettings, now_ms: int) -> Manifest:
    """The manifest without rollups and the far file where they are too old; the same object when there are none."""
    runs = list(_expired_far(manifest, settings, now_ms))
    names = {run.file for run in runs}
    rollups = tuple(left for rollup in manifest.rollups if (left := _rollup_left(rollup, settings, now_ms)) is not None)
    if not runs and rollups == manifest.rollups:
        return manifest
    return msgspec.structs.replace(
        manifest,
        runs=tuple(run for run in manifest.runs if run.file not in names),
        rollups=rollups,
        expired=manifest.expired + sum(run.rows + run.aside_rows for run in runs),
    )


def _expired_far(manifest: Manifest, settings: StoreSettings, now_ms: int) -> Iterator[Run]:
    raw = None if settings.raw_hours is None else settings.raw_hours * HOUR_MS
    limits = (raw, *(days and days * DAY_MS for days in (settings.minute_days, settings.hour_days)))
    if None in limits:
        return
    longest = max(limit for limit in limits if limit is not None)
    for run in manifest.runs:
        if run.bucket == FAR and max(run.ts_max, run.received_max) < now_ms - longest:
            yield run


def _rollup_left(rollup: Rollup, settings: StoreSettings, now_ms: int) -> Rollup | None:
    span = span_of(rollup.bucket)
    age = now_ms - (span[1] if span is not None else 0)
    # While the readings are there, an old rollup is left in place: without it the day would be rolled up again.
    old = [days is not None and age > days * DAY_MS for days in (settings.minute_days, settings.hour_days)]
    minute = "" if old[0] and not rollup.source else rollup.minute
    hour = "" if old[1] and not rollup.source else rollup.hour
    if not minute and not hour:
        return None
    return msgspec.structs.replace(rollup, minute=minute, hour=hour)
