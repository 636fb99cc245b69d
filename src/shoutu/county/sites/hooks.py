"""What rooms to the right tell about a site or point, without this room knowing them."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Any, Literal, NamedTuple

from django.db.models import Q

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.worst import NOBODY, Worst

_briefs: list[Callable[[Actor, int], list[dict[str, Any]]]] = []
_during: list[Callable[[Actor, int, datetime, datetime], list[dict[str, Any]]]] = []
_items: list[Callable[[int], dict[str, int]]] = []
_holds: list[Callable[[int], str | None]] = []
_standings: dict[str, Callable[[], Worst]] = {}
_drawn: list[Callable[[Actor], dict[int, int]]] = []
_blind: list[Callable[[], Q]] = []
_care: list[Callable[[], Iterable[Care]]] = []
_repairs: list[Repairs] = []
_pauses: list[Callable[[Collection[int], datetime, datetime], Iterable[Pause]]] = []


class Care(NamedTuple):
    """Calibration or maintenance two persons agreed to, as it runs now; without `point` of the whole site.

    `mutes`: the point raises nothing new meanwhile.
    """

    id: int
    site: int
    point: int | None
    kind: str
    ends_at: datetime
    mutes: bool


class Repairs(NamedTuple):
    """Who knows the repairs of failed devices: which points are at fault and late, and each one's duty and clock."""

    faulty: Callable[[], Q]
    late: Callable[[], Q]
    of_points: Callable[[Actor, Iterable[Any]], dict[int, dict[str, Any]]]
    of_organisations: Callable[[Actor, Collection[int]], dict[int, list[dict[str, Any]]]]


class Pause(NamedTuple):
    """A time for which a point, or the whole site, was marked as under maintenance or calibration."""

    site: int
    point: int | None
    start: datetime
    end: datetime


def pauses_by(function: Callable[[Collection[int], datetime, datetime], Iterable[Pause]]) -> None:
    """Register who knows the maintenance and calibration of sites in a span."""
    if function not in _pauses:
        _pauses.append(function)


def pauses(sites: Collection[int], start: datetime, end: datetime) -> list[Pause]:
    """Maintenance and calibration that touch the span at these sites."""
    return [one for function in _pauses for one in function(sites, start, end)]


def cared_by(function: Callable[[], Iterable[Care]]) -> None:
    """Register who knows the calibration and maintenance that runs now."""
    if function not in _care:
        _care.append(function)


def care() -> list[Care]:
    """All agreed calibration and maintenance that runs now."""
    return [one for function in _care for one in function()]


def repairs_by(found: Repairs) -> None:
    """Register who knows the repairs of failed devices."""
    _repairs[:] = [found]


def repairs() -> Repairs:
    """The repairs of failed devices."""
    return _repairs[0]


def drawn_by(function: Callable[[Actor], dict[int, int]]) -> None:
    """Register who knows the raised sites: site → the level of the danger it is drawn by."""
    if function not in _drawn:
        _drawn.append(function)


def drawn(actor: Actor) -> dict[int, int]:
    """The raised sites, each with the level it is drawn by."""
    return {site: level for function in _drawn for site, level in function(actor).items()}


def blind_by(function: Callable[[], Q]) -> None:
    """Register who knows the points that give no usable readings now."""
    if function not in _blind:
        _blind.append(function)


def blind() -> Q:
    """The points that give no usable readings now."""
    return functools.reduce(operator.or_, (function() for function in _blind), NOBODY)


def standing_by(kind: Literal["site", "point"], function: Callable[[], Worst]) -> None:
    """Register who knows which sites, or which points, are raised or at fault now."""
    _standings[kind] = function


def standing(kind: Literal["site", "point"]) -> Worst:
    """Which of them are raised or at fault now; by the ranks of `standing`."""
    return _standings[kind]()


def holds_by(function: Callable[[int], str | None]) -> None:
    """Register who knows why a site may not work again yet: site → why, or None."""
    if function not in _holds:
        _holds.append(function)


def held(site: int) -> str | None:
    """Why the site may not work again yet; None: nothing holds it."""
    return next((why for function in _holds if (why := function(site)) is not None), None)


def items_by(function: Callable[[int], dict[str, int]]) -> None:
    """Register who counts something a standard requires of a site beside points: site → {item: how many}."""
    if function not in _items:
        _items.append(function)


def briefs_by(function: Callable[[Actor, int], list[dict[str, Any]]]) -> None:
    """Register who lists the warnings of a point, in one line each."""
    if function not in _briefs:
        _briefs.append(function)


def items(site: int) -> dict[str, int]:
    """What other rooms have of required items at a site."""
    found: dict[str, int] = {}
    for function in _items:
        for item, count in function(site).items():
            found[item] = found.get(item, 0) + count
    return found


def during_by(function: Callable[[Actor, int, datetime, datetime], list[dict[str, Any]]]) -> None:
    """Register who lists the warnings of danger of a point that were up in a span, verified or not."""
    if function not in _during:
        _during.append(function)


def during(actor: Actor, point: int, start: datetime, end: datetime) -> list[dict[str, Any]]:
    """The warnings of danger a point took part in that were up within a span."""
    return [row for function in _during for row in function(actor, point, start, end)]


def briefs(actor: Actor, point: int) -> list[dict[str, Any]]:
    """The warnings of a point."""
    return [brief for function in _briefs for brief in function(actor, point)]
