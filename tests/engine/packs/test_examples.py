"""Each shipped pack over its own example readings warns as its README says: no more, no less, and not later."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from shoutu.engine import Engine, RuleSet, signal_to_dict
from shoutu.engine.packs import Pack, bind, bind_site, explain, load
from shoutu.engine.params import RISKS

PACKS = Path(__file__).parents[3] / "packs"
EXAMPLES = sorted(path.parent.name for path in (PACKS / "examples").glob("*/site.yaml"))
LEVELS = {"蓝": 1, "黄": 2, "橙": 3, "红": 4}
ALL = "全场"
"""In a README's table, the point of a rule of the whole site."""
ROW = re.compile(
    r"^\| (\S+) \| (\S+) \| ([蓝黄橙红]) \| (\d\d-\d\d \d\d:\d\d) \| (\d\d-\d\d \d\d:\d\d) \|", re.MULTILINE
)


@lru_cache
def raised(name: str) -> list[tuple[str, str, int, datetime, str, str]]:
    """(point, rule, level, when, why in Chinese and English) of every rise of a risk over the example's readings."""
    folder = PACKS / "examples" / name
    site = yaml.safe_load((folder / "site.yaml").read_text("utf-8"))
    found, problems = load((PACKS / "warning" / f"{site['pack']}.yaml").read_text("utf-8"))
    assert isinstance(found, Pack), problems
    points: list[dict[str, Any]] = []
    rules: list[dict[str, Any]] = []
    bound: list[Any] = []
    for number, told in enumerate(site["points"], 1):
        kind = found.indicator(told["item"])
        points.append(
            {"id": number, "source": 1, "site": 1, "item": told["item"], "interval_s": told["interval_s"],
             "low": kind.low, "high": told.get("high", kind.high), "danger": kind.danger}
        )  # fmt: skip
        for rule in bind(found, told["item"], site["design"]).rules:
            bound.append(rule)
            rules.append(
                {"id": len(bound), "version": 1, "point": number, "kind": rule.kind, "params": rule.params}
            )  # fmt: skip
    for rule in bind_site(found, {point["item"] for point in points}):
        bound.append(rule)
        rules.append({"id": len(bound), "version": 1, "site": 1, "kind": rule.kind, "params": rule.params})
    ruleset = RuleSet.from_catalog([], points, rules)
    assert ruleset.problems == ()
    number_of = {told["address"]: number for number, told in enumerate(site["points"], 1)}
    with (folder / "readings.csv").open() as file:
        rows = [
            (datetime.fromisoformat(r["ts"]), number_of[r["point"]], float(r["value"])) for r in csv.DictReader(file)
        ]
    address = {number: point for point, number in number_of.items()}
    zone = rows[0][0].tzinfo
    rises = []
    for signal in signals_of(ruleset, rows):
        if signal["rule"] and signal["category"] == "risk" and signal["to"] > signal["from"]:
            rule = bound[signal["rule"] - 1]
            at = datetime.fromtimestamp(signal["event_ts"] / 1000, zone)
            point, why = address.get(signal["point"], ALL), [explain(rule, signal, lang) for lang in ("zh", "en")]
            rises.append((point, rule.rule, signal["to"], at, *why))
    return rises


def signals_of(ruleset: RuleSet, rows: list[tuple[datetime, int, float]]) -> Iterator[dict[str, Any]]:
    """What the engine says to these readings, as they come; composites are judged at the tick after each moment."""
    engine, seq = Engine(), 1
    engine.switch(0, ruleset)
    for at, moment in groupby(rows, key=lambda row: row[0]):
        _ats, points, values = zip(*moment, strict=True)
        now, count = round(at.timestamp() * 1000), len(points)
        ts = np.full(count, now)
        signals = engine.readings(seq, np.array(points), ts, ts, np.array(values), np.zeros(count, np.uint8))
        yield from (signal_to_dict(one, ruleset, 0) for one in signals)
        yield from (signal_to_dict(one, ruleset, 0, engine.evidence) for one in engine.tick(seq + count, now))
        seq += count + 1


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_warns_as_its_readme_says(name: str) -> None:
    table = ROW.findall((PACKS / "examples" / name / "README.md").read_text("utf-8"))
    assert table
    expected = {(point, rule, LEVELS[level]): (first, last) for point, rule, level, first, last in table}
    rises = raised(name)
    assert {row[:3] for row in rises} == set(expected)
    for point, rule, level, at, *_why in rises:
        first, last = expected[point, rule, level]
        assert first <= f"{at:%m-%d %H:%M}" <= last, (point, rule, level, at)


def test_every_pack_has_an_example() -> None:
    assert set(EXAMPLES) == {path.stem for path in (PACKS / "warning").glob("*.yaml")}


@pytest.mark.parametrize("name", EXAMPLES)
def test_why_is_a_whole_sentence(name: str) -> None:
    for *_, why, reason in raised(name):
        assert (why[-1], reason[-1]) == ("。", ".")
        assert "{" not in why + reason


@pytest.mark.parametrize("name", sorted(set(EXAMPLES) - {"tailings-pond", "underground-mine", "open-pit-slope"}))
def test_every_rule_of_danger_warns_in_the_example(name: str) -> None:
    found, problems = load((PACKS / "warning" / f"{name}.yaml").read_text("utf-8"))
    assert found is not None, problems
    speaking = {rule.id for rule in found.rules if rule.kind in RISKS or rule.kind == "composite"}
    assert {rule for _point, rule, *_ in raised(name)} == speaking
