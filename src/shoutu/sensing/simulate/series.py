"""Plausible series of the sensors of ponds, mines and plants: slow drift, a day's cycle, noise; and a way toward red.

A calm value depends only on seed, sensor and time, so that a reading sent again is the same reading, be it made alone
or with a week of others.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shoutu.sensing.model import Floats, Ints64
from shoutu.sensing.simulate.plan import Sensor

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
BEIJING_MS = 8 * HOUR_MS


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
    "ore_output": Profile(drift=0.5, day=2.5, noise=0.5, digits=0, floor=0.0),  # t an interval, more by day
    "slope_displacement": Profile(drift=0.4, day=0.2, noise=0.15, digits=1),  # mm
    "crack_opening": Profile(drift=0.2, day=0.1, noise=0.08, digits=1, floor=0.0),  # mm
    "dump_displacement": Profile(drift=0.1, day=0.05, noise=0.05, digits=1),  # cm
    "bearing_temperature": Profile(drift=1.5, day=2.0, noise=0.4, digits=1),  # ℃
    "combustible_gas": Profile(drift=0.4, day=0.2, noise=0.2, digits=1, floor=0.0),  # % of the lower limit
    "ammonia": Profile(drift=0.4, day=0.2, noise=0.2, digits=1, floor=0.0),  # ppm
    "dust": Profile(drift=0.3, day=0.3, noise=0.1, digits=2, floor=0.0),  # mg/m³
    "hydrogen_sulfide": Profile(drift=0.1, day=0.1, noise=0.05, digits=1, floor=0.0),  # ppm
    "tank_level": Profile(drift=5.0, day=2.0, noise=0.05, digits=1, floor=0.0),  # %
    "tank_pressure": Profile(drift=0.03, day=0.06, noise=0.004),  # MPa
    "tank_temperature": Profile(drift=1.0, day=3.0, noise=0.2, digits=1),  # ℃
    "dust_interlock": Profile(drift=0.0, day=0.0, noise=0.0, digits=0),  # 1 broken
    "collector_pressure": Profile(drift=40.0, day=20.0, noise=10.0, digits=0, floor=0.0),  # Pa
    "store_temperature": Profile(drift=1.0, day=2.5, noise=0.1, digits=1),  # ℃
    "rainfall": Profile(drift=0.0, day=0.0, noise=0.0, digits=1, floor=0.0),  # mm an interval
    "rain_hour": Profile(drift=0.0, day=0.0, noise=0.0, digits=1, floor=0.0),  # mm in the hour before
}
PLAIN = Profile(drift=0.02, day=0.01, noise=0.01)
RAIN = {"rainfall", "rain"}
TIP = 0.1
SHOWERS = 0.06
"""Share of hours in which it rains."""


def unit(seed: int, *parts: object) -> float:
    """A number in 0…1 that depends on nothing but its arguments."""
    return _bits(seed, *parts) / 2**64


def _bits(seed: int, *parts: object) -> int:
    text = "\x1f".join(str(p) for p in (seed, *parts))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def normal(seed: int, address: str, ts: Ints64) -> Floats:
    """A standard normal number for each time (UTC ms), by Box and Muller; it depends on nothing but the arguments."""
    with np.errstate(over="ignore"):
        drawn = _mixed(ts.astype(np.uint64) * np.uint64(2) + np.uint64(_bits(seed, address)))
        again = _mixed(drawn + np.uint64(1))
    # Neither 0, of which there is no logarithm, nor more than 1.
    radius = np.sqrt(-2.0 * np.log((drawn >> np.uint64(11)) * 2.0**-53 + 2.0**-54))
    return np.asarray(radius * np.cos((again >> np.uint64(11)) * (2.0 * math.pi * 2.0**-53)))


def _mixed(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64: neighbouring numbers become numbers that have nothing to do with each other."""
    x = x * np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(x ^ (x >> np.uint64(31)))


def calm(sensor: Sensor, seed: int, ts: Ints64) -> Floats:
    """The values of one sensor at some times (UTC ms) when nothing happens."""
    if sensor.indicator in RAIN:
        return rain(sensor, seed, ts)
    if sensor.indicator == "rain_hour":
        return rain_hour(sensor, seed, ts)
    value = steady(sensor, seed, ts)
    if spread := noise(sensor):
        value = value + spread * normal(seed, sensor.address, ts)
    return told(sensor, value)


def profile_of(sensor: Sensor) -> Profile:
    """How a sensor of this kind moves."""
    return PROFILES.get(sensor.indicator, PLAIN)


