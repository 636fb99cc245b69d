"""The ledger on the installation's own kind of database (SQLite, WAL, synchronous=FULL).

``peak``: entries recorded 500 to a transaction as fast as it goes, nothing else running; ``sustained``: 100 to a
transaction at a steady rate with the sealer in a process of its own; ``single``: one entry, one transaction, one fsync,
back to back, sealer beside. Sealing lag is from an entry's commit to the signed head that covers it.
Run alone: ``python -m bench.ledger``.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

RUNS = 5
PEAK = 20_000
RATE = 6_000
SECONDS = 5
SINGLES = 1_000


def run() -> dict[str, Any]:
    """Medians of five runs, in a process and a data directory of their own."""
    with tempfile.TemporaryDirectory(prefix="shoutu-bench-") as data:
        environment = {**os.environ, "SHOUTU_DATA": data, "DJANGO_SETTINGS_MODULE": "shoutu.county.settings"}
        environment.pop("SHOUTU_DATABASE_URL", None)
        child = subprocess.run(
            [sys.executable, str(Path(__file__).resolve()), "--child"],
            env=environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    return json.loads(child.stdout)  # type: ignore[no-any-return]


def _seal_forever() -> None:
    """The worker's sealing step alone, until the parent ends us."""
    from shoutu.county.setup import ready

    ready()
    from shoutu.county.ledger.services.seal import BATCH, seal

    while True:
        if seal() < BATCH:
            time.sleep(0.3)


def _record(start: int, size: int) -> float:
    """Record `size` entries in one transaction; the wall time of the commit."""
    from django.db import transaction

    from shoutu.county.kit.actors import SYSTEM
    from shoutu.county.kit.subjects import SubjectRef
    from shoutu.county.ledger.services.record import Draft, record_many

    drafts = [
        Draft(SYSTEM, "bench.done", SubjectRef("duty", start + n + 1), {"n": start + n, "note": "现场核实，水位正常"})
        for n in range(size)
    ]
    with transaction.atomic():
        record_many(drafts)
    return time.time()


def _peak() -> dict[str, float]:
    from shoutu.county.ledger.services.seal import seal_all

    start = time.monotonic()
    for at in range(0, PEAK, 500):
        _record(at, 500)
    recorded = time.monotonic()
    seal_all()
    return {"recorded_per_s": PEAK / (recorded - start), "sealed_per_s": PEAK / (time.monotonic() - recorded)}


def _with_sealer(total: int, size: int, rate: float) -> dict[str, float]:
    """`total` entries, `size` a transaction, at `rate` entries/s (0: back to back), and how soon they were sealed."""
    from shoutu.county.ledger.models import Leaf, TreeHead

    before = Leaf.objects.count()
    committed: list[tuple[int, float]] = []
    waits: list[float] = []
    start = time.monotonic()
    for at in range(0, total, size):
        if rate and (early := start + at / rate - time.monotonic()) > 0:
            time.sleep(early)
        begun = time.monotonic()
        committed.append((before + at + size, _record(at, size)))
        waits.append(time.monotonic() - begun)
    took = time.monotonic() - start
    while Leaf.objects.count() < before + total:
        time.sleep(0.05)
    heads = list(TreeHead.objects.filter(size__gt=before).order_by("size").values_list("size", "at"))
    lags = [next(at.timestamp() for size_, at in heads if size_ >= upto) - when for upto, when in committed]
    return {
        "recorded_per_s": total / took,
        "seal_lag_p50_s": statistics.median(lags),
        "seal_lag_p99_s": sorted(lags)[int(len(lags) * 0.99)],
        "transaction_p50_ms": statistics.median(waits) * 1000,
        "transaction_p99_ms": sorted(waits)[int(len(waits) * 0.99)] * 1000,
    }


def _medians(runs: list[dict[str, float]]) -> dict[str, float]:
    return {key: round(statistics.median(run[key] for run in runs), 3) for key in runs[0]}


def _child() -> dict[str, Any]:
    from shoutu.county.setup import migrate, ready

    ready()
    migrate()
    from shoutu.county.ledger.models import Entry
    from shoutu.county.ledger.selectors import tree
    from shoutu.county.ledger.selectors.verify import verify

    answer: dict[str, Any] = {"peak": _medians([_peak() for _ in range(RUNS)])}
    sealer = subprocess.Popen([sys.executable, str(Path(__file__).resolve()), "--sealer"], env=os.environ)
    try:
        _with_sealer(200, 1, 100)
        answer["sustained"] = _medians([_with_sealer(RATE * SECONDS, 100, RATE) for _ in range(RUNS)])
        answer["single"] = _medians([_with_sealer(SINGLES, 1, 0) for _ in range(RUNS)])
    finally:
        sealer.terminate()
        sealer.wait()
    start = time.monotonic()
    report = verify()
    answer["verify_per_s"] = round(report.size / (time.monotonic() - start))
    assert report.ok, report.findings
    entries = list(Entry.objects.order_by("id")[:: max(1, report.size // 200)])
    times = []
    for entry in entries:
        start = time.monotonic()
        tree.prove(entry)
        times.append(time.monotonic() - start)
    answer["prove_p50_ms"] = round(statistics.median(times) * 1000, 3)
    answer["entries"] = report.size
    return answer


if __name__ == "__main__":
    if "--sealer" in sys.argv:
        _seal_forever()
    print(json.dumps(_child() if "--child" in sys.argv else run(), indent=1))
