"""A rule's variants over what the store keeps: a million readings in about a second, and nothing said beyond a cut."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from shoutu.engine.backtest import FACTORS, scaled
from shoutu.sensing import backtest as backtests
from shoutu.sensing.backtest import BacktestAsked, backtest
from shoutu.sensing.store import Store
from shoutu.sensing.store.settings import StoreSettings
from shoutu.sensing.trial import Trial
from tests.stack import Promise

NOW = 1_790_000_000_000
N = 1_000_000
BEGIN = NOW - N * 10_000
PARAMS = {"levels": {"1": 15.0, "4": 20.0}, "hysteresis": 0.5, "raise_for_s": 60, "clear_for_s": 300}
SLIDE = (BEGIN + 503_500 * 10_000, BEGIN + 504_000 * 10_000, "slide")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A reading every 10 s: noise round 10, and a rise by 12 before a slide half way."""
    found = Store(Path(tmp_path_factory.mktemp("store")), StoreSettings())
    value = 10 + np.random.default_rng(5).normal(0, 1, N)
    value[500_000:504_000] += np.linspace(0, 12, 4000)
    ts = BEGIN + np.arange(N, dtype=np.int64) * 10_000
    for start in range(0, N, 50_000):
        part = slice(start, start + 50_000)
        ids, quality = np.full(50_000, 7, np.int32), np.zeros(50_000, np.uint8)
        found.add(start + 1, ids, ts[part], ts[part] + 500, value[part], quality)
        found.mark(part.stop)
    found.flush()
    yield found
    found.close()


def asked(**more: Any) -> BacktestAsked:
    variants = [PARAMS, *(scaled("threshold", PARAMS, factor) for factor in FACTORS)]
    body = {"point": {"id": 7, "source": 2, "site": 3, "interval_s": 10.0}, "kind": "threshold", "variants": variants,
            "events": [SLIDE], "start": BEGIN, "end": NOW, **more}  # fmt: skip
    return msgspec.convert(body, BacktestAsked)


def test_a_million_readings_and_all_thresholds_answer_soon(store: Store) -> None:
    backtest(store, asked(start=NOW - 86_400_000))  # compiled
    with Promise(5):
        told = backtest(store, asked())
    assert (told["n"], told["next"], len(told["variants"])) == (N, None, 22)
    blue = told["variants"][0]["1"]
    assert blue["missed"] == 0
    assert blue["lead"][0] == pytest.approx(blue["median_lead"])
    assert 1 < blue["median_lead"] < 9
    assert told["stretches"]["1"]["n"] >= 1
    assert told["variants"][1]["1"]["false_hours"] > blue["false_hours"]
    assert told["drawn"][0]["1"][0][0] == told["stretches"]["1"]["items"][0][0]
    # At half of 15 noise raises it all the time: joined, as it is drawn.
    assert 1 <= len(told["drawn"][1]["1"]) <= backtests.DRAWN


@pytest.mark.full
def test_a_sum_is_made_once_for_all_thresholds(store: Store) -> None:
    """A day's sum of a million readings by 22 thresholds: made for each of them it takes ten times as long."""
    params = {"levels": {"1": 90_000.0, "4": 120_000.0}, "window_s": 86_400, "bucket_s": 3600, "form": "sum"}
    variants = [params, *(scaled("accumulation", params, factor) for factor in FACTORS)]
    backtest(store, asked(kind="accumulation", variants=variants[:1], start=NOW - 86_400_000))  # compiled
    with Promise(3):
        told = backtest(store, asked(kind="accumulation", variants=[params] * 22))
    assert told["variants"][0]["1"]["missed"] == 0
    assert all(one == told["variants"][0] for one in told["variants"])
    swept = backtest(store, asked(kind="accumulation", variants=variants))
    assert swept["variants"][0] == told["variants"][0]
    assert swept["variants"][1]["1"]["false_hours"] > told["variants"][0]["1"]["false_hours"]


def test_whether_an_event_had_readings_is_told_of_each(store: Store) -> None:
    month = 30 * 86_400_000
    early = (BEGIN - month, BEGIN - month, "before the first reading")
    quiet = (NOW - 86_400_000, NOW - 86_400_000, "in noise")
    told = backtest(store, asked(start=BEGIN - 2 * month, events=[quiet, early], before_ms=3_600_000))
    assert told["read"] == [False, True]
    assert told["variants"][0]["4"]["lead"] == [None, None]
    assert told["variants"][0]["4"]["missed"] == 1


@pytest.mark.anyio
async def test_it_waits_its_turn_with_the_trials(store: Store) -> None:
    told = await Trial(store).backtest(asked(start=NOW - 86_400_000, events=[]))
    assert told["n"] == 8640
    assert told["variants"][0]["1"]["lead"] == []


def test_beyond_a_cut_nothing_is_said(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backtests, "MOST_READINGS", 100_000)
    told = backtest(store, asked(lead_ms=0))
    assert told["next"] == BEGIN + 100_000 * 10_000
    assert told["events"] == []
    assert told["variants"][0]["1"]["tried"] == 0


def test_what_is_wrong_or_too_much_is_named(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong, why in (
        ({"start": NOW}, "start before end"),
        ({"kind": "no_data"}, "variants of a rule"),
        ({"variants": [{"levels": {}}]}, "levels"),
        ({"events": [(0, 1, "")] * 501}, "at most 500"),
    ):
        with pytest.raises(ValueError, match=why):
            backtest(store, asked(**{"start": NOW - 86_400_000, **wrong}))
    monkeypatch.setattr(backtests, "MOST_WORK", 1000)
    with pytest.raises(ValueError, match="shorter period"):
        backtest(store, asked())
