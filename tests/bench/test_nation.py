"""The country's bench: its catalog is whole, its batches are what they are taken for, and a lost signal is missed."""

from __future__ import annotations

import asyncio
import json

import numpy as np
import pytest

from bench import nation
from shoutu.sensing.decode.arrow import decode_arrow

NOW = 1_793_500_000_000


def small(monkeypatch: pytest.MonkeyPatch) -> nation.Setting:
    monkeypatch.setattr(nation, "BATCH", 100)
    monkeypatch.setattr(nation, "DELTA", 150)
    return nation.Setting(400, 1.0, 50)


def test_the_deltas_together_are_the_whole_catalog_once(monkeypatch: pytest.MonkeyPatch) -> None:
    setting = small(monkeypatch)
    told = [json.loads(nation.delta(setting, version)) for version in (1, 2, 3)]
    assert [delta["full"] for delta in told] == [True, False, False]
    assert [p["id"] for delta in told for p in delta["points"]] == list(range(1, 401))
    assert len({rule["id"] for delta in told for rule in delta["rules"]}) == 800
    assert [s["id"] for delta in told for s in delta["sources"]] == [1, 2, 3, 4]
    assert {p["source"] for delta in told for p in delta["points"]} == {1, 2, 3, 4}


def test_a_batch_is_of_now_and_has_one_red_point_another_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    small(monkeypatch)
    body, noise = nation.Body(2), np.zeros(200)
    for step, red in ((0, 201), (1, 202)):
        assert body.shift(step, NOW + step, noise) == red
        columns = decode_arrow(bytes(body.bytes))
        assert columns.codes is not None
        assert columns.addresses[columns.codes[0]] == nation.address(200)
        assert set(columns.ts.tolist()) == {NOW + step}
        assert np.flatnonzero(columns.value == nation.RED).tolist() == [red - 201]


def test_a_machine_too_small_is_told_so_or_runs_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    country = nation.SETTINGS["country"]
    monkeypatch.delenv("SHOUTU_BENCH_SCALE", raising=False)
    assert nation.share(country, 10**12) == 1.0
    assert nation.share(country, nation.needs(country) // 2) < 0.5
    monkeypatch.setenv("SHOUTU_BENCH_SCALE", "0.5")
    assert nation.share(country, 10**12) == 0.5
    with pytest.raises(RuntimeError, match=r"3,000,000 points need about .* lower SHOUTU_BENCH_SCALE"):
        nation.share(country, 10**9)


@pytest.mark.full
def test_a_small_country_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    found = asyncio.run(nation.once(small(monkeypatch), 0.1))
    assert (found["readings"], found["rows_lost"], found["signals_waited_for"]) == (2_400, 0, 24)
    assert 0 < found["sent_to_signal_p50_ms"] <= found["sent_to_signal_p99_ms"]
    assert found["disk_bytes_per_reading"] > 1

    async def hurried(county: nation.County, sender: nation.Sender) -> None:
        assert sum(len(county.seen.get(point, ())) < n for point, n in sender.times.items()) == 24
        raise RuntimeError("missed")

    monkeypatch.setattr(nation.County, "_take", lambda _self, _signals, _now: None)
    monkeypatch.setattr(nation, "missing", hurried)
    with pytest.raises(RuntimeError, match="missed"):
        asyncio.run(nation.once(nation.Setting(400, 1.0, 50), 0.1))
