"""What the API shows of sites, sources, points, rules and readings. Names are those the face's client reads."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import AwareDatetime, ConfigDict, Field

from shoutu.county.sites.schemas_devices import Modbus, Opcua

Level = Literal[0, 1, 2, 3, 4]


class Named(Schema):
    """A thing by its id and name."""

    id: int
    name: str


class Finding(Schema):
    """What keeps a site from being watched as its pack asks."""

    id: int
    point: int | None
    pack: str
    field: str
    message: str
    optional: bool
    since: datetime


class PointCare(Schema):
    """Agreed calibration or maintenance that runs now. `mutes`: its point raises nothing new meanwhile."""

    id: int
    kind: Literal["maintenance", "calibration"]
    ends_at: datetime
    mutes: bool


class SiteCare(Schema):
    """Calibration or maintenance at a site: of `points` of them, 0: of the whole site. `ends_at`: the last end."""

    kind: Literal["maintenance", "calibration"]
    ends_at: datetime
    points: int


class Site(Schema):
    """A site as a row; `level` is the highest current level of its open risks.

    `standing`: raised; fallen (a warning fell back and is not closed yet); faulty (some point or source of it gives
    no usable readings); unwatched (no rule is in use: nothing is known of it); normal.
    """

    id: int
    name: str
    kind: str
    organisation: str
    organisation_id: int
    territory: str
    grade: str
    params: dict[str, Any]
    level: int
    standing: Literal["raised", "fallen", "faulty", "unwatched", "normal"]
    operating: Literal["producing", "stopped", "sealed", "closed"]
    care: SiteCare | None
    points: int
    latitude: float | None
    longitude: float | None


class SiteDetail(Site):
    """A site with what its watching lacks. `outside`: it lies outside the county's outline; null: cannot be told."""

    findings: list[Finding]
    outside: bool | None


class PlaceIn(Schema):
    """Where a site lies, in degrees of the grid told."""

    model_config = ConfigDict(extra="forbid")
    longitude: float
    latitude: float
    crs: Literal["wgs84", "gcj02"]


class Answerer(Schema):
    """One step of the chain: a post and who fills it (null: nobody). `kind`: 属地, 行业, 综合, 企业主体, 包保, 救援."""

    post_id: int
    post: str
    organisation: str
    person: str | None
    kind: Literal["territorial", "sector", "overall", "enterprise", "linked", "rescue"]
    rung: int


class Responsible(Schema):
    """Who answers for a site now."""

    items: list[Answerer]
    next: str | None
    count: int


class SiteIn(Schema):
    """A new site of an organisation; its territory is the organisation's unless given."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=1, max_length=120)
    kind: str = Field(min_length=1, max_length=30)
    organisation: int = Field(ge=1)
    territory: int | None = Field(None, ge=1)
    grade: str = Field("", max_length=20)
    params: dict[str, Any] = {}
    latitude: float | None = None
    longitude: float | None = None


class Token(Schema):
    """A token without its text. `mn`: it is a data logger's, at the HJ 212 door alone. `device`: one that is called."""

    id: int
    mn: str
    device: Annotated[Modbus | Opcua, Field(discriminator="kind")] | None
    name: str
    created_at: datetime
    revoked_at: datetime | None


class Source(Schema):
    """A sender and its tokens."""

    id: int
    name: str
    site: Named | None
    trusted: bool
    disabled: bool
    disabled_until: datetime | None
    zone: str
    seconds: bool
    tokens: list[Token]


class Sender(Schema):
    """A device of a source at one door: whether it is connected, and when it was heard last.

    `device`: a data logger's MN, an MQTT client's id, the name of one that is called, "" at the HTTP door. `since`:
    when its oldest connection began. Counts are of readings since the pipeline keeps them. `reason`: of one that is
    called, why it is away, or what is wrong though it is connected; `detail`: more of it.
    """

    source: int
    door: str
    device: str
    peer: str
    connections: int
    since: datetime | None
    heard: datetime | None
    accepted: int
    refused: int
    reason: str
    detail: str


class Senders(Schema):
    items: list[Sender]
    next: str | None
    count: int


class SourceIn(Schema):
    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=1, max_length=80)
    site: int | None = Field(None, ge=1)


class SourceTokenIn(Schema):
    """A token of a source by its name; the interface's own tokens have a shape of their own."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=1, max_length=80)


class StationIn(Schema):
    """A data logger; without a `password` it gets a new one."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=1, max_length=80)
    mn: str = Field(min_length=1, max_length=40)
    password: str = Field("", max_length=20)


class ClockIn(Schema):
    """On whose clock times without a zone are, such as Asia/Shanghai ("": nobody says so); `seconds`: numbers are
    epoch seconds, not milliseconds."""

    model_config = ConfigDict(extra="forbid")
    zone: str = Field(max_length=40)
    seconds: bool = False
    reason: str = Field(min_length=1, max_length=400)


class TokenOnce(Schema):
    """A new token; its text is shown this once."""

    id: int
    name: str
    token: str


class StopIn(Schema):
    """Stop taking from a source; `until`: it resumes by itself then."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Field(min_length=1, max_length=400)
    until: AwareDatetime | None = None


class ResumeIn(Schema):
    model_config = ConfigDict(extra="forbid")
    reason: str = Field(min_length=1, max_length=400)


class RevokeIn(Schema):
    """`replacement`: the name of a new token made in the same step, so that the old one ends at once."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Field(min_length=1, max_length=400)
    replacement: str = Field("", max_length=80)


