"""The detector's bench: what it reads by its own level, and that it says when there is nothing to read."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bench import detect

SCORER = """
def corpus(scores, data, labels):
    import csv
    files = sorted(scores.rglob("*.csv"))
    return [(float(r["anomaly_score"]), 1.0, f.name) for f in files for r in csv.DictReader(open(f))]

def best(rows):
    return sum(s for s, _, _ in rows), 1.0
"""


def test_without_the_data_it_is_skipped_and_says_so(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("SHOUTU_NAB", str(tmp_path / "nowhere"))
    assert "set SHOUTU_NAB" in detect.run()["skipped"]
    assert "skipped" in capsys.readouterr().err


def test_alarms_alone_are_scored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(1).normal(0, 1, 2_500)
    values[2_400] = 60.0
    folder = tmp_path / "data" / "one"
    folder.mkdir(parents=True)
    stamps = np.datetime64("2014-04-01T00:00:00") + np.arange(2_500) * np.timedelta64(5, "m")
    lines = [f"{str(at).replace('T', ' ')},{value}" for at, value in zip(stamps, values, strict=True)]
    (folder / "a.csv").write_text("\n".join(["timestamp,value", *lines]) + "\n")
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "combined_windows.json").write_text(json.dumps({"one/a.csv": []}))
    (tmp_path / "score.py").write_text(SCORER)
    monkeypatch.setenv("SHOUTU_NAB", str(tmp_path))
    found = detect.run()
    assert found["files"] == 1
    assert 1 <= found["as_it_is"] == int(found["as_it_is"]) <= 20
    assert found["values_per_s"] > 0
