"""Tests of scale-out on a real local Flink cluster: ``make test-scale``, which brings what they need. Else not run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .hour import Hour, embedded, made

collect_ignore_glob = [] if os.environ.get("SHOUTU_SCALE") else ["test_*.py"]


@pytest.fixture(scope="session")
def hour(tmp_path_factory: pytest.TempPathFactory) -> Hour:
    """An hour of readings in a journal, and what the embedded pipeline says of it."""
    folder: Path = tmp_path_factory.mktemp("hour")
    journal, end = made(folder / "made")
    return Hour(journal, embedded(journal, folder / "data", end))
