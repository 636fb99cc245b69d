"""What the engine says to one hour of readings after its newest checkpoint: the same before and after an upgrade."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from shoutu.sensing.catalog import Catalog
from shoutu.sensing.checkpoint import Checkpoints
from shoutu.sensing.core_latest import Latest
from shoutu.sensing.core_rules import Watch
from shoutu.sensing.journal_records import Readings

STEP_MS = 10_000
STEPS = 360
COURSE = (1.0, 1.0, 1.3, 1.3, 1.3, 2.0, 1.0, 0.4, 0.4, 1.0)
"""What a point's last value is multiplied by, six minutes each: up over limits, down under others, and back."""


def going_on(sensing: Path) -> list[dict[str, Any]]:
    """The signals, in order. Raises StopIteration without a checkpoint, ValueError where it is not of this version."""
    kept = next(iter(Checkpoints(sensing / "checkpoint").load()))
    watch = Watch.restore(kept.engine, Catalog.decode(kept.catalog))
    watch.shard = 1
    latest = Latest.load(kept.latest)
    known = [(point, told) for point in sorted(watch.catalog.points) if (told := latest.get(point)) is not None]
    points = np.array([point for point, _ in known], np.int32)
    last = np.array([told["value"] for _, told in known], float)
    quality = np.zeros(len(points), np.uint8)
    seq, tick = kept.facts.seq, kept.facts.tick
    found: list[dict[str, Any]] = []
    for step in range(STEPS):
        tick += STEP_MS
        times = np.full(len(points), tick, np.int64)
        value = last * COURSE[step * len(COURSE) // STEPS]
        found += watch.readings(Readings(seq, points, times, times, value, quality))
        seq += len(points)
        found += watch.tick(seq, tick)
        seq += 1
    return found
