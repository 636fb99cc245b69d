"""Who answers for what: the records, the chain of a site at any time, the matrix, and its holes and overlaps."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Field, Query, Schema
from pydantic import AwareDatetime

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.api import ListQuery, Page, Router, asker, paginate
from shoutu.county.kit.errors import Invalid
from shoutu.county.people import selectors, services
from shoutu.county.people.findings import findings_shown
from shoutu.county.people.masking import masked_name
from shoutu.county.people.matrix import REQUIRED, Cover, lacks, places_among, whereabouts
from shoutu.county.people.models import Responsibility
from shoutu.county.people.schemas import Named, ResponsibilityOut, named, responsibility_out
from shoutu.county.people.selectors import Answerer, at_time, lists
from shoutu.county.places.models import Site
from shoutu.county.places.selectors import get_organisation, get_site, get_territory, sites

router = Router()


class ResponsibilityIn(Schema):
    post: int
    kind: str
    rung: int
    site: int | None = None
    organisation: int | None = Field(None, description="the sites of this organisation")
    territory: int | None = Field(None, description="the sites of this territory and all below it")
    sectors: list[str] = []
    matters: list[str] = []
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


class Ended(Schema):
    at: AwareDatetime | None = None
    reason: str = Field("", max_length=400)


class ResponsibilityQuery(ListQuery):
    post: int | None = None
    site: int | None = None
    kind: str = ""
    place: str = Field("", description="answering for a site so named, or of an organisation so named, at that time")
    territory: int | None = Field(None, description="answering for a site in this territory, at that time")
    at: AwareDatetime | None = Field(None, description="as it stood then; now when left out")
    all: bool = Field(False, description="ended ones and coming ones too")


class Cell(Schema):
    """One post in a cell of the matrix, or one step of a chain. `state`: held, acting, away or nobody."""

    responsibility: int
    post_id: int
    post: str
    organisation: str
    kind: str
    rung: int
    state: Literal["held", "acting", "away", "nobody"]
    person: str | None
    stands_for: str | None


class ChainOut(Schema):
    site: Named
    at: datetime
    matter: str
    items: list[Cell]


class MatrixRow(Schema):
    """`cells` by kind; `missing`: the kinds a site must have and this one has not."""

    id: int
    name: str
    kind: str
    organisation: str
    territory: str
    cells: dict[str, list[Cell]]
    missing: list[str]


class RequiredOut(Schema):
    kind: str
    source: str


class MatrixPage(Schema):
    """`holes`: how many kinds all sites found lack, `empty`: how many posts answering for them nobody fills. Both on
    the first page alone."""

    items: list[MatrixRow]
    next: str | None = None
    count: int
    required: list[RequiredOut]
    holes: int | None = None
    empty: int | None = None


class MatrixQuery(ListQuery):
    territory: int | None = None
    kind: str = Field("", description="kind of site")
    at: AwareDatetime | None = None


class FindingOut(Schema):
    """`id` is the place in this list only; `fix` is what the form behind the verb starts from."""

    id: int
    kind: str
    text: str
    about: str
    source: str
    fix: dict[str, Any]
    sites: int
    since: datetime | None


class FindingPage(Schema):
    """`kinds` counts all findings by kind, whatever the filter."""

    items: list[FindingOut]
    next: str | None = None
    count: int
    kinds: dict[str, int]


class FindingQuery(ListQuery):
    kind: str = ""


def _cell(one: Answerer, actor: Actor) -> dict[str, Any]:
    state = "nobody" if one.person is None else "acting" if one.stands_for else "away" if one.away else "held"
    return {
        "responsibility": one.responsibility,
        "post_id": one.post.pk,
        "post": one.post.title,
        "organisation": one.post.organisation.name,
        "kind": one.kind,
        "rung": one.rung,
        "state": state,
        "person": masked_name(one.person, actor),
        "stands_for": masked_name(one.stands_for, actor),
    }


def filtered_responsibilities(actor: Actor, query: ResponsibilityQuery) -> QuerySet[Responsibility]:
    """What the actor sees, narrowed by the list's filters."""
    found = lists.responsibilities(actor)
    if query.place or query.territory is not None:
        # Whoever stands in a cell of the matrix with the same filters.
        places = list(whereabouts(_sites(actor, query.place, query.territory)))
        cover = Cover.load(query.at or timezone.now(), places)
        found = found.filter(pk__in={row.pk for where in places for row in cover.covering(where)})
    if not query.all:
        found = at_time(found, query.at or timezone.now())
    if query.post is not None:
        found = found.filter(post_id=query.post)
    if query.site is not None:
        found = found.filter(site_id=query.site)
    if query.kind:
        found = found.filter(kind=query.kind)
    if query.q:
        found = found.filter(Q(post__title__icontains=query.q) | Q(post__organisation__name__icontains=query.q))
    return found


