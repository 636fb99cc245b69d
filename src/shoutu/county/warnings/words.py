"""A signal in words: what happened, and in one sentence why it warns. Pure text, no database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LEVELS = {0: "正常", 1: "蓝色", 2: "黄色", 3: "橙色", 4: "红色"}


def number(value: float, unit: str = "") -> str:
    """A figure with its unit: at most two decimals, never in exponent form below a million."""
    text = f"{value:,.2f}" if abs(value) < 1e6 else f"{value:.3g}"
    text = text.replace(",", "").replace("-", "−")
    return f"{text} {unit}".rstrip()


def direction(params: Mapping[str, Any] | None, signal: Mapping[str, Any]) -> str | None:
    """Which side is exceeded: "high", "low", or None where that has no meaning."""
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


def title(signal: Mapping[str, Any], item: str, unit: str, side: str | None) -> str:
    """What happened, without the place: 「浸润线埋深 5.96 m，低于红色限值 6.00 m」."""
    kind, value, limit = signal["kind"], signal.get("value"), signal.get("threshold")
    if kind == "threshold" and value is not None and limit is not None:
        return f"{item} {number(value, unit)}，{_than(side)}{LEVELS[signal['to']]}限值 {number(limit, unit)}"
    if kind == "rate" and signal.get("aux") is not None and limit is not None:
        slope = float(signal["aux"])
        way = "上升" if slope >= 0 else "下降"
        per_hour = f"{unit}/h" if unit else "每小时"
        return (
            f"{item}{way} {number(abs(slope), per_hour)}，超过{LEVELS[signal['to']]}限值 {number(abs(limit), per_hour)}"
        )
    return f"{item}{_FAULTS.get(kind, '异常')}"


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


def sentence(signal: Mapping[str, Any], params: Mapping[str, Any] | None, unit: str) -> str:
    """Why it warns, in one sentence: 「≤ 6.00 m 持续 60 秒」 with what else the signal tells."""
    told, kind = dict(params or {}), signal["kind"]
    limit, aux = signal.get("threshold"), signal.get("aux")
    parts = []
    side = direction(told, signal)
    sign = "≤" if side == "low" else "≥"
    if kind == "threshold" and limit is not None:
        hold = float(told.get("raise_for_s") or 0)
        parts.append(f"{sign} {number(limit, unit)}" + (f" 持续 {_span(hold)}" if hold else ""))
    elif kind == "rate" and limit is not None:
        window = _span(float(told.get("window_s") or 3600))
        parts.append(f"近 {window}每小时变化 {sign} {number(limit, unit)}")
    elif kind in ("no_data", "source_silence") and limit is not None:
        parts.append(f"超过 {_span(limit)}没有可用读数")
    elif kind == "site_silence" and aux is not None:
        parts.append(f"{int(aux)} 个测点在几分钟内先后没有数据，可能断电、断网或出事")
    elif kind == "stuck":
        parts.append(f"{_span(float(told.get('window_s') or 0))}内读数没有变化")
    elif kind == "implausible":
        parts.append("读数超出物理量程，或不是数字")
    elif kind == "clock" and aux is not None:
        parts.append(f"读数时间比收到时间超前 {_span(aux)}")
    flags = signal.get("flags") or ()
    parts += [words for flag, words in _FLAGS.items() if flag in flags]
    return "；".join(parts)


_FLAGS = {
    "backfill": "补传的读数",
    "late": "迟到的读数单独超限",
    "first": "开始监测时已经如此",
    "saturated": "读数超出量程，在危险一侧",
    "ahead": "读数时间超前，按收到时间判断",
}


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} 秒"
    if seconds < 7200:
        return f"{seconds / 60:.0f} 分钟"
    return f"{seconds / 3600:.0f} 小时" if seconds < 172800 else f"{seconds / 86400:.0f} 天"
