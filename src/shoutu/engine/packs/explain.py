"""One sentence why: what was measured, against what, since when, with figures and units."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .figures import alike, figure
from .model import BoundRule, Text

PLACEHOLDERS = (
    "title",
    "value",
    "unit",
    "relation",
    "threshold",
    "level",
    "held",
    "slope",
    "count",
    "at",
    "cite",
    "sum",
    "span",
    "ahead",
    "early",
    "late",
    "usual_low",
    "usual_high",
    "rare",
)
_LEVELS = {"zh": ("正常", "蓝色", "黄色", "橙色", "红色"), "en": ("normal", "blue", "yellow", "orange", "red")}


def _unlike(zh: str, en: str) -> Text:
    """With how rare it is, and what that does not mean."""
    return Text(
        zh=f"{zh}：约 {{rare}}个读数一遇，是新情况，不一定是险情。",
        en=f"{en}: about one reading in {{rare}} is as new, which need not mean danger.",
    )


_TEMPLATES = {
    "threshold": Text(
        zh="{title} {value} {unit}，{relation}控制值 {threshold} {unit}{held}。",
        en="{title} {value} {unit}, {relation} the limit of {threshold} {unit}{held}.",
    ),
    "rate": Text(
        zh="{title}变化速率 {slope} {unit}/h，{relation}控制值 {threshold} {unit}/h。",
        en="{title} changes by {slope} {unit}/h, {relation} the limit of {threshold} {unit}/h.",
    ),
    "accumulation": Text(
        zh="{title}近 {span}累计 {sum} {unit}，{relation}控制值 {threshold} {unit}。",
        en="{title} has come to {sum} {unit} in the last {span}, {relation} the limit of {threshold} {unit}.",
    ),
    "quota": Text(
        zh="{title}本期累计 {sum} {unit}，{relation}限额 {threshold} {unit}。",
        en="{title} has come to {sum} {unit} in this period, {relation} the quota of {threshold} {unit}.",
    ),
    "count": Text(
        zh="{title} {value} {unit}，{relation}限额 {threshold} {unit}。",
        en="{title}: {value} {unit}, {relation} the quota of {threshold} {unit}.",
    ),
    "forecast": Text(
        zh="{title} {value} {unit}，照近 {span}的走势，约 {ahead}后（{early}至{late}）到 {threshold} {unit}。",
        en="{title} {value} {unit}; as it went in the last {span} it reaches {threshold} {unit} in about {ahead} "
        "({early} to {late}).",
    ),
    "failure": Text(
        zh="{title}越来越快：照近 {span}的速度倒数，约 {ahead}后（{early}至{late}）可能失稳。",
        en="{title} is accelerating: by the inverse of its velocity in the last {span} it may fail in about {ahead} "
        "({early} to {late}).",
    ),
    "trend_over": Text(
        zh="{title}的走势已不指向危险，现为{now}。", en="{title} is no longer on its way there, now {now}."
    ),
    "anomaly": _unlike(
        "{title} {value} {unit}，以往在 {usual_low} 至 {usual_high} {unit} 之间",
        "{title} {value} {unit}, before now between {usual_low} and {usual_high} {unit}",
    ),
    "between": _unlike(
        "{title} {value} {unit}，在以往的 {usual_low} 至 {usual_high} {unit} 之间，但少有停在这一段",
        "{title} {value} {unit}, within the {usual_low} to {usual_high} {unit} of before, where it hardly ever was",
    ),
    "of_hour": _unlike(
        "{title} {value} {unit}，平常此时在 {usual_low} 至 {usual_high} {unit}",
        "{title} {value} {unit}, at this hour usually {usual_low} to {usual_high} {unit}",
    ),
    "of_standstill": _unlike(
        "{title} {value} {unit}，停着不变的时间不同以往（以往在 {usual_low} 至 {usual_high} {unit} 之间）",
        "{title} {value} {unit}, new in how long it has stood still (before now {usual_low} to {usual_high} {unit})",
    ),
    "of_roughness": _unlike(
        "{title} {value} {unit}，起伏的大小不同以往（以往在 {usual_low} 至 {usual_high} {unit} 之间）",
        "{title} {value} {unit}, new in how much it scatters (before now {usual_low} to {usual_high} {unit})",
    ),
    "of_swing": _unlike(
        "{title} {value} {unit}，升降的快慢不同以往（以往在 {usual_low} 至 {usual_high} {unit} 之间）",
        "{title} {value} {unit}, new in how fast it moves (before now {usual_low} to {usual_high} {unit})",
    ),
    "known_again": Text(
        zh="{title} {value} {unit}，已不再异于以往，现为{now}。",
        en="{title} {value} {unit}, no longer unlike before, now {now}.",
    ),
    "late_exceedance": Text(
        zh="{title}迟到的读数 {value} {unit}，{relation}控制值 {threshold} {unit}。",
        en="A late reading of {title}, {value} {unit}, {relation} the limit of {threshold} {unit}.",
    ),
    "cleared": Text(
        zh="{title} {value} {unit}，已回到{level}控制值以内，现为{now}。",
        en="{title} {value} {unit}, back within the {level} limit, now {now}.",
    ),
    "stuck": Text(
        zh="{title}读数停在 {value} {unit} 不变{held}，疑似传感器故障。",
        en="{title} has stayed at {value} {unit}{held}: the sensor may be faulty.",
    ),
    "implausible": Text(
        zh="{title}读数 {value} {unit} 超出量程或不可用，疑似传感器故障。",
        en="{title} reads {value} {unit}, out of range or unusable: the sensor may be faulty.",
    ),
    "saturated": Text(
        zh="{title}读数 {value} {unit} 在危险一侧超出量程 {threshold} {unit}：既是设备异常，也可能是险情，请立即核实。",
        en="{title} reads {value} {unit}, past its range of {threshold} {unit} on the dangerous side: check at once.",
    ),
    "no_data": Text(zh="{title}已 {silent} 没有可用读数。", en="{title} has had no usable reading for {silent}."),
    "source_silence": Text(
        zh="数据源整体中断，已 {silent} 没有任何数据。", en="The whole source has been silent for {silent}."
    ),
    "site_silence": Text(
        zh="{count} 个测点在数分钟内先后中断，可能现场出事，请立即核实。",
        en="{count} points fell silent within minutes: something may have happened on site, check at once.",
    ),
    "clock": Text(
        zh="设备时钟比接收时间快 {silent}。", en="The device's clock is {silent} ahead of the time received."
    ),
    "composite": Text(
        zh="{title} {count} 个{members}{at}，按 {cite} 合为{now}。",
        en="{title}: {count} {members} {at}, together {now} by {cite}.",
    ),
    "loosened": Text(
        zh="{title}{at}的{members}减为 {count} 个，不再合为{before}，现为{now}。",
        en="{title}: {members} {at} are down to {count}, no longer {before} together, now {now}.",
    ),
    "recovered": Text(zh="{title}已恢复正常。", en="{title} is normal again."),
}


def explain(rule: BoundRule | Mapping[str, Any], signal: Mapping[str, Any], lang: str = "zh") -> str:
    """One sentence for a signal (the JSON form). Never raises for a figure that is missing; shows —.

    ``rule``: a bound rule, or a mapping with ``title`` (text, Text or {zh, en}), ``unit`` and, if there are,
    ``decimals`` and ``sentence``. ``lang``: zh, zh-hans … or en.
    """
    tongue = "zh" if lang.startswith("zh") else "en"
    given = rule if isinstance(rule, Mapping) else {f: getattr(rule, f) for f in rule.__struct_fields__}
    decimals = int(given.get("decimals", 2))
    title = _text(given.get("title")) or Text(zh="", en="")
    template = _template(_text(given.get("sentence")), signal)
    limit, rate = signal.get("threshold"), signal.get("kind") == "rate"
    held, silent = _held(signal, tongue), _span(signal.get("aux"), tongue)
    ahead, early, late = (in_hours(signal.get(name), tongue) for name in ("aux", "low", "high"))
    limit_level = (
        signal.get("to") if (signal.get("to") or 0) > (signal.get("from") or 0) else (signal.get("to") or 0) + 1
    )
    words = {
        "title": title.say(tongue),
        "unit": str(given.get("unit") or ""),
        "value": _figure(signal.get("value"), decimals, None if signal.get("kind") in ("rate", "anomaly") else limit),
        "threshold": _figure(limit, decimals, limit),
        "slope": _figure(signal.get("aux"), decimals, limit if rate else None),
        "usual_low": _figure(signal.get("low"), decimals),
        "usual_high": _figure(signal.get("high"), decimals),
        "rare": one_in(signal.get("aux"), tongue),
        "sum": _figure(signal.get("aux"), decimals, limit),
        "span": _since(signal, tongue),
        "ahead": ahead,
        "early": early,
        "late": late,
        "relation": _relation(signal, tongue),
        "level": _LEVELS[tongue][min(int(limit_level or 0), 4)],
        "now": _LEVELS[tongue][min(int(signal.get("to") or 0), 4)],
        "held": held,
        "silent": silent,
        "before": _LEVELS[tongue][min(int(signal.get("from") or 0), 4)],
        "cite": str(given.get("cite") or ""),
        **(
            _together(signal, tongue) if signal.get("kind") == "composite" else {"count": _figure(signal.get("aux"), 0)}
        ),
    }
    sentence = re.sub(r"\{(\w+)\}", lambda found: words.get(found[1], found[0]), template.say(tongue))
    sentence = _AT_ONCE.sub("马上" if tongue == "zh" else "now", sentence)
    return re.sub(r" +(?=[，。、, ])", "", sentence).strip()


def _together(signal: Mapping[str, Any], tongue: str) -> dict[str, str]:
    """How many members of which sort a composite counted, at what level."""
    members: list[Any] = list(signal.get("members") or ())
    level = int(signal.get("aux") or 0)
    items = bool(members) and members[0].get("point") is None
    nouns = {"zh": {True: "监测项", False: "测点"}, "en": {True: "items", False: "points"}}
    at = _LEVELS[tongue][min(level, 4)]
    if any(member.get("level", 0) > level for member in members):
        at += "及以上" if tongue == "zh" else " or above"
    return {"count": _figure(signal.get("value"), 0), "members": nouns[tongue][items], "at": at}


def _template(own: Text | None, signal: Mapping[str, Any]) -> Text:
    kind, falling = str(signal.get("kind")), (signal.get("to") or 0) < (signal.get("from") or 0)
    if signal.get("type") == "late_exceedance":
        return _TEMPLATES["late_exceedance"]
    if falling and kind == "composite":
        return _TEMPLATES["loosened"]
    if falling and kind == "anomaly":
        return _TEMPLATES["known_again"]
    if falling and kind == "forecast":
        return _TEMPLATES["trend_over"]
    if falling:
        return _TEMPLATES["cleared" if kind == "threshold" else "recovered"]
    if kind == "implausible" and "saturated" in signal.get("flags", ()):
        return _TEMPLATES["saturated"]
    if kind == "forecast" and signal.get("threshold") is None:
        kind = "failure"
    if kind == "quota" and signal.get("aux") == signal.get("value"):
        kind = "count"
    if kind == "anomaly":
        kind = _newness(signal)
    return own or _TEMPLATES.get(kind, _TEMPLATES["threshold"])


def _newness(signal: Mapping[str, Any]) -> str:
    """What of a reading is new, as the engine tells it by a flag; no flag: the value itself.

    A value that never was is told as such, however it came there.
    """
    flags = signal.get("flags", ())
    if "of_hour" in flags:
        return "of_hour"
    value, low, high = (signal.get(name) for name in ("value", "low", "high"))
    known = all(isinstance(number, int | float) for number in (value, low, high))
    if not known or not low <= value <= high:  # type: ignore[operator]
        return "anomaly"
    return next((told for told in ("of_standstill", "of_roughness", "of_swing") if told in flags), "between")


RAREST = 1_000_000


def one_in(readings: Any, tongue: str = "zh") -> str:
    """So many readings, one of which is as new: two figures, and no more than a million."""
    if not isinstance(readings, int | float) or not readings > 0:
        return "—"
    if readings >= RAREST:
        return "100 万以上" if tongue == "zh" else "more than 1,000,000"
    count = int(float(f"{readings:.2g}"))
    if tongue == "zh" and count >= 10_000:
        return f"{count / 10_000:.1f}".removesuffix(".0") + " 万"
    return f"{count} " if tongue == "zh" else f"{count:,}"


def _text(value: Any) -> Text | None:
    if value is None or isinstance(value, Text):
        return value
    if isinstance(value, Mapping):
        return Text(zh=str(value.get("zh", "")), en=str(value.get("en", "")))
    return Text(zh=str(value), en=str(value))


def _figure(value: Any, decimals: int, limit: Any = None) -> str:
    if not isinstance(value, int | float):
        return "—"
    return figure(value, decimals, limit if isinstance(limit, int | float) else None)


_AT_ONCE = re.compile(r"约 马上后(（[^）]*）)?|in about now( \([^)]*\))?")
"""What is there already needs neither about nor a band."""
MADE = ("rate", "accumulation", "quota")
"""Kinds that hold against their limit what they made of the readings (``aux``)."""


def _relation(signal: Mapping[str, Any], tongue: str) -> str:
    value = signal.get("aux") if signal.get("kind") in MADE else signal.get("value")
    limit = signal.get("threshold")
    words = ("达到", "高于", "低于") if tongue == "zh" else ("at", "above", "below")
    if not isinstance(value, int | float) or not isinstance(limit, int | float) or alike(value, limit):
        return words[0]
    return words[1] if value > limit else words[2]


def _held(signal: Mapping[str, Any], tongue: str) -> str:
    start, end = signal.get("window_start"), signal.get("event_ts")
    if start is None or end is None or end - start < 1000:
        return ""
    span = _span((end - start) / 1000, tongue)
    return f"，持续 {span}" if tongue == "zh" else f", for {span}"


def _since(signal: Mapping[str, Any], tongue: str) -> str:
    """How far back what was looked at goes."""
    start, end = signal.get("window_start"), signal.get("event_ts")
    return "—" if start is None or end is None else _span((end - start) / 1000, tongue)


FAR_H = 365 * 24.0
"""So far ahead nobody can say when: the far end of a band may lie anywhere."""


def in_hours(hours: Any, tongue: str) -> str:
    """A time ahead; what has no end, or one past all foresight, is open."""
    if not isinstance(hours, int | float) or hours > FAR_H:
        return "更久" if tongue == "zh" else "longer"
    if hours < 1 / 60:
        return "马上" if tongue == "zh" else "now"
    return _span(hours * 3600, tongue)


def _span(seconds: Any, tongue: str) -> str:
    if not isinstance(seconds, int | float):
        return "—"
    for size, zh, en in ((86_400, "天", "d"), (3600, "小时", "h"), (60, "分钟", "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f}".removesuffix(".0") + f" {zh if tongue == 'zh' else en}"
    return f"{seconds:.0f} {'秒' if tongue == 'zh' else 's'}"
