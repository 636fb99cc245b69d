"""A small county in which each kind of thing exists twice: at 甲矿 (own) and at 乙矿 (another's)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.county.access.things import twofold


@pytest.fixture
def both(county: SimpleNamespace) -> SimpleNamespace:
    return twofold(county)


@pytest.fixture(autouse=True)
def _no_limits(settings: Any) -> None:
    """One role asks for everything there is within a minute."""
    settings.LIMITS = dict.fromkeys(settings.LIMITS, 0)
