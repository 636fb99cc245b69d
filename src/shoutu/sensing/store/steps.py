"""Figures per interval: rollups where a day is one file, its readings where late or fresh ones are about."""

from __future__ import annotations

import numpy as np

from shoutu.sensing.store import buckets
from shoutu.sensing.store.manifest import Rollup
from shoutu.sensing.store.query import Engine, Steps, View
from shoutu.sensing.store.rollup import Figures, figures, restep
from shoutu.sensing.store.settings import DAY_MS, HOUR_MS, MINUTE_MS


def whole_step(step: int) -> int:
    """A step of a minute or more is rounded up to whole minutes, so that rollups can answer it."""
    return step if step < MINUTE_MS else -(-step // MINUTE_MS) * MINUTE_MS


def steps(engine: Engine, view: View, point: int, start: int, end: int, limit: int, step: int, origin: int) -> Steps:
    """Up to ``limit`` intervals of a point that touch start ≤ ts < end; whole intervals are told."""
    step = whole_step(step)
    low = (start - origin) // step * step + origin
    high = -(-(end - origin) // step) * step + origin
    pieces: list[Figures] = []
    # Rows are gathered at a grain that never spans two days, then joined into steps in order of time.
    even = step >= MINUTE_MS and origin % MINUTE_MS == 0
    hours = even and step % HOUR_MS == 0 and origin % HOUR_MS == 0
    grain = HOUR_MS if hours else MINUTE_MS if even else step
    rolled = _rolled_days(view, point, low, high, grain) if even else {}
    for a, b in _stretches(low, high, rolled):
        if (a, b) in rolled:
            continue
        for c, d in view.slices(a, b):
            pieces.append(figures(view.judged([point], c, d).kept, grain, origin))
    pieces.append(engine.figures(list(rolled.values()), point, low, high))
    joined = Figures._make(np.concatenate(columns) for columns in zip(*pieces, strict=True))
    order = np.argsort(joined.start, kind="stable")
    return _cut(restep(Figures._make(column[order] for column in joined), step, origin), step, limit)


def _rolled_days(view: View, point: int, low: int, high: int, grain: int) -> dict[tuple[int, int], str]:
    """Stretches (start, end) of days between low and high whose rollup tells all there is of the point: its file."""
    manifest = view.manifest
    by_day: dict[int, Rollup] = {}
    for rollup in manifest.rollups:
        day = buckets.bucket_day(rollup.bucket)
        if day is not None and low < (day + 1) * DAY_MS and day * DAY_MS < high:
            by_day[day] = rollup
    told = {rollup.source for rollup in by_day.values()}
    others = [run for run in view.runs([point], low, high) if run.file not in told]
    fresh = view.judged_of(others, [point], low, high).kept
    touched = set(np.unique(buckets.days_of(fresh.ts)).tolist())
    # Rollups that outlived their readings stay as they were; late readings are told by the raw history.
    return {
        (max(low, day * DAY_MS), min(high, (day + 1) * DAY_MS)): file
        for day, rollup in sorted(by_day.items())
        if (day not in touched or not rollup.source) and (file := _file(rollup, grain))
    }


def _file(rollup: Rollup, grain: int) -> str:
    """The finest file that serves a grain; hours stand in for minutes only when nothing finer is left."""
    if grain == HOUR_MS and rollup.hour:
        return rollup.hour
    return rollup.minute or ("" if rollup.source else rollup.hour)


def _stretches(low: int, high: int, rolled: dict[tuple[int, int], str]) -> list[tuple[int, int]]:
    """Low to high cut at the rolled days."""
    cuts, at = [], low
    for a, b in sorted(rolled):
        if at < a:
            cuts.append((at, a))
        cuts.append((a, b))
        at = b
    if at < high:
        cuts.append((at, high))
    return cuts


def _cut(f: Figures, step: int, limit: int) -> Steps:
    after = int(f.start[limit]) if f.rows > limit else None
    return Steps._make([*(column[:limit] for column in f[1:]), step, after])
