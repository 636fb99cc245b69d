"""What the demo's sensors measure: the instrument's range, and where a calm series of it lives."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Item:
    """A kind of sensor: unit, the instrument's own range, on which side danger lies, and its usual value."""

    title: str
    unit: str
    low: float
    high: float
    danger: str
    base: float = 0.0


ITEMS = {
    "pond_level": Item("库水位", "m", 0.0, 3000.0, "high"),
    "phreatic_depth": Item("浸润线埋深", "m", 0.0, 60.0, "low"),
    "beach_length": Item("干滩长度", "m", 0.0, 2000.0, "low"),
    "rain_hour": Item("小时雨量", "mm/h", 0.0, 200.0, "high"),
    "surface_displacement": Item("坝体表面位移", "mm", -500.0, 500.0, "both", 12.0),
    "internal_displacement": Item("坝体内部位移", "mm", -500.0, 500.0, "both", 8.0),
    "co": Item("一氧化碳", "ppm", 0.0, 500.0, "high", 3.0),
    "co_intake": Item("进风流一氧化碳", "ppm", 0.0, 500.0, "high"),
    "no2": Item("氮氧化物", "ppm", 0.0, 20.0, "high", 0.4),
    "o2": Item("氧气", "%", 0.0, 30.0, "low", 20.8),
    "air_speed_drift": Item("巷道风速", "m/s", 0.0, 15.0, "low", 0.85),
    "main_fan": Item("主扇开停", "1", 0.0, 1.0, "low", 1.0),
    "inflow": Item("涌水量", "m³/h", 0.0, 1000.0, "both", 50.0),
    "people_underground": Item("井下人数", "人", 0.0, 999.0, "high", 20.0),
    "ore_output": Item("出矿量", "t", 0.0, 300.0, "none", 25.0),
    "slope_displacement": Item("边坡表面位移", "mm", -2000.0, 2000.0, "both", 18.0),
    "crack_opening": Item("裂缝张开", "mm", 0.0, 300.0, "high", 6.0),
    "dump_displacement": Item("排土场位移", "cm", -500.0, 500.0, "both", 4.0),
    "bearing_temperature": Item("轴承温度", "℃", -40.0, 150.0, "high", 45.0),
    "combustible_gas": Item("可燃气体", "%LEL", 0.0, 100.0, "high", 1.5),
    "ammonia": Item("氨气", "ppm", 0.0, 500.0, "high", 2.0),
    "dust": Item("粉尘浓度", "mg/m³", 0.0, 100.0, "high", 1.2),
    "hydrogen_sulfide": Item("硫化氢", "ppm", 0.0, 100.0, "high", 0.3),
    "tank_level": Item("储罐液位", "%", 0.0, 100.0, "both", 52.0),
    "tank_pressure": Item("储罐压力", "MPa", 0.0, 4.0, "high", 0.85),
    "tank_temperature": Item("储罐温度", "℃", -60.0, 150.0, "high", 19.0),
    "dust_interlock": Item("除尘联锁", "1", 0.0, 1.0, "high"),
    "collector_pressure": Item("除尘器压差", "Pa", 0.0, 5000.0, "both", 950.0),
    "store_temperature": Item("库房温度", "℃", -40.0, 80.0, "high", 16.0),
}

BY_HAND = {
    "bearing_temperature": {2: 70.0, 3: 80.0},
    "ammonia": {2: 25.0, 3: 50.0},
    "hydrogen_sulfide": {2: 7.0, 3: 14.0},
    "store_temperature": {1: 30.0, 2: 35.0},
}
"""Limits of what no pack knows: set by hand for the demo, not verified (来源待核)."""
