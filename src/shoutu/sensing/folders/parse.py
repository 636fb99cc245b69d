"""One file's bytes → readings. Pure.

Only whole records are read: of one that ends early, a value cut short would be another value.
"""

from __future__ import annotations

import codecs
import re
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from shoutu.sensing.decode.items import to_ms, usable_address
from shoutu.sensing.decode.model import Columns, Rows
from shoutu.sensing.folders.settings import Folder, Kind
from shoutu.sensing.hj212.payload import ZONE, number
from shoutu.sensing.model import GOOD, SUSPECT

ENCODINGS = ("utf-8-sig", "gb18030")
TIME = re.compile(
    r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?[ T]*(\d{1,2}):?(\d{2}):?(\d{2})(?:[.,](\d{1,3})\d*)?\Z", re.ASCII
)


class BadFile(Exception):
    """Nothing of the file can be read; ``code`` labels the counter."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Named(NamedTuple):
    """What a file's name says."""

    kind: str
    time: str


def named(folder: Folder, name: str) -> Named | None:
    """None for a name that is not of this folder's pattern."""
    match = re.fullmatch(folder.pattern, name)
    if match is None:
        return None
    told = match.groupdict()
    return Named(told["kind"] or "", told.get("time") or "")


def text_of(content: bytes) -> str:
    """UTF-8 where it is that, else GBK (as GB 18030); a character cut at the end is left out. Raises BadFile."""
    for encoding in ENCODINGS:
        try:
            return codecs.getincrementaldecoder(encoding)().decode(content)
        except UnicodeDecodeError:
            continue
    raise BadFile("encoding")


def is_whole(folder: Folder, content: bytes) -> bool:
    """Whether the file ends as its dialect ends a batch; where that has no such sign, time must tell."""
    if not folder.ends:
        return False
    try:
        return text_of(content).rstrip().endswith(tuple(folder.ends))
    except BadFile:
        return False


def records_of(folder: Folder, content: bytes) -> list[list[str]]:
    """The whole records of a file, as fields. What follows the last record sign is none. Raises BadFile."""
    found = []
    for batch in _batches(folder, text_of(content)):
        text = batch
        if folder.head:
            _, sign, text = batch.partition(folder.head)
            if not sign:
                continue
        whole = text.split(folder.record)[:-1]
        found += [[field.strip() for field in one.strip().split(folder.field)] for one in whole if one.strip()]
    return found


def _batches(folder: Folder, text: str) -> list[str]:
    """A file may hold several, one behind the other."""
    return re.split("|".join(re.escape(end) for end in folder.ends), text) if folder.ends else [text]


def readings_of(folder: Folder, told: Named, content: bytes, zone: str) -> Columns:
    """The readings of a file. Raises BadFile."""
    kind = folder.kinds[told.kind]
    clock = ZoneInfo(zone or ZONE)
    records = records_of(folder, content)
    rows = Rows()
    if kind.count:
        return _counted(kind, len(records), told, clock)
    for index, fields in enumerate(records):
        _one(rows, index, kind, fields, told, clock)
    return rows.columns(len(records))


def _counted(kind: Kind, count: int, told: Named, clock: ZoneInfo) -> Columns:
    rows = Rows()
    ts = moment(told.time, clock)
    if ts is None:
        rows.refuse(0, "file_time", got=told.time)
    else:
        rows.add(0, kind.count, ts, float(count), GOOD)
    return rows.columns(1)


def _one(rows: Rows, index: int, kind: Kind, fields: list[str], told: Named, clock: ZoneInfo) -> None:
    wanted = [*kind.address, kind.value or 0, kind.time or 0, kind.state or 0]
    if max(wanted) > len(fields):
        return rows.refuse(index, "file_columns", got=str(len(fields)), expected=str(max(wanted)))
    address = kind.prefix + "/".join(fields[column - 1] for column in kind.address)
    if not usable_address(address):
        return rows.refuse(index, "address_bad")
    quality = GOOD
    if kind.state:
        quality = kind.states.get(fields[kind.state - 1], SUSPECT)
    text = fields[(kind.value or 0) - 1]
    value = kind.values[text] if text in kind.values else number(rows, index, address, text, quality)
    if value is None:
        return None
    when = fields[kind.time - 1] if kind.time else told.time
    ts = moment(when, clock)
    if ts is None:
        return rows.refuse(index, "file_time", got=when)
    return rows.add(index, address, ts, value, quality)


def moment(text: str, zone: ZoneInfo) -> int | None:
    """UTC ms of a time as these files write it, on the clock of a zone; None when it is no time."""
    match = TIME.match(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, part = match.groups()
    try:
        told = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second), tzinfo=zone)
        return to_ms(told) + int((part or "0").ljust(3, "0"))
    except (ValueError, OverflowError):
        return None
