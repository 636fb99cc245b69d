"""From a reading accepted to its signal at the county, at 10,000 readings/s; and the pipeline's memory meanwhile.

A pipeline with 10,000 points of five rules each (hold 0 s) gets 100 batches of 100 readings a second over HTTP. One
reading of each batch passes the red threshold of a point that was calm; the time counts until the signal it raises
has been delivered to this process, which stands where the county would and takes signals over HTTP. ``accepted`` is
the arrival of the door's 202, ``sent`` the moment before the batch was sent. Alone: ``python -m bench.latency``.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bench.door_senders import POINTS, address
from bench.doors import TOKEN, write_catalog
from bench.machine import memory

BATCH = 100
PER_SECOND = 100
SECONDS = 32
"""Longer than two checkpoints are apart, so that there is always one in it."""
RED = 5.0


class County:
    """Takes what the pipeline delivers and notes when; other calls are answered 503, as a county that starts."""

    def __init__(self) -> None:
        self.seen: dict[int, float] = {}
        self.url = ""

    async def open(self) -> asyncio.Server:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        return server

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                now = time.perf_counter()
                lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
                body = await reader.readexactly(int(lengths[0].split(b":")[1])) if lengths else b""
                status = "503 Service Unavailable"
                if b"/internal/v1/signals" in head:
                    status = "200 OK"
                    self._take(json.loads(body)["signals"], now)
                elif b"/internal/v1/beats" in head:
                    status = "200 OK"
                writer.write(
                    f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{{}}".encode()
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _take(self, signals: list[dict[str, Any]], now: float) -> None:
        for signal in signals:
            if signal["kind"] == "threshold" and signal["to"] == 4:
                self.seen.setdefault(signal["point"], now)


@asynccontextmanager
async def started(folder: Path, county_url: str, patience_s: float = 120) -> AsyncIterator[tuple[int, int]]:
    """A pipeline process over ``folder`` that follows and delivers to ``county_url``: (HTTP port, process id)."""
    ports = {f"SHOUTU_{name}_PORT": "0" for name in ("INGEST", "MQTT", "MQTTS")}
    environment = {**os.environ, **ports, "SHOUTU_DATA": str(folder), "SHOUTU_COUNTY_URL": county_url}
    with (folder / "pipeline.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "shoutu.cli", "pipeline"], env=environment, stdout=log, stderr=log
        )
    try:
        told, deadline = folder / "run" / "pipeline.json", time.monotonic() + patience_s
        while not told.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the pipeline did not open: {(folder / 'pipeline.log').read_text()[-2000:]}")
            await asyncio.sleep(0.05)
        yield int(json.loads(told.read_text())["ports"]["http"]), process.pid
    finally:
        process.terminate()
        while process.poll() is None:
            await asyncio.sleep(0.05)


@asynccontextmanager
async def pipeline(folder: Path, county_url: str) -> AsyncIterator[tuple[int, int]]:
    """A pipeline process that delivers to ``county_url``: (HTTP port, process id)."""
    write_catalog(folder)
    file = folder / "sensing" / "catalog.json"
    catalog = json.loads(file.read_text())
    for rule in catalog["rules"]:
        if rule["kind"] == "threshold":
            rule["params"]["raise_for_s"] = 0
    file.write_text(json.dumps(catalog))
    async with started(folder, county_url) as opened:
        yield opened


def batch(at: int, stamp: int) -> tuple[int, bytes]:
    """Batch number ``at``: 100 points in turn, one of them red that was not red before; (its point id, body)."""
    first = at * BATCH % POINTS
    red = first + at * BATCH // POINTS % BATCH
    rows = [
        {"point": address(i), "ts": stamp, "value": RED if i == red else round(i * 0.618 % 1, 3)}
        for i in range(first, first + BATCH)
    ]
    return red + 1, json.dumps(rows).encode()


async def send(port: int, start: int, count: int) -> dict[int, tuple[float, float]]:
    """Send ``count`` batches at their times over keep-alive connections: point → (sent, accepted)."""
    times: dict[int, tuple[float, float]] = {}
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(8):
        free.put_nowait(await asyncio.open_connection("127.0.0.1", port))

    async def post(at: int) -> None:
        reader, writer = await free.get()
        red, body = batch(at, time.time_ns() // 1_000_000)
        head = (
            f"POST /ingest/v1/readings HTTP/1.1\r\nhost: l\r\nauthorization: Bearer {TOKEN}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        sent = time.perf_counter()
        writer.write(head.encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        accepted = time.perf_counter()
        length = next(line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        told = await reader.readexactly(int(length.split(b":")[1]))
        if not answer.startswith(b"HTTP/1.1 202") or json.loads(told)["accepted"] != BATCH:
            raise RuntimeError(f"the door refuses: {answer!r} {told[:300]!r}")
        times[red] = (sent, accepted)
        free.put_nowait((reader, writer))

    begun, posts = time.perf_counter(), []
    for at in range(count):
        await asyncio.sleep(max(0.0, begun + at / PER_SECOND - time.perf_counter()))
        posts.append(asyncio.create_task(post(start + at)))
    await asyncio.gather(*posts)
    while not free.empty():
        free.get_nowait()[1].close()
    return times


async def once(folder: Path) -> dict[str, float]:
    county = County()
    async with await county.open() as _, pipeline(folder, county.url) as (port, pid):
        at, deadline = 0, time.monotonic() + 60
        while not county.seen:  # rules are in force once the first signal has come
            if time.monotonic() > deadline:
                raise RuntimeError("no signal within 60 s")
            await send(port, at, PER_SECOND)
            at += PER_SECOND
        idle = memory(pid)
        times = await send(port, at, SECONDS * PER_SECOND)
        deadline = time.monotonic() + 30
        while (missing := times.keys() - county.seen.keys()) and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        if missing:
            raise RuntimeError(f"{len(missing)} signals of {len(times)} did not arrive within 30 s")
        loaded = memory(pid)
    waits = {
        "accepted": sorted((county.seen[point] - accepted) * 1000 for point, (_, accepted) in times.items()),
        "sent": sorted((county.seen[point] - sent) * 1000 for point, (sent, _) in times.items()),
    }
    found = {
        f"{name}_to_signal_p{q}_ms": values[int(len(values) * q / 100)]
        for name, values in waits.items()
        for q in (50, 99)
    }
    return {
        **found,
        "signals": len(times),
        "pipeline_rss_mb_start": idle["rss_mb"],
        "pipeline_rss_mb": loaded["rss_mb"],
    }


def run(repeats: int = 5) -> dict[str, Any]:
    """Medians of ``repeats`` runs, each of a new pipeline."""
    runs = []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory(prefix="shoutu-bench-") as folder:
            runs.append(asyncio.run(once(Path(folder))))
    return {name: round(statistics.median(r[name] for r in runs), 2) for name in runs[0]}


if __name__ == "__main__":
    json.dump(run(int(sys.argv[1]) if len(sys.argv) > 1 else 5), sys.stdout, indent=1)
