"""What an answer must not give away, whatever is asked: another's things, and names and numbers that are masked.

Every GET route is asked as every role: plainly, page by page, by another's ids, by another's words.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from docx import Document
from openpyxl import load_workbook

from shoutu.county.kit.permissions import permissions_of
from shoutu.county.kit.sheets.tables import Table, tables
from shoutu.county.people.models import Person
from shoutu.county.people.testing import actor
from tests.county.access.test_matrix import ROLES, Visitor, walked
from tests.county.access.walk import FIELDS, Route, parameters

# Whatever is 乙矿's carries its name; see things.py.
ANOTHERS = "乙矿"
NONSENSE = "没有这样的字"
# A principal sees what a safety officer sees, an inspector of the whole county what an auditor sees.
NARROW = ("department", "township", "safety_officer", "rescue_lead")
MASKED = ("auditor", "department", "safety_officer", "rescue_lead")
# Who keeps watch now is named to those who work with them.
EXPORT = next(one for one in walked() if one.name == "GET /api/v1/tables/{name}/export")
NAMED_ON_DUTY = ("GET /api/v1/roster/today", "GET /api/v1/screen/now")


def reads() -> list[Route]:
    return [one for one in walked() if one.method == "GET" and one.path.startswith("/api/v1/")]


def lists() -> list[Route]:
    """Routes that answer pages."""
    return [one for one in reads() if {"cursor", "limit"} <= parameters(one).keys()]


def words(answer: Any) -> str:
    """All the words of an answer, those within a paper or a cursor among them."""
    if answer.streaming:
        return "\n".join(" ".join(row) for row in rows_of(answer))
    if answer.status_code != 200:
        return answer.content.decode("utf-8", "replace")  # type: ignore[no-any-return]
    if "wordprocessing" in answer["Content-Type"]:
        paper = Document(io.BytesIO(answer.content))
        return "\n".join(cell.text for table in paper.tables for row in table.rows for cell in row.cells)
    body = json.loads(answer.content)
    text = json.dumps(body, ensure_ascii=False)
    cursor = body.get("next") if isinstance(body, dict) else None
    if isinstance(cursor, str):
        told = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)) if not cursor.isdigit() else b"null"
        text += json.dumps(json.loads(told), ensure_ascii=False)
    return text


def rows_of(answer: Any) -> list[list[str]]:
    """What stands in a file that was answered, row by row; nothing for a picture."""
    kind = answer["Content-Type"]
    if not kind.startswith("text/csv") and "spreadsheetml" not in kind:
        return []
    content = b"".join(answer)
    if kind.startswith("text/csv"):
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    sheets = load_workbook(io.BytesIO(content), read_only=True).worksheets
    return [[str(cell or "") for cell in row] for sheet in sheets for row in sheet.iter_rows(values_only=True)]


def counted(answer: Any) -> int:
    body = answer.json()
    return body.get("count", 0) if isinstance(body, dict) else 0


def askings(route: Route, both: SimpleNamespace) -> Iterator[dict[str, Any]]:
    """Plainly; page by page; by each id of another's; by another's words."""
    known = parameters(route)
    yield {}
    if "limit" in known:
        yield {"limit": 1}
    if "q" in known:
        yield {"q": ANOTHERS}
    for name in known.keys() & FIELDS.keys():
        yield {name: both.foreign[FIELDS[name]]}


def exported(visitor: Visitor, table: Table, both: SimpleNamespace, query: dict[str, Any]) -> list[list[str]] | None:
    """The rows of a table as it goes out, without what stands above it; None when it is refused."""
    answer = visitor.answer(EXPORT, {**both.own, "tables/{name}": table.name}, query)
    if answer.status_code in (403, 404):
        return None
    assert answer.status_code == 200, f"{table.name} {query}: {answer.content.decode()}"
    return rows_of(answer)[2:]


def ways_out(visitor: Visitor, table: Table, both: SimpleNamespace) -> Iterator[dict[str, Any]]:
    """Both kinds of file; whole where that is allowed; by another's words and ids, by each filter the table knows."""
    known = table.query.model_fields
    yield {"format": "csv"}
    if table.walked:  # what narrows it is asked of its route
        return
    yield {"format": "xlsx"}
    if table.whole_permission and actor(both.users[ROLES[visitor.column]]).may(table.whole_permission):
        yield {"format": "csv", "whole": True}
    if "q" in known:
        yield {"format": "csv", "q": ANOTHERS}
    for name in ("all", "closed"):
        if name in known:
            yield {"format": "csv", name: True}
    for name in known.keys() & FIELDS.keys():
        yield {"format": "csv", name: both.foreign[FIELDS[name]]}


def test_walks_something() -> None:
    assert len(reads()) > 60
    assert len(lists()) > 20
    assert len(tables()) > 10
    assert not [role for role in MASKED if "person.read_phone" in permissions_of(role)]


@pytest.mark.django_db
def test_no_answer_tells_of_what_belongs_to_another(both: SimpleNamespace) -> None:
    told = []
    for role in NARROW:
        visitor = Visitor(both, role)
        for route in reads():
            for query in askings(route, both):
                answer = visitor.answer(route, both.own, query)
                if ANOTHERS in words(answer):
                    told.append(f"{role}: {route.name} {query}")
                # Government bodies of another township are no secret, nor is a list that does not search.
                if answer.status_code == 200 and query.keys() & (FIELDS.keys() - {"territory"}):
                    count = counted(answer)
                    told += [f"{role}: {route.name} {query} counts {count}"] * (count > 0)
    assert not told, "\n" + "\n".join(told)