def noise(sensor: Sensor) -> float:
    """Standard deviation of a sensor's noise, in its unit."""
    return profile_of(sensor).noise if sensor.noise is None else sensor.noise


def told(sensor: Sensor, value: Floats) -> Floats:
    """Values as the instrument tells them: not below what can be, with its digits."""
    profile = profile_of(sensor)
    return np.asarray(np.round(np.maximum(value, profile.floor), profile.digits), np.float64)


def steady(sensor: Sensor, seed: int, ts: Ints64) -> Floats:
    """What a calm value swings about: base, drift and the day's cycle, without noise; of a rain gauge its base."""
    if sensor.indicator in RAIN or sensor.indicator == "rain_hour":
        return np.full(len(ts), sensor.base)
    profile = profile_of(sensor)
    turns = 2.0 * math.pi / DAY_MS * ts
    phase = 2.0 * math.pi * unit(seed, sensor.address, "phase")
    slow = np.sin(turns / 5.3 + phase) + 0.5 * np.sin(turns / 1.7 + 2.0 * phase)
    day = np.sin(2.0 * math.pi * (((ts + BEIJING_MS) % DAY_MS) / DAY_MS - 0.375))
    return np.asarray(sensor.base + profile.drift * slow + profile.day * day)


def rain(sensor: Sensor, seed: int, ts: Ints64) -> Floats:
    """Millimetres fallen in one interval, as a tipping-bucket gauge tells it: most hours are dry, a shower swells
    and ends within its hour."""
    hour = ts // HOUR_MS
    before = np.maximum(ts - int(sensor.interval_s * 1000), hour * HOUR_MS)
    total = _showers(sensor, seed, hour)
    return np.round((_tips(total, ts % HOUR_MS) - _tips(total, before - hour * HOUR_MS)) * TIP, 1)


def rain_hour(sensor: Sensor, seed: int, ts: Ints64) -> Floats:
    """Millimetres fallen in the hour before, as a gauge that adds up its own tips tells it (mm/h)."""
    hour, into = ts // HOUR_MS, ts % HOUR_MS
    last, this = _showers(sensor, seed, hour - 1), _showers(sensor, seed, hour)
    whole = np.full(len(ts), HOUR_MS)
    return np.round((_tips(last, whole) - _tips(last, into) + _tips(this, into)) * TIP, 1)


def _showers(sensor: Sensor, seed: int, hours: Ints64) -> Floats:
    """Millimetres that fall in each of these hours."""
    which, back = np.unique(hours, return_inverse=True)
    wet = {hour for hour in which.tolist() if unit(seed, sensor.address, hour) < SHOWERS}
    fallen = [8.0 * unit(seed, sensor.address, hour, "mm") if hour in wet else 0.0 for hour in which.tolist()]
    return np.array(fallen)[back]


def _tips(total: Floats, into_hour: Ints64) -> Ints64:
    """Tips of the gauge's bucket since the hour began."""
    return np.asarray(total * 0.5 * (1.0 - np.cos(math.pi * into_hour / HOUR_MS)) / TIP, np.int64)


def values(sensor: Sensor, seed: int, ts: Ints64, started: int) -> tuple[Ints64, Floats]:
    """What is told at some times, scenario included, of a simulation that started then; a silent sensor leaves out."""
    value = calm(sensor, seed, ts)
    if sensor.scenario == "calm":
        return ts, value
    since = (ts - started) / 1000.0 - sensor.after_s
    end = sensor.over_s + sensor.hold_s
    if sensor.scenario == "silent":
        speaks = (since < 0) | (since >= end)
        return ts[speaks], value[speaks]
    assert sensor.peak is not None
    share = smooth(since / sensor.over_s) * (1.0 - smooth((since - end) / sensor.over_s))
    # At its peak it swings about the peak, whatever drift and day would add: the story is the same on every day.
    driven = np.round(value + share * (sensor.peak - steady(sensor, seed, ts)), 3)
    return ts, np.where(since < 0, value, driven)


def smooth(x: Floats) -> Floats:
    """From 0 (at 0 and before) to 1 (at 1 and after) without a jolt."""
    x = np.clip(x, 0.0, 1.0)
    return np.asarray(x * x * (3.0 - 2.0 * x))


def times(sensor: Sensor, seed: int, after: int, until: int) -> range:
    """The times (UTC ms) at which a sensor speaks, after one moment and up to another."""
    step = int(sensor.interval_s * 1000)
    shift = int(unit(seed, sensor.address, "shift") * step)
    first = (after - shift) // step * step + step + shift
    return range(first, until + 1, step)
