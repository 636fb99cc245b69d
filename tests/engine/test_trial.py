"""A trial says of a stored series what the live engine said when the readings arrived."""

from __future__ import annotations

import threading
import time
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from shoutu.engine import Engine, Options, RuleSet, trial
from shoutu.engine.trial import Series, TooManyPauses, episodes, judged, late

laws = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
NOW = 1_790_000_000_000
POINT = {"id": 7, "source": 2, "site": 3, "interval_s": 10.0, "low": -50.0, "high": 50.0, "danger": "high"}
TOLD = ("rule", "kind", "category", "type", "level_from", "level_to", "event_ts", "received_ts", "flags")


def rule(id: int, kind: str, **params: Any) -> dict[str, Any]:
    return {"id": id, "version": 1, "point": 7, "kind": kind, "params": params}


RULES = [
    rule(1, "threshold", levels={"1": 2.0, "2": 4.0, "4": 8.0}, hysteresis=0.5, raise_for_s=20, clear_for_s=15),
    rule(2, "rate", levels={"2": 300.0, "3": 900.0}, window_s=120, interval_s=10, min_samples=3),
    rule(3, "stuck", window_s=60, min_samples=4),
    rule(4, "implausible", count=2, clear_count=2),
]
NO_DATA = rule(5, "no_data", after_s=45)


@st.composite
def arrivals(draw: st.DrawFn) -> list[tuple[int, int, float, int]]:
    """(ts, received, value, quality) in order of arrival: late, backfilled, ahead, doubted, no numbers among them."""
    found, received = [], NOW
    seen: set[int] = set()
    for _ in range(draw(st.integers(0, 60))):
        received += draw(st.sampled_from([1, 1_000, 10_000, 10_000, 10_000, 70_000, 400_000]))
        ts = received - draw(st.sampled_from([0, 0, 0, 0, 1, 30_000, 600_000, -5_000, -300_000]))
        value = draw(st.sampled_from([0.0, 1.0, 2.0, 3.9, 4.0, 8.0, 9.0, 60.0, -60.0, float("nan"), float("inf")]))
        if ts in seen:  # the store keeps a stamp once
            continue
        seen.add(ts)
        found.append((ts, received, value, draw(st.sampled_from([0, 0, 0, 0, 0, 1, 2, 3]))))
    return found


def series(rows: list[tuple[int, int, float, int]]) -> Series:
    """As the store gives it: in order of event time."""
    rows = sorted(rows)
    return Series(
        np.array([r[0] for r in rows], np.int64), np.array([r[1] for r in rows], np.int64),
        np.array([r[2] for r in rows], np.float64), np.array([r[3] for r in rows], np.uint8),
    )  # fmt: skip


def live(rows: list[tuple[int, int, float, int]], rules: list[dict[str, Any]], options: Options | None = None) -> Any:
    """The engine as the pipeline runs it, a reading at a time, a tick every second of received time between them."""
    engine = Engine()
    engine.switch(0, RuleSet.from_catalog([], [POINT], rules, options))
    found, seq, clock = [], 1, rows[0][1] if rows else NOW
    for ts, received, value, quality in rows:
        while options is not None and clock < received:
            found.append(engine.tick(seq, clock))
            seq, clock = seq + 1, clock + 1_000
        found.append(engine.readings(seq, [7], [ts], received, [value], [quality]))
        seq += 1
    return np.concatenate(found) if found else engine.tick(1, NOW)


def told(signals: Any) -> list[tuple[Any, ...]]:
    numbers = ("value", "threshold", "aux")
    rows = [tuple(int(s[name]) for name in TOLD) + tuple(repr(float(s[name])) for name in numbers) for s in signals]
    return [row for row in rows if row[0]]


@laws
@given(arrivals(), st.integers(1, 61))
def test_the_trial_of_what_is_in_force_is_what_was_said(rows: list[tuple[int, int, float, int]], piece: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trial, "PIECE", piece)
        assert told(judged(POINT, RULES, series(rows), NOW + 10**8)) == told(live(rows, RULES))


