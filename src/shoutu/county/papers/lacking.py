"""Sites without a licence that sites of their kind must have: told, nobody is called, for the list may have holes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet
from django.utils import timezone

from shoutu.county.kit.actors import Actor
from shoutu.county.papers.expired import holds
from shoutu.county.papers.kinds import LicenceKind, kinds
from shoutu.county.papers.models import Licence
from shoutu.county.papers.standing import filter_of
from shoutu.county.places.models import Site

SORTS = {"holder": ["organisation__name", "name", "id"], "id": ["id"]}


def lacking_for(
    actor: Actor, *, site: int | None = None, organisation: int | None = None, kind: str = "", q: str = ""
) -> QuerySet[Site]:
    """Sites that the actor sees with nothing in force of a kind they must have, of their own or of their enterprise.

    One past its last day is called for already, so it is not among them; one that has not begun holds nothing yet.
    `kind`: that one only.
    """
    asked = _asked(kind)
    rows = Site.objects.visible_to(actor).filter(organisation__is_active=True)
    rows = rows.annotate(**{_mark(one): _lacks(one) for one in asked})
    some: Any = Q(pk__in=[])
    for one in asked:
        some |= Q(**{_mark(one): True})
    rows = rows.filter(some)
    if site is not None:
        rows = rows.filter(pk=site)
    if organisation is not None:
        rows = rows.filter(organisation=organisation)
    if q:
        rows = rows.filter(Q(name__icontains=q) | Q(organisation__name__icontains=q))
    return rows.select_related("organisation")  # type: ignore[no-any-return]


def rows_of(sites: Iterable[Site], kind: str = "") -> list[dict[str, Any]]:
    """Each site of `lacking_for` with the kinds it lacks, in the order of the list of kinds."""
    asked = _asked(kind)
    return [
        {
            "id": site.pk, "name": site.name, "site_kind": site.kind,
            "organisation": {"id": site.organisation_id, "name": site.organisation.name},
            "lacking": [
                {"kind": one.id, "title": one.name, "ground": one.ground, "verified": one.verified}
                for one in asked
                # A kind the county put on its list since the sites were asked for was not asked of them.
                if getattr(site, _mark(one), False)
            ],
        }
        for site in sites
    ]  # fmt: skip


def _asked(kind: str) -> list[LicenceKind]:
    return [one for one in kinds().values() if one.required_of and kind in ("", one.id)]


def _mark(kind: LicenceKind) -> str:
    return f"lacks_{kind.id}"


def _lacks(kind: LicenceKind) -> Any:
    """Whether a site must have one of this kind and neither it nor its enterprise as a whole holds one."""
    whose = Q(site=OuterRef("pk")) | Q(site__isnull=True)
    held = Licence.objects.filter(_counts(), whose, organisation=OuterRef("organisation"), kind=kind.id)
    return ExpressionWrapper(Q(kind__in=kind.required_of) & ~Exists(held), output_field=BooleanField())


def _counts() -> Q:
    """In force today, or past its last day and called for."""
    today = timezone.localdate()
    return holds(today) | filter_of("expired", today)
