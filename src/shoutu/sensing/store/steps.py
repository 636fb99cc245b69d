"""Figures per interval: rollups where a day is one file, its readings where late or fresh ones are about."""

from __future__ import annotations

import numpy as np

from shoutu.sensing.store import buckets
from shoutu.sensing.store.columns import Columns, empty
from shoutu.sensing.store.manifest import Manifest, Rollup
from shoutu.sensing.store.query import Coarse, Engine, Steps, View
from shoutu.sensing.store.rollup import Figures, figures, restep
from shoutu.sensing.store.settings import HOUR_MS, MINUTE_MS


def whole_step(step: int) -> int:
    """A step of a minute or more is rounded up to whole minutes, so that rollups can answer it."""
    return step if step < MINUTE_MS else -(-step // MINUTE_MS) * MINUTE_MS


def steps(engine: Engine, view: View, point: int, start: int, end: int, limit: int, step: int, origin: int) -> Steps:
    """Up to ``limit`` intervals of a point that touch start ≤ ts < end; whole intervals are told.

    Where only rollups are left they are told, be they coarser than the step (``coarse``).
    """
    step = whole_step(step)
    low = (start - origin) // step * step + origin
    high = -(-(end - origin) // step) * step + origin
    pieces: list[Figures] = []
    # Rows are gathered at a grain that never spans two days, then joined into steps in order of time.
    even = step >= MINUTE_MS and origin % MINUTE_MS == 0
    hours = even and step % HOUR_MS == 0 and origin % HOUR_MS == 0
    grain = HOUR_MS if hours else MINUTE_MS if even else step
    rolled, late = _rolled(view, point, low, high, grain, even)
    for a, b in _stretches(low, high, rolled):
        if (a, b) in rolled:
            continue
        for c, d in view.slices(a, b):
            pieces.append(figures(view.judged([point], c, d).kept, grain, origin))
    told = engine.figures(list(rolled.values()), point, low, high)
    pieces += [told, _unrolled(late, told)]
    joined = Figures._make(np.concatenate(columns) for columns in zip(*pieces, strict=True))
    order = np.argsort(joined.start, kind="stable")
    found = _cut(restep(Figures._make(column[order] for column in joined), step, origin), step, limit)
    return found._replace(coarse=tuple(one for one in coarse(view.manifest, start, end) if one.step > step))


def coarse(manifest: Manifest, start: int, end: int) -> list[Coarse]:
    """Stretches within start ≤ ts < end of which only rollups are left, neighbours joined, in order of time."""
    found: list[Coarse] = []
    spans = ((buckets.span_of(rollup.bucket), rollup) for rollup in manifest.rollups if not rollup.source)
    for (low, high), rollup in sorted(((span, one) for span, one in spans if span), key=lambda pair: pair[0]):
        if low >= end or high <= start:
            continue
        one = Coarse(max(low, start), min(high, end), MINUTE_MS if rollup.minute else HOUR_MS)
        if found and found[-1].end == one.start and found[-1].step == one.step:
            one = Coarse(found.pop().start, *one[1:])
        found.append(one)
    return found


def _rolled(
    view: View, point: int, low: int, high: int, grain: int, even: bool
) -> tuple[dict[tuple[int, int], str], Columns]:
    """Stretches (start, end) between low and high whose rollup is to be told, with its file; and readings of them that
    came after their raw readings were gone, which no rollup knows.

    A rollup is told when it tells all there is of the point (and steps are ``even`` to it), or is all that is left.
    """
    manifest = view.manifest
    spans: dict[tuple[int, int], Rollup] = {}
    for rollup in manifest.rollups:
        span = buckets.span_of(rollup.bucket)
        if span is not None and low < span[1] and span[0] < high and (even or not rollup.source):
            spans[span] = rollup
    if not spans:
        return {}, empty()
    told = {rollup.source for rollup in spans.values()}
    others = [run for run in view.runs([point], low, high) if run.file not in told]
    fresh = view.judged_of(others, [point], low, high).kept
    rolled: dict[tuple[int, int], str] = {}
    late = np.zeros(fresh.rows, np.bool_)
    for (a, b), rollup in sorted(spans.items(), key=lambda pair: pair[0]):
        mine = (fresh.ts >= a) & (fresh.ts < b)
        if rollup.source and mine.any():
            continue
        # What came later lies between the minutes of the rollup: its hours could not be told from the readings.
        if file := _file(rollup, MINUTE_MS if mine.any() else grain):
            rolled[max(low, a), min(high, b)] = file
            if file == rollup.minute:
                late |= mine
    return rolled, fresh.take(late)


def _unrolled(late: Columns, told: Figures) -> Figures:
    """Figures of late readings in minutes of which the rollup tells nothing. In others they may be repeats of what is
    gone, which nobody can judge any more."""
    found = figures(late, MINUTE_MS)
    chosen = ~np.isin(found.start, told.start)
    return Figures._make(column[chosen] for column in found)


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
    return Steps._make([*(column[:limit] for column in f[1:]), step, after, ()])
