"""When changes get into each other's way: what the database says then, and what may be done about it.

PostgreSQL undoes one of two changes that wait for each other (a deadlock), or that cannot both stand; SQLite lets a
change wait for its turn, and at last says it is locked. Nothing of a change that was undone stands, so it may be run
again; of a broken connection nobody knows whether the last commit arrived.
"""

from __future__ import annotations

import logging
import random
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from django.db import Error, IntegrityError, models

R = TypeVar("R")
log = logging.getLogger(__name__)
TRIES = 4
PAUSE_S = 0.05
UNDONE = {"40001", "40P01"}
"""serialization_failure, deadlock_detected"""
NOT_GOT = {"55P03", "57014"}
"""lock_not_available; query_canceled: it took longer than a request may"""
TWICE = "23505"
"""unique_violation"""


def _sqlstate(error: BaseException) -> str:
    return str(getattr(error.__cause__, "sqlstate", None) or "")


def undone(error: BaseException) -> bool:
    """Whether PostgreSQL undid a change for the sake of another one."""
    return isinstance(error, Error) and _sqlstate(error) in UNDONE


def busy(error: BaseException) -> bool:
    """Whether a change did not happen because others were at it: undone, or it never got its turn."""
    if not isinstance(error, Error):
        return False
    code = getattr(error.__cause__, "sqlite_errorcode", None)
    locked = code is not None and code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
    return locked or _sqlstate(error) in UNDONE | NOT_GOT


def twice(error: BaseException) -> bool:
    """Whether somebody else wrote the same just before: a row that may be there once."""
    unique = "UNIQUE constraint failed" in str(error)
    return isinstance(error, IntegrityError) and (unique or _sqlstate(error) == TWICE)


def settled(run: Callable[[], R], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None) -> R:
    """Run one whole transaction, and again (up to four times) where the database undid it for another's sake.

    Where somebody wrote the same row just before, running again finds that row. `args` and `kwargs` are what `run`
    was given: models among them are put back as they were, since a change undone may have set their fields. What can
    be read only once is not run again. Raises the last error.
    """
    given = [*args, *(kwargs or {}).values()]
    once = any(hasattr(one, "__next__") for one in given)
    tried = 0
    while True:
        before = [(one, one.__getstate__()) for one in given if isinstance(one, models.Model)]
        tried += 1
        try:
            return run()
        except Error as error:
            if once or tried == TRIES or not (undone(error) or _sqlstate(error) == TWICE):
                raise
            log.warning("a change got into another's way and is tried again: %s", str(error).strip().split("\n")[0])
        for one, state in before:
            one.__dict__.clear()
            one.__dict__.update(state)
        # Apart from each other, so that the two do not meet again at once.
        time.sleep(random.uniform(0.2, 1.0) * PAUSE_S * tried)
