"""Signals that could not be made a warning of, with what they say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet

from shoutu.county.kit.actors import Actor
from shoutu.county.places.models import Site
from shoutu.county.sites.models import Point, Signal, SignalState

SORTS = {"id": ["id"], "received_at": ["received_at"]}


def set_aside(actor: Actor, q: str = "") -> QuerySet[Signal]:
    """Those the actor sees; `q` searches what went wrong."""
    found = Signal.objects.visible_to(actor).filter(state=SignalState.ASIDE)
    return found.filter(error__icontains=q) if q else found


def rows(signals: Sequence[Signal]) -> list[dict[str, Any]]:
    """Each with the names of its site and point, as far as they exist: what is wrong may be just that."""
    sites = dict(Site.objects.filter(pk__in=_ids(signals, "site")).values_list("pk", "name"))
    points = dict(Point.objects.filter(pk__in=_ids(signals, "point")).values_list("pk", "name"))
    return [_row(signal, sites, points) for signal in signals]


def _ids(signals: Sequence[Signal], name: str) -> set[int]:
    ids = {_number(_told(signal).get(name)) for signal in signals}
    return {id_ for id_ in ids if isinstance(id_, int) and 0 < id_ < 2**63}


def _number(told: Any) -> Any:
    """What is told, where it is a finite number; None for whatever else somebody sent."""
    if not isinstance(told, int | float) or isinstance(told, bool):
        return None
    try:
        return told if math.isfinite(told) else None
    except OverflowError:
        return None  # an integer beyond any float


def _told(signal: Signal) -> dict[str, Any]:
    return signal.body if isinstance(signal.body, dict) else {}


def _row(signal: Signal, sites: dict[int, str], points: dict[int, str]) -> dict[str, Any]:
    told = _told(signal)
    level, value, at = (_number(told.get(name)) for name in ("to", "value", "event_ts"))
    site, point = (_number(told.get(name)) for name in ("site", "point"))
    return {
        "id": signal.pk,
        "received_at": signal.received_at,
        "event_at": datetime.fromtimestamp(at / 1000, UTC) if at is not None and 0 <= at < 2**42 else None,
        "kind": str(told.get("kind", "")),
        "level": level if level in (0, 1, 2, 3, 4) else None,
        "value": value,
        "site": {"id": site, "name": sites[site]} if site in sites else None,
        "point": {"id": point, "name": points[point]} if point in points else None,
        "error": signal.error,
        "tries": signal.tries,
    }
