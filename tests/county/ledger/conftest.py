"""A ledger with some entries, and the intruder's way round the triggers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction

from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.ledger import triggers
from shoutu.county.ledger.models import Entry
from shoutu.county.ledger.services.record import Draft, record_many
from shoutu.county.ledger.services.seal import seal


@pytest.fixture
def write(db) -> Callable[..., list[Entry]]:
    """Record `count` entries about duties and, unless told otherwise, seal them under one head."""

    def make(count: int, sealed: bool = True) -> list[Entry]:
        with transaction.atomic():
            start = Entry.objects.count()
            made = record_many(
                Draft(SYSTEM, "test.done", SubjectRef("duty", start + n + 1), {"n": start + n}) for n in range(count)
            )
        if sealed:
            while seal():
                pass
        return made

    return make


@pytest.fixture
def intruder(db) -> Callable:
    """Runs SQL as somebody who owns the database and has taken the triggers away."""

    @contextmanager
    def without_triggers() -> Iterator:
        triggers.remove(connection)
        try:
            with connection.cursor() as cursor:
                yield cursor
        finally:
            triggers.install(connection)

    return without_triggers
