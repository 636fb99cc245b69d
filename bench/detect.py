"""The detector of the unlike over the Numenta Anomaly Benchmark, by the scorer that lies beside the data.

Nothing is chosen by the labels here: one setting and the detector's own alarm level for all files. ``as_it_is`` is
flattered by the search that found the setting (docs/detector.md tells how much); ``noise_0001`` and ``noise_001``,
with noise of 0.1 and 1 % of a file's deviation, are the honest figures, and so is ``split``: alarm level and pause
chosen anew on one part of the files and scored on the other (``bench.detect_split``). The data is not part of this
repository: it is looked for in ``SHOUTU_NAB``, else in ``../shared/data/nab`` (``data/``,
``labels/combined_windows.json``, ``score.py``); where it is not, the bench is skipped and says so. Alone:
``python -m bench.detect``.
"""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import statistics
import sys
import tempfile
import time
from datetime import UTC
from pathlib import Path
from typing import Any

import numpy as np

from bench import detect_split
from bench.machine import ROOT
from shoutu.detecting import detect
from shoutu.engine import anomaly

PARTS = ("data", "labels/combined_windows.json", "score.py")
SEEDS = (1, 2, 3)


def place() -> Path:
    """Where the benchmark's data should lie."""
    return Path(os.environ.get("SHOUTU_NAB") or ROOT.parent / "shared" / "data" / "nab")


def run() -> dict[str, Any]:
    """Scores at the fixed level, and values a second; or why there are none."""
    home = place()
    missing = [part for part in PARTS if not (home / part).exists()]
    if missing:
        told = f"skipped: {home} lacks {', '.join(missing)}; set SHOUTU_NAB to where the benchmark's data lies"
        print(told, file=sys.stderr)
        return {"skipped": told}
    spec = importlib.util.spec_from_file_location("nab_score", home / PARTS[2])
    assert spec is not None
    assert spec.loader is not None
    scorer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(scorer)
    labels = json.loads((home / PARTS[1]).read_text("utf-8"))
    noisy = {
        name: statistics.median(_scored(scorer, home / "data", labels, share, seed) for seed in SEEDS)
        for name, share in (("noise_0001", 0.001), ("noise_001", 0.01))
    }
    return {
        "as_it_is": _scored(scorer, home / "data", labels, 0.0, 0), **noisy,
        **detect_split.measured(scorer, home / "data", labels),
        "values_per_s": _speed(home / "data"), "files": len(labels),
    }  # fmt: skip


def _scored(scorer: Any, data: Path, labels: Any, share: float, seed: int) -> float:
    """The benchmark's score of the whole corpus, alarms alone: no threshold is sought."""
    with tempfile.TemporaryDirectory(prefix="shoutu-bench-") as folder:
        for file in sorted(data.rglob("*.csv")):
            given, out = Path(folder) / "given.csv", Path(folder) / "scores" / file.relative_to(data)
            out.parent.mkdir(parents=True, exist_ok=True)
            _with_noise(file, given, share, seed)
            detect(given, out, UTC, anomaly.TARGET)
        rows = scorer.corpus(Path(folder) / "scores", data, labels)
    return round(float(scorer.best([(float(s >= 1 - anomaly.TARGET), gain, window) for s, gain, window in rows])[0]), 2)


def _with_noise(file: Path, out: Path, share: float, seed: int) -> None:
    with file.open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    values = np.array([float(row["value"]) for row in rows])
    if share:
        values = values + np.random.default_rng(seed).normal(0, share * values.std(), len(values))
    with out.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(["timestamp", "value"])
        writer.writerows((row["timestamp"], repr(float(value))) for row, value in zip(rows, values, strict=True))


def _speed(data: Path) -> float:
    """Values a second of one core, over the longest file five times."""
    longest = max(data.rglob("*.csv"), key=lambda file: file.stat().st_size)
    with longest.open(encoding="utf-8", newline="") as source:
        values = np.array([float(row["value"]) for row in csv.DictReader(source)])
    ts = np.arange(len(values), dtype=np.int64) * 300_000
    took = []
    for _ in range(5):
        begun = time.process_time()
        anomaly.scores(ts, values)
        took.append(time.process_time() - begun)
    return round(len(values) / statistics.median(took))


if __name__ == "__main__":
    print(json.dumps(run(), indent=1))
