"""Rule packs as they are, and what watches a site: read only."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from shoutu.county.kit.api import Router, asker
from shoutu.county.sites import schemas_packs as schemas
from shoutu.county.sites import selectors, watching

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


@router.get("/sites/{id}/watch", response=schemas.SiteWatch)
def get_watch(request: HttpRequest, id: int) -> Any:
    """What watches a site and what is missing."""
    actor = asker(request)
    actor.require("rule.read")
    return watching.watch_of(actor, selectors.get_site(actor, id))
