"""Composites: what several members come to together, when they are judged, and what switches do to them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shoutu.engine import Engine, RuleSet, SnapshotError, signal_to_dict
from shoutu.engine.params import ParamError, parse
from shoutu.engine.snapshot import MAGIC

T = 1_793_500_000_000
LADDER = [{"level": 1, "count": 4, "to": 2}, {"level": 2, "count": 3, "to": 3}, {"level": 3, "count": 2, "to": 4}]
WITHIN = {"form": "ladder", "items": ["phreatic"], "steps": LADDER}
ACROSS = {
    "form": "ladder", "items": ["phreatic", "shift", "level", "beach"], "steps": LADDER, "within": LADDER,
    "counted": "items",
}  # fmt: skip


class Pond:
    """Points that read their own level: 0 normal … 4 red. ``points``: id → item."""

    def __init__(self, points: dict[int, str], *composites: dict[str, Any]) -> None:
        self.composites = list(composites)
        self.engine, self.seq = Engine(), 0
        self.set(points)

    def set(self, points: dict[int, str], version: int = 1) -> None:
        levels = {"levels": {"1": 1, "2": 2, "3": 3, "4": 4}}
        rules: list[dict[str, Any]] = [
            {"id": key, "version": 1, "point": key, "kind": "threshold", "params": levels} for key in points
        ]
        rules += [
            {"id": 100 + k, "version": version, "site": 5, "kind": "composite", "params": params}
            for k, params in enumerate(self.composites)
        ]
        places = [{"id": key, "source": 1, "site": 5, "item": item, "interval_s": 20} for key, item in points.items()]
        ruleset = RuleSet.from_catalog([], places, rules)
        assert ruleset.problems == ()
        self.seq += 1
        self.engine.switch(self.seq, ruleset)

    def read(self, at_s: float, levels: dict[int, float], received_s: float | None = None) -> list[Any]:
        self.seq += len(levels)
        n, received = len(levels), T + round((at_s if received_s is None else received_s) * 1000)
        columns = list(levels), [T + round(at_s * 1000)] * n, received, list(levels.values()), [0] * n
        return self.told(self.engine.readings(self.seq - n, *columns))

    def tick(self, at_s: float) -> list[dict[str, Any]]:
        self.seq += 1
        return self.told(self.engine.tick(self.seq, T + round(at_s * 1000)))

    def told(self, signals: Any) -> list[dict[str, Any]]:
        return [signal_to_dict(s, self.engine.ruleset, 0, self.engine.evidence) for s in signals]


def moves(signals: list[dict[str, Any]]) -> list[tuple[int, int, int]]:
    return [(s["rule"], s["from"], s["to"]) for s in signals]


def piezometers(n: int) -> dict[int, str]:
    return dict.fromkeys(range(1, n + 1), "phreatic")


def test_four_blue_points_of_an_item_are_yellow_with_their_evidence() -> None:
    pond = Pond(piezometers(5), WITHIN)
    pond.read(0, dict.fromkeys(range(1, 6), 0))
    assert pond.tick(0) == []
    assert len(pond.read(20, {1: 1, 2: 1, 3: 1, 4: 1, 5: 0})) == 4  # the members' own signals wait for nothing
    (signal,) = pond.tick(20)
    assert (signal["kind"], signal["category"], signal["site"], signal["point"]) == ("composite", "risk", 5, None)
    assert (signal["item"], signal["from"], signal["to"], signal["event_ts"]) == ("phreatic", 0, 2, T + 20_000)
    assert (signal["value"], signal["threshold"], signal["aux"]) == (4, 4, 1)
    assert signal["members"] == [{"point": k, "item": "phreatic", "level": 1} for k in (1, 2, 3, 4)]
    pond.read(40, {1: 0, 2: 1, 3: 1, 4: 1, 5: 0})
    assert moves(pond.tick(40)) == [(100, 2, 0)]


@pytest.mark.parametrize(
    ("levels", "to"),
    [([1] * 3, 0), ([1] * 4, 2), ([1, 1, 1, 2], 2), ([2, 2, 2], 3), ([2, 2, 3], 3), ([3, 3], 4), ([4, 3], 4), ([4], 0)],
)
def test_the_ladder_within_an_item(levels: list[int], to: int) -> None:
    pond = Pond(piezometers(4), WITHIN)
    pond.read(0, dict(enumerate(levels, 1)))
    assert [s["to"] for s in pond.tick(0)] == ([to] if to else [])


def test_across_items_each_counts_once_at_what_its_points_come_to() -> None:
    items = {**piezometers(4), 11: "shift", 12: "level", 13: "beach"}
    pond = Pond(items, WITHIN, ACROSS)
    pond.read(0, {1: 1, 2: 1, 3: 1, 11: 1, 12: 1, 13: 1})
    (signal,) = pond.tick(30)
    assert (signal["rule"], signal["item"], signal["to"], signal["value"]) == (101, "composite", 2, 4)
    assert [m["item"] for m in signal["members"]] == ["beach", "level", "phreatic", "shift"]
    # Four blue piezometers make their item yellow; with two more yellow items the pond is orange.
    pond.read(40, {4: 1, 11: 2, 12: 2})
    assert moves(pond.tick(100)) == [(100, 0, 2), (101, 2, 3)]


def test_k_of_n_counts_the_named_points_alone() -> None:
    step = {"level": 2, "count": 2, "to": 3}
    pond = Pond(piezometers(4), {"form": "k_of_n", "items": ["phreatic"], "points": [1, 2], "steps": [step]})
    pond.read(0, {1: 2, 3: 4, 4: 4})
    assert pond.tick(40) == []
    pond.read(50, {2: 3})
    assert moves(pond.tick(100)) == [(100, 0, 3)]


def test_silence_clears_nothing_and_a_silent_member_is_waited_for_thirty_seconds_at_most() -> None:
    pond = Pond(piezometers(4), WITHIN)
    pond.read(0, dict.fromkeys((1, 2, 3, 4), 1))
    assert [s["to"] for s in pond.tick(0)] == [2]
    pond.read(1000, {1: 2, 2: 2, 3: 2})
    assert pond.tick(1029) == []
    assert [(s["to"], s["event_ts"]) for s in pond.tick(1030)] == [(3, T + 1_000_000)]
    assert pond.tick(10_000) == []


def test_a_change_that_comes_after_a_later_one_was_judged_is_counted_and_not_lost() -> None:
    pond = Pond(piezometers(4), WITHIN)
    pond.read(0, dict.fromkeys((1, 2, 3, 4), 0))
    pond.read(100, {1: 1, 2: 1, 3: 1})
    assert pond.tick(130) == []
    pond.read(40, {4: 1}, received_s=140)
    (signal,) = pond.tick(141)
    assert (signal["to"], signal["event_ts"], signal["flags"]) == (2, T + 100_000, ["late"])
    assert pond.engine.counters["skewed"] == 1


def test_members_come_and_go_with_the_catalog() -> None:
    pond = Pond(piezometers(4), WITHIN)
    pond.read(0, dict.fromkeys((1, 2, 3, 4), 1))
    assert [s["to"] for s in pond.tick(0)] == [2]
    pond.set(piezometers(3))
    assert moves(pond.tick(1)) == [(100, 2, 0)]
    pond.set({**piezometers(3), 4: "phreatic", 9: "phreatic"})
    assert pond.tick(2) == []
    pond.read(10, {9: 1})
    assert moves(pond.tick(60)) == [(100, 0, 2)]


def test_a_new_version_says_its_level_once_more_and_a_restart_changes_nothing() -> None:
    pond = Pond(piezometers(4), WITHIN)
    pond.read(0, dict.fromkeys((1, 2, 3, 4), 1))
    pond.tick(0)
    pond.set(piezometers(4), version=2)
    pond.engine = Engine.restore(pond.engine.snapshot())
    (signal,) = pond.tick(1)
    assert (signal["rule_version"], signal["from"], signal["to"], signal["flags"]) == (2, 0, 2, ["first"])
    assert pond.tick(2) == []


def test_a_composite_begun_over_raised_members_is_first() -> None:
    pond = Pond(piezometers(4))
    pond.read(0, dict.fromkeys((1, 2, 3, 4), 1))
    pond.composites = [WITHIN]
    pond.set(piezometers(4))
    assert [(s["to"], s["flags"]) for s in pond.tick(0)] == [(2, ["first"])]


def test_a_checkpoint_of_the_older_layout_is_refused() -> None:
    blob = Pond(piezometers(1), WITHIN).engine.snapshot()
    with pytest.raises(SnapshotError, match="version"):
        Engine.restore(blob.replace(MAGIC, b"SHOUTU-ENGINE-1\n", 1))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"items": []}, "params.items"),
        ({"items": ["a", "a"]}, "params.items"),
        ({"steps": []}, "params.steps"),
        ({"steps": [{"level": 2, "count": 3, "to": 2}]}, "params.steps.0.to"),
        ({"steps": [{"level": 2, "count": 0, "to": 3}]}, "params.steps.0.count"),
        ({"form": "k_of_n"}, "params.steps"),
        ({"within": LADDER}, "params.within"),
        ({"wait_s": -1}, "params.wait_s"),
        ({"count": 3}, "params.count"),
    ],
)
def test_wrong_parameters_are_named(change: dict[str, Any], field: str) -> None:
    with pytest.raises(ParamError) as found:
        parse("composite", {**WITHIN, **change})
    assert found.value.field == field


CALM_S, END_S = 60, 220
series = st.lists(st.tuples(st.integers(CALM_S, END_S - 40), st.integers(0, 4)), max_size=8)


def told(readings: dict[int, list[tuple[int, int]]], delays: dict[int, list[float]]) -> tuple[list[Any], int]:
    """Composite changes (event time, from, to), and how many changes came too late; a tick every second."""
    pond = Pond({**piezometers(3), 11: "shift"}, WITHIN | {"steps": LADDER[1:]}, ACROSS)
    arrivals = []
    for point, mine in readings.items():
        came = 0.0
        for k, (at, level) in enumerate([(0, 0), *sorted(mine), (END_S, 0)]):
            came = max(came, at + delays[point][k % len(delays[point])])  # a source keeps its order
            arrivals.append((came, point, at, level))
    arrivals.sort()
    found: list[Any] = []
    for clock in range(END_S + 40):
        while arrivals and arrivals[0][0] <= clock:
            came, point, at, level = arrivals.pop(0)
            pond.read(at, {point: level}, received_s=came)
        found += pond.tick(clock)
    changes = [(s["rule"], s["event_ts"], s["from"], s["to"]) for s in found]
    return sorted(changes, key=lambda c: c[:2]), pond.engine.counters["skewed"]


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_skew_below_the_wait_changes_nothing(data: Any) -> None:
    points = (1, 2, 3, 11)
    unique = {point: list(dict(data.draw(series)).items()) for point in points}
    skewed = {point: data.draw(st.lists(st.floats(0, 28.9), min_size=1, max_size=4)) for point in points}
    plain = told(unique, {point: [0.0] for point in points})
    assert told(unique, skewed) == plain
    assert plain[1] == 0


def test_readings_cost_no_step_of_composites_where_there_are_none() -> None:
    pond = Pond(piezometers(2))
    assert pond.engine._composites.memories() == ()
    assert len(pond.engine.readings(9, [1, 2], [T, T], T, np.array([1.0, 2.0]), [0, 0])) == 2
