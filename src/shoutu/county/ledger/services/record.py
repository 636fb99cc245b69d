"""Entries are written in the transaction of the change they record; a service that records nothing cannot commit."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.db import transaction
from django.utils import timezone

from shoutu.county.kit import contention
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.ledger.canonical import canonical, personal_digest
from shoutu.county.ledger.models import Entry, Personal, Unsealed

P = ParamSpec("P")
R = TypeVar("R")


class Unrecorded(RuntimeError):
    """A service changed something and recorded nothing. Its transaction was undone."""


@dataclass(frozen=True)
class Draft:
    """An entry to be: for `record_many`."""

    actor: Actor
    verb: str
    subject: SubjectRef
    payload: Mapping[str, Any] = field(default_factory=dict)
    personal: Mapping[str, str] | None = None
    at: datetime | None = None


class _Stack(threading.local):
    def __init__(self) -> None:
        self.counts: list[int] = []


_running = _Stack()


def service(function: Callable[P, R]) -> Callable[P, R]:
    """Run `function` as one transaction that must write at least one ledger entry.

    Called from another service it joins its transaction, under a savepoint. A call that finds there is nothing to
    change says so with `unchanged()`. Raises Unrecorded otherwise, and the change is undone.

    A whole transaction that PostgreSQL undid for the sake of another is run again (`contention.settled`): so it must do
    nothing outside the database.
    """

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if transaction.get_connection().in_atomic_block:
            return once(*args, **kwargs)
        return contention.settled(lambda: once(*args, **kwargs), args, kwargs)

    def once(*args: P.args, **kwargs: P.kwargs) -> R:
        _running.counts.append(0)
        written = 0
        try:
            with transaction.atomic():
                result = function(*args, **kwargs)
                if _running.counts[-1] == 0:
                    raise Unrecorded(f"{function.__module__}.{function.__qualname__} recorded nothing in the ledger")
                written = _running.counts[-1]
            return result
        finally:
            _running.counts.pop()
            if written and _running.counts:
                _running.counts[-1] += written

    return run


def unchanged() -> None:
    """Inside a service: nothing was changed, so there is nothing to record (the same answer given twice, say)."""
    if not _running.counts:
        raise RuntimeError("unchanged() outside a @service")
    _running.counts[-1] += 1


def record(
    actor: Actor,
    verb: str,
    subject: SubjectRef,
    payload: Mapping[str, Any] | None = None,
    personal: Mapping[str, str] | None = None,
    *,
    at: datetime | None = None,
) -> Entry:
    """Write one entry: `actor` did `verb` to `subject`.

    `payload` must be JSON-like and free of personal values; those go into `personal` (field → value), where they
    can be erased. Raises RuntimeError outside a transaction, TypeError for values that have no JSON form.
    """
    return record_many([Draft(actor, verb, subject, payload or {}, personal, at)])[0]


def record_many(drafts: Iterable[Draft]) -> list[Entry]:
    """Write many entries set-wise, in their order. The same rules as `record`."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("record outside a transaction; call it from a @service")
    now = timezone.now()
    entries: list[Entry] = []
    kept: list[Personal] = []
    for draft in drafts:
        at = draft.at or now
        uid = secrets.token_hex(16)
        digests: dict[str, str] = {}
        values: list[tuple[str, str, str]] = []
        for name, value in (draft.personal or {}).items():
            salt = secrets.token_hex(16)
            digests[name] = personal_digest(salt, value)
            values.append((name, salt, value))
        entry = Entry(
            uid=uid,
            at=at,
            actor=draft.actor.label,
            verb=draft.verb,
            subject_type=draft.subject.type,
            subject_id=draft.subject.id,
            canonical=canonical(uid, at, draft.actor, draft.verb, draft.subject, draft.payload, digests),
        )
        entries.append(entry)
        kept += [Personal(entry=entry, field=name, salt=salt, value=value) for name, salt, value in values]
    if len(entries) == 1:
        entries[0].save(force_insert=True)
    else:
        Entry.objects.bulk_create(entries, batch_size=2000)
    Unsealed.objects.bulk_create([Unsealed(entry=entry) for entry in entries], batch_size=5000)
    if kept:
        Personal.objects.bulk_create(kept, batch_size=2000)
    if _running.counts:
        _running.counts[-1] += len(entries)
    return entries
