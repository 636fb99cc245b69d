"""What wings must know, as versioned deltas: sources, points, rules, later cameras and zones.

A room registers its section, publishes keys in the transaction of the change, and wings follow.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Exists

from shoutu.county.kit.models import CatalogHead, CatalogItem

PART_BYTES = 16 << 20
"""An answer of about this length is ended; the rest comes in further parts."""
PLACE = r"^[0-9a-f]{16}(\.\d{1,18}){5}$"

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


class Place(NamedTuple):
    """Where a change in parts goes on, as the follower brings it back (`PLACE`).

    `part` and `change` name the next part, `full` says that the whole change replaces everything. This round tells what
    changed after version `after` up to `base` (with `first` of a full change: all that is there), behind row `last`.
    """

    change: str
    part: int
    full: bool
    after: int
    base: int
    last: int

    @property
    def first(self) -> bool:
        return self.full and not self.after

    @classmethod
    def of(cls, text: str) -> Place:
        change, part, full, *rest = text.split(".")
        return cls(change, int(part), bool(int(full)), *map(int, rest))

    def __str__(self) -> str:
        return ".".join([self.change, *(str(int(number)) for number in self[1:])])


def changes(after: int, place: str = "") -> dict[str, Any]:
    """The answer to a follower that holds version `after`: a delta, or everything with `full: true`.

    What is longer than `PART_BYTES` comes in parts, `next` being the `place` to ask for the one after; only all of them
    together are a state that was. What changes meanwhile is told behind, until nothing changed: the last part, without
    `more`, makes version `version` whole.
    """
    head = CatalogHead.objects.filter(pk=1).first() or CatalogHead()
    if place and (at := Place.of(place)).base >= head.floor and at.base <= head.version:
        answer, last = _round(at)
        if last is not None:
            return {**answer, **_more(at._replace(part=at.part + 1, last=last))}
        # Asked after the round was read: what changed in between is another round.
        now = version()
        if now == at.base:
            return {**answer, "part": at.part, "change": at.change, "more": False}
        return {**answer, **_more(at._replace(part=at.part + 1, after=at.base, base=now, last=0))}
    # Who holds version 0 where nothing was ever published has everything already, and must wait, not ask again.
    full = after != head.version and (after <= 0 or after < head.floor or after > head.version)
    at = Place(secrets.token_hex(8), 1, full, 0 if full else after, head.version, 0)
    answer, last = _round(at)
    return answer if last is None else {**answer, **_more(at._replace(part=2, last=last))}


def _more(at: Place) -> dict[str, Any]:
    """What says that the part before `at` is not the last."""
    return {"part": at.part - 1, "change": at.change, "more": True, "next": str(at)}


def _round(at: Place) -> tuple[dict[str, Any], int | None]:
    """What a round tells behind its place, and the last row told when there was no room for all."""
    items = CatalogItem.objects.filter(version__lte=at.base, pk__gt=at.last)
    items = items.filter(payload__isnull=False) if at.first else items.filter(version__gt=at.after)
    answer: dict[str, Any] = {"version": at.base, "full": at.full}
    removed: dict[str, list[Any]] = {}
    for name in _sections:
        answer[name], removed[name] = [], []
    answer["removed"] = removed
    size, last = 0, at.last
    rows = items.order_by("id").values_list("id", "section", "key", "payload")
    for row, name, key, payload in rows.iterator(chunk_size=2000):
        if size >= PART_BYTES:
            return answer, last
        last = row
        if payload is None:
            removed.setdefault(name, []).append(int(key) if key.isdigit() else key)
            size += len(key)
        else:
            answer.setdefault(name, []).append(payload)
            size += len(json.dumps(payload))
    return answer, None


def start_over() -> None:
    """After a restore: jump far ahead and make every follower fetch everything anew."""
    with transaction.atomic():
        CatalogHead.objects.get_or_create(pk=1)
        head = CatalogHead.objects.select_for_update(no_key=True).get(pk=1)
        head.version += 1_000_000
        head.floor = head.version
        head.save()
