"""What a signal says in words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shoutu.county.duties import kinds
from shoutu.county.sites.wording import rule_sentence
from shoutu.county.warnings import words
from shoutu.engine.params import KINDS

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


def test_a_sum_a_quota_and_what_is_on_its_way_are_told_with_their_figures():
    rain = {"kind": "accumulation", "to": 3, "value": 5.0, "aux": 32.5, "threshold": 30.0}
    assert words.title(rain, "降水量", "mm", "high", 1) == "降水量累计 32.5 mm，高于橙色限值 30.0 mm"
    people = {"kind": "quota", "to": 4, "value": 31, "aux": 31, "threshold": 29}
    assert words.title(people, "井下人数", "人", "high", 0) == "井下人数 31 人，高于红色限值 29 人"
    line = {"kind": "forecast", "to": 2, "value": 6.8, "aux": 5.0, "threshold": 6.0}
    assert words.title(line, "浸润线埋深", "m", "low") == "浸润线埋深照走势约 5 小时后到 6.00 m"
    assert words.title(line | {"threshold": None}, "坡面位移", "mm", "high") == "坡面位移越来越快，约 5 小时后可能失稳"
    assert words.title(line | {"aux": 0.0}, "浸润线埋深", "m", "low") == "浸润线埋深照走势马上到 6.00 m"
    assert words.direction({"direction": "low"}, line) == "low"
    assert words.direction({}, rain) == words.direction({}, people) == "high"


def test_what_is_unlike_before_is_told_with_how_rare_it_is():
    new = {"kind": "anomaly", "to": 1, "value": 12.3, "aux": 3312.7, "threshold": 3000.0, "low": 4.0, "high": 6.0}
    assert words.title(new, "涌水量", "m³/h", None) == "涌水量 12.30 m³/h，异于以往，约 3300 个读数一遇"
    assert words.direction({"levels": {"1": 3000}}, new) is None


def test_rules_that_sum_or_look_ahead_are_told():
    assert rule_sentence("accumulation", {"levels": {"3": 30}, "window_s": 3600, "form": "sum"}, "mm", 60) == (
        "60 分钟内累计 ≥ 30.00 mm 橙"
    )
    assert rule_sentence("quota", {"levels": {"4": 100}, "period": "month", "form": "integral"}, "t/h", 60) == (
        "当月累计 ≥ 100.00 t 红"
    )
    assert rule_sentence("quota", {"levels": {"4": 29}, "form": "count"}, "人", 60) == "现有 ≥ 29.00 人 红"
    ahead = {"levels": {"1": 72, "3": 24}, "target": 6.0, "window_s": 86400, "direction": "low", "form": "linear"}
    assert rule_sentence("forecast", ahead, "m", 60) == "照24 小时内的走势，离 6.00 m ≤ 24.00 小时 橙，≤ 72.00 小时 蓝"
    assert "离失稳" in rule_sentence("forecast", {**ahead, "form": "inverse_velocity"}, "mm", 60)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_kind_of_rule_has_a_word(language):
    told = json.loads((FACE / f"{language}.json").read_text("utf-8"))
    assert [kind for kind in KINDS if f"rule.kind.{kind}" not in told or f"signal.kind.{kind}" not in told] == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_kind_of_duty_of_duty_has_a_word_in_the_chain(language):
    words = json.loads((FACE / f"{language}.json").read_text("utf-8"))
    assert [kind for kind in kinds.names() if f"limit.{kind.rpartition('.')[2]}" not in words] == []
