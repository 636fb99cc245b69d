"""What a signal says in words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shoutu.county.duties import kinds
from shoutu.county.sites.wording import rule_sentence
from shoutu.county.warnings import words

FACE = Path(__file__).resolve().parents[3] / "web" / "src" / "i18n"
CO = {"kind": "threshold", "to": 3, "value": 2.6, "threshold": 2.5}


def test_a_title_has_the_decimals_of_the_indicator_and_of_the_limit():
    assert words.title(CO, "一氧化碳", "ppm", "high", 0) == "一氧化碳 2.6 ppm，高于橙色限值 2.5 ppm"
    assert words.title(CO | {"value": 26, "threshold": 24}, "一氧化碳", "ppm", "high", 0) == (
        "一氧化碳 26 ppm，高于橙色限值 24 ppm"
    )
    assert words.title(CO, "一氧化碳", "ppm", "high") == "一氧化碳 2.60 ppm，高于橙色限值 2.50 ppm"


def test_a_title_never_says_a_value_equals_the_limit_it_is_beyond():
    signal = {"kind": "threshold", "to": 4, "value": 5.9961, "threshold": 6.0}
    assert words.title(signal, "浸润线埋深", "m", "low") == "浸润线埋深 5.996 m，低于红色限值 6.00 m"


def test_a_slope_is_written_beside_its_limit():
    signal = {"kind": "rate", "to": 2, "value": 40, "aux": -0.513, "threshold": 0.5}
    assert words.title(signal, "一氧化碳", "ppm", "low", 0) == "一氧化碳下降 0.51 ppm/h，超过黄色限值 0.5 ppm/h"


def test_a_rule_is_told_with_all_decimals_of_its_limits():
    told = rule_sentence("threshold", {"direction": "high", "levels": {"3": 0.0125, "2": -2.5}}, "m", 20)
    assert told == "≥ 0.0125 m 橙，≥ −2.50 m 黄"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_kind_of_duty_has_a_word_in_the_chain(language):
    words = json.loads((FACE / f"{language}.json").read_text("utf-8"))
    assert [kind for kind in kinds.names() if f"limit.{kind.rpartition('.')[2]}" not in words] == []
