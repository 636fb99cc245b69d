"""A whole country in one pipeline: what it holds, how late it warns, what it loses, what it takes on disk.

Two settings, one after the other, each with a pipeline of its own:

- ``country``: all non-coal mines, taken as 30,000 sites of 200 points every 20 s: 6,000,000 points, 300,000 readings/s.
- ``second``: 1,000,000 points once a second.

Every point has a threshold of four levels and a rule for silence. The catalog comes as from a county, in deltas of
``DELTA`` points over the long poll. Readings come in Arrow batches of 10,000 over HTTP from as many sources as there
are batches (a platform of fifty sites each): made once, then only time and values are shifted. In each batch one point
stands above red, another each time; the time counts from before the batch is sent until the signal it raises has been
delivered to this process, which stands where the county would.

``SHOUTU_BENCH_MINUTES`` (30) is how long readings come, ``SHOUTU_BENCH_SCALE`` the share of the points; not given, it
is the whole or the greatest part of it that this machine has memory for.
``pipeline_bytes_per_point`` is the most the pipeline has ever held in memory, over the points. What is kept of raw
readings is kept whole (no day ends in such a run), so that ``disk_bytes_per_reading`` is of raw readings as they lie.
Alone: ``python -m bench.nation [country | second]``.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa

from bench.doors import metrics
from bench.latency import started
from bench.machine import memory
from bench.peers import processor

BATCH, DELTA = 10_000, 50_000
WATCHED_S = 5.0
"""By then the pipeline has told anew how many rows its store holds."""
RED = 5.0
MARK = 0x1122334455667788
EXPECTED_BYTES = 6_000
"""Per point, by what smaller runs took: a run that cannot fit is refused before it takes the machine down."""


SHARES = (1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01)


class Setting(NamedTuple):
    """``points`` that each speak every ``period_s`` seconds; ``per_site`` of them lie at one site."""

    points: int
    period_s: float
    per_site: int = 200

    def scaled(self, share: float) -> Setting:
        """So much of it, in whole batches."""
        return self._replace(points=max(1, round(self.points * share / BATCH)) * BATCH)

    @property
    def batches(self) -> int:
        """Batches in which every point speaks once, each of another source."""
        return self.points // BATCH


SETTINGS = {"country": Setting(6_000_000, 20.0), "second": Setting(1_000_000, 1.0)}


def token(source: int) -> str:
    return f"nation-{source}"


def address(point: int) -> str:
    return f"P-{point:07d}"


def delta(setting: Setting, version: int) -> bytes:
    """The catalog's change number ``version``, from 1: ``DELTA`` points, their rules, the sources that are new."""
    first, last = (version - 1) * DELTA, min(version * DELTA, setting.points)
    sources = [
        {"id": n + 1, "name": f"平台{n + 1}", "token_hashes": [hashlib.sha256(token(n).encode()).hexdigest()]}
        for n in range(-(-first // BATCH), -(-last // BATCH))
    ]
    levels = {"levels": {"1": 3.2, "2": 3.6, "3": 4.0, "4": 4.5}, "hysteresis": 0.2}
    silence = {"after_s": max(60.0, 3 * setting.period_s)}
    points, rules = [], []
    for i in range(first, last):
        points.append(
            {"id": i + 1, "source": i // BATCH + 1, "address": address(i), "site": i // setting.per_site + 1,
             "item": "level", "unit": "m", "interval_s": setting.period_s, "low": -50.0, "high": 50.0, "danger": "high"}
        )  # fmt: skip
        rules.append({"id": 2 * i + 1, "version": 1, "point": i + 1, "kind": "threshold", "params": levels})
        rules.append({"id": 2 * i + 2, "version": 1, "point": i + 1, "kind": "no_data", "params": silence})
    told = {"version": version, "full": version == 1, "sources": sources, "points": points, "rules": rules}
    return msgspec.json.encode(told)


class County:
    """Tells the catalog delta by delta, takes signals and notes when each red one came."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.versions = -(-setting.points // DELTA)
        self.seen: dict[int, list[float]] = {}
        self.signals = 0
        self.url = ""

    async def open(self) -> asyncio.Server:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        return server

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                now = time.perf_counter()
                lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
                body = await reader.readexactly(int(lengths[0].split(b":")[1])) if lengths else b""
                answer = await self._answer(head.split(b" ", 2)[1].decode(), body, now)
                writer.write(
                    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(answer)
                )
                writer.write(answer)
                await writer.drain()
        writer.close()

    async def _answer(self, path: str, body: bytes, now: float) -> bytes:
        parts = urllib.parse.urlsplit(path)
        if parts.path == "/internal/v1/signals":
            self._take(json.loads(body)["signals"], now)
        elif parts.path == "/internal/v1/catalog":
            asked = urllib.parse.parse_qs(parts.query)
            after = int(asked["after"][0])
            if after < self.versions:
                return await asyncio.to_thread(delta, self.setting, after + 1)
            await asyncio.sleep(float(asked.get("wait", ["0"])[0]))
            return json.dumps({"version": after}).encode()
        return b"{}"

    def _take(self, signals: list[dict[str, Any]], now: float) -> None:
        self.signals += len(signals)
        for signal in signals:
            if signal["kind"] == "threshold" and signal["to"] == 4:
                self.seen.setdefault(signal["point"], []).append(now)


class Body:
    """One source's batch: an Arrow stream whose times and values are written in place."""

    def __init__(self, number: int) -> None:
        texts = pa.array([address(i) for i in range(number * BATCH, (number + 1) * BATCH)]).dictionary_encode()
        marks = np.full(BATCH, MARK, np.int64)
        table = pa.table({"point": texts, "ts": marks, "value": marks.view(np.float64)})
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        self.bytes = bytearray(sink.getvalue().to_pybytes())
        first = self.bytes.index(marks.tobytes())
        second = self.bytes.index(marks.tobytes(), first + marks.nbytes)
        self.ts = np.frombuffer(self.bytes, np.int64, BATCH, first)
        self.value = np.frombuffer(self.bytes, np.float64, BATCH, second)
        self.number = number
        self.red = -1

    def shift(self, step: int, now: int, noise: Any) -> int:
        """As of this moment; answers the id of the one point that stands above red and did not the last time."""
        self.ts[:] = now
        at = (step * 7919 + self.number * 104_729) % BATCH
        self.value[:] = noise[at : at + BATCH]
        self.red = (self.red + 1) % BATCH
        self.value[self.red] = RED
        return self.number * BATCH + self.red + 1


class Connection:
    """A connection to the door that is kept; the door closes one that has been idle for some seconds."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._open: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def taken(self, request: bytes) -> bool:
        """Whether it was taken; False where the door says to wait. Raises RuntimeError when it refuses."""
        try:
            answer, told = await self._ask(request)
        except (asyncio.IncompleteReadError, ConnectionError):
            self.close()  # it was closed while it was idle; what comes twice is found by the store and counted
            answer, told = await self._ask(request)
        if answer.startswith(b"HTTP/1.1 429"):
            return False
        if not answer.startswith(b"HTTP/1.1 202") or json.loads(told)["accepted"] != BATCH:
            raise RuntimeError(f"the door refuses: {answer!r} {told[:300]!r}")
        return True

    async def _ask(self, request: bytes) -> tuple[bytes, bytes]:
        if self._open is None or self._open[0].at_eof():
            self.close()
            self._open = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self._open
        writer.write(request)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        return answer, await reader.readexactly(int(length.split(b":")[1]))

    def close(self) -> None:
        if self._open is not None:
            self._open[1].close()
        self._open = None


class Sender:
    """Sends the batches at their times over keep-alive connections."""

    def __init__(self, url: str, setting: Setting) -> None:
        self.setting = setting
        self.port = int(url.rsplit(":", 1)[1])
        self.bodies = [Body(number) for number in range(setting.batches)]
        self.noise = np.round(np.random.default_rng(7).normal(0.0, 0.5, 2 * BATCH), 2)
        self.sent: dict[tuple[int, int], float] = {}
        """(point, how often it has been red) → when its batch was sent."""
        self.times: dict[int, int] = {}
        self.readings = self.delayed = 0
        self.late_s = 0.0

    async def run(self, seconds: float) -> None:
        """Raises RuntimeError when the door refuses for good."""
        free: asyncio.Queue[Connection] = asyncio.Queue()
        for _ in range(8):
            free.put_nowait(Connection(self.port))
        begun, steps = time.perf_counter(), max(1, int(seconds / self.setting.period_s))
        posts: set[asyncio.Task[None]] = set()
        for at in range(steps * len(self.bodies)):
            step, number = divmod(at, len(self.bodies))
            due = begun + (step + number / len(self.bodies)) * self.setting.period_s
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            connection = await free.get()  # none free: the pipeline does not keep up, and later batches come later
            self.late_s = max(self.late_s, time.perf_counter() - due)
            task = asyncio.create_task(self._post(self.bodies[number], step, connection, free))
            posts.add(task)
            for done in [one for one in posts if one.done()]:
                posts.remove(done)
                done.result()
        await asyncio.gather(*posts)
        await asyncio.sleep(max(0.0, begun + steps * self.setting.period_s - time.perf_counter()))
        while not free.empty():
            free.get_nowait().close()

    async def _post(self, body: Body, step: int, connection: Connection, free: asyncio.Queue[Connection]) -> None:
        head = (
            f"POST /ingest/v1/readings HTTP/1.1\r\nhost: l\r\nauthorization: Bearer {token(body.number)}\r\n"
            f"content-type: application/vnd.apache.arrow.stream\r\ncontent-length: {len(body.bytes)}\r\n\r\n"
        ).encode()
        red = body.shift(step, time.time_ns() // 1_000_000, self.noise)
        self.times[red] = self.times.get(red, 0) + 1
        self.sent[red, self.times[red]] = time.perf_counter()
        payload = bytes(body.bytes)
        try:
            while not await connection.taken(head + payload):
                self.delayed += 1
                await asyncio.sleep(0.2)
        finally:
            free.put_nowait(connection)
        self.readings += BATCH


async def gauge(url: str, ready: Any, seconds: float, what: str) -> dict[str, float]:
    """Ask for the metrics until they satisfy."""
    until = time.monotonic() + seconds
    while True:
        found = await asyncio.to_thread(metrics, url)
        if ready(found):
            return found
        if time.monotonic() > until:
            raise RuntimeError(f"{what} took longer than {seconds:.0f} s")
        await asyncio.sleep(0.5)


def size_of(folder: Path) -> int:
    """Bytes of all files below."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


async def once(setting: Setting, minutes: float) -> dict[str, Any]:
    """One setting, from an empty directory."""
    county = County(setting)
    with tempfile.TemporaryDirectory(prefix="shoutu-bench-") as name:
        async with await county.open(), started(Path(name), county.url, 600) as (port, pid):
            url = f"http://127.0.0.1:{port}"
            empty, begun = memory(pid), time.perf_counter()
            await gauge(url, lambda m: m["shoutu_catalog_version"] >= county.versions, 7_200, "the catalog")
            await gauge(url, lambda m: m["shoutu_evaluated_seq"] >= m["shoutu_journal_seq"] - 2, 7_200, "the rules")
            told_s, watching, busy = time.perf_counter() - begun, memory(pid), processor(pid)
            sender, begun = Sender(url, setting), time.perf_counter()
            await sender.run(minutes * 60)
            lasted, busy = time.perf_counter() - begun, processor(pid) - busy
            goal = (await asyncio.to_thread(metrics, url))["shoutu_journal_seq"] - 1
            await gauge(url, lambda m: m["shoutu_evaluated_seq"] >= goal, 600, "evaluating the last reading")
            await gauge(url, lambda m: m["shoutu_stored_seq"] >= goal, 600, "storing the last reading")
            await missing(county, sender)
            await asyncio.sleep(WATCHED_S)
            kept = await asyncio.to_thread(metrics, url)
            used, disk = memory(pid), size_of(Path(name) / "sensing" / "store")
    waits = waited(county, sender)
    return {
        "points": setting.points,
        "readings": sender.readings,
        "readings_per_s": round(sender.readings / lasted),
        "asked_per_s": round(setting.points / setting.period_s),
        "minutes": round(lasted / 60, 2),
        "cores": round(busy / lasted, 2),
        "catalog_s": round(told_s, 1),
        "pipeline_mb_empty": empty["rss_mb"],
        "pipeline_mb_watching": watching["rss_mb"],
        "pipeline_mb": used["rss_mb"],
        "pipeline_peak_mb": used["peak_mb"],
        "pipeline_bytes_per_point": round((used["peak_mb"] - empty["rss_mb"]) * 2**20 / setting.points),
        "sent_to_signal_p50_ms": round(waits[len(waits) // 2] * 1e3, 1),
        "sent_to_signal_p99_ms": round(waits[len(waits) * 99 // 100] * 1e3, 1),
        "sent_to_signal_worst_ms": round(waits[-1] * 1e3, 1),
        "signals_waited_for": len(waits),
        "signals": county.signals,
        "rows_lost": sender.readings - round(kept["shoutu_store_rows"]),
        "batches_told_to_wait": sender.delayed,
        "sender_late_s": round(sender.late_s, 2),
        "disk_bytes_per_reading": round(disk / sender.readings, 2),
    }


async def missing(county: County, sender: Sender) -> None:
    """Wait for every red signal. Raises RuntimeError when one does not come."""
    deadline = time.monotonic() + 60
    while lacking := sum(len(county.seen.get(point, ())) < times for point, times in sender.times.items()):
        if time.monotonic() > deadline:
            raise RuntimeError(f"signals of {lacking} points of {len(sender.times)} did not come within 60 s")
        await asyncio.sleep(0.1)


def waited(county: County, sender: Sender) -> list[float]:
    """Seconds from sending to the delivered signal, the shortest first."""
    return sorted(county.seen[point][time_ - 1] - sent for (point, time_), sent in sender.sent.items())


def needs(setting: Setting) -> int:
    """Bytes of memory a run takes, about."""
    return setting.points * EXPECTED_BYTES + (1 << 30)


def available() -> int:
    """Bytes of memory free for use."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("MemAvailable")).split()[1]) * 1024


def share(setting: Setting, free: int) -> float:
    """What share of a setting to run. Raises RuntimeError when the one asked for does not fit into ``free`` bytes."""
    asked = os.environ.get("SHOUTU_BENCH_SCALE", "")
    if asked:
        scaled = setting.scaled(float(asked))
        if needs(scaled) > free:
            raise RuntimeError(
                f"{scaled.points:,} points need about {needs(scaled) / 1e9:.0f} GB, {free / 1e9:.0f} GB are free; "
                f"lower SHOUTU_BENCH_SCALE"
            )
        return float(asked)
    return next(part for part in SHARES if needs(setting.scaled(part)) <= free or part == SHARES[-1])


def run(only: str = "") -> dict[str, Any]:
    """Both settings, or one."""
    minutes = float(os.environ.get("SHOUTU_BENCH_MINUTES", "30"))
    found: dict[str, Any] = {}
    for name, setting in SETTINGS.items():
        if only in ("", name):
            part = share(setting, available())
            found[name] = {"share": part, **asyncio.run(once(setting.scaled(part), minutes))}
            print(f"{name}: {found[name]}", file=sys.stderr, flush=True)
    return found


if __name__ == "__main__":
    json.dump(run(*sys.argv[1:]), sys.stdout, indent=1)
