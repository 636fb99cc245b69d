"""The pure course of a warning: stages by law, and when a change of level calls people anew."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoutu.county.warnings.course import Facts, Move, Stage, current_level, fallen, move, stage

T0 = datetime(2026, 7, 21, 14, 2, 18, tzinfo=UTC)
TEN = timedelta(minutes=10)

FACTS = st.builds(
    Facts,
    category=st.sampled_from(["risk", "fault"]),
    current=st.integers(0, 4),
    unknown=st.booleans(),
    answered=st.booleans(),
    result=st.sampled_from([None, "real", "false_alarm", "device_fault"]),
    disposed=st.booleans(),
    fed_back=st.booleans(),
    closed=st.just(False),
)


def facts(**changes):
    base = {
        "category": "risk",
        "current": 4,
        "unknown": False,
        "answered": True,
        "result": None,
        "disposed": False,
        "fed_back": False,
        "closed": False,
    }
    return Facts(**{**base, **changes})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"answered": False}, Stage.CALLING),
        ({}, Stage.VERIFYING),
        ({"result": "real"}, Stage.DISPOSING),
        ({"result": "real", "disposed": True}, Stage.FEEDBACK),
        ({"result": "real", "disposed": True, "fed_back": True}, Stage.FEEDBACK),
        ({"result": "real", "disposed": True, "fed_back": True, "current": 1}, Stage.CLOSABLE),
        ({"result": "real", "disposed": True, "fed_back": True, "current": 0, "unknown": True}, Stage.FEEDBACK),
        ({"result": "false_alarm"}, Stage.DISPOSING),
        ({"result": "false_alarm", "current": 1}, Stage.CLOSABLE),
        ({"category": "fault", "result": "device_fault", "current": 1}, Stage.DISPOSING),
        ({"category": "fault", "result": "device_fault", "current": 0}, Stage.CLOSABLE),
        ({"closed": True}, Stage.CLOSED),
    ],
)
def test_stage(changes, expected):
    assert stage(facts(**changes)) == expected


@given(FACTS)
def test_closable_only_when_verified_and_fallen_and_known(case):
    if stage(case) == Stage.CLOSABLE:
        assert case.result is not None
        assert fallen(case)
        assert not case.unknown


def moved(before, after, called, below=None, at=T0):
    return move(before=before, after=after, called_level=called, below_since=below, at=at, recall_after=TEN)


@pytest.mark.parametrize(
    ("before", "after", "called", "minutes_below", "expected"),
    [
        (2, 3, 2, None, Move.RISE),
        (0, 3, 2, 1, Move.RISE),
        (3, 2, 3, None, Move.NONE),
        (0, 2, 2, 1, Move.NONE),
        (0, 2, 2, 10, Move.AGAIN),
        (1, 3, 3, 60, Move.AGAIN),
        (1, 2, 3, 60, Move.AGAIN),
        (0, 1, 3, 60, Move.AGAIN),
        (1, 3, 4, 60, Move.AGAIN),
        (1, 3, 4, 1, Move.NONE),
        (2, 3, 4, 60, Move.NONE),
    ],
)
def test_move(before, after, called, minutes_below, expected):
    below = None if minutes_below is None else T0 - timedelta(minutes=minutes_below)
    assert moved(before, after, called, below) == expected


@pytest.mark.parametrize(
    ("before", "called", "risen", "dismissed", "expected"),
    [
        (3, 3, 3, True, Move.ANOTHER),
        (4, 4, 2, True, Move.ANOTHER),
        (3, 3, 1, True, Move.NONE),
        (3, 3, 3, False, Move.NONE),
        (3, 2, 3, False, Move.RISE),
        (3, 2, 2, False, Move.NONE),
    ],
)
def test_a_member_that_rises_behind_a_higher_one(before, called, risen, dismissed, expected):
    found = move(
        before=before, after=before, called_level=called, below_since=None, at=T0, recall_after=TEN,
        risen=risen, dismissed=dismissed,
    )  # fmt: skip
    assert found == expected


@given(st.lists(st.integers(0, 4), max_size=60))
def test_a_flapping_level_within_ten_minutes_calls_at_most_once_a_level(levels):
    """Any course of levels inside the recall time calls at most four times (once for each level first reached)."""
    called, before, below, calls = 0, 0, None, 0
    for i, level in enumerate(levels):
        at = T0 + timedelta(seconds=i)
        if moved(before, level, called, below, at) != Move.NONE:
            calls += 1
            called = level
        below = None if level >= called else (below or at)
        before = level
    assert calls == len({max(levels[: i + 1]) for i in range(len(levels))} - {0})


def test_current_level_is_the_highest_member():
    assert current_level([]) == 0
    assert current_level([1, 4, 2]) == 4
