"""The database itself refuses to change or delete what is recorded. Whoever gets round it is found by the proofs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# Epoch rows, leaves, nodes and heads (those kept for others too) are as final as entries. Personal values are not
# here: they may be erased.
FINAL = ["ledger_entry", "ledger_leaf", "ledger_node", "ledger_treehead", "ledger_epoch", "ledger_kepthead"]
# What makes a row of each one of a kind: SQLite's INSERT OR REPLACE would delete by it without asking the triggers.
_KEYS = {
    "ledger_entry": "id = NEW.id OR uid = NEW.uid",
    "ledger_leaf": '"index" = NEW."index" OR entry_id = NEW.entry_id',
    "ledger_node": "id = NEW.id",
    "ledger_treehead": "id = NEW.id OR (epoch_id = NEW.epoch_id AND size = NEW.size)",
    "ledger_epoch": "number = NEW.number",
    "ledger_kepthead": "id = NEW.id OR (log_id = NEW.log_id AND digest = NEW.digest)",
}
_MESSAGE = "the ledger is append-only"


def names(vendor: str) -> set[str]:
    """The triggers there must be."""
    if vendor == "sqlite":
        return {f"{table}_no_{verb}" for table in FINAL for verb in ("update", "delete", "replace")}
    return {f"{table}_no_change" for table in FINAL}


def statements(vendor: str, tables: list[str]) -> list[str]:
    """The SQL that installs the triggers of these tables."""
    made: list[str] = []
    if vendor == "sqlite":
        for table in tables:
            for verb in ("UPDATE", "DELETE"):
                made.append(
                    f"CREATE TRIGGER IF NOT EXISTS {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{_MESSAGE}: {verb} on {table}'); END"
                )
            made.append(
                f"CREATE TRIGGER IF NOT EXISTS {table}_no_replace BEFORE INSERT ON {table} "
                f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {_KEYS[table]}) "
                f"BEGIN SELECT RAISE(ABORT, '{_MESSAGE}: {table} has this row already'); END"
            )
    elif vendor == "postgresql":
        made.append(
            "CREATE OR REPLACE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"RAISE EXCEPTION '{_MESSAGE}: %% on %%', TG_OP, TG_TABLE_NAME "
            "USING ERRCODE = 'integrity_constraint_violation'; "
            "END $$"
        )
        for table in tables:
            made.append(
                f"CREATE OR REPLACE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()"
            )
    return made


def removal(vendor: str) -> list[str]:
    """The SQL that takes them away: for repair, for undoing the migration, and for tests that play the intruder."""
    if vendor == "sqlite":
        return [f"DROP TRIGGER IF EXISTS {name}" for name in sorted(names(vendor))]
    return [f"DROP TRIGGER IF EXISTS {table}_no_change ON {table}" for table in FINAL]


def install(connection: Any) -> None:
    # A migration may ask before a later one has made all the tables.
    there = set(connection.introspection.table_names())
    _execute(connection, statements(connection.vendor, [table for table in FINAL if table in there]))


def remove(connection: Any) -> None:
    _execute(connection, removal(connection.vendor))


def missing(connection: Any) -> list[str]:
    """Triggers that somebody has taken away."""
    sql = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if connection.vendor == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE tgenabled <> 'D'"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return sorted(names(connection.vendor) - {row[0] for row in cursor.fetchall()})


@contextmanager
def lifted(connection: Any) -> Iterator[None]:
    """For `services.repair` alone: the triggers stand aside inside this one transaction.

    Both databases change triggers with the transaction: nobody else ever sees the tables without them, nobody else
    writes meanwhile, and when anything fails all is as it was.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("lifted() outside a transaction")
    remove(connection)
    yield
    if connection.vendor == "postgresql":
        # Foreign keys are checked at the end; a table with checks still waiting cannot be changed.
        _execute(connection, ["SET CONSTRAINTS ALL IMMEDIATE"])
    install(connection)


def _execute(connection: Any, sql: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in sql:
            # With parameters given, "%%" is one percent sign on both databases.
            cursor.execute(statement.replace("%%", "%") if connection.vendor == "sqlite" else statement, [])
