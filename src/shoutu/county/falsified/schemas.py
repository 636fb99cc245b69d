"""What the API shows of falsified readings."""

from __future__ import annotations

from datetime import date, datetime

from ninja import Schema

from shoutu.county.sites.schemas import Named


class FalsifiedSummary(Schema):
    """The day searched last (null before the first), its points, those left out; what waits for a decision."""

    day: date | None
    points: int
    left: int
    checking: int
    leads: int
    checks: int
    may: bool


class FalsifiedFinding(Schema):
    """A stretch that no honest sensor tells, beside what it is suspected to be made of. Times UTC ms.

    `state`: lead, checking (a check on site is open), real, fault, normal. The suspect is `factor` × the other +
    `offset`. By chance anything alike in the whole search comes with 2^-`bits`, under the assumptions of the docs: a
    reason to look, never a proof. Found again on later days: `times`, `last_day`.
    """

    id: int
    kind: str
    state: str
    site: Named
    organisation: Named
    point: Named
    beside: Named | None
    beside_site: Named | None
    day: date
    last_day: date
    times: int
    start: int
    end: int
    beside_start: int | None
    beside_end: int | None
    readings: int
    factor: float
    offset: float
    bits: float
    sentence: str
    check: int | None
    decided_at: datetime | None
    decided_by: str
    note: str


class FalsifiedDuty(Schema):
    id: int
    title: str
    state: str
    kind: str


class FalsifiedDetail(FalsifiedFinding):
    """`siblings`: what else the same check looks into. `may`: the verbs open to the asker now."""

    siblings: list[FalsifiedFinding]
    duties: list[FalsifiedDuty]
    unit: str
    may: list[str]


class FalsifiedPart(Schema):
    """Readings `[ts, value]` of the stretch and a margin; `cut`: there are more than are told."""

    start: int
    end: int
    rows: list[tuple[int, float | None]]
    cut: bool


class FalsifiedSeries(Schema):
    suspect: FalsifiedPart
    source: FalsifiedPart | None


class FalsifiedDecision(Schema):
    """`outcome`: real 属实, fault 设备故障, normal 正常 (of a pair: it rightly tells the same)."""

    outcome: str
    note: str
