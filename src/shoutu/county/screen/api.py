"""The command screen over HTTP: the map, the sites on it, what is happening now, and the alarm that was heard."""

from __future__ import annotations

from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from shoutu.county.kit.api import Router, asker
from shoutu.county.people.api_roster import roster_today
from shoutu.county.screen import schemas, selectors, services
from shoutu.county.warnings.evacuations import missing_first

router = Router()


@router.get("/screen/map", response=schemas.CountyMap)
def get_map(request: HttpRequest) -> Any:
    """The outlines of the county, its townships and neighbours, GeoJSON in WGS-84."""
    asker(request).require("site.read")
    return _plain(selectors.county_map())


@router.get("/screen/sites", response=schemas.SiteMarks)
def get_sites(request: HttpRequest) -> Any:
    """Every site I see with its worst open risk, on one page: a map has no pages."""
    actor = asker(request)
    actor.require("screen.read")
    found = selectors.site_marks(actor)
    return _plain({"items": found, "count": len(found), "legend": selectors.legend(found)})


@router.get("/screen/now", response=schemas.Now)
def get_now(request: HttpRequest) -> Any:
    """What is happening, the worst unanswered case, who answers and who is on duty, the alarms, seven figures."""
    actor = asker(request)
    actor.require("screen.read")
    sounding = selectors.sounding(actor)
    return {
        "server_time": timezone.now(),
        **selectors.happening(actor),
        "roster": roster_today(request),
        "alarms": [
            {
                "id": warning.pk,
                "level": warning.level,
                "site": warning.site.name if warning.site else "",
                "title": warning.title,
                "started_at": warning.started_at,
            }
            for warning in sounding
        ],
        "weather": selectors.weather(actor),
        "evacuations": missing_first(actor),
        "figures": selectors.figures(actor),
    }


@router.get("/screen/trend", response=schemas.Trend)
def get_trend(request: HttpRequest) -> Any:
    """Dangers of the last thirty days, day by day by level, and what verifying found them to be."""
    actor = asker(request)
    actor.require("screen.read")
    return selectors.trend(actor)


@router.get("/beginning", response=schemas.Beginning)
def get_beginning(request: HttpRequest) -> Any:
    """How far this county is set up: each step with the figures that say whether it is done."""
    return selectors.beginning(asker(request))


@router.post("/screen/acknowledge", response=schemas.Acknowledged)
def post_acknowledge(request: HttpRequest, body: schemas.AcknowledgeIn) -> Any:
    """The alarm was heard: switch its sound off on every screen. It answers no call."""
    return {"warnings": services.acknowledge(asker(request), body.warnings)}


def _plain(body: dict[str, Any]) -> HttpResponse:
    """Rows as they are: validating 5,000 of them again would take longer than reading them."""
    return HttpResponse(msgspec.json.encode(body), content_type="application/json; charset=utf-8")
