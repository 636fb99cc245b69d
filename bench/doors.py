"""HTTP and MQTT → durable → evaluated → stored, sustained, sender on the same machine.

``run`` measures a pipeline that is up; alone (``python -m bench.doors``) it starts one in a temporary directory with
10,000 points of five rules each and prints JSON.

``readings_per_s`` counts the readings acknowledged over the time until the last of them is evaluated, median of five
runs. ``through_the_store_per_s`` counts those of all runs over the time from the first sent to the last written to
Parquet; the store writes every 15 s or 500,000 readings, which that figure includes, so it is a floor and means much
only for the large loads. Waits are from send to answer over all runs.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.door_senders import POINTS, Load, Sent, address, send_http, send_mqtt

TOKEN = "bench-token"
LOADS = {
    "http_json_1000": Load("json", 1_000, 4),
    "http_json_20": Load("json", 20, 32),
    "http_json_1": Load("json", 1, 64),
    "http_arrow_10000": Load("arrow", 10_000, 8),
    "mqtt_1000": Load("mqtt", 1_000, 4, 2),
    "mqtt_1": Load("mqtt", 1, 16, 20),
}
AIMS = {
    "http_json_1000": 300_000,
    "http_json_20": 30_000,
    "http_json_1": 3_000,
    "http_arrow_10000": 2_000_000,
    "mqtt_1000": 200_000,
    "mqtt_1": 2_000,
}


def metrics(url: str) -> dict[str, float]:
    """The plain gauges of a pipeline's ``/metrics``."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if line.startswith("shoutu_") and "{" not in line)
    return {name: float(value) for name, value in pairs}


def reached(url: str, gauge: str, goal: float, seconds: float = 120) -> None:
    """Wait until a stage of the pipeline has passed a sequence number."""
    until = time.perf_counter() + seconds
    while metrics(url)[gauge] < goal:
        if time.perf_counter() > until:
            raise RuntimeError(f"{gauge} did not reach {goal:.0f} within {seconds} s")
        time.sleep(0.01)


def _send(url: str, mqtt_port: int, token: str, load: Load, seconds: float, base_ms: int) -> Sent:
    parts = urlsplit(url)
    host = parts.hostname or "127.0.0.1"
    if load.form == "mqtt":
        return send_mqtt(host, mqtt_port, token, load, seconds, base_ms)
    return send_http(host, parts.port or 80, token, load, seconds, base_ms)


def measure(url: str, mqtt_port: int, token: str, load: Load, seconds: float, runs: int) -> dict[str, Any]:
    """Figures of one load, medians of ``runs``."""
    sends, rates, lags, refused = [], [], [], 0
    first = time.perf_counter()
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        for _ in range(runs):
            base_ms = time.time_ns() // 1_000_000 - 30_000
            sent = pool.apply(_send, (url, mqtt_port, token, load, seconds, base_ms))
            ended, goal = time.perf_counter(), metrics(url)["shoutu_journal_seq"] - 1
            reached(url, "shoutu_evaluated_seq", goal)
            lags.append(time.perf_counter() - ended)
            rates.append(sent.readings / (sent.seconds + lags[-1]))
            refused += sent.refused
            sends.append(sent)
    reached(url, "shoutu_stored_seq", goal)
    stored = time.perf_counter()
    figures: dict[str, Any] = {
        "readings_per_s": round(statistics.median(rates)),
        "acknowledged_per_s": round(statistics.median(s.readings / s.seconds for s in sends)),
        "evaluated_after_s": round(statistics.median(lags), 3),
        "stored_after_s": round(stored - ended, 3),
        "through_the_store_per_s": round(sum(s.readings for s in sends) / (stored - first)),
        "refused_batches": refused,
        "runs": [round(rate) for rate in rates],
    }
    waits = sorted(wait * 1e3 for sent in sends for wait in sent.waits)
    if waits:
        figures |= {
            "wait_ms_p50": round(waits[len(waits) // 2], 2),
            "wait_ms_p99": round(waits[len(waits) * 99 // 100], 2),
        }
    return figures


def run(
    url: str, mqtt_port: int, token: str = TOKEN, seconds: float = 5.0, runs: int = 5, only: str = ""
) -> dict[str, Any]:
    """Every load against the pipeline at ``url``; the token's source must own points ``P-00000`` … ``P-09999``."""
    found = {}
    for name, load in LOADS.items():
        if only in name:
            found[name] = measure(url, mqtt_port, token, load, seconds, runs) | {"aim": AIMS[name]}
    return found


def write_catalog(folder: Path, change: Callable[[dict[str, Any]], None] = lambda _: None) -> None:
    """A catalog of one source with 10,000 points, fifty a site, five rules each, after ``change``."""
    points = [
        {"id": i + 1, "source": 1, "address": address(i), "site": i // 50 + 1, "item": "level", "unit": "m",
         "interval_s": 20, "low": -50.0, "high": 50.0, "danger": "high"}
        for i in range(POINTS)
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
        for i in range(POINTS)
        for k, (kind, params) in enumerate(kinds)
    ]
    digest = hashlib.sha256(TOKEN.encode()).hexdigest()
    source = {"id": 1, "name": "bench", "trusted": False, "disabled": False, "token_hashes": [digest]}
    catalog = {"version": 1, "full": True, "sources": [source], "points": points, "rules": rules}
    change(catalog)
    (folder / "sensing").mkdir(parents=True, exist_ok=True)
    (folder / "sensing" / "catalog.json").write_text(json.dumps(catalog))


@contextmanager
def pipeline(folder: Path, change: Callable[[dict[str, Any]], None] = lambda _: None) -> Iterator[tuple[str, int, int]]:
    """A pipeline process on free ports: (url, MQTT port, process id)."""
    write_catalog(folder, change)
    ports = {f"SHOUTU_{name}_PORT": "0" for name in ("INGEST", "MQTT", "MQTTS")}
    env = {**os.environ, **ports, "SHOUTU_DATA": str(folder), "SHOUTU_COUNTY_URL": "http://127.0.0.1:9"}
    command = [sys.executable, "-m", "shoutu.cli", "pipeline"]
    with (folder / "pipeline.log").open("wb") as log:
        process = subprocess.Popen(command, env=env, stdout=log, stderr=log)
    try:
        told = folder / "run" / "pipeline.json"
        until = time.monotonic() + 120
        while not told.exists():
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"the pipeline did not open: {(folder / 'pipeline.log').read_text()[-2000:]}")
            time.sleep(0.05)
        ports_open = json.loads(told.read_text())["ports"]
        yield f"http://127.0.0.1:{ports_open['http']}", int(ports_open["mqtt"]), process.pid
    finally:
        process.terminate()
        process.wait(60)


def main() -> None:
    """Start a pipeline, measure, print JSON. Arguments: part of a load's name, seconds a run, runs."""
    only, seconds, runs = (sys.argv[1:] + ["", "5", "5"][len(sys.argv) - 1 :])[:3]
    with tempfile.TemporaryDirectory() as name, pipeline(Path(name)) as (url, mqtt_port, _):
        time.sleep(1)
        print(json.dumps(run(url, mqtt_port, TOKEN, float(seconds), int(runs), only), indent=1))


if __name__ == "__main__":
    main()
