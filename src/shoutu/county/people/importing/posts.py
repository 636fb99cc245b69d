"""Posts from a table, and who sits on them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.sheets.still import fresh, locked, remember
from shoutu.county.kit.sheets.tables import Applied, Line, Stale, once
from shoutu.county.people.importing.named import BATCH, People
from shoutu.county.people.models import Holding, Person, Post
from shoutu.county.people.selectors.chain import at_time
from shoutu.county.places.finding import Organisations


def plan_posts(actor: Actor, lines: list[Line]) -> None:
    """One of the same organisation and title is the same. A person named is seated; nobody is unseated by a table."""
    bodies, people = Organisations(actor), People()
    rows = {(row.organisation_id, row.title): row for row in Post.objects.select_related("organisation")}
    held: dict[int, list[Holding]] = defaultdict(list)
    for seat in at_time(Holding.objects.all(), timezone.now()).select_related("person").order_by("rank", "id"):
        held[seat.post_id].append(seat)
    for line in lines:
        line.extra["organisation"] = bodies.one(line, "organisation")
    once(lines, "title", _post_key, _("同一单位的岗位"))
    for line in lines:
        body = line.extra["organisation"]
        row = rows.get(_post_key(line) or (0, ""))
        sitting = {seat.person_id for seat in held[row.pk]} if row else set()
        person = people.one(line, "person", body, sitting) if body else None
        line.extra["person"] = person
        if row is None:
            continue
        remember(line, row, ("title", "on_shift", "is_active"))
        if not row.is_active:
            line.bad("title", _("岗位“%(post)s”已撤销，先恢复") % {"post": row})
        if line.get("on_shift", None) is not None:
            line.compare("on_shift", row.on_shift, line.values["on_shift"])
        _seat(line, person, held[row.pk])


def _post_key(line: Line) -> Any:
    body = line.extra["organisation"]
    return (body.pk, line.get("title")) if body and line.get("title") else None


def _seat(line: Line, person: Person | None, seats: Sequence[Holding]) -> None:
    if person is None or any(seat.person_id == person.pk for seat in seats):
        line.extra["person"] = None
        return
    if seats:
        names = "、".join(seat.person.name for seat in seats)
        line.bad("person", _("现由%(names)s担任：先在页面上离任，再任新人（离任会影响叫应谁）") % {"names": names})
        return
    line.compare("person", "", person.name)


def apply_posts(actor: Actor, lines: list[Line], reason: str) -> Applied:
    """All of them set-wise; who is named sits from now on."""
    now = timezone.now()
    new = fresh(lines)
    made = Post.objects.bulk_create(
        [
            Post(
                organisation=line.extra["organisation"], title=line.get("title"), kind="",
                on_shift=bool(line.get("on_shift", False)),
            )
            for line in new
        ],
        batch_size=BATCH,
    )  # fmt: skip
    seats = [(post, line.extra["person"]) for post, line in zip(made, new, strict=True) if line.extra["person"]]
    rows = []
    for line, row in locked(Post.objects.all(), lines):
        if line.get("on_shift", None) is not None:
            row.on_shift = line.values["on_shift"]
        if line.extra["person"]:
            if at_time(Holding.objects.filter(post=row), now).exists():
                raise Stale
            seats.append((row, line.extra["person"]))
        rows.append(row)
    Post.objects.bulk_update(rows, ["on_shift"], batch_size=BATCH)
    held = Holding.objects.bulk_create(
        [Holding(post=post, person=person, rank=0, valid_from=now, recorded_at=now) for post, person in seats],
        batch_size=BATCH,
    )
    ids = [row.pk for row in (*made, *rows)]
    return Applied({"post": ids, "holding": [row.pk for row in held]}, [("post", one) for one in ids])
