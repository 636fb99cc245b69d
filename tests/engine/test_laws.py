"""The engine's laws (design §3), each on journals as nasty as hypothesis can make them."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shoutu.engine import Engine, RuleSet

from .journals import OPTIONS, POINTS, changed, comparable, journals, rule_sets, run_engine, run_reference

laws = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


@laws
@given(journals())
def test_engine_says_what_the_reference_says(journal: list[Any]) -> None:
    assert run_engine(journal) == run_reference(journal)


@laws
@given(journals(), st.sets(st.integers(0, 60)))
def test_batching_changes_nothing(journal: list[Any], cuts: set[int]) -> None:
    assert run_engine(journal, cuts=cuts) == run_engine(journal)


@laws
@given(journals(), st.sets(st.integers(0, 60), max_size=3))
def test_restart_from_any_checkpoint_changes_nothing(journal: list[Any], restarts: set[int]) -> None:
    assert run_engine(journal, restarts=restarts) == run_engine(journal)


def only(journal: list[Any], keep: Any) -> tuple[list[Any], list[int]]:
    """The journal of the points that ``keep`` accepts: their readings, all ticks and switches; and the old numbers."""
    part, numbers = [], []
    for seq, record in enumerate(journal):
        if record[0] == "switch":
            rules = record[1]
            points = tuple(p for p in rules.points if keep(p))
            kept = {p.id for p in points}
            sites = {p.site for p in points}
            record = ("switch", RuleSet(
                points, tuple(r for r in rules.rules if r.point in kept), rules.options,
                composites=tuple(c for c in rules.composites if c.site in sites),
            ))  # fmt: skip
        elif record[0] == "reading" and record[1] not in {p["id"] for p in POINTS if keep(Spec(p))}:
            continue
        part.append(record)
        numbers.append(seq)
    return part, numbers


class Spec:
    def __init__(self, entry: dict[str, Any]) -> None:
        self.id, self.site = entry["id"], entry["site"]


def plainly(signals: list[dict[str, Any]]) -> list[str]:
    return sorted(str({**s, "flags": sorted(s["flags"])}) for s in signals)


def renumbered(signals: list[dict[str, Any]], numbers: list[int]) -> list[str]:
    return plainly([{**s, "seq": numbers[s["seq"]], "ordinal": 0} for s in signals])


@laws
@given(journals())
def test_sharding_by_site_changes_nothing(journal: list[Any]) -> None:
    """Not even the numbers and ordinals, of which a signal's id is made."""
    parts: list[str] = []
    for site in (1, 2):
        part, numbers = only(journal, lambda p, site=site: p.site == site)
        parts += plainly(run_engine(part, numbers=numbers))
    assert sorted(parts) == plainly(run_engine(journal))


@laws
@given(journals(switches=False))
def test_points_do_not_disturb_each_other(journal: list[Any]) -> None:
    """Of readings alone (silence is judged together with a point's source and site by intent)."""
    journal = [record for record in journal if record[0] != "tick"]
    whole = [s for s in run_engine(journal) if s["rule"]]
    for point in POINTS:
        part, numbers = only(journal, lambda p, point=point: p.id == point["id"])
        alone = [s for s in run_engine(part) if s["rule"]]
        mine = [s for s in whole if s["point"] == point["id"]]
        assert renumbered(alone, numbers) == renumbered(mine, list(range(len(journal))))


@laws
@given(st.data(), journals(switches=False))
def test_rule_change_keeps_state_of_untouched_rules(data: Any, journal: list[Any]) -> None:
    journal = [record for record in journal if record[0] != "tick"]
    before = journal[0][1]
    at = data.draw(st.integers(1, len(journal)))
    rules = data.draw(rule_sets())
    touched = data.draw(st.sets(st.sampled_from([r.id for r in before.rules]))) if before.rules else set()
    # Changing an implausible or a threshold rule may change what its point takes for danger: that touches them all.
    touched |= {r.id for r in before.rules for t in before.rules if t.id in touched and t.point == r.point}
    kept = tuple(r for r in before.rules if r.id not in touched)
    del rules
    after = RuleSet(before.points, kept, OPTIONS)
    switched = [*journal[:at], ("switch", after), *journal[at:]]
    mine = [s for s in run_engine(switched) if s["rule"] and s["rule"] not in touched]
    plain = [s for s in run_engine(journal) if s["rule"] and s["rule"] not in touched]
    numbers = [seq if seq < at else seq - 1 for seq in range(len(switched))]
    assert renumbered(mine, numbers) == renumbered(plain, list(range(len(journal))))


@laws
@given(st.data(), journals())
def test_any_switch_leaves_the_engine_whole(data: Any, journal: list[Any]) -> None:
    """Whatever is switched, the checkpoint can be taken and read back, and the sums agree with their parts."""
    engine = Engine()
    for seq, (what, *rest) in enumerate(journal):
        if what == "reading":
            engine.readings(seq, *[np.array([value]) for value in rest])
        elif what == "tick":
            engine.tick(seq, *rest)
        else:
            engine.switch(seq, *rest)
    engine.switch(len(journal), data.draw(changed(engine.ruleset)))
    again = Engine.restore(engine.snapshot())
    assert again.snapshot() == engine.snapshot()
    assert again.ruleset == engine.ruleset
    ids = np.array([p["id"] for p in POINTS], np.int32)
    assert comparable([{"l": x} for x in again.levels(ids).tolist()]) == [{"l": x} for x in engine.levels(ids).tolist()]
