"""Payloads of the topics → readings: the JSON of the HTTP door, and ThingsBoard's telemetry forms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from shoutu.sensing.decode.model import BadBody, Columns, Refusal
from shoutu.sensing.decode.text import Reading, decode_json, from_structs, read_json
from shoutu.sensing.decode.thingsboard import gateway_telemetry, telemetry
from shoutu.sensing.mqtt.codec import Publish
from shoutu.sensing.thingsboard import GATEWAY_TELEMETRY, TELEMETRY

READINGS = "shoutu/v1/readings"
TOPICS = (READINGS, TELEMETRY, GATEWAY_TELEMETRY)
"""Whose messages hold readings."""


class Message(NamedTuple):
    """What became of one PUBLISH before its readings were looked up: an error of the whole, or nothing."""

    publish: Publish
    error: BadBody | None
    refused: list[Refusal]
    first: int
    count: int  # type: ignore[assignment]


def gather(publishes: Sequence[Publish], now: int, zone: str = "") -> tuple[list[Message], Columns]:
    """Readings of many messages as one set of columns; message i holds rows first … first+count."""
    readings: list[Reading] = []
    messages = []
    for publish in publishes:
        error: BadBody | None = None
        refused: list[Refusal] = []
        first = len(readings)
        try:
            refused = _read(publish, now, readings, zone)
        except BadBody as bad:
            error = bad
        messages.append(Message(publish, error, refused, first, len(readings) - first))
    return messages, from_structs(readings)


def _read(publish: Publish, now: int, readings: list[Reading], zone: str) -> list[Refusal]:
    if publish.topic == READINGS:
        fast = read_json(publish.payload)
        if fast is not None:
            readings += fast
            return []
        return _append(decode_json(publish.payload, zone), readings)
    read = gateway_telemetry if publish.topic == GATEWAY_TELEMETRY else telemetry
    return _append(read(publish.payload, now, zone), readings)


def _append(columns: Columns, readings: list[Reading]) -> list[Refusal]:
    rows = zip(columns.addresses, columns.ts.tolist(), columns.value.tolist(), columns.quality.tolist(), strict=True)
    readings += [Reading(address, ts, value, quality) for address, ts, value, quality in rows]
    return columns.refused
