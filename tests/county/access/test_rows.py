"""How many rows of each list each role sees in the small county of things.py, against rows.csv.

Everything there exists once at 甲矿 (a tailings pond in 东乡) and once at 乙矿 (an open pit in 西乡): who sees the
whole county sees both, a township, a department and an enterprise one. `count` of all pages and the rows
themselves must agree. A new list without a line fails.
"""

from __future__ import annotations

import csv
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl

import pytest

from tests.county.access.test_leaks import lists
from tests.county.access.test_matrix import ROLES, Visitor
from tests.county.access.walk import Route

ROWS = Path(__file__).with_name("rows.csv")


def table() -> dict[str, list[str]]:
    """List, with the query after a question mark → a cell per role; "-" where the role is refused."""
    lines = [line for line in ROWS.read_text("utf-8").splitlines() if line.strip() and not line.startswith("#")]
    head, *rows = ([text.strip() for text in row] for row in csv.reader(lines))
    assert head[1:] == list(ROLES)
    return {row[0]: row[1:] for row in rows}


def seen(visitor: Visitor, route: Route, both: SimpleNamespace, query: dict[str, Any]) -> str:
    """The number of rows, page by page; "-" when refused."""
    ids, count, cursor = [], 0, None
    while True:
        page = query | {"limit": 7} | ({"cursor": cursor} if cursor else {})
        answer = visitor.answer(route, both.own, page)
        if answer.status_code in (403, 404):
            return "-" if answer.status_code == 403 else "404"
        assert answer.status_code == 200, f"{route.name} {page}: {answer.content.decode()}"
        body = answer.json()
        ids += [one.get("id", one.get("row")) for one in body["items"]]
        count, cursor = body["count"], body["next"]
        if cursor is None:
            break
    assert len(ids) == len(set(ids)) == count, f"{route.name} as {visitor.column}: counts {count}, shows {len(ids)}"
    return str(count)


def test_every_list_has_a_line() -> None:
    told = {line.split("?")[0] for line in table()}
    served = {one.path for one in lists()}
    missing, gone = served - told, told - served
    assert not missing, f"new lists: say how many rows each role sees, a line each in {ROWS.name}:\n" + "\n".join(
        missing
    )
    assert not gone, f"lines of lists that are gone: {gone}"


@pytest.mark.django_db
def test_each_role_sees_as_many_rows_as_the_table_says(both: SimpleNamespace) -> None:
    routes = {one.path: one for one in lists()}
    visitors = [Visitor(both, column) for column in ROLES]
    wrong = []
    for line, cells in table().items():
        path, _mark, text = line.partition("?")
        query = dict(parse_qsl(text))
        found = [seen(visitor, routes[path], both, query) for visitor in visitors]
        if found != cells:
            wrong.append(f"{line}\n  table: {', '.join(cells)}\n  is:    {', '.join(found)}")
    assert not wrong, "\n" + "\n".join(wrong)
