"""应装与在报 over HTTP: what the standards require at each site against what is installed and reports."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Query
from pydantic import Field

from shoutu.county.kit.api import ListQuery, Page, Router, asker, paginate
from shoutu.county.sites import needs
from shoutu.county.sites.schemas_packs import SiteNeeds

router = Router()
SORTS = {"lacking": ["-lacks", "organisation__name", "name"], "name": ["name"], "id": ["id"]}


class NeedsQuery(ListQuery):
    kind: str = Field("", max_length=30)
    organisation: int | None = Field(None, ge=1)
    lacking: bool | None = None


@router.get("/requirements", response=Page[SiteNeeds])
def list_requirements(request: HttpRequest, query: Query[NeedsQuery]) -> Any:
    """Sites of a kind of which something is required by a standard, each with what of it is installed and reports.

    By default those where something is lacking first. `kind`: of the site; `lacking`: something required is not
    installed or has never sent a reading, or no pack was taken up.
    """
    actor = asker(request)
    actor.require("rule.read")
    flags = {name: getattr(query, name) for name in ("q", "kind", "organisation", "lacking")}
    page = paginate(needs.sites_for(actor, **flags), query, sorts=SORTS, default="lacking")
    return {**page, "items": needs.of_sites(actor, page["items"])}
