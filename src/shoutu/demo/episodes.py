"""What happened in the demo's week, as data: `week` makes the curves of it, `history` plays who did what."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Episode:
    """What happened: `at` hours after the county began, at a site's sensor of an item; `minutes` long.

    The sensor rises (or falls) to `value` within `rise` minutes before, and is back at the end; a `value` of 0 lies a
    little past the rule's own limit. With `slope` it creeps instead, so many units an hour for `creep_h` hours, and
    stays where it is.

    `course`: real, false (then `why` is a code of `Reason`), fault (nothing is heard for the time), late (reported too
    late and still open), closable (everything done but the closing). `climb` minutes nobody at the mine answers;
    `people` underground.
    """

    at: float
    site: str
    item: str
    level: int
    value: float = 0.0
    course: str = "real"
    why: str = ""
    minutes: float = 90.0
    rise: float = 30.0
    climb: float = 0.0
    people: int = 0
    slope: float = 0.0
    creep_h: float = 26.0


EPISODES = [
    Episode(4.2, "U1", "co", 3, 31.0, "false", "blasting", 26, 8, people=22),
    Episode(9.5, "W1", "rain_hour", 2, 17.2, minutes=150, rise=50),
    Episode(12.3, "O1", "crack_opening", 0, course="fault", minutes=140),
    Episode(20.4, "U4", "co", 3, 26.0, "false", "exhaust", 31, 10, people=19),
    Episode(27.1, "D2", "surface_displacement", 3, 82.0, "false", "sensor_moved", 180, 5, people=6),
    Episode(31.6, "U5", "inflow", 3, 61.8, minutes=320, rise=130, climb=14, people=24),
    Episode(38.0, "O9", "rain_hour", 2, 21.5, minutes=130, rise=50),
    Episode(44.7, "X5", "ammonia", 2, 28.0, minutes=75, rise=25),
    Episode(51.2, "U10", "main_fan", 0, course="fault", minutes=50),
    Episode(55.9, "P2", "bearing_temperature", 2, 72.5, minutes=110, rise=40),
    Episode(60.4, "U4", "people_underground", 3, 64.0, minutes=75, rise=40, people=64),
    Episode(66.3, "U6", "co", 3, 25.7, "false", "power_switch", 22, 6, people=17),
    Episode(74.8, "W3", "phreatic_depth", 1, minutes=600, rise=300),
    Episode(81.5, "O14", "slope_displacement", 2, minutes=700, slope=0.62),
    Episode(90.2, "X1", "combustible_gas", 2, 27.0, "false", "calibration", 30, 4),
    Episode(94.1, "W4", "pond_level", 1, minutes=600, slope=0.0275, creep_h=84.0),
    Episode(98.6, "U12", "air_speed_drift", 2, 0.15, minutes=95, rise=20, climb=17),
    Episode(104.4, "D3", "rain_hour", 2, 16.4, minutes=120, rise=50),
    Episode(113.0, "U2", "o2", 3, 19.6, minutes=200, rise=12, people=21),
    Episode(121.7, "M3", "dump_displacement", 0, course="fault", minutes=260),
    Episode(130.4, "U8", "co", 3, 27.0, "false", "other", 24, 8, people=15),
    Episode(139.8, "X10", "hydrogen_sulfide", 2, 8.1, minutes=85, rise=25),
    Episode(150.9, "P5", "bearing_temperature", 2, 72.3, "closable", minutes=160, rise=45),
    Episode(153.5, "X11", "store_temperature", 1, 31.2, "late", minutes=80, rise=60),
]
"""By time; all over some hours before now, where the simulated gateways take up.

甲铁矿尾矿库 goes to red a minute after the start, in front of whoever looks.
"""
