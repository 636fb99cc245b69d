"""Every site the actor sees with its worst open risk, for the map. A fixed number of queries, made for 5,000 sites."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shoutu.county.kit.actors import Actor
from shoutu.county.places.models import Site
from shoutu.county.sites import care
from shoutu.county.sites.marks import blind_points, counted, state_of, watched_points
from shoutu.county.sites.operation import states_now
from shoutu.county.warnings.selectors.drawn import COLUMNS, open_risks, still_calling, worst_of_sites


def site_marks(actor: Actor) -> list[dict[str, Any]]:
    """One flat row a site, `longitude` null where it is not known.

    `state`: raised (then `level`, `standing` and what speaks for it), normal, silent (no watched point can be seen
    now), unwatched (no rule watches it: nothing is known, which is not normal).
    """
    calling = still_calling()
    worst = worst_of_sites(open_risks(actor).values(*COLUMNS), calling)
    watched, blind, doing, under = watched_points(), blind_points(), states_now(), care.of_sites()
    sites = Site.objects.visible_to(actor).order_by("pk")
    columns = ("pk", "name", "kind", "territory__name", "territory_id", "longitude", "latitude")
    return [
        {
            **_mark(row, worst.get(row[0]), watched.get(row[0], 0), blind.get(row[0], 0)),
            "operating": doing.get(row[0], "producing"),
            "care": under.get(row[0]),
        }
        for row in sites.values_list(*columns)
    ]


def _mark(row: tuple[Any, ...], risk: dict[str, Any] | None, watched: int, blind: int) -> dict[str, Any]:
    pk, name, kind, territory, territory_id, longitude, latitude = row
    return {
        "id": pk,
        "name": name,
        "kind": kind,
        "territory": territory,
        "territory_id": territory_id,
        "longitude": longitude,
        "latitude": latitude,
        "state": state_of(risk is not None, watched, blind),
        "level": risk["level"] if risk else 0,
        "standing": risk["standing"] if risk else None,
        "warning": risk["id"] if risk else None,
        "item": (risk["item_title"] or risk["title"]) if risk else "",
        "value": risk["value"] if risk else None,
        "unit": (risk["point__unit"] or "") if risk else "",
        "points": watched,
        "blind": blind,
    }


def legend(marks: list[dict[str, Any]]) -> dict[str, int]:
    """How many sites count as what, `stopped`: all that stand still, `care`: all under calibration or maintenance.

    Each is the count of the list of that name.
    """
    found = dict.fromkeys(("raised", "normal", "silent", "unwatched"), 0)
    for mark in marks:
        told = counted(mark["state"], mark["operating"])
        if told in found:
            found[told] += 1
    stopped = sum(mark["operating"] != "producing" for mark in marks)
    return {**found, "stopped": stopped, "care": sum(mark["care"] is not None for mark in marks)}


@dataclass(frozen=True)
class WatchSums:
    """How many sites the actor sees, how many are watched or not placed; their watched points and the blind of them."""

    sites: int
    watched: int
    unplaced: int
    points: int
    blind: int


def watch_sums(actor: Actor) -> WatchSums:
    """The sums of `site_marks` without its rows."""
    watched, blind = watched_points(), blind_points()
    rows = list(Site.objects.visible_to(actor).values_list("pk", "longitude"))
    return WatchSums(
        sites=len(rows),
        watched=sum(pk in watched for pk, _longitude in rows),
        unplaced=sum(longitude is None for _pk, longitude in rows),
        points=sum(watched.get(pk, 0) for pk, _longitude in rows),
        blind=sum(blind.get(pk, 0) for pk, _longitude in rows),
    )
