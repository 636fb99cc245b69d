"""Reads a file of readings (CSV or Parquet: ``point,ts,value[,quality]``) into columns in order of time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from shoutu.sensing.decode.items import to_ms
from shoutu.sensing.model import Bytes8, Floats, Ints32, Ints64

TIMES = ("ts", "timestamp")


class SeriesError(ValueError):
    """The file cannot be replayed; the message names the column, what was expected and the remedy."""


@dataclass(frozen=True)
class Series:
    """Readings in order of time; ``code`` points into ``addresses``; ``skipped`` rows had no value."""

    addresses: list[str]
    code: Ints32
    ts: Ints64
    value: Floats
    quality: Bytes8
    skipped: int

    def __len__(self) -> int:
        return len(self.ts)


def read_series(path: Path, point: str | None = None, zone: str | None = None) -> Series:
    """Raises SeriesError. ``point`` is the address of every row where the file has no such column (or overrides it).

    ``zone`` (IANA name) is that of times without one.
    """
    try:
        table = _parquet(path) if path.suffix in (".parquet", ".pq") else _csv(path)
    except FileNotFoundError:
        raise SeriesError(f"{path}: no such file") from None
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise SeriesError(f"{path}: not readable: {error}") from None
    names = table.column_names
    time = next((name for name in TIMES if name in names), None)
    if time is None or "value" not in names or ("point" not in names and point is None):
        raise SeriesError(
            f"{path}: expected the columns point, ts, value[, quality], found {', '.join(names)}; "
            "name the point with --point when the file holds one series"
        )
    ts = _times(path, table.column(time), zone)
    value = _floats(path, table.column("value"))
    quality = _quality(path, table)
    if point is not None:
        addresses, code = [point], np.zeros(len(ts), np.int32)
    else:
        points = table.column("point").cast(pa.string()).combine_chunks()
        if points.null_count:
            raise SeriesError(f"{path}: column point: {points.null_count} rows have no address")
        encoded = points.dictionary_encode()
        addresses, code = encoded.dictionary.to_pylist(), encoded.indices.to_numpy().astype(np.int32)
    present = np.isfinite(value)
    order = np.flatnonzero(present)
    if len(order) and (np.diff(ts[order]) < 0).any():
        order = order[np.argsort(ts[order], kind="stable")]
    skipped = len(ts) - len(order)
    return Series(addresses, code[order], ts[order], value[order], quality[order], skipped)


def _csv(path: Path) -> pa.Table:
    as_text = dict.fromkeys(("point", *TIMES), pa.string())
    convert = pa.csv.ConvertOptions(column_types=as_text, strings_can_be_null=False)
    return pa.csv.read_csv(path, convert_options=convert)


def _parquet(path: Path) -> pa.Table:
    return pa.parquet.read_table(path)


def _times(path: Path, column: pa.ChunkedArray, zone: str | None) -> Ints64:
    kind = column.type
    if column.null_count:
        raise SeriesError(f"{path}: column ts: {column.null_count} rows have no time")
    if pa.types.is_timestamp(kind):
        stamps = column.cast(pa.timestamp("ms", kind.tz), safe=False)
        return _zoned(path, stamps, kind.tz, zone)
    if pa.types.is_integer(kind):
        return _ints(column)
    texts = column.cast(pa.string())
    if len(texts) and texts[0].as_py().lstrip("-").isdigit():
        try:
            return _ints(texts)
        except pa.ArrowInvalid as error:
            raise SeriesError(f"{path}: column ts: expected epoch milliseconds throughout ({error})") from None
    return _parsed(path, texts, zone)


def _zoned(path: Path, stamps: pa.ChunkedArray, tz: str | None, zone: str | None) -> Ints64:
    """UTC ms of Arrow timestamps, with their own zone or the one said to hold for them."""
    if tz is None:
        if zone is None:
            raise SeriesError(f"{path}: column ts has no zone; say which with --zone, such as UTC or Asia/Shanghai")
        stamps = pc.assume_timezone(stamps, zone, ambiguous="earliest", nonexistent="earliest")
    return _ints(stamps.cast(pa.timestamp("ms", "UTC")))


def _ints(column: pa.ChunkedArray) -> Ints64:
    return np.array(column.cast(pa.int64()).to_numpy(), dtype=np.int64)


def _parsed(path: Path, texts: pa.ChunkedArray, zone: str | None) -> Ints64:
    """UTC ms of time texts: all with a zone, or all without and ``zone`` given."""
    out = np.empty(len(texts), np.int64)
    assumed = ZoneInfo(zone) if zone else None
    for row, text in enumerate(texts.to_pylist()):
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise SeriesError(
                f"{path}: row {row + 1}: ts {text!r} is not a time; expected RFC 3339 or epoch milliseconds"
            ) from None
        if moment.tzinfo is None:
            if assumed is None:
                raise SeriesError(f"{path}: row {row + 1}: ts {text!r} has no zone; say which with --zone, such as UTC")
            moment = moment.replace(tzinfo=assumed)
        out[row] = to_ms(moment)
    return out


def _floats(path: Path, column: pa.ChunkedArray) -> Floats:
    try:
        numbers: NDArray[np.float64] = column.cast(pa.float64()).to_numpy()
    except (pa.ArrowException, ValueError) as error:
        raise SeriesError(f"{path}: column value: expected numbers ({error})") from None
    return np.array(numbers, dtype=np.float64)


def _quality(path: Path, table: pa.Table) -> Bytes8:
    if "quality" not in table.column_names:
        return np.zeros(len(table), np.uint8)
    try:
        numbers = pc.fill_null(table.column("quality").cast(pa.int64()), 0).to_numpy()
    except (pa.ArrowException, ValueError) as error:
        raise SeriesError(f"{path}: column quality: expected 0 to 3 ({error})") from None
    if len(numbers) and (numbers.min() < 0 or numbers.max() > 3):
        raise SeriesError(f"{path}: column quality: expected 0 to 3, found {numbers.min()} to {numbers.max()}")
    return np.array(numbers, dtype=np.uint8)
