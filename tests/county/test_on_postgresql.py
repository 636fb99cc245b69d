"""The same tests of ledger, places, people and kit once more, on a private PostgreSQL."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clusters import cluster

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ["kit", "ledger", "places", "people"]


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    with cluster() as url:
        yield url


@pytest.mark.skipif("SHOUTU_DATABASE_URL" in os.environ, reason="is itself a run on PostgreSQL")
@pytest.mark.integration
@pytest.mark.timeout(600)
def test_ground_rooms_on_postgresql(postgresql: str, tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "SHOUTU_"))} | {
        "SHOUTU_DATABASE_URL": postgresql
    }
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(f"tests/county/{room}" for room in ROOMS)],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=580,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-2000:]
    passed = re.search(r"(\d+) passed", result.stdout)
    assert passed is not None
    assert int(passed[1]) > 150
