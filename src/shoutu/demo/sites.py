"""The demo's 80 sites: 50 non-coal mines and ponds, 30 others, made from a short table and a seed.

Enterprises are made up and called by the stems and branches (甲乙丙…, 子丑寅…) so that nobody takes them for real
ones. Where a site lies, and what its sensors usually say, follows from the seed alone.
"""

from __future__ import annotations

import json
import math
import random
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from shapely.geometry import Point as Spot
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from shoutu.demo.county import PONDS
from shoutu.demo.items import ITEMS
from shoutu.demo.map import OUTLINES, SEATS, township_areas

SEED = 7
FAST_S, SLOW_S = 60.0, 300.0


@dataclass(frozen=True)
class Sensor:
    """A simulated sensor of a site: `base` and `interval_s` in the item's unit and seconds."""

    address: str
    name: str
    item: str
    base: float
    interval_s: float
    scenario: str = "calm"


@dataclass(frozen=True)
class DemoSite:
    """One site: whose, what, where, its design values, what watches it and with which sensors."""

    key: str
    enterprise: str
    name: str
    kind: str
    township: str
    longitude: float
    latitude: float
    grade: str = ""
    pack: str = ""
    params: dict[str, float] = field(default_factory=dict)
    sensors: tuple[Sensor, ...] = ()


MINES = [
    ("甲铁矿", "北王镇", "U P"), ("乙铁矿", "天坛镇", "U P"), ("丙铅锌矿", "东张乡", "U P"),
    ("丁铁矿", "张庄镇", "U U W P"), ("戊铁矿", "响水河镇", "U U W W P M"), ("己铜矿", "寨圪塔乡", "U W D P"),
    ("庚石膏矿", "天坛镇", "U U"), ("辛金矿", "寨圪塔乡", "U D P"), ("壬铁矿", "响水河镇", "U W P"),
    ("癸铝土矿", "槐埝乡", "U D P"),
    ("子石灰岩矿", "张庄镇", "O O M"), ("丑石灰岩矿", "天坛镇", "O"), ("寅石灰岩矿", "槐埝乡", "O O M"),
    ("卯白云岩矿", "东张乡", "O"), ("辰石灰岩矿", "北王镇", "O O M"), ("巳砂岩矿", "天坛镇", "O"),
    ("午石灰岩矿", "响水河镇", "O O M"), ("未黏土矿", "东张乡", "O"), ("申石灰岩矿", "寨圪塔乡", "O O M"),
    ("酉花岗岩矿", "槐埝乡", "O"), ("戌石灰岩矿", "张庄镇", "O O M"), ("亥砖瓦黏土矿", "天坛镇", "O"),
    ("东山石料厂", "北王镇", "O O"), ("西山石料厂", "东张乡", "O O"), ("南沟石料厂", "槐埝乡", "O O"),
    ("北坡石料厂", "张庄镇", "O O M"),
]  # fmt: skip
"""U underground mine, O open pit, W wet and D dry tailings pond, P plant, M dump. 甲乙丙's first ponds are `PONDS`."""

