"""What wings must know, as versioned deltas: sources, points, rules, later cameras and zones.

A room registers its section, publishes keys in the transaction of the change, and wings follow.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Exists

from shoutu.county.kit.models import CatalogHead, CatalogItem

_sections: list[str] = []


def section(name: str) -> str:
    """Register a section; it then always appears in answers, be it empty. Returns the name."""
    if name not in _sections:
        _sections.append(name)
    return name


def sections() -> list[str]:
    return list(_sections)


def publish(section: str, key: int | str, payload: Mapping[str, Any] | None) -> int:
    """Set (or with None remove) one key. Returns the version that carries it. Must be inside a transaction."""
    return publish_many(section, {key: payload})


def publish_many(section: str, items: Mapping[Any, Mapping[str, Any] | None]) -> int:
    """Set or remove many keys under one version, so that followers switch to all of them at once.

    Raises KeyError for an unregistered section, RuntimeError outside a transaction.
    """
    if section not in _sections:
        raise KeyError(f"catalog section {section!r} is not registered; call catalog.section() in register.py")
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("publish outside a transaction; call it from a @service")
    CatalogHead.objects.get_or_create(pk=1)
    # The lock on the head makes versions commit in their order.
    head = CatalogHead.objects.select_for_update(no_key=True).get(pk=1)
    head.version += 1
    head.save(update_fields=["version"])
    CatalogItem.objects.bulk_create(
        [
            CatalogItem(section=section, key=str(key), payload=payload, version=head.version)
            for key, payload in items.items()
        ],
        update_conflicts=True,
        unique_fields=["section", "key"],
        update_fields=["payload", "version"],
        batch_size=500,
    )
    return head.version


def version() -> int:
    """The newest version; 0 before anything was published."""
    return CatalogHead.objects.filter(pk=1).values_list("version", flat=True).first() or 0


def newer_than(version: int) -> Exists:
    """Whether the catalog has moved past `version`, as a condition within another query."""
    return Exists(CatalogHead.objects.filter(pk=1).exclude(version=version))


def changes(after: int) -> dict[str, Any]:
    """The answer to a follower that holds version `after`: a delta, or everything with `full: true`."""
    head = CatalogHead.objects.filter(pk=1).first() or CatalogHead()
    # Who holds version 0 where nothing was ever published has everything already, and must wait, not ask again.
    full = after != head.version and (after <= 0 or after < head.floor or after > head.version)
    items = CatalogItem.objects.filter(version__lte=head.version)
    items = items.filter(payload__isnull=False) if full else items.filter(version__gt=after)
    answer: dict[str, Any] = {"version": head.version, "full": full}
    removed: dict[str, list[Any]] = {}
    for name in _sections:
        answer[name], removed[name] = [], []
    for name, key, payload in items.order_by("id").values_list("section", "key", "payload"):
        if payload is None:
            removed.setdefault(name, []).append(int(key) if key.isdigit() else key)
        else:
            answer.setdefault(name, []).append(payload)
    answer["removed"] = removed
    return answer


def start_over() -> None:
    """After a restore: jump far ahead and make every follower fetch everything anew."""
    with transaction.atomic():
        CatalogHead.objects.get_or_create(pk=1)
        head = CatalogHead.objects.select_for_update(no_key=True).get(pk=1)
        head.version += 1_000_000
        head.floor = head.version
        head.save()
