"""Data loggers and called devices of sources, on whose clock they are, and who sends now."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Status

from shoutu.county.kit.api import Router, asker
from shoutu.county.sites import asking, schemas, selectors, services, shaping
from shoutu.county.sites.schemas_devices import DeviceIn

router = Router()
Ids = Annotated[list[int], Query(max_length=200)]


@router.get("/senders", response=schemas.Senders)
def list_senders(request: HttpRequest, source: Ids) -> Any:
    """Of these sources: which device is connected at which door, and when it was heard last."""
    actor = asker(request)
    actor.require("source.read")
    told = asking.senders(selectors.sources_for(actor).filter(pk__in=source).values_list("pk", flat=True))
    rows = [shaping.sender(key, one) for key, ones in told.items() for one in ones]
    return {"items": rows, "next": None, "count": len(rows)}


@router.post("/sources/{id}/stations", response={201: schemas.TokenOnce})
def post_station(request: HttpRequest, id: int, body: schemas.StationIn) -> Any:
    """Register a data logger (HJ 212) with a source; its password is in this answer and nowhere else."""
    actor = asker(request)
    source = selectors.get_source(actor, id)
    token, text = services.create_station(actor, source, body.mn.strip(), body.name, body.password)
    return Status(201, {"id": token.pk, "name": token.name, "token": text})


@router.post("/sources/{id}/devices", response=schemas.SourceChanged)
def post_device(request: HttpRequest, id: int, body: DeviceIn) -> Any:
    """Have a device called (Modbus TCP, OPC UA); with `replaces` change how.

    Two persons do where rules watch the source, or what a new device would speak for was heard before.
    """
    actor = asker(request)
    source = selectors.get_source(actor, id)
    told = body.device.model_dump(mode="json")
    if body.replaces is None:
        proposal = services.register_device(actor, source, body.name, told, body.reason)[1]
    else:
        token = selectors.get_token(source, body.replaces)
        proposal = services.change_device(actor, token, body.name, told, body.reason)[1]
    row = shaping.source(selectors.sources_for(actor).get(pk=id))
    return {"source": row, "proposal": proposal.pk if proposal else None}


@router.post("/sources/{id}/clock", response=schemas.SourceChanged)
def post_clock(request: HttpRequest, id: int, body: schemas.ClockIn) -> Any:
    """Say how times of a source are read; of one that is watched by rules, two persons say so."""
    actor = asker(request)
    source = selectors.get_source(actor, id)
    proposal = services.set_clock(actor, source, body.zone.strip(), body.seconds, body.reason)
    row = shaping.source(selectors.sources_for(actor).get(pk=id))
    return {"source": row, "proposal": proposal.pk if proposal else None}
