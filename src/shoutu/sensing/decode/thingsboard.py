"""ThingsBoard's telemetry, of one device or of those behind a gateway. Its keys are the addresses of points."""

from __future__ import annotations

import re
from typing import Any

from shoutu.sensing.decode.items import Doubled, NotANumber, kind, take_time, take_value, usable_address
from shoutu.sensing.decode.model import BadBody, Columns, Rows
from shoutu.sensing.decode.text import parse

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\Z", re.ASCII)


def telemetry(body: bytes, now: int, zone: str = "") -> Columns:
    """``{"key": value}``, ``{"ts": ms, "values": {…}}`` or an array of them.

    Without ``ts`` the time received counts (``now``, UTC ms). true and false are 1 and 0, and a text that is a number
    is that number, as ThingsBoard takes them. Raises BadBody when it is not such JSON.
    """
    rows = Rows(zone)
    return rows.columns(_entries(rows, 0, parse(body), now, ""))


def gateway_telemetry(body: bytes, now: int, zone: str = "") -> Columns:
    """``{"device": [entry, …], …}``, the entries as above; the address is ``device/key``. Raises BadBody."""
    content = parse(body)
    if not isinstance(content, dict):
        raise BadBody("not_readings", got=kind(content))
    rows = Rows(zone)
    count = 0
    for device, entries in content.items():
        if isinstance(content, Doubled) and device in content.names:
            rows.refuse(count, "duplicate_key", field=device)
            count += 1
        else:
            count = _entries(rows, count, entries, now, f"{device}/")
    return rows.columns(count)


def _entries(rows: Rows, count: int, entries: Any, now: int, prefix: str) -> int:
    """Add what one device sent to ``rows``; the number of the next reading."""
    for entry in entries if isinstance(entries, list) else [entries]:
        if not isinstance(entry, dict):
            raise BadBody("not_readings", got=kind(entry))
        timed = isinstance(entry.get("values"), dict) and "ts" in entry
        values = entry["values"] if timed else entry
        for key, value in values.items():
            if isinstance(values, Doubled) and key in values.names:
                rows.refuse(count, "duplicate_key", field=key)
            else:
                _one(rows, count, f"{prefix}{key}", entry["ts"] if timed else now, value)
            count += 1
    return count


def _one(rows: Rows, index: int, address: str, ts: Any, value: Any) -> None:
    if not usable_address(address):
        return rows.refuse(index, "address_bad")
    if isinstance(value, str) and not isinstance(value, NotANumber) and NUMBER.match(value):
        number = float(value)
        value = NotANumber(value) if number in (float("inf"), -float("inf")) else number
    read = float(value) if isinstance(value, bool) else take_value(rows, index, value, address)
    when = take_time(rows, index, ts) if read is not None else None
    if read is not None and when is not None:
        rows.add(index, address, when, read, 0)
    return None
