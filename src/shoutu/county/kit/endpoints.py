"""Kit's own addresses: status for everyone; catalog and beats for wings."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Any, Literal

from django.db import connection
from django.http import HttpRequest
from ninja import Query, Schema
from pydantic import BaseModel, ConfigDict, Field

from shoutu.county.kit import catalog, kept, steps
from shoutu.county.kit.api import Router, asker
from shoutu.county.kit.health import health
from shoutu.county.kit.installation import installation
from shoutu.county.kit.poller import poller
from shoutu.county.kit.status import status

router = Router()
wing_router = Router()
MAX_WAIT = 55.0


class PartOut(Schema):
    name: str
    ok: bool
    last_seen: datetime | None


class WatchingOut(Schema):
    """Whether Shoutu is watching, and since when not. `drill`: a drill copy, which calls nobody outside."""

    ok: bool
    since: datetime | None
    parts: list[PartOut]
    drill: bool


class AlarmOut(Schema):
    """Something is wrong with Shoutu itself. `url`: the page of what it is about, "" where there is none.

    `raw`: what a program said of it, "" without, and for who does not look after the installation.
    """

    id: int
    at: datetime
    kind: str
    message: str
    url: str
    raw: str


class StatusOut(Schema):
    """The figures every page shows."""

    server_time: datetime
    watching: WatchingOut
    levels: dict[str, int]
    unanswered: dict[str, int]
    my_open_duties: int
    my_overdue: int
    proposals: int
    alarms: list[AlarmOut]
    last_backup: datetime | None
    demo: bool


@router.get("/status", response=StatusOut)
def get_status(request: HttpRequest) -> Any:
    """Server time, whether Shoutu is watching, open warnings by level, my duties, alarms."""
    actor = asker(request)
    actor.require("status.read")
    return status(actor)


class LineOut(Schema):
    """One thing of Shoutu itself that can be well or not.

    `since`: since when it is so, or of when the oldest is that waits. `as_of`: of when the line is. `todo`: what to do,
    "" while it is well. `url`: the page of it, "" where there is none.
    """

    key: str
    part: Literal["alarm", "process", "queue", "machine", "record"]
    title: str
    state: Literal["wrong", "unknown", "watch", "well"]
    words: str
    figure: float | None
    unit: str
    since: datetime | None
    as_of: datetime
    todo: str
    url: str


class HealthOut(Schema):
    """`state`: the worst of the lines; they come the worst first."""

    at: datetime
    state: Literal["wrong", "unknown", "watch", "well"]
    lines: list[LineOut]


@router.get("/health", response=HealthOut)
def get_health(request: HttpRequest) -> Any:
    """How Shoutu itself does: processes, queues, the machine, packs, the record; the worst first."""
    return health(asker(request))


class GroupOut(Schema):
    name: str
    title: str


class SettingOut(Schema):
    """One setting of the server. A `secret` has no `value`: only whether it is `set`."""

    name: str
    group: str
    title: str
    words: str
    value: str | None
    unit: str
    secret: bool
    set: bool
    source: Literal["environment", "file", "default"]


class InstallationOut(Schema):
    """What runs, and what it is set to, as the web process has it."""

    version: str
    python: str
    database: str
    started_at: datetime
    now: datetime
    zone: str
    groups: list[GroupOut]
    # How settings are changed: those of the environment, the others.
    how: list[str]
    items: list[SettingOut]


@router.get("/settings", response=InstallationOut)
def get_settings(request: HttpRequest) -> Any:
    """Every setting in plain words with the value in force and where it was given; secrets only as set or not."""
    return installation(asker(request))


class Follow(Schema):
    after: int = Field(0, ge=0)
    wait: float = Field(0, ge=0, le=MAX_WAIT)
    next: str = Field("", max_length=160, pattern=f"{catalog.PLACE}|^$")


@wing_router.get("/catalog")
async def follow_catalog(request: HttpRequest, query: Query[Follow]) -> Any:
    """What changed after version `after`, waiting up to `wait` seconds for a change.

    What is too long for one answer has `more` and `next`: with that the part after it is asked for, at once.
    """
    asker(request).require("catalog.follow")
    answer = await asyncio.to_thread(_changes, query.after, query.next)
    if query.next or answer.get("more"):
        return answer
    end = time.monotonic() + query.wait
    if answer["full"] or answer["version"] != query.after:
        return answer
    with poller.listen() as changed:
        while (left := end - time.monotonic()) > 0:
            changed.clear()
            # A version of 0 is a poller that has not asked yet.
            if poller.version not in (0, query.after):
                break
            try:
                await asyncio.wait_for(changed.wait(), left)
            except TimeoutError:
                break
    return await asyncio.to_thread(_changes, query.after)


def _changes(after: int, place: str = "") -> dict[str, Any]:
    try:
        return catalog.changes(after, place)
    finally:
        connection.close()


class Stretch(Schema):
    """From when to when (exclusive), UTC ms."""

    start: int = Field(0, ge=-(2**53), le=2**53)
    end: int = Field(0, ge=-(2**53), le=2**53)


@wing_router.get("/kept")
def kept_readings(request: HttpRequest, query: Query[Stretch]) -> Any:
    """Which raw readings of a stretch must stay although their time is over: evidence, and days not looked at yet."""
    asker(request).require("catalog.follow")
    return kept.kept(query.start, query.end)


class BeatIn(BaseModel):
    """A wing's sign of life; whatever else it tells is kept, and shown by `GET /health`.

    No Schema of Ninja's: that drops what it has no field for, whatever its model_config says.
    """

    model_config = ConfigDict(extra="allow")
    wing: str = Field(min_length=1, max_length=30)
    tick_ts: int = Field(ge=0, le=253402300799000)
    started_ms: int | None = Field(None, ge=0, le=253402300799000)


# The part a wing's beat speaks for.
PART_OF = {"sensing": "pipeline"}


@wing_router.post("/beats", response={204: None})
def take_beat(request: HttpRequest, beat: BeatIn) -> Any:
    """A wing is alive and has evaluated up to `tick_ts` (UTC ms)."""
    asker(request).require("catalog.follow")
    tick = datetime.fromtimestamp(beat.tick_ts / 1000, UTC)
    started = None if beat.started_ms is None else datetime.fromtimestamp(beat.started_ms / 1000, UTC)
    steps.beat(PART_OF.get(beat.wing, beat.wing), tick_at=tick, detail=beat.model_dump(), started_at=started)
    return 204, None
