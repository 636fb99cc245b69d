"""What the API shows of duties. Names are those the face's generated client reads."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from ninja import Schema
from pydantic import AwareDatetime, Field

DutyState = Literal["called", "answered", "done", "verified", "returned", "cancelled"]


class Clock(Schema):
    """A limit that runs: `rungs` are the times at which others were or will be called before it ends."""

    starts_at: datetime
    due_at: datetime
    done_at: datetime | None
    rungs: list[datetime]
    kind: str
    who: str


class Receipt(Schema):
    """How far one message to one person has come."""

    channel: str
    step: Literal["queued", "handed_over", "delivered", "seen", "answered", "failed", "spared"]
    at: datetime
    detail: str


class ChainRow(Schema):
    """One person (or empty post) of a chain. Names are masked by role, posts never.

    `ended_at`: not answered, and what it was for is over since then; `ended` in time, `overdue` past `due_at`.
    """

    duty_id: int
    kind: str
    post: str
    organisation: str
    person: str | None
    state: Literal["calling", "answered", "overdue", "ended", "not_yet", "done", "nobody", "declined"]
    called_at: datetime | None
    due_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    starts_at: datetime
    times: int
    note: str
    receipts: list[Receipt]


class Action(Schema):
    """A verb, whether this actor may use it now, and if not, why."""

    verb: str
    allowed: bool
    why: str | None
    primary: bool = False


class TimelineRow(Schema):
    """One entry in words."""

    at: datetime
    text: str
    by: str
    via: str
    ledger_id: int | None


class Subject(Schema):
    """What a duty is about."""

    type: str
    id: int
    label: str
    url: str


class Duty(Schema):
    """One duty as a row of the desk. `round`: how often its chain was begun, from 1.

    `late_since`: the limit that passed longest ago, of any round; `overdue`: that of `clock` has passed.
    """

    id: int
    kind: str
    state: DutyState
    verb: str
    title: str
    why: str
    level: int
    subject: Subject
    post: str
    organisation: str
    person: str | None
    clock: Clock | None
    group: Literal["now", "today", "week"]
    overdue: bool
    late_since: datetime | None
    actions: list[Action]
    calls: int
    round: int
    opened_at: datetime
    done_at: datetime | None
    orders: list[str]


class DutyDetail(Duty):
    """One duty with its people and its course."""

    chain: list[ChainRow]
    timeline: list[TimelineRow]


class NoteIn(Schema):
    """A word with what is done; may be empty."""

    note: str = Field("", max_length=2000)


class Sent(Schema):
    """Of an act that may come late, or twice: `key` is new for each act, `user` did it, `at` by the device's clock."""

    key: str = Field(pattern=r"^[0-9A-Za-z-]{8,64}$")
    user: int
    at: AwareDatetime


class SeenDuty(Schema):
    """What the doer saw of the duty: where people were called for something new since, or what is verified was done
    anew (`done_at`), or this number is another duty's than was seen (`opened_at`), the act is refused (409
    `act.overtaken`)."""

    round: int
    opened_at: AwareDatetime | None = None
    done_at: AwareDatetime | None = None


class SentDuty(Sent):
    """`seen`: always told of an act that was held on a device."""

    seen: SeenDuty | None = None


class ActIn(NoteIn):
    """`sent`: with it the act is done once, however often it comes, and both times are kept."""

    sent: SentDuty | None = None


class FindingAbout(Schema):
    """What a finding is about."""

    type: str
    id: int
    label: str


class FindingSite(Schema):
    """The site a finding belongs to."""

    id: int
    name: str


class FindingDuty(Schema):
    """The duty that asks for what is lacking, and the post that answered for it."""

    id: int
    state: str
    post: str


class FindingRow(Schema):
    """Something that should be there and is not. `optional`: listed, nobody is called for it."""

    id: int
    kind: str
    kind_title: str
    about: FindingAbout
    site: FindingSite | None
    message: str
    optional: bool
    detail: dict[str, Any]
    since: datetime
    cleared_at: datetime | None
    duty: FindingDuty | None


class FindingKind(Schema):
    """A kind of finding."""

    name: str
    title: str
