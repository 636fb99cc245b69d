"""The careful parser: one reading at a time, so that a bad one does not take its neighbours along."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from shoutu.sensing.decode.model import ADDRESS_MAX, Rows

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
FIELDS = ("point", "ts", "value", "quality")
FAR = 1 << 62
"""A time too far to be counted in ms; certain to be refused as implausible."""


class NotANumber(str):
    """A JSON literal that is no finite number: NaN, Infinity, 1e400."""


class Doubled(dict[str, Any]):
    """An object in which a key stood more than once."""

    names: tuple[str, ...] = ()


def to_ms(moment: datetime) -> int:
    """UTC milliseconds of an aware time, rounded down."""
    return (moment - EPOCH) // MILLISECOND


def kind(item: object) -> str:
    """What an item is, in the words of JSON, with a short look at it."""
    if item is None:
        return "null"
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, str) and not isinstance(item, NotANumber):
        return f'"{item[:40]}"'
    if isinstance(item, dict):
        return "object"
    if isinstance(item, list | tuple):
        return "array"
    return str(item)[:40]


def add_item(rows: Rows, index: int, item: Any) -> None:
    """Judge one decoded reading: a row, or a refusal that says what is wrong with it."""
    if not isinstance(item, dict):
        return rows.refuse(index, "not_object", got=kind(item))
    if isinstance(item, Doubled):
        for name in item.names:
            if name in FIELDS:
                return rows.refuse(index, "duplicate_key", field=name)
    for name in ("point", "ts", "value"):
        if name not in item:
            return rows.refuse(index, "missing_field", field=name)
    address = item["point"]
    if not isinstance(address, str) or isinstance(address, NotANumber):
        return rows.refuse(
            index, "wrong_type", field="point", expected="a string", expected_zh="字符串", got=kind(address)
        )
    if not usable_address(address):
        return rows.refuse(index, "address_bad")
    ts = take_time(rows, index, item["ts"])
    value = take_value(rows, index, item["value"]) if ts is not None else None
    if ts is None or value is None:
        return None
    quality = item.get("quality", 0)
    if isinstance(quality, bool) or not isinstance(quality, int) or not 0 <= quality <= 3:
        return rows.refuse(index, "quality_range", got=kind(quality))
    return rows.add(index, address, ts, value, quality)


def usable_address(address: str) -> bool:
    """Whether a text can be the address of a point: 1 to 200 printable characters."""
    return 0 < len(address) <= ADDRESS_MAX and address.isprintable()


def take_value(rows: Rows, index: int, value: Any, field: str = "value") -> float | None:
    """A float, or None after noting the refusal. Non-finite floats of binary formats pass: see ``doors``."""
    if isinstance(value, NotANumber):
        code = "number_range" if value[-1:].isdigit() else "not_finite"
        rows.refuse(index, code, field=field, got=str(value))
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        rows.refuse(index, "wrong_type", field=field, expected="a number", expected_zh="数值", got=kind(value))
        return None
    try:
        return float(value)
    except OverflowError:
        rows.refuse(index, "number_range", field=field, got=str(value)[:40])
        return None


def take_time(rows: Rows, index: int, ts: Any) -> int | None:
    """UTC ms of epoch milliseconds or an RFC 3339 text, or None after noting the refusal."""
    if isinstance(ts, NotANumber):
        code = "number_range" if ts[-1:].isdigit() else "not_finite"
        rows.refuse(index, code, field="ts", got=str(ts))
        return None
    if isinstance(ts, str):
        try:
            ts = msgspec.convert(ts, datetime)
        except msgspec.ValidationError:
            rows.refuse(index, "time_format", got=kind(ts))
            return None
    if isinstance(ts, datetime):
        if ts.tzinfo is None and rows.zone:
            ts = ts.replace(tzinfo=ZoneInfo(rows.zone)).astimezone(UTC)
        if ts.tzinfo is None:
            rows.refuse(index, "time_naive", got=ts.isoformat())
            return None
        return to_ms(ts)
    if isinstance(ts, bool) or not isinstance(ts, int | float):
        expected, chinese = "RFC 3339 or epoch milliseconds", " RFC 3339 时间或 UTC 毫秒数"
        rows.refuse(index, "wrong_type", field="ts", expected=expected, expected_zh=chinese, got=kind(ts))
        return None
    if ts != ts or abs(ts) > FAR:
        return FAR
    return int(ts)
