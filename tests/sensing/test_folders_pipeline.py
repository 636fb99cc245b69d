"""The folder door on the real pipeline, by the example that the guide shows."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

import bench.doors
from shoutu.sensing.folders.settings import read_folders
from tests.sensing.test_doors_pipeline import history

pytestmark = pytest.mark.integration
EXAMPLE = Path(__file__).parents[2] / "examples" / "folders" / "folders.toml"


def catalog(folder: Path, _change: object = None) -> None:
    """One source with two points."""
    source = {"id": 1, "name": "甲铁矿安全监测", "token_hashes": []}
    told = {"site": 1, "source": 1, "item": "co", "unit": "ppm", "interval_s": 20}
    points = [{"id": 7, "address": "A-1", **told}, {"id": 8, "address": "井下人数", **told}]
    whole = {"version": 1, "full": True, "sources": [source], "points": points, "rules": []}
    (folder / "sensing").mkdir(parents=True, exist_ok=True)
    (folder / "sensing" / "catalog.json").write_text(json.dumps(whole))


def test_files_that_are_dropped_stand_in_the_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox = tmp_path / "in"
    inbox.mkdir()
    settings = tmp_path / "folders.toml"
    settings.write_text(EXAMPLE.read_text().replace("/srv/ftp/jia", str(inbox)))
    assert list(read_folders(str(settings))[0].kinds) == ["CDSS", "RYSS"]
    monkeypatch.setenv("SHOUTU_FOLDERS", str(settings))
    monkeypatch.setattr(bench.doors, "write_catalog", catalog)
    text = "KJ;140001;2026-08-01 08:59:00|A-1;主井口;6.5;正常;2026-08-01 08:58:57~‖"
    with bench.doors.pipeline(tmp_path / "data") as (url, _, _):
        (inbox / "140001_CDSS_20260801085900.txt").write_bytes(text.encode("gbk"))
        (inbox / "140001_RYSS_20260801085900.txt").write_text("KJ;140001|张三;主井~李四;主井~‖")
        until = time.monotonic() + 60
        while list(inbox.iterdir()):
            assert time.monotonic() < until
            time.sleep(0.05)
        goal = bench.doors.metrics(url)["shoutu_journal_seq"] - 1
        bench.doors.reached(url, "shoutu_stored_seq", goal)
        assert history(url, tmp_path / "data", 7) == [[1_785_545_937_000, 6.5, 0]]
        assert history(url, tmp_path / "data", 8) == [[1_785_545_940_000, 2.0, 0]]
