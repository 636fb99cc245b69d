"""The plan of the simulated sensors, ``SHOUTU_DATA/run/simulate.json``, as the demo loader writes it.

    {"seed": 7,
     "history_s": 21600,
     "sensors": [
       {"address": "SW-01",            what the device calls its point
        "token": "…",                  of the source that owns it; one connection per token and door
        "door": "mqtt",                "mqtt" or "http"
        "indicator": "pond_level",     chooses the shape: see series.PROFILES; any other name gives a plain one
        "interval_s": 20,              seconds between readings (default 20)
        "base": 612.4,                 where the series lives, in the point's unit
        "noise": 0.01,                 optional: standard deviation, else the indicator's own share
        "scenario": "to_red",          optional: "calm" (default), "to_red" (needs "peak") or "silent"
        "peak": 614.2,                 the value reached
        "after_s": 15, "over_s": 30,   it begins this long after the start and takes this long (defaults)
        "hold_s": 900}]}               stays there this long, then goes back as slowly as it came (default)

On first start ``history_s`` seconds of calm readings are sent beforehand, so that curves are not empty; later starts
fill the gap since the last reading sent, as a gateway with a buffer does. Everything but the scenario depends only on
the seed, the address and the time.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from shoutu.config import SettingError

Seconds = Annotated[float, msgspec.Meta(gt=0, le=86_400)]


class Sensor(msgspec.Struct, frozen=True):
    """One simulated sensor; see the module for the meaning of its fields."""

    address: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    token: Annotated[str, msgspec.Meta(min_length=1)]
    door: Literal["http", "mqtt"]
    indicator: str
    base: float
    interval_s: Seconds = 20.0
    noise: float | None = None
    scenario: Literal["calm", "to_red", "silent"] = "calm"
    peak: float | None = None
    after_s: float = 15.0
    over_s: Seconds = 30.0
    hold_s: Annotated[float, msgspec.Meta(ge=0)] = 900.0


class Plan(msgspec.Struct, frozen=True):
    """All simulated sensors."""

    sensors: list[Sensor]
    seed: int = 7
    history_s: Annotated[float, msgspec.Meta(ge=0, le=30 * 86_400)] = 21_600.0


def load_plan(path: Path) -> Plan:
    """Read a plan. Raises SettingError naming the file, the field and what was expected."""
    try:
        plan = msgspec.json.decode(path.read_bytes(), type=Plan)
    except OSError as error:
        raise SettingError(f"{path}: cannot be read ({error.strerror}); `shoutu demo` writes it") from None
    except msgspec.DecodeError as error:
        raise SettingError(f"{path}: {error}; `shoutu demo` writes it anew") from None
    for sensor in plan.sensors:
        if sensor.scenario == "to_red" and sensor.peak is None:
            raise SettingError(f"{path}: sensor {sensor.address}: scenario to_red needs the field peak, a number")
    return plan
