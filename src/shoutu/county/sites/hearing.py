"""Which points wait for their first reading. Selector."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from shoutu.county.sites.models import Point

AT_ONCE = 5_000
"""Points asked about in one go, the newest first: an old one that never spoke may wait for its turn."""


def waiting() -> list[Point]:
    """The points nobody has heard yet, the newest first."""
    return list(Point.objects.filter(heard_at__isnull=True).only("pk", "unheard_since").order_by("-pk")[:AT_ONCE])


def sorted_out(points: Iterable[Point], told: Collection[int]) -> tuple[list[int], list[int]]:
    """Those the pipeline has a reading of, and those it has none of and was not asked about before."""
    found = list(points)
    heard = [one.pk for one in found if one.pk in told]
    return heard, [one.pk for one in found if one.pk not in told and one.unheard_since is None]
