"""Whether an entry's searchable columns still say what its canonical bytes say."""

from __future__ import annotations

import json

import rfc8785

from shoutu.county.ledger.canonical import moment
from shoutu.county.ledger.models import Entry


def wrong_column(entry: Entry) -> str | None:
    """The name of the first column that differs from the record; None when all fit."""
    raw = bytes(entry.canonical)
    try:
        body = json.loads(raw)
        if rfc8785.dumps(body) != raw:
            return "canonical"
        said = {
            "uid": body["id"],
            "at": body["at"],
            "actor": body["actor"]["label"],
            "verb": body["verb"],
            "subject_type": body["subject"]["type"],
            "subject_id": body["subject"]["id"],
        }
    except (ValueError, KeyError, TypeError):
        return "canonical"
    kept = {name: getattr(entry, name) for name in said} | {"at": moment(entry.at)}
    return next((name for name, value in said.items() if kept[name] != value), None)
