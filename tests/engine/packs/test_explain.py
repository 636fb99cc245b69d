"""Why a sum, a quota or a forecast warns, in one sentence with its figures."""

from __future__ import annotations

from typing import Any

import pytest

from shoutu.engine.packs import explain
from shoutu.engine.packs.bind import unit_of

HOUR = 3_600_000
FLOW = {"title": {"zh": "涌水量", "en": "Inflow"}, "unit": "m³/h", "decimals": 1}
NEW = {"kind": "anomaly", "from": 0, "to": 1, "value": 12.3, "aux": 3312.7, "low": 4.0, "high": 6.0,
       "threshold": 3000.0, "flags": [], "event_ts": 0}  # fmt: skip
RULE = {"title": {"zh": "降水量", "en": "Rain"}, "unit": "mm", "decimals": 1}
DEPTH = {"title": {"zh": "浸润线埋深", "en": "Phreatic depth"}, "unit": "m"}
SUM = {"kind": "accumulation", "from": 0, "to": 3, "value": 5.0, "aux": 32.5, "threshold": 30.0,
       "window_start": 0, "event_ts": 3 * HOUR}  # fmt: skip
AHEAD = {"kind": "forecast", "from": 0, "to": 2, "value": 6.8, "aux": 5.0, "low": 3.0, "high": 9.0, "threshold": 6.0,
         "window_start": 0, "event_ts": 24 * HOUR}  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "signal", "zh", "en"),
    [
        (FLOW, NEW, "涌水量 12.3 m³/h，以往在 4.0 至 6.0 m³/h 之间：约 3300 个读数一遇，是新情况，不一定是险情。",
         "Inflow 12.3 m³/h, before now between 4.0 and 6.0 m³/h: about one reading in 3,300 is as new, which need not "
         "mean danger."),
        (FLOW, NEW | {"value": 5.0, "aux": 35_000.0},
         "涌水量 5.0 m³/h，在以往的 4.0 至 6.0 m³/h 之间，但少有停在这一段："
         "约 3.5 万个读数一遇，是新情况，不一定是险情。",
         "Inflow 5.0 m³/h, within the 4.0 to 6.0 m³/h of before, where it hardly ever was: about one reading in 35,000 "
         "is as new, which need not mean danger."),
        (FLOW, NEW | {"flags": ["of_hour", "first"], "aux": 2e7},
         "涌水量 12.3 m³/h，平常此时在 4.0 至 6.0 m³/h：约 100 万以上个读数一遇，是新情况，不一定是险情。",
         "Inflow 12.3 m³/h, at this hour usually 4.0 to 6.0 m³/h: about one reading in more than 1,000,000 is as new, "
         "which need not mean danger."),
        (FLOW, NEW | {"flags": ["of_swing"]},
         "涌水量 12.3 m³/h，以往在 4.0 至 6.0 m³/h 之间：约 3300 个读数一遇，是新情况，不一定是险情。",
         "Inflow 12.3 m³/h, before now between 4.0 and 6.0 m³/h: about one reading in 3,300 is as new, which need not "
         "mean danger."),
        (FLOW, NEW | {"flags": ["of_standstill"], "value": 5.3},
         "涌水量 5.3 m³/h，停着不变的时间不同以往（以往在 4.0 至 6.0 m³/h 之间）："
         "约 3300 个读数一遇，是新情况，不一定是险情。",
         "Inflow 5.3 m³/h, new in how long it has stood still (before now 4.0 to 6.0 m³/h): about one reading in "
         "3,300 is as new, which need not mean danger."),
        (FLOW, NEW | {"from": 1, "to": 0, "value": 5.0}, "涌水量 5.0 m³/h，已不再异于以往，现为正常。",
         "Inflow 5.0 m³/h, no longer unlike before, now normal."),
        (RULE, SUM, "降水量近 3 小时累计 32.5 mm，高于控制值 30.0 mm。",
         "Rain has come to 32.5 mm in the last 3 h, above the limit of 30.0 mm."),
        (RULE, SUM | {"kind": "quota", "aux": 30.0}, "降水量本期累计 30.0 mm，达到限额 30.0 mm。",
         "Rain has come to 30.0 mm in this period, at the quota of 30.0 mm."),
        (RULE, SUM | {"kind": "quota", "aux": 5.0, "threshold": 4.0}, "降水量 5.0 mm，高于限额 4.0 mm。",
         "Rain: 5.0 mm, above the quota of 4.0 mm."),
        (DEPTH, AHEAD, "浸润线埋深 6.80 m，照近 24 小时的走势，约 5 小时后（3 小时至9 小时）到 6.00 m。",
         "Phreatic depth 6.80 m; as it went in the last 24 h it reaches 6.00 m in about 5 h (3 h to 9 h)."),
        (DEPTH, AHEAD | {"aux": 0.0, "low": 0.0, "high": 0.0},
         "浸润线埋深 6.80 m，照近 24 小时的走势，马上到 6.00 m。",
         "Phreatic depth 6.80 m; as it went in the last 24 h it reaches 6.00 m now."),
        (DEPTH, AHEAD | {"threshold": None, "high": None},
         "浸润线埋深越来越快：照近 24 小时的速度倒数，约 5 小时后（3 小时至更久）可能失稳。",
         "Phreatic depth is accelerating: by the inverse of its velocity in the last 24 h it may fail in about 5 h "
         "(3 h to longer)."),
        (DEPTH, AHEAD | {"high": 2.8e14},
         "浸润线埋深 6.80 m，照近 24 小时的走势，约 5 小时后（3 小时至更久）到 6.00 m。",
         "Phreatic depth 6.80 m; as it went in the last 24 h it reaches 6.00 m in about 5 h (3 h to longer)."),
        (DEPTH, AHEAD | {"from": 2, "to": 0}, "浸润线埋深的走势已不指向危险，现为正常。",
         "Phreatic depth is no longer on its way there, now normal."),
    ],
)  # fmt: skip
def test_the_sentence_has_the_figures(rule: dict[str, Any], signal: dict[str, Any], zh: str, en: str) -> None:
    assert explain(rule, signal) == zh
    assert explain(rule, signal, "en") == en


def test_a_sum_that_adding_up_left_a_hair_above_its_limit_has_reached_it() -> None:
    assert sum([0.1] * 3) > 0.3
    told = explain(RULE, SUM | {"aux": sum([0.1] * 3) * 100, "threshold": 30.0})
    assert told == "降水量近 3 小时累计 30.0 mm，达到控制值 30.0 mm。"


def test_a_sum_of_a_rate_per_hour_has_lost_the_hour() -> None:
    assert unit_of("t/h", {"form": "integral"}) == "t"
    assert unit_of("kW", {"form": "integral"}) == "kW·h"
    assert unit_of("mm", {"form": "sum"}) == "mm"
