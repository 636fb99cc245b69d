"""What is measured, in words. A pack's own titles come first; these serve points made by hand."""

from __future__ import annotations

TITLES = {
    "phreatic_depth": "浸润线埋深",
    "phreatic_line": "浸润线",
    "pond_level": "库水位",
    "water_level": "库水位",
    "beach_length": "干滩长度",
    "beach_slope": "干滩坡度",
    "free_height": "安全超高",
    "rainfall": "降雨量",
    "rain_hour": "小时雨量",
    "displacement": "位移",
    "pore_pressure": "孔隙水压力",
    "seepage": "渗流量",
    "turbidity": "浑浊度",
    "co": "一氧化碳",
    "no2": "二氧化氮",
    "o2": "氧气",
    "inflow": "涌水量",
    "ore_output": "出矿量",
    "wind_speed": "风速",
    "temperature": "温度",
    "power": "用电功率",
    "composite": "监测综合",
    "site_silence": "全场数据",
    "source_silence": "数据源",
    "source_clock": "数据源时钟",
}


def item_title(item: str) -> str:
    """The item's name for people; the item itself when it has none."""
    return TITLES.get(item, item)
