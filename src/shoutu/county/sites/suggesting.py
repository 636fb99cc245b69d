"""What an unclaimed address probably is: from a point with an address like it, else from the words in it.

A guess only fills the form; whoever adopts the address says what it measures.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Invalid
from shoutu.county.places.models import Site
from shoutu.county.sites import packs, selectors
from shoutu.county.sites.models import Axis, Danger, Point, Unclaimed

if TYPE_CHECKING:
    from shoutu.engine.packs import Pack

INTERVAL_S = 20.0
"""What underground systems send by the data norm; where nothing else tells."""
USUAL_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
ADDRESS_LENGTH = Point._meta.get_field("address").max_length or 0
_SIDES = {"high": Danger.HIGH, "low": Danger.LOW, "band": Danger.BOTH}


class Item(NamedTuple):
    """A monitored item as a pack describes it. `kinds`: the kinds of site its pack is made for."""

    id: str
    title: str
    unit: str
    danger: str
    axis: str
    low: float | None
    high: float | None
    interval_s: float | None
    pack: str
    kinds: tuple[str, ...]


def _readable() -> Iterator[Pack]:
    for name in packs.names():
        try:
            yield packs.load(name)
        except Invalid:
            continue  # its own page says what is wrong in it


def items(kind: str = "") -> list[Item]:
    """The items of all packs that can be read, once each; those made for this kind of site come first."""
    found: dict[str, Item] = {}
    for pack in sorted(_readable(), key=lambda pack: kind not in pack.sites):
        for one in pack.indicators:
            danger = one.danger or _SIDES[one.direction]
            unit = "" if one.unit == "1" else one.unit
            known = Item(
                one.id, one.title.zh, unit, danger, one.axis, one.low, one.high, one.interval_s, pack.title.zh,
                tuple(pack.sites),
            )  # fmt: skip
            found.setdefault(one.id, known)
    return list(found.values())


class Known(NamedTuple):
    """What packs watch: the ids of items, and which ids go by a title (with and without what stands in brackets)."""

    ids: set[str]
    by_title: dict[str, set[str]]


def known_items() -> Known:
    """The items of all packs that can be read, by id and by title."""
    known = Known(set(), defaultdict(set))
    for pack in _readable():
        for one in pack.indicators:
            known.ids.add(one.id)
            for title in (one.title.zh, one.title.en, re.sub(r"（.*", "", one.title.zh)):
                known.by_title[title].add(one.id)
    return known


def hindrance(row: Unclaimed) -> str:
    """Why an address cannot be adopted: foreign, number, blank (around it), long; "" when it can."""
    if row.reason != "unknown":
        return "foreign"
    if row.source.trusted and row.address.isdigit():
        return "number"
    if row.address != row.address.strip():
        return "blank"
    return "long" if len(row.address) > ADDRESS_LENGTH else ""


def suggestion(actor: Actor, row: Unclaimed, site: Site | None) -> dict[str, Any]:
    """Fields to begin with. `by`: "like" the point named there, from the "address" itself, or "nothing"."""

    def named(by: Item | Point | None) -> str:
        title = by.item_title if isinstance(by, Point) else by.title if by else ""
        return row.address if title in row.address else f"{title} {row.address}"

    every = interval_of(row.count, row.first_at, row.last_at)
    like = _like(actor, row)
    where = site or (like.site if like else None)
    told = {"site": {"id": where.pk, "name": where.name} if where else None, "measured_s": every}
    if like is not None:
        shared = ("item", "item_title", "unit", "low", "high", "danger", "axis")
        return {
            **told,
            **{name: getattr(like, name) for name in shared},
            "name": like.name.replace(like.address, row.address) if like.address in like.name else named(like),
            "interval_s": every or like.interval_s,
            "by": "like",
            "like": {"id": like.pk, "name": like.name},
        }
    item = item_in(row.address, items(where.kind if where else ""))
    return {
        **told,
        "name": named(item),
        "item": item.id if item else "",
        "item_title": item.title if item else "",
        "unit": item.unit if item else "",
        "low": item.low if item else None,
        "high": item.high if item else None,
        "danger": item.danger if item else Danger.BOTH,
        "axis": item.axis if item else Axis.UP,
        "interval_s": every or (item.interval_s if item else None) or INTERVAL_S,
        "by": "address" if item else "nothing",
        "like": None,
    }


def stem(address: str) -> str:
    """An address without the number at its end: JR of JR-03."""
    return re.sub(r"[\W_]*\d+$", "", address.strip()).casefold()


def _like(actor: Actor, row: Unclaimed) -> Point | None:
    """A visible point whose address differs by its number only: of the same source, else of the same site."""
    beginning = stem(row.address)
    if not beginning:
        return None
    rows = selectors.points_near(actor, row.source, beginning)
    alike = [point for point in rows if stem(point.address) == beginning]
    return min(alike, key=lambda point: (point.source_id != row.source_id, -point.pk), default=None)


def item_in(address: str, known: Sequence[Item]) -> Item | None:
    """The item whose id or title stands in an address; the longest where several do.

    An id must stand there as whole words, digits and all: "co" is in CO-2 and in mine1.co, not in CORE-2, and CO2 is
    carbon dioxide.
    """
    words = _spaced(address)
    found = [
        (len(name), -place)
        for place, item in enumerate(known)
        for name, there in (
            (item.id, re.search(rf"(?<![a-z0-9]){re.escape(_spaced(item.id))}(?![a-z0-9])", words)),
            (item.title, re.sub(r"（.*", "", item.title) in address),
        )
        if there
    ]
    return known[-max(found)[1]] if found else None


def _spaced(text: str) -> str:
    """Small letters; "_" where words part, "·" between letters and digits that stand together."""
    small = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", text).lower()
    return re.sub(r"(?<=[a-z])(?=\d)|(?<=\d)(?=[a-z])", "·", re.sub(r"[\W_]+", "_", small))


def interval_of(count: int, first: datetime, last: datetime) -> float | None:
    """Seconds between readings as they came, put to the usual interval near it; None with fewer than three."""
    span = (last - first).total_seconds()
    if count < 3 or span <= 0:
        return None
    every = span / (count - 1)
    usual = min(USUAL_S, key=lambda one: abs(one - every) / one)
    return float(usual) if abs(usual - every) <= 0.25 * usual else float(f"{every:.2g}")
