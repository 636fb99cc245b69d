"""What the API shows of warnings. Names are those the face's generated client reads."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from ninja import Schema
from pydantic import AwareDatetime, Field

from shoutu.county.duties.schemas import Action, ChainRow, Clock, NoteIn, Sent


class SiteBrief(Schema):
    """Where, and what the site is doing now."""

    id: int
    name: str
    kind: str
    territory: str
    organisation: str
    operating: Literal["producing", "stopped", "sealed", "closed"]


class PointBrief(Schema):
    """By which point."""

    id: int
    name: str
    address: str
    unit: str


class Stop(Schema):
    """停产撤人 at a site. `missing`: not confirmed out; null while nobody knows how many were in, which is not zero.

    `source`, `counted_at`: where and when the number is from; `doubtful`: that reading was old or flagged. `words` says
    it in the asker's language.
    """

    id: int
    state: Literal["going", "out", "resumed"]
    level: int
    ordered_at: datetime
    ordered_by: str
    total: int | None
    out: int
    missing: int | None
    source: str
    counted_at: datetime | None
    doubtful: bool
    cleared_at: datetime | None
    resumed_at: datetime | None
    words: str


class StopSite(Schema):
    """Where."""

    id: int
    name: str
    territory: str


class StopCause(Schema):
    """A warning that asked for it."""

    id: int
    number: str
    level: int


class Evacuation(Stop):
    """A withdrawal with its site and its causes."""

    site: StopSite
    warnings: list[StopCause]


class HeadCount(Schema):
    """One step of the count. `read_at`: the time of the positioning reading it rests on."""

    id: int
    kind: Literal["set", "out", "positioning", "more", "back", "fewer"]
    amount: int
    names: list[str]
    group: str
    reason: str
    read_at: datetime | None
    at: datetime
    by: str


class EvacuationDetail(Evacuation):
    """With each step of the count, newest first; `points`: those that count the people who are in.

    `resuming`: the proposal to let the site work again that waits for a second person.
    """

    counts: list[HeadCount]
    points: list[int]
    actions: list[Action]
    resuming: int | None


class SilenceBrief(Schema):
    """The silence that holds back its calls now."""

    id: int
    kind: Literal["silence", "maintenance", "calibration"]
    ends_at: datetime


class MarkBrief(Schema):
    """The agreed calibration or maintenance of its point within which it rose; `ends_at`: as far as it really went."""

    id: int
    kind: Literal["maintenance", "calibration"]
    starts_at: datetime
    ends_at: datetime
    reason: str


class Warning(Schema):
    """One warning as a row of the list. `category`: a risk, or a device fault (which is no level of danger).

    `episode`: how often people were called for it anew, from 1.

    `decimals`: with how many its indicator is written; null where no pack says.
    """

    id: int
    number: str
    category: Literal["risk", "fault"]
    episode: int
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
    decimals: int | None
    unit: str
    direction: str | None
    sentence: str
    opened_at: datetime
    started_at: datetime
    last_signal_at: datetime
    ended_at: datetime | None
    count: int
    answered: int
    called: int
    clock: Clock | None
    silence: SilenceBrief | None
    result: Literal["real", "false_alarm", "device_fault"] | None
    reason: str
    backfill: bool
    verified_source: bool
    unknown_now: bool
    stop: Stop | None


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


class Counted(Schema):
    """One of those a composite counted: a point, or an item as a whole (`point` null)."""

    point: int | None
    name: str
    level: int


class WarningMember(Schema):
    """A rule that takes part, with the level it stands at. `counted`: of a composite, who was counted at its last
    change, at the level counted or above.
    """

    rule: int | None
    title: str
    kind: str
    point: int | None
    name: str
    level: int
    at: datetime
    counted: list[Counted]


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


class CloseAsked(Schema):
    """A closing that waits for review."""

    at: datetime
    by: str


class EvidencePlace(Schema):
    """Where the device stood, as it says: WGS 84 degrees, and how far off that may be, in metres."""

    longitude: float = Field(ge=-180, le=180)
    latitude: float = Field(ge=-90, le=90)
    accuracy_m: float = Field(ge=0, le=1_000_000)


class EvidenceSealIn(Schema):
    """`size`: bytes of the whole original. `seen_at`: when the device took it up. `place`: where it stood, if known.

    `user`: the id of the user who took it up, where the sender keeps photographs of several; refused for another's.
    `opened_at`: of the warning it was taken for; refused where this number is another warning's by now.
    """

    size: int = Field(ge=1)
    origin: Literal["camera", "gallery"]
    note: str = Field("", max_length=200)
    seen_at: AwareDatetime | None = None
    place: EvidencePlace | None = None
    user: int | None = None
    opened_at: AwareDatetime | None = None


class Evidence(Schema):
    """A photograph. `origin`, `taken_at` (the picture's own), `seen_at` and `place` are what sender and device say.

    `sha256` is of the original as it came. `url`: the copy people are shown, its metadata taken out.
    """

    id: int
    url: str
    sha256: str
    size: int
    width: int
    height: int
    origin: Literal["camera", "gallery"]
    taken_at: datetime | None
    seen_at: datetime | None
    place: EvidencePlace | None
    note: str
    at: datetime
    by: str


class EvidencePieces(Schema):
    """`received`: how many bytes of it are here, from its beginning; go on from there.

    `sealed`: what it became, once the whole is here under its hash: only then may the sender let go of it.
    """

    received: int
    sealed: Evidence | None


class WarningDetail(Warning):
    """One warning with its rule, people, course, and what may be done now."""

    rule: RuleBrief | None
    thresholds: list[Threshold]
    axis: Literal["up", "down"]
    events: list[LevelEvent]
    members: list[WarningMember]
    actions: list[Action]
    chain: list[ChainRow]
    evacuation: EvacuationDetail | None
    mark: MarkBrief | None
    close_asked: CloseAsked | None
    evidence: list[Evidence]
    may_add_evidence: bool
    before: list[WarningBrief]
    ledger: LedgerRef | None


class SeenWarning(Schema):
    """What the doer saw of the warning: where people were called anew by now, or for a verification the result is
    another, or this number is another warning's than was seen (`opened_at`), the act is refused (409)."""

    opened_at: AwareDatetime | None = None
    level: int
    episode: int
    result: str | None


class SentWarning(Sent):
    """`seen`: always told of an act that was held on a device."""

    seen: SeenWarning | None = None


class VerifyIn(Schema):
    """`reason`: a code (calibration, power_switch, sensor_moved, exhaust, blasting, transmission, wrong_threshold,
    other) or words of one's own; needed for a false alarm."""

    result: Literal["real", "false_alarm", "device_fault"]
    reason: str = Field("", max_length=60)
    note: str = Field("", max_length=2000)
    sent: SentWarning | None = None


class DisposeIn(Schema):
    """`withdraw`: work stopped and people taken out (停产撤人)."""

    note: str = Field(max_length=2000)
    withdraw: bool = False
    sent: SentWarning | None = None


class FeedbackIn(NoteIn):
    """What came of it."""

    sent: SentWarning | None = None


class KeyIn(Schema):
    """`key`: made by the sender, new for each step; the same key sent again changes nothing."""

    key: str = Field(min_length=1, max_length=64)


class HeadCountIn(KeyIn):
    """How many were in, and from where that is known."""

    amount: int = Field(ge=0, le=5000)
    source: str = Field(max_length=120)


class OutIn(KeyIn):
    """Who is out: names, or a number and the group."""

    count: int | None = Field(None, ge=1, le=5000)
    names: list[str] = Field(default=[], max_length=500)
    group: str = Field("", max_length=60)


class CorrectIn(KeyIn):
    """By how many the number is to change, and why."""

    amount: int = Field(ge=1, le=5000)
    reason: str = Field(max_length=400)


class FewerIn(Schema):
    """By how many fewer, and why. Waits for a second person."""

    amount: int = Field(ge=1, le=5000)
    reason: str = Field(max_length=400)
