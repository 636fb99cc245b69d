"""The tailings pond pack: it loads, binds to a site's design values, says what is missing, and explains itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from shoutu.engine import Engine, RuleSet, signal_to_dict
from shoutu.engine.packs import Pack, bind, explain, load

FILE = Path(__file__).parents[3] / "packs" / "warning" / "tailings-pond.yaml"


@pytest.fixture(scope="module")
def pack() -> Pack:
    found, problems = load(FILE.read_text(encoding="utf-8"), FILE.name)
    assert found is not None, [str(problem) for problem in problems]
    return found


def test_everything_cites_its_source(pack: Pack) -> None:
    assert all(rule.cite for rule in pack.rules)
    assert all(rule.title.en for rule in pack.rules)


def test_orange_depth_is_a_tenth_more_than_the_control_depth(pack: Pack) -> None:
    binding = bind(pack, "phreatic_depth", {"phreatic_control_depth": 6.0})
    limit = next(rule for rule in binding.rules if rule.kind == "threshold")
    assert limit.params["levels"] == {"3": 6.6, "4": 6.0}
    assert {(m.parameter, m.level) for m in binding.missing} == {
        ("phreatic_blue_depth", 1),
        ("phreatic_yellow_depth", 2),
    }


def test_red_level_follows_grade_and_crest(pack: Pack) -> None:
    binding = bind(pack, "pond_level", {"grade": 4, "beach_crest_level": 812.5})
    limit = next(rule for rule in binding.rules if rule.rule == "pond_level_limit")
    assert limit.params["levels"]["4"] == 812.0


@pytest.mark.parametrize("indicator", ["pond_level", "phreatic_depth", "beach_length", "rain_hour"])
def test_a_site_without_design_values_hears_of_every_one(pack: Pack, indicator: str) -> None:
    binding = bind(pack, indicator, {})
    limits = [rule.id for rule in pack.rules if rule.indicator == indicator and rule.kind == "threshold"]
    assert {m.rule for m in binding.missing} >= set(limits)
    assert {rule.kind for rule in binding.rules} == {"no_data", "implausible"}


def test_rain_never_gives_red(pack: Pack) -> None:
    values = {parameter.id: 10.0 + at for at, parameter in enumerate(pack.parameters) if "rain" in parameter.id}
    for rule in pack.rules:
        if rule.indicator == "rain_hour":
            assert "4" not in rule.params.get("levels", {})
        elif rule.id != "pond_blue_items":  # one blue item of four that make yellow, never orange or red
            assert "rain" not in str(rule.params)
    binding = bind(pack, "rain_hour", dict(zip(values, (30.0, 20.0, 10.0, 100.0, 50.0, 25.0), strict=True)))
    found = {r.kind: r.params["levels"] for r in binding.rules if "levels" in r.params}
    assert found == {
        "threshold": {"1": 10.0, "2": 20.0, "3": 30.0}, "accumulation": {"1": 25.0, "2": 50.0, "3": 100.0},
    }  # fmt: skip


def test_contradicting_values_are_named_and_red_stays_watched(pack: Pack) -> None:
    binding = bind(pack, "pond_level", {"grade": 4, "beach_crest_level": 100, "water_level_orange": 120})
    assert [wrong.rule for wrong in binding.problems] == ["pond_level_limit"]
    limit = next(rule for rule in binding.rules if rule.rule == "pond_level_limit")
    assert limit.params["levels"] == {"4": 99.5}


def test_a_value_that_is_no_number_is_named(pack: Pack) -> None:
    binding = bind(pack, "phreatic_depth", {"phreatic_control_depth": "6 m"})
    assert "phreatic_control_depth" in binding.problems[0].zh


def test_an_unknown_indicator_names_those_there_are(pack: Pack) -> None:
    with pytest.raises(KeyError, match="phreatic_depth"):
        bind(pack, "phreatic", {})


def test_the_engine_takes_it_and_the_sentence_has_the_figures(pack: Pack) -> None:
    binding = bind(pack, "phreatic_depth", {"phreatic_control_depth": 6.0})
    point = {
        "id": 1,
        "source": 1,
        "site": 1,
        "item": "phreatic_depth",
        "interval_s": 20,
        "low": 0,
        "high": 30,
        "danger": "low",
    }
    rules = [
        {"id": at + 1, "version": 1, "point": 1, "kind": r.kind, "params": r.params}
        for at, r in enumerate(binding.rules)
    ]
    ruleset = RuleSet.from_catalog([], [point], rules)
    assert ruleset.problems == ()
    engine = Engine()
    engine.switch(0, ruleset)
    ts = [1_793_500_000_000 + k * 20_000 for k in range(6)]
    signals = engine.readings(1, [1] * 6, ts, ts, [7.0, 7.0, 5.96, 5.96, 5.96, 5.96], [0] * 6)
    assert len(signals) == 1
    signal = signal_to_dict(signals[0], ruleset, 0)
    assert (signal["from"], signal["to"], signal["flags"]) == (0, 4, [])
    assert explain(binding.rules[0], signal) == "浸润线埋深 5.96 m，低于控制值 6.00 m，持续 60 秒。"
    assert explain({"title": "", "unit": ""}, {}) != ""
