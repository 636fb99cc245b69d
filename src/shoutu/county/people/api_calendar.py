"""The roster by days, its changes, and the handover both sign."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Field, Query, Schema
from pydantic import AwareDatetime

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.api import ListQuery, Page, Router, asker, paginate
from shoutu.county.kit.errors import Invalid
from shoutu.county.kit.limits import Limit
from shoutu.county.kit.status import status
from shoutu.county.people import selectors, services
from shoutu.county.people.calendar import doubles, gaps, shifts_between
from shoutu.county.people.documents.handover import sheet
from shoutu.county.people.masking import masked_name
from shoutu.county.people.models import Handover, Shift
from shoutu.county.people.roster import my_posts_soon, shift_in_sight
from shoutu.county.people.schemas import Named, named
from shoutu.county.people.selectors import lists
from shoutu.county.people.states import HANDOVER_STATES

router = Router()
MAX_DAYS = 62
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


class CalendarShift(Schema):
    """`sign_in_from`: from when on its person may sign in to it. `handover`: draft, handed, taken, or null when none
    was written. `double`: the person is elsewhere as well.
    """

    id: int
    person: Named
    mine: bool
    starts_at: datetime
    ends_at: datetime
    sign_in_from: datetime
    signed_in_at: datetime | None
    signed_out_at: datetime | None
    handover: str | None
    handover_id: int | None
    double: bool


class GapOut(Schema):
    start: datetime
    end: datetime


class CalendarRow(Schema):
    post: Named
    organisation: Named
    shifts: list[CalendarShift]
    gaps: list[GapOut]


class Calendar(Schema):
    """`gaps` are told from now on only: what is past cannot be rostered."""

    start: datetime
    end: datetime
    rows: list[CalendarRow]


class Series(Schema):
    """`persons` take turns, shift after shift of `hours`, `count` in all, from `first`."""

    post: int
    persons: list[int]
    first: AwareDatetime
    hours: float = 12
    count: int = 14


class SeriesOut(Schema):
    shifts: int
    until: datetime
    warnings: list[str]


class Replacement(Schema):
    person: int
    reason: str = Field(max_length=400)


class Swap(Schema):
    other: int
    reason: str = Field(max_length=400)


class Because(Schema):
    reason: str = Field(max_length=400)


class HandoverNote(Schema):
    note: str


class Changed(Schema):
    """`warnings`: what is odd about it now, such as one person in two places; it stands all the same."""

    id: int
    person_id: int
    starts_at: datetime
    ends_at: datetime
    warnings: list[str]


class Figures(Schema):
    levels: dict[str, int] = {}
    unanswered: dict[str, int] = {}
    alarms: int = 0


class Act(Schema):
    verb: str
    why_not: str | None


class HandoverOut(Schema):
    id: int
    shift: int
    post: Named
    organisation: Named
    starts_at: datetime
    ends_at: datetime
    outgoing: str | None
    incoming: str | None
    note: str
    returned: str
    figures: Figures
    state: str
    handed_at: datetime | None
    taken_at: datetime | None
    mine: bool
    acts: list[Act]


@router.get("/roster/calendar", response=Calendar)
def roster_calendar(
    request: HttpRequest, start: date | None = None, days: int = 7, organisation: int | None = None
) -> Any:
    """The roster of `days` local days from `start` (today): shifts by post, gaps, and who is in two places."""
    actor = asker(request)
    actor.require("roster.read")
    if not 1 <= days <= MAX_DAYS:
        raise Invalid("days", _("1 到 %(limit)s 天") % {"limit": MAX_DAYS})
    first = timezone.make_aware(datetime.combine(start or timezone.localdate(), time.min))
    last, now = first + timedelta(days=days), timezone.now()
    posts = list(lists.posts(actor, organisation=organisation, on_shift=True).order_by("organisation__kind", "id"))
    shifts = shifts_between(posts, first, last)
    twice = {shift.pk for pair in doubles(first, last) for shift in pair}
    holes: dict[int, list[dict[str, datetime]]] = {}
    for post, since, until in gaps(posts, max(first, now), max(last, now)):
        holes.setdefault(post.pk, []).append({"start": since, "end": until})
    rows = [
        {
            "post": {"id": post.pk, "name": post.title},
            "organisation": named(post.organisation),
            "shifts": [_shift(one, actor, twice) for one in shifts if one.post_id == post.pk],
            "gaps": holes.get(post.pk, []),
        }
        for post in posts
    ]
    return {"start": first, "end": last, "rows": rows}


def _shift(row: Shift, actor: Actor, twice: set[int]) -> dict[str, Any]:
    handover: Handover | None = getattr(row, "handover", None)
    return {
        "id": row.pk,
        "person": {"id": row.person_id, "name": masked_name(row.person, actor)},
        "mine": row.person_id == actor.person_id,
        "starts_at": row.starts_at,
        "ends_at": row.ends_at,
        "sign_in_from": row.sign_in_from,
        "signed_in_at": row.signed_in_at,
        "signed_out_at": row.signed_out_at,
        "handover": handover.state if handover else None,
        "handover_id": handover.pk if handover else None,
        "double": row.pk in twice,
    }


def _warnings(actor: Actor, shifts: list[Shift]) -> list[str]:
    """One person in two places, as a sentence each."""
    mine = {shift.pk for shift in shifts}
    said = []
    for one, other in doubles(min(s.starts_at for s in shifts), max(s.ends_at for s in shifts)):
        if {one.pk, other.pk} & mine:
            said.append(
                _("%(person)s同时排在“%(one)s”和“%(two)s”，一个人不能在两处。")
                % {"person": masked_name(one.person, actor), "one": one.post, "two": other.post}
            )
    return said


def _changed(actor: Actor, shift: Shift) -> dict[str, Any]:
    return {
        "id": shift.pk,
        "person_id": shift.person_id,
        "starts_at": shift.starts_at,
        "ends_at": shift.ends_at,
        "warnings": _warnings(actor, [shift]),
    }


@router.post("/roster/series", response={201: SeriesOut})
def plan_series(request: HttpRequest, series: Series) -> Any:
    """Roster several persons in turn; all shifts or none."""
    actor = asker(request)
    persons = [selectors.get_person(actor, id) for id in series.persons]
    made = services.plan_series(
        actor, selectors.get_post(series.post), persons, series.first, series.hours, series.count
    )
    return 201, {"shifts": len(made), "until": made[-1].ends_at, "warnings": _warnings(actor, made)}


@router.post("/roster/shifts/{id}/replace", response=Changed)
def replace_on_shift(request: HttpRequest, id: int, change: Replacement) -> Any:
    """Another person takes this shift, or the rest of it."""
    actor = asker(request)
    person = selectors.get_person(actor, change.person)
    return _changed(actor, services.replace_on_shift(actor, shift_in_sight(actor, id), person, change.reason))


@router.post("/roster/shifts/{id}/swap", response=Changed)
def swap_shifts(request: HttpRequest, id: int, swap: Swap) -> Any:
    """Two persons exchange two shifts that have not begun."""
    actor = asker(request)
    one, _other = services.swap_shifts(actor, shift_in_sight(actor, id), shift_in_sight(actor, swap.other), swap.reason)
    return _changed(actor, one)


@router.post("/roster/shifts/{id}/cancel", response=Changed)
def cancel_shift(request: HttpRequest, id: int, because: Because) -> Any:
    """Take a shift that has not begun off the roster."""
    actor = asker(request)
    return _changed(actor, services.cancel_shift(actor, shift_in_sight(actor, id), because.reason))


def _handover(row: Handover, actor: Actor, expected: set[int] | None = None) -> dict[str, Any]:
    """`expected`: the posts the asker is rostered to now; asked for when left out."""
    post = row.shift.post
    expected = my_posts_soon(actor, timezone.now()) if expected is None else expected
    return {
        "id": row.pk,
        "shift": row.shift_id,
        "post": {"id": post.pk, "name": post.title},
        "organisation": named(post.organisation),
        "starts_at": row.shift.starts_at,
        "ends_at": row.shift.ends_at,
        "outgoing": masked_name(row.shift.person, actor),
        "incoming": masked_name(row.taken_by, actor),
        "note": row.note,
        "returned": row.returned,
        "figures": row.figures,
        "state": row.state,
        "handed_at": row.handed_at,
        "taken_at": row.taken_at,
        "mine": row.shift.person_id == actor.person_id,
        "acts": [
            {
                "verb": verb,
                "why_not": HANDOVER_STATES.why_not(row.state, verb, actor, row)
                or (
                    _("这个岗位现在没有排给你的班，先让排班的人换班。")
                    if verb == "take" and post.pk not in expected
                    else None
                ),
            }
            for verb in HANDOVER_STATES.verbs
        ],
    }


@router.get("/roster/handovers", response=Page[HandoverOut])
def list_handovers(request: HttpRequest, query: Query[ListQuery]) -> Any:
    """Handovers of the posts I see, newest first."""
    actor = asker(request)
    actor.require("roster.read")
    found = lists.handovers(actor)
    if query.q:
        found = found.filter(shift__post__organisation__name__icontains=query.q)
    page = paginate(found, query, sorts={"shift": ["shift__starts_at"], "id": ["id"]}, default="-shift")
    expected = my_posts_soon(actor, timezone.now())
    return {**page, "items": [_handover(row, actor, expected) for row in page["items"]]}


@router.get("/roster/handovers/{id}", response=HandoverOut)
def get_handover(request: HttpRequest, id: int) -> Any:
    """One handover and what I may do with it."""
    actor = asker(request)
    actor.require("roster.read")
    return _handover(lists.get_handover(actor, id), actor)


@router.put("/roster/shifts/{id}/handover", response=HandoverOut)
def write_handover(request: HttpRequest, id: int, handover: HandoverNote) -> Any:
    """Write my handover note; it can be changed until I sign it."""
    actor = asker(request)
    made = services.write_handover(actor, shift_in_sight(actor, id), handover.note)
    return _handover(lists.get_handover(actor, made.pk), actor)


@router.post("/roster/handovers/{id}/hand", response=HandoverOut)
def sign_handing(request: HttpRequest, id: int) -> Any:
    """I sign as the outgoing one. The watch stays mine until the other has signed."""
    actor = asker(request)
    now = status(actor)
    figures = {"levels": now["levels"], "unanswered": now["unanswered"], "alarms": len(now["alarms"])}
    services.hand_over(actor, lists.get_handover(actor, id), figures)
    return _handover(lists.get_handover(actor, id), actor)


@router.post("/roster/handovers/{id}/take", response=HandoverOut)
def sign_taking(request: HttpRequest, id: int) -> Any:
    """I sign as the incoming one and have the watch from now on."""
    actor = asker(request)
    services.take_over(actor, lists.get_handover(actor, id))
    return _handover(lists.get_handover(actor, id), actor)


@router.post("/roster/handovers/{id}/return", response=HandoverOut)
def send_back(request: HttpRequest, id: int, because: Because) -> Any:
    """I do not accept it as it is: back to the outgoing one, with the reason."""
    actor = asker(request)
    services.return_handover(actor, lists.get_handover(actor, id), because.reason)
    return _handover(lists.get_handover(actor, id), actor)


@router.get("/roster/handovers/{id}/sheet", response={200: bytes}, throttle=Limit("export"))
def handover_sheet(request: HttpRequest, id: int) -> Any:
    """The shift sheet (交接班记录) as a Word file, to be printed and put away."""
    actor = asker(request)
    actor.require("roster.read")
    row = lists.get_handover(actor, id)
    answer = HttpResponse(sheet(row, actor), content_type=WORD)
    answer["Content-Disposition"] = f'attachment; filename="handover-{row.pk}.docx"'
    return answer
