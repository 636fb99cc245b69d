"""A kept county put on PostgreSQL as its version would have left it there: its migrations, then row by row its tables.

One kept county so serves both databases. What PostgreSQL adds of its own by migrating (triggers, sequences) is there;
while the rows come in no trigger speaks.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Json, Jsonb

from tests.stack import plain_environment

MIGRATE = """
import json, os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "shoutu.county.settings"
import django
django.setup()
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
MigrationExecutor(connection).migrate([tuple(one) for one in json.loads(sys.argv[1])])
"""
AS: dict[str, Callable[[Any], Any]] = {
    "boolean": bool,
    "json": lambda value: Json(json.loads(value)),
    "jsonb": lambda value: Jsonb(json.loads(value)),
}
"""Type of PostgreSQL → what SQLite kept of it as a value of it; the others are read from their text."""


def carried(data: Path, url: str) -> None:
    """Fill the empty database of `url` with the county of `data`."""
    with sqlite3.connect(data / "county.sqlite3") as kept:
        kept.text_factory = lambda told: told.decode("utf-8")
        ends = kept.execute("SELECT app, name FROM django_migrations").fetchall()
        environment = {**plain_environment(), "SHOUTU_DATA": str(data), "SHOUTU_DATABASE_URL": url}
        subprocess.run([sys.executable, "-c", MIGRATE, json.dumps(ends)], env=environment, check=True)
        with psycopg.connect(url) as now:
            now.execute("SET session_replication_role = replica")
            now.execute("SET TIME ZONE 'UTC'")  # SQLite keeps times without a zone, in UTC
            names = [name for (name,) in kept.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            for name in names:
                if name not in ("sqlite_sequence", "django_migrations"):
                    _carry(kept, now, name)


def _carry(kept: sqlite3.Connection, now: psycopg.Connection[Any], table: str) -> None:
    asked = "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s"
    types = dict(now.execute(asked, [table]).fetchall())
    rows = kept.execute(f'SELECT * FROM "{table}"')
    columns = [one[0] for one in rows.description]
    assert set(columns) <= set(types), (table, set(columns) - set(types))
    now.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
    into = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(sql.Identifier(one) for one in columns)
    )
    with now.cursor() as cursor, cursor.copy(into) as copy:
        for row in rows:
            copy.write_row(_values(row, (types[one] for one in columns)))
    for (column,) in now.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_identity = 'YES'", [table]
    ).fetchall():
        last = "SELECT setval(pg_get_serial_sequence({}, {}), coalesce(max({}), 1), max({}) IS NOT NULL) FROM {}"
        of = sql.Identifier(column)
        now.execute(sql.SQL(last).format(sql.Literal(table), sql.Literal(column), of, of, sql.Identifier(table)))


def _values(row: Iterable[Any], types: Iterable[str]) -> list[Any]:
    return [
        None if value is None else AS.get(kind, lambda same: same)(value)
        for value, kind in zip(row, types, strict=True)
    ]


def counted(url: str) -> dict[str, int]:
    """Rows of every table."""
    with psycopg.connect(url) as now:
        names = now.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        one = "SELECT count(*) FROM {}"
        return {name: int(now.execute(sql.SQL(one).format(sql.Identifier(name))).fetchall()[0][0]) for (name,) in names}
