"""What the API shows of taking up a pack at many sites."""

from __future__ import annotations

from typing import Literal

from ninja import Schema
from pydantic import ConfigDict, Field

from shoutu.county.sites.schemas import Named


class PlanIn(Schema):
    """Which sites; null: all in sight the pack is made for."""

    model_config = ConfigDict(extra="forbid")
    sites: list[int] | None = Field(None, max_length=1000)


class BindManyIn(Schema):
    model_config = ConfigDict(extra="forbid")
    sites: list[int] = Field(min_length=1, max_length=1000)


class PlannedRule(Schema):
    """One rule the pack asks for that is not as it is. `place`: its point, "" for a composite."""

    effect: Literal["added", "tightened", "waits", "asked"]
    place: str
    title: str
    sentence: str


class SitePlan(Schema):
    """What taking up the pack does at a site. `bound_version`: null where it does not watch the site yet.

    `added` and `tightened` rules hold at once, `waits`: a second person must agree (weaker, switched off, below the
    law), `asked`: that was asked of one already; `unknown_points`: measured items no rule of the pack speaks of;
    `missing`: becomes findings with duties.
    """

    site: Named
    kind: str
    organisation: str
    territory: str
    bound_version: str | None
    points: int
    unknown_points: int
    added: int
    tightened: int
    waits: int
    asked: int
    same: int
    changes: list[PlannedRule]
    missing: list[str]
    optional: list[str]


class Plan(Schema):
    """A row a site. `most`: how many sites one go takes."""

    items: list[SitePlan]
    next: str | None = None
    count: int
    most: int
