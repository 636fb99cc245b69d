"""The course of one warning: pure arithmetic over the levels of its members and what people have done.

A *member* is one (rule, point) that took part. The warning stands at the highest level of its members; silence
never lowers a member, because the engine then sends no signal. What people did (verify, dispose, feedback) moves
the stage; the stage never closes a warning whose danger still stands.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

YELLOW = 2


class Stage(StrEnum):
    """Where a warning stands, in order of law."""

    CALLING = "calling"
    VERIFYING = "verifying"
    DISPOSING = "disposing"
    FEEDBACK = "feedback"
    CLOSABLE = "closable"
    CLOSED = "closed"


class Result(StrEnum):
    """What verification found."""

    REAL = "real"
    FALSE_ALARM = "false_alarm"
    DEVICE_FAULT = "device_fault"


@dataclass(frozen=True, slots=True)
class Facts:
    """What decides the stage of a warning. ``unknown`` is true while a member's readings are missing."""

    category: str
    current: int
    unknown: bool
    answered: bool
    result: str | None
    disposed: bool
    fed_back: bool
    closed: bool


def fallen(facts: Facts) -> bool:
    """Whether the danger has gone: a risk below yellow, a fault mended. Unknown is never gone."""
    limit = YELLOW if facts.category == "risk" else 1
    return facts.current < limit and not facts.unknown


def stage(facts: Facts) -> Stage:
    """The stage these facts put a warning in."""
    if facts.closed:
        return Stage.CLOSED
    if facts.result is None:
        return Stage.VERIFYING if facts.answered else Stage.CALLING
    if facts.result == Result.REAL:
        if not facts.disposed:
            return Stage.DISPOSING
        return Stage.CLOSABLE if facts.fed_back and fallen(facts) else Stage.FEEDBACK
    return Stage.CLOSABLE if fallen(facts) else Stage.DISPOSING


def current_level(levels: Iterable[int]) -> int:
    """The level a warning stands at: the highest of its members; 0 with none."""
    return max(levels, default=0)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a signal stands: its place in its shard's journal, and when its reading was received (UTC ms)."""

    shard: int
    seq: int
    ordinal: int
    received: int


APART_MS = 60_000
"""Further apart than this the time of receipt decides which came later: a journal begun anew counts from 1 again."""


def later(one: Place, other: Place) -> bool:
    """Whether `one` was told after `other`, whatever the order they are taken in.

    Within one journal its order decides (receipts of doors side by side may cross by moments). Between shards, and
    where a journal was lost and its numbers start again, the time of receipt does.
    """
    if one.shard != other.shard or abs(one.received - other.received) > APART_MS:
        return one.received > other.received
    return (one.seq, one.ordinal) > (other.seq, other.ordinal)


class Move(StrEnum):
    """What a change of level asks of the people."""

    NONE = "none"
    OPEN = "open"
    RISE = "rise"
    AGAIN = "again"
    ANOTHER = "another"


def move(
    *, before: int, after: int, called_level: int, below_since: datetime | None, at: datetime, recall_after: timedelta,
    risen: int = 0, dismissed: bool = False,
) -> Move:  # fmt: skip
    """Whether an open warning whose level went from ``before`` to ``after`` must call people anew.

    ``called_level`` is the level they were last called for; ``below_since`` is since when the warning has stood
    below it (None while it has not). Above the called level: RISE. Back at it, or back from below yellow, after
    ``recall_after`` or more: AGAIN. A flap in between is counted by the caller and calls nobody.

    ``risen`` is the level a member has just risen to (0: none has), which a member that stands as high or higher may
    hide. ``dismissed``: what people have found false or a device's fault does not speak of that member: to yellow or
    more it calls them, as ANOTHER.
    """
    if dismissed and risen >= YELLOW:
        return Move.ANOTHER
    if risen > called_level:
        return Move.RISE
    if after <= before:
        return Move.NONE
    if after > called_level:
        return Move.RISE
    back = after == called_level or before < YELLOW
    if back and below_since is not None and at - below_since >= recall_after:
        return Move.AGAIN
    return Move.NONE
