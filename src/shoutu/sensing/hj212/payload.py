"""What a packet of data says → readings: ``a34004-Rtd=63.0,a34004-Flag=N`` at its DataTime.

The address of a reading is ``MN/a34004-Rtd``, and ``MN/2051/a34004-Avg`` for a statistic, whose command says of which
period: the same factor measured otherwise is another point.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from shoutu.sensing.decode.items import NotANumber, take_value, to_ms, usable_address
from shoutu.sensing.decode.model import Rows
from shoutu.sensing.hj212.packet import NO_READINGS, REAL_TIME, Packet
from shoutu.sensing.model import CALIBRATING, GOOD, INVALID, SUSPECT

ZONE = "Asia/Shanghai"
"""Where a source says nothing else: HJ 212 has no zone, and its loggers stand in China."""
ABOUT = frozenset({"Flag", "EFlag", "SampleTime", "Info", "SN"})
"""What is said of a factor beside its values."""
QUALITY = {
    "N": GOOD,
    "T": SUSPECT,  # beyond what it can measure: a danger may be raised by it, never cleared
    "S": SUSPECT,  # typed in by hand
    "M": CALIBRATING,
    "C": CALIBRATING,
    "D": INVALID,
    "F": INVALID,
    "B": INVALID,
    "P": INVALID,
    "0": CALIBRATING,  # digits: air stations of the version of 2005
    "1": GOOD,
    "2": SUSPECT,
    "3": GOOD,
}
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\Z", re.ASCII)
TIME = re.compile(r"\d{14}(\d{3})?\Z", re.ASCII)


class Data:
    """The pairs of one CP, by factor."""

    def __init__(self, cp: str) -> None:
        self.time = ""
        self.values: list[tuple[str, str, str]] = []
        self.about: dict[tuple[str, str], str] = {}
        for pair in re.split("[;,]", cp):
            key, equals, value = pair.partition("=")
            key, value = key.strip(), value.strip()
            factor, dash, what = key.rpartition("-")
            if not equals:
                continue
            if key == "DataTime":
                self.time = value
            elif dash and what in ABOUT:
                self.about[factor, what] = value
            elif dash:
                self.values.append((factor, what, value))


def data_time(cp: str) -> str:
    """The DataTime of a CP, "" where it has none."""
    return Data(cp).time


def gather(packet: Packet, zone: str, rows: Rows, first: int, time: str = "") -> int:
    """Add the readings of a packet to ``rows``, numbered from ``first``; how many it held.

    ``time`` counts where the packet has no DataTime: the later part of one that was split.
    """
    if packet.cn in NO_READINGS:
        return 0
    data = Data(packet.cp)
    clock = ZoneInfo(zone or ZONE)
    place = packet.mn if packet.cn in REAL_TIME else f"{packet.mn}/{packet.cn}"
    for index, (factor, what, text) in enumerate(data.values, first):
        address = f"{place}/{factor}-{what}"
        quality = QUALITY.get(data.about.get((factor, "Flag"), "N").upper() or "N", SUSPECT)
        sampled = data.about.get((factor, "SampleTime"), "") if packet.cn in REAL_TIME else ""
        told = sampled or data.time or time
        if not usable_address(address):
            rows.refuse(index, "address_bad")
            continue
        value = number(rows, index, f"{factor}-{what}", text, quality)
        ts = moment(told, clock) if value is not None else None
        if value is None:
            continue
        if ts is None:
            rows.refuse(index, "hj212_time", field="SampleTime" if sampled else "DataTime", got=told)
            continue
        rows.add(index, address, ts, value, quality)
    return len(data.values)


def number(rows: Rows, index: int, field: str, text: str, quality: int) -> float | None:
    """A value, or None after noting the refusal. Where the device itself says it is no use, it may be no number."""
    if NUMBER.match(text):
        value = float(text)
        return take_value(rows, index, NotANumber(text) if value in (float("inf"), -float("inf")) else value, field)
    if quality == INVALID:
        return float("nan")
    rows.refuse(index, "wrong_type", field=field, expected="a number", expected_zh="数值", got=f'"{text[:40]}"')
    return None


@lru_cache(maxsize=1024)
def moment(text: str, zone: ZoneInfo) -> int | None:
    """UTC ms of ``yyyyMMddHHmmss`` (or with three digits of ms) on the clock of a zone; None when it is no time."""
    if not TIME.match(text):
        return None
    try:
        month, day, hour, minute, second = (int(text[at : at + 2]) for at in range(4, 14, 2))
        told = datetime(int(text[:4]), month, day, hour, minute, second, tzinfo=zone)
        return to_ms(told.astimezone(UTC)) + int(text[14:] or 0)
    except (ValueError, OverflowError):
        return None
