"""`shoutu rules detect`: how unlike any before each row of a CSV file is, by the engine's detector."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import NamedTuple

COLUMNS = ("timestamp", "value")
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  (of local time)


class UnreadableSeries(ValueError):
    """A file is no series: says which line, which column, what was expected."""


class Row(NamedTuple):
    """One line as it came, with its local time in ms and its number; no number: NaN."""

    cells: dict[str, str]
    ts: int
    value: float


def detect(file: Path, out: Path, zone: tzinfo, target: float) -> tuple[int, int]:
    """Write ``file`` to ``out`` with a column anomaly_score, 0…1. Returns (rows, alarms).

    ``zone``: local time of the series, to which stamps that name their own are brought; the others are local.
    Raises UnreadableSeries, ValueError for a target outside 0…1, OSError. ``out`` appears whole or not at all.
    """
    from shoutu.engine import anomaly

    rows = list(_rows(file, zone))
    if not rows:
        raise UnreadableSeries(f"{file}: 一行读数也没有 / no rows")
    found = anomaly.scores([row.ts for row in rows], [row.value for row in rows], target)
    names = [*(name for name in rows[0].cells if name != "anomaly_score"), "anomaly_score"]
    part = out.with_name(out.name + ".part")
    with part.open("w", encoding="utf-8", newline="") as target_file:
        writer = csv.DictWriter(target_file, names, extrasaction="ignore")
        writer.writeheader()
        for row, score in zip(rows, found.tolist(), strict=True):
            writer.writerow({**row.cells, "anomaly_score": repr(score)})
    part.replace(out)
    return len(rows), int((found >= 1 - target).sum())


def _rows(file: Path, zone: tzinfo) -> Iterator[Row]:
    with file.open(encoding="utf-8-sig", newline="") as source:
        reader = csv.DictReader(source)
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise UnreadableSeries(f"{file}: 第 1 行缺列 {'、'.join(missing)} / line 1 lacks {', '.join(missing)}")
        try:
            for cells in reader:
                where = f"{file}: 第 {reader.line_num} 行 / line {reader.line_num}"
                yield Row(cells, _moment(cells["timestamp"], zone, where), _number(cells["value"], where))
        except (UnicodeDecodeError, csv.Error) as error:
            raise UnreadableSeries(f"{file}: 不是 UTF-8 的 CSV / no CSV in UTF-8: {error}") from None


def _moment(text: str | None, zone: tzinfo, where: str) -> int:
    """Local time in ms since 1970."""
    told = (text or "").strip()
    try:
        if told.lstrip("-").isdigit():
            at = datetime.fromtimestamp(int(told) / 1000, UTC)
        else:
            at = datetime.fromisoformat(told)
    except (ValueError, OverflowError, OSError):
        raise UnreadableSeries(
            f"{where}: timestamp “{told}” 不是时间（2026-11-27 08:00:00、带时区的 RFC 3339 或毫秒数）/ is no time"
        ) from None
    local = at.astimezone(zone).replace(tzinfo=None) if at.tzinfo else at
    return round((local - EPOCH).total_seconds() * 1000)


def _number(text: str | None, where: str) -> float:
    """An empty cell is a reading without a number: it scores 0 and is not learnt."""
    told = (text or "").strip()
    if not told:
        return math.nan
    try:
        return float(told)
    except ValueError:
        raise UnreadableSeries(f"{where}: value “{told}” 不是数 / is no number") from None
