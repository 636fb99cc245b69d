"""Backtests of one rule of each kind over a million readings of a point, as the face asks for them.

The store holds a reading every 10 s: a day's swing and noise, and a rise half way. Each kind is asked twice: as it is
in force alone (``now``), and with the sweep of thresholds behind the slider (``sweep``: 22 variants, of the anomaly,
which learns anew for each, 6). Both are medians of five, seconds by the clock, from the question to the answer, the
reading out of the store included; only the trip over HTTP is not. Nothing is shown of a forecast of movement that does
not happen. ``python -m bench.backtest 20000`` runs it once over so many readings, to see that it works.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from shoutu.engine.backtest import FACTORS, scaled
from shoutu.engine.params import ParamError
from shoutu.sensing.backtest import BacktestAsked, backtest
from shoutu.sensing.store import Store
from shoutu.sensing.store.settings import StoreSettings

READINGS = 1_000_000
RUNS = 5
STEP_MS = 10_000
NOW = 1_790_000_000_000
LEARNING = (0.5, 0.75, 1.0, 1.25, 1.5)
KINDS: dict[str, dict[str, Any]] = {
    "threshold": {"levels": {"1": 14.0, "2": 15.0, "3": 17.0, "4": 20.0}, "hysteresis": 0.5, "raise_for_s": 60},
    "rate": {"levels": {"2": 3.0, "4": 6.0}, "window_s": 3600, "interval_s": 300, "min_samples": 6},
    "accumulation": {"levels": {"1": 100_000.0, "4": 130_000.0}, "window_s": 86_400, "bucket_s": 3600, "form": "sum"},
    "quota": {"levels": {"1": 2_400_000.0, "4": 3_000_000.0}, "period": "month", "form": "sum"},
    "forecast": {"levels": {"1": 12.0, "2": 3.0}, "target": 20.0, "window_s": 7200, "interval_s": 300},
    "anomaly": {"levels": {"1": 30_000, "2": 300_000}},
}


def filled(store: Store, readings: int) -> None:
    """A point's history, ending at ``NOW``."""
    at = np.arange(readings)
    value = 10 + np.sin(2 * np.pi * at * STEP_MS / 86_400_000) + np.random.default_rng(5).normal(0, 1, readings)
    rise = slice(readings // 2, readings // 2 + readings // 250)
    value[rise] += np.linspace(0, 12, rise.stop - rise.start)
    ts = NOW - (readings - at.astype(np.int64)) * STEP_MS
    for start in range(0, readings, 50_000):
        part = slice(start, min(start + 50_000, readings))
        count = part.stop - part.start
        store.add(
            start + 1, np.full(count, 7, np.int32), ts[part], ts[part] + 500, value[part], np.zeros(count, np.uint8)
        )
        store.mark(part.stop)
    store.flush()


def asked(kind: str, readings: int, *, swept: bool) -> BacktestAsked:
    """One rule over the whole history, with an event at the end of the rise."""
    variants = [KINDS[kind]]
    for factor in (LEARNING if kind == "anomaly" else FACTORS) if swept else ():
        try:
            variants.append(scaled(kind, KINDS[kind], factor))
        except ParamError:  # rarer than the detector can tell
            continue
    slide = NOW - (readings - readings // 2 - readings // 250) * STEP_MS
    return msgspec.convert(
        {"point": {"id": 7, "source": 2, "site": 3, "interval_s": STEP_MS / 1000}, "kind": kind, "variants": variants,
         "events": [(slide, slide, "slide")], "start": NOW - readings * STEP_MS, "end": NOW},
        BacktestAsked,
    )  # fmt: skip


def seconds(store: Store, body: BacktestAsked, runs: int) -> float:
    """From the question to the answer, the median."""
    took = []
    for _run in range(runs):
        begun = time.perf_counter()
        told = backtest(store, body)
        took.append(time.perf_counter() - begun)
        assert told["next"] is None
    return round(statistics.median(took), 4)


def run(readings: int = READINGS, runs: int = RUNS) -> dict[str, Any]:
    """``{kind: {"now_s", "sweep_s", "variants"}}``, and the slowest of them."""
    with tempfile.TemporaryDirectory(prefix="shoutu-bench-") as folder:
        store = Store(Path(folder) / "store", StoreSettings())
        try:
            filled(store, readings)
            figures: dict[str, Any] = {"readings": readings}
            for kind in KINDS:
                backtest(store, asked(kind, min(readings, 5000), swept=False))  # compiled
                sweep = asked(kind, readings, swept=True)
                figures[kind] = {
                    "now_s": seconds(store, asked(kind, readings, swept=False), runs),
                    "sweep_s": seconds(store, sweep, runs),
                    "variants": len(sweep.variants),
                }
                print(f"{kind}: {figures[kind]}", file=sys.stderr, flush=True)
        finally:
            store.close()
    return {
        **figures,
        "slowest_now_s": max(figures[kind]["now_s"] for kind in KINDS),
        "slowest_sweep_s": max(figures[kind]["sweep_s"] for kind in KINDS if kind != "anomaly"),
    }


if __name__ == "__main__":
    given = int(sys.argv[1]) if len(sys.argv) > 1 else READINGS
    print(json.dumps(run(given, 1 if len(sys.argv) > 1 else RUNS), indent=1))
