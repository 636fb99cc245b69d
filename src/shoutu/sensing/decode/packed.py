"""msgpack: an array of maps with the same fields as the JSON form; ``ts`` may be a msgpack timestamp."""

from __future__ import annotations

from typing import Any

import msgspec

from shoutu.sensing.decode.items import kind
from shoutu.sensing.decode.model import BadBody, Columns
from shoutu.sensing.decode.text import Reading, from_items, from_structs

MANY = msgspec.msgpack.Decoder(list[Reading])
ANY = msgspec.msgpack.Decoder()


def decode_msgpack(body: bytes) -> Columns:
    """Readings of a msgpack array (or of one map). A key given twice counts with its last value.

    Raises BadBody when it is not msgpack.
    """
    if not body:
        raise BadBody("empty")
    try:
        return from_structs(MANY.decode(body))
    except (msgspec.DecodeError, ValueError, RecursionError):
        pass
    try:
        items: Any = ANY.decode(body)
    except (msgspec.DecodeError, ValueError, TypeError, RecursionError) as error:
        position = len(body) if "truncated" in str(error) else 0
        raise BadBody("malformed", format="msgpack", position=position, what=str(error)) from None
    if isinstance(items, dict):
        items = [items]
    if not isinstance(items, list):
        raise BadBody("not_readings", got=kind(items))
    return from_items(items)
