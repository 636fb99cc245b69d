"""Findings over HTTP: what should be there and is not."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Query
from pydantic import Field

from shoutu.county.duties import schemas, selectors
from shoutu.county.duties.models import Finding
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.api import ListQuery, Page, Router, asker, paginate
from shoutu.county.kit.findings import kinds

router = Router()


class FindingQuery(ListQuery):
    kind: str = Field("", max_length=40)
    state: str = "open"
    site: int | None = Field(None, ge=1)
    optional: bool | None = None


SORTS = {"found_at": ["found_at"], "about": ["about_label", "optional"], "id": ["id"]}


def filtered_findings(actor: Actor, query: FindingQuery) -> QuerySet[Finding]:
    """What the actor sees, narrowed by the list's filters."""
    rows = selectors.findings_for(actor, kind=query.kind, state=query.state, site=query.site)
    if query.optional is not None:
        rows = rows.filter(optional=query.optional)
    if query.q:
        rows = rows.filter(message__icontains=query.q) | rows.filter(about_label__icontains=query.q)
    return rows


@router.get("/findings", response=Page[schemas.FindingRow])
def list_findings(request: HttpRequest, query: Query[FindingQuery]) -> Any:
    """What is lacking, by subject; with `state=cleared`, what was.

    `optional=false` leaves out what nobody is called for.
    """
    actor = asker(request)
    actor.require("duty.read")
    rows = filtered_findings(actor, query)
    return paginate(rows, query, lambda row: selectors.finding_row(row, actor), sorts=SORTS, default="about")


@router.get("/findings/kinds", response=list[schemas.FindingKind])
def list_kinds(request: HttpRequest) -> Any:
    """The kinds of findings there are."""
    asker(request).require("duty.read")
    return [{"name": kind.name, "title": str(kind.title)} for kind in kinds().values()]


@router.get("/findings/{int:id}", response=schemas.FindingRow)
def get_finding(request: HttpRequest, id: int) -> Any:
    """One finding."""
    actor = asker(request)
    actor.require("duty.read")
    return selectors.finding_row(selectors.get_finding(actor, id), actor)
