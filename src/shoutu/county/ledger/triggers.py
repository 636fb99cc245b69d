"""The database itself refuses to change or delete what is recorded. Whoever gets round it is found by the proofs."""

from __future__ import annotations

from typing import Any

# Epoch rows, leaves, nodes and heads are as final as entries. Personal values are not here: they may be erased.
FINAL = ["ledger_entry", "ledger_leaf", "ledger_node", "ledger_treehead", "ledger_epoch"]
_MESSAGE = "the ledger is append-only"


def statements(vendor: str) -> list[str]:
    """The SQL that installs the triggers."""
    made: list[str] = []
    if vendor == "sqlite":
        for table in FINAL:
            for verb in ("UPDATE", "DELETE"):
                made.append(
                    f"CREATE TRIGGER IF NOT EXISTS {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{_MESSAGE}: {verb} on {table}'); END"
                )
    elif vendor == "postgresql":
        made.append(
            "CREATE OR REPLACE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"RAISE EXCEPTION '{_MESSAGE}: %% on %%', TG_OP, TG_TABLE_NAME "
            "USING ERRCODE = 'integrity_constraint_violation'; "
            "END $$"
        )
        for table in FINAL:
            made.append(
                f"CREATE OR REPLACE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()"
            )
    return made


def removal(vendor: str) -> list[str]:
    """The SQL that takes them away: for undoing the migration, and for tests that play the intruder."""
    if vendor == "sqlite":
        return [f"DROP TRIGGER IF EXISTS {table}_no_{verb}" for table in FINAL for verb in ("update", "delete")]
    return [f"DROP TRIGGER IF EXISTS {table}_no_change ON {table}" for table in FINAL]


def install(connection: Any) -> None:
    _execute(connection, statements(connection.vendor))


def remove(connection: Any) -> None:
    _execute(connection, removal(connection.vendor))


def _execute(connection: Any, sql: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in sql:
            # With parameters given, "%%" is one percent sign on both databases.
            cursor.execute(statement.replace("%%", "%") if connection.vendor == "sqlite" else statement, [])
