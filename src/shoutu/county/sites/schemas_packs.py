"""What the API shows of rule packs and of what watches a site."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from ninja import Schema

from shoutu.county.duties.schemas import Clock
from shoutu.county.sites.schemas import Finding, Named, PointRule


class PackRow(Schema):
    """A rule pack of this installation. `problem`: it cannot be read, and why. `sites`: how many it watches."""

    name: str
    title: str
    version: int
    cite: str
    note: str
    verified: bool
    kinds: list[str]
    indicators: int
    rules: int
    unverified: int
    required: int
    sites: int
    problem: str | None


class Packs(Schema):
    """All packs, on one page."""

    items: list[PackRow]
    next: str | None = None
    count: int


class PackBound(Schema):
    """One level of a rule as the pack writes it: a figure, or arithmetic of design values."""

    level: int
    bound: str


class PackRule(Schema):
    """A rule as the pack writes it. `hold_s`: how long it must last; `window_s`: over which a slope is taken."""

    id: str
    title: str
    kind: str
    levels: list[PackBound]
    unit: str
    hold_s: float | None
    window_s: float | None
    cite: str
    verified: bool
    note: str


class PackItem(Schema):
    """A monitored item with its rules."""

    id: str
    title: str
    unit: str
    cite: str
    verified: bool
    rules: list[PackRule]


class PackNeed(Schema):
    """Something a standard requires to be monitored."""

    id: str
    title: str
    count: int
    cite: str
    verified: bool


class PackValue(Schema):
    """A design value the pack asks for. `how`: design, by table, derived, or a default where the site says nothing."""

    id: str
    title: str
    unit: str
    how: Literal["design", "table", "derived", "default"]
    formula: str
    optional: bool
    cite: str
    verified: bool
    note: str


class PackLimit(Schema):
    """A limit of law the pack is compared with."""

    title: str
    unit: str
    direction: str
    value: str
    cite: str
    verified: bool


class PackDetail(PackRow):
    """A pack whole."""

    items: list[PackItem]
    needs: list[PackNeed]
    values: list[PackValue]
    limits: list[PackLimit]


class BoundPack(Schema):
    """A pack that watches a site: the version it was bound in, and the one its file has now."""

    name: str
    title: str
    bound_version: str
    version: str
    bound_at: datetime
    problem: str | None


class AvailablePack(Schema):
    """A pack made for this kind of site that does not watch it yet."""

    name: str
    title: str


class WatchedPoint(Schema):
    """A point with the rules that watch it."""

    id: int
    name: str
    address: str
    item: str
    item_title: str
    unit: str
    rules: list[PointRule]


class SiteNeed(PackNeed):
    """A required item at a site against what is installed (`there`) and reports; `count` are required.

    `state`: met; missing (not installed); unheard (installed, has never sent a reading); silent (too few report now: a
    device fault has its own duty); unknown (hangs on a design value nobody entered). `reporting` is null for what the
    dossier only declares.
    """

    pack: str
    pack_title: str
    there: int
    reporting: int | None
    state: Literal["met", "missing", "unheard", "silent", "unknown"]


class GapDuty(Schema):
    """The open duty to supply what a site lacks: who has it, and until when."""

    id: int
    state: str
    who: str
    clock: Clock | None
    overdue: bool


class SiteNeeds(Schema):
    """A site with all its packs require of it. `duty`: null where nothing is lacking.

    `bound`: a pack was taken up; else `needs` are those of the packs made for its kind, and nobody is asked for them.
    """

    id: int
    bound: bool
    site: Named
    kind: str
    organisation: Named
    territory: str
    needs: list[SiteNeed]
    duty: GapDuty | None


class SiteValue(PackValue):
    """A design value as it stands at a site. `own`: entered for it, else looked up, derived or by default."""

    value: float | None
    own: bool
    document: str
    dated: date | None
    entered_at: datetime | None
    entered_by: str


class SiteWatch(Schema):
    """What watches a site and what is missing."""

    site: Named
    kind: str
    grade: str
    organisation: str
    packs: list[BoundPack]
    available: list[AvailablePack]
    points: list[WatchedPoint]
    needs: list[SiteNeed]
    duty: GapDuty | None
    values: list[SiteValue]
    findings: list[Finding]
    may_edit: bool
