"""One look at the database, however many questions it takes: a file walked page by page is of one moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction


@contextmanager
def one_snapshot() -> Iterator[None]:
    """Everything asked inside is answered as of one moment, and nothing is changed. Holds up nobody who writes.

    Inside a transaction of somebody else's it is as much of one moment as that.
    """
    connection = transaction.get_connection()
    if connection.in_atomic_block:
        yield
        return
    mode = getattr(connection, "transaction_mode", None)
    try:
        if connection.vendor == "sqlite":
            connection.transaction_mode = None  # IMMEDIATE, as writers begin, would keep all of them out meanwhile
        with transaction.atomic():
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    finally:
        if connection.vendor == "sqlite":
            connection.transaction_mode = mode
