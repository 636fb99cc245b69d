"""Composites through the real pipeline: members' signals at once, the composite at a tick, the same after a kill."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.integration.rig import County, Pipeline, point, threshold, until

pytestmark = pytest.mark.integration
LADDER = {"form": "ladder", "items": ["phreatic_depth"], "steps": [{"level": 3, "count": 2, "to": 4}]}


def test_two_orange_points_are_red_together_and_a_kill_changes_nothing(tmp_path: Path) -> None:
    composite = {"id": 50, "version": 1, "site": 5, "kind": "composite", "params": LADDER}
    county = County([point(1), point(2)], [threshold(11, 1), threshold(12, 2), composite])
    pipeline = Pipeline(tmp_path / "var", county)
    try:
        pipeline.start()
        t = time.time_ns() // 1_000_000
        sent = [("P1", t - 2000, 6.0), ("P2", t - 1000, 1.0), ("P2", t, 6.0), ("P1", t, 6.1)]
        assert pipeline.send([{"point": p, "ts": ts, "value": v} for p, ts, v in sent]).status_code == 202
        until(lambda: len(county.order) == 3, 30, "two members and the composite")
        told = county.in_order()
        assert [(s["rule"], s["from"], s["to"], s["event_ts"]) for s in told] == [
            (11, 0, 3, t - 2000), (12, 0, 3, t), (50, 0, 4, t),
        ]  # fmt: skip
        assert (told[2]["kind"], told[2]["point"], told[2]["site"]) == ("composite", None, 5)
        assert told[2]["members"] == [{"point": k, "item": "phreatic_depth", "level": 3} for k in (1, 2)]
        pipeline.kill()  # the county asserts that one id never comes with two bodies
        pipeline.start()
        later = time.time_ns() // 1_000_000
        rows = [{"point": p, "ts": later, "value": 1.0} for p in ("P1", "P2")]
        assert pipeline.send(rows).status_code == 202
        until(lambda: len(county.order) == 6, 30, "all fallen")
        assert [(s["rule"], s["from"], s["to"]) for s in county.in_order()[3:]] == [(11, 3, 0), (12, 3, 0), (50, 4, 0)]
    finally:
        if pipeline.process is not None and pipeline.process.poll() is None:
            pipeline.kill()
        county.down()
