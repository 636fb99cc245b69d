"""What the API shows of data quality."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from ninja import Schema

from shoutu.county.duties.schemas import Clock
from shoutu.county.sites.schemas import Named


class Repair(Schema):
    """A device at fault now: which warning says so, the duty to mend it, whose it is and until when.

    `who`: the enterprise's post that is called first or holds it. `state`: that of the duty; none: nobody was called.
    `clock`: null once it was fed back without a limit for the rest.
    """

    warning: int
    number: str
    title: str
    duty: int | None
    state: Literal["called", "answered", "done", "verified", "none"]
    who: str
    clock: Clock | None
    overdue: bool


class QualitySummary(Schema):
    """The newest day reckoned: how many points, how many online for less than `floor` of the time that counts.

    `judged`: those of its `points` of whose day any time counted.

    `faulty`: points whose device is at fault now; `late`: those of them that were to be mended by now.

    A point is online for `intervals` of its intervals from each reading that was no more than `late_minutes` late.
    `verified`: the province's own definition has been read. `day` is null before the first day is reckoned.
    """

    day: date | None
    finished_at: datetime | None
    points: int
    judged: int
    poor: int
    poor_enterprises: int
    faulty: int
    late: int
    intervals: int
    late_minutes: int
    floor: float
    verified: bool


class PointQuality(Schema):
    """One point's day. `online` and `complete` are rates of 0 to 1, null where no time counted.

    `counted_s` is the day without `away_s` (maintenance, calibration, a site at rest: `stopped_s` of it). `skew_s`: how
    far its clock is ahead; `stuck_s` is null where no rule says how long a value may stay the same.
    """

    id: int
    day: date
    point: Named
    site: Named
    organisation: Named
    online: float | None
    complete: float | None
    counted_s: float
    online_s: float
    away_s: float
    stopped_s: float
    readings: int
    expected: int
    covered: int
    late_p50_s: float | None
    late_p95_s: float | None
    skew_s: float | None
    stuck_s: float | None
    implausible: int
    repair: Repair | None


class EnterpriseQuality(Schema):
    """在线率 of an enterprise on a day, and its place among `ranked` ones; null where none of its points counted.

    `poor`: its points below the floor; `judged`: those of its `points` that counted. `repairs`: how many faults of its
    devices stand now, `late` of them past their limit; `repair` is the most urgent.
    """

    id: int
    day: date
    organisation: Named
    online: float | None
    complete: float | None
    rank: int | None
    ranked: int
    points: int
    judged: int
    poor: int
    counted_s: float
    online_s: float
    away_s: float
    stuck_s: float
    implausible: int
    repairs: int
    late: int
    repair: Repair | None
