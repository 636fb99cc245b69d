"""What the API shows of unclaimed addresses, and what adopting them takes."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from ninja import Schema
from pydantic import ConfigDict, Field

from shoutu.county.sites.schemas import Named, Point, PointFields

Danger = Literal["high", "low", "both", "none"]
Axis = Literal["up", "down"]


class Unclaimed(Schema):
    """An address without a point of its source. `hindrance`: why it cannot be adopted, "" when it can."""

    id: int
    source: Named
    site: Named | None
    address: str
    count: int
    first_at: datetime
    last_at: datetime
    last_value: float | None
    reason: str
    hindrance: Literal["", "foreign", "number", "blank", "long"]


class Suggestion(Schema):
    """What an address probably is. `by`: "like" the point named, from the "address" itself, or "nothing".

    `measured_s`: seconds between readings as they came; null when too few came to tell.
    """

    site: Named | None
    name: str
    item: str
    item_title: str
    unit: str
    low: float | None
    high: float | None
    danger: Danger
    axis: Axis
    interval_s: float
    measured_s: float | None
    by: Literal["like", "address", "nothing"]
    like: Named | None


class AdoptRow(Schema):
    """One address and the name its point gets; the address where empty."""

    model_config = ConfigDict(extra="forbid")
    id: int = Field(ge=1)
    name: str = Field("", max_length=120)


class AdoptIn(PointFields):
    """Addresses that measure the same at one site."""

    rows: list[AdoptRow] = Field(min_length=1, max_length=100)


class Adopted(Schema):
    """The points made, in the order asked."""

    points: list[Point]


class Item(Schema):
    """A monitored item of a rule pack. `kinds`: the kinds of site the pack is made for; `low`, `high`: what the sensor
    can show, in `unit`."""

    id: str
    title: str
    unit: str
    danger: Danger
    axis: Axis
    low: float | None
    high: float | None
    interval_s: float | None
    pack: str
    kinds: list[str]


class Items(Schema):
    """All items, on one page."""

    items: list[Item]
    next: str | None
    count: int
