"""Sites, sources, points, readings, rules over HTTP; for the pipeline, the inbox."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal

from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query, Schema, Status
from pydantic import AwareDatetime, Field

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.api import ListQuery, Page, Router, asker, paginate
from shoutu.county.kit.errors import Invalid
from shoutu.county.kit.limits import Limit
from shoutu.county.kit.worst import paginate_worst_first
from shoutu.county.people.selectors import who_answers_for
from shoutu.county.places import selectors as places
from shoutu.county.places.boundaries import is_outside
from shoutu.county.places.geometry import place
from shoutu.county.places.services import create_site, locate_site
from shoutu.county.sites import care, hooks, schemas, selectors, services, shaping, standing
from shoutu.county.sites.api_needs import router as needs_router
from shoutu.county.sites.api_operation import router as operation_router
from shoutu.county.sites.api_quality import router as quality_router
from shoutu.county.sites.api_rules import router as rules_router
from shoutu.county.sites.api_stations import router as stations_router
from shoutu.county.sites.api_unclaimed import router as unclaimed_router

router = Router()
router.add_router("", operation_router)
router.add_router("", stations_router)
router.add_router("", unclaimed_router)
router.add_router("", needs_router)
router.add_router("", quality_router)
router.add_router("", rules_router)
wing_router = Router()
SPAN = timedelta(hours=24)


class SiteQuery(ListQuery):
    organisation: int | None = Field(None, ge=1)
    watched: bool | None = None
    placed: bool | None = None
    lacking: bool | None = None
    stopped: bool | None = None
    closed: bool | None = None
    state: Literal["", "raised", "normal", "silent", "unwatched"] = ""
    level: int | None = Field(None, ge=1, le=4)
    territory: int | None = Field(None, ge=1)
    care: bool | None = None


SITE_FLAGS = (
    "organisation", "watched", "placed", "lacking", "stopped", "closed", "state", "level", "territory", "care",
)  # fmt: skip


def site_flags(query: SiteQuery) -> dict[str, Any]:
    """The list's filters, the same where it goes out as a table."""
    return {name: getattr(query, name) for name in SITE_FLAGS}


@router.get("/sites", response=Page[schemas.Site])
def list_sites(request: HttpRequest, query: Query[SiteQuery]) -> Any:
    """Sites I may see, by default the worst first, with the highest current level of each.

    `watched`: some rule watches it; `placed`: its coordinates are known; `lacking`: a finding is open;
    `stopped`: it is stopped, sealed or closed now; `closed`: it is closed for good; `state`, `level`: as the command
    screen's map counts it (normal is what produces without a warning) and draws it; `territory`: the one it is entered
    under, none below that; `care`: calibration or maintenance is agreed and runs there, of the site or of a point.
    """
    actor = asker(request)
    actor.require("site.read")
    rows = selectors.sites_for(actor, query.q, **site_flags(query))
    sorts = {"id": ["id"], "name": ["name"]}
    page = paginate_worst_first(rows, query, worst=standing.of_sites(), then=["name"], sorts=sorts)
    told = care.of_sites()
    return {**page, "items": [shaping.site(row, told.get(row.pk)) for row in page["items"]]}


@router.get("/sites/{id}", response=schemas.SiteDetail)
def get_site(request: HttpRequest, id: int) -> Any:
    """One site, with what its watching lacks."""
    actor = asker(request)
    actor.require("site.read")
    row = selectors.get_site(actor, id)
    return _detail(row)


def _detail(row: Any) -> dict[str, Any]:
    return {
        **shaping.site(row, care.of_sites().get(row.pk)),
        "findings": selectors.findings_of(row),
        "outside": is_outside(row),
    }


@router.put("/sites/{id}/place", response=schemas.SiteDetail)
def put_place(request: HttpRequest, id: int, body: schemas.PlaceIn) -> Any:
    """Say where a site lies; stored as WGS-84. `outside` in the answer: it lies outside the county's outline."""
    actor = asker(request)
    longitude, latitude = place(body.longitude, body.latitude, body.crs)
    locate_site(actor, selectors.get_site(actor, id), latitude, longitude)
    return _detail(selectors.get_site(actor, id))


