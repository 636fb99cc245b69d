"""A small county in which each kind of thing exists twice: at 甲矿 (own) and at 乙矿 (another's)."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.county.access.things import twofold


@pytest.fixture
def both(county: SimpleNamespace) -> SimpleNamespace:
    return twofold(county)
