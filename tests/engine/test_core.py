"""The engine's promises told as small stories: danger and faults, time, silence, checkpoints, bad catalogs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from shoutu.engine import Engine, RuleSet, SnapshotError, kernel, signal_id, signal_to_dict, warm_up

T = 1_793_500_000_000
POINT = {
    "id": 12,
    "source": 3,
    "site": 5,
    "item": "co",
    "unit": "ppm",
    "interval_s": 20,
    "low": 0,
    "high": 100,
    "danger": "high",
}
LIMIT = {"levels": {"2": 24, "4": 50}, "hysteresis": 2}


class Watch:
    """An engine that is fed one reading at a time and tells what it raises as JSON objects."""

    def __init__(self, *rules: tuple[str, dict[str, Any]], points: list[dict[str, Any]] | None = None) -> None:
        points = points or [POINT]
        entries = [
            {"id": at * 100 + k + 1, "version": 1, "point": point["id"], "kind": kind, "params": params}
            for at, point in enumerate(points)
            for k, (kind, params) in enumerate(rules)
        ]
        self.ruleset = RuleSet.from_catalog([], points, entries)
        assert self.ruleset.problems == ()
        self.engine, self.seq = Engine(), 0
        self.engine.switch(0, self.ruleset)

    def _told(self, signals: Any) -> list[dict[str, Any]]:
        return [signal_to_dict(signal, self.ruleset, 0) for signal in signals]

    def read(
        self, at_s: float, value: float, quality: int = 0, received_s: float | None = None, point: int = 12
    ) -> list[Any]:
        self.seq += 1
        received = T + round((at_s if received_s is None else received_s) * 1000)
        return self._told(
            self.engine.readings(self.seq, [point], [T + round(at_s * 1000)], received, [value], [quality])
        )

    def tick(self, at_s: float) -> list[Any]:
        self.seq += 1
        return self._told(self.engine.tick(self.seq, T + round(at_s * 1000)))


def changes(signals: list[dict[str, Any]]) -> list[tuple[str, int, int]]:
    return [(s["kind"], s["from"], s["to"]) for s in signals]


def test_a_condition_true_at_the_start_signals_at_once_and_says_so() -> None:
    (signal,) = Watch(("threshold", LIMIT)).read(0, 60)
    assert (signal["to"], signal["flags"], signal["threshold"]) == (4, ["first"], 50)


def test_hysteresis_keeps_the_level_until_well_below() -> None:
    watch = Watch(("threshold", LIMIT))
    assert changes(watch.read(0, 24)) == [("threshold", 0, 2)]
    assert watch.read(20, 22.5) == []
    assert changes(watch.read(40, 21.9)) == [("threshold", 2, 0)]


@pytest.mark.parametrize(
    ("value", "quality"), [(math.nan, 0), (math.inf, 0), (-1.0, 0), (5.0, 3), (5.0, 2), (5.0, 1), (101, 0)]
)
def test_nothing_but_a_good_reading_lowers_a_level(value: float, quality: int) -> None:
    watch = Watch(("threshold", {**LIMIT, "clear_for_s": 40}))
    watch.read(0, 60)
    watch.read(20, 5)
    for k in range(2, 10):
        watch.read(20 * k, value, quality)
    assert watch.engine.levels([12]).tolist() == [4]
    assert watch.read(200, 5) == []  # the time before the fault does not count towards clearing
    assert changes(watch.read(220, 5)) == []
    assert changes(watch.read(240, 5)) == [("threshold", 4, 0)]


def test_out_of_range_on_the_dangerous_side_raises_and_is_a_fault() -> None:
    watch = Watch(("threshold", LIMIT), ("implausible", {}))
    signals = watch.read(0, 500)
    assert changes(signals) == [("threshold", 0, 4), ("implausible", 0, 1)]
    assert all("saturated" in s["flags"] for s in signals)
    assert [s["category"] for s in signals] == ["risk", "fault"]


def test_out_of_range_on_the_safe_side_is_a_fault_alone() -> None:
    assert changes(Watch(("threshold", LIMIT), ("implausible", {})).read(0, -3)) == [("implausible", 0, 1)]


def test_a_stamp_of_next_year_is_judged_now_and_blinds_nothing() -> None:
    watch = Watch(("threshold", LIMIT))
    signals = watch.read(366 * 86_400, 60, received_s=0)
    assert [(s["kind"], s["flags"]) for s in signals] == [("clock", ["ahead"]), ("threshold", ["first", "ahead"])]
    assert signals[1]["event_ts"] == T
    assert changes(watch.read(20, 5)) == [("threshold", 4, 0)]


def test_a_late_reading_that_exceeds_is_said_once() -> None:
    watch = Watch(("threshold", {**LIMIT, "raise_for_s": 60}))
    watch.read(1000, 5)
    (signal,) = watch.read(500, 60, received_s=1001)
    assert (signal["type"], signal["to"], signal["flags"]) == ("late_exceedance", 4, ["backfill", "late"])
    assert watch.read(500, 60, received_s=1002) == []
    assert watch.read(520, 60, received_s=1003) == []
    assert watch.engine.levels([12]).tolist() == [0]


def test_rate_is_not_fooled_by_one_spike() -> None:
    watch = Watch(("rate", {"levels": {"3": 6.0}, "window_s": 600, "interval_s": 60, "min_samples": 5}))
    raised = [s for k in range(12) for s in watch.read(60 * k, 90 if k == 6 else 10)]
    assert raised == []
    raised = [s for k in range(12, 24) for s in watch.read(60 * k, 10 + (k - 11) * 0.5)]
    assert changes(raised) == [("rate", 0, 3)]
    assert raised[0]["aux"] >= 6.0


def test_silence_of_one_point_then_its_return() -> None:
    watch = Watch(("no_data", {"after_s": 60}))
    watch.read(0, 5)
    assert watch.tick(0) == watch.tick(59) == []
    assert changes(watch.tick(60)) == [("no_data", 0, 1)]
    (back,) = watch.read(70, 5)
    assert (back["to"], back["flags"]) == (0, ["recovered"])


def test_a_silent_source_is_one_signal_and_a_silent_site_a_risk() -> None:
    points = [{**POINT, "id": k, "source": 3} for k in range(1, 11)]
    watch = Watch(("no_data", {"after_s": 60}), points=points)
    for k in range(1, 11):
        watch.read(k, 5, point=k)
    first = [(at, s) for at in range(10, 800, 10) for s in watch.tick(at)]
    assert [(at, s["kind"], s["category"], s["point"]) for at, s in first] == [
        (70, "source_silence", "fault", None),
        (610, "site_silence", "risk", None),
    ]
    assert changes(watch.read(800, 5, point=1)) == [("source_silence", 1, 0)]


def test_an_hour_nobody_listened_is_not_silence() -> None:
    watch = Watch(("no_data", {"after_s": 60}))
    watch.read(0, 5)
    watch.tick(1)
    assert watch.tick(3600) == []
    assert changes([s for at in range(3610, 3700, 10) for s in watch.tick(at)]) == [("no_data", 0, 1)]


def test_a_bad_rule_is_named_and_blinds_no_other() -> None:
    rules = [
        {"id": 1, "version": 1, "point": 12, "kind": "threshold", "params": LIMIT},
        {"id": 2, "version": 1, "point": 12, "kind": "threshold", "params": {"levels": {"2": 5, "4": 3}}},
        {"id": 3, "version": 1, "point": 99, "kind": "stuck", "params": {"window_s": 60}},
        {"id": 4, "version": 1, "point": 12, "kind": "stuck", "params": {"window": 60}},
        {"id": 5, "version": 1, "point": 12, "kind": "magic", "params": {}},
        {"id": 1, "version": 2, "point": 12, "kind": "threshold", "params": LIMIT},
        {"id": 7, "version": 1, "point": 12, "kind": "rate", "params": {"levels": {"1": 1}, "interval_s": 1}},
    ]
    ruleset = RuleSet.from_catalog([], [POINT], rules)
    assert [rule.id for rule in ruleset.rules] == [1]
    assert [(p.id, p.field) for p in ruleset.problems] == [
        (2, "params.levels"), (3, "point"), (4, "params.window"), (5, "kind"), (1, "id"), (7, "params.interval_s"),
    ]  # fmt: skip


def test_a_new_version_keeps_the_level_until_its_own_readings_speak() -> None:
    watch = Watch(("threshold", LIMIT))
    watch.read(0, 60)
    rule = {"id": 1, "version": 2, "point": 12, "kind": "threshold", "params": {"levels": {"4": 80}}}
    watch.ruleset = RuleSet.from_catalog([], [POINT], [rule])
    watch.engine.switch(2, watch.ruleset)
    assert watch.engine.levels([12]).tolist() == [4]
    assert changes(watch.read(20, 60)) == [("threshold", 4, 0)]


def test_a_damaged_checkpoint_is_refused() -> None:
    blob = Watch(("threshold", LIMIT)).engine.snapshot()
    with pytest.raises(SnapshotError, match="damaged"):
        Engine.restore(blob[:-1] + bytes([blob[-1] ^ 1]))
    with pytest.raises(SnapshotError, match="version"):
        Engine.restore(b"something else")


def test_unknown_points_are_counted_not_judged() -> None:
    watch = Watch(("threshold", LIMIT))
    ids = np.array([0, -1, 2**31 - 1, 13], np.int32)
    assert len(watch.engine.readings(1, ids, np.full(4, T), T, np.full(4, 99.0), np.zeros(4, np.uint8))) == 0
    assert watch.engine.counters["unknown"] == 4


def test_columns_of_different_lengths_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="value has shape"):
        Engine().readings(1, [1, 2], [1, 2], 1, [1.0], [0, 0])


def test_no_columns_make_a_batch_wait_for_another_compilation() -> None:
    warm_up()
    known = list(kernel.walk.signatures)
    for received in (T, np.full(2, T)):
        for writable in (True, False):
            columns = [np.array([12, 99], np.int32), np.full(2, T), np.zeros(2), np.zeros(2, np.uint8)]
            for column in columns:
                column.flags.writeable = writable
            watch = Watch(("threshold", LIMIT))
            watch.engine.readings(1, columns[0], columns[1], received, columns[2], columns[3])
            assert columns[1].flags.writeable is writable
            assert watch.engine.counters["evaluated"] == 1
    assert kernel.walk.signatures == known


def test_signal_ids_are_stable_and_distinct() -> None:
    assert signal_id(0, 1, 2, 3) == signal_id(0, 1, 2, 3)
    assert (
        len({signal_id(*place) for place in [(0, 1, 2, 3), (1, 1, 2, 3), (0, 2, 2, 3), (0, 1, 3, 3), (0, 1, 2, 4)]})
        == 5
    )
