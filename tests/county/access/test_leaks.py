"""What an answer must not give away, whatever is asked: another's things, and names and numbers that are masked.

Every GET route is asked as every role: plainly, page by page, by another's ids, by another's words.
"""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from docx import Document

from shoutu.county.kit.permissions import permissions_of
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
NAMED_ON_DUTY = ("GET /api/v1/roster/today", "GET /api/v1/screen/now")


def reads() -> list[Route]:
    return [one for one in walked() if one.method == "GET" and one.path.startswith("/api/v1/")]


def lists() -> list[Route]:
    """Routes that answer pages."""
    return [one for one in reads() if {"cursor", "limit"} <= parameters(one).keys()]


def words(answer: Any) -> str:
    """All the words of an answer, those within a paper or a cursor among them."""
    if answer.streaming:
        return ""  # a picture
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


def test_walks_something() -> None:
    assert len(reads()) > 60
    assert len(lists()) > 20
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
