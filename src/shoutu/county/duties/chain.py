"""Who stands on each rung of a chain now: the policy names places, people fill them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shoutu.county.people.models import Person, Post, Responsibility, Rung
from shoutu.county.people.selectors import Answerer, at_time, get_posts, holders, who_answers_for

NAMES = tuple(rung.name.lower() for rung in Rung)


@dataclass(frozen=True)
class Seat:
    """A rung as it is filled at one moment; without a person it is shown as 无人."""

    who: str
    post: Post | None
    person: Person | None


POST = "post:"
"""A rung named `post:ID` is that post itself, whatever the site: for duties that belong to a post."""


class Seats(dict[str, Seat]):
    """Rung name → seat; a rung `post:ID` is looked up when asked for."""

    def __init__(self, at: datetime) -> None:
        super().__init__({who: Seat(who, None, None) for who in NAMES})
        self.at = at

    def __missing__(self, who: str) -> Seat:
        if not who.startswith(POST):
            raise KeyError(who)
        post = get_posts().filter(pk=int(who.removeprefix(POST))).first()
        person = holders([post.pk], self.at).get(post.pk) if post else None
        self[who] = Seat(who, post, person)
        return self[who]


def seats(site_id: int | None, matter: str, at: datetime) -> Mapping[str, Seat]:
    """The seat of every rung name for a site. Of several posts on one rung, the nearest with somebody on it."""
    found = Seats(at)
    for answerer in _countywide(matter, at) if site_id is None else who_answers_for(site_id, matter, at):
        seat = found[answerer.rung_name]
        if seat.post is None or (seat.person is None and answerer.person is not None):
            found[seat.who] = Seat(seat.who, answerer.post, answerer.person)
    return found


def _countywide(matter: str, at: datetime) -> list[Answerer]:
    """Who answers for what belongs to no site (a gateway serving many): the posts over the whole county."""
    rows = [
        row
        for row in at_time(Responsibility.objects.filter(territory__parent__isnull=True, territory__isnull=False), at)
        .filter(site__isnull=True, organisation__isnull=True)
        .select_related("post__organisation")
        .order_by("rung", "id")
        if not row.matters or matter in row.matters
    ]
    filled = holders({row.post_id for row in rows}, at)
    return [Answerer(row.post, filled.get(row.post_id), row.kind, row.rung) for row in rows]
