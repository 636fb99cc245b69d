"""Every route with every role and an anonymous visitor, against matrix.csv.

Who: `y` may (the answer is neither 401 nor 403 nor 404), `-` may not (403; 401 for an anonymous visitor and, on the
wings' routes, for everybody but a wing). Each asks about things of their own (甲矿, 东乡). `foreign`: what those who do
not see the whole county get for the same things of 乙矿 in 西乡: `404`, or `seen` where that is no secret; empty where
the address names nothing.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client

from tests.county.access.things import own_token
from tests.county.access.walk import FORMS, NAMES, Route, request, routes

MATRIX = Path(__file__).with_name("matrix.csv")
WING = "wing"
# Column → the user of the small county who stands for it.
ROLES = {
    "leader": "leader",
    "duty_officer": "duty_officer",
    "inspector": "inspector",
    "department": "department",
    "township": "township",
    "principal": "principal",
    "safety_officer": "enterprise",
    "rescue_lead": "rescue_lead",
    "auditor": "auditor",
    "administrator": "administrator",
}
COLUMNS = ["anonymous", *ROLES, WING, "foreign"]
NARROW = ("department", "township", "principal", "safety_officer", "rescue_lead")
FACE = "GET /(the face)"


def table() -> dict[str, dict[str, str]]:
    """Route → column → cell."""
    lines = [line for line in MATRIX.read_text("utf-8").splitlines() if line.strip() and not line.startswith("#")]
    head, *rows = ([text.strip() for text in row] for row in csv.reader(lines))
    return {row[0]: dict(zip(head[1:], row[1:], strict=True)) for row in rows}


class Visitor:
    """Asks as one user, a wing or nobody, and leaves nothing behind."""

    def __init__(self, county: SimpleNamespace, column: str) -> None:
        self.column, self.county, self.headers = column, county, {}
        self.client = Client(raise_request_exception=False)
        if column == WING:
            self.headers = {"authorization": f"Bearer {settings.CONFIG.secret('wing.token')}"}
        elif column in ROLES:
            self.client.force_login(county.users[ROLES[column]])
        self.cookies = dict(self.client.cookies)

    def ask(self, route: Route, things: dict[str, Any]) -> int:
        """The status of the answer to a well-formed request."""
        return self.answer(route, things).status_code  # type: ignore[no-any-return]

    def answer(self, route: Route, things: dict[str, Any], more: dict[str, Any] | None = None) -> Any:
        """The answer to a well-formed request; `more` goes into its query."""
        mine = {"tokens/{id}": own_token(self.county.users[ROLES.get(self.column, "enterprise")])} | things
        path, query, body = request(route, mine)
        if route.name == FACE:
            path = "/duties"
        arguments: dict[str, Any] = {"headers": self.headers, "query_params": query | (more or {})}
        if body is not None:
            arguments |= {"data": body, "content_type": "application/json"}
        if route.name in FORMS:
            arguments["data"] = FORMS[route.name]()
        self.client.cookies.clear()
        self.client.cookies.update(self.cookies)
        with transaction.atomic():
            answer = getattr(self.client, route.method.lower())(path, **arguments)
            transaction.set_rollback(True)
        return answer


def cell(status: int) -> str:
    return "-" if status in (401, 403) else f"{status}" if status in (404, 405, 500) else "y"


def walked() -> list[Route]:
    """Routes that answer at once; the two that wait (`live/events`, the catalog) have tests of their own below."""
    return [one for one in routes() if not one.asynchronous]


def test_every_route_has_a_line_and_every_line_a_route() -> None:
    told, served = table(), {one.name for one in routes()}
    missing = [name for name in sorted(served) if name not in told]
    assert not missing, (
        "new routes: say who may use them, a line each in tests/county/access/matrix.csv "
        f"(columns {', '.join(['route', *COLUMNS])}):\n" + "\n".join(missing)
    )
    assert not set(told) - served, "matrix.csv has lines of routes that are gone; take them out"


def differences(county: SimpleNamespace) -> Iterator[str]:
    told = table()
    visitors = {column: Visitor(county, column) for column in COLUMNS if column != "foreign"}
    for route in walked():
        found = {column: visitor.ask(route, county.own) for column, visitor in visitors.items()}
        expected = told.get(route.name, {})
        wrong = [f"{c}: {s}, table: {expected.get(c, '?')!r}" for c, s in found.items() if cell(s) != expected.get(c)]
        if wrong:
            line = ", ".join([route.name, *(cell(status) for status in found.values()), expected.get("foreign", "")])
            yield f"{route.name}\n    " + "; ".join(wrong) + f"\n    as it is: {line}"


@pytest.mark.django_db
def test_each_role_may_what_the_table_says_and_no_more(both: SimpleNamespace) -> None:
    found = list(differences(both))
    assert not found, "\n" + "\n".join(found)


@pytest.mark.django_db
def test_what_belongs_to_another_is_not_found(both: SimpleNamespace) -> None:
    told, wrong = table(), []
    visitors = {column: Visitor(both, column) for column in NARROW}
    for route in walked():
        if not route.keys or route.keys[0][1] in NAMES or route.of_wings:
            continue
        for column in NARROW:
            status = visitors[column].ask(route, {**both.foreign, "tokens/{id}": own_token(both.users["leader"])})
            line = told.get(route.name, {})
            if line.get(column) == "y":
                expected = line.get("foreign")
                answer = "404" if status == 404 else "seen"
            else:
                expected, answer = "refused", "refused" if status in (401, 403, 404) else str(status)
            if answer != expected:
                wrong.append(f"{route.name} as {column}: {status}, table says {expected!r}")
    assert not wrong, "\n" + "\n".join(wrong)
