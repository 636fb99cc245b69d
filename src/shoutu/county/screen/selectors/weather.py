"""The weather warnings that stand, and which townships have not answered."""

from __future__ import annotations

from typing import Any

from shoutu.county.kit.actors import Actor
from shoutu.county.weather import selectors

ROWS = 4


def weather(actor: Actor) -> list[dict[str, Any]]:
    """The spells that stand now, the worst first; none for those who may not read weather."""
    if not actor.may("weather.read"):
        return []
    rows = list(selectors.weather_for(actor).order_by(*selectors.SORTS["urgency"])[:ROWS])
    told = selectors.figures(actor, [event.pk for event in rows])
    return [selectors.row(event, told[event.pk]) for event in rows]
