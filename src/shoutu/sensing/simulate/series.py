"""Plausible series of the sensors of ponds, mines and plants: slow drift, a day's cycle, noise; and a way toward red.

A calm value depends only on seed, sensor and time, so that a reading sent again is the same reading.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

from shoutu.sensing.simulate.plan import Sensor

DAY_MS = 86_400_000
BEIJING_MS = 8 * 3_600_000


@dataclass(frozen=True, slots=True)
class Profile:
    """Shares of an indicator's movement, in its unit: drift over days, day's cycle, noise; digits it is told with."""

    drift: float
    day: float
    noise: float
    digits: int = 3
    floor: float = -math.inf


PROFILES = {
    "pond_level": Profile(drift=0.03, day=0.006, noise=0.004),  # m, moves with inflow and pumping
    "phreatic_depth": Profile(drift=0.05, day=0.01, noise=0.008, floor=0.0),  # m below the dam's surface
    "beach_length": Profile(drift=0.6, day=0.15, noise=0.12, digits=2, floor=0.0),  # m, by the water's edge
    "surface_displacement": Profile(drift=0.3, day=0.1, noise=0.15, digits=1),  # mm, GNSS on the dam
    "co": Profile(drift=0.5, day=0.3, noise=0.3, digits=1, floor=0.0),  # ppm
    "co_intake": Profile(drift=0.02, day=0.01, noise=0.01, digits=1, floor=0.0),  # ppm, none in fresh air
    "no2": Profile(drift=0.08, day=0.05, noise=0.04, digits=1, floor=0.0),  # ppm
    "o2": Profile(drift=0.04, day=0.02, noise=0.02, digits=1),  # %
    "air_speed_drift": Profile(drift=0.04, day=0.02, noise=0.02, digits=2, floor=0.0),  # m/s
    "main_fan": Profile(drift=0.0, day=0.0, noise=0.0, digits=0),  # 1 runs
    "inflow": Profile(drift=0.8, day=0.3, noise=0.3, digits=1, floor=0.0),  # m³/h
    "people_underground": Profile(drift=1.5, day=12.0, noise=0.6, digits=0, floor=0.0),  # by shifts
    "slope_displacement": Profile(drift=0.4, day=0.2, noise=0.15, digits=1),  # mm
    "crack_opening": Profile(drift=0.2, day=0.1, noise=0.08, digits=1, floor=0.0),  # mm
    "dump_displacement": Profile(drift=0.1, day=0.05, noise=0.05, digits=1),  # cm
    "bearing_temperature": Profile(drift=1.5, day=2.0, noise=0.4, digits=1),  # ℃
    "combustible_gas": Profile(drift=0.4, day=0.2, noise=0.2, digits=1, floor=0.0),  # % of the lower limit
    "ammonia": Profile(drift=0.4, day=0.2, noise=0.2, digits=1, floor=0.0),  # ppm
    "dust": Profile(drift=0.3, day=0.3, noise=0.1, digits=2, floor=0.0),  # mg/m³
    "hydrogen_sulfide": Profile(drift=0.1, day=0.1, noise=0.05, digits=1, floor=0.0),  # ppm
    "store_temperature": Profile(drift=1.0, day=2.5, noise=0.1, digits=1),  # ℃
    "rainfall": Profile(drift=0.0, day=0.0, noise=0.0, digits=1, floor=0.0),  # mm an interval
}
PLAIN = Profile(drift=0.02, day=0.01, noise=0.01)
RAIN = {"rainfall", "rain"}
TIP = 0.1
SHOWERS = 0.06
"""Share of hours in which it rains."""


def unit(seed: int, *parts: object) -> float:
    """A number in 0…1 that depends on nothing but its arguments."""
    text = "\x1f".join(str(p) for p in (seed, *parts))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") / 2**64


def normal(seed: int, *parts: object) -> float:
    """A standard normal number, as ``unit``, by Box and Muller."""
    radius = math.sqrt(-2.0 * math.log(max(unit(seed, *parts, "r"), 1e-300)))
    return radius * math.cos(2.0 * math.pi * unit(seed, *parts, "a"))


def calm(sensor: Sensor, seed: int, ts: int) -> float:
    """The value of one sensor at a time (UTC ms) when nothing happens."""
    if sensor.indicator in RAIN:
        return rain(sensor, seed, ts)
    if sensor.indicator == "rain_hour":
        return rain_hour(sensor, seed, ts)
    profile = PROFILES.get(sensor.indicator, PLAIN)
    noise = profile.noise if sensor.noise is None else sensor.noise
    value = _steady(sensor, seed, ts) + noise * normal(seed, sensor.address, ts)
    return round(max(value, profile.floor), profile.digits)


def _steady(sensor: Sensor, seed: int, ts: int) -> float:
    """What a calm value swings about: base, drift and the day's cycle, without noise; of a rain gauge its base."""
    if sensor.indicator in RAIN or sensor.indicator == "rain_hour":
        return sensor.base
    profile = PROFILES.get(sensor.indicator, PLAIN)
    days = ts / DAY_MS
    phase = 2.0 * math.pi * unit(seed, sensor.address, "phase")
    slow = math.sin(2.0 * math.pi * days / 5.3 + phase) + 0.5 * math.sin(2.0 * math.pi * days / 1.7 + 2.0 * phase)
    day = math.sin(2.0 * math.pi * (((ts + BEIJING_MS) % DAY_MS) / DAY_MS - 0.375))
    return sensor.base + profile.drift * slow + profile.day * day


