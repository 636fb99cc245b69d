"""Rows as they are stored, read so that a damaged one can be looked at instead of stopping the reader."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import rfc8785
from django.db import connection
from django.db.models import TextField
from django.db.models.functions import Cast

from shoutu.county.ledger.canonical import moment
from shoutu.county.ledger.models import Entry

_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(\+00)?")


@contextmanager
def as_stored() -> Iterator[None]:
    """Text that is no longer UTF-8 comes back with its odd bytes marked, and so differs from what it should be."""
    connection.ensure_connection()
    raw: Any = connection.connection
    if connection.vendor != "sqlite":
        yield
        return
    before = raw.text_factory
    raw.text_factory = lambda value: value.decode("utf-8", "surrogateescape")
    try:
        yield
    finally:
        raw.text_factory = before


def stored_moment(text: str | None) -> str | None:
    """A time column's text as the record writes times; None when it is no time any more."""
    try:
        at = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    # fromisoformat takes more than what either database writes, such as any character between date and time.
    if not _TIME.fullmatch(text or ""):
        return None
    return moment(at if at.tzinfo else at.replace(tzinfo=UTC))


@dataclass(frozen=True)
class EntryRow:
    """One row of the entries; `at` as the record writes it, None when unreadable."""

    pk: int
    uid: str
    at: str | None
    actor: str
    verb: str
    subject_type: str
    subject_id: int
    canonical: bytes


def entry_rows(**filters: Any) -> dict[int, EntryRow]:
    """Rows by id."""
    fields = ("pk", "uid", "at_text", "actor", "verb", "subject_type", "subject_id", "canonical")
    found = Entry.objects.filter(**filters).annotate(at_text=Cast("at", TextField())).values_list(*fields)
    return {
        pk: EntryRow(pk, uid, stored_moment(at), actor, verb, type_, id_, bytes(canonical))
        for pk, uid, at, actor, verb, type_, id_, canonical in found
    }


def columns_of(canonical: bytes) -> dict[str, Any] | None:
    """What the searchable columns of a record must say; None when the bytes are no record."""
    try:
        body = json.loads(canonical)
        if rfc8785.dumps(body) != canonical:
            return None
        return {
            "uid": body["id"],
            "at": body["at"],
            "actor": body["actor"]["label"],
            "verb": body["verb"],
            "subject_type": body["subject"]["type"],
            "subject_id": body["subject"]["id"],
        }
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def wrong_column(row: EntryRow) -> str | None:
    """The name of the first column that differs from the record; None when all fit."""
    said = columns_of(row.canonical)
    if said is None:
        return "canonical"
    return next((name for name, value in said.items() if getattr(row, name) != value), None)


def body_of(canonical: bytes) -> dict[str, Any]:
    """The record, or nothing when it cannot be read."""
    try:
        body = json.loads(canonical)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def personal_fields(rows: Iterable[EntryRow]) -> set[tuple[int, str]]:
    """(entry, field) of each personal value the records name."""
    named = ((row.pk, body_of(row.canonical).get("personal")) for row in rows if b'"personal":{}' not in row.canonical)
    return {(pk, field) for pk, fields in named if isinstance(fields, dict) for field in fields}
