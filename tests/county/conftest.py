"""Fixtures for every room: the append-only database, a small county, its people and their clients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.db.backends.base.operations import BaseDatabaseOperations
from django.test import Client
from django.utils import translation

from shoutu.county.duties.selectors import policies
from shoutu.county.duties.services import answering
from shoutu.county.kit import limits
from shoutu.county.ledger import triggers
from shoutu.county.people import findings
from shoutu.county.people.testing import PASSWORD
from tests.county.kept import county_once_more


@pytest.fixture(autouse=True, scope="session")
def _flush_despite_triggers() -> Iterator[None]:
    """Between transactional tests Django empties all tables; the triggers must stand aside for that alone."""
    original = BaseDatabaseOperations.execute_sql_flush

    def flush(self: Any, sql_list: list[str]) -> None:
        triggers.remove(self.connection)
        try:
            original(self, sql_list)
        finally:
            triggers.install(self.connection)

    BaseDatabaseOperations.execute_sql_flush = flush  # type: ignore[method-assign]
    yield
    BaseDatabaseOperations.execute_sql_flush = original  # type: ignore[method-assign]


@pytest.fixture(autouse=True, scope="session")
def _compiled_words() -> None:
    """Setup compiles the translations; tests may run before it has."""
    from shoutu.county.locale.__main__ import PO, compile_

    compiled = PO.with_suffix(".mo")
    if not compiled.exists() or compiled.stat().st_mtime < PO.stat().st_mtime:
        compile_()


@pytest.fixture(autouse=True)
def _fresh_start() -> None:
    """No language left over from the last request, no cached throttles, nothing a process remembers of failures."""
    translation.deactivate()
    cache.clear()
    limits.forget()
    findings.forget()
    answering._failed.clear()
    policies.forget()


@pytest.fixture
def county(db: None) -> SimpleNamespace:
    """A county with two townships, two mines, a user per role, posts and a full chain of responsibility."""
    return county_once_more()


@pytest.fixture
def login(county: SimpleNamespace) -> Callable[[str], Client]:
    """A client signed in through the real door as the user of that name (a role, or ``enterprise_b``)."""

    def signed_in(name: str) -> Client:
        client = Client(headers={"accept-language": "zh-hans"})
        answer = client.post(
            "/api/v1/session", {"username": name, "password": PASSWORD}, content_type="application/json"
        )
        assert answer.status_code == 200, answer.content.decode()
        return client

    return signed_in


@pytest.fixture
def vendor() -> str:
    return connection.vendor