@router.get("/sites/{id}/responsible", response=schemas.Responsible)
def get_responsible(request: HttpRequest, id: int) -> Any:
    """Who answers for a site now, lowest rung first; an empty post has no person."""
    actor = asker(request)
    actor.require("site.read")
    selectors.get_site(actor, id)
    rows = [shaping.answerer(row, actor) for row in who_answers_for(id, "warning", timezone.now())]
    return {"items": rows, "next": None, "count": len(rows)}


@router.post("/sites", response={201: schemas.SiteDetail})
def post_site(request: HttpRequest, body: schemas.SiteIn) -> Any:
    """A new site."""
    actor = asker(request)
    organisation = places.get_organisation(actor, body.organisation)
    territory = places.get_territory(body.territory) if body.territory else None
    row = create_site(
        actor,
        body.name,
        body.kind,
        organisation,
        territory,
        grade=body.grade,
        params=body.params,
        latitude=body.latitude,
        longitude=body.longitude,
    )
    return Status(201, _detail(selectors.get_site(actor, row.pk)))


@router.get("/sources", response=Page[schemas.Source])
def list_sources(request: HttpRequest, query: Query[ListQuery]) -> Any:
    """Senders and their tokens (never their text)."""
    actor = asker(request)
    actor.require("source.read")
    rows = selectors.sources_for(actor)
    if query.q:
        rows = rows.filter(name__icontains=query.q)
    return paginate(rows, query, shaping.source, sorts={"id": ["id"], "name": ["name"]}, default="id")


@router.post("/sources", response={201: schemas.Source})
def post_source(request: HttpRequest, body: schemas.SourceIn) -> Any:
    """A new sender."""
    actor = asker(request)
    site = selectors.get_site(actor, body.site) if body.site else None
    return Status(201, shaping.source(services.create_source(actor, body.name, site)))


@router.post("/sources/{id}/tokens", response={201: schemas.TokenOnce})
def post_token(request: HttpRequest, id: int, body: schemas.SourceTokenIn) -> Any:
    """A new token of a source; its text is in this answer and nowhere else."""
    actor = asker(request)
    token, text = services.create_token(actor, selectors.get_source(actor, id), body.name)
    return Status(201, {"id": token.pk, "name": token.name, "token": text})


def _source_row(actor: Actor, id: int) -> dict[str, Any]:
    return shaping.source(selectors.sources_for(actor).get(pk=id))


@router.post("/sources/{id}/tokens/{token}/revoke", response=schemas.SourceChanged)
def revoke_token(request: HttpRequest, id: int, token: int, body: schemas.RevokeIn) -> Any:
    """End a token: at once with a `replacement` or while another is valid; a watched source's last one by two."""
    actor = asker(request)
    found = selectors.get_token(selectors.get_source(actor, id), token)
    done = services.revoke_token(actor, found, body.reason, replacement=body.replacement)
    waits = done.proposal.pk if done.proposal else None
    return {"source": _source_row(actor, id), "proposal": waits, "token": done.replacement}


@router.post("/sources/{id}/stop", response=schemas.SourceChanged)
def stop_source(request: HttpRequest, id: int, body: schemas.StopIn) -> Any:
    """Take nothing from a source any more; one that is watched by rules needs two persons."""
    actor = asker(request)
    proposal = services.set_disabled(actor, selectors.get_source(actor, id), True, body.reason, body.until)
    return {"source": _source_row(actor, id), "proposal": proposal.pk if proposal else None}


@router.post("/sources/{id}/resume", response=schemas.SourceChanged)
def resume_source(request: HttpRequest, id: int, body: schemas.ResumeIn) -> Any:
    """Take from a source again."""
    actor = asker(request)
    services.set_disabled(actor, selectors.get_source(actor, id), False, body.reason)
    return {"source": _source_row(actor, id), "proposal": None}


