"""Walks the messages of an Arrow IPC stream without decoding them, so that a lying stream is refused first.

pyarrow takes a stream cut between two messages for complete and inflates compressed buffers without limit; both are
found here, from the few fields of the flatbuffer headers (Arrow columnar format, "Encapsulated message format").
"""

from __future__ import annotations

from struct import error, unpack_from

from shoutu.sensing.decode.model import BadBody

END = b"\xff\xff\xff\xff\x00\x00\x00\x00"
DICTIONARY_BATCH, RECORD_BATCH = 2, 3


def check_frames(body: bytes) -> None:
    """Raises BadBody when the stream is cut, has bytes after its end, or carries compressed buffers."""
    position = 0
    try:
        while True:
            marker, size = unpack_from("<Ii", body, position)
            if marker != 0xFFFFFFFF or size < 0:
                raise _bad(position, "expected an Arrow message here")
            position += 8
            if size == 0:
                break
            position = _message(body, position, size)
    except error:
        raise _bad(len(body), "the stream ends early") from None
    if position != len(body):
        raise _bad(position, "bytes follow the end of the stream; send one stream a body")


def _message(body: bytes, start: int, size: int) -> int:
    """Look at one message whose metadata stands at ``start``; answers where the next one stands."""
    if start + size > len(body):
        raise _bad(len(body), "the stream ends early")
    metadata = body[start : start + size]
    try:
        table = unpack_from("<I", metadata)[0]
        kind = _scalar(metadata, table, 1, "<B")
        length = _scalar(metadata, table, 3, "<q")
        if kind in (DICTIONARY_BATCH, RECORD_BATCH):
            batch = _table(metadata, table, 2)
            if kind == DICTIONARY_BATCH:
                batch = _table(metadata, batch, 1)
            if _slot(metadata, batch, 3):
                raise BadBody("arrow_compressed")
    except error:
        raise _bad(start, "damaged message header") from None
    end = start + size + length
    if length < 0 or end > len(body):
        raise _bad(len(body), "the stream ends early")
    return end


def _slot(data: bytes, table: int, number: int) -> int:
    """Offset of a flatbuffer table's field from the table's start; 0 when absent."""
    vtable = table - unpack_from("<i", data, table)[0]
    if vtable < 0 or table < 0:
        raise error
    size = unpack_from("<H", data, vtable)[0]
    place = 4 + 2 * number
    return int(unpack_from("<H", data, vtable + place)[0]) if place < size else 0


def _scalar(data: bytes, table: int, number: int, form: str) -> int:
    slot = _slot(data, table, number)
    return int(unpack_from(form, data, table + slot)[0]) if slot else 0


def _table(data: bytes, table: int, number: int) -> int:
    slot = _slot(data, table, number)
    if not slot:
        raise error
    return table + slot + int(unpack_from("<I", data, table + slot)[0])


def _bad(position: int, what: str) -> BadBody:
    return BadBody("malformed", format="Arrow stream", position=position, what=what)
