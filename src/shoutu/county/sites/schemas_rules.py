"""What the API shows of one rule: what it said before, and what a change of it would have done."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from ninja import Schema
from pydantic import AwareDatetime, ConfigDict, Field

from shoutu.county.sites.schemas import Named, Rule, Threshold


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


class KnownEvent(Schema):
    """Something that really happened. `start`: the moment a warning has to come before; without `end` one moment."""

    model_config = ConfigDict(extra="forbid")
    start: AwareDatetime
    end: AwareDatetime | None = None
    name: str = Field("", max_length=60)


class BacktestIn(Schema):
    """A period, and what really happened in it. Without `events`: the point's orange and red warnings verified real.

    `before_h`: how long before an event a signal is taken for its warning.
    """

    model_config = ConfigDict(extra="forbid")
    start: AwareDatetime
    end: AwareDatetime
    events: list[KnownEvent] | None = Field(None, max_length=200)
    before_h: float = Field(72, ge=0, le=24 * 366)


class BacktestEvent(Schema):
    """`warning`: the warning it was taken from. `read`: whether the point has readings of its window."""

    start: datetime
    end: datetime
    name: str
    warning: int | None
    read: bool


class BacktestLevel(Schema):
    """What a level was worth. `lead`: per event the hours it came before it, null where it did not come.

    `tried`: events with readings, `missed` of them. `false`: times it began with no event near; `false_hours`: how
    long it stood then; each also per month of the point's readings.
    """

    level: int
    lead: list[float | None]
    median_lead: float | None
    tried: int
    missed: int
    false: int
    false_per_month: float | None
    false_hours: float
    false_hours_per_month: float | None


class BacktestStood(Schema):
    """A time a level, or one above it, was held; those hardly apart as one. `end`: null while it had not ended."""

    level: int
    start: datetime
    end: datetime | None


class BacktestRow(Schema):
    """The rule with every threshold times `factor` (of a band the widths)."""

    factor: float
    params: dict[str, Any]
    levels: list[Threshold]
    at: list[BacktestLevel]
    stood: list[BacktestStood]


class Backtest(Schema):
    """A rule over what is kept of its point: as it is in force (`now`) and with its thresholds moved (`sweep`).

    `until`: where a history too long for one answer was cut. `of_warnings`: the events are warnings of ours, dated
    from when they began.
    """

    start: datetime
    end: datetime
    before_h: float
    readings: int
    first: datetime | None
    last: datetime | None
    until: datetime | None
    of_warnings: bool
    events: list[BacktestEvent]
    now: BacktestRow
    sweep: list[BacktestRow]


class BacktestManyIn(BacktestIn):
    """Every rule of a pack, of a site, or of a pack at a site. `events` only with a `site`.

    `after`: go on behind this rule, as the `next` of the answer before said.
    """

    pack: str = Field("", max_length=120)
    site: int | None = Field(None, ge=1)
    after: int = Field(0, ge=0)


class BacktestBrief(Schema):
    """What a level was worth over all events, as in `BacktestLevel`."""

    level: int
    tried: int
    missed: int
    median_lead: float | None
    false: int
    false_per_month: float | None
    false_hours_per_month: float | None


class BacktestManyRow(Schema):
    """A rule as it is in force. `why`: what keeps it from being backtested, null where it was.

    `events`: those of the period, `unread` of them without readings; `until`: where a history too long was cut.
    """

    id: int
    title: str
    kind: str
    point: Named
    site: Named
    why: str | None
    readings: int
    until: datetime | None
    events: int
    unread: int
    levels: list[BacktestBrief]


class BacktestLeft(Schema):
    """Rules that are not in the answer: switched off, of several points, of the device; `later`: not yet reached."""

    off: int
    together: int
    device: int
    later: int


class BacktestMany(Schema):
    """Rules of a pack or site, one row each, in order of number. `count`: those that can be backtested.

    At most 40 a go, and none is begun after 20 seconds; `next` goes into `after` for those that follow.
    """

    title: str
    site: Named | None
    start: datetime
    end: datetime
    before_h: float
    of_warnings: bool
    items: list[BacktestManyRow]
    count: int
    left: BacktestLeft
    next: int | None
