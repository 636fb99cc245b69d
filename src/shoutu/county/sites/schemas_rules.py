"""What the API shows of one rule: what it said before, and what a change of it would have done."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from ninja import Schema
from pydantic import ConfigDict

from shoutu.county.sites.schemas import Rule


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
