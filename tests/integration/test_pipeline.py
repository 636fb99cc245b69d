"""The pipeline as a process: from a reading to the county, and what it does with what goes wrong."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.integration.rig import TOKEN, TRUSTED, County, Pipeline, digest, point, threshold, until
from tests.stack import Promise

pytestmark = pytest.mark.integration


@pytest.fixture
def county() -> Iterator[County]:
    county = County([point(1), point(2), point(7, source=4, address="X7")], [threshold(11, 1), threshold(12, 2)])
    yield county
    county.down()


@pytest.fixture
def pipeline(tmp_path: Path, county: County) -> Iterator[Pipeline]:
    pipeline = Pipeline(tmp_path / "var", county)
    yield pipeline
    if pipeline.process is not None and pipeline.process.poll() is None:
        pipeline.kill()


def now() -> int:
    return time.time_ns() // 1_000_000


def test_a_reading_becomes_a_signal_and_history(pipeline: Pipeline, county: County) -> None:
    pipeline.start()
    t = now()
    rows = [
        ("P1", t - 2000, 1.0),
        ("P1", t - 1000, 6.0),
        ("P1", t, 1.0),
        ("P2", t, 9.0),
        ("NEW", t, 1.5),
        ("X7", t, 2.0),
    ]
    answer = pipeline.send([{"point": p, "ts": ts, "value": v} for p, ts, v in rows])
    assert answer.status_code == 202
    assert answer.json()["accepted"] == 4
    assert [r["index"] for r in answer.json()["rejected"]] == [4, 5]
    until(lambda: len(county.order) >= 3)
    told = [(s["point"], s["from"], s["to"], s["event_ts"]) for s in county.in_order()]
    assert told == [(1, 0, 3, t - 1000), (1, 3, 0, t), (2, 0, 3, t)]
    until(lambda: len(pipeline.stored(1)) == 3)
    assert pipeline.stored(1) == [[t - 2000, 1.0, 0], [t - 1000, 6.0, 0], [t, 1.0, 0]]
    latest = pipeline.local("latest", points="1,2,99")["items"]
    assert (latest["1"]["value"], latest["1"]["level"], latest["2"]["level"]) == (1.0, 0, 3)
    assert latest["2"]["state"] == "live"
    assert "99" not in latest
    assert pipeline.local("readings", point=1, start=t - 10_000, end=t + 1, step=60_000)["items"]
    until(lambda: len(county.unclaimed) == 2)
    assert {(u["address"], u["reason"], u["source"]) for u in county.unclaimed} == {
        ("NEW", "unknown", 3),
        ("X7", "foreign", 3),
    }
    beat = until(lambda: next((b for b in reversed(county.beats) if b["stored_seq"] >= 0), None))
    assert beat["wing"] == "sensing"
    assert abs(beat["tick_ts"] - now()) < 10_000
    assert beat["doors"]["http"]["accepted"] == 4
    assert "shoutu_journal_commits_total" in httpx.get(f"{pipeline.url}/metrics").text
    assert pipeline.stop() == 0, pipeline.log
    second = Pipeline(pipeline.data, county).start()
    try:
        assert pipeline_same(second, t)
        assert len(county.order) == 3
    finally:
        second.kill()


def pipeline_same(second: Pipeline, t: int) -> bool:
    return second.stored(1) == [[t - 2000, 1.0, 0], [t - 1000, 6.0, 0], [t, 1.0, 0]]


def test_tokens_and_rules_follow_the_catalog_within_two_seconds(pipeline: Pipeline, county: County) -> None:
    pipeline.start()
    with Promise(2):
        county.change(
            sources=[{"id": 4, "name": "乙", "trusted": False, "disabled": False, "token_hashes": [digest("new")]}]
        )
        until(lambda: pipeline.send([{"point": "X7", "ts": now(), "value": 1}], "new").status_code == 202)
    with Promise(2):
        county.change(sources=[{"id": 3, "name": "甲", "trusted": False, "disabled": False, "token_hashes": []}])
        until(lambda: pipeline.send([{"point": "P1", "ts": now(), "value": 1}]).status_code == 401)
    assert pipeline.send([{"point": "2", "ts": now(), "value": 1}], TRUSTED).json()["accepted"] == 1
    bad = {**threshold(13, 1), "params": {"levels": {"9": 1}}}
    county.change(rules=[bad, threshold(14, 7, 2.0)])
    until(lambda: pipeline.ready() and pipeline.settled())
    beat = until(lambda: next((b for b in reversed(county.beats) if b["rules_refused"]), None))
    assert "rule 13" in beat["rules_refused"][0]
    pipeline.send([{"point": "7", "ts": now(), "value": 3}], TRUSTED)
    until(lambda: [s["rule"] for s in county.in_order()] == [14])


def test_starts_from_its_own_catalog_while_the_county_is_down_and_delivers_later(
    pipeline: Pipeline, county: County
) -> None:
    pipeline.start()
    pipeline.send([{"point": "P1", "ts": now() - 60_000, "value": 1}])
    until(pipeline.settled)
    pipeline.stop()
    county.down()
    pipeline.start()
    t = now() - 59_000
    for i in range(0, 1000, 50):
        rows = [{"point": "P1", "ts": t + k * 50, "value": 1 if k % 2 else 9} for k in range(i, i + 50)]
        assert pipeline.send(rows).status_code == 202
    until(lambda: pipeline.state()["spool_pending"] == 1000)
    until(lambda: {"delivery", "catalog"} <= set(pipeline.state()["failing"]))
    pipeline.kill()
    pipeline.start()
    until(lambda: pipeline.state()["spool_pending"] == 1000)
    for number in range(3):
        failures = unclaimed_failures(pipeline)
        assert pipeline.send([{"point": "NEW", "ts": now(), "value": number}]).json()["accepted"] == 0
        until(lambda failures=failures: unclaimed_failures(pipeline) > failures, what="it was offered to the county")
    county.up()
    until(pipeline.settled)
    signals = county.in_order()
    assert [(s["to"], s["event_ts"]) for s in signals] == [(0 if k % 2 else 3, t + k * 50) for k in range(1000)]
    assert [s["seq"] for s in signals] == sorted(s["seq"] for s in signals)
    until(lambda: pipeline.state()["failing"] == {})
    until(lambda: sum(item["count"] for item in county.unclaimed) == 3, what="待认领 outlives the county's hour")
    assert [item["last_value"] for item in county.unclaimed][-1] == 2


def unclaimed_failures(pipeline: Pipeline) -> float:
    text = httpx.get(f"{pipeline.url}/metrics", timeout=60).text
    line = 'shoutu_delivery_failures_total{call="unclaimed"} '
    return next((float(row.rsplit(" ", 1)[1]) for row in text.splitlines() if row.startswith(line)), 0.0)


def test_the_first_reading_is_watched_when_only_the_catalog_copy_is_left(pipeline: Pipeline, county: County) -> None:
    county.down()
    kept = pipeline.data / "sensing" / "catalog.json"
    kept.parent.mkdir(parents=True)
    kept.write_text(json.dumps(county.catalog))
    pipeline.start(ready=False)
    assert pipeline.send([{"point": "P1", "ts": now(), "value": 9.0}]).json()["accepted"] == 1
    county.up()
    until(lambda: [(s["point"], s["to"]) for s in county.in_order()] == [(1, 3)])


def test_one_signal_the_county_will_not_take_does_not_hold_up_the_others(pipeline: Pipeline, county: County) -> None:
    county.refuse = lambda signal: signal["point"] == 1
    pipeline.start()
    pipeline.send([{"point": "P1", "ts": now(), "value": 9}, {"point": "P2", "ts": now(), "value": 9}])
    until(lambda: [s["point"] for s in county.in_order()] == [2])
    until(lambda: county.beats and county.beats[-1]["signals_refused"] == 1)
    assert '"point": 1' in (pipeline.data / "sensing" / "spool" / "refused.jsonl").read_text()


def test_a_reading_dated_next_year_blinds_nothing(pipeline: Pipeline, county: County) -> None:
    pipeline.start()
    year = 365 * 86_400_000
    t = now()
    assert pipeline.send([{"point": "P1", "ts": t + year, "value": 1.0}]).json()["accepted"] == 1
    after = now()
    assert pipeline.send([{"point": "P1", "ts": after, "value": 9.0}]).json()["accepted"] == 1
    until(lambda: {"clock", "level"} <= {s["type"] for s in county.in_order()})
    level = next(s for s in county.in_order() if s["type"] == "level")
    assert (level["point"], level["to"], level["event_ts"]) == (1, 3, after)
    until(lambda: len(pipeline.stored(1)) == 2)
    assert [row[0] for row in pipeline.stored(1)] == [after, t + year]
    assert pipeline.local("latest", points="1")["items"]["1"]["value"] == 9.0


def test_two_pipelines_do_not_share_a_directory(pipeline: Pipeline, county: County) -> None:
    pipeline.start()
    other = Pipeline(pipeline.data, county)
    assert other.spawn().wait(60) == 2
    assert "another pipeline (process " in other.log
    assert pipeline.ready()


def test_ten_thousand_unknown_points_are_cheap_and_told(pipeline: Pipeline, county: County) -> None:
    pipeline.start()
    t = now()
    with Promise(5):
        answer = pipeline.send([{"point": f"U{i}", "ts": t, "value": i} for i in range(10_000)])
    assert answer.json()["accepted"] == 0
    until(lambda: len(county.unclaimed) == 2000, 30)
    assert until(lambda: county.beats[-1]["unclaimed_overflow"]) == 8000
    assert pipeline.send([{"point": "P1", "ts": t, "value": 1}], TOKEN).status_code == 202
