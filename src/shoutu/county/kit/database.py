"""Django's DATABASES from one URL."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from shoutu.config import SettingError

# An acknowledged write survives a power cut (FULL); readers never wait for the writer (WAL).
SQLITE_INIT = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-32000; PRAGMA mmap_size=268435456;"

# Many small questions at once: starting helpers for one, or compiling it, takes longer than answering it. Whoever
# waits for a lock longer than this is told that it is busy, and may do it again.
POSTGRESQL_INIT = "-c jit=off -c max_parallel_workers_per_gather=0 -c lock_timeout=10s"


def databases(url: str, sqlite: Path) -> dict[str, dict[str, Any]]:
    """DATABASES for ``SHOUTU_DATABASE_URL``; empty means SQLite at `sqlite`.

    `postgresql://user:password@host:port/name?sslmode=require`; a socket directory goes into `?host=/run/postgresql`.
    What `?options=` says of the server's settings holds over our own.
    Raises SettingError for any other scheme or a missing name.
    """
    if not url:
        return {"default": _sqlite(sqlite)}
    parts = urlsplit(url)
    if parts.scheme in {"sqlite", "sqlite3"}:
        return {"default": _sqlite(Path(unquote(parts.path)))}
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        raise SettingError(
            f"SHOUTU_DATABASE_URL={parts.scheme}://…: expected postgresql://user:password@host:5432/name "
            "(or leave it empty for SQLite)"
        )
    query = dict(parse_qsl(parts.query))
    return {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.strip("/")),
            "USER": unquote(parts.username or query.pop("user", "")),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": query.pop("host", parts.hostname or ""),
            "PORT": str(parts.port or query.pop("port", "")),
            "OPTIONS": {**query, "options": f"{POSTGRESQL_INIT} {query.get('options', '')}".strip()},
            "CONN_HEALTH_CHECKS": True,
        }
    }


def _sqlite(file: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(file),
        # IMMEDIATE: a transaction that will write waits at its start and never fails half-way with "locked".
        "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE", "init_command": SQLITE_INIT},
    }
