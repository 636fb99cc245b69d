"""What may be asked about places. Every read for an actor goes on with `.visible_to(actor)`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import NotFound
from shoutu.county.kit.selectors import ScopedQuerySet, get_visible
from shoutu.county.places.models import Organisation, Site, SitePast, Territory, TerritoryPast


def organisations() -> ScopedQuerySet[Organisation]:
    return Organisation.objects.select_related("territory")  # type: ignore[no-any-return]


def sites() -> ScopedQuerySet[Site]:
    """Sites with their territory and organisation."""
    return Site.objects.select_related("territory", "organisation")  # type: ignore[no-any-return]


def get_site(actor: Actor, id: int) -> Site:
    """Raises NotFound("site", id) when it does not exist or the actor does not see it."""
    return get_visible(sites(), actor, id, "site")


def territories_under(territory: Territory) -> list[Territory]:
    """The whole subtree, itself first."""
    return list(Territory.objects.filter(path__startswith=territory.path).order_by("path"))


def county() -> Territory | None:
    """The root of the tree: this county."""
    return Territory.objects.filter(parent__isnull=True).order_by("id").first()


def organisation_named(name: str) -> Organisation:
    """Raises NotFound("organisation", name)."""
    found: Organisation | None = organisations().filter(name=name).first()
    if found is None:
        raise NotFound("organisation", name)
    return found


def territory_named(name: str) -> Territory:
    """The first of that name from the top of the tree. Raises NotFound("territory", name)."""
    found = Territory.objects.filter(name=name).order_by("path").first()
    if found is None:
        raise NotFound("territory", name)
    return found


def get_organisation(actor: Actor, id: int) -> Organisation:
    """Raises NotFound("organisation", id)."""
    return get_visible(organisations(), actor, id, "organisation")


def territories() -> list[Territory]:
    """The whole tree, parents before children."""
    return list(Territory.objects.order_by("path"))


def get_territory(id: int) -> Territory:
    """Raises NotFound("territory", id)."""
    found = Territory.objects.filter(pk=id).first()
    if found is None:
        raise NotFound("territory", id)
    return found


def territory_rows(actor: Actor) -> QuerySet[Territory]:
    """The tree with how many of the organisations and sites the actor sees stand directly in each node."""
    bodies = Organisation.objects.visible_to(actor).filter(is_active=True)
    return Territory.objects.annotate(
        bodies=_how_many(bodies), places=_how_many(Site.objects.visible_to(actor))
    ).order_by("path")


def _how_many(rows: QuerySet[Any]) -> Coalesce:
    """How many stand directly in a territory: each kind counted by itself, for two joins would multiply."""
    here = rows.filter(territory=OuterRef("pk")).order_by().values("territory")
    return Coalesce(Subquery(here.annotate(n=Count("pk", distinct=True)).values("n")), 0)


@dataclass(frozen=True)
class Whereabouts:
    """Whose a site was and where at one time: `above` are the territories from the county down to its own."""

    site: int
    kind: str
    organisation: int
    above: tuple[int, ...]


def site_at(site: Site, at: datetime) -> Whereabouts:
    """Where a site stood at `at`; today's place is right for any time no move came after. Two queries."""
    past = SitePast.objects.filter(site=site, until__gt=at).select_related("territory").order_by("until", "id").first()
    organisation, territory = (past.organisation_id, past.territory) if past else (site.organisation_id, site.territory)
    return Whereabouts(site.pk, site.kind, organisation, above(territory, _moved_after(at)))


def above(territory: Territory, moved: Mapping[int, Territory]) -> tuple[int, ...]:
    """The ids from the county down to `territory`, with the parents in `moved` in place of today's."""
    if not moved:
        return tuple(int(part) for part in territory.path.split(".") if part)
    ids = [int(part) for part in territory.path.split(".") if part]
    # From below upward: at the first one that hung elsewhere, go on from there.
    for place in range(len(ids) - 1, -1, -1):
        if ids[place] in moved:
            rest = {key: value for key, value in moved.items() if key != ids[place]}
            return (*above(moved[ids[place]], rest), *ids[place:])
    return tuple(ids)


def _moved_after(at: datetime) -> dict[int, Territory]:
    """Territory → the parent it had at `at`, for those that were moved later."""
    found: dict[int, Territory] = {}
    for row in TerritoryPast.objects.filter(until__gt=at).select_related("parent").order_by("-until", "-id"):
        found[row.territory_id] = row.parent
    return found


def organisation_options(actor: Actor) -> QuerySet[Organisation]:
    """Organisations in use that the actor sees."""
    return organisations().visible_to(actor).filter(is_active=True)
