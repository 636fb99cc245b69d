"""Figures of one point's readings, against a count second by second."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoutu.sensing.quality import Figures, Measure, Series, figures, skew_of

I = 20_000  # noqa: E741
HOUR = 3_600_000


def series(ts: Any, delay: Any = 500, value: Any = None, quality: Any = 0) -> Series:
    at = np.asarray(ts, np.int64)
    given = np.arange(len(at)) % 7 * 1.0 if value is None else np.broadcast_to(value, at.shape)
    return Series(
        at, at + np.asarray(delay, np.int64), given.astype(np.float64), np.broadcast_to(quality, at.shape).astype("u1")
    )


def hour(at: Series, **more: Any) -> Figures:
    return figures(at, 0, HOUR, Measure(I, **more))


def test_a_point_that_keeps_its_pace_is_whole_whatever_its_phase_and_trembling() -> None:
    trembling = np.random.default_rng(1).integers(-4_000, 4_000, 180)
    for phase in (5_000, 10_000, 19_999):
        told = hour(series(np.sort(np.clip(np.arange(180) * I + phase + trembling, 0, HOUR - 1))))
        assert (told.expected, told.covered) == (180, 180), phase
        assert told.online > HOUR - I
        assert (told.late_p50, told.late_p95, told.skew) == (500, 500, -500)


def test_half_the_readings_are_half_and_still_online() -> None:
    told = hour(series(np.arange(90) * 2 * I))
    assert (told.covered, told.expected, told.online) == (90, 180, HOUR)


def test_a_silence_is_offline_from_three_intervals_after_the_last_reading() -> None:
    told = hour(series(np.arange(90) * I))
    assert told.online == 89 * I + 3 * I
    assert hour(series(np.arange(90) * I), online=1.0).online == 90 * I


def test_what_held_before_the_span_holds_into_it() -> None:
    assert hour(series([-I])).online == 2 * I
    assert hour(series([-I])).readings == 0


def test_a_backfill_makes_the_record_whole_but_nobody_was_online() -> None:
    ts = np.arange(180) * I
    told = hour(series(ts, delay=5 * HOUR - ts))
    assert (told.covered, told.online, told.skew) == (180, 0, None)


def test_a_clock_two_hours_behind_is_a_clock_and_no_backfill() -> None:
    told = hour(series(np.arange(180) * I, delay=2 * HOUR))
    assert (told.online, told.skew) == (HOUR, -2 * HOUR)
    assert hour(series(np.arange(180) * I, delay=-90_000)).skew == 90_000


def test_maintenance_is_left_out_above_and_below_the_line() -> None:
    away = [(0, HOUR // 2), (HOUR // 4, HOUR // 2)]
    told = hour(series(np.arange(90, 180) * I), away=away)
    assert (told.away, told.counted, told.online) == (HOUR // 2, HOUR // 2, HOUR // 2)
    assert (told.expected, told.covered, told.readings) == (90, 90, 90)
    # Readings within it, wild ones as well, count for nothing.
    told = hour(series(np.arange(90) * I, value=999.0), away=away, high=10.0, stuck_ms=I)
    assert (told.covered, told.readings, told.implausible, told.stuck) == (0, 0, 0, 0)
    assert hour(series([]), away=[(-1, HOUR + 1)]).counted == 0


def test_stuck_and_implausible() -> None:
    value = np.arange(180) % 7 * 1.0
    value[30:61] = 4.5
    told = hour(series(np.arange(180) * I, value=value), stuck_ms=600_000 - 1)
    assert told.stuck == 600_000
    assert hour(series(np.arange(180) * I, value=value), stuck_ms=600_000).stuck == 0
    assert hour(series(np.arange(180) * I, value=value)).stuck is None
    # A pause is a silence, not a value that stays.
    torn = np.delete(np.arange(180), slice(40, 50))
    assert hour(series(torn * I, value=value[torn]), stuck_ms=300_000).stuck == 0
    told = hour(series([0, I, 2 * I, 3 * I], value=[np.nan, -1.0, 11.0, 5.0]), low=0.0, high=10.0)
    assert (told.implausible, told.covered) == (3, 3)


def test_calibrating_readings_keep_a_point_online_but_no_record() -> None:
    told = hour(series(np.arange(180) * I, quality=2))
    assert (told.online, told.covered) == (HOUR, 0)


def test_nonsense_is_refused_and_nothing_is_nothing() -> None:
    with pytest.raises(ValueError, match="interval"):
        figures(series([]), 0, HOUR, Measure(0))
    with pytest.raises(ValueError, match="span"):
        figures(series([]), HOUR, HOUR, Measure(I))
    assert hour(series([])) == Figures(HOUR, 0, 0, 0, 180, 0, None, None, None, None, 0)
    assert skew_of(np.array([], np.int64)) is None


Row = tuple[int, int, int, int]
Rows = st.lists(st.tuples(st.integers(-40, 130), st.integers(-20, 60), st.integers(0, 3), st.sampled_from([0, 0, 2])))
Spans = st.lists(st.tuples(st.integers(-10, 110), st.integers(-10, 110)), max_size=4)


@given(Rows, Spans, st.integers(1, 9), st.integers(1, 4), st.integers(0, 30), st.integers(0, 30))
def test_as_counted_moment_by_moment(
    rows: list[Row],
    away: list[tuple[int, int]],
    interval: int,
    online: int,
    late: int,
    limit: int,
) -> None:
    rows = sorted({row[0]: row for row in rows}.values())
    at = series(*([row[n] for row in rows] for n in range(4)))
    told = figures(at, 0, 100, Measure(interval, online, late, 1.0, 2.0, limit, away))
    out = {t for t in range(100) if any(a <= t < b for a, b in away)}
    skew = told.skew or 0
    reach = online * interval
    alive = {t for ts, delay, *_ in rows if delay + skew <= late for t in range(ts, ts + reach)}
    assert (told.away, told.counted) == (len(out), 100 - len(out))
    assert told.online == len((alive & set(range(100))) - out)
    mine = [row for row in rows if 0 <= row[0] < 100 and row[0] not in out]
    assert told.readings == len(mine)
    assert told.implausible == sum(value in (0, 3) for _ts, _delay, value, _q in mine)
    wanted = [k for k in range(100 // interval) if not out & set(range(k * interval, (k + 1) * interval))]
    assert (told.expected, told.covered) == (len(wanted), len(_taken(mine, interval, set(wanted))))
    assert told.stuck == len((_stuck(rows, limit, reach) & set(range(100))) - out)


def _taken(mine: list[Row], interval: int, wanted: set[int]) -> set[int]:
    taken: set[int] = set()
    for ts, _delay, _value, quality in mine:
        if quality:
            continue
        for slot in ((ts - interval // 4) // interval, (ts + interval // 4) // interval):
            if slot in wanted and slot > max(taken, default=-1):
                taken.add(slot)
                break
    return taken


def _stuck(rows: list[Row], limit: int, reach: int) -> set[int]:
    runs: list[list[tuple[int, int]]] = []
    for ts, _delay, value, quality in rows:
        if quality or ts >= 100:
            continue
        if runs and runs[-1][-1][1] == value and ts - runs[-1][-1][0] <= reach:
            runs[-1].append((ts, value))
        else:
            runs.append([(ts, value)])
    return {t for run in runs if run[-1][0] - run[0][0] > limit for t in range(run[0][0], run[-1][0])}
