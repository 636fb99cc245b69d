"""What the API shows of warnings. Names are those the face's generated client reads."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from ninja import Schema
from pydantic import Field

from shoutu.county.duties.schemas import Action, ChainRow, Clock


class SiteBrief(Schema):
    """Where."""

    id: int
    name: str
    kind: str
    territory: str
    organisation: str


class PointBrief(Schema):
    """By which point."""

    id: int
    name: str
    address: str
    unit: str


class Warning(Schema):
    """One warning as a row of the list. `category`: a risk, or a device fault (which is no level of danger)."""

    id: int
    number: str
    category: Literal["risk", "fault"]
    level: int
    peak_level: int
    current_level: int
    state: Literal["calling", "verifying", "disposing", "feedback", "closable", "closed"]
    title: str
    site: SiteBrief
    item: str
    point: PointBrief | None
    value: float | None
    threshold: float | None
    direction: str | None
    sentence: str
    started_at: datetime
    last_signal_at: datetime
    ended_at: datetime | None
    count: int
    answered: int
    called: int
    clock: Clock | None
    result: Literal["real", "false_alarm", "device_fault"] | None
    reason: str
    backfill: bool
    verified_source: bool
    unknown_now: bool


class RuleBrief(Schema):
    """By which rule."""

    id: int
    version: int
    kind: str
    sentence: str
    cite: str
    verified: bool


class Threshold(Schema):
    """One limit: at or beyond `value` in `direction` the level is reached."""

    level: int
    value: float
    direction: Literal["high", "low"]


class LevelEvent(Schema):
    """A change of level, in event time."""

    at: datetime
    level_from: int
    level_to: int
    value: float | None


class WarningBrief(Schema):
    """A warning in one line."""

    id: int
    number: str
    level: int
    started_at: datetime
    title: str
    state: str
    result: str | None
    reason: str


class LedgerRef(Schema):
    """Where in the ledger its newest sealed entry stands."""

    index: int
    leaf_hash: str


class WarningDetail(Warning):
    """One warning with its rule, people, course, and what may be done now."""

    rule: RuleBrief | None
    thresholds: list[Threshold]
    axis: Literal["up", "down"]
    events: list[LevelEvent]
    actions: list[Action]
    chain: list[ChainRow]
    before: list[WarningBrief]
    ledger: LedgerRef | None


class VerifyIn(Schema):
    """`reason`: a code (calibration, power_switch, sensor_moved, exhaust, blasting, transmission, wrong_threshold,
    other) or words of one's own; needed for a false alarm."""

    result: Literal["real", "false_alarm", "device_fault"]
    reason: str = Field("", max_length=60)
    note: str = Field("", max_length=2000)


class DisposeIn(Schema):
    """`withdraw`: work stopped and people taken out (停产撤人)."""

    note: str = Field(max_length=2000)
    withdraw: bool = False
