"""What every test of the sensing wing shares."""

from __future__ import annotations

import pytest
from hypothesis import settings

settings.register_profile("sensing", deadline=None)
settings.load_profile("sensing")


@pytest.fixture
def anyio_backend() -> str:
    """Async tests run on asyncio, as the pipeline does."""
    return "asyncio"
