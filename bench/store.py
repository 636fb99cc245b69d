"""The history store alone: adding, flushing, merging, and asking for one point's day out of 20 million readings.

10,000 points with 2,000 readings each over one UTC day, offered in batches of 10,000 in order of time, as the
journal hands them over. ``random``: values no encoding can shorten; ``rounded``: two decimals, as sensors send.
Run alone it writes JSON to standard output: ``python -m bench.store``.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from shoutu.sensing.store import Store

POINTS = 10_000
BATCH = 10_000
READINGS = 20_000_000
DAY_MS = 86_400_000
START = 1_793_491_200_000  # 2026-11-01T00:00:00Z
ASKED = 100


def batch(at: int, count: int, rounded: bool, rng: np.random.Generator) -> tuple[Any, ...]:
    """One reading of every point."""
    point = np.arange(1, POINTS + 1, dtype=np.int32)
    ts = START + at * (DAY_MS // count) + point.astype(np.int64) * 7919 % 4000
    value = rng.normal(5.0, 1.0, POINTS)
    return point, ts, ts + 150, np.round(value, 2) if rounded else value, np.zeros(POINTS, np.uint8)


def fill(store: Store, readings: int, rounded: bool) -> dict[str, float]:
    """Add and flush; readings per second of adding alone, and of adding with all flushes until durable."""
    rng, batches = np.random.default_rng(7), readings // BATCH
    whole = adding = 0.0
    for at in range(batches):
        columns = batch(at, batches, rounded, rng)
        before = store.flush_seconds
        begun = time.perf_counter()
        store.add(at * BATCH + 1, *columns)
        spent = time.perf_counter() - begun
        whole += spent
        adding += spent - (store.flush_seconds - before)
    begun = time.perf_counter()
    store.flush()
    whole += time.perf_counter() - begun
    return {"add_readings_per_s": readings / adding, "add_and_flush_readings_per_s": readings / whole}


def ask(store: Store, label: str) -> dict[str, float]:
    """Milliseconds to get one point's whole day, over points chosen at random."""
    rng, spent = np.random.default_rng(3), []
    for point in rng.integers(1, POINTS + 1, ASKED).tolist():
        begun = time.perf_counter()
        found = store.query(point, START, START + DAY_MS, 100_000)
        spent.append((time.perf_counter() - begun) * 1000)
        if len(found.ts) != READINGS // POINTS:
            raise RuntimeError(f"point {point}: {len(found.ts)} readings instead of {READINGS // POINTS}")
    spent.sort()
    return {f"{label}_p50_ms": statistics.median(spent), f"{label}_p99_ms": spent[int(len(spent) * 0.99)]}


def once(rounded: bool) -> dict[str, float]:
    """One whole life of 20 million readings."""
    with tempfile.TemporaryDirectory(prefix="shoutu-bench-") as folder:
        store = Store(Path(folder))
        found = fill(store, READINGS, rounded)
        found |= ask(store, "day_of_point_unmerged")
        begun = time.perf_counter()
        store.settle(START + 3 * DAY_MS)
        found["merge_and_roll_up_readings_per_s"] = READINGS / (time.perf_counter() - begun)
        found |= ask(store, "day_of_point")
        begun = time.perf_counter()
        for point in range(1, 101):
            store.query(point, START, START + DAY_MS, 1440, 60_000)
        found["day_in_minutes_ms"] = (time.perf_counter() - begun) * 10
        found["bytes_per_reading"] = sum(run.size for run in store._files.manifest.runs) / READINGS
        store.close()
    return found


def run(repeats: int = 5) -> dict[str, Any]:
    """Medians of ``repeats`` runs, by kind of values."""
    result: dict[str, Any] = {}
    for kind in ("rounded", "random"):
        runs = [once(kind == "rounded") for _ in range(repeats)]
        result[kind] = {name: statistics.median(r[name] for r in runs) for name in runs[0]}
    return result


if __name__ == "__main__":
    json.dump(run(int(sys.argv[1]) if len(sys.argv) > 1 else 5), sys.stdout, indent=1)
