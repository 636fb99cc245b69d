"""What the API shows and takes of channels, contacts, test calls and answer links."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from ninja import Schema
from pydantic import ConfigDict, Field

from shoutu.county.kit.endpoints import WatchingOut


class ChannelSetting(Schema):
    """One setting of a kind of channel. A secret one is never shown back."""

    name: str
    label: str
    hint: str
    secret: bool
    required: bool


class ChannelKind(Schema):
    """A kind of channel and what it asks for."""

    kind: str
    title: str
    medium: str
    address_label: str
    callbacks: bool
    settings: list[ChannelSetting]


class Channel(Schema):
    """A channel and how it does. `secrets` names those that are set; `queue` counts what is due and not sent.

    `switching_off`: somebody asked to switch it off, and a second person has not yet agreed;
    `changing`: so with its settings or its rate.
    """

    id: int
    title: str
    kind: str
    kind_title: str
    medium: str
    enabled: bool
    per_minute: int
    settings: dict[str, str]
    secrets: list[str]
    state: Literal["works", "failing", "untried", "off"]
    last_ok_at: datetime | None
    last_failed_at: datetime | None
    last_problem: str
    failures: int
    queue: int
    people: int
    unclear: int
    callbacks: bool
    callback_set: bool
    callback_refused: int
    switching_off: bool
    changing: bool


class ChannelIn(Schema):
    title: str = Field(max_length=200)
    kind: str = Field(max_length=20)
    settings: dict[str, str] = {}
    per_minute: int = Field(0, ge=0, le=100_000)
    enabled: bool = True


class ChannelChange(Schema):
    """What is not given stays; so does a secret given empty."""

    settings: dict[str, str] | None = None
    per_minute: int | None = Field(None, ge=0, le=100_000)
    enabled: bool | None = None


class CallbackToken(Schema):
    """Shown this once."""

    token: str
    path: str


class EndpointIn(Schema):
    """A scheme and a host or network that messages may leave for."""

    scheme: str = Field(max_length=20)
    host: str = Field(max_length=200)


class ContactPerson(Schema):
    id: int
    name: str


class ContactChannel(Schema):
    id: int
    title: str


class ContactTrial(Schema):
    """The newest test call of a contact."""

    run: str
    called_at: datetime
    due_at: datetime
    answered_at: datetime | None
    state: Literal["answered", "missed", "waiting"]


class Contact(Schema):
    """Where a person is reached; the address masked."""

    id: int
    person: ContactPerson
    organisation: str
    title: str
    channel: ContactChannel | None
    address: str
    enabled: bool
    trial: ContactTrial | None


class Number(Schema):
    """Whether somebody's number is known to answer. `last_at`: the last call or test call answered by a contact of
    theirs; `missed`: test calls since that nobody answered; `waiting`: until when one may still be answered."""

    id: int
    person: ContactPerson
    organisation: str
    posts: list[str]
    urgency: Literal["on_duty", "rostered", "principal", "other"]
    state: Literal["none", "silent", "never", "reached"]
    phone: str
    contacts: int
    last_at: datetime | None
    missed: int
    waiting: datetime | None


class NumberPage(Schema):
    """`states` counts all by state, whatever the filter."""

    items: list[Number]
    next: str | None = None
    count: int
    states: dict[str, int]


class NumberTest(Schema):
    """`person` null: everybody whose number was never tried. `reason`: asked for from 22 to 7."""

    model_config = ConfigDict(extra="forbid")
    person: int | None = Field(None, ge=1)
    reason: str = Field("", max_length=400)


class NumberTested(Schema):
    """How many persons were called."""

    persons: int


class ContactIn(Schema):
    """A person's contact: an address on a channel, or an Apprise address (`url`)."""

    person: int = Field(ge=1)
    title: str = Field(max_length=200)
    channel: int | None = Field(None, ge=1)
    address: str = Field("", max_length=400)
    url: str = Field("", max_length=2000)
    enabled: bool = True


class Taken(Schema):
    """How many posted items were understood, and how many were kept though not understood."""

    taken: int
    unclear: int


class AnswerLinkAlong(Schema):
    """Another call the same message told of."""

    level: int
    title: str


class AnswerLink(Schema):
    """What an answer link is about; `along`: what else its message told of and one answer answers too. `what`: the kind
    of the duty, "" of a trial.

    `watching`: as in `GET /status`, which needs a login.
    """

    server_time: datetime
    watching: WatchingOut

    kind: Literal["call", "trial"]
    what: str
    level: int
    title: str
    why: str
    post: str
    orders: list[str]
    along: list[AnswerLinkAlong]
    due_at: datetime
    state: Literal["open", "answered", "declined", "over"]
