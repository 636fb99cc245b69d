"""Arrow IPC streams: columns ``point`` (text, dictionary of text, or integer id), ``ts``, ``value``, ``quality``.

``ts`` is int64 epoch ms or a timestamp with a zone. Columns of plain numbers without nulls are not copied.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shoutu.sensing.decode.arrow_frames import check_frames
from shoutu.sensing.decode.items import FAR
from shoutu.sensing.decode.model import BadBody, Columns, Refusal
from shoutu.sensing.model import Bytes8, Floats, Ints32, Ints64

KNOWN: dict[tuple[str, int, int, tuple[bytes | None, ...]], list[str]] = {}
"""Dictionaries seen lately, by type and bytes; oldest first."""
KNOWN_COUNT, KNOWN_BYTES = 64, 1024 * 1024


def decode_arrow(body: bytes, _zone: str = "") -> Columns:
    """Readings of an Arrow IPC stream, whose timestamps say their own zone.

    Raises BadBody for a damaged stream or a column of the wrong type.
    """
    if not body:
        raise BadBody("empty")
    check_frames(body)
    try:
        table = pa.ipc.open_stream(pa.py_buffer(body)).read_all()
        table.validate(full=True)
        table = table.unify_dictionaries().combine_chunks()
    except (pa.ArrowException, OSError, ValueError, TypeError, NotImplementedError, OverflowError) as error:
        raise BadBody("malformed", format="Arrow stream", position=0, what=str(error)) from None
    refused: dict[int, Refusal] = {}
    point, ts, value = (_column(table, name) for name in ("point", "ts", "value"))
    addresses, codes = _points(point, refused)
    columns = Columns(
        addresses=addresses,
        ts=_times(ts, refused),
        value=_values(value, refused),
        quality=_qualities(table, refused),
        total=table.num_rows,
        codes=codes,
    )
    if refused:
        _drop(columns, refused)
    return columns


def _column(table: pa.Table, name: str) -> pa.Array:
    found = table.schema.get_all_field_indices(name)
    if len(found) != 1:
        got = "no such column" if not found else "several of that name"
        raise BadBody("arrow_column", field=name, expected="one column", expected_zh="恰好一列", got=got)
    return _whole(table.column(found[0]))


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks or [_none(column)])


def _none(column: pa.ChunkedArray) -> pa.Array:
    return pa.array([], type=column.type)


def _wrong(name: str, expected: str, chinese: str, got: pa.DataType) -> BadBody:
    return BadBody("arrow_column", field=name, expected=expected, expected_zh=chinese, got=str(got))


def _points(column: pa.Array, refused: dict[int, Refusal]) -> tuple[list[str], Ints32]:
    """Distinct addresses and a code per row; rows without a usable address are refused."""
    kind = column.type
    _nulls(column, "point", refused)
    if pa.types.is_integer(kind):
        ids, inverse = np.unique(_numbers(column), return_inverse=True)
        return [str(i) for i in ids.tolist()], inverse.astype(np.int32)
    if not pa.types.is_dictionary(kind):
        if not _is_text(kind):
            raise _wrong("point", "text, a dictionary of text, or integers", "文本、文本字典或整数", kind)
        column = column.dictionary_encode()
    elif not _is_text(kind.value_type):
        raise _wrong("point", "text, a dictionary of text, or integers", "文本、文本字典或整数", kind)
    codes = _numbers(column.indices).astype(np.int32, copy=False)
    return _distinct(column.dictionary), codes


def _distinct(dictionary: pa.Array) -> list[str]:
    """The texts of a dictionary. Gateways send the same one over and over: the same list comes back, so that its
    points need not be looked up again either (see ``doors.resolve``)."""
    parts = tuple(None if b is None else b.to_pybytes() for b in dictionary.buffers())
    key = (str(dictionary.type), dictionary.offset, len(dictionary), parts)
    known = KNOWN.get(key)
    if known is not None:
        return known
    texts = [text or "" for text in dictionary.to_pylist()] or [""]
    if dictionary.nbytes <= KNOWN_BYTES:
        while len(KNOWN) >= KNOWN_COUNT:
            KNOWN.pop(next(iter(KNOWN)), None)
        KNOWN[key] = texts
    return texts


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _times(column: pa.Array, refused: dict[int, Refusal]) -> Ints64:
    kind = column.type
    _nulls(column, "ts", refused)
    if pa.types.is_timestamp(kind):
        if kind.tz is None:
            raise _wrong("ts", "int64 epoch ms or a timestamp with a zone", "UTC 毫秒整数或带时区的时间戳", kind)
        counts = _numbers(column.view(pa.int64()))
        if kind.unit == "s":
            counts = np.clip(counts, -FAR // 1000, FAR // 1000) * 1000
        elif kind.unit != "ms":
            counts = counts // (1000 if kind.unit == "us" else 1_000_000)
        return counts.astype(np.int64, copy=False)
    if not pa.types.is_integer(kind) or pa.types.is_uint64(kind):
        raise _wrong("ts", "int64 epoch ms or a timestamp with a zone", "UTC 毫秒整数或带时区的时间戳", kind)
    return _numbers(column).astype(np.int64, copy=False)


def _values(column: pa.Array, refused: dict[int, Refusal]) -> Floats:
    if not (pa.types.is_floating(column.type) or pa.types.is_integer(column.type)):
        raise _wrong("value", "float64", "双精度数值", column.type)
    _nulls(column, "value", refused)
    return _numbers(column).astype(np.float64, copy=False)


def _qualities(table: pa.Table, refused: dict[int, Refusal]) -> Bytes8:
    if "quality" not in table.column_names:
        return np.zeros(table.num_rows, dtype=np.uint8)
    column = _column(table, "quality")
    if not pa.types.is_integer(column.type):
        raise _wrong("quality", "integers 0 to 3", "0 至 3 的整数", column.type)
    numbers = _numbers(column)
    for row in np.flatnonzero((numbers < 0) | (numbers > 3)).tolist():
        refused.setdefault(row, Refusal(row, "quality_range", {"got": str(int(numbers[row]))}))
    return numbers.astype(np.uint8)


def _numbers(column: pa.Array) -> NDArray[Any]:
    """A NumPy view of a column of numbers; nulls read as 0 (their rows are refused, or 0 is meant)."""
    if column.null_count:
        column = column.fill_null(0)
    numbers: NDArray[Any] = column.to_numpy(zero_copy_only=False)
    return numbers


def _nulls(column: pa.Array, name: str, refused: dict[int, Refusal]) -> None:
    if column.null_count:
        for row in np.flatnonzero(column.is_null().to_numpy(zero_copy_only=False)).tolist():
            refused.setdefault(row, Refusal(row, "missing_field", {"field": name}))


def _drop(columns: Columns, refused: dict[int, Refusal]) -> None:
    keep = np.ones(columns.total, dtype=np.bool_)
    keep[list(refused)] = False
    columns.index = np.flatnonzero(keep)
    columns.ts, columns.value = columns.ts[keep], columns.value[keep]
    columns.quality = columns.quality[keep]
    assert columns.codes is not None
    columns.codes = columns.codes[keep]
    columns.refused = sorted(refused.values())
