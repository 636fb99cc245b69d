"""数据质量 over HTTP: what was reckoned of yesterday's readings, per point and per enterprise."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpRequest
from ninja import Query
from pydantic import Field

from shoutu.county.kit.api import ListQuery, Page, Router, asker, paginate
from shoutu.county.sites import hooks, quality, schemas_quality, shaping

router = Router()


class PointQualityQuery(ListQuery):
    day: date | None = None
    point: int | None = Field(None, ge=1)
    site: int | None = Field(None, ge=1)
    organisation: int | None = Field(None, ge=1)
    below: float | None = Field(None, ge=0, le=1)
    mend: bool = False


class EnterpriseQualityQuery(ListQuery):
    day: date | None = None
    organisation: int | None = Field(None, ge=1)


SORTS = {"worst": ["online"], "complete": ["complete"], "day": ["day"], "id": ["id"]}
POINT_SORTS = {**SORTS, "late": ["-late", "online"]}


@router.get("/quality", response=schemas_quality.QualitySummary)
def get_quality(request: HttpRequest) -> Any:
    """The newest day reckoned: how many points are to be repaired, of how many enterprises, and by what measure."""
    actor = asker(request)
    actor.require("point.read")
    return quality.summary(actor)


@router.get("/quality/points", response=Page[schemas_quality.PointQuality])
def list_point_quality(request: HttpRequest, query: Query[PointQualityQuery]) -> Any:
    """Points of a day (the newest one reckoned), those least online first; of one `point` its days, newest first.

    `below`: online for less than this rate of the time that counts. `mend`: what is to be mended, that is below the
    floor that day or at fault now; first what was to be mended by now.
    """
    actor = asker(request)
    actor.require("point.read")
    names = ("day", "point", "site", "organisation", "below", "mend", "q")
    rows = quality.points_for(actor, **{name: getattr(query, name) for name in names})
    default = "late" if query.mend else "-day" if query.point else "worst"
    page = paginate(rows, query, sorts=POINT_SORTS, default=default)
    told = hooks.repairs().of_points(actor, [row.point for row in page["items"]])
    return {**page, "items": [shaping.point_quality(row, told.get(row.point_id)) for row in page["items"]]}


@router.get("/quality/enterprises", response=Page[schemas_quality.EnterpriseQuality])
def list_enterprise_quality(request: HttpRequest, query: Query[EnterpriseQualityQuery]) -> Any:
    """在线率 of enterprises on a day (the newest one reckoned), the lowest first; of one `organisation` its days.

    The rate is that of all its sites, in sight or not.
    """
    actor = asker(request)
    actor.require("point.read")
    rows = quality.enterprises_for(actor, day=query.day, organisation=query.organisation, q=query.q)
    default = "-day" if query.organisation else "worst"
    page = paginate(rows, query, sorts=SORTS, default=default)
    told = hooks.repairs().of_organisations(actor, [row.organisation_id for row in page["items"]])
    return {
        **page,
        "items": [shaping.enterprise_quality(row, told.get(row.organisation_id, [])) for row in page["items"]],
    }