class SourceChanged(Schema):
    """What came of it. `proposal`: it waits there for a second person, and nothing has changed yet."""

    source: Source
    proposal: int | None
    token: str | None = None


class DesignIn(Schema):
    """Design values by name; null takes one away."""

    model_config = ConfigDict(extra="forbid")
    values: dict[str, float | int | bool | str | None]
    reason: str = Field(min_length=1, max_length=400)
    document: str = Field("", max_length=200)
    dated: date | None = None


class DesignChanged(Schema):
    """The values as they stand now. `proposal`: the change waits there for a second person."""

    params: dict[str, Any]
    proposal: int | None


class Latest(Schema):
    """The newest reading and how far it can be trusted."""

    ts: datetime
    received: datetime | None
    value: float | None
    quality: int
    state: Literal["live", "stale", "silent", "fault", "unknown"]
    level: int


class Point(Schema):
    """A point as a row. `latest` is null when it was never heard or the pipeline cannot be asked.

    `decimals`: with how many its values are written: the indicator's, never fewer than a limit has; null: nothing says.
    """

    id: int
    name: str
    address: str
    source: Named
    site: Named
    item: str
    item_title: str
    unit: str
    interval_s: float
    latest: Latest | None
    decimals: int | None
    axis: Literal["up", "down"]
    care: PointCare | None


class Threshold(Schema):
    """One limit."""

    level: int
    value: float
    direction: Literal["high", "low"]


class PointRule(Schema):
    """A rule that watches a point. `levels_unit`: in what its levels are told.

    `on_value`: whether they are held against the reading itself. `learning_until`: until about then it learns
    what is usual, and says nothing; null when it does not learn, or has.
    """

    id: int
    version: int
    kind: str
    title: str
    sentence: str
    levels: list[Threshold]
    levels_unit: str
    on_value: bool
    cite: str
    verified: bool
    enabled: bool
    learning_until: datetime | None


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


class PointDetail(Point):
    """A point with its rules and its warnings."""

    low: float | None
    high: float | None
    danger: str
    rules: list[PointRule]
    warnings: list[WarningBrief]


class PointFields(Schema):
    """What a point says of itself. `low`, `high`: physical range in its unit; `danger`: the side that is dangerous."""

    model_config = ConfigDict(extra="forbid")
    site: int = Field(ge=1)
    name: str = Field("", max_length=120)
    item: str = Field(min_length=1, max_length=60)
    item_title: str = Field("", max_length=60)
    unit: str = Field("", max_length=20)
    interval_s: float = Field(20, gt=0)
    low: float | None = None
    high: float | None = None
    danger: str = "both"
    axis: Literal["up", "down"] | None = None


class PointIn(PointFields):
    source: int = Field(ge=1)
    address: str = Field(min_length=1, max_length=120)


class Reading(Schema):
    """A reading, or with `step` the figures of one step."""

    ts: datetime
    value: float | None = None
    quality: int | None = None
    min: float | None = None
    max: float | None = None
    mean: float | None = None
    n: int | None = None


class Gap(Schema):
    """A span without readings."""

    start: datetime
    end: datetime


class Coarse(Schema):
    """A span of which only figures are left, `step` seconds apart."""

    start: datetime
    end: datetime
    step: float


class Readings(Schema):
    """`next`: ask on from this time (as `start`)."""

    items: list[Reading]
    next: str | None
    count: int
    gaps: list[Gap]
    coarse: list[Coarse]


class Proposal(Schema):
    """A change that waits for a second person."""

    version: int
    params: dict[str, Any]
    enabled: bool
    reason: str
    proposed_at: datetime


class Rule(PointRule):
    """A rule with what it says and what is proposed. `point`: null for a composite, which is of the site."""

    point: Named | None
    site: Named
    params: dict[str, Any]
    proposals: list[Proposal]


class RuleIn(Schema):
    """Either a rule of a point (`point`, `kind`, `params`, `reason`), or a pack bound to a site (`site`, `pack`)."""

    model_config = ConfigDict(extra="forbid")
    point: int | None = Field(None, ge=1)
    kind: str = ""
    params: dict[str, Any] = {}
    reason: str = Field("", max_length=400)
    title: str = Field("", max_length=120)
    site: int | None = Field(None, ge=1)
    pack: str = Field("", max_length=120)


class Bound(Schema):
    """What came of binding a pack: the rules now watching, and what is missing."""

    rules: list[Rule]
    findings: list[Finding]


class ChangeIn(Schema):
    """A change of a rule; without `params` only `enabled` changes."""

    model_config = ConfigDict(extra="forbid")
    params: dict[str, Any] | None = None
    enabled: bool = True
    reason: str = Field(min_length=1, max_length=400)


class ReasonIn(Schema):
    model_config = ConfigDict(extra="forbid")
    reason: str = Field("", max_length=400)


class SignalsIn(Schema):
    """What the pipeline hands up; each signal is kept as it is. Nothing is refused here: it would come for ever."""

    signals: list[dict[str, Any]] = Field(max_length=10_000)


class Received(Schema):
    """How many were new, and how many were known already."""

    received: int
    known: int


class UnclaimedItem(Schema):
    source: int
    address: str
    count: int
    first_ts: int
    last_ts: int
    last_value: float | None = None
    reason: str = "unknown"


class UnclaimedIn(Schema):
    items: list[UnclaimedItem] = Field(max_length=10_000)