def rain(sensor: Sensor, seed: int, ts: int) -> float:
    """Millimetres fallen in one interval, as a tipping-bucket gauge tells it: most hours are dry, a shower swells
    and ends within its hour."""
    hour = ts // 3_600_000
    if unit(seed, sensor.address, hour) >= SHOWERS:
        return 0.0
    total = 8.0 * unit(seed, sensor.address, hour, "mm")
    before = max(ts - int(sensor.interval_s * 1000), hour * 3_600_000)
    tips = _tips(total, ts % 3_600_000) - _tips(total, before - hour * 3_600_000)
    return round(tips * TIP, 1)


def rain_hour(sensor: Sensor, seed: int, ts: int) -> float:
    """Millimetres fallen in the hour before, as a gauge that adds up its own tips tells it (mm/h)."""
    fallen = 0.0
    for hour in (ts // 3_600_000 - 1, ts // 3_600_000):
        if unit(seed, sensor.address, hour) < SHOWERS:
            total = 8.0 * unit(seed, sensor.address, hour, "mm")
            start = hour * 3_600_000
            until, since = min(ts - start, 3_600_000), max(ts - 3_600_000 - start, 0)
            fallen += (_tips(total, until) - _tips(total, since)) * TIP
    return round(fallen, 1)


def _tips(total: float, into_hour: int) -> int:
    """Tips of the gauge's bucket since the hour began."""
    return int(total * 0.5 * (1.0 - math.cos(math.pi * into_hour / 3_600_000)) / TIP)


def value_at(sensor: Sensor, seed: int, ts: int, started: int) -> float | None:
    """The value told at a time, scenario included; None while the sensor is silent."""
    value = calm(sensor, seed, ts)
    since = (ts - started) / 1000.0 - sensor.after_s
    if since < 0 or sensor.scenario == "calm":
        return value
    end = sensor.over_s + sensor.hold_s
    if sensor.scenario == "silent":
        return None if since < end else value
    assert sensor.peak is not None
    rise = min(since / sensor.over_s, 1.0)
    fall = max(0.0, min((since - end) / sensor.over_s, 1.0))
    share = _smooth(rise) * (1.0 - _smooth(fall))
    # At its peak it swings about the peak, whatever drift and day would add: the story is the same on every day.
    return round(value + share * (sensor.peak - _steady(sensor, seed, ts)), 3)


def _smooth(x: float) -> float:
    return x * x * (3.0 - 2.0 * x)


def times(sensor: Sensor, seed: int, after: int, until: int) -> range:
    """The times (UTC ms) at which a sensor speaks, after one moment and up to another."""
    step = int(sensor.interval_s * 1000)
    shift = int(unit(seed, sensor.address, "shift") * step)
    first = (after - shift) // step * step + step + shift
    return range(first, until + 1, step)
