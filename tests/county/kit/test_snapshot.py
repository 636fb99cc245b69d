"""What a file is made of is of one moment, and nobody who writes waits for it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from django.db import connection, connections, transaction

from shoutu.county.kit.snapshot import one_snapshot
from shoutu.county.people.models import Person


def _write(organisation: int) -> None:
    try:
        with transaction.atomic():
            Person.objects.create(name="某", organisation_id=organisation)
    finally:
        connections.close_all()


@pytest.mark.django_db(transaction=True)
def test_what_is_written_meanwhile_is_not_in_it_and_waits_for_nothing(county: SimpleNamespace) -> None:
    mode = getattr(connection, "transaction_mode", None)
    before = Person.objects.count()
    with ThreadPoolExecutor(1) as others, one_snapshot():
        assert Person.objects.count() == before
        others.submit(_write, county.mine.pk).result(timeout=10)
        assert Person.objects.count() == before
    assert Person.objects.count() == before + 1
    assert getattr(connection, "transaction_mode", None) == mode
