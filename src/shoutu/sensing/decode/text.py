"""JSON arrays and NDJSON: a typed decode of the whole body first, and only if that fails one reading at a time."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
import numpy as np

from shoutu.sensing.decode.items import Doubled, NotANumber, add_item, kind, to_ms
from shoutu.sensing.decode.model import ADDRESS_MAX, BadBody, Columns, Rows

Address = Annotated[str, msgspec.Meta(min_length=1, max_length=ADDRESS_MAX)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Millis = Annotated[int, msgspec.Meta(ge=-(1 << 62), le=1 << 62)]
Quality = Annotated[int, msgspec.Meta(ge=0, le=3)]


class Reading(msgspec.Struct, gc=False):
    """The wire form of one reading; ``ts`` epoch ms or RFC 3339 with a zone."""

    point: Address
    ts: Millis | Moment
    value: float
    quality: Quality = -1  # not given, which means good


MANY = msgspec.json.Decoder(list[Reading])
ONE = msgspec.json.Decoder(Reading)
KEYS = (b'"point"', b'"ts"', b'"value"')


def read_json(body: bytes) -> list[Reading] | None:
    """The readings of a body in which all is right, or None: then ``decode_json`` tells what is wrong."""
    try:
        readings = [ONE.decode(body)] if body.lstrip()[:1] == b"{" else MANY.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    return None if keys_may_repeat(body, readings) else readings


def decode_json(body: bytes, zone: str = "") -> Columns:
    """Readings of a JSON array (or of one object). Raises BadBody when it is not JSON."""
    body = body.removeprefix(b"\xef\xbb\xbf")
    readings = read_json(body)
    if readings is not None:
        return from_structs(readings)
    items = parse(body)
    if isinstance(items, dict):
        items = [items]
    if not isinstance(items, list):
        raise BadBody("not_readings", got=kind(items))
    return from_items(items, zone)


def decode_ndjson(body: bytes, zone: str = "") -> Columns:
    """One reading a line; a line that is not JSON is refused alone."""
    body = body.removeprefix(b"\xef\xbb\xbf")
    if not body.strip():
        raise BadBody("empty")
    try:
        readings = ONE.decode_lines(body)
        if not keys_may_repeat(body, readings):
            return from_structs(readings)
    except (msgspec.DecodeError, ValueError, RecursionError):
        pass
    rows = Rows(zone)
    index = 0
    for number, line in enumerate(body.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            item = parse(line)
        except BadBody as bad:
            what = bad.params.get("what", bad.code)
            rows.refuse(index, "line_malformed", line=number, position=bad.params.get("position", 0), what=what)
        else:
            add_item(rows, index, item)
        index += 1
    return rows.columns(index)


def keys_may_repeat(body: bytes, readings: Sequence[Reading]) -> bool:
    """Whether a reading may hold a key twice, of which msgspec would silently keep the last.

    Each reading has every required key at least once, so equal counts prove that none repeats, unless a key
    is spelt with escapes (\\u00..). A false alarm costs the slow path.
    """
    if b"\\" in body and b"\\u00" in body:
        return True
    if any(body.count(key) != len(readings) for key in KEYS):
        return True
    qualities = body.count(b'"quality"')
    return qualities > 0 and qualities != sum(r.quality >= 0 for r in readings)


def from_structs(readings: Sequence[Reading]) -> Columns:
    """Columns of readings that a typed decode found right."""
    times: list[Any] = [r.ts for r in readings]
    try:
        ts = np.array(times, dtype=np.int64)
    except TypeError:
        ts = np.array([t if type(t) is int else to_ms(t) for t in times], dtype=np.int64)
    told = [r.quality for r in readings]
    if max(told, default=0) > 0:
        quality = np.maximum(np.array(told, dtype=np.int8), 0).astype(np.uint8)
    else:
        quality = np.zeros(len(told), dtype=np.uint8)
    return Columns(
        addresses=[r.point for r in readings],
        ts=ts,
        value=np.array([r.value for r in readings], dtype=np.float64),
        quality=quality,
        total=len(readings),
    )


def from_items(items: Sequence[Any], zone: str = "") -> Columns:
    """Columns of loosely decoded readings, each judged alone."""
    rows = Rows(zone)
    for index, item in enumerate(items):
        add_item(rows, index, item)
    return rows.columns(len(items))


def parse(body: bytes) -> Any:
    """JSON with what a strict decoder hides kept visible: repeated keys, NaN, numbers out of range.

    Raises BadBody naming the byte where the text stops being JSON.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadBody("not_utf8", position=error.start) from None
    if not text.strip():
        raise BadBody("empty")
    try:
        return json.loads(text, object_pairs_hook=_pairs, parse_constant=NotANumber, parse_float=_float, parse_int=_int)
    except json.JSONDecodeError as error:
        position = len(text[: error.pos].encode())
        early = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated")
        what = f"the body ends early ({error.msg})" if early else error.msg
        raise BadBody("malformed", format="JSON", position=position, what=what) from None
    except RecursionError:
        raise BadBody("malformed", format="JSON", position=0, what="nested too deeply") from None


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    doubled = Doubled(found)
    seen: set[str] = set()
    doubled.names = tuple(k for k, _ in pairs if k in seen or seen.add(k))  # type: ignore[func-returns-value]
    return doubled


def _float(text: str) -> float | NotANumber:
    number = float(text)
    return number if math.isfinite(number) else NotANumber(text)


def _int(text: str) -> int | float | NotANumber:
    return int(text) if len(text) < 20 else _float(text)
