"""Licences over HTTP: the county's list, a site's, one of them, and what is done with it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Query, Status

from shoutu.county.duties.schemas import TimelineRow
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.api import ListQuery, Page, Router, asker, paginate
from shoutu.county.papers import api_documents, kinds, schemas, selectors, services
from shoutu.county.papers.lacking import SORTS as LACKING_SORTS
from shoutu.county.papers.lacking import lacking_for, rows_of
from shoutu.county.places.selectors import get_site

router = Router()
router.add_router("", api_documents.router)


class LicenceQuery(ListQuery):
    standing: str = ""
    kind: str = ""
    organisation: int | None = None


class LackingQuery(ListQuery):
    site: int | None = None
    organisation: int | None = None
    kind: str = ""


class SiteLicenceQuery(ListQuery):
    standing: str = ""


@router.get("/licences", response=Page[schemas.Licence])
def list_licences(request: HttpRequest, query: Query[LicenceQuery]) -> Any:
    """Licences, what lapses first on top. `standing`: one of a licence, or all; empty: those in force."""
    actor = asker(request)
    actor.require("licence.read")
    rows = selectors.licences_for(
        actor, standing=query.standing, kind=query.kind, organisation=query.organisation, q=query.q
    )
    return paginate(rows, query, lambda one: selectors.row(actor, one), sorts=selectors.SORTS, default="until")


@router.get("/licences/form", response=schemas.LicenceForm)
def get_licence_form(
    request: HttpRequest, site: int | None = None, organisation: int | None = None, lacking: bool = False
) -> Any:
    """The kinds there are, how many licences the asker sees, and whose one for that site or enterprise may be.

    `lacking`: count the sites that lack one as well, which looks at every site; null where nobody asked.
    """
    actor = asker(request)
    actor.require("licence.read")
    told = {"id", "ground", "verified", "lead_days", "personal", "capacity"}
    offered = [
        {**one.model_dump(include=told), "title": one.name, "required": bool(one.required_of)}
        for one in kinds.kinds().values()
    ]
    return {
        "kinds": offered,
        "may": actor.may("licence.edit"),
        **selectors.counts(actor),
        "lacking": lacking_for(actor).count() if lacking else None,
        **selectors.holders(actor, site, organisation),
    }


@router.get("/sites/{id}/licences", response=Page[schemas.Licence])
def list_site_licences(request: HttpRequest, id: int, query: Query[SiteLicenceQuery]) -> Any:
    """Those of the site and those its enterprise holds for all of its sites."""
    actor = asker(request)
    actor.require("licence.read")
    rows = selectors.of_site(actor, get_site(actor, id), query.standing)
    return paginate(rows, query, lambda one: selectors.row(actor, one), sorts=selectors.SORTS, default="until")


@router.get("/licences/lacking", response=Page[schemas.SiteLacking])
def list_lacking(request: HttpRequest, query: Query[LackingQuery]) -> Any:
    """Sites without a licence in force that sites of their kind must have. Nobody is called for it."""
    actor = asker(request)
    actor.require("licence.read")
    rows = lacking_for(actor, site=query.site, organisation=query.organisation, kind=query.kind, q=query.q)
    page = paginate(rows, query, sorts=LACKING_SORTS, default="holder")
    return {**page, "items": rows_of(page["items"], query.kind)}


@router.get("/licences/{id}", response=schemas.LicenceDetail)
def get_licence(request: HttpRequest, id: int) -> Any:
    """One licence with those it replaced."""
    actor = asker(request)
    actor.require("licence.read")
    return _detail(actor, id)


@router.get("/licences/{id}/timeline", response=Page[TimelineRow])
def get_licence_timeline(request: HttpRequest, id: int) -> Any:
    """What was recorded about it and its calls, newest first."""
    actor = asker(request)
    actor.require("licence.read")
    rows = selectors.timeline(actor, selectors.get_licence(actor, id))
    return {"items": rows, "next": None, "count": len(rows)}


@router.post("/licences", response={201: schemas.LicenceDetail})
def enter_licence(request: HttpRequest, body: schemas.LicenceIn) -> Any:
    """Put a licence on record."""
    actor = asker(request)
    row = services.enter_licence(actor, body.organisation, body.kind, _content(body), body.site)
    return Status(201, _detail(actor, row.pk))


@router.post("/licences/{id}/correct", response=schemas.LicenceDetail)
def correct_licence(request: HttpRequest, id: int, body: schemas.LicenceCorrectionIn) -> Any:
    """Put right what was entered wrong."""
    actor = asker(request)
    services.correct_licence(actor, id, _content(body), body.reason)
    return _detail(actor, id)


@router.post("/licences/{id}/renew", response={201: schemas.LicenceDetail})
def renew_licence(request: HttpRequest, id: int, body: schemas.LicenceContent) -> Any:
    """The new document in the place of the old; answers the new one."""
    actor = asker(request)
    return Status(201, _detail(actor, services.renew_licence(actor, id, _content(body)).pk))


@router.post("/licences/{id}/withdraw", response=schemas.LicenceDetail)
def withdraw_licence(request: HttpRequest, id: int, body: schemas.LicenceWithdrawalIn) -> Any:
    """吊销 or 注销."""
    actor = asker(request)
    services.withdraw_licence(actor, id, body.how, body.reason)
    return _detail(actor, id)


def _content(body: schemas.LicenceContent) -> services.Content:
    return services.Content(**{name: getattr(body, name) for name in services.Content.__dataclass_fields__})


def _detail(actor: Actor, id: int) -> dict[str, Any]:
    return selectors.detail(actor, selectors.get_licence(actor, id))