@router.post("/sites/{id}/design", response=schemas.DesignChanged)
def change_design(request: HttpRequest, id: int, body: schemas.DesignIn) -> Any:
    """Design values: new or stricter ones hold at once, what could lower or delay a warning waits for a second one."""
    actor = asker(request)
    proposal = services.change_design(
        actor, selectors.get_site(actor, id), body.values, body.reason, document=body.document, dated=body.dated
    )
    return {"params": selectors.get_site(actor, id).params, "proposal": proposal.pk if proposal else None}


class PointQuery(ListQuery):
    site: int | None = Field(None, ge=1)
    organisation: int | None = Field(None, ge=1)
    territory: int | None = Field(None, ge=1)
    online: bool | None = None
    care: bool | None = None


def point_flags(query: PointQuery) -> dict[str, Any]:
    """The list's filters, the same where it goes out as a table."""
    return {name: getattr(query, name) for name in ("site", "organisation", "territory", "online", "care")}


@router.get("/points", response=Page[schemas.Point])
def list_points(request: HttpRequest, query: Query[PointQuery]) -> Any:
    """Points I may see, by default the worst first, with their newest reading.

    `online`: watched by a rule, and its readings can be used now, or cannot, as the command screen counts them;
    `territory`: the one its site is entered under; `care`: it is under agreed calibration or maintenance. `latest` is
    null while the pipeline cannot be asked; the order is by what is open about them, without asking it.
    """
    actor = asker(request)
    actor.require("point.read")
    rows = selectors.points_for(actor, q=query.q, **point_flags(query))
    sorts = {"id": ["id"], "name": ["name"], "site": ["site_id", "item", "name"]}
    page = paginate_worst_first(rows, query, worst=standing.of_points(), then=["name"], sorts=sorts)
    told = selectors.latest_of(page["items"]) or {}
    decimals = selectors.decimals_of(row.pk for row in page["items"])
    under = care.finder()
    return {
        **page,
        "items": [shaping.point(row, told.get(row.pk), decimals.get(row.pk), under(row)) for row in page["items"]],
    }


@router.get("/points/{id}", response=schemas.PointDetail)
def get_point(request: HttpRequest, id: int) -> Any:
    """One point with its rules and the warnings it took part in."""
    actor = asker(request)
    actor.require("point.read")
    row = selectors.get_point(actor, id)
    told = selectors.latest_of([row]) or {}
    return {
        **shaping.point(row, told.get(row.pk), selectors.decimals_of([id]).get(id), care.finder()(row)),
        "low": row.low,
        "high": row.high,
        "danger": row.danger,
        "rules": [shaping.point_rule(rule) for rule in selectors.rules_for(actor, id).order_by("id")],
        "warnings": hooks.briefs(actor, id),
    }


@router.post("/points", response={201: schemas.Point})
def post_point(request: HttpRequest, body: schemas.PointIn) -> Any:
    """A new point of a site, sent by a source under an address."""
    actor = asker(request)
    site, source = selectors.get_site(actor, body.site), selectors.get_source(actor, body.source)
    row = services.create_point(actor, site, source, body.address, **_fields(body))
    return Status(201, shaping.point(row, None))


def _fields(body: schemas.PointFields) -> Any:
    return body.model_dump(exclude={"site", "source", "address"})


class ReadingQuery(Schema):
    point: int = Field(ge=1)
    start: AwareDatetime | None = None
    end: AwareDatetime | None = None
    limit: int = Field(5000, ge=1, le=50_000)
    step: float | None = Field(None, gt=0, le=366 * 86400)


@router.get("/readings", response=schemas.Readings, exclude_unset=True, throttle=Limit("read"))
def list_readings(request: HttpRequest, query: Query[ReadingQuery]) -> Any:
    """Readings of a point, by default of the last 24 hours; with `step` (seconds) their minimum, maximum and mean.

    Where raw readings are not kept any more, the figures that are left stand for them: `coarse` says where, and how far
    apart they are.
    503 while the pipeline, which keeps them, cannot be asked.
    """
    actor = asker(request)
    actor.require("reading.read")
    point = selectors.get_point(actor, query.point)
    end: datetime = query.end or timezone.now()
    start: datetime = query.start or end - SPAN
    if start >= end:
        raise Invalid("end", _("晚于 start"))
    told = selectors.readings(point, start, end, query.limit, query.step)
    more = told["next"]
    return {**told, "next": more.isoformat() if more else None, "count": len(told["items"])}


