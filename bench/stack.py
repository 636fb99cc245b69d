"""The whole installation: starting, memory of each process, a signal's way to the list of open warnings, the face.

``shoutu up --demo`` is started in an empty directory (``first_start_s``: database, keys, demo county) and again in
the same one (``second_start_s``). Signals are handed to the county as the pipeline does, for points of the demo, and
the list is asked until the warning stands on it. Alone: ``python -m bench.stack``.
"""

from __future__ import annotations

import gzip
import json
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from bench.machine import ROOT, memory
from tests.stack import Api, Stack, running, until

PROCESSES = ("web", "pipeline", "worker")


def first_load() -> dict[str, float]:
    """Gzipped KB (1024 bytes) of what the built page loads before anything is asked for."""
    folder = ROOT / "web" / "dist"
    page = (folder / "index.html").read_text("utf-8")
    named = set(re.findall(r'(?:src|href)="/?([^"]+\.(?:js|css))"', page))
    sizes = {name: len(gzip.compress((folder / name).read_bytes(), 6)) / 1024 for name in named}
    return {
        "first_load_js_kb": round(sum(size for name, size in sizes.items() if name.endswith(".js")), 1),
        "first_load_css_kb": round(sum(size for name, size in sizes.items() if name.endswith(".css")), 1),
    }


def login(stack: Stack) -> Api:
    """As the first of the demo logins the console shows that may see warnings."""
    pairs = re.findall(r"^    (\S+)\s+(\S+)\s+\S", stack.console(), re.M)
    if not pairs:
        raise RuntimeError(f"no demo logins on the console:\n{stack.console()}")
    return stack.login(*pairs[0])


def warn(stack: Stack, api: Api) -> list[float]:
    """Seconds from handing over a signal to seeing its warning on the list, one for each site and item."""
    token = (stack.data / "secrets" / "wing.token").read_text().strip()
    wing = httpx.Client(base_url=stack.url, headers={"Authorization": f"Bearer {token}"}, timeout=30, trust_env=False)
    spent, done = [], set()
    for number, row in enumerate(api.get("/points", limit=200)["items"]):
        rules = [rule for rule in api.get(f"/points/{row['id']}")["rules"] if rule["kind"] == "threshold"]
        key = (row["site"]["id"], row["item"])
        listed = {(w["site"]["id"], w["item"]) for w in api.get("/warnings", limit=200)["items"]}
        if not rules or key in done or key in listed:
            continue
        done.add(key)
        now = time.time_ns() // 1_000_000
        signal = {
            "id": f"{number:032x}", "shard": 9, "seq": number + 1, "ordinal": 0, "rule": rules[0]["id"],
            "rule_version": rules[0]["version"], "point": row["id"], "site": row["site"]["id"], "item": row["item"],
            "kind": "threshold", "category": "risk", "type": "level", "from": 0, "to": 3, "event_ts": now,
            "received_ts": now, "value": 1.0, "threshold": 1.0, "window_start": now, "aux": 0.0, "flags": [],
        }  # fmt: skip
        begun = time.perf_counter()
        wing.post("/internal/v1/signals", json={"signals": [signal]}).raise_for_status()
        until(
            lambda key=key: key in {(w["site"]["id"], w["item"]) for w in api.get("/warnings", limit=200)["items"]},
            30,
            f"a warning of {key}",
        )
        spent.append(time.perf_counter() - begun)
    return spent


def start(data: Path) -> tuple[float, dict[str, Any]]:
    """Seconds from the command to ready, and what was measured while it ran."""
    begun = time.perf_counter()
    with running(data, demo=True) as stack:
        seconds = time.perf_counter() - begun
        spent = warn(stack, login(stack))
        return seconds, {"spent": spent, "memory": {name: memory(stack.pid(name)) for name in PROCESSES}}


def run(repeats: int = 5) -> dict[str, Any]:
    """Medians of ``repeats`` first and second starts; waits of all first starts together."""
    first, second, waits = [], [], []
    used: dict[str, list[float]] = {name: [] for name in PROCESSES}
    for _ in range(repeats):
        with tempfile.TemporaryDirectory(prefix="shoutu-bench-") as folder:
            seconds, found = start(Path(folder) / "data")
            first.append(seconds)
            waits += found["spent"]
            for name, use in found["memory"].items():
                used[name].append(use["rss_mb"])
            begun = time.perf_counter()
            with running(Path(folder) / "data", demo=True):
                second.append(time.perf_counter() - begun)
    waits.sort()
    result: dict[str, Any] = {
        "first_start_s": round(statistics.median(first), 2),
        "second_start_s": round(statistics.median(second), 2),
        "signals": len(waits),
        **{f"{name}_rss_mb": statistics.median(values) for name, values in used.items()},
        **first_load(),
    }
    if waits:
        result["signal_to_list_p50_ms"] = round(statistics.median(waits) * 1000, 1)
        result["signal_to_list_p99_ms"] = round(waits[int(len(waits) * 0.99)] * 1000, 1)
    return result


if __name__ == "__main__":
    json.dump(run(int(sys.argv[1]) if len(sys.argv) > 1 else 5), sys.stdout, indent=1)
