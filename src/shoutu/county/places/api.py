"""Territories and organisations; sites are answered by the room `sites`."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Schema

from shoutu.county.kit.api import ListQuery, Page, Router, asker, paginate
from shoutu.county.places import selectors, services
from shoutu.county.places.models import Organisation

router = Router()


class TerritoryOut(Schema):
    id: int
    name: str
    code: str
    parent: int | None = Field(None, alias="parent_id")


class TerritoryIn(Schema):
    name: str = Field(min_length=1, max_length=80)
    parent: int | None = None
    code: str = Field("", max_length=12)


class OrganisationOut(Schema):
    id: int
    name: str
    kind: str
    code: str
    territory: str


class OrganisationIn(Schema):
    name: str = Field(min_length=1, max_length=120)
    kind: str
    territory: int
    code: str = Field("", max_length=18)


class Territories(Schema):
    items: list[TerritoryOut]
    next: str | None = None
    count: int


def _organisation(row: Organisation) -> dict[str, Any]:
    return {"id": row.pk, "name": row.name, "kind": row.kind, "code": row.code, "territory": row.territory.name}


@router.get("/territories", response=Territories)
def list_territories(request: HttpRequest) -> Any:
    """The county's tree, parents before children, on one page."""
    asker(request).require("site.read")
    found = selectors.territories()
    return {"items": found, "next": None, "count": len(found)}


@router.post("/territories", response={201: TerritoryOut})
def create_territory(request: HttpRequest, territory: TerritoryIn) -> Any:
    """A township or village under its parent."""
    parent = selectors.get_territory(territory.parent) if territory.parent else None
    return 201, services.create_territory(asker(request), territory.name, parent, territory.code)


@router.get("/organisations", response=Page[OrganisationOut])
def list_organisations(request: HttpRequest, query: Query[ListQuery]) -> Any:
    """Organisations I see."""
    actor = asker(request)
    actor.require("site.read")
    found = selectors.organisations().visible_to(actor)
    if query.q:
        found = found.filter(name__icontains=query.q)
    return paginate(found, query, _organisation, sorts={"name": ["name"], "id": ["id"]}, default="name")


@router.post("/organisations", response={201: OrganisationOut})
def create_organisation(request: HttpRequest, organisation: OrganisationIn) -> Any:
    """A new organisation."""
    made = services.create_organisation(
        asker(request),
        organisation.name,
        organisation.kind,
        selectors.get_territory(organisation.territory),
        organisation.code,
    )
    return 201, _organisation(made)
