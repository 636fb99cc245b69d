"""What comes together: rain over an hour, tonnes of a month, people underground."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoutu.engine import Engine, RuleSet, kernel_sums
from shoutu.engine.layout import PERIODS
from shoutu.engine.params import ParamError, parse

CHINA = timezone(timedelta(hours=8))
START = round(datetime(2026, 11, 30, 12, tzinfo=CHINA).timestamp() * 1000)
MINUTE = 60_000
FIRST, LAST = datetime(1, 1, 3), datetime(9999, 12, 29)  # noqa: DTZ001


def watching(kind: str, interval_s: float | None = 600, **params: Any) -> Engine:
    ruleset = RuleSet.from_catalog(
        [],
        [{"id": 1, "source": 1, "site": 1, "interval_s": interval_s}],
        [{"id": 1, "version": 1, "point": 1, "kind": kind, "params": params}],
    )
    assert ruleset.problems == ()
    engine = Engine()
    engine.switch(0, ruleset)
    return engine


def told(engine: Engine, readings: list[tuple[float, float]], received: float | None = None) -> list[tuple[int, float]]:
    """(level, sum) of each signal of readings given as (minutes from START, value)."""
    found = []
    for minute, value in readings:
        at = START + round(minute * MINUTE)
        came = at if received is None else START + round(received * MINUTE)
        found += [(int(s["level_to"]), float(s["aux"])) for s in engine.readings(1, [1], [at], came, [value], [0])]
    return found


RAIN = {"levels": {"2": 20, "3": 30}, "window_s": 3600, "bucket_s": 600}


def test_rain_of_an_hour_warns_and_is_over_when_the_hour_has_passed() -> None:
    engine = watching("accumulation", **RAIN)
    assert told(engine, [(m, 5.0) for m in range(0, 60, 10)]) == [(2, 20.0), (3, 30.0)]
    # Buckets reach back up to one more than the hour: at 70 min the rain from 10 min on still counts.
    assert told(engine, [(m, 0.0) for m in range(60, 130, 10)]) == [(2, 25.0), (0, 15.0)]


def test_amount_that_comes_late_counts_where_it_belongs() -> None:
    engine = watching("accumulation", **RAIN)
    assert told(engine, [(0, 0.0), (30, 8.0)]) == []
    assert told(engine, [(20, 10.0), (25, 1.0)], received=31) == []
    assert told(engine, [(40, 1.0)]) == [(2, 20.0)]


def test_amount_of_another_hour_that_comes_late_does_not_count() -> None:
    engine = watching("accumulation", **RAIN)
    told(engine, [(0, 0.0), (100, 10.0)])
    told(engine, [(5, 50.0)], received=101)
    assert told(engine, [(102, 1.0)]) == []


def test_counter_adds_what_it_moved_on_and_begins_anew_when_it_was_reset() -> None:
    engine = watching("accumulation", form="counter", **RAIN)
    assert told(engine, [(0, 1000.0), (10, 1010.0), (20, 2.0), (30, 11.0)]) == []
    assert told(engine, [(40, 12.0)]) == [(2, 20.0)]


def test_rate_is_summed_over_time_but_over_no_gap() -> None:
    """60 m³/h for half an hour are 30 m³; over the two hours in which nobody measured nothing is made up."""
    engine = watching("accumulation", form="integral", levels={"1": 30}, window_s=86_400, bucket_s=3600)
    assert told(engine, [(0, 60.0), (10, 60.0), (20, 60.0)]) == []
    assert told(engine, [(140, 60.0)]) == []
    assert told(engine, [(150, 60.0)]) == [(1, 30.0)]


def test_quota_of_a_month_begins_anew_at_local_midnight() -> None:
    engine = watching("quota", levels={"2": 90, "4": 100}, period="month", interval_s=None)
    assert told(engine, [(0, 95.0), (60, 6.0)]) == [(2, 95.0), (4, 101.0)]
    midnight = 12 * 60.0
    assert told(engine, [(midnight - 1, 1.0)]) == []
    assert told(engine, [(midnight, 2.0)]) == [(0, 2.0)]
    # What comes late from the month before counts there, not in the new one.
    told(engine, [(midnight - 5, 80.0)], received=midnight + 1)
    assert told(engine, [(midnight + 2, 89.0)]) == [(2, 91.0)]


def test_people_underground_against_their_limit() -> None:
    engine = watching("quota", form="count", levels={"3": 30}, raise_for_s=300)
    assert told(engine, [(0, 29), (1, 31), (3, 31)]) == []
    assert told(engine, [(6, 31)]) == [(3, 31.0)]
    assert told(engine, [(7, 28)]) == [(0, 28.0)]


@settings(deadline=None)
@given(st.datetimes(FIRST, LAST), st.sampled_from(sorted(PERIODS)), st.integers(-28, 28))
def test_periods_are_the_calendars(moment: datetime, period: str, halves: int) -> None:
    offset = timedelta(minutes=30 * halves)
    utc = moment.replace(tzinfo=UTC)
    local = utc + offset
    first = {"day": local, "month": local.replace(day=1), "year": local.replace(month=1, day=1)}[period]
    first = first.replace(hour=0, minute=0, second=0, microsecond=0) - offset
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    t, zone = (utc - epoch) // timedelta(milliseconds=1), halves * 1_800_000
    start, end = kernel_sums.period_of(t, zone, PERIODS[period])
    assert start == (first - epoch) // timedelta(milliseconds=1)
    assert start <= t < end
    assert kernel_sums.period_of(end, zone, PERIODS[period])[0] == end


@pytest.mark.parametrize(
    ("kind", "params", "field"),
    [
        ("accumulation", {"levels": {"1": 0}, "window_s": 60, "bucket_s": 10}, "params.levels.1"),
        ("accumulation", {"levels": {"1": 5}, "window_s": 3600, "bucket_s": 10}, "params.bucket_s"),
        ("accumulation", {"levels": {"2": 5, "1": 9}, "window_s": 60, "bucket_s": 10}, "params.levels"),
        ("quota", {"levels": {"1": 5}}, "params.period"),
        ("quota", {"levels": {"1": 5}, "form": "count", "period": "day"}, "params.period"),
        ("quota", {"levels": {"1": 5}, "period": "week"}, "params.period"),
        ("quota", {"levels": {"1": 5}, "period": "day", "utc_offset_h": 20}, "params.utc_offset_h"),
    ],
)
def test_what_makes_no_sense_is_named(kind: str, params: dict[str, Any], field: str) -> None:
    with pytest.raises(ParamError) as refused:
        parse(kind, params)
    assert refused.value.field == field
