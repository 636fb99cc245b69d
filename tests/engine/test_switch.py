"""Switches: what is revised is what would be made anew; a carried level is said once more by the new version."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shoutu.engine import Engine, RuleSet
from shoutu.engine.state import build

from .journals import BASE, IDS, OPTIONS, changed, journals, rule_params, rule_sets, run_engine
from .reference import Reference
from .test_core import LIMIT, POINT, T, Watch, changes

laws = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))

point_entries = st.fixed_dictionaries(
    {"source": st.sampled_from([1, 2, 0, "x"]), "site": st.just(1)},
    optional={"low": st.sampled_from([-5, 3, None]), "high": st.sampled_from([2, 10]), "interval_s": st.just(10)},
)
bad = st.sampled_from([{}, {"level": 9}, None, {"levels": {"1": 3}}, {"low": 5, "high": 2}, {"low": 5}])


@st.composite
def rule_entries(draw: Any) -> dict[str, Any]:
    kind = draw(st.sampled_from(["threshold", "stuck", "implausible", "implausible", "no_data", "magic"]))
    params = draw(bad if kind == "magic" else st.one_of(rule_params(kind), bad))
    place = draw(st.sampled_from([1, 1, 2, 3, True, 1.0, [1], None, -1]))
    return {"version": draw(st.sampled_from([1, 2, 0])), "point": place, "kind": kind, "params": params}


def sections(numbers: list[int], entries: Any) -> Any:
    return st.dictionaries(st.sampled_from(numbers), entries).map(
        lambda found: {key: {**entry, "id": key} for key, entry in found.items()}
    )


def made(points: dict[int, Any], rules: dict[int, Any]) -> RuleSet:
    return RuleSet.from_catalog([], points.values(), rules.values())


@laws
@given(st.data())
def test_a_revised_rule_set_is_the_one_made_anew(data: Any) -> None:
    points = data.draw(sections([1, 2, 3, -4], point_entries))
    rules = data.draw(sections([1, 2, 3, 4, 5, 6, 0], rule_entries()))
    ruleset = made(points, rules)
    for _ in range(3):
        new_points, new_rules = (
            data.draw(sections([1, 2, 3, -4], point_entries)),
            data.draw(sections([1, 2, 3, 4, 5, 6, 0], rule_entries())),
        )
        gone_points = data.draw(st.sets(st.sampled_from([1, 2, 3]), max_size=1))
        gone_rules = data.draw(st.sets(st.sampled_from([1, 2, 3, 4, 5]), max_size=2))
        points = {k: v for k, v in points.items() if k not in gone_points} | new_points
        rules = {k: v for k, v in rules.items() if k not in gone_rules} | new_rules
        ruleset = ruleset.revised(points, rules, {*new_points, *gone_points}, {*new_rules, *gone_rules})
        anew = made(points, rules)
        assert ruleset == anew
        assert sorted(map(str, ruleset.problems)) == sorted(map(str, anew.problems))
        assert list(ruleset.by_point.items()) == list(anew.by_point.items())
        assert list(ruleset.by_rule.items()) == list(anew.by_rule.items())
        assert RuleSet.decode(ruleset.encode()) == ruleset


@laws
@given(st.data(), rule_sets())
def test_a_switch_with_nothing_heard_comes_to_a_fresh_state(data: Any, rules: RuleSet) -> None:
    engine = Engine()
    engine.switch(0, rules)
    for seq in range(2):
        engine.switch(seq, data.draw(changed(engine.ruleset)))
    fresh = build(engine.ruleset)
    for name, got, want in zip(fresh.arrays._fields, engine._state.arrays, fresh.arrays, strict=True):
        assert got.dtype == want.dtype
        assert got.tobytes() == want.tobytes(), name


@laws
@given(journals())
def test_only_a_carried_level_is_unknown_to_a_county_that_forgets_at_a_new_version(journal: list[Any]) -> None:
    """The engine's signals alone tell of every level but one that its rule's new version has not confirmed."""
    told = run_engine(journal)
    reference = Reference()
    known: dict[int, int] = {}
    for seq, (what, *rest) in enumerate(journal):
        if what == "switch":
            before = {rule.spec.id: rule.spec for point in reference.points.values() for rule in point.rules}
            reference.switch(*rest)
            known = {k: v for k, v in known.items() if before.get(k) == rest[0].by_rule.get(k)}
        elif what == "reading":
            reference.reading(seq, *rest)
        else:
            reference.tick(seq, *rest)
        for signal in told:
            if signal["seq"] == seq and signal["rule"] and signal["type"] == "level":
                known[signal["rule"]] = signal["to"]
        for point in reference.points.values():
            for rule in point.rules:
                assert rule.carried or rule.level == known.get(rule.spec.id, 0)
                assert rule.level or not rule.carried


@laws
@given(st.data(), journals())
def test_a_new_version_of_a_threshold_says_at_its_first_exceedance_how_things_stand(data: Any, journal: Any) -> None:
    """Every rule gets a new version; then one high reading per point: the county hears every threshold's level."""
    last = [rest[0] for what, *rest in journal if what == "switch"][-1]
    entries = [
        {"id": r.id, "version": r.version + 1, "point": r.point, "kind": "threshold",
         "params": {"levels": {"1": 5.0}, "raise_for_s": data.draw(st.sampled_from([0, 60]))}}
        for r in last.rules
        if r.kind == "threshold"
    ]  # fmt: skip
    points = [
        {"id": p.id, "source": p.source, "site": p.site, "interval_s": p.interval_s, "danger": "both"}
        for p in last.points
    ]
    at = BASE + 10**10
    tail: list[Any] = [("switch", RuleSet.from_catalog([], points, entries, OPTIONS))]
    tail += [("reading", key, at + k, at + k, 6.0, 0) for key in IDS for k in (0, 10_000)]
    reference = Reference()
    carried: set[int] = set()
    for seq, (what, *rest) in enumerate([*journal, *tail]):
        if what == "switch":
            reference.switch(*rest)
            carried = {r.spec.id for p in reference.points.values() for r in p.rules if r.carried}
        elif what == "reading":
            reference.reading(seq, *rest)
        else:
            reference.tick(seq, *rest)
    heard = {s["rule"]: s for s in run_engine([*journal, *tail]) if s["seq"] > len(journal) and s["rule"]}
    assert carried <= heard.keys()
    assert all(heard[rule]["to"] == reference_level(reference, rule) >= 1 for rule in carried)


