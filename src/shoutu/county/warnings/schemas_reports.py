"""Shapes of reports upward and of orders from above."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import AwareDatetime, Field

from shoutu.county.duties.schemas import Action, ChainRow, TimelineRow

Rank = Literal["city", "province"]
Kind = Literal["first", "follow", "final", "reply"]
Way = Literal["channel", "phone", "fax", "system", "paper"]


class ChannelRef(Schema):
    id: int
    title: str


class SuperiorOut(Schema):
    """An office above the county. Without a channel it is told by hand, at `phone`."""

    id: int
    title: str
    rank: Rank
    phone: str
    channel: ChannelRef | None
    address: str
    enabled: bool


class SuperiorIn(Schema):
    title: str = Field(min_length=1, max_length=80)
    rank: Rank
    channel: int | None = None
    address: str = Field("", max_length=200)
    phone: str = Field("", max_length=60)
    enabled: bool = True


class Superiors(Schema):
    items: list[SuperiorOut]
    count: int


class SuperiorRef(Schema):
    id: int
    title: str
    rank: Rank


class DispatchOut(Schema):
    """Where a report went, and whether it was received. `their_number`: what the office calls it."""

    id: int
    superior: SuperiorRef
    way: Way
    state: Literal["queued", "handed_over", "failed", "by_hand", "received"]
    at: datetime
    detail: str
    tries: int
    next_try_at: datetime | None
    handed_over_at: datetime | None
    received_at: datetime | None
    received_by: str
    their_number: str


class ReportWarning(Schema):
    id: int
    number: str
    level: int


class Numbered(Schema):
    id: int
    number: str


class ReportOut(Schema):
    """One report as a row. `late`: sent after `due_at`."""

    id: int
    number: str
    kind: Kind
    seq: int
    title: str
    signer: str
    sha256: str
    at: datetime
    by: str
    due_at: datetime | None
    late: bool
    warning: ReportWarning | None
    order: Numbered | None
    dispatches: list[DispatchOut]


class ReportDetail(ReportOut):
    text: str


class PlanOut(Schema):
    """What is still to be told of a warning: `next` null when nothing is. `verified`: whether the clocks are."""

    next: Kind | None
    to: list[Rank]
    due_at: datetime
    asks_at: datetime | None
    ended_at: datetime | None
    why: str
    verified: bool
    cite: str


class ToTell(Schema):
    """One warning with something to be told upward."""

    warning: ReportWarning
    title: str
    site: str
    next: Kind
    to: list[Rank]
    due_at: datetime
    asks_at: datetime | None
    why: str


class ToTellList(Schema):
    items: list[ToTell]
    count: int


class WarningReports(Schema):
    """What was told of a warning and what is still to be."""

    plan: PlanOut | None
    items: list[ReportOut]
    may_send: bool


class DraftOut(Schema):
    """The text a report starts from. `to`: the offices the policy names. `kinds`: which it may be.

    `facts`: what it is made of, to be sent back with the report: what has changed meanwhile is then told.
    """

    kind: Kind
    title: str
    text: str
    to: list[int]
    due_at: datetime | None
    kinds: list[Kind]
    facts: dict[str, str]


class TargetIn(Schema):
    """By `channel`, or how it was told by hand: then `detail` says to whom and at which number."""

    superior: int = Field(ge=1)
    way: Way = "channel"
    detail: str = Field("", max_length=200)


class ReportIn(Schema):
    """`key`: new for each report, the same when it is sent again.

    `facts`: those of the draft it was made from. Where some have changed since it is refused (409 `report.stale`) with
    `changed` and the `facts` of now, unless `as_it_stands`: then the ledger says what it did not yet know.
    """

    key: str = Field(min_length=1, max_length=64)
    kind: Kind
    title: str = Field(max_length=160)
    text: str = Field(max_length=5000)
    signer: str = Field("", max_length=80)
    to: list[TargetIn]
    facts: dict[str, Annotated[str, Field(max_length=64)]] = Field(default_factory=dict, max_length=10)
    as_it_stands: bool = False


class ReceiptIn(Schema):
    received_by: str = Field(max_length=80)
    their_number: str = Field("", max_length=80)


class ByHandIn(Schema):
    way: Literal["phone", "fax", "system", "paper"]
    detail: str = Field(max_length=200)


class OrderSite(Schema):
    id: int
    name: str


class OrderOut(Schema):
    """An order from above as a row; `done` of `given` duties are done.

    It concerns a `site` (`organisation` is whose), an enterprise as a whole (no `site`), or neither. `versions`: how
    often its sender's system sent it again with other content.
    """

    id: int
    number: str
    door: Literal["hand", "webhook"]
    sender: str
    their_number: str
    title: str
    state: Literal["new", "given", "done", "ended"]
    level: int
    received_at: datetime
    due_at: datetime | None
    ended_at: datetime | None
    taken_by: str
    site: OrderSite | None
    organisation: OrderSite | None
    warning: Numbered | None
    done: int
    given: int
    versions: int


class OrderUnmatched(Schema):
    """What the sender's system said it concerns and is not known here."""

    field: Literal["organisation", "site", "warning"]
    named: str


