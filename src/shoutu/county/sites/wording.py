"""A rule in one sentence. Pure text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from shoutu.engine.packs.bind import unit_of
from shoutu.engine.packs.figures import figure as exact

_PERIODS = {"day": "当日累计", "month": "当月累计", "year": "当年累计"}
NAMES = {1: "蓝", 2: "黄", 3: "橙", 4: "红"}


def figure(value: float, unit: str = "") -> str:
    """A limit with its unit, as on the page: two decimals, more where it has more, a true minus."""
    text = exact(value, 2, value)
    return f"{text} {unit}".rstrip().replace("-", "−")


def span(seconds: float) -> str:
    """A time in words."""
    if seconds < 120:
        return f"{seconds:g} 秒"
    if seconds < 7200:
        return f"{seconds / 60:g} 分钟"
    return f"{seconds / 3600:g} 小时" if seconds < 172800 else f"{seconds / 86400:g} 天"


def rule_sentence(kind: str, params: Mapping[str, Any], unit: str, interval_s: float) -> str:
    """What the rule says: 「≤ 6.00 m 红，≤ 6.60 m 橙，持续 60 秒」."""
    if kind == "threshold":
        hold = float(params.get("raise_for_s") or 0)
        return _levels(params, unit) + (f"，持续 {span(hold)}" if hold else "")
    if kind == "rate":
        per_hour = f"{unit}/h" if unit else "每小时"
        return f"{span(float(params.get('window_s') or 3600))}内变化率 {_levels(params, per_hour)}"
    if kind == "accumulation":
        return f"{span(float(params.get('window_s') or 0))}内累计 {_levels(params, unit_of(unit, params))}"
    if kind == "quota":
        period = _PERIODS.get(str(params.get("period")), "现有")
        return f"{period} {_levels(params, unit_of(unit, params))}"
    if kind == "forecast":
        hours = _levels({**params, "direction": "low"}, "小时")
        if params.get("form") == "inverse_velocity":
            return f"照{span(float(params.get('window_s') or 0))}内的速度倒数，离失稳 {hours}"
        target = figure(float(params.get("target") or 0), unit)
        return f"照{span(float(params.get('window_s') or 0))}内的走势，离 {target} {hours}"
    if kind == "anomaly":
        return _unlike(params, interval_s)
    if kind == "composite":
        return _together(params)
    level = NAMES.get(int(params.get("level") or 1), "")
    if kind == "no_data":
        after = params.get("after_s")
        wait = float(after) if after else float(params.get("intervals") or 3) * interval_s
        return f"{span(wait)}没有可用读数，设备{level}"
    if kind == "stuck":
        return f"{span(float(params.get('window_s') or 0))}内读数不变，设备{level}"
    if kind == "implausible":
        return f"读数超出物理量程或不是数字，设备{level}"
    return kind


def unit_of_levels(kind: str, unit: str, params: Mapping[str, Any]) -> str:
    """In what the limits of a rule are told; `unit`: the point's."""
    if kind == "rate":
        return f"{unit}/h" if unit else "/h"
    if kind == "anomaly":
        return _("个读数一遇")
    return "h" if kind == "forecast" else unit_of(unit, params)


MONTH = 30 * 86_400


def _unlike(params: Mapping[str, Any], interval_s: float) -> str:
    """「3000 个读数一遇 蓝（平静时约每月 2.9 次）；先学 7 天」"""
    parts = []
    for level, value in sorted((params.get("levels") or {}).items(), key=lambda pair: -int(pair[0])):
        often = f"（平静时约每月 {MONTH / interval_s / float(value):.2g} 次）" if interval_s else ""
        parts.append(f"{float(value):g} 个读数一遇 {NAMES[int(level)]}{often}")
    readings = int(params.get("min_samples") or 500)
    return f"{'，'.join(parts)}；先学 {span(float(params.get('learn_s', 604_800)))}、{readings} 个读数，其间不报"


def _together(params: Mapping[str, Any]) -> str:
    """「4 个测点蓝 → 黄，3 个测点黄 → 橙」"""
    noun = "项" if params.get("counted") == "items" else "个测点"
    steps = sorted(params.get("steps") or (), key=lambda step: int(step["level"]))
    return "，".join(f"{step['count']} {noun}{NAMES[int(step['level'])]} → {NAMES[int(step['to'])]}" for step in steps)


def _levels(params: Mapping[str, Any], unit: str) -> str:
    side, parts = params.get("direction", "high"), []
    for level, value in sorted((params.get("levels") or {}).items(), key=lambda pair: -int(pair[0])):
        if side == "band":
            parts.append(f"≤ {figure(value[0], unit)} 或 ≥ {figure(value[1], unit)} {NAMES[int(level)]}")
        else:
            parts.append(f"{'≤' if side == 'low' else '≥'} {figure(value, unit)} {NAMES[int(level)]}")
    return "，".join(parts)
