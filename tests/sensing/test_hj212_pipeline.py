"""The HJ 212 door on the real pipeline, by the example that the guide shows: what was answered outlives a kill."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

import bench.doors
from shoutu.sensing.directory import station_hash
from tests.sensing.test_doors_pipeline import history
from tests.stack import free_ports

pytestmark = pytest.mark.integration
EXAMPLE = Path(__file__).parents[2] / "examples" / "hj212" / "send.py"
MN, PW = "010000A8900016F000169DC0", "123456"


def catalog(folder: Path, _change: object = None) -> None:
    """One source with one logger and one point."""
    source = {"id": 1, "name": "甲", "token_hashes": [], "station_hashes": [station_hash(MN, PW)]}
    point = {"id": 7, "source": 1, "address": f"{MN}/a34004-Rtd", "site": 1, "item": "dust", "unit": "mg/m3",
             "interval_s": 20}  # fmt: skip
    told = {"version": 1, "full": True, "sources": [source], "points": [point], "rules": []}
    (folder / "sensing").mkdir(parents=True, exist_ok=True)
    (folder / "sensing" / "catalog.json").write_text(json.dumps(told))


def send(port: int, *values: str, pw: str = PW) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(EXAMPLE), "--port", str(port), "--mn", MN, "--pw", pw, *values]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def senders(url: str, folder: Path) -> dict[str, object]:
    wing = {"Authorization": f"Bearer {(folder / 'secrets' / 'wing.token').read_text().strip()}"}
    answer = httpx.post(f"{url}/local/v1/senders", headers=wing, json={"sources": [1]})
    (told,) = answer.raise_for_status().json()["items"]["1"]
    return dict(told)


def test_what_was_answered_outlives_a_kill_and_comes_again_only_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (port,) = free_ports(1)
    monkeypatch.setenv("SHOUTU_HJ212_PORT", str(port))
    monkeypatch.setattr(bench.doors, "write_catalog", catalog)
    began = time.time_ns() // 1_000_000
    with bench.doors.pipeline(tmp_path) as (url, _, process):
        told = send(port, "a34004=63.5", "a21026=0.5")
        assert told.returncode == 0, told.stderr
        assert "CN=9014" in told.stdout
        assert httpx.get(f"{url}/readyz").json()["checks"]["doors"]
        assert (
            'shoutu_readings_rejected_total{door="hj212",reason="unknown_point"} 1.0'
            in httpx.get(f"{url}/metrics").text
        )
        packet = told.stdout.splitlines()[0].removeprefix("> ").encode() + b"\r\n"
        assert senders(url, tmp_path)["device"] == MN
        os.kill(process, signal.SIGKILL)
        while Path(f"/proc/{process}").exists() and "Z" not in Path(f"/proc/{process}/stat").read_text().split()[2]:
            pass
    (tmp_path / "run" / "pipeline.json").unlink()
    with bench.doors.pipeline(tmp_path) as (url, _, _):
        with socket.create_connection(("127.0.0.1", port)) as line:
            line.settimeout(30)
            line.sendall(packet)
            assert b"CN=9014" in line.recv(4096)
        bench.doors.reached(url, "shoutu_evaluated_seq", bench.doors.metrics(url)["shoutu_journal_seq"] - 1)
        bench.doors.reached(url, "shoutu_stored_seq", bench.doors.metrics(url)["shoutu_journal_seq"] - 1)
        ((ts, value, quality),) = history(url, tmp_path, 7)
        assert (value, quality) == (63.5, 0)
        assert began - 1_000 <= ts <= time.time_ns() // 1_000_000
        assert senders(url, tmp_path)["connections"] in (0, 1)
    (tmp_path / "run" / "pipeline.json").unlink()
    with bench.doors.pipeline(tmp_path) as (url, _, _):
        known = senders(url, tmp_path)  # an orderly end keeps who was heard
        assert (known["device"], known["connections"]) == (MN, 0)
