"""Rule packs as they are, and what watches a site: read only."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from shoutu.county.kit.api import Router, asker
from shoutu.county.places.models import Site
from shoutu.county.sites import planning, selectors, services, watching
from shoutu.county.sites import schemas_packs as schemas
from shoutu.county.sites import schemas_planning as planning_schemas

router = Router()


@router.get("/packs", response=schemas.Packs)
def list_packs(request: HttpRequest) -> Any:
    """The rule packs of this installation; one that cannot be read says why."""
    actor = asker(request)
    actor.require("rule.read")
    rows = watching.pack_rows(actor)
    return {"items": rows, "next": None, "count": len(rows)}


@router.get("/packs/{name}", response=schemas.PackDetail)
def get_pack(request: HttpRequest, name: str) -> Any:
    """A pack whole: items, rules with their limits and citations, what it requires, design values, limits of law."""
    actor = asker(request)
    actor.require("rule.read")
    return watching.pack_detail(actor, name)


@router.post("/packs/{name}/bindings/check", response=planning_schemas.Plan)
def plan_bindings(request: HttpRequest, name: str, body: planning_schemas.PlanIn) -> Any:
    """What taking up this pack would do at each site: rules added, tightened, waiting; what lacks. Changes nothing."""
    actor = asker(request)
    actor.require("rule.edit")
    if body.sites is None:
        return _planned(planning.candidates(actor, name), name)
    return _planned(selectors.sites_by_id(actor, body.sites), name)


@router.post("/packs/{name}/bindings", response=planning_schemas.Plan)
def bind_sites(request: HttpRequest, name: str, body: planning_schemas.BindManyIn) -> Any:
    """Take up this pack at these sites, all of them or none; the answer is how each then stands, with what it lacks."""
    actor = asker(request)
    actor.require("rule.edit")
    sites = selectors.sites_by_id(actor, body.sites)
    services.bind_many(actor, sites, name)
    return _planned(sites, name)


def _planned(sites: list[Site], name: str) -> dict[str, Any]:
    rows = planning.plan(name, sites)
    return {"items": rows, "next": None, "count": len(rows), "most": services.MOST_AT_ONCE}


@router.get("/sites/{id}/watch", response=schemas.SiteWatch)
def get_watch(request: HttpRequest, id: int) -> Any:
    """What watches a site and what is missing."""
    actor = asker(request)
    actor.require("rule.read")
    return watching.watch_of(actor, selectors.get_site(actor, id))
