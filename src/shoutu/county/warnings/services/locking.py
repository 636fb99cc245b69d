"""One order of locks for everybody: the sites, the storms, then whatever belongs to them.

See docs/decisions/0047-order-of-locks.md. Whoever locks a warning, its duties, its withdrawal, its silences or its
reports holds the warning's site first; so no two changes at one site ever wait for each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import connection
from django.utils import timezone

from shoutu.county.kit.models import Lease
from shoutu.county.places.services import lock_sites
from shoutu.county.warnings.models import Order, Warning

STORMS = "warning_groups"


def lock_storms() -> None:
    """Events of several warnings reach over sites, so one change of them goes at a time. Who holds this waits for no
    site."""
    if connection.features.has_select_for_update:
        told = {"holder": "", "until": timezone.now()}
        Lease.objects.select_for_update(no_key=True).get_or_create(name=STORMS, defaults=told)


def lock_storms_after_sites(ids: Sequence[int]) -> None:
    """The storms, for a change of these warnings: their sites first. The intake needs the storms for every site, so
    nobody may hold them while waiting for one; holding them it waits for no site itself, which leaves no circle."""
    lock_sites(Warning.objects.filter(pk__in=ids).values_list("site_id", flat=True))
    lock_storms()


def lock_warnings(ids: Sequence[int]) -> None:
    """What comes before anything about these warnings: their sites; those that belong to no site themselves."""
    if not connection.features.has_select_for_update:
        return
    rows = Warning.objects.filter(pk__in=ids)
    sites = dict(rows.values_list("pk", "site_id"))
    lock_sites(sites.values())
    homeless = [pk for pk, site in sites.items() if site is None]
    if homeless:
        rows = Warning.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=homeless)
        list(rows.order_by("pk").values_list("pk"))


def locked_warning(warning_id: int) -> Warning:
    """The warning, locked, after its site. Raises Warning.DoesNotExist."""
    lock_warnings([warning_id])
    found: Warning = Warning.objects.select_for_update(of=("self",), no_key=True).get(pk=warning_id)
    return found


def lock_orders(ids: Iterable[int]) -> None:
    """What comes before anything about these orders from above: they themselves."""
    if connection.features.has_select_for_update:
        rows = Order.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=ids)
        list(rows.order_by("pk").values_list("pk"))
