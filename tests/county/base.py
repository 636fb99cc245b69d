"""Inheritable tests: a new entity gets its many tests from a few lines. See docs/adding-a-room.md.

class TestSiteList(ListTests):
    path = "/api/v1/sites"
    queries = 6
    def make(self, county, n): ...                  # n more rows, visible to a county role
    sees = {"leader": True, "enterprise": True}     # role → whether one made row is in their list

class TestDutyStates(StateTests):
    table = DUTY_STATES
    def thing(self, county, state): ...             # a saved thing in that state
    services = {"answer": lambda actor, duty: …}    # verb → the call
    actor_name = "duty_officer"
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Conflict, NotAllowed
from shoutu.county.kit.states import StateTable
from shoutu.county.ledger.models import Entry
from shoutu.county.people.testing import actor


class ListTests:
    """A list: its shape, what each role sees, paging, bad input, and the same number of queries at 1 and 30 rows."""

    path: ClassVar[str]
    queries: ClassVar[int]
    role: ClassVar[str] = "leader"
    sees: ClassVar[dict[str, bool]] = {}
    forbidden: ClassVar[tuple[str, ...]] = ()

    def make(self, county: SimpleNamespace, n: int) -> list[Any]:
        raise NotImplementedError

    def _ids(self, client: Client, **query: Any) -> list[int]:
        answer = client.get(self.path, query)
        assert answer.status_code == 200, answer.content.decode()
        return [item["id"] for item in answer.json()["items"]]

    def test_shape(self, county: SimpleNamespace, login: Callable[[str], Client]) -> None:
        self.make(county, 1)
        body = login(self.role).get(self.path).json()
        assert set(body) == {"items", "next", "count"}
        assert body["count"] >= len(body["items"]) >= 1

    def test_nobody_signed_in(self, county: SimpleNamespace) -> None:
        assert Client().get(self.path).status_code == 401

    def test_each_role_sees_what_it_may(self, county: SimpleNamespace, login: Callable[[str], Client]) -> None:
        row = self.make(county, 1)[0]
        for name, seen in self.sees.items():
            assert (row.pk in self._ids(login(name), limit=500)) is seen, name

    def test_roles_without_the_permission_are_refused(
        self, county: SimpleNamespace, login: Callable[[str], Client]
    ) -> None:
        for name in self.forbidden:
            assert login(name).get(self.path).status_code == 403, name

    def test_query_count_is_the_same_at_1_and_30_rows(
        self, county: SimpleNamespace, login: Callable[[str], Client]
    ) -> None:
        client = login(self.role)
        self.make(county, 1)
        counts = []
        for more in (0, 29):
            self.make(county, more)
            with CaptureQueriesContext(connection) as captured:
                assert client.get(self.path).status_code == 200
            counts.append(len(captured))
        assert counts == [self.queries, self.queries], f"{counts} queries, expected {self.queries} each"

    def test_pages_cover_everything_once(self, county: SimpleNamespace, login: Callable[[str], Client]) -> None:
        client = login(self.role)
        self.make(county, 7)
        whole = self._ids(client, limit=500)
        seen: list[int] = []
        cursor = None
        while True:
            body = client.get(self.path, {"limit": 3, **({"cursor": cursor} if cursor else {})}).json()
            seen += [item["id"] for item in body["items"]]
            assert body["count"] == len(whole)
            cursor = body["next"]
            if cursor is None:
                break
        assert seen == whole

    @pytest.mark.parametrize(
        ("query", "field"),
        [({"limit": 0}, "limit"), ({"limit": 501}, "limit"), ({"cursor": "zzz"}, "cursor"), ({"sort": "x"}, "sort")]
    )  # fmt: skip
    def test_bad_input_names_the_field(
        self, county: SimpleNamespace, login: Callable[[str], Client], query: dict[str, Any], field: str
    ) -> None:
        answer = login(self.role).get(self.path, query)
        assert answer.status_code == 422
        assert answer.json()["field"].endswith(field)
        assert answer.json()["expected"]


class StateTests:
    """A state table: every step it lists works and is recorded, every other one is refused and changes nothing."""

    table: ClassVar[StateTable]
    services: ClassVar[dict[str, Callable[[Actor, Any], Any]]]
    actor_name: ClassVar[str] = "duty_officer"
    # Roles that hold none of the permissions the table names.
    powerless: ClassVar[str] = "auditor"

    def thing(self, county: SimpleNamespace, state: str) -> Any:
        raise NotImplementedError

    def test_every_listed_step_works_and_is_recorded(self, county: SimpleNamespace) -> None:
        who = actor(county.users[self.actor_name])
        for step in self.table.transitions:
            for source in step.sources:
                thing = self.thing(county, source)
                before = Entry.objects.count()
                self.services[step.verb](who, thing)
                thing.refresh_from_db()
                assert thing.state == (step.target or source), (source, step.verb)
                assert Entry.objects.count() > before, (source, step.verb)

    def test_every_other_step_is_refused(self, county: SimpleNamespace) -> None:
        who = actor(county.users[self.actor_name])
        for state, verb in self.table.forbidden():
            thing = self.thing(county, state)
            before = Entry.objects.count()
            with pytest.raises(Conflict):
                self.services[verb](who, thing)
            thing.refresh_from_db()
            assert (thing.state, Entry.objects.count()) == (state, before), (state, verb)

    def test_without_the_permission_every_step_is_refused(self, county: SimpleNamespace) -> None:
        who = actor(county.users[self.powerless])
        for step in self.table.transitions:
            if step.permission:
                thing = self.thing(county, step.sources[0])
                with pytest.raises(NotAllowed):
                    self.services[step.verb](who, thing)
                thing.refresh_from_db()
                assert thing.state == step.sources[0]
