"""What a pack may not be: each mistake named with file, line, field, in Chinese and English."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoutu.engine.packs import Pack, Problem, load

GOOD = """\
pack: warning/x
title: {zh: 试, en: Trial}
version: 1
cite: 设计
parameters:
  - {id: red, title: 红色值, unit: m}
  - {id: orange, title: 橙色值, unit: m, derived: red * 1.1}
indicators:
  - {id: depth, title: 埋深, unit: m, direction: low}
rules:
  - id: limit
    indicator: depth
    kind: threshold
    title: 埋深不足
    cite: 设计
    params: {direction: low, levels: {3: =orange, 4: =red}}
"""


def problems(old: str = "", new: str = "") -> list[Problem]:
    assert old in GOOD
    pack, found = load(GOOD.replace(old, new, 1), "x.yaml")
    assert (pack is None) == bool(found)
    return found


def test_a_good_pack_has_no_problems() -> None:
    assert problems() == []


@pytest.mark.parametrize(
    ("old", "new", "key", "line", "field", "word"),
    [
        ("version: 1", "version: !!python/object:os.system 1", "tag", 3, "", "标签"),
        ("version: 1", "version: &a 1", "alias", 3, "", "锚点"),
        ("version: 1", "version: 1\nversion: 2", "duplicate", 4, "version", "重复"),
        ("version: 1", "version: one", "type", 3, "version", "取值"),
        ("version: 1", "versoin: 1", "unknown", 3, "versoin", "version"),
        ("red, title: 红色值, unit: m}", "red, title: 红色值}", "missing", 6, "parameters[0].unit", "单位"),
        ("unit: m, direction: low}", "direction: low}", "missing", 9, "indicators[0].unit", "unit"),
        ("红色值, unit: m}", "红色值, unit: m, derived: orange}", "cycle", 7, "parameters[1].derived", "orange → red"),
        ("red * 1.1", "rde * 1.1", "unknown", 7, "parameters[1].derived", "red"),
        ("red * 1.1", "__import__('os')", "expression", 7, "parameters[1].derived", "算式"),
        ("red * 1.1", "red ** 9", "expression", 7, "parameters[1].derived", "算式"),
        ("kind: threshold", "kind: treshold", "unknown", 13, "rules[0].kind", "threshold"),
        ("indicator: depth", "indicator: dept", "unknown", 12, "rules[0].indicator", "depth"),
        ("4: =red", "5: =red", "level", 16, "rules[0].params.levels.5", "红"),
        ("{direction: low,", "{hysterisis: 1,", "unknown", 16, "rules[0].params.hysterisis", "hysteresis"),
        ("    params", "    max_level: 3\n    params", "max_level", 17, "rules[0].params.levels.4", "3"),
        ("    cite: 设计\n    params", "    params", "missing", 11, "rules[0].cite", "cite"),
        ("- {id: orange", "- {id: red", "repeated", 7, "parameters[1].id", "重复"),
        ("rules:", "rules: [", "yaml", 11, "", "YAML"),
    ],
)  # fmt: skip
def test_a_mistake_is_named(old: str, new: str, key: str, line: int, field: str, word: str) -> None:
    found = [problem for problem in problems(old, new) if problem.key == key]
    assert found, problems(old, new)
    assert (found[0].file, found[0].line, found[0].field) == ("x.yaml", line, field)
    assert word in found[0].message
    assert found[0].en.isascii() or "→" in found[0].en


def test_every_problem_is_named_at_once() -> None:
    text = GOOD.replace("version: 1", "version: one").replace("kind: threshold", "kind: wrong")
    assert {problem.key for problem in load(text)[1]} == {"type", "unknown"}


def test_a_bomb_of_aliases_is_refused_before_it_unfolds() -> None:
    bomb = "a: &a [1,1]\n" + "".join(f"a{i}: &b{i} [*a, *a]\n" for i in range(50))
    pack, found = load(bomb)
    assert pack is None
    assert {problem.key for problem in found} == {"alias"}


def test_deep_nesting_and_size_are_refused() -> None:
    assert load("[" * 5000)[1][0].key == "yaml"
    assert load("x" * 1_000_001)[1][0].key == "too_large"


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200), st.integers(0, len(GOOD)), st.integers(0, 20))
def test_no_text_makes_it_raise(text: str, at: int, cut: int) -> None:
    for candidate in (text, GOOD[:at] + text[:9] + GOOD[at + cut :]):
        pack, found = load(candidate)
        assert (pack is None) == bool(found)


PACKS = Path(__file__).parents[3] / "packs" / "warning"


def shipped() -> dict[str, Pack]:
    found = {file.stem: load(file.read_text("utf-8"), file.name) for file in sorted(PACKS.glob("*.yaml"))}
    assert [str(one) for _pack, wrong in found.values() for one in wrong] == []
    return {name: pack for name, (pack, _wrong) in found.items() if pack is not None}


def test_an_item_of_two_packs_has_one_unit_and_one_name() -> None:
    told: dict[str, set[tuple[str, str]]] = {}
    for pack in shipped().values():
        for one in pack.indicators:
            told.setdefault(one.id, set()).add((one.title.zh, one.unit))
    assert {item: ways for item, ways in told.items() if len(ways) > 1} == {}


def test_every_word_of_a_shipped_pack_is_there_in_english_too() -> None:
    for name, pack in shipped().items():
        for one in (pack, *pack.parameters, *pack.required, *pack.indicators, *pack.rules):
            assert one.title.en, (name, one)
        assert [rule.id for rule in pack.rules if rule.sentence and not rule.sentence.en] == []


@pytest.mark.parametrize("name", ["boiler", "dust-gas", "forest-fire", "fuel-station", "geohazard"])
def test_the_other_sectors_claim_no_figure_of_law(name: str) -> None:
    pack = shipped()[name]
    figures = (*pack.parameters, *pack.required, *pack.indicators, *pack.rules)
    assert [one.id for one in figures if one.verified] == []
    assert not pack.verified
    assert [one.id for one in (*pack.required, *pack.indicators, *pack.rules) if not one.cite] == []
