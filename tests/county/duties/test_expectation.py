"""What the auditor expects of a duty, from its rows alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from shoutu.county.duties.expectation import CallFact, ClockFact, DutyFact, Missed, missed

T0 = datetime(2026, 7, 21, 14, 0, tzinfo=UTC)
GRACE = timedelta(seconds=15)


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def call(rung: int, start: float, due: float, state: str = "calling", ended: float | None = None, round_: int = 1):
    return CallFact(round_, rung, state, at(start), at(due), None if ended is None else at(ended))


def duty(*calls: CallFact, clocks: tuple[ClockFact, ...] = (), state: str = "called", chain: int = 3) -> DutyFact:
    return DutyFact(7, state, T0, chain, calls, clocks)


def test_nothing_is_missed_before_its_time_and_within_grace():
    running = duty(call(0, 0, 5))
    assert missed(running, at(5), GRACE) == []
    assert missed(running, at(5.25), GRACE) == []


def test_an_unanswered_call_past_its_time_misses_the_next_rung():
    assert missed(duty(call(0, 0, 5)), at(5.3), GRACE) == [Missed(7, "call:1:1", at(5))]


def test_a_duty_without_any_call_misses_its_first():
    assert missed(duty(), at(1), GRACE) == [Missed(7, "call:1:0", T0)]


def test_a_declined_call_is_to_be_followed_at_once():
    declined = duty(call(0, 0, 5, "declined", ended=2))
    assert missed(declined, at(2.2), GRACE) == []
    assert missed(declined, at(2.3), GRACE) == [Missed(7, "call:1:1", at(2))]


def test_an_empty_post_is_to_be_skipped_at_once():
    empty = duty(call(0, 0, 0, "nobody", ended=0))
    assert missed(empty, at(0.3), GRACE) == [Missed(7, "call:1:1", T0)]


def test_after_the_last_rung_the_chain_starts_again():
    spent = duty(call(0, 0, 5), call(1, 5, 10), call(2, 10, 25))
    assert missed(spent, at(25), GRACE) == []
    assert missed(spent, at(26), GRACE) == [Missed(7, "call:2:0", at(25))]


def test_an_answered_duty_expects_no_call_but_its_clocks():
    late = ClockFact("feedback", at(30), None, None)
    answered = duty(call(0, 0, 5, "answered", ended=3), state="answered", clocks=(late,))
    assert missed(answered, at(30), GRACE) == []
    assert missed(answered, at(31), GRACE) == [Missed(7, "overdue:feedback", at(30))]


def test_a_clock_met_or_acted_on_is_not_missed():
    met = ClockFact("feedback", at(30), at(20), None)
    acted = ClockFact("verify", at(30), None, at(30))
    assert missed(duty(state="answered", clocks=(met, acted)), at(99), GRACE) == []
