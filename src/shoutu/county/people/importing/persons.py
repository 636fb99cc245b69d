"""Persons from a table: judged as a whole, written set-wise."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.sheets.still import fresh, locked, remember
from shoutu.county.kit.sheets.tables import Applied, Line, Stale, once
from shoutu.county.people.importing.named import BATCH
from shoutu.county.people.models import Person
from shoutu.county.places.finding import Organisations


def plan_persons(actor: Actor, lines: list[Line]) -> None:
    """One of the same name and organisation is the same; of several, the one with the same telephone number."""
    bodies = Organisations(actor)
    known: dict[tuple[str, int | None], list[Person]] = defaultdict(list)
    phones: dict[str, list[Person]] = defaultdict(list)
    for one in Person.objects.filter(is_active=True).select_related("organisation"):
        known[one.name, one.organisation_id].append(one)
        if _digits(one.phone):
            phones[_digits(one.phone)].append(one)
    for line in lines:
        line.extra["organisation"] = bodies.one(line, "organisation")
    once(lines, "name", _person_key, _("同名同单位同电话的人"))
    for line in lines:
        body = line.extra["organisation"]
        row = _same_person(line, known[line.get("name"), body.pk if body else None]) if body else None
        if row is not None:
            remember(line, row, ("name", "phone", "email", "organisation_id"))
            for column in ("phone", "email"):
                if line.get(column):
                    line.compare(column, getattr(row, column), line.get(column))
        _elsewhere(line, row, phones)
    _twice(lines)


def _digits(phone: str) -> str:
    return "".join(one for one in phone if one.isdigit())


def _person_key(line: Line) -> Any:
    body = line.extra["organisation"]
    return (line.get("name"), body.pk, _digits(line.get("phone"))) if body and line.get("name") else None


def _same_person(line: Line, found: Sequence[Person]) -> Person | None:
    if len(found) < 2:
        return found[0] if found else None
    same = [row for row in found if _digits(row.phone) == _digits(line.get("phone"))]
    if len(same) == 1:
        return same[0]
    line.bad("phone", _("本单位有 %(count)s 个同名的人：写上系统里的电话，才认得出是哪一个") % {"count": len(found)})
    return None


def _elsewhere(line: Line, row: Person | None, phones: dict[str, list[Person]]) -> None:
    """The same number under somebody else's name, or in another organisation: perhaps one person in two places."""
    for other in phones.get(_digits(line.get("phone")), ()):
        if row is None or other.pk != row.pk:
            where = other.organisation.name if other.organisation else _("没有单位")
            words = _("这个电话已登记在“%(where)s”名下：是同一个人就别重复登记，用任职来表示")
            line.note("phone", words % {"where": where})
            return


def _twice(lines: list[Line]) -> None:
    seen: dict[str, Line] = {}
    for line in lines:
        digits = _digits(line.get("phone"))
        if digits and digits in seen:
            words = _("第 %(row)s 行也是这个电话：一个人在两处，留一处，另一处用任职来表示")
            line.note("phone", words % {"row": seen[digits].number})
        elif digits:
            seen[digits] = line


def apply_persons(actor: Actor, lines: list[Line], reason: str) -> Applied:
    """All of them set-wise. Values go into no entry: the import's own names the file by its digest."""
    new = fresh(lines)
    wanted = {(line.get("name"), line.extra["organisation"].pk, line.get("phone")) for line in new}
    there = Person.objects.filter(is_active=True, name__in={name for name, _body, _phone in wanted})
    if wanted & {(row.name, row.organisation_id, row.phone) for row in there}:
        raise Stale
    made = Person.objects.bulk_create(
        [
            Person(
                name=line.get("name"), phone=line.get("phone"), email=line.get("email"),
                organisation=line.extra["organisation"],
            )
            for line in new
        ],
        batch_size=BATCH,
    )  # fmt: skip
    rows = []
    for line, row in locked(Person.objects.all(), lines):
        row.phone, row.email = line.get("phone") or row.phone, line.get("email") or row.email
        rows.append(row)
    Person.objects.bulk_update(rows, ["phone", "email"], batch_size=BATCH)
    ids = [row.pk for row in (*made, *rows)]
    return Applied({"person": ids}, [("person", one) for one in ids])
