"""Parquet files of readings: written whole and fsynced, or not at all; read back row group by row group."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from shoutu.files import sync_folder
from shoutu.sensing.store.columns import Columns, Conflicts, concat
from shoutu.sensing.store.manifest import Run, aside_name

_READING = [
    ("point", pa.int32()),
    ("ts", pa.int64()),
    ("received", pa.int64()),
    ("value", pa.float64()),
    ("quality", pa.uint8()),
]
READING = pa.schema(_READING)
CONFLICT = pa.schema([*_READING, ("kept_value", pa.float64()), ("kept_quality", pa.uint8())])
_PACKED = {"ts", "received", "minute", "n"}
_DICTIONARY = {"point", "quality", "kept_quality"}


class ParquetOut:
    """One Parquet file being written. ``close`` makes it durable and answers its size; ``abort`` removes it.

    Every call may raise OSError (a full disk); the caller then aborts.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path = path
        self.schema = schema
        self._sink = pa.OSFile(str(path), "wb")
        self._writer = pq.ParquetWriter(
            self._sink,
            schema,
            compression="zstd",
            compression_level=1,
            use_dictionary=[n for n in schema.names if n in _DICTIONARY],
            column_encoding={n: "DELTA_BINARY_PACKED" for n in schema.names if n in _PACKED},
            write_statistics=["point", "ts", "minute"],
            write_page_checksum=True,
            store_schema=False,
        )

    def write(self, arrays: list[Any], row_group: int) -> None:
        table = pa.table([pa.array(a) for a in arrays], schema=self.schema)
        self._writer.write_table(table, row_group_size=row_group)

    def close(self) -> int:
        self._writer.close()
        self._sink.close()
        descriptor = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
            size = os.fstat(descriptor).st_size
        finally:
            os.close(descriptor)
        sync_folder(self.path.parent)
        return size

    def abort(self) -> None:
        for closing in (self._writer.close, self._sink.close):
            try:
                closing()
            except (OSError, ValueError, pa.ArrowException):
                continue  # what could not be written is removed below
        self.path.unlink(missing_ok=True)


class RunOut:
    """A run being written in order of (point, ts), gathered into row groups, its conflicts in a file beside it."""

    def __init__(self, folder: Path, file: str, row_group: int) -> None:
        self.file = file
        self._folder = folder
        self._out = ParquetOut(folder / file, READING)
        self._aside: ParquetOut | None = None
        self._aside_rows = 0
        self._row_group = row_group
        self._waiting: list[Columns] = []
        self._rows = 0
        self._marks: list[tuple[int, ...]] = []

    def write(self, kept: Columns, conflicts: Conflicts) -> None:
        if not kept.rows:
            return
        self._waiting.append(kept)
        self._rows += kept.rows
        point, ts = kept.point, kept.ts
        self._marks.append(
            (kept.rows, int(point[0]), int(point[-1]), int(ts.min()), int(ts.max()), int(kept.received.max()))
        )
        if self._rows >= 4 * self._row_group:
            self._drain()
        if conflicts.rows:
            if self._aside is None:
                self._aside = ParquetOut(self._folder / aside_name(self.file), CONFLICT)
            self._aside.write([*conflicts.reading, conflicts.kept_value, conflicts.kept_quality], self._row_group)
            self._aside_rows += conflicts.rows

    def _drain(self) -> None:
        if self._waiting:
            self._out.write(list(concat(self._waiting)), self._row_group)
        self._waiting, self._rows = [], 0

    def close(self, bucket: str, lo: int, hi: int) -> Run:
        self._drain()
        size = self._out.close()
        aside, aside_size = (aside_name(self.file), self._aside.close()) if self._aside else ("", 0)
        rows, first, last, early, late, received = zip(*self._marks, strict=True)
        return Run(
            self.file, bucket, lo, hi, sum(rows), size,
            min(first), max(last), min(early), max(late), max(received),
            aside, self._aside_rows, aside_size,
        )  # fmt: skip

    def abort(self) -> None:
        self._out.abort()
        if self._aside is not None:
            self._aside.abort()


def read_conflicts(path: Path) -> Conflicts:
    arrays = _numpy(pq.read_table(path, schema=CONFLICT, use_threads=False, page_checksum_verification=True))
    return Conflicts(Columns(*arrays[:5]), arrays[5], arrays[6])


def read_groups(path: Path) -> Iterator[Columns]:
    """The row groups of a run or of its conflicts, checksums verified. Raises OSError or pyarrow.ArrowException."""
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        for number in range(file.num_row_groups):
            yield Columns(*_numpy(file.read_row_group(number, columns=READING.names, use_threads=False)))


def check(path: Path, size: int | None, deep: bool = False) -> str:
    """Why a file cannot be used, "" when it can. ``deep`` reads and verifies every page, not only the footer.

    Raises OSError when the machine, not the file, is in trouble (no descriptors or memory left, no permission).
    """
    try:
        with open(path, "rb") as raw:
            found = path.stat().st_size
            if size is not None and found != size:
                return f"{found} bytes instead of {size}"
            with pq.ParquetFile(raw, page_checksum_verification=True) as file:
                for number in range(file.num_row_groups if deep else 0):
                    file.read_row_group(number, use_threads=False)
    except FileNotFoundError:
        return "missing"
    except MemoryError:
        raise
    except (OSError, pa.ArrowException) as error:
        if isinstance(error, OSError) and error.errno not in (None, errno.EIO):
            raise
        return f"not readable: {str(error)[:200]}"
    return ""


def describe(path: Path, file: str, bucket: str, lo: int, hi: int) -> Run:
    """The manifest entry of a run, recomputed from the file itself (when the manifest was lost)."""
    groups = [(g.rows, g.point.min(), g.point.max(), g.ts.min(), g.ts.max(), g.received.max())
              for g in read_groups(path)]  # fmt: skip
    rows, first, last, early, late, received = (np.array(column) for column in zip(*groups, strict=True))
    return Run(
        file, bucket, lo, hi, int(rows.sum()), path.stat().st_size, int(first.min()), int(last.max()),
        int(early.min()), int(late.max()), int(received.max()),
    )  # fmt: skip


def _numpy(table: pa.Table) -> list[Any]:
    return [column.to_numpy() for column in table.columns]
