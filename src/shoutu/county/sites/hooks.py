"""What rooms to the right tell about a site or point, without this room knowing them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from shoutu.county.kit.actors import Actor

_levels: list[Callable[[Iterable[int]], dict[int, int]]] = []
_briefs: list[Callable[[Actor, int], list[dict[str, Any]]]] = []
_items: list[Callable[[int], dict[str, int]]] = []
_holds: list[Callable[[int], str | None]] = []


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


def levels_by(function: Callable[[Iterable[int]], dict[int, int]]) -> None:
    """Register who knows the present level of sites: ids → {id: level}, missing ones normal."""
    if function not in _levels:
        _levels.append(function)


def briefs_by(function: Callable[[Actor, int], list[dict[str, Any]]]) -> None:
    """Register who lists the warnings of a point, in one line each."""
    if function not in _briefs:
        _briefs.append(function)


def levels(ids: Iterable[int]) -> dict[int, int]:
    """The present level of each site that has one above normal."""
    ids, found = list(ids), dict[int, int]()
    for function in _levels:
        for site, level in function(ids).items():
            found[site] = max(found.get(site, 0), level)
    return found


def items(site: int) -> dict[str, int]:
    """What other rooms have of required items at a site."""
    found: dict[str, int] = {}
    for function in _items:
        for item, count in function(site).items():
            found[item] = found.get(item, 0) + count
    return found


def briefs(actor: Actor, point: int) -> list[dict[str, Any]]:
    """The warnings of a point."""
    return [brief for function in _briefs for brief in function(actor, point)]
