"""Variants of a rule over what is kept of a point, for the county: what each would have been worth, level by level."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from shoutu.engine.backtest import (
    BEFORE_MS,
    OPEN,
    AtLevel,
    Event,
    History,
    Standing,
    Stretches,
    history,
    standing,
    worth,
)
from shoutu.engine.trial import Series

from .store import Store

MOST_READINGS = 3_000_000
MOST_EVENTS = 500
MOST_STRETCHES = 2_000
DRAWN = 300
"""In how many parts of the period stretches are told apart where they are only drawn."""
MOST_WORK = 150_000_000
"""Readings × variants that take some ten seconds; of a kind that learns anew for each variant, fewer."""
MOST_WORK_LEARNING = 10_000_000


class BacktestAsked(msgspec.Struct):
    """Body of ``POST /local/v1/backtest``. ``point`` as in the catalog, ``events``: ``[start, end, name]``, UTC ms.

    The first of ``variants`` (parameters of a rule of that kind) is the one whose stretches are told.
    """

    point: dict[str, Any]
    kind: str
    variants: list[dict[str, Any]]
    events: list[tuple[int, int, str]]
    start: int
    end: int
    before_ms: int = BEFORE_MS
    lead_ms: int = 86_400_000


def backtest(store: Store, asked: BacktestAsked) -> dict[str, Any]:
    """``reckoned`` over what the store keeps whole. Of more history than one answer takes, the oldest; ``next`` says
    where it was cut. Raises ValueError naming what is wrong in what was asked.
    """
    point = asked.point.get("id")
    if not isinstance(point, int) or asked.start >= asked.end:
        raise ValueError("point, start, end: a point's id, start before end")
    since = store.whole_since(asked.start - max(0, asked.lead_ms), asked.end)
    found = store.query(point, since, asked.end, MOST_READINGS)
    end = asked.end if found.next is None else found.next
    return {**reckoned(asked, Series(found.ts, found.received, found.value, found.quality), end), "next": found.next}


def reckoned(asked: BacktestAsked, series: Series, end: int) -> dict[str, Any]:
    """``{"n", "first", "last", "events", "read", "variants", "drawn", "stretches"}``, times UTC ms.

    ``events`` are those of the period, to which ``lead`` of each level refers, ``read`` whether there were readings in
    each one's window; ``stretches`` of the first variant
    ``{level: {"n", "items": [[start, end or None]]}}``, the newest; ``drawn`` of every variant, ``{level: [[start,
    end or None]]}``, of the whole period, those hardly apart as one. Raises ValueError.
    """
    if len(asked.events) > MOST_EVENTS:
        raise ValueError(f"events: at most {MOST_EVENTS}, not {len(asked.events)}")
    work = len(series.ts) * len(asked.variants)
    if work > (MOST_WORK_LEARNING if asked.kind == "anomaly" else MOST_WORK):
        raise ValueError("period, variants: too much for one answer; fewer variants or a shorter period")
    events = [Event(*event) for event in asked.events]
    over = history(series, asked.point.get("interval_s"), asked.start, end, events, asked.before_ms)
    told = standing(asked.point, asked.kind, asked.variants, series, end)
    within = np.flatnonzero((series.ts >= asked.start) & (series.ts < end))
    return {
        "n": len(within),
        "first": int(series.ts[within[0]]) if len(within) else None,
        "last": int(series.ts[within[-1]]) if len(within) else None,
        "events": [list(event) for event in over.events],
        "read": [over.seen.any_within(event.start - over.before, event.end) for event in over.events],
        "variants": [
            {str(level): _plain(at) for level, at in worth(one, over).items()} for one in told
        ],
        "drawn": [{str(level): _drawn(where, over) for level, where in one.items()} for one in told],
        "stretches": _told(told[0], over),
    }  # fmt: skip


def _plain(at: AtLevel) -> dict[str, Any]:
    return {**at._asdict(), "lead": list(at.lead), "median_lead": at.median_lead}


def _told(told: Standing, over: History) -> dict[str, Any]:
    found = {}
    for level, (starts, ends) in told.items():
        mine = ends > over.start
        rows = list(zip(starts[mine].tolist(), ends[mine].tolist(), strict=True))
        items = [[start, None if end == OPEN else end] for start, end in rows[-MOST_STRETCHES:]]
        found[str(level)] = {"n": len(rows), "items": items}
    return found


def _drawn(told: Stretches, over: History) -> list[list[int | None]]:
    """Stretches within the period, joined where they are less than a ``DRAWN``th of it apart."""
    mine = (told.end > over.start) & (told.start < over.end)
    starts, ends = told.start[mine], told.end[mine]
    if not len(starts):
        return []
    apart = starts[1:] - ends[:-1] > (over.end - over.start) // DRAWN
    first, last = starts[np.append(True, apart)], ends[np.append(apart, True)]
    return [[start, None if end == OPEN else end] for start, end in zip(first.tolist(), last.tolist(), strict=True)]
