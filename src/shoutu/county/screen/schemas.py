"""What the API shows of the command screen. Names are those the face's generated client reads."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from ninja import Schema
from pydantic import Field

from shoutu.county.duties.schemas import ChainRow
from shoutu.county.people.api_roster import RosterOut
from shoutu.county.sites.schemas import SiteCare
from shoutu.county.warnings.schemas import Evacuation, Warning
from shoutu.county.weather.schemas import Weather


class OutlineFacts(Schema):
    """What an outline says of itself; `label` is where its name is written, [longitude, latitude]."""

    name: str
    kind: Literal["county", "territory", "neighbour"]
    territory: int | None
    label: list[float]


class Outline(Schema):
    """A GeoJSON feature, WGS-84."""

    type: Literal["Feature"]
    id: int
    properties: OutlineFacts
    geometry: dict[str, Any]


class CountyMap(Schema):
    """A GeoJSON FeatureCollection; `schematic`: some of it is no survey; `sources`: where it is from."""

    type: Literal["FeatureCollection"]
    schematic: bool
    sources: list[str]
    features: list[Outline]


class SiteMark(Schema):
    """A site on the map by its worst open risk.

    `state`: raised, normal, silent (no watched point can be seen), unwatched. `level` 1 blue to 4 red when raised.
    `points`: watched ones, `blind`: those of them without usable readings.
    """

    id: int
    name: str
    kind: str
    territory: str
    territory_id: int
    longitude: float | None
    latitude: float | None
    state: Literal["raised", "normal", "silent", "unwatched"]
    level: int
    standing: Literal["unanswered", "answered", "fallen"] | None
    warning: int | None
    item: str
    value: float | None
    unit: str
    points: int
    blind: int
    operating: Literal["producing", "stopped", "sealed", "closed"]
    care: SiteCare | None


class Legend(Schema):
    """How many sites count as what; `GET /sites?state=` lists those, `?stopped=true` all that stand still,
    `?care=true` those under calibration or maintenance."""

    raised: int
    normal: int
    silent: int
    unwatched: int
    stopped: int
    care: int


class SiteMarks(Schema):
    """Every site I see, placed or not."""

    items: list[SiteMark]
    count: int
    legend: Legend


class Asked(Schema):
    """The warning the chain of people is about."""

    id: int
    site: str
    title: str


class Alarm(Schema):
    """A warning that sounds until somebody on duty switches the sound off."""

    id: int
    level: int
    site: str
    title: str
    started_at: datetime


class Figure(Schema):
    """A figure with the address of its list; `value` is null when it cannot be told now.

    `listed`: how many that list holds: the value itself, or the part of it that needs looking into.
    """

    key: Literal[
        "points_online", "sites_watched", "duties_today", "duties_late", "warnings_today", "false_alarms", "findings"
    ]
    value: float | None
    of: float | None
    unit: str
    at: datetime | None
    url: str
    listed: int | None
    facts: dict[str, float]


class Now(Schema):
    """What the command screen shows beside the map."""

    server_time: datetime
    counts: dict[str, int]
    rows: list[Warning]
    folded: int
    worst: Warning | None
    asked: Asked | None
    chain: list[ChainRow]
    roster: RosterOut
    alarms: list[Alarm]
    weather: list[Weather]
    evacuations: list[Evacuation]
    figures: list[Figure]


class TrendDay(Schema):
    """A day of the county; `levels`: dangers opened on it by their level ("1" blue to "4" red)."""

    day: date
    levels: dict[str, int]


class Trend(Schema):
    """The last thirty days, today the last; `results` of their dangers: what verifying found, or unjudged."""

    days: list[TrendDay]
    results: dict[Literal["real", "false_alarm", "device_fault", "unjudged"], int]


class AcknowledgeIn(Schema):
    """The warnings whose alarm was heard."""

    warnings: list[int] = Field(min_length=1, max_length=500)


class Acknowledged(Schema):
    """Those that fell silent by it."""

    warnings: list[int]


class CountyNamed(Schema):
    id: int
    name: str
    code: str


class BeginningStep(Schema):
    """A step of setting a county up; `done` by the county's own data, `facts`: the figures that say so."""

    step: Literal[
        "county", "townships", "bodies", "accounts", "sites", "points", "roster", "channels", "witness", "backup"
    ]
    done: bool
    facts: dict[str, int]


class Beginning(Schema):
    """How far a new county is; `left`: steps not yet done."""

    county: CountyNamed | None
    steps: list[BeginningStep]
    left: int
