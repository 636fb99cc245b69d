"""Lead times and false alarms: the faults are what they say, the packs find them, and what provokes would alarm."""

from __future__ import annotations

import numpy as np
import pytest

from bench import leads
from bench.report import leads_tables
from shoutu.engine.trial import Episode
from shoutu.sensing.simulate import faults
from shoutu.sensing.simulate.faults import KINDS, SORTS, Made, Provoked

SLOW = {"creeping_slope", "accelerating_slope", "seepage_rise"}


@pytest.mark.parametrize("item", SORTS)
def test_the_same_number_is_the_same_month(item: str) -> None:
    one, again, other = (faults.healthy(item, 7, number, 3.0) for number in (4, 4, 5))
    assert one.value.tobytes() == again.value.tobytes()
    assert one.ts.tobytes() == again.ts.tobytes()
    assert (one.ts.tobytes(), one.value.tobytes()) != (other.ts.tobytes(), other.value.tobytes())
    assert np.all(np.diff(one.ts) > 0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_lies_between_onset_and_truth(kind: str) -> None:
    made = faults.fault(kind, 7, 0)
    assert made.ts[0] < made.onset < made.truth
    before, at_end = made.value[made.ts <= made.onset], made.value[made.ts <= made.truth][-1]
    edge = {"seepage_rise": 6.0, "gas_build_up": 24.0, "fan_stop": 0.0, "inrush": 100.0}
    if kind in edge:
        assert abs(at_end - edge[kind]) <= 0.06 * max(abs(edge[kind]), 1)
        assert abs(np.median(before) - edge[kind]) > 0.9
    else:
        assert at_end - before[-1] > 15  # mm


@pytest.mark.parametrize("kind", KINDS)
def test_the_packs_find_every_kind(kind: str) -> None:
    found = leads.of_kind(kind, 2)
    assert found["found"] == 1
    if kind in SLOW:
        assert found["in_time"] == 1
        assert found["median_h"] > 24
    else:
        assert found["median_h"] > -0.1


@pytest.mark.parametrize(("item", "days"), [("phreatic_depth", 60.0), ("slope_displacement", 60.0), ("inflow", 10.0)])
def test_healthy_points_raise_at_most_one_false_alarm_a_month(item: str, days: float) -> None:
    assert leads.of_sort(item, 1, days=days)["false"] <= 2


def test_what_provokes_would_alarm_were_it_not_for_the_holds() -> None:
    made = faults.healthy("main_fan", 7, 0)
    bare = [{**rule, "params": {**rule["params"], "raise_for_s": 0}} if rule["kind"] == "threshold" else rule
            for rule in leads.rules_of("main_fan")]  # fmt: skip
    switched = sum(one.kind in {"switching", "spike"} for one in made.provoked)
    assert switched >= 3
    assert len(leads.told(made, bare)) >= switched // 2
    assert leads.told(made) == []


def made_up(**known: object) -> Made:
    none = np.zeros(0)
    blank = Made("co", none.astype(np.int64), none, none.astype(np.uint8), (), ())
    return blank._replace(**known)


def test_what_stood_before_the_onset_counts_for_nothing() -> None:
    hour = leads.HOUR_MS
    made = made_up(onset=10 * hour, truth=20 * hour)
    early = Episode(5 * hour, None, 4, ((1, 5 * hour), (2, 9 * hour), (3, 12 * hour), (4, 22 * hour)), None)
    assert leads.leads(made, [early]) == {3: 8.0}
    assert leads.leads(made, [early._replace(reached=((3, 20 * hour + 60_000),))])[3] == pytest.approx(-1 / 60)


def test_only_what_begins_and_ends_in_a_declared_window_is_asked_of_the_mine_alone() -> None:
    made = made_up(windows=((100, 200),))
    assert leads.asked(made, Episode(110, 150, 3, ((3, 110),), None))
    assert not leads.asked(made, Episode(110, 201, 3, ((3, 110),), None))
    assert not leads.asked(made, Episode(110, None, 3, ((3, 110),), None))
    assert not leads.asked(made, Episode(99, 150, 3, ((3, 99),), None))
    assert not leads.asked(made, Episode(110, 150, 4, ((4, 110),), None))
    assert not leads.asked(made._replace(item="inflow"), Episode(110, 150, 3, ((3, 110),), None))


def test_an_alarm_is_put_down_to_what_began_last() -> None:
    going_on = [Provoked("drift", 0, 100), Provoked("blasting", 50, 60)]
    assert [leads.cause(going_on, at) for at in (10, 55, 70, 101)] == ["drift", "blasting", "drift", "nothing"]


def test_the_tables_tell_share_lead_and_cause() -> None:
    kind = {
        "item": "co", "faults": 40, "found": 1.0, "in_time": 0.4, "median_h": 0.5,
        "levels": {"orange": {"share": 0.975, "median_h": -0.017, "worst_h": -0.02}},
    }  # fmt: skip
    sort = {
        "point_months": 12, "false": 6, "false_per_month": 0.5, "asked_per_month": 20.25,
        "false_undeclared_per_month": 20.75, "by_level": {}, "by_cause": {"drift": 6},
        "provocations": {"blasting": 312},
    }  # fmt: skip
    text = leads_tables({"leads": {"figures": {"kinds": {"gas_build_up": kind}, "sorts": {"co": sort}}}})
    assert "| gas_build_up | co | 100 % | 40 % | 30 min |  |  | 98 %: -1 min, -1 min |  |" in text
    assert "| co | 12 | **0.50** | 20.25 | 20.75 | drift 6 | blasting 312 |" in text
    assert leads_tables({}) == ""