def reference_level(reference: Reference, rule: int) -> int:
    return next(r.level for p in reference.points.values() for r in p.rules if r.spec.id == rule)


def renew(watch: Watch, kind: str, params: dict[str, Any]) -> None:
    rule = {"id": 1, "version": watch.ruleset.rules[0].version + 1, "point": 12, "kind": kind, "params": params}
    watch.ruleset = RuleSet.from_catalog([], [POINT], [rule])
    assert watch.ruleset.problems == ()
    watch.seq += 1
    watch.engine.switch(watch.seq, watch.ruleset)


def test_a_carried_threshold_level_is_said_once_more_as_first() -> None:
    watch = Watch(("threshold", LIMIT))
    watch.read(0, 60)
    renew(watch, "threshold", LIMIT)
    renew(watch, "threshold", {**LIMIT, "raise_for_s": 600})
    (signal,) = watch.read(20, 60)
    assert (signal["from"], signal["to"], signal["flags"], signal["threshold"]) == (0, 4, ["first"], 50)
    assert signal["rule_version"] == 3
    assert watch.read(40, 60) == []
    assert changes(watch.read(60, 0)) == [("threshold", 4, 0)]


def test_a_carried_level_survives_a_restart_unconfirmed() -> None:
    watch = Watch(("threshold", LIMIT))
    watch.read(0, 60)
    renew(watch, "threshold", LIMIT)
    watch.engine = Engine.restore(watch.engine.snapshot())
    assert [(s["to"], s["flags"]) for s in watch.read(20, 60)] == [(4, ["first"])]


def test_a_carried_level_within_the_hysteresis_is_confirmed_and_one_left_for_good_is_not() -> None:
    watch = Watch(("threshold", LIMIT))
    watch.read(0, 30)
    renew(watch, "threshold", {**LIMIT, "clear_for_s": 60})
    assert watch.read(20, 5) == []
    assert [(s["from"], s["to"], s["flags"]) for s in watch.read(40, 22.5)] == [(0, 2, ["first"])]
    renew(watch, "threshold", {**LIMIT, "clear_for_s": 60})
    assert watch.read(60, 5) == []
    assert changes(watch.read(120, 5)) == [("threshold", 2, 0)]


def test_a_higher_level_is_first_too_when_the_one_below_was_carried() -> None:
    watch = Watch(("threshold", LIMIT))
    watch.read(0, 30)
    renew(watch, "threshold", LIMIT)
    assert [(s["from"], s["to"], s["flags"]) for s in watch.read(20, 60)] == [(2, 4, ["first"])]
    assert changes(watch.read(40, 30)) == [("threshold", 4, 2)]


def test_a_carried_rate_is_said_at_its_first_judgement() -> None:
    params = {"levels": {"3": 6.0}, "window_s": 600, "interval_s": 60, "min_samples": 3}
    watch = Watch(("rate", params))
    assert changes([s for k in range(5) for s in watch.read(60 * k, k)]) == [("rate", 0, 3)]
    renew(watch, "rate", params)
    told = [(k, s["from"], s["to"], s["flags"]) for k in range(5, 10) for s in watch.read(60 * k, k)]
    assert told == [(5, 0, 3, ["first"])]


