"""What a county would use instead, side by side in one run: the same readings, the same rules, readings per core.

10,000 points every 20 s, each with a threshold of four levels (hysteresis, to be exceeded for 20 s) and a rule for
60 s of silence; one point in a thousand stands above a threshold for a minute, one in a hundred is silent for two.

- ``shoutu``: the engine alone. ``pipeline``: a whole pipeline, Arrow over HTTP until evaluated and stored.
- ``python``: a per-record evaluator in plain Python over dicts; its signals must equal the engine's, or the run fails.
- ``prometheus`` (Debian's package; not measured where it is not installed, ``SHOUTU_PROMETHEUS`` names the program):
  one remote-write request and one evaluation of its alert rules per round of all points. A round is 5 s there, so that
  a run has as many as it has time for. It is another kind of work: rules are evaluated at their own times over the
  newest samples, and what lies between them is not judged.
- ``flink``: not measured where ``.venv/flink`` or ``bench/flink_peer.py`` is not there; else that file is run by its
  Python with the number of points and rounds, and prints a JSON object of names and readings per core and second.

All are in seconds of processor time, as the kernel counts it for the process that judges; who sends is not counted.
Ratios: how often the engine does what the peer does. Alone: ``python -m bench.peers [REPEATS [POINTS [ROUNDS]]]``.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from bench.door_senders import Load, send_http
from bench.doors import TOKEN, metrics, pipeline, reached
from bench.kinds import START
from bench.machine import ROOT
from shoutu.engine import Engine, RuleSet, warm_up

POINTS, ROUNDS, STEP_MS = 10_000, 100, 20_000
LEVELS = {1: 3.2, 2: 3.6, 3: 4.0, 4: 4.5}
HYSTERESIS, HOLD_S, SILENT_S = 0.2, 20, 60
PROMETHEUS_ROUNDS, ROUND_S = 12, 5

Round = tuple[Any, Any, int, Any]
"""Points that speak, their event times, the time received, their values."""


def rounds(points: int, count: int) -> Iterator[Round]:
    """``count`` rounds of 20 s."""
    rng = np.random.default_rng(7)
    every = np.arange(1, points + 1, dtype=np.int32)
    for step in range(count):
        value = np.where((every + step // 4) % 1000 == 0, 3.8, rng.normal(0.0, 0.5, points))
        speaks = (every + step // 6) % 100 != 0
        ts = START + step * STEP_MS + every.astype(np.int64) * 7919 % 1000
        yield every[speaks], ts[speaks], START + step * STEP_MS + 1_100, value[speaks]


def ruleset(points: int) -> RuleSet:
    """Every point alone at its site and source, so that nothing is told of several together: no peer has that."""
    rows = ({"id": i, "source": i, "site": i, "interval_s": 20.0} for i in range(1, points + 1))
    params = {"levels": {str(k): v for k, v in LEVELS.items()}, "hysteresis": HYSTERESIS, "raise_for_s": HOLD_S}
    rules = (
        {"id": 2 * i + k, "version": 1, "point": i, "kind": kind, "params": told}
        for i in range(1, points + 1)
        for k, (kind, told) in enumerate((("threshold", params), ("no_data", {"after_s": SILENT_S})))
    )
    return RuleSet.from_catalog([], rows, rules)


Signal = tuple[int, str, int, int, int]
"""Point, rule, event time, level before and after."""


def engine(points: int, count: int) -> tuple[float, list[Signal]]:
    """Processor seconds of the engine, and its signals."""
    work = list(rounds(points, count))
    judge, found, seq, spent = Engine(), [], 1, 0.0
    judge.switch(0, ruleset(points))
    good = np.zeros(points, np.uint8)
    for ids, ts, received, value in work:
        begun = time.process_time()
        parts = [judge.readings(seq, ids, ts, received, value, good[: len(ids)]), judge.tick(seq + len(ids), received)]
        spent += time.process_time() - begun
        seq += len(ids) + 1
        for part in parts:
            kinds = ["threshold" if kind == 1 else "no_data" for kind in part["kind"].tolist()]
            columns = (part[name].tolist() for name in ("event_ts", "level_from", "level_to"))
            found += zip(part["point"].tolist(), kinds, *columns, strict=True)
    return spent, found


class Plain:
    """The same two rules for each record, as a programmer would write them who takes care: no object a reading, the
    common case first, the state of a point in one list."""

    def __init__(self, points: int) -> None:
        self.bounds = list(LEVELS.values())
        self.lowest, self.hold, self.silent = self.bounds[0], HOLD_S * 1000, SILENT_S * 1000
        # [level, is anything held, silent, received last, event time last, since when for each level]
        self.states: dict[int, list[Any]] = {
            point: [0, False, False, None, -1, [None] * 4] for point in range(1, points + 1)
        }
        self.signals: list[Signal] = []

    def reading(self, point: int, ts: int, received: int, value: float) -> None:
        state = self.states.get(point)
        if state is None or ts <= state[4]:
            return
        state[3], state[4] = received, ts
        if state[2]:
            state[2] = False
            self.signals.append((point, "no_data", ts, 1, 0))
        if state[1] or value >= self.lowest:
            self.held(point, state, ts, value)

    def held(self, point: int, state: list[Any], ts: int, value: float) -> None:
        level, since = state[0], state[5]
        for k, bound in enumerate(self.bounds):
            holds = value >= bound if k >= level else value < bound - HYSTERESIS
            if not holds:
                since[k] = None
            elif since[k] is None:
                since[k] = ts
        new = level
        for k in range(3, level - 1, -1):
            if since[k] is not None and ts - since[k] >= self.hold:
                new = k + 1
                break
        else:
            for k in range(level):
                if since[k] is not None:
                    new = k
                    break
        if new != level:
            self.signals.append((point, "threshold", ts, level, new))
            state[0] = new
            for k in range(min(new, level), max(new, level)):
                since[k] = None
        state[1] = state[0] > 0 or any(at is not None for at in since)

    def tick(self, now: int) -> None:
        limit = now - self.silent
        for point, state in self.states.items():
            if state[3] is None:
                state[3] = now
            elif state[3] <= limit and not state[2]:
                state[2] = True
                self.signals.append((point, "no_data", now, 0, 1))


def plain(points: int, count: int) -> tuple[float, list[Signal]]:
    """Processor seconds of the per-record evaluator, and its signals. Columns become Python's numbers beforehand."""
    work = [(ids.tolist(), ts.tolist(), received, value.tolist()) for ids, ts, received, value in rounds(points, count)]
    judge, begun = Plain(points), time.process_time()
    reading = judge.reading
    for ids, ts, received, value in work:
        for point, at, v in zip(ids, ts, value, strict=True):
            reading(point, at, received, v)
        judge.tick(received)
    return time.process_time() - begun, judge.signals


