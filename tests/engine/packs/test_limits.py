"""Limits of law: the shipped packs keep them; a weaker pack is named, and tightened to exactly the limit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoutu.engine.packs import BoundRule, Limit, Limits, Pack, Text, bind, load, load_limits, tightened, weakened
from shoutu.engine.params import parse

PACKS = Path(__file__).parents[3] / "packs"
SITE = {
    "grade": 4, "beach_crest_level": 812.5, "phreatic_control_depth": 6.0, "displacement_red": 100.0,
    "inflow_normal": 50.0, "people_limit": 30, "capacity_year": 30.0, "min_freeboard": 0.7,
}  # fmt: skip


@pytest.fixture(scope="module")
def law() -> Limits:
    found, problems = load_limits((PACKS / "limits/mines.yaml").read_text("utf-8"), "mines.yaml")
    assert found is not None, [str(problem) for problem in problems]
    return found


def pack(name: str) -> Pack:
    found, problems = load((PACKS / "warning" / f"{name}.yaml").read_text("utf-8"), name)
    assert found is not None, [str(problem) for problem in problems]
    return found


def weak(which: Pack, item: str, law: Limits, site: dict[str, Any] | None = None) -> list[Any]:
    site = SITE if site is None else site
    return weakened(which, item, bind(which, item, site).rules, law, site)


@pytest.mark.parametrize("name", sorted(file.stem for file in (PACKS / "warning").glob("*.yaml")))
def test_the_shipped_packs_keep_every_limit(name: str, law: Limits) -> None:
    which = pack(name)
    for indicator in which.indicators:
        assert weak(which, indicator.id, law) == []


def test_every_limit_is_of_an_indicator_some_pack_has(law: Limits) -> None:
    known = {i.id for name in ("tailings-pond", "underground-mine") for i in pack(name).indicators}
    assert {limit.indicator for limit in law.items} <= known
    assert all(limit.cite for limit in law.items)


def test_a_pack_with_a_higher_co_limit_is_named_and_tightened(law: Limits) -> None:
    text = (PACKS / "warning/underground-mine.yaml").read_text("utf-8")
    lax, _ = load(text.replace("levels: {3: 24}", "levels: {3: 50}"), "lax.yaml")
    assert lax is not None
    (found,) = weak(lax, "co", law)
    assert (found.limit.id, found.value, found.rule) == ("co", 24, "co_limit")
    rule = next(rule for rule in bind(lax, "co", SITE).rules if rule.rule == "co_limit")
    assert tightened(rule.params, found)["levels"] == {"3": 24.0}


def test_a_design_may_be_stricter_than_the_table_but_not_weaker(law: Limits) -> None:
    pond = pack("tailings-pond")
    assert weak(pond, "freeboard", law) == []
    (found,) = weak(pond, "freeboard", law, {**SITE, "min_freeboard": 0.3})
    assert (found.limit.id, found.value) == ("freeboard", 0.5)
    assert [w.limit.id for w in weak(pond, "pond_level", law, {**SITE, "min_freeboard": 0.3})] == ["pond_level"]


def test_a_limit_nobody_judges_has_no_rule(law: Limits) -> None:
    text = (PACKS / "warning/underground-mine.yaml").read_text("utf-8")
    start = text.index("  - id: o2_limit")
    without, _ = load(text[:start] + text[text.index("  - id: temperature_limit") :], "x.yaml")
    assert without is not None
    (found,) = weak(without, "o2", law)
    assert found.rule is None


def test_a_month_is_held_to_the_limit_of_a_month_and_not_to_the_years(law: Limits) -> None:
    text = (PACKS / "warning/underground-mine.yaml").read_text("utf-8")
    lax, _ = load(text.replace("10000 * 0.2", "10000 * 0.5"), "lax.yaml")
    assert lax is not None
    (found,) = weak(lax, "ore_output", law)
    assert (found.limit.id, found.value, found.rule) == ("output_month", 60_000, "output_month")
    rule = next(rule for rule in bind(lax, "ore_output", SITE).rules if rule.rule == "output_month")
    strict = tightened(rule.params, found)
    assert strict["levels"] == {"3": 60_000.0}
    parse("quota", strict)


def test_persons_counted_by_a_quota_keep_the_limit_of_the_reading(law: Limits) -> None:
    text = (PACKS / "warning/underground-mine.yaml").read_text("utf-8")
    lax, _ = load(text.replace("people_limit + 1", "people_limit + 5"), "lax.yaml")
    assert lax is not None
    (found,) = weak(lax, "people_underground", law)
    assert (found.limit.id, found.value, found.rule) == ("people", 31, "people_over")


def test_a_limit_whose_design_value_is_missing_says_nothing(law: Limits) -> None:
    assert weak(pack("underground-mine"), "people_underground", law, {}) == []


@st.composite
def lax_rules(draw: st.DrawFn) -> tuple[dict[str, Any], str, int]:
    """A threshold rule all of whose levels come later than 24 on the side that counts, and the limit's level."""
    side = draw(st.sampled_from(["high", "low"]))
    levels = sorted(draw(st.sets(st.integers(1, 4), min_size=1)))
    steps = sorted(draw(st.lists(st.integers(1, 100), min_size=len(levels), max_size=len(levels), unique=True)))
    bounds = [24 + step for step in steps] if side == "high" else [24 - step for step in steps]
    return (
        {"direction": side, "levels": dict(zip(map(str, levels), bounds, strict=True))},
        side,
        draw(st.integers(1, 4)),
    )


@given(lax_rules())
def test_tightened_keeps_the_limit_and_stays_a_rule(drawn: tuple[dict[str, Any], str, int]) -> None:
    params, side, level = drawn
    limit = Limit(id="x", indicator="x", title=Text(zh="x"), unit="1", direction=side, value=24, cite="x", level=level)
    law = Limits(limits="x", title=Text(zh="x"), version=1, cite="x", items=(limit,))
    empty = Pack(pack="x", title=Text(zh="x"), version=1, cite="x")

    def bound(values: dict[str, Any]) -> BoundRule:
        return BoundRule(
            rule="r", kind="threshold", params=values, title=Text(zh="x"), unit="", decimals=1, sentence=None,
            cite="x", verified=True, pack="x", pack_version=1,
        )  # fmt: skip

    (found,) = weakened(empty, "x", [bound(params)], law, {})
    strict = tightened(params, found)
    parse("threshold", strict)
    assert weakened(empty, "x", [bound(strict)], law, {}) == []
    assert max(map(int, strict["levels"])) >= max(map(int, params["levels"]))