OTHERS = [
    ("城北加油站", "天坛镇", "combustible_gas"), ("城南加油站", "天坛镇", "combustible_gas"),
    ("响水河加油站", "响水河镇", "combustible_gas"), ("张庄液化气站", "张庄镇", "combustible_gas"),
    ("果品冷库", "天坛镇", "ammonia"), ("肉联厂冷库", "北王镇", "ammonia"),
    ("面粉厂", "天坛镇", "dust"), ("木器厂", "东张乡", "dust"), ("饲料厂", "槐埝乡", "dust"),
    ("污水处理厂", "天坛镇", "hydrogen_sulfide"), ("烟花爆竹仓库", "东张乡", "store_temperature"),
    ("民爆器材库", "寨圪塔乡", "store_temperature"), ("客运站", "天坛镇", ""), ("购物中心", "天坛镇", ""),
]  # fmt: skip
SECTORS = {"combustible_gas": ("fuel_station", "fuel-station"), "dust": ("dust_gas", "dust-gas")}
"""What is measured at another site → its kind and pack, where there is one; the rest has limits by hand."""
KINDS = {
    "U": ("underground_mine", "矿井", "underground-mine"),
    "O": ("open_pit", "采场", "open-pit-slope"),
    "W": ("tailings_pond", "尾矿库", "tailings-pond"),
    "D": ("tailings_pond", "干排库", "tailings-pond"),
    "P": ("plant", "选矿厂", ""),
    "M": ("dump", "排土场", "open-pit-slope"),
}
ORDINAL = "一二三四"
LACKING = {
    "U3": ("people_underground",), "U7": ("main_fan",), "O4": ("slope_displacement",), "W2": ("rain_hour",),
    "D1": ("phreatic_depth",), "O11": ("rain_hour_yellow",), "W4": ("displacement_red",), "U9": ("communication",),
}  # fmt: skip
"""Site key → sensors and design values left out on purpose: each is a 监测缺项 with somebody called for it."""
WEIGHED = ("U1", 1800.0)
"""The mine whose ore is weighed, and how often, s: its output of month and year is held against what is approved."""
STILL = {
    "O3": ("sealed", "超层越界开采，责令停产整顿", "县应急〔2026〕停产 3 号"),
    "O8": ("stopped", "边坡治理，停产施工", "县应急〔2026〕停产 5 号"),
    "O12": ("closed", "资源枯竭，闭坑验收", "县自然资源〔2026〕闭坑 1 号"),
}
"""Sites that do not work: state, why, by which document. What would tell of work there is lacking: a finding."""
SILENT = "O6-LF-01"
"""A sensor that falls silent soon after the start and stays so: a device fault that nobody has mended."""


@lru_cache
def demo_sites() -> tuple[DemoSite, ...]:
    """All sites beside `PONDS`, the same at each call."""
    rng = random.Random(SEED)
    areas = _areas()
    found: list[DemoSite] = []
    taken: list[tuple[float, float]] = [(pond.longitude, pond.latitude) for pond in PONDS]
    number = dict.fromkeys(KINDS, 0)
    for enterprise, township, letters in MINES:
        story = next(((pond.longitude, pond.latitude) for pond in PONDS if pond.enterprise == enterprise), None)
        centre = story or _free(rng, areas[township], taken, 0.02)
        for place, letter in enumerate(letters.split()):
            number[letter] += 1
            spot = _free(rng, areas[township], taken, 0.006, near=centre)
            found.append(_mine(rng, f"{letter}{number[letter]}", enterprise, township, letters, place, spot))
    for n, (name, township, item) in enumerate(OTHERS, 1):
        spot = _free(rng, areas[township], taken, 0.006, near=SEATS[township])
        sensors = _sensors(rng, f"X{n}", [(item, "1号"), (item, "2号")]) if item else ()
        kind, pack = SECTORS.get(item, ("other", ""))
        params, more = _sector(f"X{n}", name, kind)
        found.append(DemoSite(f"X{n}", name, name, kind, township, *spot, "", pack, params, sensors + more))
    return tuple(found)


def _sector(key: str, name: str, kind: str) -> tuple[dict[str, float], tuple[Sensor, ...]]:
    """Design values of a site that is no mine, and what its pack wants beside gas and dust. Draws nothing."""
    params: dict[str, float] = {}
    wanted: list[tuple[str, str]] = []
    if kind == "fuel_station":
        gas = "液化气" in name
        params = {"level_high": 85.0 if gas else 90.0, "tanks": 3.0, "pressure_tanks": 2.0 if gas else 0.0,
                  "video_cameras": 6.0}  # fmt: skip
        wanted = [("tank_level", "1号")]
        if gas:
            params |= {"working_pressure": 1.6, "valve_pressure": 1.7, "temperature_orange": 50.0}
            wanted += [("tank_pressure", "1号"), ("tank_temperature", "1号")]
    elif kind == "dust_gas":
        params = {"dust_yellow": 8.0, "duct_low": 500.0, "duct_high": 1500.0, "dust_works": 1.0, "gas_works": 0.0}
        wanted = [("dust_interlock", "1号车间"), ("collector_pressure", "1号")]
    return params, tuple(
        Sensor(f"{key}-{CODES[item]}-01", f"{where}{ITEMS[item].title}", item, ITEMS[item].base, SLOW_S)
        for item, where in wanted
    )


