"""待认领 over HTTP: addresses without a point, what they probably are, and their adoption."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Query, Status

from shoutu.county.kit.api import ListQuery, Page, Router, asker, paginate
from shoutu.county.kit.errors import NotFound
from shoutu.county.sites import schemas, schemas_unclaimed, selectors, services, shaping, suggesting

router = Router()


class UnclaimedQuery(ListQuery):
    adoptable: bool | None = None


@router.get("/unclaimed", response=Page[schemas_unclaimed.Unclaimed])
def list_unclaimed(request: HttpRequest, query: Query[UnclaimedQuery]) -> Any:
    """待认领: addresses somebody sends for which there is no point. `adoptable`: only those no other source owns."""
    actor = asker(request)
    actor.require("unclaimed.read")
    rows = selectors.unclaimed_for(actor, q=query.q, adoptable=query.adoptable)
    return paginate(rows, query, shaping.unclaimed, sorts={"id": ["id"], "last_at": ["last_at"]}, default="-last_at")


@router.get("/unclaimed/{id}/suggestion", response=schemas_unclaimed.Suggestion)
def get_suggestion(request: HttpRequest, id: int) -> Any:
    """What the address probably measures, to begin the form with."""
    actor = asker(request)
    row = selectors.get_unclaimed(actor, id)
    actor.require("unclaimed.adopt")
    return suggesting.suggestion(actor, row, row.source.site)


@router.post("/unclaimed/{id}/adopt", response={201: schemas.Point})
def adopt(request: HttpRequest, id: int, body: schemas.PointFields) -> Any:
    """Make an address a point of a site."""
    actor = asker(request)
    unclaimed, site = selectors.get_unclaimed(actor, id), selectors.get_site(actor, body.site)
    return Status(201, shaping.point(services.adopt(actor, unclaimed, site, **_fields(body)), None))


@router.post("/unclaimed/adopt", response={201: schemas_unclaimed.Adopted})
def adopt_many(request: HttpRequest, body: schemas_unclaimed.AdoptIn) -> Any:
    """Make several addresses points of one site that measure the same; all or none."""
    actor = asker(request)
    names = {row.id: row.name for row in body.rows}
    found = selectors.unclaimed_by_id(actor, names)
    for id in names:
        if id not in found:
            raise NotFound("unclaimed", id)
    site = selectors.get_site(actor, body.site)
    rows = [(found[row.id], row.name) for row in body.rows]
    made = services.adopt_many(actor, site, rows, **_fields(body))
    return Status(201, {"points": [shaping.point(row, None) for row in made]})


@router.get("/items", response=schemas_unclaimed.Items)
def list_items(request: HttpRequest, kind: str = "") -> Any:
    """The monitored items of all rule packs; those of packs made for this `kind` of site first."""
    asker(request).require("rule.read")
    rows = [one._asdict() for one in suggesting.items(kind)]
    return {"items": rows, "next": None, "count": len(rows)}


def _fields(body: schemas.PointFields) -> Any:
    return body.model_dump(exclude={"site", "rows"})
