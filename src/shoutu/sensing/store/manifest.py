"""The manifest: the one truth of which files live. Replaced by an atomic rename after everything it names is
on disk, so a crash leaves either the old store or the new one."""

from __future__ import annotations

import os
import re
import zlib
from pathlib import Path

import msgspec

from shoutu.files import sync_folder

MANIFEST = "manifest.json"
FOLDERS = ("raw", "minute", "hour", "conflict")
PART, FAR = "part", "far"
"""Buckets of a run: readings as flushed, of any days; those of sparse days; otherwise a UTC day
``2026-11-24``, or three hours of one, ``2026-11-24T03``."""

_TIME = r"(?:-?\d{4,}-\d\d-\d\d|d-?\d+)(?:T\d\d)?"
_NAME = re.compile(rf"raw/(part|far|{_TIME})\.(\d+)-(\d+)\.(\d+)\.parquet")
_ROLLUP = re.compile(rf"(?:minute|hour)/({_TIME})\.(\d+)\.parquet")


class Run(msgspec.Struct, frozen=True):
    """An immutable file of readings sorted by (point, ts), each key once; from journal numbers ``lo``..``hi``.

    Runs of one bucket, and parts against all others, have disjoint ranges: the lower range wins a key.
    ``aside``: the file of conflicts met while this one was made, sorted alike; "" when there were none.
    """

    file: str
    bucket: str
    lo: int
    hi: int
    rows: int
    size: int
    point_min: int
    point_max: int
    ts_min: int
    ts_max: int
    received_max: int
    aside: str = ""
    aside_rows: int = 0
    aside_size: int = 0


class Rollup(msgspec.Struct, frozen=True):
    """Minute and hour figures of one bucket, made from the run named ``source`` ("" once raw readings expired).

    A file whose retention has passed is "".
    """

    bucket: str
    source: str
    minute: str
    hour: str
    sizes: tuple[int, int]


class Quarantined(msgspec.Struct, frozen=True):
    """A file that was missing or could not be read; kept under ``quarantine/`` where it exists."""

    file: str
    reason: str
    rows: int
    found_ms: int


class Manifest(msgspec.Struct, frozen=True):
    """What the store holds. ``stored_through``: every journal number up to it is in these files.

    ``expired``: readings removed by age; ``held``: those of their time that stayed as evidence.
    """

    format: int = 1
    generation: int = 0
    stored_through: int = 0
    next_file: int = 1
    runs: tuple[Run, ...] = ()
    rollups: tuple[Rollup, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
    repeats: int = 0
    expired: int = 0
    held: int = 0

    def files(self) -> dict[str, int]:
        """Every file named, with its size in bytes."""
        named = {run.file: run.size for run in self.runs}
        named |= {run.aside: run.aside_size for run in self.runs if run.aside}
        for rollup in self.rollups:
            named |= {f: s for f, s in zip((rollup.minute, rollup.hour), rollup.sizes, strict=True) if f}
        return named


class ManifestBroken(Exception):
    """The manifest cannot be read; the files themselves say what they hold (``parse_name``)."""


def load(folder: Path) -> Manifest | None:
    """The manifest of a store, None for a new one. Raises ManifestBroken."""
    try:
        raw = (folder / MANIFEST).read_bytes()
    except FileNotFoundError:
        return None
    return parse(raw, folder / MANIFEST)


def parse(raw: bytes, path: Path) -> Manifest:
    """The manifest of a file's content. Raises ManifestBroken naming `path`."""
    check, _, body = raw.partition(b"\n")
    if check != b"%08x" % zlib.crc32(body):
        raise ManifestBroken(f"{path}: checksum does not match")
    try:
        manifest = msgspec.json.decode(body, type=Manifest)
    except msgspec.DecodeError as error:
        raise ManifestBroken(f"{path}: {error}") from error
    if manifest.format != 1:
        raise ManifestBroken(f"{path}: format {manifest.format}, this program reads format 1")
    return manifest


def save(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest durably. Raises OSError, leaving the old one in place."""
    body = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    draft = folder / f"{MANIFEST}.new"
    try:
        with open(draft, "wb") as file:
            file.write(b"%08x\n" % zlib.crc32(body) + body)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, folder / MANIFEST)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(folder)


def run_name(bucket: str, lo: int, hi: int, number: int) -> str:
    return f"raw/{bucket}.{lo:015d}-{hi:015d}.{number}.parquet"


def aside_name(file: str) -> str:
    """The file of conflicts that belongs to a run's file."""
    return "conflict/" + file.removeprefix("raw/")


def rollup_names(bucket: str, number: int) -> tuple[str, str]:
    """The files of minutes and of hours of a bucket."""
    return f"minute/{bucket}.{number}.parquet", f"hour/{bucket}.{number}.parquet"


def parse_rollup(file: str) -> tuple[str, int] | None:
    """Bucket and file number told by a rollup's name; None of one from before names told that."""
    match = _ROLLUP.fullmatch(file)
    return (match[1], int(match[2])) if match else None


def parse_name(file: str) -> tuple[str, int, int, int] | None:
    """Bucket, lowest and highest journal number, and file number told by a run's name."""
    match = _NAME.fullmatch(file)
    return (match[1], int(match[2]), int(match[3]), int(match[4])) if match else None
