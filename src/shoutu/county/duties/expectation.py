"""What should have happened to a duty by now, worked out from its rows alone.

Used by the auditor only. It deliberately shares nothing with the code that climbs: it does not read the
climber's own agenda (``climb_at``) but the calls and clocks people can see, so that a mistake in the one
is found by the other. Pure: plain data in, findings out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class CallFact:
    """One call as it stands in its row."""

    round: int
    rung: int
    state: str
    called_at: datetime
    due_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class ClockFact:
    """One stage clock as it stands in its row; ``overdue_at`` is when its passing was acted on."""

    stage: str
    due_at: datetime
    done_at: datetime | None
    overdue_at: datetime | None


@dataclass(frozen=True, slots=True)
class DutyFact:
    """One open duty; ``chain`` is the number of rungs of its policy, 0 for one that climbs to nobody.

    ``held_until``: no call is expected before this.
    """

    id: int
    state: str
    opened_at: datetime
    chain: int
    calls: Sequence[CallFact]
    clocks: Sequence[ClockFact]
    held_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Missed:
    """A step that fell due at ``due_at`` and has not happened."""

    duty: int
    step: str
    due_at: datetime


def missed(duty: DutyFact, now: datetime, grace: timedelta) -> list[Missed]:
    """Every step of this duty that fell due more than ``grace`` ago and has left no trace."""
    found = [
        Missed(duty.id, f"overdue:{clock.stage}", clock.due_at)
        for clock in duty.clocks
        if clock.done_at is None and clock.overdue_at is None and clock.due_at + grace < now
    ]
    look = {"called": _missed_call, "answered": _missed_telling}.get(duty.state)
    call = look(duty, now, grace) if look is not None else None
    return [*found, call] if call is not None else found


def _missed_telling(duty: DutyFact, now: datetime, grace: timedelta) -> Missed | None:
    """The next one up who should have been told by now that a stage is late, until one of them has answered."""
    late = [clock.overdue_at for clock in duty.clocks if clock.overdue_at is not None and clock.done_at is None]
    told = [call for call in duty.calls if late and call.called_at >= min(late)]
    if not told or any(call.state == "answered" for call in told):
        return None
    last = max(told, key=lambda call: (call.round, call.rung))
    if last.rung + 1 >= duty.chain or last.due_at + grace >= now:
        return None
    return Missed(duty.id, f"call:{last.round}:{last.rung + 1}", last.due_at)


def _missed_call(duty: DutyFact, now: datetime, grace: timedelta) -> Missed | None:
    """The next call that should exist by now, or None. After the last rung the chain starts again."""
    if duty.chain == 0 or (duty.held_until is not None and duty.held_until + grace >= now):
        return None
    if not duty.calls:
        since = max(duty.opened_at, duty.held_until or duty.opened_at)
        return Missed(duty.id, "call:1:0", since) if since + grace < now else None
    last = max(duty.calls, key=lambda call: (call.round, call.rung))
    if last.state == "answered":
        return None
    over = last.due_at
    if duty.held_until is not None and last.called_at < duty.held_until:
        over = max(over, duty.held_until)
    if last.state in ("declined", "nobody"):
        over = last.ended_at or last.called_at
        round_over = max(call.due_at for call in duty.calls if call.round == last.round)
        if last.rung + 1 >= duty.chain:
            over = max(over, round_over)
    if over + grace >= now:
        return None
    following = (last.round, last.rung + 1) if last.rung + 1 < duty.chain else (last.round + 1, 0)
    return Missed(duty.id, f"call:{following[0]}:{following[1]}", over)
