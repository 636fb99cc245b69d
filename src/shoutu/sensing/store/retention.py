"""Removing history by age. A file goes when every reading in it is older than its limit, by event time and by
the time it was received: a stamp from long ago is not a reason to delete what came in yesterday."""

from __future__ import annotations

import msgspec

from shoutu.sensing.store.buckets import bucket_day
from shoutu.sensing.store.manifest import FAR, PART, Manifest, Rollup, Run
from shoutu.sensing.store.settings import DAY_MS, StoreSettings


def expired_runs(manifest: Manifest, settings: StoreSettings, now_ms: int) -> list[Run]:
    """Runs of whole days, and the far file, whose time is over."""
    limits = (settings.raw_days, settings.minute_days, settings.hour_days)
    longest = None if None in limits else max(days for days in limits if days is not None)
    gone = []
    for run in manifest.runs:
        days = longest if run.bucket == FAR else settings.raw_days
        if run.bucket != PART and days is not None and max(run.ts_max, run.received_max) < now_ms - days * DAY_MS:
            gone.append(run)
    return gone


def without_expired(manifest: Manifest, settings: StoreSettings, now_ms: int) -> Manifest:
    """The manifest without files that are too old; the same object when there are none."""
    runs = expired_runs(manifest, settings, now_ms)
    names = {run.file for run in runs}
    rollups = tuple(
        left for rollup in manifest.rollups if (left := _rollup_left(rollup, settings, now_ms, names)) is not None
    )
    if not runs and rollups == manifest.rollups:
        return manifest
    return msgspec.structs.replace(
        manifest,
        runs=tuple(run for run in manifest.runs if run.file not in names),
        rollups=rollups,
        expired=manifest.expired + sum(run.rows + run.aside_rows for run in runs),
    )


def _rollup_left(rollup: Rollup, settings: StoreSettings, now_ms: int, gone: set[str]) -> Rollup | None:
    day = bucket_day(rollup.bucket)
    age = now_ms - ((day or 0) + 1) * DAY_MS
    source = "" if rollup.source in gone else rollup.source
    old_minute = settings.minute_days is not None and age > settings.minute_days * DAY_MS
    old_hour = settings.hour_days is not None and age > settings.hour_days * DAY_MS
    # While the readings are there, an old rollup is left in place: without it the day would be rolled up again.
    minute = "" if old_minute and not source else rollup.minute
    hour = "" if old_hour and not source else rollup.hour
    if not minute and not hour:
        return None
    return msgspec.structs.replace(rollup, source=source, minute=minute, hour=hour)
