"""An entry's canonical bytes: RFC 8785 over plain JSON values."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import rfc8785

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.subjects import SubjectRef

VERSION = 1
_SAFE = 2**53 - 1


def moment(at: datetime) -> str:
    """RFC 3339 in UTC with microseconds, always of one length so that text order is time order."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def plain(value: Any) -> Any:
    """JSON values only: times as RFC 3339, decimals and whole numbers beyond 2**53 as text. Else TypeError."""
    if value is None or isinstance(value, str | bool):
        return str(value) if isinstance(value, Enum) else value
    if isinstance(value, int):
        return int(value) if -_SAFE <= value <= _SAFE else str(value)
    if isinstance(value, float):
        # NaN and infinities have no JSON form; the record must still say what was there.
        # Neither have whole numbers beyond 2**53, which readers would round differently.
        if value - value != 0 or (value.is_integer() and abs(value) > _SAFE):
            return repr(value)
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in (sorted(value) if isinstance(value, set | frozenset) else value)]
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, SubjectRef):
        return value.as_dict()
    if isinstance(value, date | Decimal | UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot go into the ledger; pass JSON values, times or decimals")


def personal_digest(salt: str, value: str) -> str:
    """What the entry carries instead of a personal value: hex SHA-256 of salt and value."""
    return hashlib.sha256(f"{salt}\n{value}".encode()).hexdigest()


def canonical(
    uid: str,
    at: datetime,
    actor: Actor,
    verb: str,
    subject: SubjectRef,
    payload: Mapping[str, Any],
    digests: Mapping[str, str],
) -> bytes:
    """The bytes that are kept, hashed and never change."""
    who: dict[str, Any] = {"kind": actor.kind, "label": actor.label, "role": actor.role}
    if actor.user_id is not None:
        who["user"] = actor.user_id
    if actor.token_id is not None:
        who["token"] = actor.token_id
    body = {
        "v": VERSION,
        "id": uid,
        "at": moment(at),
        "actor": who,
        "verb": verb,
        "subject": subject.as_dict(),
        "payload": plain(payload),
        "personal": dict(digests),
    }
    return rfc8785.dumps(body)
