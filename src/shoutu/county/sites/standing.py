"""How a site stands: raised (by its level), fallen back, at fault in part, watched by nothing, or normal. Selector.

What is raised or at fault the rooms to the right know (`hooks`); what nothing watches is known here: nothing is known
of it, which is not normal.
"""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Model, Q, QuerySet

from shoutu.county.kit import catalog
from shoutu.county.kit.worst import Worst
from shoutu.county.sites import hooks
from shoutu.county.sites.models import Rule

M = TypeVar("M", bound=Model)
NORMAL, UNWATCHED, FAULTY, FALLEN, RAISED = 0, 1, 2, 3, 10
"""Ranks of `standing`; RAISED times the level for what is raised; FALLEN: a warning fell back and is not closed."""


def of_sites() -> Worst:
    """Sites by how they stand."""
    told = hooks.standing("site")
    unwatched = ~Q(pk__in=Rule.objects.filter(enabled=True).values("site_id"))

    def moved(mark: list[int]) -> Q:
        # Whether a rule was switched off since the catalog tells, not which.
        return told.moved(mark[1:]) | (unwatched & Q(catalog.newer_than(mark[0])))

    return Worst({**told.places, UNWATCHED: unwatched}, lambda: [catalog.version(), *told.mark()], moved)


def of_points() -> Worst:
    """Points by how they stand."""
    return hooks.standing("point")


def with_standing(rows: QuerySet[M]) -> QuerySet[M]:
    """Each site with `standing`, one of the ranks."""
    return rows.annotate(standing=of_sites().standing())  # type: ignore[return-value]


def words(standing: int) -> str:
    """raised, fallen, faulty, unwatched or normal."""
    return {NORMAL: "normal", UNWATCHED: "unwatched", FAULTY: "faulty", FALLEN: "fallen"}.get(standing, "raised")