def processor(pid: int) -> float:
    """Processor seconds a process has taken so far, all its threads together."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def whole_pipeline(seconds: float) -> float:
    """Readings per processor second of a pipeline with the same rules: HTTP, journal, engine, store."""
    with (
        tempfile.TemporaryDirectory(prefix="shoutu-bench-") as name,
        pipeline(Path(name), two_rules) as (url, _mqtt, pid),
    ):
        time.sleep(1)
        port = int(url.rsplit(":", 1)[1])
        before = processor(pid)
        sent = send_http("127.0.0.1", port, TOKEN, Load("arrow", 10_000, 8), seconds, now_ms() - 30_000)
        goal = metrics(url)["shoutu_journal_seq"] - 1
        reached(url, "shoutu_evaluated_seq", goal)
        reached(url, "shoutu_stored_seq", goal)
        return sent.readings / (processor(pid) - before)


def two_rules(catalog: dict[str, Any]) -> None:
    """Leave of a catalog's rules the two kinds that are compared."""
    catalog["rules"] = [rule for rule in catalog["rules"] if rule["kind"] in ("threshold", "no_data")]


def now_ms() -> int:
    return time.time_ns() // 1_000_000


RULES = """groups:
- name: county
  interval: {interval}s
  rules:
{alerts}  - alert: silent
    expr: time() - timestamp(reading) > {silent}
"""
ALERT = "  - alert: level{level}\n    expr: reading >= {bound}\n    for: {hold}s\n"


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(number: int, body: bytes) -> bytes:
    """A length-delimited field of a protocol buffer."""
    return varint(number << 3 | 2) + varint(len(body)) + body


def label(name: str, value: str) -> bytes:
    return field(1, field(1, name.encode()) + field(2, value.encode()))


def write_request(heads: list[bytes], ids: list[int], at: int, values: list[float]) -> bytes:
    """A remote-write request (1.0), snappy block format: one sample of each of these points."""
    stamp = b"\x10" + varint(at)
    series = []
    for point, value in zip(ids, values, strict=True):
        sample = b"\x09" + np.float64(value).tobytes() + stamp
        series.append(field(1, heads[point] + field(2, sample)))
    packed: bytes = pa.compress(b"".join(series), codec="snappy", asbytes=True)
    return packed


def prometheus(program: str, points: int, count: int) -> dict[str, Any]:
    """Readings per processor second of a Prometheus on the loopback, less what it takes when nothing comes."""
    alerts = "".join(ALERT.format(level=k, bound=v, hold=HOLD_S) for k, v in LEVELS.items())
    with tempfile.TemporaryDirectory(prefix="shoutu-bench-") as name:
        folder = Path(name)
        (folder / "rules.yml").write_text(RULES.format(interval=ROUND_S, alerts=alerts, silent=SILENT_S))
        (folder / "prometheus.yml").write_text(f"rule_files: ['{folder / 'rules.yml'}']\n")
        port = free_port()
        command = [
            program, f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}", "--web.enable-remote-write-receiver", "--log.level=error",
            "--query.lookback-delta=1h",
        ]  # fmt: skip
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "GOMAXPROCS": "1"})
        try:
            return _prometheus(process, f"http://127.0.0.1:{port}", points, count)
        finally:
            process.terminate()
            process.wait(60)


