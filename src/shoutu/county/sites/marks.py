"""How sites are marked on the map and counted in its legend, and the same as filters of the lists. Selector.

One judgement for both, so that a figure and the list behind it cannot differ.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from django.core.cache import cache
from django.db.models import Count, Q, QuerySet

from shoutu.county.kit import catalog
from shoutu.county.kit.actors import Actor
from shoutu.county.places.models import Site
from shoutu.county.sites import hooks
from shoutu.county.sites.models import Operation, Point, Rule
from shoutu.county.sites.operation import states_now

Mark = Literal["raised", "normal", "silent", "unwatched"]
KEEP_S = 300


def state_of(raised: bool, watched: int, blind: int) -> Mark:
    """raised, normal, silent (no watched point can be seen), unwatched (nothing is known, which is not normal)."""
    return "raised" if raised else "unwatched" if not watched else "silent" if blind >= watched else "normal"


def counted(state: str, operating: str) -> str:
    """As what a site counts. Normal is what produces without a warning: one that stands still is only `stopped`."""
    return "stopped" if state == "normal" and operating != Operation.PRODUCING else state


def marked(actor: Actor, state: str, level: int | None) -> list[int]:
    """The sites in sight that count as `state` ("": any) and are drawn by a danger of `level` (None: any)."""
    drawn, watched, blind, doing = hooks.drawn(actor), watched_points(), blind_points(), states_now()

    def counts_as(pk: int) -> str:
        told = state_of(pk in drawn, watched.get(pk, 0), blind.get(pk, 0))
        return counted(told, doing.get(pk, Operation.PRODUCING))

    rows = Site.objects.visible_to(actor).values_list("pk", flat=True)
    return [pk for pk in rows if level in (None, drawn.get(pk)) and state in ("", counts_as(pk))]


def watched_points() -> dict[int, int]:
    """How many points of each site a rule watches. Kept per version of the catalog, which every change of it moves."""
    key = f"sites.watched.{catalog.version()}"
    found: dict[int, int] | None = cache.get(key)
    if found is None:
        found = _per_site(Point.objects.filter(_watched()))
        cache.set(key, found, KEEP_S)
    return found


def blind_points() -> dict[int, int]:
    """How many watched points of each site give no usable readings now."""
    return _per_site(online(Point.objects.all(), False))


def online(rows: QuerySet[Point], seen: bool) -> Any:
    """Watched points whose readings can be used now, or those of them that are blind."""
    told = rows.filter(_watched())
    return told.exclude(hooks.blind()) if seen else told.filter(hooks.blind())


def _watched() -> Q:
    return Q(pk__in=Rule.objects.filter(enabled=True, point__isnull=False).values("point_id"))


def _per_site(rows: QuerySet[Point]) -> dict[int, int]:
    told: Iterable[tuple[int, int]] = rows.order_by().values_list("site_id").annotate(n=Count("pk"))
    return dict(told)
