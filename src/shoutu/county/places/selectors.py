"""What may be asked about places. Every read for an actor goes on with `.visible_to(actor)`."""

from __future__ import annotations

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import NotFound
from shoutu.county.kit.selectors import ScopedQuerySet, get_visible
from shoutu.county.places.models import Organisation, Site, Territory


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
