"""What the API shows of one rule: what it said before, and what a change of it would have done."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from ninja import Schema
from pydantic import ConfigDict, Field

from shoutu.county.sites.schemas import Rule, Threshold


class VersionRow(Schema):
    """What a rule said, or would say. `proposal`: the one it waits in; null where it waits for nobody."""

    number: int
    sentence: str
    params: dict[str, Any]
    enabled: bool
    state: Literal["proposed", "in_force", "replaced", "rejected"]
    reason: str
    proposed_by: str
    proposed_at: datetime
    decided_by: str
    decided_at: datetime | None
    proposal: int | None


class RuleDetail(Rule):
    """A rule whole, newest version first. `pack`: the title of the pack it was bound from, "" for one made by hand.

    `interval_s`: seconds between readings of its point; 0 for a composite.
    """

    unit: str
    interval_s: float
    axis: Literal["up", "down"]
    decimals: int | None
    pack: str
    pack_name: str
    item: str
    versions: list[VersionRow]
    may_edit: bool


class CheckIn(Schema):
    """A change of a rule, to be looked at only; without `params` only `enabled` changes."""

    model_config = ConfigDict(extra="forbid")
    params: dict[str, Any] | None = None
    enabled: bool = True


class Checked(Schema):
    """What proposing it would do: `nothing`, hold `at_once`, or wait for a `second_person`."""

    params: dict[str, Any]
    sentence: str
    effect: Literal["nothing", "at_once", "second_person"]


class TrialIn(CheckIn):
    """`days`: how far back; more than the history there is gives what there is."""

    days: int = Field(30, ge=1, le=366)


class TriedEpisode(Schema):
    """A time above normal, at its highest level. `end`: null while it had not ended."""

    start: datetime
    end: datetime | None
    level: int
    value: float | None


class LevelCount(Schema):
    level: int
    n: int


class TriedSide(Schema):
    """What a version of the rule says of the history. `late`: readings come too late to hold a level, beyond a limit.

    `counts`: episodes by their highest level; `episodes`: of more than 2,000 the newest.
    """

    enabled: bool
    levels: list[Threshold]
    counts: list[LevelCount]
    late: int
    episodes: list[TriedEpisode]


class TriedWarning(Schema):
    """A warning of the point in that time, and what the change would have made of it.

    Judged by all rules of danger of the point together. `verdict`: missed (not raised), lower (not to its level),
    later, same, sooner; unmatched: the rules in force now do not raise it either; new: only the change raises it;
    untried: the trial has no readings of its time, or of a part of it and sees no harm there.
    `delay_s`: how much later its level, or its first call, would have come.
    """

    id: int
    number: str
    title: str
    level: int
    started_at: datetime
    ended_at: datetime | None
    result: Literal["real", "false_alarm", "device_fault"] | None
    verdict: Literal["missed", "lower", "later", "same", "sooner", "unmatched", "new", "untried"]
    delay_s: float | None


class Trial(Schema):
    """A change tried on the point's stored readings. `now`: by what is in force, `then`: by the change.

    `first`, `last`: the readings there are; `until`: where a history too long for one trial was cut.
    `warnings`: those verified real that the change would harm come first.
    """

    days: int
    start: datetime
    end: datetime
    effect: Literal["nothing", "at_once", "second_person"]
    readings: int
    first: datetime | None
    last: datetime | None
    until: datetime | None
    now: TriedSide
    then: TriedSide
    warnings: list[TriedWarning]
