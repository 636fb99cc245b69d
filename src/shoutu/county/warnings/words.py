"""A signal in words: what happened, and in one sentence why it warns. Pure text, no database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shoutu.engine.packs.explain import in_hours, one_in
from shoutu.engine.packs.figures import figure

LEVELS = {0: "正常", 1: "蓝色", 2: "黄色", 3: "橙色", 4: "红色"}


DECIMALS = 2
"""Of a figure whose rule comes from no pack."""


def decimals_of(named: Mapping[str, Any]) -> int:
    """What the words of a rule say; DECIMALS where they say nothing."""
    return int(named.get("decimals", DECIMALS))


def number(value: float, unit: str = "", decimals: int = DECIMALS, limit: float | None = None) -> str:
    """A figure with its unit, written so that it is told apart from the limit it stands beside."""
    return f"{figure(value, decimals, limit)} {unit}".rstrip().replace("-", "−")


def direction(params: Mapping[str, Any] | None, signal: Mapping[str, Any]) -> str | None:
    """Which side is exceeded: "high", "low", or None where that has no meaning."""
    if signal["kind"] in ("accumulation", "quota"):
        return "high"
    if signal["kind"] == "forecast":
        return str((params or {}).get("direction", "high"))
    if signal["kind"] not in ("threshold", "rate"):
        return None
    told = (params or {}).get("direction", "high")
    if told != "band":
        return str(told)
    measured = signal.get("aux") if signal["kind"] == "rate" else signal.get("value")
    limit = signal.get("threshold")
    if measured is None or limit is None:
        return None
    return "high" if measured >= limit else "low"


def title(signal: Mapping[str, Any], item: str, unit: str, side: str | None, decimals: int = DECIMALS) -> str:
    """What happened, without the place: 「浸润线埋深 5.96 m，低于红色限值 6.00 m」. `decimals`: the indicator's."""
    kind, value, limit = signal["kind"], signal.get("value"), signal.get("threshold")
    if kind == "threshold" and value is not None and limit is not None:
        told, allowed = number(value, unit, decimals, limit), number(limit, unit, decimals, limit)
        return f"{item} {told}，{_than(side)}{LEVELS[signal['to']]}限值 {allowed}"
    if kind == "rate" and signal.get("aux") is not None and limit is not None:
        slope = float(signal["aux"])
        way = "上升" if slope >= 0 else "下降"
        per_hour = f"{unit}/h" if unit else "每小时"
        most = abs(limit)
        fast, allowed = number(abs(slope), per_hour, decimals, most), number(most, per_hour, decimals, most)
        return f"{item}{way} {fast}，超过{LEVELS[signal['to']]}限值 {allowed}"
    if kind in ("accumulation", "quota") and signal.get("aux") is not None and limit is not None:
        total, allowed = number(signal["aux"], unit, decimals, limit), number(limit, unit, decimals, limit)
        together = "" if signal["aux"] == value else "累计"
        return f"{item}{together} {total}，高于{LEVELS[signal['to']]}限值 {allowed}"
    if kind == "forecast":
        return f"{item}{_ahead(signal, unit, decimals)}"
    if kind == "anomaly" and value is not None:
        return f"{item} {number(value, unit, decimals)}，异于以往，约 {one_in(signal.get('aux'))}个读数一遇"
    if kind == "composite":
        return f"{item}{_together(signal)}，合为{LEVELS[signal['to']]}"
    return f"{item}{_FAULTS.get(kind, '异常')}"


def _ahead(signal: Mapping[str, Any], unit: str, decimals: int) -> str:
    """「照走势约 5 小时后到 6.00 m」, 「越来越快，约 5 小时后可能失稳」."""
    target, when = signal.get("threshold"), _when(signal.get("aux"))
    if target is None:
        return f"越来越快，{when}可能失稳"
    return f"照走势{when}到 {number(target, unit, decimals, target)}"


def _when(hours: Any) -> str:
    told = in_hours(hours, "zh")
    return told if told == "马上" else f"约 {told}后"


def _together(signal: Mapping[str, Any]) -> str:
    """「 4 个测点蓝色」, 「 3 项黄色及以上」."""
    members: list[Any] = list(signal.get("members") or ())
    level = int(signal.get("aux") or 0)
    noun = "项" if members and members[0].get("point") is None else "个测点"
    more = "及以上" if any(member.get("level", 0) > level for member in members) else ""
    return f" {int(signal.get('value') or 0)} {noun}{LEVELS.get(level, '')}{more}"


_FAULTS = {
    "no_data": "没有数据",
    "stuck": "读数不变，设备可能卡住",
    "implausible": "读数超出量程",
    "source_silence": "断传：整个数据源没有数据",
    "site_silence": "：多个测点几乎同时没有数据",
    "clock": "不准：读数时间超前",
}


def _than(side: str | None) -> str:
    return "低于" if side == "low" else "高于"


def sentence(signal: Mapping[str, Any], named: Mapping[str, Any]) -> str:
    """Why it warns, in one sentence, with what its flags add: 「… 5.96 m，低于控制值 6.00 m，持续 60 秒。补传的读数。」

    `named`: title, unit and, from a pack, decimals and sentence (see `engine.packs.explain`).
    """
    from shoutu.engine.packs import explain

    flags = signal.get("flags") or ()
    return explain(named, signal) + "".join(words for flag, words in _FLAGS.items() if flag in flags)


_FLAGS = {
    "backfill": "补传的读数。",
    "first": "开始监测时已经如此。",
    "ahead": "读数时间超前，按收到时间判断。",
}
