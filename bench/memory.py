"""Memory of web, worker and pipeline with 10,000 points of five rules each, while 10,000 readings come in a second.

The county (the demo's, with 200 more sites of fifty points) is put in once through the same services as everyone uses
and copied for each run. A run starts ``shoutu up``, waits until the pipeline has the whole catalog, sends readings
for a while (one in 5,000 crosses a limit, so that warnings open), asks the pages' lists meanwhile, and reads each
process's resident memory. Alone: ``python -m bench.memory [RUNS [POINTS [SECONDS]]]``.
"""

from __future__ import annotations

import http.client
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from bench.machine import memory
from bench.stack import PROCESSES, login
from tests.stack import Stack, running, until

POINTS, PER_SITE, BATCH = 10_000, 50, 100
SECONDS = 30.0
PER_SECOND = 10_000

POPULATE = """
import sys
from shoutu.county.setup import ready
ready()
from django.db import transaction
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.places.models import Organisation, Territory
from shoutu.county.places.services import create_site
from shoutu.county.sites import services
from shoutu.demo.county import PONDS

KINDS = [
    ("threshold", {"direction": "high", "levels": {"1": 3.2, "2": 3.6, "3": 4.0, "4": 4.5}, "hysteresis": 0.2}),
    ("rate", {"levels": {"2": 30.0, "4": 60.0}, "window_s": 3600, "interval_s": 300, "min_samples": 4}),
    ("stuck", {"window_s": 1800, "tolerance": 0.001}),
    ("implausible", {}),
    ("no_data", {"intervals": 3}),
]
count, per_site = int(sys.argv[1]), int(sys.argv[2])
organisation = Organisation.objects.get(name=PONDS[0].enterprise)
territory = Territory.objects.get(name=PONDS[0].township)
source = services.create_source(SYSTEM, "量测网关")
_, token = services.create_token(SYSTEM, source, "量测")
for first in range(0, count, per_site):
    with transaction.atomic():
        site = create_site(SYSTEM, f"量测库 {first // per_site}", "tailings_pond", organisation, territory)
        for i in range(first, min(first + per_site, count)):
            point = services.create_point(
                SYSTEM, site, source, f"P-{i:05d}", item=f"level_{i}", item_title="量测", unit="m",
                interval_s=20, low=-50.0, high=50.0, danger="high",
            )
            for kind, params in KINDS:
                services.create_rule(SYSTEM, point, kind, params, "量测")
print(token)
"""


def prepare(data: Path, points: int) -> str:
    """The county with its points in a data directory; the token of their source."""
    stack = Stack(data, demo=True)
    stack.cli("demo")
    ended = subprocess.run(
        [sys.executable, "-c", POPULATE, str(points), str(PER_SITE)],
        env=stack.environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return ended.stdout.split()[-1]


def batches(points: int) -> Iterator[bytes]:
    """Bodies of a hundred readings, the points in turn, for ever."""
    at = 0
    while True:
        now = time.time_ns() // 1_000_000
        rows = [
            {"point": f"P-{i % points:05d}", "ts": now, "value": 9.0 if i % 5_000 == 77 else round(i * 0.618 % 1, 3)}
            for i in range(at, at + BATCH)
        ]
        at += BATCH
        yield json.dumps(rows).encode()


def send(stack: Stack, token: str, points: int, seconds: float) -> int:
    """Send at the pace of ``PER_SECOND`` readings; how many were acknowledged. Raises RuntimeError for a refusal."""
    connection = http.client.HTTPConnection("127.0.0.1", stack.ingest_port, timeout=60)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    begun, sent = time.perf_counter(), 0
    for body in batches(points):
        if time.perf_counter() - begun > seconds:
            break
        time.sleep(max(0.0, begun + sent / PER_SECOND - time.perf_counter()))
        connection.request("POST", "/ingest/v1/readings", body, headers)
        told = json.loads((answer := connection.getresponse()).read())
        if answer.status != 202 or told["accepted"] != BATCH:
            raise RuntimeError(f"the door refuses: {answer.status} {str(told)[:300]}")
        sent += BATCH
    connection.close()
    return sent


def once(data: Path, token: str, points: int, seconds: float) -> dict[str, float]:
    """One start, its load, and what each process holds at the end of it."""
    with running(data, demo=True) as stack:
        api = login(stack)

        def follows() -> bool:
            state = httpx.get(f"{stack.ingest_url}/readyz", timeout=60, trust_env=False).json()
            return bool(state["live"] and state["catalog_version"] > points)

        until(follows, 120, "the pipeline has the catalog")
        idle = {name: memory(stack.pid(name)) for name in PROCESSES}
        sent = send(stack, token, points, seconds)
        for path in ("/sites", "/points", "/warnings", "/duties"):
            api.get(path, limit=200)
        found: dict[str, float] = {"sent_per_s": round(sent / seconds)}
        for name in PROCESSES:
            used = memory(stack.pid(name))
            found |= {
                f"{name}_rss_mb_start": idle[name]["rss_mb"],
                f"{name}_rss_mb": used["rss_mb"],
                f"{name}_peak_mb": used["peak_mb"],
            }
        return found


def run(repeats: int = 5, points: int = POINTS, seconds: float = SECONDS) -> dict[str, Any]:
    """Medians of ``repeats`` runs."""
    runs = []
    with tempfile.TemporaryDirectory(prefix="shoutu-bench-") as folder:
        begun = time.perf_counter()
        token = prepare(Path(folder) / "county", points)
        prepared = time.perf_counter() - begun
        for number in range(repeats):
            data = Path(folder) / f"run-{number}"
            shutil.copytree(Path(folder) / "county", data)
            runs.append(once(data, token, points, seconds))
            shutil.rmtree(data)
    medians = {name: round(statistics.median(r[name] for r in runs), 1) for name in runs[0]}
    return {"points": points, "prepared_in_s": round(prepared, 1), **medians}


if __name__ == "__main__":
    told = [float(text) for text in sys.argv[1:]]
    json.dump(run(*(int(n) for n in told[:2]), *told[2:3]), sys.stdout, indent=1)
