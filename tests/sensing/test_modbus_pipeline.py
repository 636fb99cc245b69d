"""Calling a device on the real pipeline, by the example that the guide shows."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import httpx
import pytest

import bench.doors
from tests.sensing.test_doors_pipeline import history

pytestmark = pytest.mark.integration
EXAMPLE = Path(__file__).parents[2] / "examples" / "modbus"


def test_the_example_is_called_and_stands_in_the_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = [sys.executable, str(EXAMPLE / "serve.py"), "--port", "0", "--level", "23.7"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as device:
        assert device.stdout is not None
        port = int(device.stdout.readline().rpartition(":")[2])
        settings = tomllib.loads((EXAMPLE / "plc.toml").read_text("utf-8")) | {"port": port}

        def catalog(folder: Path, _change: object = None) -> None:
            source = {"id": 1, "name": "甲", "token_hashes": [], "devices": [{**settings, "id": 5, "name": "坝上"}]}
            like = {"source": 1, "site": 1, "item": "level", "unit": "m", "interval_s": 5}
            points = [{"id": 7, "address": "库水位", **like}, {"id": 8, "address": "气温", **like}]
            told = {"version": 1, "full": True, "sources": [source], "points": points, "rules": []}
            (folder / "sensing").mkdir(parents=True, exist_ok=True)
            (folder / "sensing" / "catalog.json").write_text(json.dumps(told))

        monkeypatch.setattr(bench.doors, "write_catalog", catalog)
        monkeypatch.setenv("SHOUTU_DEVICE_NETS", "127.0.0.1")
        began = time.time_ns() // 1_000_000
        try:
            with bench.doors.pipeline(tmp_path) as (url, _, _):
                until = time.monotonic() + 60
                while not (found := history(url, tmp_path, 8) and history(url, tmp_path, 7)):
                    assert time.monotonic() < until
                    time.sleep(0.05)
                ts, level, quality = found[0]
                assert (level, quality) == (23.7, 0)
                assert began <= ts <= time.time_ns() // 1_000_000
                assert history(url, tmp_path, 8)[0][1] == -5.2
                figures = httpx.get(f"{url}/metrics").text
                assert 'shoutu_readings_rejected_total{door="modbus",reason="unknown_point"}' in figures
        finally:
            device.kill()
