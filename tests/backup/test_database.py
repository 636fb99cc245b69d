"""The copy of the county's database."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from shoutu.backup.database import Sqlite


def test_copy_is_made_for_nobody_else_to_read(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "a.sqlite3") as source:
        source.executescript(
            "PRAGMA journal_mode = WAL; CREATE TABLE kit_cataloghead (version); CREATE TABLE t (x); "
            "INSERT INTO t VALUES (7)"
        )
    held, copy = Sqlite(tmp_path / "a.sqlite3"), tmp_path / "copy"
    before = os.umask(0)
    try:
        held.copy(copy)
        assert copy.stat().st_mode & 0o777 == 0o600
        with pytest.raises(FileExistsError):
            held.copy(copy)
    finally:
        os.umask(before)
        held.close()
        source.close()
    with sqlite3.connect(copy) as copied:
        assert copied.execute("SELECT x FROM t").fetchall() == [(7,)]
    copied.close()
