"""What the API takes and shows of weather. Names are those the face's generated client reads."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from ninja import Schema
from pydantic import AwareDatetime, Field

from shoutu.county.duties.schemas import Action, ChainRow

Colour = Literal["blue", "yellow", "orange", "red"]


class Weather(Schema):
    """One spell of weather. The figures count the calls this actor sees; `county_answered` null: none was called."""

    id: int
    number: str
    type: str
    type_title: str
    state: Literal["active", "ended"]
    ended_by: Literal["", "cancelled", "expired"]
    level: int
    peak_level: int
    title: str
    opened_at: datetime
    ends_at: datetime
    ended_at: datetime | None
    verified: bool
    townships: int
    townships_answered: int
    townships_waiting: list[str]
    enterprises: int
    enterprises_answered: int
    enterprises_waiting: list[str]
    county_answered: bool | None


class WeatherArea(Schema):
    """A township under it, at its own level."""

    id: int
    name: str
    level: int
    since: datetime


class WeatherMessage(Schema):
    """A message as it came and what became of it. `unmatched`: words of its areas that name no township."""

    id: int
    event_id: int | None
    door: Literal["hand", "paste", "cap", "webhook"]
    sender: str
    identifier: str
    kind: str
    status: str
    standing: Literal["standing", "replaced", "cancelled", "expired", "waiting", "noted", "refused"]
    type: str
    level: int
    level_assumed: bool
    end_assumed: bool
    headline: str
    text: str
    areas: str
    unmatched: list[str]
    townships: list[str]
    sent_at: datetime | None
    starts_at: datetime | None
    ends_at: datetime | None
    received_at: datetime
    by: str
    because: str


class WeatherCall(Schema):
    """One call: of an enterprise in a township (`sites` of them concerned), of a township, of the county."""

    duty_id: int
    lane: Literal["enterprise", "withdraw", "township", "county"]
    kind: str
    state: str
    level: int
    township: str
    organisation: str
    sites: int
    answered_at: datetime | None
    done_at: datetime | None
    called_since: datetime
    post: str
    note: str


class WeatherDetail(Weather):
    """One spell with everything about it. `lifting`: the proposal to lift it that waits for a second person."""

    areas: list[WeatherArea]
    unmatched: list[str]
    unplaced: list[int]
    messages: list[WeatherMessage]
    called: list[WeatherCall]
    chain: list[ChainRow]
    actions: list[Action]
    policy: str
    lifting: int | None


class WeatherType(Schema):
    """A type of weather the response pack knows."""

    id: str
    title: str


class WeatherTownship(Schema):
    """A township a warning may name."""

    id: int
    name: str


class WeatherForm(Schema):
    """What the form of entry offers."""

    types: list[WeatherType]
    townships: list[WeatherTownship]
    verified: bool


class WeatherIn(Schema):
    """A warning entered by hand. `updates`: the spell whose messages by hand it replaces."""

    type: str = Field(max_length=30)
    colour: Colour
    townships: list[int] = Field(min_length=1, max_length=500)
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime
    text: str = Field("", max_length=4000)
    headline: str = Field("", max_length=400)
    updates: int | None = Field(None, ge=1)
    # The form's own number, so that sending it twice (no signal in the hills) enters one warning.
    key: str = Field("", max_length=64)


class WeatherWebhookIn(Schema):
    """A warning as another system sends it. `areas`: names or division codes; `references`: earlier ids of the sender.

    `type`: an id of the form's types or words such as 暴雨; `colour` may be left out, the text then says it or it is
    taken as yellow.
    """

    id: str = Field(min_length=1, max_length=200)
    sender: str = Field("webhook", min_length=1, max_length=200)
    kind: Literal["alert", "update", "cancel"] = "alert"
    type: str = Field("", max_length=60)
    colour: Colour | None = None
    areas: list[str] = Field(default_factory=list, max_length=500)
    sent_at: AwareDatetime | None = None
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None
    headline: str = Field("", max_length=400)
    text: str = Field("", max_length=4000)
    references: list[str] = Field(default_factory=list, max_length=200)


class WeatherPasteIn(Schema):
    """A CAP 1.2 alert as text."""

    xml: str = Field(min_length=1, max_length=400_000)


class WeatherTaken(Schema):
    """What became of the messages of one delivery."""

    messages: list[WeatherMessage]


class WeatherLiftIn(Schema):
    """Why it is lifted."""

    reason: str = Field(max_length=400)


class WeatherPlaceIn(Schema):
    """Townships a message means besides those matched."""

    townships: list[int] = Field(min_length=1, max_length=500)
