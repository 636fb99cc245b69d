"""Makes Django ready in a process that is not served by it."""

from __future__ import annotations

import os


def ready() -> None:
    """Configure Django once; harmless when already done."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shoutu.county.settings")
    import django
    from django.apps import apps

    if not apps.ready:
        django.setup()


def migrate() -> None:
    """Bring the database to this version; quiet. On SQLite all of it or nothing, killed at whatever instant.

    Django commits a migration's tables before it writes down that they are there. On PostgreSQL that instant stays:
    its data migrations cannot share a transaction with changes of the same tables.
    """
    from django.core.management import call_command
    from django.db import connection, transaction

    if connection.vendor != "sqlite":
        call_command("migrate", verbosity=0, interactive=False)
        return
    connection.ensure_connection()
    # Inside a transaction this cannot be changed any more, and Django changes tables only with it off.
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA foreign_keys = OFF")
    try:
        with transaction.atomic():
            call_command("migrate", verbosity=0, interactive=False)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA foreign_keys = ON")
