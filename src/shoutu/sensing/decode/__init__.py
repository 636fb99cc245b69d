"""Pure parsers of what devices send: bytes in, columns of readings and refusals out. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Callable

from shoutu.sensing.decode.arrow import decode_arrow
from shoutu.sensing.decode.model import BadBody, Columns, Refusal
from shoutu.sensing.decode.packed import decode_msgpack
from shoutu.sensing.decode.reasons import REASONS, say
from shoutu.sensing.decode.text import decode_json, decode_ndjson

CONTENT_TYPES: dict[str, Callable[[bytes, str], Columns]] = {
    "": decode_json,
    "application/json": decode_json,
    "application/x-ndjson": decode_ndjson,
    "application/ndjson": decode_ndjson,
    "application/jsonl": decode_ndjson,
    "application/msgpack": decode_msgpack,
    "application/x-msgpack": decode_msgpack,
    "application/vnd.msgpack": decode_msgpack,
    "application/vnd.apache.arrow.stream": decode_arrow,
}
"""Content type, lower case and without parameters → its parser, told the zone of times without one ("": refuse them);
none given means JSON."""

__all__ = [
    "CONTENT_TYPES",
    "REASONS",
    "BadBody",
    "Columns",
    "Refusal",
    "decode_arrow",
    "decode_json",
    "decode_msgpack",
    "decode_ndjson",
    "say",
]