def _prometheus(process: subprocess.Popen[bytes], url: str, points: int, count: int) -> dict[str, Any]:
    until = time.monotonic() + 120
    while not answers(f"{url}/-/ready"):
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError("Prometheus did not start")
        time.sleep(0.1)
    begun = processor(process.pid)
    time.sleep(4 * ROUND_S)
    idle = (processor(process.pid) - begun) / (4 * ROUND_S)
    heads = [label("__name__", "reading") + label("point", f"P-{i:05d}") for i in range(points + 1)]
    before, at, sent = processor(process.pid), time.monotonic(), 0
    for step, (ids, _ts, _received, values) in enumerate(rounds(points, count)):
        time.sleep(max(0.0, at + step * ROUND_S - time.monotonic()))
        body = write_request(heads, ids.tolist(), now_ms(), values.tolist())
        post(f"{url}/api/v1/write", body)
        sent += len(ids)
    time.sleep(ROUND_S)
    passed = time.monotonic() - at
    spent = processor(process.pid) - before - idle * passed
    with urllib.request.urlopen(f"{url}/api/v1/rules", timeout=60) as answer:
        groups = json.load(answer)["data"]["groups"]
    rules = groups[0]["rules"]
    if any(rule["health"] != "ok" for rule in rules) or not any(rule["alerts"] for rule in rules[:2]):
        raise RuntimeError(f"Prometheus does not judge: {[(r['name'], r['health'], len(r['alerts'])) for r in rules]}")
    resident = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")
    return {
        "per_s": round(sent / spent),
        "evaluation_ms": round(groups[0]["evaluationTime"] * 1000, 1),
        "idle_share_of_core": round(idle, 3),
        "resident_bytes_per_point": round(resident / points),
    }


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False


def post(url: str, body: bytes) -> None:
    headers = {
        "Content-Encoding": "snappy", "Content-Type": "application/x-protobuf",
        "X-Prometheus-Remote-Write-Version": "0.1.0",
    }  # fmt: skip
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=60):
        pass


def free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def flink(points: int, count: int) -> dict[str, Any]:
    """What ``bench/flink_peer.py`` finds, run by the Python of ``.venv/flink``."""
    program, peer = ROOT / ".venv" / "flink" / "bin" / "python", ROOT / "bench" / "flink_peer.py"
    for needed in (program, peer):
        if not needed.exists():
            return {"not_measured": f"{needed.relative_to(ROOT)} is not there"}
    ended = subprocess.run([program, peer, str(points), str(count)], stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(ended.stdout.strip().splitlines()[-1])
    return found


def run(repeats: int = 5, points: int = POINTS, count: int = ROUNDS, seconds: float = 5.0) -> dict[str, Any]:
    """Medians of ``repeats`` runs; the peers one after another in each."""
    warm_up()
    readings = sum(len(ids) for ids, *_ in rounds(points, count))
    rates: dict[str, list[float]] = {"shoutu": [], "python": [], "pipeline": []}
    signals = 0
    for _ in range(repeats):
        ours, told = engine(points, count)
        theirs, said = plain(points, count)
        if sorted(told) != sorted(said):
            odd = sorted(set(told) ^ set(said))[:5]
            raise RuntimeError(f"engine and plain Python differ: {len(told)} and {len(said)} signals, such as {odd}")
        signals = len(told)
        rates["shoutu"].append(readings / ours)
        rates["python"].append(readings / theirs)
        if seconds:
            rates["pipeline"].append(whole_pipeline(seconds))
    found: dict[str, Any] = {"points": points, "readings": readings, "signals": signals}
    found |= {f"{name}_per_s": round(statistics.median(those)) for name, those in rates.items() if those}
    found["python_ratio"] = round(found["shoutu_per_s"] / found["python_per_s"], 1)
    program = os.environ.get("SHOUTU_PROMETHEUS") or shutil.which("prometheus")
    if program:
        found["prometheus"] = prometheus(program, points, PROMETHEUS_ROUNDS if count > PROMETHEUS_ROUNDS else count)
        found["prometheus_ratio"] = round(found["shoutu_per_s"] / found["prometheus"]["per_s"], 1)
        if seconds:
            found["pipeline_prometheus_ratio"] = round(found["pipeline_per_s"] / found["prometheus"]["per_s"], 2)
    else:
        found["prometheus"] = {"not_measured": "Debian's package prometheus is not installed"}
    found["flink"] = flink(points, count)
    for name, rate in found["flink"].items():
        if name != "not_measured":
            found[f"{name}_ratio"] = round(found["shoutu_per_s"] / rate, 1)
    same = [found[name] for name in ("python_ratio", *(f"{n}_ratio" for n in found["flink"])) if name in found]
    found["best_same_rules_ratio"] = min(same)
    return found


if __name__ == "__main__":
    json.dump(run(*(int(one) for one in sys.argv[1:])), sys.stdout, indent=1)
