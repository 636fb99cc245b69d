"""The detector's bench: what it reads by its own level, and that it says when there is nothing to read."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bench import detect, detect_split

SCORER = """
TP, FP, FN = 1.0, 0.11, 1.0

def points(name, stamps, scores, windows):
    # a window is row 2,400 alone; what is not in it costs
    return [(s, 0.9 if i == 2_400 else -0.11, "w" if i == 2_400 else None) for i, s in enumerate(scores)]

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
    folder = found["folders"]["one"]
    assert folder["score"] == pytest.approx(95 - 5.5 * folder["false"])
    assert folder["false"] == found["as_it_is"] - 1


class Scorer:
    TP, FP, FN = 1.0, 0.11, 1.0


def test_of_a_window_the_best_alarm_counts_and_nothing_for_silence() -> None:
    rows = [(1, 0.4, "a"), (1, 0.8, "a"), (0, 1.0, "a"), (0, 0.9, "b"), (1, -0.11, None), (0, -0.11, None)]
    assert detect_split.part(Scorer, rows) == pytest.approx((1.8 - 0.11, 4.0, 1))


def test_what_is_scored_was_not_chosen_by() -> None:
    def file(**gains: float) -> dict[tuple[float, int], detect_split.Part]:
        settings = {"short": (0.0001, 35), "own": detect_split.IN_FORCE}
        return {setting: detect_split.Part(gains[name], 2.0, 0) for name, setting in settings.items()}

    found = {"a/1": file(short=2.0, own=1.0), "a/2": file(short=0.0, own=1.6)}
    told = detect_split._split(found, {"a": ["a/1", "a/2"]})
    assert told["even_to_odd"] == {"chosen": [0.0001, 35], "on_known": 100.0, "on_kept": 0.0, "in_force_on_kept": 80.0}
    assert told["odd_to_even"]["on_kept"] == 50.0
    assert told["both_ways"] == 25.0
