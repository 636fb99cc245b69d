"""What rules would have said of readings that are kept: the engine itself over a stored series, touching nothing live.

The engine judges in order of arrival; a store gives readings in order of event time, with the time each was received.
Signals of readings are therefore those of the live engine, one for one (a test). Silence is judged at ticks, which
nobody keeps: here they stand where a no-data rule could speak, so such a signal is as late as the live one to a second
or so. What hangs on other points (masking by a silent source, a site's silence, composites) is not part of a trial.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import layout as lay
from .core import Engine
from .params import NoData
from .ruleset import Options, RuleSet, physical_range
from .signals import SIGNAL_DTYPE, Signals, empty_signals
from .state import after_s, milliseconds

MOST_TICKS = 100_000
"""So often silence is looked for: a month of a point heard once a minute, whose wait is shorter than that."""
PIECE = 2_000
"""Readings judged at a time. The kernel lets no other thread run until it returns: some milliseconds, not a month."""
FOREVER_S = 366 * 86_400.0


class TooManyPauses(ValueError):
    """Silence would have to be looked for too often for one trial. ``zh``: the same in Chinese."""

    def __init__(self) -> None:
        super().__init__(
            f"more than {MOST_TICKS:,} pauses, too many for one trial; mostly the point's interval is set too short: "
            "correct it, or try a shorter span"
        )
        self.zh = (
            f"断续超过 {MOST_TICKS:,} 次，一次试不了这么多；多半是测点的上报间隔填得太短：先改对，或试短一些的时间"
        )


class Series(NamedTuple):
    """Readings of one point: columns of one length, in any order."""

    ts: NDArray[np.int64]
    received: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.uint8]

    def as_arrived(self) -> Series:
        """In order of arrival; what arrived together in order of event time."""
        order = np.lexsort((self.ts, self.received))
        return Series(self.ts[order], self.received[order], self.value[order], self.quality[order])


def judged(point: Mapping[str, Any], rules: Iterable[Mapping[str, Any]], series: Series, until: int) -> Signals:
    """The signals these rules raise over the series, begun with nothing known; ``until``: the clock's end (UTC ms).

    ``point`` and ``rules`` as the catalog has them; rules of other points and composites are left out.
    Raises ValueError naming what is wrong in them, TooManyPauses.
    """
    return np.concatenate([empty_signals(), *in_parts(point, rules, series, until)], dtype=SIGNAL_DTYPE)


def in_parts(
    point: Mapping[str, Any], rules: Iterable[Mapping[str, Any]], series: Series, until: int
) -> Iterator[Signals]:
    """``judged`` part by part, for whoever keeps less of each signal than the whole of it. Raises as it does."""
    mine = [rule for rule in rules if rule.get("point") == point.get("id")]
    ruleset = RuleSet.from_catalog([], [point], mine, Options(tick_gap_s=FOREVER_S))
    if ruleset.problems:
        raise ValueError(str(ruleset.problems[0]))
    engine = Engine()
    engine.switch(0, ruleset)
    engine.make_once()
    at = series.as_arrived()
    start = 0
    for tick, before in _ticks(ruleset, at, until):
        yield from _walk(engine, int(point["id"]), at, start, before)
        yield engine.tick(before + 1, tick)
        start = before
    yield from _walk(engine, int(point["id"]), at, start, len(at.ts))


def _walk(engine: Engine, point: int, at: Series, start: int, end: int) -> Iterator[Signals]:
    """Piece by piece, as the live engine has its batches: where they are cut changes nothing."""
    for first in range(start, end, PIECE):
        last = min(first + PIECE, end)
        ids = np.full(last - first, point, np.int32)
        yield engine.readings(
            first + 1, ids, at.ts[first:last], at.received[first:last], at.value[first:last], at.quality[first:last]
        )


def _ticks(ruleset: RuleSet, at: Series, until: int) -> Sequence[tuple[int, int]]:
    """(clock, how many readings come before it): at the start, and in each pause a no-data rule could speak in.

    A tick too many says nothing; so all but a plainly good reading counts as part of a pause.
    """
    waits = sorted({milliseconds(after_s(rule, ruleset)) for rule in ruleset.rules if isinstance(rule.params, NoData)})
    if not waits or not len(at.ts):
        return []
    low, high, _danger = physical_range(ruleset.points[0], ruleset.rules)
    good = (at.quality == lay.GOOD) & (at.value >= low) & (at.value <= high)
    good[0] = True  # where the clock begins
    heard = at.received[good]
    ends = np.append(heard[1:], until)
    long = ends - heard >= waits[0]
    calibration = round(ruleset.options.calibration_max_s * 1000)
    after = [*waits, calibration, *(calibration + wait for wait in waits)]
    clocks: set[int] = {int(at.received[0])}
    for begin, end in zip(heard[long].tolist(), ends[long].tolist(), strict=True):
        first, last = np.searchsorted(at.received, [begin, end - waits[0] + 1], "left")
        stamps = np.unique(at.received[first:last])
        if len(stamps) > MOST_TICKS:  # each is a tick at least
            raise TooManyPauses
        for received in stamps.tolist():
            clocks.update(received + wait for wait in after if received + wait <= end)
        if len(clocks) > MOST_TICKS:
            raise TooManyPauses
    ordered = sorted(clocks)
    return list(zip(ordered, np.searchsorted(at.received, ordered, "right").tolist(), strict=True))


class Episode(NamedTuple):
    """A time a rule, or a point by any of its rules, stood above normal. ``end``: None while it had not ended.

    ``reached``: (level, first time it stood at it or above), rising. ``value``: the reading that began it.
    """

    start: int
    end: int | None
    level: int
    reached: tuple[tuple[int, int], ...]
    value: float | None


def episodes(signals: Signals, rules: Iterable[int]) -> list[Episode]:
    """The episodes of these rules taken together, in order: the highest level any of them holds is the level."""
    wanted = set(rules)
    held: dict[int, int] = {}
    done: list[Episode] = []
    begun: tuple[int, float | None] | None = None
    reached: dict[int, int] = {}
    for signal in signals[signals["type"] == lay.LEVEL]:
        rule, at = int(signal["rule"]), int(signal["event_ts"])
        if rule not in wanted:
            continue
        held[rule] = int(signal["level_to"])
        level = max(held.values())
        if level and begun is None:
            value = float(signal["value"])
            begun, reached = (at, value if np.isfinite(value) else None), {}
        for step in range(1, level + 1):
            reached.setdefault(step, at)
        if not level and begun is not None:
            done.append(_episode(begun, at, reached))
            begun = None
    return [*done, _episode(begun, None, reached)] if begun is not None else done


def _episode(begun: tuple[int, float | None], end: int | None, reached: Mapping[int, int]) -> Episode:
    return Episode(begun[0], end, max(reached), tuple(sorted(reached.items())), begun[1])


def late(signals: Signals, rules: Iterable[int]) -> int:
    """How many readings came late and were beyond a limit by themselves: they hold no level, they are told apart."""
    mine = np.isin(signals["rule"], list(set(rules)))
    return int(np.count_nonzero((signals["type"] == lay.LATE_EXCEEDANCE) & mine))
