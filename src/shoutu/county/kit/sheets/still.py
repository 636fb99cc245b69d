"""Whether what a file was compared with is still as it was, asked inside the transaction that writes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from shoutu.county.kit.sheets.tables import CHANGED, NEW, Line, Stale

M = TypeVar("M", bound=Model)


def fresh(lines: Iterable[Line]) -> list[Line]:
    """The lines that make something new."""
    return [line for line in lines if line.state == NEW]


def changed(lines: Iterable[Line]) -> list[Line]:
    """The lines that change something."""
    return [line for line in lines if line.state == CHANGED]


def remember(line: Line, row: Model, fields: Iterable[str]) -> None:
    """Keep what `row` was when the line was judged."""
    line.target = row.pk
    line.extra["was"] = {name: getattr(row, name) for name in fields}


def locked(rows: QuerySet[M], lines: Iterable[Line]) -> list[tuple[Line, M]]:
    """Each line that changes something with its row, locked. Raises Stale when one is gone or no longer as it was."""
    wanted = {line.target: line for line in lines if line.state == CHANGED}
    found: list[tuple[Line, M]] = []
    ids = sorted(one for one in wanted if one is not None)
    for start in range(0, len(ids), 500):
        chunk = rows.select_for_update(of=("self",), no_key=True).filter(pk__in=ids[start : start + 500])
        for row in chunk.order_by("pk"):
            line = wanted[row.pk]
            was: dict[str, Any] = line.extra["was"]
            if any(getattr(row, name) != value for name, value in was.items()):
                raise Stale
            found.append((line, row))
    if len(found) != len(wanted):
        raise Stale
    return found