@router.get("/responsibilities", response=Page[ResponsibilityOut])
def list_responsibilities(request: HttpRequest, query: Query[ResponsibilityQuery]) -> Any:
    """Responsibility records as they hold now, or held at a time."""
    actor = asker(request)
    actor.require("responsibility.read")
    now = timezone.now()
    found = filtered_responsibilities(actor, query)
    sorts = {"from": ["valid_from"], "rung": ["rung"], "id": ["id"]}
    return paginate(found, query, lambda row: responsibility_out(row, now), sorts=sorts, default="rung")


@router.post("/responsibilities", response={201: ResponsibilityOut})
def assign_responsibility(request: HttpRequest, new: ResponsibilityIn) -> Any:
    """Make a post answer for a site, an organisation's sites or a territory's."""
    actor = asker(request)
    made = services.assign_responsibility(
        actor,
        selectors.get_post(new.post),
        new.kind,
        new.rung,
        site=get_site(actor, new.site) if new.site else None,
        organisation=get_organisation(actor, new.organisation) if new.organisation else None,
        territory=get_territory(new.territory) if new.territory else None,
        sectors=new.sectors,
        matters=new.matters,
        since=new.since,
        until=new.until,
    )
    return 201, _told(actor, made)


@router.post("/responsibilities/{id}/end", response=ResponsibilityOut)
def end_responsibility(request: HttpRequest, id: int, ended: Ended) -> Any:
    """End it, now or later; who answered before stays as it was. 422 for a time in the past."""
    actor = asker(request)
    row = services.end_responsibility(actor, lists.get_responsibility(actor, id), ended.at, ended.reason)
    return _told(actor, row)


def _told(actor: Actor, row: Responsibility) -> dict[str, Any]:
    return responsibility_out(lists.get_responsibility(actor, row.pk), timezone.now())


@router.get("/responsibilities/chain", response=ChainOut)
def chain_of_site(request: HttpRequest, site: int, matter: str = "", at: AwareDatetime | None = None) -> Any:
    """Who answers for a site, from below upward, now or as it stood at a time."""
    actor = asker(request)
    actor.require("responsibility.read")
    found, when = get_site(actor, site), at or timezone.now()
    chain = selectors.who_answers_for(found.pk, matter, when)
    return {"site": named(found), "at": when, "matter": matter, "items": [_cell(one, actor) for one in chain]}


def _sites(actor: Actor, q: str, territory: int | None) -> QuerySet[Site]:
    found = sites().visible_to(actor)
    if q:
        found = found.filter(Q(name__icontains=q) | Q(organisation__name__icontains=q))
    if territory is not None:
        found = found.filter(territory__path__startswith=get_territory(territory).path)
    return found


@router.get("/responsibilities/matrix", response=MatrixPage)
def matrix(request: HttpRequest, query: Query[MatrixQuery]) -> Any:
    """Sites down, kinds of responsibility across: who answers, and where nobody does. Sites stand where they do now."""
    actor = asker(request)
    actor.require("responsibility.read")
    found = _sites(actor, query.q, query.territory)
    if query.kind:
        found = found.filter(kind=query.kind)
    page = paginate(found, query, sorts={"name": ["name"], "id": ["id"]}, default="name")
    places = list(whereabouts(page["items"]))
    at = query.at or timezone.now()
    cover = Cover.load(at, places)
    rows = []
    for site, where in zip(page["items"], places, strict=True):
        cells = {kind: [_cell(one, actor) for one in answers] for kind, answers in cover.cells(where).items()}
        rows.append(
            {
                "id": site.pk,
                "name": site.name,
                "kind": site.kind,
                "organisation": site.organisation.name,
                "territory": site.territory.name,
                "cells": cells,
                "missing": [one.kind for one in cover.missing(where)],
            }
        )
    required = [{"kind": one.kind, "source": one.source} for one in REQUIRED]
    whole = {}
    if query.cursor is None:
        whole["holes"], whole["empty"] = lacks(at, (where for _name, where in places_among(found)))
    return {**page, "items": rows, "required": required, **whole}


@router.get("/responsibilities/findings", response=FindingPage)
def list_findings(request: HttpRequest, query: Query[FindingQuery]) -> Any:
    """Holes and overlaps: who would not be called, what nobody answers for.

    Worked out now, or at most 10 s ago when nothing was recorded since.
    """
    actor = asker(request)
    actor.require("responsibility.read")
    everything = findings_shown(actor)
    kinds: dict[str, int] = {}
    for one in everything:
        kinds[one.kind] = kinds.get(one.kind, 0) + 1
    chosen = [one for one in everything if query.kind in ("", one.kind) and (not query.q or query.q in one.text)]
    start = _place(query.cursor, query.sort)
    part = chosen[start : start + query.limit]
    more = start + query.limit < len(chosen)
    items = [{"id": start + place, "text": one.text, **vars(one)} for place, one in enumerate(part)]
    return {"items": items, "next": str(start + query.limit) if more else None, "count": len(chosen), "kinds": kinds}


def _place(cursor: str | None, sort: str) -> int:
    if sort:
        raise Invalid("sort", _("这个列表的次序是定的，不带 sort"))
    if cursor is None:
        return 0
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 9:
        raise Invalid("cursor", _("上一页给出的 next 值（排序不变）"))
    return int(cursor)
