"""Territories and organisations; sites are answered by the room `sites`."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from ninja import Field, Query, Schema

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.api import ListQuery, Page, Router, asker, paginate
from shoutu.county.places import selectors, services
from shoutu.county.places.models import Organisation, Site, Territory

router = Router()


class TerritoryOut(Schema):
    """`depth`: 0 the county, 1 a township, 2 a village. `bodies`, `sites`: how many stand directly in it."""

    id: int
    name: str
    code: str
    parent: int | None = None
    depth: int
    is_active: bool
    bodies: int = 0
    sites: int = 0


class TerritoryIn(Schema):
    name: str = Field(min_length=1, max_length=80)
    parent: int | None = None
    code: str = Field("", max_length=12)


class TerritoryChange(Schema):
    name: str | None = Field(None, min_length=1, max_length=80)
    parent: int | None = None
    code: str | None = Field(None, max_length=12)


class OrganisationOut(Schema):
    id: int
    name: str
    kind: str
    code: str
    territory: str
    territory_id: int
    is_active: bool


class OrganisationIn(Schema):
    name: str = Field(min_length=1, max_length=120)
    kind: str
    territory: int
    code: str = Field("", max_length=18)


class OrganisationChange(Schema):
    name: str | None = Field(None, min_length=1, max_length=120)
    kind: str | None = None
    territory: int | None = None
    code: str | None = Field(None, max_length=18)


class OrganisationQuery(ListQuery):
    kind: str = ""
    territory: int | None = Field(None, description="this territory and all below it")
    closed: bool = Field(False, description="closed ones too")


class SiteMove(Schema):
    reason: str = Field(min_length=1, max_length=400)
    organisation: int | None = None
    territory: int | None = None


class SiteMoved(Schema):
    id: int
    organisation: int
    territory: int


class Territories(Schema):
    items: list[TerritoryOut]
    next: str | None = None
    count: int


def _territory(row: Territory) -> dict[str, Any]:
    return {
        "id": row.pk,
        "name": row.name,
        "code": row.code,
        "parent": row.parent_id,
        "depth": row.depth,
        "is_active": row.is_active,
        "bodies": getattr(row, "bodies", 0),
        "sites": getattr(row, "places", 0),
    }


def _organisation(row: Organisation) -> dict[str, Any]:
    return {
        "id": row.pk,
        "name": row.name,
        "kind": row.kind,
        "code": row.code,
        "territory": row.territory.name,
        "territory_id": row.territory_id,
        "is_active": row.is_active,
    }


@router.get("/territories", response=Territories)
def list_territories(request: HttpRequest) -> Any:
    """The county's tree, parents before children, on one page."""
    actor = asker(request)
    actor.require("site.read")
    found = [_territory(row) for row in selectors.territory_rows(actor)]
    return {"items": found, "next": None, "count": len(found)}


@router.post("/territories", response={201: TerritoryOut})
def create_territory(request: HttpRequest, territory: TerritoryIn) -> Any:
    """A township or village under its parent."""
    parent = selectors.get_territory(territory.parent) if territory.parent else None
    return 201, _territory(services.create_territory(asker(request), territory.name, parent, territory.code))


@router.patch("/territories/{id}", response=TerritoryOut)
def change_territory(request: HttpRequest, id: int, change: TerritoryChange) -> Any:
    """Rename a territory or hang it elsewhere in the tree; 422 for a cycle."""
    parent = selectors.get_territory(change.parent) if change.parent else None
    made = services.change_territory(
        asker(request), selectors.get_territory(id), name=change.name, code=change.code, parent=parent
    )
    return _territory(made)


@router.post("/territories/{id}/deactivate", response=TerritoryOut)
def close_territory(request: HttpRequest, id: int) -> Any:
    """Take a territory out of use; 409 while something is still in it."""
    return _territory(services.set_territory_active(asker(request), selectors.get_territory(id), False))


@router.post("/territories/{id}/activate", response=TerritoryOut)
def open_territory(request: HttpRequest, id: int) -> Any:
    """Take a territory into use again."""
    return _territory(services.set_territory_active(asker(request), selectors.get_territory(id), True))


def filtered_organisations(actor: Actor, query: OrganisationQuery) -> QuerySet[Organisation]:
    """What the actor sees, narrowed by the list's filters."""
    found = selectors.organisations().visible_to(actor)
    if not query.closed:
        found = found.filter(is_active=True)
    if query.q:
        found = found.filter(Q(name__icontains=query.q) | Q(code__iexact=query.q))
    if query.kind:
        found = found.filter(kind=query.kind)
    if query.territory:
        found = found.filter(territory__path__startswith=selectors.get_territory(query.territory).path)
    return found


@router.get("/organisations", response=Page[OrganisationOut])
def list_organisations(request: HttpRequest, query: Query[OrganisationQuery]) -> Any:
    """Organisations I see."""
    actor = asker(request)
    actor.require("site.read")
    found = filtered_organisations(actor, query)
    return paginate(found, query, _organisation, sorts={"name": ["name"], "id": ["id"]}, default="name")


@router.get("/organisations/{id}", response=OrganisationOut)
def get_organisation(request: HttpRequest, id: int) -> Any:
    """One organisation, a closed one too."""
    actor = asker(request)
    actor.require("site.read")
    return _organisation(selectors.get_organisation(actor, id))


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


@router.patch("/organisations/{id}", response=OrganisationOut)
def change_organisation(request: HttpRequest, id: int, change: OrganisationChange) -> Any:
    """Change an organisation's name, kind, code or seat."""
    actor = asker(request)
    made = services.change_organisation(
        actor,
        selectors.get_organisation(actor, id),
        name=change.name,
        kind=change.kind,
        code=change.code,
        territory=selectors.get_territory(change.territory) if change.territory else None,
    )
    return _organisation(made)


@router.post("/organisations/{id}/deactivate", response=OrganisationOut)
def close_organisation(request: HttpRequest, id: int) -> Any:
    """Take an organisation out of use; 409 while it still has sites."""
    actor = asker(request)
    return _organisation(services.set_organisation_active(actor, selectors.get_organisation(actor, id), False))


@router.post("/organisations/{id}/activate", response=OrganisationOut)
def open_organisation(request: HttpRequest, id: int) -> Any:
    """Take an organisation into use again."""
    actor = asker(request)
    return _organisation(services.set_organisation_active(actor, selectors.get_organisation(actor, id), True))


@router.post("/sites/{id}/move", response=SiteMoved)
def move_site(request: HttpRequest, id: int, move: SiteMove) -> Any:
    """Give a site to another organisation or territory; who answered for it before stays as it was."""
    actor = asker(request)
    made: Site = services.move_site(
        actor,
        selectors.get_site(actor, id),
        move.reason,
        organisation=selectors.get_organisation(actor, move.organisation) if move.organisation else None,
        territory=selectors.get_territory(move.territory) if move.territory else None,
    )
    return {"id": made.pk, "organisation": made.organisation_id, "territory": made.territory_id}