@pytest.mark.django_db
def test_no_answer_gives_a_name_or_number_that_is_masked(both: SimpleNamespace) -> None:
    told = []
    on_watch = re.compile("|".join(both.persons[name].name for name in ("duty_officer", "enterprise_b", "enterprise")))
    for role in MASKED:
        user, visitor = both.users[ROLES[role]], Visitor(both, role)
        persons = [one for one in both.persons.values() if one.pk != user.person_id]
        secrets = {one.name for one in persons} | {one.phone for one in persons if one.phone} | {both.number}
        for route in reads():
            for query in ({}, {"limit": 1}) if "limit" in parameters(route) else ({},):
                text = words(visitor.answer(route, both.own, query))
                if route.name in NAMED_ON_DUTY and actor(user).may("screen.read"):
                    text = on_watch.sub("", text)
                told += [f"{role}: {route.name} {query} gives {one}" for one in secrets if one in text]
    assert not told, "\n" + "\n".join(told)


@pytest.mark.django_db
def test_no_search_finds_by_a_name_or_number_that_is_masked(both: SimpleNamespace) -> None:
    found = []
    someone = both.persons["enterprise"]
    for role in MASKED:
        if both.users[ROLES[role]].person_id == someone.pk:
            continue
        visitor = Visitor(both, role)
        for route in lists():
            if "q" not in parameters(route):
                continue
            none = visitor.answer(route, both.own, {"q": NONSENSE})
            if none.status_code != 200 or counted(none):
                continue  # refused, or a list that does not search
            for word in (someone.name, someone.name[3:], someone.phone, both.number, both.number[-4:]):
                if counted(visitor.answer(route, both.own, {"q": word})):
                    found.append(f"{role}: {route.name} q={word}")
    assert not found, "\n" + "\n".join(found)


@pytest.mark.django_db
@pytest.mark.parametrize("role", MASKED)
def test_a_masked_name_cannot_be_guessed_by_ordering(both: SimpleNamespace, role: str) -> None:
    """A cursor made by hand says where to go on: by it a name could be found letter by letter."""
    visitor = Visitor(both, role)
    route = next(one for one in lists() if one.name == "GET /api/v1/persons")

    def after(name: str) -> Any:
        cursor = base64.urlsafe_b64encode(json.dumps(["name", name, 0]).encode()).decode().rstrip("=")
        answer = visitor.answer(route, both.own, {"sort": "name", "cursor": cursor})
        return [one["id"] for one in answer.json()["items"]] if answer.status_code == 200 else answer.status_code

    assert after("0") == after("甲") == after("龠")


@pytest.mark.django_db
def test_no_table_that_goes_out_tells_of_what_belongs_to_another(both: SimpleNamespace) -> None:
    told, rows = [], 0
    for role in NARROW:
        visitor = Visitor(both, role)
        for table in tables():
            for query in ways_out(visitor, table, both):
                found = exported(visitor, table, both, query) or []
                rows += len(found)
                told += [f"{role}: {table.name} {query}: {row}" for row in found if any(ANOTHERS in c for c in row)]
    assert not told, "\n" + "\n".join(told)
    assert rows > 100


@pytest.mark.django_db
def test_no_table_that_goes_out_gives_or_finds_by_what_is_masked(both: SimpleNamespace) -> None:
    told = []
    for role in MASKED:
        user, visitor = both.users[ROLES[role]], Visitor(both, role)
        persons = [one for one in both.persons.values() if one.pk != user.person_id]
        secrets = {one.name for one in persons} | {one.phone for one in persons if one.phone} | {both.number}
        named = [
            both.persons[one]
            for one in ("leader", "township", "enterprise", "rescue_lead")
            if both.persons[one] in persons
        ]
        sought = {both.number, *(one.name for one in named), *(one.phone for one in named if one.phone)}
        for table in tables():
            for query in ways_out(visitor, table, both):
                text = "\n".join(" ".join(row) for row in exported(visitor, table, both, query) or [])
                told += [f"{role}: {table.name} {query} gives {one}" for one in secrets if one in text]
            if table.walked or "q" not in table.query.model_fields:
                continue
            # A table that leaves the search out gives as many for any word.
            none = exported(visitor, table, both, {"format": "csv", "q": NONSENSE})
            for word in () if none is None else sought:
                if len(exported(visitor, table, both, {"format": "csv", "q": word}) or []) != len(none):
                    told.append(f"{role}: {table.name} is searched by {word}")
        assert exported(visitor, next(t for t in tables() if t.name == "persons"), both, {"whole": True}) is None
    assert not told, "\n" + "\n".join(told)


@pytest.mark.django_db
@pytest.mark.parametrize("role", MASKED)
def test_the_order_of_a_table_that_goes_out_tells_nothing_of_masked_names(both: SimpleNamespace, role: str) -> None:
    visitor = Visitor(both, role)
    others = Person.objects.exclude(pk=both.users[ROLES[role]].person_id)

    def told(names: Iterator[str]) -> dict[str, list[list[str]] | None]:
        for person in others.order_by("id"):
            Person.objects.filter(pk=person.pk).update(name=next(names))
        return {table.name: exported(visitor, table, both, {"format": "csv"}) for table in tables() if table.personal}

    up, down = (f"某{n:03d}" for n in range(900)), (f"某{900 - n:03d}" for n in range(900))
    assert told(up) == told(down)
