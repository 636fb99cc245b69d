"""History from before the journal's first record: brought along from elsewhere, never judged by the engine."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np

from shoutu.sensing.store import buckets, compact
from shoutu.sensing.store.columns import Columns, Judged, concat, first_wins
from shoutu.sensing.store.files import Files
from shoutu.sensing.store.manifest import Manifest, Rollup
from shoutu.sensing.store.settings import StoreBlocked, StoreSettings

BEFORE = 0
"""The number all of it bears. The journal's first record is number 1, so that what came before wins a key."""


def lay_prehistory(folder: Path, columns: Columns, settings: StoreSettings | None = None) -> None:
    """Put readings into a store nobody has open, as the history from before its journal began; durable on return.

    Days but the last get their rollups at once. What an earlier call put in is replaced, so that whoever was
    interrupted simply does it again. Raises StoreBlocked when the directory is in use or cannot be written, and
    ValueError when the store has merged an earlier prehistory with what the journal told since.
    """
    settings = settings or StoreSettings()
    files = Files(folder)
    try:
        judged = first_wins(concat([columns]))
        with compact.working(files, settings) as work:
            work.grid = buckets.Grid.of(files.manifest, settings.by_slot)
            _write(work, judged)
            work.repeats += judged.repeats
            files.commit(lambda manifest: _replaced(manifest, work))
    except compact.READ_ERRORS as error:
        raise StoreBlocked(f"{folder}: history cannot be written ({error}); free space on this disk") from error
    finally:
        files.close()


def _write(work: compact.Work, judged: Judged) -> None:
    days = np.unique(work.grid.numbers(judged.kept.ts)).tolist()
    for day in days:
        bucket = buckets.name_of(day)
        kept, aside = compact.of_bucket(judged, day)
        out = work.run(bucket, BEFORE, BEFORE)
        out.write(kept, aside)
        run = out.close(bucket, BEFORE, BEFORE)
        work.runs.append(run)
        if day != days[-1]:
            rollup, minute, hour = work.rollup(bucket)
            rollup.write(kept)
            work.rollups.append(Rollup(bucket, run.file, minute, hour, rollup.close()))


def _replaced(manifest: Manifest, work: compact.Work) -> Manifest:
    old = {run.file for run in manifest.runs if run.hi == BEFORE}
    if any(run.lo == BEFORE and run.hi > BEFORE for run in manifest.runs):
        raise ValueError("the history from before the journal is merged with the journal's already; it stays as it is")
    kept = msgspec.structs.replace(
        manifest,
        runs=tuple(run for run in manifest.runs if run.file not in old),
        rollups=tuple(rollup for rollup in manifest.rollups if rollup.source not in old),
    )
    return compact.replace(kept, (), work)
