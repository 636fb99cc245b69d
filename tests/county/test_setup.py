"""Preparing a data directory: killed in the middle of it, the next start begins from what was before."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.prepared import MIGRATE
from tests.prepared import prepare as copied


def prepare(data: Path) -> subprocess.Popen[bytes]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("SHOUTU_", "DJANGO_"))}
    environment |= {"SHOUTU_DATA": str(data), "DJANGO_SETTINGS_MODULE": "shoutu.county.settings"}
    return subprocess.Popen([sys.executable, "-c", MIGRATE], env=environment)


def tables(data: Path) -> set[str]:
    with closing(sqlite3.connect(data / "county.sqlite3")) as database:
        return {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


@pytest.mark.full
@pytest.mark.integration
def test_killed_at_some_instant_of_the_migration_it_is_all_or_nothing(tmp_path: Path) -> None:
    begun = time.monotonic()
    assert prepare(tmp_path / "whole").wait(300) == 0
    whole = time.monotonic() - begun
    copied(tmp_path / "copied" / "county.sqlite3")  # what other tests begin with is the same
    assert tables(tmp_path / "copied") == tables(tmp_path / "whole")
    for number, share in enumerate((0.4, 0.55, 0.7, 0.85)):
        data = tmp_path / str(number)
        process = prepare(data)
        time.sleep(share * whole)
        process.kill()
        process.wait()
        found = tables(data) if (data / "county.sqlite3").exists() else set()
        assert found in (set(), tables(tmp_path / "whole"))
        assert prepare(data).wait(300) == 0
        assert tables(data) == tables(tmp_path / "whole")
