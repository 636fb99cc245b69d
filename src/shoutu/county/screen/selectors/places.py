"""Every site the actor sees with its worst open risk, for the map. A fixed number of queries, made for 5,000 sites."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db.models import Count

from shoutu.county.kit import catalog
from shoutu.county.kit.actors import Actor
from shoutu.county.places.models import Site
from shoutu.county.screen.selectors.standing import COLUMNS, open_risks, still_calling, worst_of_sites
from shoutu.county.sites.models import Point, Rule
from shoutu.county.sites.operation import states_now
from shoutu.county.warnings.models import Member
from shoutu.county.warnings.services.unknown import BLIND

KEEP_S = 300


def site_marks(actor: Actor) -> list[dict[str, Any]]:
    """One flat row a site, `longitude` null where it is not known.

    `state`: raised (then `level`, `standing` and what speaks for it), normal, silent (no watched point can be seen
    now), unwatched (no rule watches it: nothing is known, which is not normal).
    """
    calling = still_calling()
    worst = worst_of_sites(open_risks(actor).values(*COLUMNS), calling)
    watched, blind, doing = watched_points(), blind_points(), states_now()
    sites = Site.objects.visible_to(actor).order_by("pk")
    columns = ("pk", "name", "kind", "territory__name", "longitude", "latitude")
    return [
        {
            **_mark(row, worst.get(row[0]), watched.get(row[0], 0), blind.get(row[0], 0)),
            "operating": doing.get(row[0], "producing"),
        }
        for row in sites.values_list(*columns)
    ]


def _mark(row: tuple[Any, ...], risk: dict[str, Any] | None, watched: int, blind: int) -> dict[str, Any]:
    pk, name, kind, territory, longitude, latitude = row
    state = "raised" if risk else "unwatched" if not watched else "silent" if blind >= watched else "normal"
    return {
        "id": pk,
        "name": name,
        "kind": kind,
        "territory": territory,
        "longitude": longitude,
        "latitude": latitude,
        "state": state,
        "level": risk["level"] if risk else 0,
        "standing": risk["standing"] if risk else None,
        "warning": risk["id"] if risk else None,
        "item": (risk["item_title"] or risk["title"]) if risk else "",
        "value": risk["value"] if risk else None,
        "unit": (risk["point__unit"] or "") if risk else "",
        "points": watched,
        "blind": blind,
    }


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


def watched_points() -> dict[int, int]:
    """How many points of each site a rule watches. Kept per version of the catalog, which every change of it moves."""
    key = f"screen.watched.{catalog.version()}"
    found: dict[int, int] | None = cache.get(key)
    if found is None:
        rows = Rule.objects.filter(enabled=True).order_by().values_list("point__site_id")
        found = dict(rows.annotate(n=Count("point_id", distinct=True)))
        cache.set(key, found, KEEP_S)
    return found


def blind_points() -> dict[int, int]:
    """How many watched points of each site give no usable readings now, by the engine's own judgement."""
    faults = Member.objects.filter(warning__category="fault", warning__closed_at__isnull=True, level__gt=0)
    points = set(faults.filter(kind__in=BLIND, point_id__gt=0).values_list("point_id", flat=True))
    sources = list(faults.filter(kind="source_silence").values_list("source_id", flat=True))
    found: Counter[int] = Counter()
    told = Point.objects.filter(rules__enabled=True).distinct()
    for _pk, site in told.filter(pk__in=points).values_list("pk", "site_id"):
        found[site] += 1
    for pk, site in told.filter(source_id__in=sources).values_list("pk", "site_id"):
        found[site] += pk not in points
    return dict(found)
