"""The demo county, loaded once as `shoutu demo` does it into an empty directory."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.prepared import prepare


def load(folder: Path) -> None:
    """Run `shoutu demo`."""
    prepare(folder / "county.sqlite3")
    subprocess.run(
        [sys.executable, "-m", "shoutu.cli", "demo"], check=True, stdout=subprocess.PIPE,
        env={**os.environ, "SHOUTU_DATA": str(folder), "SHOUTU_DEMO": "1"},
    )  # fmt: skip


def on_disk(folder: Path) -> dict[str, bytes]:
    """What the loader keeps outside the database."""
    store = folder / "sensing" / "store"
    names = [*store.rglob("*.json"), *store.rglob("*.parquet"), folder / "run" / "simulate-state.json"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in names}


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "var"
    load(folder)
    return folder


@pytest.fixture
def county(data: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(data / "county.sqlite3")) as connection:
        yield connection


def rows(county: sqlite3.Connection, question: str) -> list[tuple[object, ...]]:
    """What the county's database answers."""
    return county.execute(question).fetchall()
