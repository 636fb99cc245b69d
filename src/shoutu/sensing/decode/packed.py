"""msgpack: an array of maps with the same fields as the JSON form; ``ts`` may be a msgpack timestamp."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from shoutu.sensing.decode.items import FIELDS, Doubled, kind
from shoutu.sensing.decode.model import BadBody, Columns
from shoutu.sensing.decode.text import Reading, from_items, from_structs

MANY = msgspec.msgpack.Decoder(list[Reading])
RAWS = msgspec.msgpack.Decoder(list[msgspec.Raw])
ANY = msgspec.msgpack.Decoder()


def _spellings(name: str) -> tuple[bytes, ...]:
    """The four ways msgpack can write a short text: fixstr, str 8, str 16, str 32."""
    raw, n = name.encode(), len(name)
    return (bytes((0xA0 | n,)) + raw, b"\xd9" + bytes((n,)) + raw, *(
        head + n.to_bytes(size, "big") + raw for head, size in ((b"\xda", 2), (b"\xdb", 4))
    ))  # fmt: skip


SPELT = {name: _spellings(name) for name in FIELDS}
LONG = tuple(spelling for name in FIELDS for spelling in SPELT[name][1:])


def decode_msgpack(body: bytes, zone: str = "") -> Columns:
    """Readings of a msgpack array (or of one map). Raises BadBody when it is not msgpack."""
    if not body:
        raise BadBody("empty")
    try:
        readings = MANY.decode(body)
        if not keys_may_repeat(body, readings):
            return from_structs(readings)
    except (msgspec.DecodeError, ValueError, RecursionError):
        pass
    try:
        items: Any = ANY.decode(body)
        if isinstance(items, dict):
            items = [_item(body)]
        elif isinstance(items, list):
            items = [_item(bytes(raw)) for raw in RAWS.decode(body)]
    except (msgspec.DecodeError, ValueError, TypeError, RecursionError) as error:
        position = len(body) if "truncated" in str(error) else 0
        raise BadBody("malformed", format="msgpack", position=position, what=str(error)) from None
    if not isinstance(items, list):
        raise BadBody("not_readings", got=kind(items))
    return from_items(items, zone)


def keys_may_repeat(body: bytes, readings: Sequence[Reading]) -> bool:
    """Whether a reading may hold a key twice, of which msgspec would silently keep the last.

    Each reading has every required key at least once, so equal counts of its usual spelling, and none of the
    unusual ones, prove that none repeats. A false alarm costs the slow path.
    """
    if any(spelling in body for spelling in LONG):
        return True
    if any(body.count(SPELT[name][0]) != len(readings) for name in ("point", "ts", "value")):
        return True
    return body.count(SPELT["quality"][0]) != sum(r.quality >= 0 for r in readings)


def _item(raw: bytes) -> Any:
    """One decoded reading; ``Doubled`` when it has fewer keys than its map says."""
    item = ANY.decode(raw)
    if not isinstance(item, dict) or len(item) == _pairs(raw):
        return item
    doubled = Doubled(item)
    doubled.names = tuple(name for name in FIELDS if sum(map(raw.count, SPELT[name])) > 1)
    return doubled


def _pairs(raw: bytes) -> int:
    """How many keys the map at the start of ``raw`` says it has."""
    if raw[0] & 0xF0 == 0x80:
        return raw[0] & 0x0F
    return int.from_bytes(raw[1 : 3 if raw[0] == 0xDE else 5], "big")
