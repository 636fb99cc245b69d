"""Warnings over HTTP: the list, one warning, and what is done about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any, Literal

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from ninja import Query
from pydantic import Field

from shoutu.county.duties.schemas import NoteIn, TimelineRow
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.api import ListQuery, Page, Router, asker, paginate
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.ledger.services import once
from shoutu.county.warnings import schemas, selectors, services
from shoutu.county.warnings.api_evacuations import router as evacuations_router
from shoutu.county.warnings.api_evidence import router as evidence_router
from shoutu.county.warnings.api_groups import router as groups_router
from shoutu.county.warnings.api_noise import router as noise_router
from shoutu.county.warnings.api_reports import router as reports_router
from shoutu.county.warnings.api_signals import router as signals_router
from shoutu.county.warnings.api_silences import router as silences_router
from shoutu.county.warnings.models import Warning
from shoutu.county.warnings.services.taking import Seen

router = Router()
router.add_router("", evacuations_router)
router.add_router("", evidence_router)
router.add_router("", noise_router)
router.add_router("", reports_router)
router.add_router("", silences_router)
router.add_router("", signals_router)
router.add_router("", groups_router)


class WarningQuery(ListQuery):
    state: str = "open"
    level: int | None = Field(None, ge=1, le=4)
    site: int | None = Field(None, ge=1)
    organisation: int | None = Field(None, ge=1)
    mine: bool = False
    category: Literal["", "risk", "fault"] = ""
    since: date | None = None
    until: date | None = None
    result: Literal["", "real", "false_alarm", "device_fault", "unjudged"] = ""


def filtered_warnings(actor: Actor, query: WarningQuery) -> QuerySet[Warning]:
    """What the actor sees, narrowed by the list's filters."""
    return selectors.warnings_for(
        actor,
        state=query.state,
        level=query.level,
        site=query.site,
        organisation=query.organisation,
        q=query.q,
        mine=query.mine,
        category=query.category,
        since=timezone.make_aware(datetime.combine(query.since, time.min)) if query.since else None,
        until=timezone.make_aware(datetime.combine(query.until, time.max)) if query.until else None,
        result=query.result,
    )


@router.get("/warnings", response=Page[schemas.Warning])
def list_warnings(request: HttpRequest, query: Query[WarningQuery]) -> Any:
    """Warnings I may see, red first; `state` open, all, or one state; `since`, `until`: days of the county's
    calendar; `result` unjudged: nobody has verified it yet.
    """
    actor = asker(request)
    actor.require("warning.read")
    rows = filtered_warnings(actor, query)
    default = "-id" if query.state in ("closed", "all") else "urgency"
    page = paginate(rows, query, sorts=selectors.SORTS, default=default)
    duties = selectors.duties_of(one.pk for one in page["items"])
    silent = selectors.silent_now(one.pk for one in page["items"])
    return {**page, "items": [selectors.row(one, duties[one.pk], silent.get(one.pk)) for one in page["items"]]}


@router.get("/warnings/{id}", response=schemas.WarningDetail)
def get_warning(request: HttpRequest, id: int) -> Any:
    """One warning with rule, limits, events, people, what was here before, and what may be done now."""
    actor = asker(request)
    actor.require("warning.read")
    return _detail(actor, id)


def _detail(actor: Actor, id: int) -> dict[str, Any]:
    return selectors.detail(actor, selectors.get_warning(actor, id))


@router.get("/warnings/{id}/timeline", response=Page[TimelineRow])
def get_timeline(request: HttpRequest, id: int) -> Any:
    """What was recorded about it and its duties, newest first."""
    actor = asker(request)
    actor.require("warning.read")
    rows = selectors.timeline(actor, id)
    return {"items": rows, "next": None, "count": len(rows)}


def _once(
    actor: Actor, id: int, done: str, sent: schemas.SentWarning | None, told: dict[str, Any], act: Callable[..., object]
) -> None:
    if sent is None:
        act(actor, id, **told)
        return
    seen = None if sent.seen is None else Seen(**sent.seen.dict())
    subject = SubjectRef(Warning.subject_type, id)
    once(actor, sent, f"warning.{done}", subject, told, lambda: act(actor, id, **told, seen=seen))


@router.post("/warnings/{id}/verify", response=schemas.WarningDetail)
def verify(request: HttpRequest, id: int, body: schemas.VerifyIn) -> Any:
    """核实: real, false alarm (with reason) or device fault."""
    actor = asker(request)
    told: dict[str, Any] = {"result": body.result, "reason": body.reason, "note": body.note}
    _once(actor, id, "verified", body.sent, told, services.verify)
    return _detail(actor, id)


@router.post("/warnings/{id}/dispose", response=schemas.WarningDetail)
def dispose(request: HttpRequest, id: int, body: schemas.DisposeIn) -> Any:
    """处置: what was done on site; `withdraw` for 停产撤人."""
    actor = asker(request)
    told: dict[str, Any] = {"note": body.note, "withdraw": body.withdraw}
    _once(actor, id, "disposed", body.sent, told, services.dispose)
    return _detail(actor, id)


@router.post("/warnings/{id}/feedback", response=schemas.WarningDetail)
def feedback(request: HttpRequest, id: int, body: schemas.FeedbackIn) -> Any:
    """反馈: what came of it. 409 before it was disposed of."""
    actor = asker(request)
    _once(actor, id, "fed_back", body.sent, {"note": body.note}, services.feedback)
    return _detail(actor, id)


@router.post("/warnings/{id}/close", response=schemas.WarningDetail)
def close(request: HttpRequest, id: int, body: NoteIn) -> Any:
    """关闭: verified, fallen below yellow, not unknown, by the level the policy names; else 409 says what is missing.

    Where the policy wants a review, the warning stays open with `close_asked` until somebody else closes it.
    """
    actor = asker(request)
    services.close(actor, id, body.note)
    return _detail(actor, id)


@router.post("/warnings/{id}/return", response=schemas.WarningDetail)
def send_back(request: HttpRequest, id: int, body: NoteIn) -> Any:
    """退回: the closing that waits for review is not agreed to. 409 where none waits."""
    actor = asker(request)
    services.send_back(actor, id, body.note)
    return _detail(actor, id)


@router.post("/warnings/{id}/recall", response=schemas.WarningDetail)
def recall(request: HttpRequest, id: int) -> Any:
    """追叫: call again everybody who has not answered."""
    actor = asker(request)
    services.recall(actor, id)
    return _detail(actor, id)
