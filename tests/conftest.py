"""In which order the tests run, and where their database comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.prepared import prepare


@pytest.fixture(scope="session")
def django_db_keepdb(request: pytest.FixtureRequest, django_db_modify_db_settings: None) -> bool:
    """On SQLite the test database begins as a copy of one migrated for all workers; it goes with its directory."""
    from django.db import connection

    if connection.vendor != "sqlite":
        return bool(request.config.getvalue("reuse_db"))
    prepare(Path(str(connection.settings_dict["TEST"]["NAME"])))
    return True


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that start processes first: they are long, and two workers of a run share out its end evenly.

    The first worker gets the first half of this list, the second the rest, and whoever is done takes from the other's
    end: so what starts processes has one core, and everything else the other.
    """
    items.sort(key=lambda item: item.get_closest_marker("integration") is None)
