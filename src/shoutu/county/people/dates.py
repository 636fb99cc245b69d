"""Dates that come again: pure."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import date

MONTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12}


def due_dates(first: date, every: str, until: date) -> Iterator[date]:
    """`first`, then every so often up to and including `until`. The 31st falls on the last day of shorter months."""
    step, turn = MONTHS.get(every), 0
    day = first
    while day <= until:
        yield day
        if step is None:
            return
        turn += 1
        months = first.year * 12 + first.month - 1 + turn * step
        year, month = divmod(months, 12)
        day = date(year, month + 1, min(first.day, calendar.monthrange(year, month + 1)[1]))
