"""In which order the tests run."""

from __future__ import annotations

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that start processes first: they are long, and two workers of a run share out its end evenly.

    The first worker gets the first half of this list, the second the rest, and whoever is done takes from the other's
    end: so what starts processes has one core, and everything else the other.
    """
    items.sort(key=lambda item: item.get_closest_marker("integration") is None)