def _areas() -> dict[str, BaseGeometry]:
    county = shape(json.loads(OUTLINES.read_text("utf-8"))["features"][0]["geometry"])
    return {name: area.buffer(-0.008) for name, area in township_areas(county, SEATS).items()}


def _free(
    rng: random.Random, area: BaseGeometry, taken: list[tuple[float, float]], apart: float,
    near: tuple[float, float] | None = None,
) -> tuple[float, float]:  # fmt: skip
    """A spot within the area (longitude, latitude), `apart` degrees from all others where there is room."""
    west, south, east, north = area.bounds
    for tries in range(2000):
        if near is None:
            x, y = rng.uniform(west, east), rng.uniform(south, north)
        else:
            reach, turn = 0.008 + 0.00004 * tries, rng.uniform(0, 2 * math.pi)
            x, y = near[0] + reach * math.cos(turn), near[1] + reach * 0.8 * math.sin(turn)
        room = min((math.dist((x, y), other) for other in taken), default=1.0)
        if area.contains(Spot(x, y)) and room >= apart * (1 - tries / 2000):
            break
    spot = (round(x, 5), round(y, 5))
    taken.append(spot)
    return spot


def _mine(
    rng: random.Random, key: str, enterprise: str, township: str, letters: str, place: int, spot: tuple[float, float]
) -> DemoSite:
    letter = key[0]
    alike = letters.split()
    kind, title, pack = KINDS[letter]
    which = alike[:place].count(letter)
    name = f"{enterprise}{ORDINAL[which] + '号' if alike.count(letter) > 1 else ''}{title}"
    params, sensors, grade = _equipment(rng, letter, which)
    lacking = LACKING.get(key, ())
    params = {name: value for name, value in params.items() if name not in lacking}
    kept = [pair for pair in sensors if pair[0] not in lacking]
    bases = _bases(params)
    made = _sensors(rng, key, kept, bases)
    if key == WEIGHED[0]:
        ore = ITEMS["ore_output"]  # draws nothing: all other sites stay as they are
        made += (Sensor(f"{key}-CK-01", f"全矿{ore.title}", "ore_output", ore.base, WEIGHED[1]),)
    return DemoSite(key, enterprise, name, kind, township, *spot, grade, pack, params, made)


Wanted = list[tuple[str, str]]


