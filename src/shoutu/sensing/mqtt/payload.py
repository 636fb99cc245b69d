"""Payloads of the two topics → readings: the JSON of the HTTP door, and ThingsBoard's telemetry forms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from shoutu.sensing.decode.items import Doubled, kind, take_time, take_value, usable_address
from shoutu.sensing.decode.model import BadBody, Columns, Refusal, Rows
from shoutu.sensing.decode.text import Reading, decode_json, from_structs, parse, read_json
from shoutu.sensing.mqtt.codec import Publish

READINGS, TELEMETRY = "shoutu/v1/readings", "v1/devices/me/telemetry"


class Message(NamedTuple):
    """What became of one PUBLISH before its readings were looked up: an error of the whole, or nothing."""

    publish: Publish
    error: BadBody | None
    refused: list[Refusal]
    first: int
    count: int  # type: ignore[assignment]


def gather(publishes: Sequence[Publish], now: int) -> tuple[list[Message], Columns]:
    """Readings of many messages as one set of columns; message i holds rows first … first+count."""
    readings: list[Reading] = []
    messages = []
    for publish in publishes:
        error: BadBody | None = None
        refused: list[Refusal] = []
        first = len(readings)
        try:
            refused = _read(publish, now, readings)
        except BadBody as bad:
            error = bad
        messages.append(Message(publish, error, refused, first, len(readings) - first))
    return messages, from_structs(readings)


def _read(publish: Publish, now: int, readings: list[Reading]) -> list[Refusal]:
    if publish.topic == READINGS:
        fast = read_json(publish.payload)
        if fast is not None:
            readings += fast
            return []
        return _append(decode_json(publish.payload), readings)
    return _append(telemetry(publish.payload, now), readings)


def _append(columns: Columns, readings: list[Reading]) -> list[Refusal]:
    rows = zip(columns.addresses, columns.ts.tolist(), columns.value.tolist(), columns.quality.tolist(), strict=True)
    readings += [Reading(address, ts, value, quality) for address, ts, value, quality in rows]
    return columns.refused


def telemetry(payload: bytes, now: int) -> Columns:
    """``{"key": value}``, ``{"ts": ms, "values": {…}}`` or an array of them; the key is the point's address.

    Without ``ts`` the time received counts; true and false are 1 and 0. Raises BadBody when it is not such JSON.
    """
    content = parse(payload)
    entries = content if isinstance(content, list) else [content]
    rows = Rows()
    count = 0
    for entry in entries:
        if not isinstance(entry, dict):
            raise BadBody("not_readings", got=kind(entry))
        timed = isinstance(entry.get("values"), dict) and "ts" in entry
        values = entry["values"] if timed else entry
        for address, value in values.items():
            _one(rows, count, address, entry["ts"] if timed else now, value, values)
            count += 1
    return rows.columns(count)


def _one(rows: Rows, index: int, address: str, ts: Any, value: Any, values: dict[str, Any]) -> None:
    if isinstance(values, Doubled) and address in values.names:
        return rows.refuse(index, "duplicate_key", field=address)
    if not usable_address(address):
        return rows.refuse(index, "address_bad")
    number = float(value) if isinstance(value, bool) else take_value(rows, index, value, address)
    when = take_time(rows, index, ts) if number is not None else None
    if number is not None and when is not None:
        rows.add(index, address, when, number, 0)
    return None
