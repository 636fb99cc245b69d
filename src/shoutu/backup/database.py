"""The county's database held at one moment, and copied from that moment while others go on writing."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from pathlib import Path
from typing import Any, Protocol

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from shoutu.backup import BackupError
from shoutu.county.kit.database import databases

SQLITE_PART, POSTGRESQL_PART = "county.sqlite3", "county.pgdump"
PAGES = 1024
"""Copied at a time: 4 MB, then synced, so that nobody else's sync waits for more than that."""
_CATALOG = "SELECT coalesce(max(version), 0) FROM kit_cataloghead"
_HEAD = "SELECT note, size, epoch_id FROM ledger_treehead ORDER BY epoch_id DESC, size DESC LIMIT 1"
_ENTRIES = "SELECT count(*), coalesce(max(id), 0) FROM ledger_entry"
_MIGRATIONS = "SELECT app, name FROM django_migrations ORDER BY app, name"


class Database(Protocol):
    """Held from the moment it is made until `close`."""

    engine: str
    part: str
    catalog: int
    """Version of the catalog at the moment held."""

    def catalog_now(self) -> int:
        """The version committed by now, as others see it."""

    def ask(self, question: str) -> list[tuple[Any, ...]]:
        """Rows as of the moment held."""

    def size(self) -> int:
        """Bytes the copy will take at most, about."""

    def copy(self, to: Path) -> None:
        """Write the moment held into a new file, which is never anybody else's to read. Raises BackupError, OSError."""

    def close(self) -> None:
        """Let go of it."""


def hold(url: str, sqlite: Path) -> Database:
    """Hold the database of `SHOUTU_DATABASE_URL` (empty: SQLite at `sqlite`). Raises BackupError."""
    try:
        return Postgresql(url) if is_postgresql(url) else Sqlite(Path(databases(url, sqlite)["default"]["NAME"]))
    except (sqlite3.Error, psycopg.Error) as error:
        raise BackupError(f"the county's database cannot be read: {str(error).strip()}") from error


def is_postgresql(url: str) -> bool:
    """Raises SettingError for what is no database's URL."""
    return bool(databases(url, Path())["default"]["ENGINE"] == "django.db.backends.postgresql")


def facts(database: Database) -> dict[str, Any]:
    """What the archive's table says of the ledger at the moment held."""
    head = database.ask(_HEAD)
    count, last = database.ask(_ENTRIES)[0]
    note, size, epoch = head[0] if head else ("", 0, 0)
    return {"head": note, "size": size, "epoch": epoch, "entries": count, "last_entry": last}


def migrations(database: Database) -> list[str]:
    """The database's version, as the names of what was applied to it."""
    return [f"{app}.{name}" for app, name in database.ask(_MIGRATIONS)]


class Sqlite:
    """A read transaction of our own pins the moment; writers go on, the WAL grows until it is let go."""

    engine, part = "sqlite", SQLITE_PART

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise BackupError(f"{path}: there is no database yet; start the installation once")
        self._path = path
        self._held = self._open()
        self._held.execute("BEGIN")
        self.catalog: int = self._held.execute(_CATALOG).fetchone()[0]

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=20, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA query_only = ON")
        return connection

    def catalog_now(self) -> int:
        other = self._open()
        try:
            found: int = other.execute(_CATALOG).fetchone()[0]
            return found
        finally:
            other.close()

    def ask(self, question: str) -> list[tuple[Any, ...]]:
        return self._held.execute(question).fetchall()

    def size(self) -> int:
        pages, page = (self._held.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
        return int(pages) * int(page)

    def copy(self, to: Path) -> None:
        _private(to)
        # The backup reads within the transaction held, so it is of that moment however often it pauses.
        copy = sqlite3.connect(to, isolation_level=None)
        descriptor = os.open(to, os.O_RDONLY)
        try:
            copy.execute("PRAGMA synchronous = OFF")
            self._held.backup(copy, pages=PAGES, progress=lambda *_: os.fdatasync(descriptor))
            copy.execute("PRAGMA journal_mode = DELETE")
            problem = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
        except sqlite3.Error as error:
            raise BackupError(f"{self._path}: cannot be copied ({error}); is there room at {to.parent}?") from error
        finally:
            copy.close()
            os.fsync(descriptor)
            os.close(descriptor)
        if problem != "ok":
            raise BackupError(f"{self._path}: SQLite finds it damaged: {problem}; see docs/guides/operations.md")

    def close(self) -> None:
        self._held.close()


class Postgresql:
    """A repeatable-read transaction whose exported snapshot `pg_dump` reads."""

    engine, part = "postgresql", POSTGRESQL_PART

    def __init__(self, url: str) -> None:
        self._url = url
        self._held = psycopg.connect(url, autocommit=True, application_name="shoutu backup")
        self._held.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        self._snapshot = str(self.ask("SELECT pg_export_snapshot()")[0][0])
        self.catalog = int(self.ask(_CATALOG)[0][0])

    def catalog_now(self) -> int:
        with psycopg.connect(self._url, autocommit=True) as other:
            row = other.execute(_CATALOG).fetchone()
            return int(row[0]) if row else 0

    def ask(self, question: str) -> list[tuple[Any, ...]]:
        return self._held.execute(question.encode()).fetchall()

    def size(self) -> int:
        return int(self.ask("SELECT pg_database_size(current_database())")[0][0])

    def copy(self, to: Path) -> None:
        _private(to)
        run_client(
            self._url,
            "pg_dump",
            "--format=custom",
            "--no-owner",
            "--no-privileges",
            f"--snapshot={self._snapshot}",
            f"--file={to}",
        )
        with to.open("rb") as file:
            os.fsync(file.fileno())

    def close(self) -> None:
        self._held.close()


def _private(path: Path) -> None:
    """Made empty before a program of another's writes into it: that would make it by the umask, readable by all."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def run_client(url: str, program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's own programs on a database. Raises BackupError with what it says."""
    path = _program(program)
    parts = conninfo_to_dict(url)
    # Not on the command line, where every user of the machine could read it.
    secret = {"PGPASSWORD": str(parts.pop("password"))} if parts.get("password") else {}
    command = [path, *arguments, f"--dbname={make_conninfo('', **parts)}"]
    ended = subprocess.run(command, env={**os.environ, **secret}, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise BackupError(f"{program} failed: {ended.stderr.strip()[-1000:]}")


def _program(name: str) -> str:
    """The newest one installed: an older one refuses a newer server."""
    versions = Path("/usr/lib/postgresql").glob(f"*/bin/{name}")
    newest = sorted(versions, key=lambda path: (len(path.parts[-3]), path.parts[-3]), reverse=True)
    found = str(newest[0]) if newest else shutil.which(name)
    if not found:
        raise BackupError(f"{name} is not installed here; install PostgreSQL's client programs (postgresql-client)")
    return found