def test_what_was_gathered_goes_on_where_only_levels_change() -> None:
    """A month's tonnes must not be lost because a limit moved: the month would look empty."""
    month = {"levels": {"3": 100}, "period": "month"}
    watch = Watch(("quota", month))
    assert changes([s for k in range(3) for s in watch.read(60 * k, 20)]) == []
    renew(watch, "quota", {**month, "levels": {"3": 70}, "clear_for_s": 600})
    (signal,) = watch.read(180, 20)
    assert (signal["to"], signal["aux"]) == (3, 80.0)
    renew(watch, "quota", {**month, "period": "year"})
    (signal,) = watch.read(240, 20)
    assert (signal["to"], signal["aux"]) == (0, 20.0)  # another period: nothing is known of it


def test_a_forecast_goes_on_with_its_samples_where_only_the_target_moves() -> None:
    ahead = {"levels": {"2": 5}, "target": 100, "window_s": 1200, "interval_s": 60, "min_samples": 12}
    watch = Watch(("forecast", ahead))
    assert changes([s for k in range(20) for s in watch.read(60 * k, 0.1 * k)]) == []
    renew(watch, "forecast", {**ahead, "target": 20})
    assert changes(watch.read(60 * 20, 2.0)) == [("forecast", 0, 2)]


def test_carried_faults_are_said_once_more_with_the_new_versions_level() -> None:
    watch = Watch(("implausible", {"count": 2}))
    watch.read(0, -3)
    watch.read(20, -3)
    renew(watch, "implausible", {"count": 2, "level": 2})
    assert watch.read(40, -3) == []
    assert [(s["from"], s["to"], s["flags"]) for s in watch.read(60, -3)] == [(0, 2, ["first"])]
    assert watch.read(80, -3) == []
    silent = Watch(("no_data", {"after_s": 60}))
    silent.read(0, 5)
    assert changes([s for at in range(0, 80, 10) for s in silent.tick(at)]) == [("no_data", 0, 1)]
    renew(silent, "no_data", {"after_s": 60, "level": 2})
    assert [(s["from"], s["to"], s["flags"]) for s in silent.tick(80)] == [(0, 2, ["first"])]
    assert silent.tick(90) == []
    assert changes(silent.read(100, 5)) == [("no_data", 2, 0)]


def test_a_carried_flat_line_is_said_once_more_when_no_good_reading_cleared_it() -> None:
    watch = Watch(("stuck", {"window_s": 40, "min_samples": 3}))
    assert changes([s for k in range(3) for s in watch.read(20 * k, 5)]) == [("stuck", 0, 1)]
    renew(watch, "stuck", {"window_s": 40, "min_samples": 3})
    told = [(k, s["from"], s["to"], s["flags"]) for k in range(3, 8) for s in watch.read(20 * k, 5, quality=1)]
    assert told == [(5, 0, 1, ["first"])]


@pytest.mark.parametrize("touched", [1, 2, 900])
def test_state_of_other_points_is_the_same_bytes_after_a_switch(touched: int) -> None:
    points = [{**POINT, "id": key} for key in (1, 2, 900)]
    rules = [
        {"id": at * 10 + k, "version": 1, "point": key, "kind": kind, "params": params}
        for at, key in enumerate((1, 2, 900))
        for k, (kind, params) in enumerate(
            [("threshold", LIMIT), ("rate", {"levels": {"3": 5}, "window_s": 600, "interval_s": 60}),
             ("stuck", {"window_s": 40}), ("implausible", {}), ("no_data", {"after_s": 60})], 1
        )
    ]  # fmt: skip
    engine = Engine()
    engine.switch(0, RuleSet.from_catalog([], points, rules))
    for k in range(20):
        engine.readings(k * 3, [1, 2, 900], np.full(3, T + k * 20_000), T + k * 20_000, [60.0, 5.0, -3.0], [0, 0, 0])
    before = engine._state.arrays
    new = [{**r, "version": 2} if r["point"] == touched and r["kind"] != "stuck" else r for r in rules]
    more = {"id": 99, "version": 1, "point": touched, "kind": "threshold", "params": LIMIT}
    engine.switch(99, RuleSet.from_catalog([], points, [*new, more]))
    after = engine._state.arrays
    for at, key in enumerate((1, 2, 900)):
        assert after.seen[at].tobytes() == before.seen[at].tobytes()
        if key != touched:
            a, b = before.points[at], after.points[at]
            old, now = slice(a["first"], a["end"]), slice(b["first"], b["end"])
            assert after.rules[now].tobytes() == before.rules[old].tobytes()
            assert after.since[now].tobytes() == before.since[old].tobytes()
            for x, y in zip(before.cold[old], after.cold[now], strict=True):
                mine, theirs = slice(x["offset"], x["offset"] + x["cap"]), slice(y["offset"], y["offset"] + y["cap"])
                assert before.sample_ts[mine].tolist() == after.sample_ts[theirs].tolist()
                assert before.sample_value[mine].tolist() == after.sample_value[theirs].tolist()
