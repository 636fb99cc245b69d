"""Rules tried on what the store keeps: the signals of the live engine, without touching it, in about a second."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from shoutu.engine import Engine, RuleSet
from shoutu.engine.trial import episodes
from shoutu.sensing import trial
from shoutu.sensing.backtest import BacktestAsked, backtest
from shoutu.sensing.store import Kept, Store
from shoutu.sensing.store.settings import StoreSettings
from shoutu.sensing.trial import Asked, Trial
from tests.sensing.store.plain import NOON
from tests.sensing.store.test_retention import HOUR, filled
from tests.stack import Promise

NOW = 1_790_000_000_000
DAY = 86_400_000
POINT = {"id": 7, "source": 2, "site": 3, "interval_s": 10.0}


def rule(red: float, **more: Any) -> dict[str, Any]:
    params = {"levels": {"2": red - 1, "4": red}, "direction": "high", "raise_for_s": 30, **more}
    return {"id": 5, "version": 1, "point": 7, "kind": "threshold", "params": params}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = Store(tmp_path / "store", StoreSettings())
    yield found
    found.close()


def month(store: Store, days: int = 30) -> tuple[np.ndarray, np.ndarray]:
    """A reading every 10 s: a daily swing with noise, beyond 3 for some hours a day."""
    n = days * 8640
    ts = NOW - days * DAY + np.arange(n, dtype=np.int64) * 10_000
    value = 2 + 1.5 * np.sin(2 * np.pi * np.arange(n) / 8640) + np.random.default_rng(7).normal(0, 0.2, n)
    for start in range(0, n, 50_000):
        part = slice(start, min(n, start + 50_000))
        count = part.stop - part.start
        store.add(
            start + 1, np.full(count, 7, np.int32), ts[part], ts[part] + 500, value[part], np.zeros(count, np.uint8)
        )
        store.mark(part.stop)
    store.flush()
    return ts, value


def asked(*runs: list[dict[str, Any]], days: int = 30, **more: Any) -> Asked:
    body = {"point": POINT, "runs": list(runs), "sums": {"rule": [5]}, "start": NOW - days * DAY, "end": NOW, **more}
    return msgspec.convert(body, Asked)


def test_a_month_is_tried_against_what_the_live_engine_said(store: Store) -> None:
    ts, value = month(store)
    live = Engine()
    live.switch(0, RuleSet.from_catalog([], [POINT], [rule(3.2)]))
    said = live.readings(1, np.full(len(ts), 7, np.int32), ts, ts + 500, value, np.zeros(len(ts), np.uint8))
    with Promise(2):
        told = Trial(store).run(asked([rule(3.2)], [rule(3.8)]))
    expected = episodes(said, [5])
    now, then = (run["rule"] for run in told["runs"])
    assert told["n"] == 259_200
    assert told["next"] is None
    assert [(one[0], one[1], one[2]) for one in now["episodes"]] == [(e.start, e.end, e.level) for e in expected]
    assert sum(now["count"].values()) == len(expected) > 20
    assert now["count"]["4"] > then["count"]["4"]


def test_a_rule_taken_away_says_nothing_and_what_ended_before_is_left_out(store: Store) -> None:
    month(store, days=3)
    told = Trial(store).run(asked([rule(3.2)], [], days=1))
    assert told["n"] == 8640
    now, then = (run["rule"] for run in told["runs"])
    assert all(one[1] is None or one[1] > NOW - DAY for one in now["episodes"])
    assert then == {"count": {"1": 0, "2": 0, "3": 0, "4": 0}, "late": 0, "episodes": []}


def test_a_point_never_heard_gives_nothing(store: Store) -> None:
    told = Trial(store).run(asked([rule(3.2)], [rule(3.8)]))
    assert (told["n"], told["first"], told["last"]) == (0, None, None)
    assert told["runs"][0]["rule"]["episodes"] == []


def test_what_came_late_in_the_time_of_preparation_is_not_counted(store: Store) -> None:
    ts = NOW - 2 * DAY + np.arange(2 * 8640, dtype=np.int64) * 10_000
    value, received = np.full(len(ts), 2.0), ts + 500
    for at in (5_000, 6_000, 12_000):  # twice before the time asked for, once in it
        value[at], received[at] = 9.0, ts[at] + 600_000
    store.add(1, np.full(len(ts), 7, np.int32), ts, received, value, np.zeros(len(ts), np.uint8))
    store.flush()
    (run,) = Trial(store).run(asked([rule(3.2)], days=1))["runs"]
    assert run["rule"]["late"] == 1
    (run,) = Trial(store).run(asked([rule(3.2)], days=2))["runs"]
    assert run["rule"]["late"] == 3


def test_beyond_where_readings_are_cut_nothing_is_called_silent(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    month(store, days=3)
    monkeypatch.setattr(trial, "MOST_READINGS", 20_000)
    silence = {"id": 6, "version": 1, "point": 7, "kind": "no_data", "params": {"after_s": 60}}
    told = Trial(store).run(asked([silence], days=3, sums={"rule": [6]}))
    assert told["n"] == 20_000
    assert told["next"] == NOW - 3 * DAY + 200_000_000
    assert told["runs"][0]["rule"]["episodes"] == []


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"start": NOW}, "start"),
        ({"point": {"id": "7"}}, "point"),
        ({"runs": []}, "runs"),
        ({"runs": [[rule(3.0, levels={})]]}, "levels"),
    ],
)
def test_what_is_asked_wrong_is_named(store: Store, more: dict[str, Any], named: str) -> None:
    body = {"point": POINT, "runs": [[rule(3.0)]], "sums": {"rule": [5]}, "start": NOW - DAY, "end": NOW, **more}
    with pytest.raises(ValueError, match=named):
        Trial(store).run(msgspec.convert(body, Asked))


def test_where_raw_readings_are_gone_nothing_is_tried(tmp_path: Path) -> None:
    """An hour of evidence in between is no history: before and after it the point would seem silent."""
    store = filled(tmp_path)
    store.forget(NOON, Kept([(2, NOON - 5 * HOUR, NOON - 4 * HOUR)]))
    point = {**POINT, "id": 2, "interval_s": 60.0}
    params = {"levels": {"4": 5.0}, "direction": "high"}
    over = {"point": point, "start": NOON - 6 * HOUR, "end": NOON, "lead_ms": HOUR}
    red = {"id": 5, "version": 1, "point": 2, "kind": "threshold", "params": params}
    told = Trial(store).run(msgspec.convert({**over, "runs": [[red]], "sums": {"rule": [5]}}, Asked))
    assert (told["n"], told["first"]) == (180, NOON - 3 * HOUR)
    variants = {"kind": "threshold", "variants": [params], "events": []}
    worth = backtest(store, msgspec.convert({**over, **variants}, BacktestAsked))
    assert (worth["n"], worth["first"]) == (180, NOON - 3 * HOUR)
    before = {**over, "end": NOON - 3 * HOUR, "runs": [[red]], "sums": {}}
    assert Trial(store).run(msgspec.convert(before, Asked))["n"] == 0
    store.close()
