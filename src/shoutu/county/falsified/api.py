"""存疑读数 over HTTP: what was found, the two series side by side, a check on site, and what was found there."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language
from ninja import Query
from pydantic import Field

from shoutu.county.falsified import schemas, selectors, services
from shoutu.county.falsified.models import UNDECIDED, Finding, State
from shoutu.county.falsified.services.deciding import OUTCOMES
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.api import ListQuery, Page, Router, asker, paginate

router = Router()


class FalsifiedQuery(ListQuery):
    state: str = ""
    kind: str = ""
    site: int | None = Field(None, ge=1)
    point: int | None = Field(None, ge=1)


def shaped(row: Finding) -> dict[str, Any]:
    copied = (
        "kind", "state", "day", "last_day", "times", "start", "end", "beside_start", "beside_end", "readings", "factor",
        "offset", "bits", "decided_at", "decided_by", "note",
    )  # fmt: skip
    # Of another's point its name is not told: that there is one, the sentence says.
    beside = row.beside if row.beside_seen else None  # type: ignore[attr-defined]
    return {
        "id": row.pk,
        **{name: getattr(row, name) for name in copied},
        "site": {"id": row.site.pk, "name": row.site.name},
        "organisation": {"id": row.site.organisation.pk, "name": row.site.organisation.name},
        "point": {"id": row.point.pk, "name": row.point.name},
        "beside": {"id": beside.pk, "name": beside.name} if beside else None,
        "beside_site": {"id": beside.site.pk, "name": beside.site.name} if beside else None,
        "sentence": row.en if (get_language() or "").startswith("en") else row.zh,
        "check": row.check_on_site_id,
    }


@router.get("/falsified", response=Page[schemas.FalsifiedFinding])
def list_falsified(request: HttpRequest, query: Query[FalsifiedQuery]) -> Any:
    """Readings that no honest sensor tells; what is to be decided first on top. `state`: one, or open."""
    actor = asker(request)
    actor.require("falsified.read")
    names = ("state", "kind", "site", "point", "q")
    rows = selectors.findings_for(actor, **{name: getattr(query, name) for name in names})
    return paginate(rows, query, shaped, sorts=selectors.SORTS, default="decide")


@router.get("/falsified/summary", response=schemas.FalsifiedSummary)
def get_falsified_summary(request: HttpRequest) -> Any:
    """The day searched last, and how much waits for a decision."""
    actor = asker(request)
    actor.require("falsified.read")
    return selectors.summary(actor)


@router.get("/falsified/{id}", response=schemas.FalsifiedDetail)
def get_falsified(request: HttpRequest, id: int) -> Any:
    """One finding, with what else its check looks into and who was called."""
    actor = asker(request)
    actor.require("falsified.read")
    return _detail(actor, id)


@router.get("/falsified/{id}/series", response=schemas.FalsifiedSeries)
def get_falsified_series(request: HttpRequest, id: int) -> Any:
    """The suspect stretch and the one it is held beside, from the store."""
    actor = asker(request)
    actor.require("falsified.read")
    return selectors.series(actor, selectors.get_finding(actor, id))


@router.post("/falsified/{id}/check", response=schemas.FalsifiedDetail)
def check_falsified(request: HttpRequest, id: int) -> Any:
    """Have it checked on site, unannounced."""
    actor = asker(request)
    services.open_check(actor, id)
    return _detail(actor, id)


@router.post("/falsified/{id}/decide", response=schemas.FalsifiedDetail)
def decide_falsified(request: HttpRequest, id: int, body: schemas.FalsifiedDecision) -> Any:
    """属实, 设备故障 or 正常, and why."""
    actor = asker(request)
    services.decide(actor, id, body.outcome, body.note)
    return _detail(actor, id)


def _detail(actor: Actor, id: int) -> dict[str, Any]:
    row = selectors.get_finding(actor, id)
    return {
        **shaped(row),
        "siblings": [shaped(one) for one in selectors.siblings_of(actor, row)],
        "duties": selectors.duties_of(actor, row),
        "unit": row.point.unit,
        "may": _may(actor, row),
    }


def _may(actor: Actor, row: Finding) -> list[str]:
    if not actor.may("falsified.check") or row.state not in UNDECIDED:
        return []
    if row.state == State.LEAD:
        return ["check", State.FAULT.value, State.NORMAL.value]
    return [one.value for one in OUTCOMES]
