"""Withdrawals over HTTP: ordered, counted, confirmed out, corrected, work resumed."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Query

from shoutu.county.duties.schemas import NoteIn
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.api import ListQuery, Page, Router, asker, paginate
from shoutu.county.warnings import evacuations, schemas, services

router = Router()


class EvacuationQuery(ListQuery):
    all: bool = False


@router.post("/warnings/{id}/withdraw", response=schemas.EvacuationDetail)
def withdraw(request: HttpRequest, id: int, body: NoteIn) -> Any:
    """停产撤人 by hand, at any level. 409 where it was ordered already."""
    actor = asker(request)
    return _detail(actor, services.order_withdrawal(actor, id, body.note).pk)


@router.get("/evacuations", response=Page[schemas.Evacuation])
def list_evacuations(request: HttpRequest, query: Query[EvacuationQuery]) -> Any:
    """Open withdrawals, the newest first; `all`: those that ended as well."""
    actor = asker(request)
    actor.require("warning.read")
    rows = evacuations.evacuations_for(actor, open_only=not query.all)
    if query.q:
        rows = rows.filter(site__name__icontains=query.q)
    page = paginate(rows, query, sorts={"id": ["id"]}, default="-id")
    return {**page, "items": [evacuations.row(one) for one in page["items"]]}


@router.get("/evacuations/{id}", response=schemas.EvacuationDetail)
def get_evacuation(request: HttpRequest, id: int) -> Any:
    """One withdrawal with each step of its count."""
    actor = asker(request)
    actor.require("warning.read")
    return _detail(actor, id)


def _detail(actor: Actor, id: int) -> dict[str, Any]:
    return evacuations.detail(evacuations.get_evacuation(actor, id), actor)


@router.post("/evacuations/{id}/count", response=schemas.EvacuationDetail)
def count(request: HttpRequest, id: int, body: schemas.HeadCountIn) -> Any:
    """报人数: how many were in, where no point told it."""
    actor = asker(request)
    services.set_head_count(actor, id, body.amount, body.source, body.key)
    return _detail(actor, id)


@router.post("/evacuations/{id}/out", response=schemas.EvacuationDetail)
def out(request: HttpRequest, id: int, body: schemas.OutIn) -> Any:
    """确认已出: people by name, or a number of a group."""
    actor = asker(request)
    services.confirm_out(actor, id, body.key, count=body.count, names=body.names, group=body.group)
    return _detail(actor, id)


@router.post("/evacuations/{id}/positioning", response=schemas.EvacuationDetail)
def positioning(request: HttpRequest, id: int, body: schemas.KeyIn) -> Any:
    """按定位确认: those the positioning system no longer sees in. 409 on an old reading, 503 without any."""
    actor = asker(request)
    actor.require("evacuation.count")
    reading = evacuations.told_now(evacuations.get_evacuation(actor, id))
    services.confirm_by_positioning(actor, id, reading, body.key)
    return _detail(actor, id)


@router.post("/evacuations/{id}/more", response=schemas.EvacuationDetail)
def more(request: HttpRequest, id: int, body: schemas.CorrectIn) -> Any:
    """加人数: somebody was in who had not been counted."""
    actor = asker(request)
    services.add_people(actor, id, body.amount, body.reason, body.key)
    return _detail(actor, id)


@router.post("/evacuations/{id}/back", response=schemas.EvacuationDetail)
def back(request: HttpRequest, id: int, body: schemas.CorrectIn) -> Any:
    """撤回确认: some confirmed out are not."""
    actor = asker(request)
    services.take_back(actor, id, body.amount, body.reason, body.key)
    return _detail(actor, id)


@router.post("/evacuations/{id}/fewer", response=schemas.EvacuationDetail)
def fewer(request: HttpRequest, id: int, body: schemas.FewerIn) -> Any:
    """减人数: proposed here, in force when a second person agrees."""
    actor = asker(request)
    services.propose_fewer(actor, id, body.amount, body.reason)
    return _detail(actor, id)


@router.post("/evacuations/{id}/resume", response=schemas.EvacuationDetail)
def resume(request: HttpRequest, id: int, body: NoteIn) -> Any:
    """复工: nobody missing and the cause gone; else 409 says what is missing."""
    actor = asker(request)
    services.resume_work(actor, id, body.note)
    return _detail(actor, id)
