"""The engine alone: 10,000 points of five rule kinds each, batches of 10,000 readings, on one core.

Every point has a threshold (four levels, hysteresis, hold), a rate, a stuck, an implausible and a no-data rule.
Readings come every 20 s per point with noise; at any time one point in a thousand stands above a threshold for a
minute, so that holds, signals and clears are part of the work. ``sorted``: each batch has one reading of every point,
in order of point; ``random``: the same in random order; ``runs``: each batch has 100 points with 100 readings each.
Run alone it writes JSON to standard output: ``python -m bench.engine``.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from typing import Any

import numpy as np

from shoutu.engine import Engine, RuleSet, warm_up

POINTS = 10_000
BATCH = 10_000
BATCHES = 200
STEP_MS = 20_000
START = 1_793_500_000_000


def ruleset(points: int = POINTS) -> RuleSet:
    """Five kinds of rule for every point, fifty points a site, two sources a site."""
    rows = [
        {"id": i + 1, "source": i // 25 + 1, "site": i // 50 + 1, "item": "level", "unit": "m", "interval_s": 20.0,
         "low": -50.0, "high": 50.0, "danger": "high"}
        for i in range(points)
    ]  # fmt: skip
    kinds: list[tuple[str, dict[str, Any]]] = [
        ("threshold", {"levels": {"1": 3.2, "2": 3.6, "3": 4.0, "4": 4.5}, "hysteresis": 0.2, "raise_for_s": 20}),
        ("rate", {"levels": {"2": 30.0, "4": 60.0}, "window_s": 3600, "interval_s": 300, "min_samples": 4}),
        ("stuck", {"window_s": 1800, "tolerance": 0.001}),
        ("implausible", {}),
        ("no_data", {"intervals": 3}),
    ]
    rules = [
        {"id": i * 5 + k + 1, "version": 1, "point": i + 1, "kind": kind, "params": params}
        for i in range(points)
        for k, (kind, params) in enumerate(kinds)
    ]
    return RuleSet.from_catalog([], rows, rules)


def batches(order: str, count: int, seed: int = 7) -> list[tuple[Any, ...]]:
    """``count`` batches as columns, in the order named."""
    rng = np.random.default_rng(seed)
    made = []
    quality = np.zeros(BATCH, np.uint8)
    if order == "runs":
        return [_run_batch(rng, at) for at in range(count)]
    for at in range(count):
        ids = np.arange(1, BATCH + 1, dtype=np.int32)
        if order == "random":
            rng.shuffle(ids)
        ts = START + at * STEP_MS + (ids.astype(np.int64) * 7919) % 1000
        made.append((ids, ts, ts + 150, _values(rng, ids, np.full(BATCH, at)), quality))
    return made


def _run_batch(rng: np.random.Generator, at: int) -> tuple[Any, ...]:
    ids = np.repeat(np.arange(100, dtype=np.int32) + 1 + at % 100 * 100, 100)
    ts = START + (at // 100 * 100 + np.tile(np.arange(100, dtype=np.int64), 100)) * STEP_MS
    return ids, ts, ts + 150, _values(rng, ids, (ts - START) // STEP_MS), np.zeros(BATCH, np.uint8)


def _values(rng: np.random.Generator, ids: Any, step: Any) -> Any:
    above = (ids.astype(np.int64) + step // 3) % 1000 == 0
    return np.where(above, 3.8, rng.normal(0.0, 0.5, BATCH))


def measure(order: str, count: int = BATCHES) -> tuple[float, int]:
    """Readings per second, and how many signals, of one pass after 20 batches of warming."""
    engine = Engine()
    engine.switch(0, ruleset())
    work, signals, seq = batches(order, count + 20), 0, 1
    begun = 0.0
    for at, batch in enumerate(work):
        if at == 20:
            begun = time.perf_counter()
        signals += len(engine.readings(seq, *batch))
        seq += BATCH
    return count * BATCH / (time.perf_counter() - begun), signals


def run(repeats: int = 5) -> dict[str, Any]:
    """Medians of ``repeats`` passes: readings per second by order, tick and switch times, checkpoint size."""
    begun = time.perf_counter()
    warm_up()
    result: dict[str, Any] = {
        "points": POINTS, "rules": POINTS * 5, "batch": BATCH, "warm_up_s": round(time.perf_counter() - begun, 3)
    }  # fmt: skip
    for order in ("sorted", "random", "runs"):
        passes = [measure(order) for _ in range(repeats)]
        result[f"{order}_per_s"] = round(statistics.median(rate for rate, _ in passes))
        result[f"{order}_signals"] = passes[0][1]
    result.update(_others(repeats))
    return result


def _others(repeats: int) -> dict[str, Any]:
    engine, rules = Engine(), ruleset()
    times: dict[str, list[float]] = {
        "switch_ms": [],
        "tick_ms": [],
        "snapshot_ms": [],
        "restore_ms": [],
        "single_us": [],
    }
    for at in range(repeats):
        clock = [time.perf_counter()]
        engine.switch(0, rules)
        clock.append(time.perf_counter())
        for k in range(10):
            engine.tick(k, START + k * 1000)
        clock.append(time.perf_counter())
        blob = engine.snapshot()
        clock.append(time.perf_counter())
        Engine.restore(blob)
        clock.append(time.perf_counter())
        for k in range(1000):
            engine.readings(100 + k, [k % POINTS + 1], [START + at * STEP_MS + k], START + at * STEP_MS, [0.1], [0])
        clock.append(time.perf_counter())
        gaps = np.diff(clock) * 1000
        for name, gap, scale in zip(times, gaps, (1, 0.1, 1, 1, 1), strict=True):
            times[name].append(float(gap) * scale)
    medians = {name: round(statistics.median(values), 3) for name, values in times.items()}
    return {**medians, "snapshot_bytes": len(blob)}


if __name__ == "__main__":
    json.dump(run(), sys.stdout, indent=2)
    print()