class OrderNamed(Schema):
    organisation: str = ""
    site: str = ""
    warning: str = ""


class OrderVersionOut(Schema):
    """Other content sent under the order's id, kept word for word; the order itself stays as it was.

    `changed`: what differs from the order. `times` it came so, the last `last_at`.
    """

    number: int
    title: str
    text: str
    their_number: str
    due_at: datetime | None
    named: OrderNamed
    received_at: datetime
    last_at: datetime
    times: int
    changed: list[Literal["title", "text", "their_number", "due_at", "named"]]


class OrderDuty(Schema):
    """Who carries it out, and how far."""

    id: int
    post: str
    organisation: str
    state: str
    due_at: datetime | None
    done_at: datetime | None
    note: str


class OrderDetail(OrderOut):
    text: str
    superior: int | None
    chain: list[ChainRow]
    duties: list[OrderDuty]
    replies: list[ReportOut]
    unmatched: list[OrderUnmatched]
    other_versions: list[OrderVersionOut]
    actions: list[Action]
    timeline: list[TimelineRow]


class OrderIn(Schema):
    """Entered by hand: from an office on the list (`superior`) or one named in words (`sender`).

    With `posts` it is given to them at once, to be carried out by `due_at`. It may concern a `site`, or an enterprise
    as a whole (`organisation`).
    """

    key: str = Field(min_length=1, max_length=64)
    superior: int | None = None
    sender: str = Field("", max_length=80)
    their_number: str = Field("", max_length=80)
    title: str = Field(max_length=160)
    text: str = Field(max_length=5000)
    warning: int | None = None
    site: int | None = None
    organisation: int | None = None
    due_at: AwareDatetime | None = None
    posts: list[int] = []


class OrderWebhookIn(Schema):
    """From another system, with an API token: `id` is the sender's own, the same order sent twice is one.

    Other content under the same `id` is answered 409 `order.differs`: it is kept and shown, the order stays as it was.
    `organisation`: the enterprise it concerns, its 统一社会信用代码 or whole name. `site`: its number here or its whole
    name, with `organisation` where several have it. `warning`: its number. What of these is not known here keeps no
    order out: it comes back in `unmatched`.
    """

    sender: str = Field(min_length=1, max_length=80)
    id: str = Field(min_length=1, max_length=120)
    number: str = Field("", max_length=80)
    title: str = Field(max_length=160)
    text: str = Field(max_length=5000)
    due_at: AwareDatetime | None = None
    organisation: str = Field("", max_length=120)
    site: str = Field("", max_length=120)
    warning: str = Field("", max_length=40)


class GiveIn(Schema):
    """分派: who carries it out (posts), by when."""

    posts: list[int]
    due_at: AwareDatetime | None = None


class EndIn(Schema):
    note: str = Field(max_length=2000)