class RuleQuery(ListQuery):
    point: int | None = Field(None, ge=1)
    site: int | None = Field(None, ge=1)


@router.get("/rules", response=Page[schemas.Rule])
def list_rules(request: HttpRequest, query: Query[RuleQuery]) -> Any:
    """Rules with what they say now and what is proposed; `q` searches their title and point."""
    actor = asker(request)
    actor.require("rule.read")
    rows = selectors.rules_for(actor, query.point, query.site)
    if query.q:
        rows = rows.filter(Q(title__icontains=query.q) | Q(point__name__icontains=query.q))
    return paginate(rows, query, shaping.rule, sorts={"id": ["id"]}, default="id")


@router.post("/rules", response={201: schemas.Bound})
def post_rule(request: HttpRequest, body: schemas.RuleIn) -> Any:
    """A rule of a point, or a pack bound to a site: what now watches, and which design values are missing."""
    actor = asker(request)
    if body.site is not None:
        if not body.pack:
            raise Invalid("pack", _("规则包的名字，如 tailings_pond"))
        site = selectors.get_site(actor, body.site)
        ids = [rule.pk for rule in services.bind(actor, site, body.pack)]
        findings = selectors.findings_of(site)
    elif body.point is not None:
        point = selectors.get_point(actor, body.point)
        made = services.create_rule(actor, point, body.kind, body.params, body.reason, title=body.title)
        ids, findings = [made.pk], []
    else:
        raise Invalid("point", _("测点编号；或者用 site 和 pack 采用规则包"))
    rows = selectors.rules_for(actor).filter(pk__in=ids).order_by("id")
    return Status(201, {"rules": [shaping.rule(row) for row in rows], "findings": findings})


@router.post("/rules/{id}/changes", response={201: schemas.Rule})
def post_change(request: HttpRequest, id: int, body: schemas.ChangeIn) -> Any:
    """Propose a change: in force at once when at least as strict, else it waits for a second person."""
    actor = asker(request)
    services.propose(actor, selectors.get_rule(actor, id), body.reason, body.params, enabled=body.enabled)
    return Status(201, shaping.rule(selectors.rules_for(actor).get(pk=id)))


@router.post("/rules/{id}/changes/{version}/approve", response=schemas.Rule)
def approve_change(request: HttpRequest, id: int, version: int) -> Any:
    """The second person agrees. 403 for the one who proposed it."""
    actor = asker(request)
    services.approve(actor, selectors.get_version(actor, id, version))
    return shaping.rule(selectors.rules_for(actor).get(pk=id))


@router.post("/rules/{id}/changes/{version}/reject", response=schemas.Rule)
def reject_change(request: HttpRequest, id: int, version: int, body: schemas.ReasonIn) -> Any:
    """The second person disagrees; the rule stays as it is."""
    actor = asker(request)
    services.reject(actor, selectors.get_version(actor, id, version), body.reason)
    return shaping.rule(selectors.rules_for(actor).get(pk=id))


@wing_router.post("/signals", response=schemas.Received)
def take_signals(request: HttpRequest, body: schemas.SignalsIn) -> Any:
    """Keep signals in their order; those known by id are counted and skipped. Durable when this answers."""
    asker(request).require("signal.deliver")
    received, known = services.receive(body.signals)
    return {"received": received, "known": known}


@wing_router.post("/unclaimed", response={204: None})
def take_unclaimed(request: HttpRequest, body: schemas.UnclaimedIn) -> Any:
    """Add up what came for addresses without a point."""
    asker(request).require("signal.deliver")
    services.receive_unclaimed([item.model_dump() for item in body.items])
    return Status(204, None)
