"""The response pack: the shipped one is what domain.md says; a wrong one names file, line and field."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoutu.county.duties import policy as policies
from shoutu.county.duties import policy_reader

FILE = Path(__file__).resolve().parents[3] / "packs/response/default.yaml"
TEXT = FILE.read_text("utf-8")


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def lane(level: int, duty: str) -> policies.Lane:
    return next(lane for lane in policy_reader.parse(TEXT, "x").levels[level].lanes if lane.duty == duty)


@pytest.mark.parametrize(
    ("level", "mine", "county", "leader", "feedback", "verify"),
    [(4, 5, 5, 15, 30, 120), (3, 10, 10, 30, 60, 240), (2, 15, 30, None, 120, 1440), (1, 30, 60, None, 240, None)],
)
def test_default_ladder_by_level(level, mine, county, leader, feedback, verify):
    dispose, check = lane(level, "warning.dispose"), lane(level, "warning.verify")
    assert dispose.chain[0] == policies.Rung("enterprise_duty", minutes(mine))
    assert check.chain[0] == policies.Rung("county_duty", minutes(county))
    assert dispose.due["feedback"] == minutes(feedback)
    assert check.due.get("verify") == (minutes(verify) if verify else None)
    leaders = [rung.answer for rung in dispose.chain if rung.who == "county_leader"]
    assert leaders == ([minutes(leader)] if leader else [])


def test_default_is_marked_unverified_and_withdraws_for_red_and_orange_only():
    policy = policy_reader.parse(TEXT, "x")
    assert policy.verified is False
    assert {level: response.withdraw for level, response in policy.levels.items()} == {
        1: False,
        2: False,
        3: True,
        4: True,
    }


def test_a_device_fault_never_calls_leaders():
    fault = policy_reader.parse(TEXT, "x").response(4, "fault")
    assert "county_leader" not in {rung.who for lane in fault.lanes for rung in lane.chain}


@pytest.mark.parametrize(
    ("old", "new", "line_of", "field", "words"),
    [
        ("{who: enterprise_duty, answer: 5 min}", "{who: enterprise_duty, answer: 5}", None, "answer", "unit"),
        ("{who: enterprise_duty, answer: 5 min}", "{who: porter, answer: 5 min}", None, "who", "porter"),
        ("{who: enterprise_duty, answer: 5 min}", "{who: enterprise_duty}", None, "answer", "missing"),
        ("version: 3", "version: three", None, "version", "whole number"),
        ("version: 3", "version: 3\nversion: 4", "version: 4", "version", "twice"),
        ("recall_after: 10 min", "recall_after: 999 d", None, "recall_after", "366"),
        ("withdraw: true", "withdraw: perhaps", None, "withdraw", "true or false"),
        ("title: 预警响应时限（默认）", "title: !!python/name:os.system x", None, "yaml", "tags"),
        ("note:", "remark:", None, "remark", "unknown"),
        ("levels:", "levels: [", None, "yaml", "not readable"),
    ],
)
def test_a_wrong_pack_names_file_line_and_field(old, new, line_of, field, words):
    text = TEXT.replace(old, new, 1)
    with pytest.raises(policies.PolicyError) as caught:
        policy_reader.parse(text, "packs/response/x.yaml")
    problem = next(problem for problem in caught.value.problems if problem.field.endswith(field))
    assert problem.file == "packs/response/x.yaml"
    assert words in problem.message
    if field != "yaml":
        wanted = line_of or new.splitlines()[0]
        assert wanted in text.splitlines()[problem.line - 1]


def test_red_has_a_rescue_team_stand_by_and_nothing_else_calls_one():
    policy = policy_reader.parse(TEXT, "x")
    standby = lane(4, "warning.standby")
    assert [rung.who for rung in standby.chain] == ["rescue_lead", "county_duty", "county_leader"]
    assert set(standby.due) == {"standby"}
    others = [*policy.levels.values(), policy.fault, policy.stopped, policy.blasting.response]
    calling = {
        one.duty for response in others for one in response.lanes if "rescue_lead" in {rung.who for rung in one.chain}
    }
    assert calling == {"warning.standby"}
    # A withdrawal for which a pack says nothing calls whom the first lane of red does.
    assert policy.levels[4].lanes[0].duty == "warning.dispose"


def test_a_chain_never_ends_with_the_rescue_lead():
    """A team nobody named, or that does not answer, would be where the call is lost."""
    chain = "          - {who: county_duty, answer: 10 min}\n          - {who: county_leader, answer: 15 min}\n"
    assert TEXT.count(f"{chain}        due: {{standby: 30 min}}") == 1
    text = TEXT.replace(f"{chain}        due: {{standby: 30 min}}", "        due: {standby: 30 min}")
    with pytest.raises(policies.PolicyError, match="rescue_lead cannot be the last") as caught:
        policy_reader.parse(text, "x")
    (problem,) = caught.value.problems
    assert problem.field.endswith("chain")
    assert "rescue_lead" in text.splitlines()[problem.line - 1]


def test_an_empty_file_says_where_to_start():
    with pytest.raises(policies.PolicyError, match=r"default\.yaml"):
        policy_reader.parse("", "x")


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_gives_a_policy_or_a_policy_error(text):
    with pytest.raises(policies.PolicyError):
        policy_reader.parse(text, "x")


@settings(deadline=None)
@given(st.integers(0, len(TEXT) - 1), st.integers(1, 200))
def test_a_pack_with_a_hole_never_breaks_the_reader(start, length):
    with contextlib.suppress(policies.PolicyError):
        assert policy_reader.parse(TEXT[:start] + TEXT[start + length :], "x").levels.keys() == {1, 2, 3, 4}
