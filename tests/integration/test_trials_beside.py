"""Trials beside the live pipeline: however many are asked, a warning goes its way."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.rig import TRUSTED, County, Pipeline, point, threshold
from tests.stack import Promise, until

pytestmark = pytest.mark.integration
READINGS, ASKED = 50_000, 12


def rate(number: int) -> dict[str, Any]:
    """A rule that costs: at every reading the slopes of all pairs of 61."""
    params = {"levels": {"3": 1e9}, "window_s": 600, "interval_s": 10, "min_samples": 3}
    return {"id": number, "version": 1, "point": 1, "kind": "rate", "params": params}


@pytest.mark.full
def test_signals_are_delivered_while_trials_queue(tmp_path: Path) -> None:
    county = County([point(1), point(2)], [threshold(12, 2)])
    pipeline = Pipeline(tmp_path / "var", county).start()
    try:
        end = time.time_ns() // 1_000_000
        start = end - READINGS * 10_000
        for first in range(0, READINGS, 10_000):
            rows = [{"point": "1", "ts": start + i * 10_000, "value": i % 7} for i in range(first, first + 10_000)]
            assert pipeline.send(rows, TRUSTED).json()["accepted"] == 10_000
        until(pipeline.settled)
        rules = [rate(number) for number in range(20, 36)]
        asked = {"point": point(1), "runs": [rules] * 3, "sums": {"rule": [20]}, "start": start, "end": end}
        token = (pipeline.data / "secrets" / "wing.token").read_text().strip()

        def ask(_: int) -> httpx.Response:
            headers = {"Authorization": f"Bearer {token}"}
            return httpx.post(f"{pipeline.url}/local/v1/trial", json=asked, headers=headers, timeout=120)

        with ThreadPoolExecutor(ASKED) as askers:
            answers = [askers.submit(ask, number) for number in range(ASKED)]
            until(lambda: sum(one.done() for one in answers) >= ASKED - 2, 30, "all but two are refused at once")
            with Promise(3):
                assert pipeline.send([{"point": "2", "ts": end, "value": 9.0}], TRUSTED).json()["accepted"] == 1
                until(lambda: county.order, 60, "the signal is at the county")
            assert not all(one.done() for one in answers), "trials still run, or this test says nothing"
        told = [one.result() for one in answers]
        assert sorted(one.status_code for one in told) == [200] * 2 + [429] * (ASKED - 2)
        refused = next(one for one in told if one.status_code == 429)
        assert refused.headers["retry-after"] == "5"
        assert "另一次在等" in refused.json()["detail"]
        assert {one.json()["n"] for one in told if one.status_code == 200} == {READINGS}
        assert ask(0).status_code == 200, "and its place is free again"
    finally:
        pipeline.kill()
        county.down()
