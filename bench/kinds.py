"""The engine alone by kind of rule: readings per second on one core and on two, and memory per point.

10,000 points, fifty a site; every point has one rule of the kind, under ``all`` one of each (and each site a composite
of its points), under ``all_but_anomaly`` all but that. Before it is timed every point has heard a day, a reading every
five minutes, so that windows are full; then one reading of every point every 20 s, in batches of 10,000 in order of
point, one in a thousand above a threshold for a minute. ``two_cores``: two processes with half of the sites each,
readings of both over the time of the slower. ``state_bytes``: the engine's arrays, per point; ``rss_bytes``: by how
much the process has grown by rule set and engine, per point. Alone: ``python -m bench.kinds [REPEATS [POINTS]]``.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import statistics
import sys
import time
from collections.abc import Iterable
from ctypes import CDLL
from typing import Any

import numpy as np

from shoutu.engine import Engine, RuleSet, warm_up

POINTS, PER_SITE, BATCH, READINGS = 10_000, 50, 10_000, 2_000_000
STEP_MS, WARM_STEP_MS, WARM_STEPS = 20_000, 300_000, 288
START = 1_793_500_000_000
PARAMS: dict[str, dict[str, Any]] = {
    "threshold": {"levels": {"1": 3.2, "2": 3.6, "3": 4.0, "4": 4.5}, "hysteresis": 0.2, "raise_for_s": 20},
    "rate": {"levels": {"2": 30.0, "4": 60.0}, "window_s": 3600, "interval_s": 300, "min_samples": 4},
    "stuck": {"window_s": 1800, "tolerance": 0.001},
    "implausible": {},
    "no_data": {"intervals": 3},
    "accumulation": {"levels": {"2": 1e6, "4": 2e6}, "window_s": 86_400, "bucket_s": 3_600},
    "quota": {"levels": {"2": 1e7, "4": 2e7}, "period": "month"},
    "forecast": {"levels": {"2": 24.0, "4": 2.0}, "target": 9.0, "window_s": 21_600, "interval_s": 600},
    "anomaly": {"levels": {"2": 3000.0}},
}
COMPOSITES = 1 << 30
"""Their ids begin here."""
LADDER = [{"level": 1, "count": 4, "to": 2}, {"level": 2, "count": 3, "to": 3}, {"level": 3, "count": 2, "to": 4}]
SETS: dict[str, tuple[str, ...]] = {
    "nothing": (),
    **{kind: (kind,) for kind in PARAMS},
    "composite": ("threshold", "composite"),
    "all_but_anomaly": (*(kind for kind in PARAMS if kind != "anomaly"), "composite"),
    "all": (*PARAMS, "composite"),
}


def ruleset(kinds: Iterable[str], points: int = POINTS, first: int = 0) -> RuleSet:
    """``points`` points from number ``first`` on, each with one rule of every kind; two sources a site."""
    of_points = [kind for kind in kinds if kind != "composite"]
    rows = (
        {"id": i + 1, "source": i // 25 + 1, "site": i // PER_SITE + 1, "item": "level", "unit": "m",
         "interval_s": 20.0, "low": -50.0, "high": 50.0, "danger": "high"}
        for i in range(first, first + points)
    )  # fmt: skip
    rules = [
        {"id": i * len(PARAMS) + k + 1, "version": 1, "point": i + 1, "kind": kind, "params": PARAMS[kind]}
        for i in range(first, first + points)
        for k, kind in enumerate(of_points)
    ]
    if "composite" in kinds:
        params = {"form": "ladder", "items": ["level"], "steps": LADDER}
        rules += [
            {"id": COMPOSITES + site, "version": 1, "site": site + 1, "kind": "composite", "params": params}
            for site in range(first // PER_SITE, -(-(first + points) // PER_SITE))
        ]
    return RuleSet.from_catalog([], rows, rules)


def columns(rng: np.random.Generator, ids: Any, base: int, step: int) -> tuple[Any, ...]:
    """One reading of each of these points about ``base``; those whose turn it is stand above a threshold."""
    above = (ids.astype(np.int64) + step // 3) % 1000 == 0
    ts = base + (ids.astype(np.int64) * 7919) % 1000
    value = np.where(above, 3.8, rng.normal(0.0, 0.5, len(ids)))
    return ids, ts, ts + 150, value, np.zeros(len(ids), np.uint8)


def warmed(rules: RuleSet, ids: Any) -> tuple[Engine, int]:
    """An engine whose points have a day behind them, and the next number of its journal."""
    engine, rng, seq = Engine(), np.random.default_rng(1), 1
    engine.switch(0, rules)
    for step in range(WARM_STEPS if rules.rules else 1):
        engine.readings(seq, *columns(rng, ids, START - (WARM_STEPS - step) * WARM_STEP_MS, 0))
        seq += len(ids)
        engine.tick(seq, START - (WARM_STEPS - step) * WARM_STEP_MS + 2_000)
        seq += 1
    return engine, seq


def timed(kinds: tuple[str, ...], points: int, first: int, readings: int, gate: Any = None) -> tuple[float, int]:
    """Seconds, ticks included (one each 20 s of the readings' time), and signals of one pass."""
    warm_up()
    ids = np.arange(first + 1, first + points + 1, dtype=np.int32)
    engine, seq = warmed(ruleset(kinds, points, first), ids)
    rng = np.random.default_rng(7)
    size = min(BATCH, points)
    work = []
    for at in range(max(1, readings // size)):
        step, part = divmod(at, max(1, points // size))
        work.append((columns(rng, ids[part * size : (part + 1) * size], START + step * STEP_MS, step), step))
    gc.collect()
    if gate is not None:
        gate.wait()
    begun, signals, last = time.perf_counter(), 0, 0
    for batch, step in work:
        signals += len(engine.readings(seq, *batch))
        seq += len(batch[0])
        if step != last:
            signals += len(engine.tick(seq, START + step * STEP_MS + 1_200))
            seq, last = seq + 1, step
    return time.perf_counter() - begun, signals


def _half(kinds: tuple[str, ...], points: int, first: int, readings: int, gate: Any, out: Any) -> None:
    out.put(timed(kinds, points, first, readings, gate))


def two_cores(kinds: tuple[str, ...], points: int, readings: int) -> float:
    """Readings per second of two processes with half of the sites each, over the time of the slower."""
    context = multiprocessing.get_context("spawn")
    gate, out = context.Barrier(2), context.Queue()
    half = points // PER_SITE // 2 * PER_SITE
    parts = [(0, half), (half, points - half)]
    processes = [
        context.Process(target=_half, args=(kinds, count, first, readings * count // points, gate, out))
        for first, count in parts
    ]
    for process in processes:
        process.start()
    slowest = max(out.get(timeout=600)[0] for _ in processes)
    for process in processes:
        process.join(60)
    return readings / slowest


def resident() -> int:
    """Bytes of this process in memory, after giving back what is free."""
    gc.collect()
    CDLL(None).malloc_trim(0)
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def _memory(kinds: tuple[str, ...], points: int, out: Any) -> None:
    warm_up()
    ids = np.arange(1, points + 1, dtype=np.int32)
    batch = columns(np.random.default_rng(1), ids, START, 0)
    before = resident()
    engine = Engine()
    engine.switch(0, ruleset(kinds, points))
    engine.readings(1, *batch)
    engine.tick(points + 1, START + 2_000)
    grown = resident() - before
    state = sum(array.nbytes for array in engine._state.arrays) + engine._state.ids.nbytes + engine._state.lookup.nbytes
    out.put({"state_bytes": round(state / points), "rss_bytes": round(grown / points)})


def memory(kinds: tuple[str, ...], points: int) -> dict[str, int]:
    """Bytes per point of the engine's arrays, and of all that rule set and engine take, in a process of their own."""
    context = multiprocessing.get_context("spawn")
    out = context.Queue()
    process = context.Process(target=_memory, args=(kinds, points, out))
    process.start()
    found: dict[str, int] = out.get(timeout=600)
    process.join(60)
    return found


def run(repeats: int = 5, points: int = POINTS, readings: int = READINGS) -> dict[str, Any]:
    """Medians of ``repeats`` passes for each set of kinds."""
    found: dict[str, Any] = {"points": points, "readings": readings}
    for name, kinds in SETS.items():
        passes = [timed(kinds, points, 0, readings) for _ in range(repeats)]
        one = readings / statistics.median(seconds for seconds, _ in passes)
        both = statistics.median(two_cores(kinds, points, readings) for _ in range(repeats))
        found[name] = {
            "per_s": round(one), "two_cores_per_s": round(both), "signals": passes[0][1], **memory(kinds, points),
        }  # fmt: skip
        print(f"{name}: {found[name]}", file=sys.stderr, flush=True)
    return found


if __name__ == "__main__":
    json.dump(run(*(int(one) for one in sys.argv[1:])), sys.stdout, indent=1)
