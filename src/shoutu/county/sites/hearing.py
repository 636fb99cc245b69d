"""Which points wait for their first reading. Selector."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from shoutu.county.sites.models import Point

NEWEST, IN_TURN = 1_000, 4_000
"""Points asked about in one go: always the newest, and so many of the older ones, which never spoke, in turn."""


@dataclass
class Turn:
    """Where the last go ended: those below come next. It goes with the worker, whose next one begins at the top."""

    below: int | None = None


def waiting(turn: Turn) -> list[Point]:
    """The points nobody has heard yet whose turn it is."""
    rows = Point.objects.filter(heard_at__isnull=True).only("pk", "unheard_since").order_by("-pk")
    newest = list(rows[:NEWEST])
    if len(newest) < NEWEST:
        return newest
    last = newest[-1].pk
    others = list(rows.filter(pk__lt=last if turn.below is None else min(last, turn.below))[:IN_TURN])
    turn.below = others[-1].pk if len(others) == IN_TURN else None
    return newest + others


def sorted_out(points: Iterable[Point], told: Collection[int]) -> tuple[list[int], list[int]]:
    """Those the pipeline has a reading of, and those it has none of and was not asked about before."""
    found = list(points)
    heard = [one.pk for one in found if one.pk in told]
    return heard, [one.pk for one in found if one.pk not in told and one.unheard_since is None]
