"""A file of what really happened (CSV or YAML), against which rules are backtested."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, NamedTuple

import yaml

COLUMNS = ("start", "end")


class UnreadableEvents(ValueError):
    """A file holds no events: says which line or entry, which field, what was expected."""


class Known(NamedTuple):
    """One event, UTC ms; ``site`` and ``kind`` as told, or ""."""

    start: int
    end: int
    kind: str
    site: str


def read_events(file: Path, zone: tzinfo) -> list[Known]:
    """Columns ``start,end[,kind][,site]``; an empty end is the start. Times without a zone are of ``zone``.

    Raises UnreadableEvents, OSError.
    """
    try:
        text = file.read_text("utf-8-sig")
        yaml_file = file.suffix in (".yaml", ".yml")
        rows = _yaml(file, text) if yaml_file else _csv(file, text)
        return [_known(f"{file}: {where}", row, zone) for where, row in rows]
    except (UnicodeDecodeError, csv.Error, yaml.YAMLError) as error:
        raise UnreadableEvents(f"{file}: 读不出 / not readable as UTF-8 CSV or YAML: {error}") from None


def _csv(file: Path, text: str) -> Iterable[tuple[str, Mapping[str, Any]]]:
    reader = csv.DictReader(io.StringIO(text))
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise UnreadableEvents(f"{file}: 第 1 行缺列 {'、'.join(missing)} / line 1 lacks {', '.join(missing)}")
    for row in reader:
        yield f"第 {reader.line_num} 行 / line {reader.line_num}", row


def _yaml(file: Path, text: str) -> Iterable[tuple[str, Mapping[str, Any]]]:
    told = yaml.safe_load(text)
    rows = told.get("events") if isinstance(told, dict) else told
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UnreadableEvents(f"{file}: 应是事件的列表 / a list of events was expected, each with start and end")
    for number, row in enumerate(rows, 1):
        yield f"第 {number} 条 / entry {number}", row


def _known(where: str, row: Mapping[str, Any], zone: tzinfo) -> Known:
    start = _moment(where, "start", row.get("start"), zone)
    end = _moment(where, "end", row.get("end") or row.get("start"), zone)
    if end < start:
        raise UnreadableEvents(f"{where}: end 早于 start / end is before start")
    return Known(start, end, str(row.get("kind") or "").strip(), str(row.get("site") or "").strip())


def _moment(where: str, field: str, told: Any, zone: tzinfo) -> int:
    try:
        at = told if isinstance(told, datetime) else datetime.fromisoformat(str(told or "").strip())
        return round((at if at.tzinfo else at.replace(tzinfo=zone)).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise UnreadableEvents(
            f"{where}: {field} “{told}” 不是时间（2026-11-27 08:00 或带时区的 RFC 3339）/ is no time"
        ) from None