def _equipment(rng: random.Random, letter: str, which: int) -> tuple[dict[str, float], Wanted, str]:
    """Design values, sensors as (item, where), and the grade: what the kind's pack asks for."""
    if letter == "U":
        params = {
            "inflow_normal": 50.0, "people_limit": 60.0, "fan_pressure_low": 800.0, "fan_pressure_high": 2000.0,
            "ground_pressure_red": 20.0, "refuge_chambers": 2.0, "air_supply": 1.0, "water_supply": 1.0,
            "communication": 1.0, "capacity_year": 50.0,
        }  # fmt: skip
        return params, [
            ("co", "回风巷"), ("co", "一采区"), ("co_intake", "主斜井"), ("no2", "二采区"), ("o2", "采场"),
            ("air_speed_drift", "运输巷"), ("main_fan", "主扇"), ("inflow", "中央水仓"), ("people_underground", "全矿"),
        ], ""  # fmt: skip
    if letter == "O":
        params = {
            "slope_height": float(rng.randrange(80, 230, 10)), "video_cameras": 3.0, "slope_rate_red": 40.0,
            "rain_hour_yellow": 20.0, "blast_limit": 2.0, "rain_day_yellow": 80.0, "rain_day_orange": 120.0,
        }  # fmt: skip
        wanted = [("slope_displacement", "北帮"), ("slope_displacement", "东帮"), ("crack_opening", "坡顶")]
        return params, [*wanted, ("rain_hour", "采场")], ""
    if letter == "M":
        params = {"slope_height": float(rng.randrange(40, 120, 10)), "is_dump": 1.0, "rain_hour_yellow": 20.0}
        return params, [("dump_displacement", "坡脚"), ("dump_displacement", "坡顶")], ""
    if letter == "P":
        return {}, [("bearing_temperature", "1号磨机")], ""
    crest, control = float(rng.randrange(680, 1100)), float(rng.randrange(5, 9))
    params = {
        "beach_crest_level": crest, "water_level_orange": crest - 0.9, "water_level_yellow": crest - 1.2,
        "water_level_blue": crest - 1.5, "phreatic_control_depth": control, "displacement_red": 100.0,
        "phreatic_yellow_depth": round(control * 1.2, 2), "phreatic_blue_depth": round(control * 4 / 3, 2),
        "rain_hour_orange": 30.0, "rain_hour_yellow": 16.0, "video_cameras": 4.0,
        "rain_day_orange": 120.0, "rain_day_yellow": 80.0, "rain_day_blue": 60.0,
        "dry_stack": 1.0 if letter == "D" else 0.0,
    }  # fmt: skip
    wanted = [
        ("phreatic_depth", "一断面"), ("phreatic_depth", "二断面"), ("surface_displacement", "坝顶"),
        ("surface_displacement", "二级马道"), ("rain_hour", "坝顶"),
    ]  # fmt: skip
    if letter == "W":
        wanted = [("pond_level", "库区"), ("beach_length", "坝前"), *wanted]
    return params, wanted, "4" if which == 0 else "5"


def _bases(params: dict[str, float]) -> dict[str, float]:
    """Where the series of a pond live, well inside its design values."""
    if "beach_crest_level" not in params:
        return {}
    control = params["phreatic_control_depth"]
    level = params["beach_crest_level"] - 2.3
    return {"pond_level": level, "phreatic_depth": round(control * 1.55, 2), "beach_length": 118.0}


CODES = {
    "pond_level": "SW", "phreatic_depth": "JR", "beach_length": "GT", "rain_hour": "YL", "surface_displacement": "BM",
    "co": "CO", "co_intake": "JF", "no2": "NO", "o2": "O2", "air_speed_drift": "FS", "main_fan": "ZS", "inflow": "YS",
    "people_underground": "RY", "slope_displacement": "GN", "crack_opening": "LF", "dump_displacement": "PT",
    "tank_level": "YW", "tank_pressure": "YL", "tank_temperature": "WD", "dust_interlock": "LS",
    "collector_pressure": "YC",
}  # fmt: skip
FAST = {"co", "co_intake", "no2", "o2", "air_speed_drift", "main_fan", "inflow", "people_underground"}


def _sensors(rng: random.Random, key: str, wanted: Wanted, bases: dict[str, float] | None = None) -> tuple[Sensor, ...]:
    count: dict[str, int] = {}
    found = []
    for item, where in wanted:
        count[item] = count.get(item, 0) + 1
        facts = ITEMS[item]
        address = f"{key}-{CODES.get(item, 'QT')}-{count[item]:02d}"
        base = (bases or {}).get(item, facts.base)
        spread = 0.0 if item in ("rain_hour", "main_fan", "co_intake", "inflow", "o2") else 0.06
        base = round(base * (1 + spread * rng.uniform(-1, 1)), 3) if "level" not in item else base
        found.append(
            Sensor(
                address, f"{where}{facts.title}", item, base, FAST_S if item in FAST else SLOW_S,
                "silent" if address == SILENT else "calm",
            )
        )  # fmt: skip
    return tuple(found)


def enterprises() -> dict[str, str]:
    """Enterprise → township, those of the story's ponds left out."""
    there = {pond.enterprise for pond in PONDS}
    return {site.enterprise: site.township for site in demo_sites() if site.enterprise not in there}


def counts() -> dict[str, Any]:
    """How many sites of each kind, the story's ponds among them."""
    found = {"tailings_pond": len(PONDS)}
    for site in demo_sites():
        found[site.kind] = found.get(site.kind, 0) + 1
    return found