@laws
@given(arrivals())
def test_silence_is_found_within_a_tick_of_the_live_one(rows: list[tuple[int, int, float, int]]) -> None:
    until = rows[-1][1] if rows else NOW
    # A pause as long as the wait, to a tick, is one side's silence and not the other's.
    pauses = {b[1] - a[1] for i, a in enumerate(rows) for b in rows[i + 1 :]}
    assume(not any(0 <= pause - edge <= 1_001 for pause in pauses for edge in (45_000, 3_600_000, 3_645_000)))
    mine = judged(POINT, [NO_DATA], series(rows), until)
    theirs = live(rows, [NO_DATA], Options(tick_gap_s=366 * 86_400.0))
    mine, theirs = ([s for s in part if s["rule"] == 5] for part in (mine, theirs))
    assert [(s["level_from"], s["level_to"]) for s in mine] == [(s["level_from"], s["level_to"]) for s in theirs]
    assert all(abs(int(a["received_ts"]) - int(b["received_ts"])) <= 1_000 for a, b in zip(mine, theirs, strict=True))


@laws
@given(arrivals(), st.permutations(range(60)))
def test_the_order_of_the_columns_does_not_matter(rows: list[tuple[int, int, float, int]], order: list[int]) -> None:
    mixed = [rows[i] for i in order if i < len(rows)]
    columns = Series(*(np.array(c) for c in zip(*mixed, strict=True))) if mixed else series(rows)
    assert told(judged(POINT, RULES, columns, NOW)) == told(judged(POINT, RULES, series(rows), NOW))


def test_episodes_take_rules_together_and_say_when_each_level_came() -> None:
    rows = [
        (NOW + i * 10_000, NOW + i * 10_000, v, 0) for i, v in enumerate([0, 3, 3, 5, 5, 9, 9, 9, 0, 0, 0, 0, 3, 3, 3])
    ]
    signals = judged(POINT, RULES, series(rows), NOW + 10**6)
    first, second = episodes(signals, [1])
    assert (first.level, second.level, second.end) == (4, 1, None)
    assert [level for level, _ in first.reached] == [1, 2, 3, 4]
    assert [at for _, at in first.reached] == sorted(at for _, at in first.reached)
    both = episodes(signals, [1, 2])
    assert both[0].start <= first.start
    assert late(signals, [1]) == 0


def test_a_late_reading_beyond_a_limit_is_counted_and_holds_nothing() -> None:
    rows = [(NOW, NOW, 0.0, 0), (NOW + 60_000, NOW + 60_000, 0.0, 0), (NOW + 30_000, NOW + 70_000, 9.0, 0)]
    signals = judged(POINT, RULES[:1], series(rows), NOW + 10**6)
    assert late(signals, [1]) == 1
    assert episodes(signals, [1]) == []


def test_wrong_rules_are_named() -> None:
    with pytest.raises(ValueError, match="levels"):
        judged(POINT, [rule(1, "threshold", levels={})], series([]), NOW)


def test_a_long_series_lets_other_threads_run() -> None:
    n = 60_000
    ts = NOW + 10_000 * np.arange(n, dtype=np.int64)
    long = Series(ts, ts, np.arange(n, dtype=np.float64) % 7, np.zeros(n, np.uint8))
    rules = [rule(10 + i, "rate", levels={"3": 1e9}, window_s=600, interval_s=10, min_samples=3) for i in range(10)]
    judged(POINT, rules, Series(*(column[:100] for column in long)), NOW)  # compiled
    work = threading.Thread(target=judged, args=(POINT, rules, long, NOW))
    begun = last = time.monotonic()
    standstill = 0.0
    work.start()
    while work.is_alive():
        time.sleep(0.001)
        now = time.monotonic()
        standstill, last = max(standstill, now - last), now
    assert standstill < (last - begun) / 4


def heard(every_ms: int, n: int, quality: int = 0) -> Series:
    ts = NOW + every_ms * np.arange(n, dtype=np.int64)
    return Series(ts, ts, np.ones(n), np.full(n, quality, np.uint8))


def test_weeks_of_a_point_heard_less_often_than_its_rule_expects_can_be_tried() -> None:
    pauses = 25_000
    signals = judged(POINT, [NO_DATA], heard(60_000, pauses + 1), NOW + pauses * 60_000)
    assert np.count_nonzero((signals["rule"] == 5) & (signals["level_to"] > 0)) == pauses


def test_too_many_pauses_are_refused_before_they_are_laid_out() -> None:
    doubted = heard(1_000, 400_000, quality=1)
    tracemalloc.start()
    try:
        with pytest.raises(TooManyPauses, match="interval"):
            judged(POINT, [NO_DATA], doubted, int(doubted.ts[-1]))
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()
