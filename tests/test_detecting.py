"""`shoutu rules detect`: a CSV file in, the same with a score out; what is wrong in it is said by its line."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from shoutu.county.commands_sites import rules
from shoutu.engine import anomaly

START = datetime(2026, 3, 2, 8)  # noqa: DTZ001  (local, as files have it)


def told(*arguments: object) -> tuple[int, str]:
    answer = CliRunner().invoke(rules, ["detect", *map(str, arguments)])
    return answer.exit_code, answer.output


def test_every_row_gets_its_score_and_keeps_what_it_had(tmp_path: Path) -> None:
    values = np.random.default_rng(1).normal(5, 1, 2_500)
    values[2_400] = 60
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    with source.open("w", encoding="utf-8-sig") as file:
        file.write("timestamp,value,note\n")
        for k, value in enumerate(values):
            file.write(f"{START + timedelta(minutes=5 * k)},{float(value)!r},第{k}行\n")
    code, said = told(source, "--out", out)
    assert code == 0, said
    rows = list(csv.DictReader(out.open(encoding="utf-8")))
    assert list(rows[0]) == ["timestamp", "value", "note", "anomaly_score"]
    assert rows[2_400]["note"] == "第2400行"
    found = np.array([float(row["anomaly_score"]) for row in rows])
    base = round((START - datetime(1970, 1, 1)).total_seconds() * 1000)  # noqa: DTZ001
    expected = anomaly.scores(base + 300_000 * np.arange(2_500), values)
    assert found.tolist() == expected.tolist()
    assert found[2_400] >= 1 - anomaly.TARGET
    assert f"2500 行，{int((expected >= 1 - anomaly.TARGET).sum())} 次告警" in said


def test_the_same_moment_told_in_any_way_is_the_same(tmp_path: Path) -> None:
    """The profile is of local time: a stamp with a zone or in milliseconds is brought to it."""
    values = np.sin(np.arange(2_000) / 288 * 2 * np.pi) + np.random.default_rng(2).normal(0, 0.1, 2_000)
    outs = []
    for name, stamp in (
        ("local", lambda at: f"{at}"),
        ("utc", lambda at: f"{at - timedelta(hours=8)}+00:00"),
        ("ms", lambda at: str(round((at - timedelta(hours=8) - datetime(1970, 1, 1)).total_seconds() * 1000))),  # noqa: DTZ001
    ):
        source, out = tmp_path / f"{name}.csv", tmp_path / f"{name}.out"
        lines = [f"{stamp(START + timedelta(minutes=5 * k))},{float(v)!r}" for k, v in enumerate(values)]
        source.write_text("\n".join(["timestamp,value", *lines]), "utf-8")
        code, said = told(source, "--out", out)
        assert code == 0, said
        outs.append([row["anomaly_score"] for row in csv.DictReader(out.open(encoding="utf-8"))])
    assert outs[0] == outs[1] == outs[2]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("timestamp,value\n2026-01-01,abc\n", "line 2: value"),
        ("timestamp,value\nyesterday,1\n", "line 2: timestamp"),
        ("timestamp,value\n", "no rows"),
        ("ts,value\n1,2\n", "lacks timestamp"),
        ("", "lacks timestamp, value"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_written(tmp_path: Path, text: str, says: str) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(text, "utf-8")
    code, said = told(source, "--out", out)
    assert code == 1
    assert says in said
    assert not out.exists()


def test_an_empty_cell_scores_nothing(tmp_path: Path) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("timestamp,value\n2026-01-01 00:00:00,\n2026-01-01 00:05:00,1\n", "utf-8")
    assert told(source, "--out", out)[0] == 0
    assert next(csv.DictReader(out.open(encoding="utf-8")))["anomaly_score"] == "0.0"
    assert told(source, "--out", out, "--target", "2")[0] == 1
    assert told(source, "--out", out, "--zone", "Mars/Base")[0] == 1
