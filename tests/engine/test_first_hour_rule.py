"""What `docs/guides/first-hour.md` says of its rule over the whole series is what the engine finds in it."""

from __future__ import annotations

import csv
import json
import re
from datetime import datetime
from pathlib import Path

import numpy as np

from shoutu.engine import Engine, RuleSet, signal_to_dict

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = (REPOSITORY / "docs" / "guides" / "first-hour.md").read_text("utf-8")
SERIES = "machine_temperature_system_failure.csv"
DAY_MS = 86_400_000


def rows(name: str) -> list[dict[str, str]]:
    with (REPOSITORY / "examples" / "real" / name).open() as file:
        return list(csv.DictReader(file))


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def episodes() -> list[tuple[int, int]]:
    """(begin in UTC ms, highest level) of every stretch in which the page's rule is not at rest."""
    found = re.search(r"--params '(.*?)'", PAGE)
    assert found is not None
    point = {"id": 1, "source": 1, "site": 1, "item": "bearing_temperature", "interval_s": 300,
             "low": -40, "high": 250, "danger": "low"}  # fmt: skip
    rule = {"id": 1, "version": 1, "point": 1, "kind": "threshold", "params": json.loads(found[1])}
    ruleset = RuleSet.from_catalog([], [point], [rule])
    assert ruleset.problems == ()
    engine = Engine()
    engine.switch(0, ruleset)
    series = rows(SERIES)
    ts = np.array([ms(row["ts"]) for row in series])
    values = np.array([float(row["value"]) for row in series])
    signals = engine.readings(1, np.ones(len(ts)), ts, ts, values, np.zeros(len(ts)))
    told: list[tuple[int, int]] = []
    for signal in (signal_to_dict(one, ruleset, 0) for one in signals):
        if signal["category"] == "risk" and signal["to"] > signal["from"]:
            if signal["from"] == 0:
                told.append((signal["event_ts"], signal["to"]))
            else:
                told[-1] = (told[-1][0], max(told[-1][1], signal["to"]))
    return told


def test_page_tells_every_level_the_rule_reaches_over_the_whole_series() -> None:
    windows = [(ms(row["start"]), ms(row["end"])) for row in rows("events.csv") if row["file"] == SERIES]
    found = episodes()
    counted = {
        level: (
            sum(1 for _, highest in found if highest == level),
            sum(1 for at, highest in found if highest == level and any(a <= at <= b for a, b in windows)),
        )
        for level in (2, 3, 4)
    }
    table = re.findall(r"^\| (\d) \w+ \| (\d+) \| (\d+) \|$", PAGE, re.MULTILINE)
    assert {int(level): (int(times), int(inside)) for level, times, inside in table} == counted
    assert f"leaves its rest {len(found)} times" in PAGE
    assert f"{len(found) - 1} others for the one that counted" in PAGE


def test_page_counts_the_failure_as_the_one_that_was_right() -> None:
    (failure,) = [row for row in rows("events.csv") if row["file"] == SERIES and "catastrophic" in row["kind"]]
    opens = ms(failure["start"])
    (right,) = [(at, level) for at, level in episodes() if opens - DAY_MS <= at <= ms(failure["end"])]
    assert right == (opens - 40 * 60_000, 4)
