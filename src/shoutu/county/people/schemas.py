"""Shapes several addresses of this room share."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ninja import Schema

from shoutu.county.people.models import Responsibility
from shoutu.county.people.selectors.lists import backdated


class Named(Schema):
    id: int
    name: str


class ResponsibilityOut(Schema):
    """`state`: current, coming or ended. `backdated`: entered later than it began to hold (补录)."""

    id: int
    post: Named
    organisation: Named
    kind: str
    rung: int
    site: Named | None
    enterprise: Named | None
    territory: Named | None
    sectors: list[str]
    matters: list[str]
    valid_from: datetime
    valid_to: datetime | None
    state: str
    backdated: bool


def named(row: Any) -> dict[str, Any]:
    """`{id, name}` of anything with a name."""
    return {"id": row.pk, "name": row.name}


def responsibility_out(row: Responsibility, now: datetime) -> dict[str, Any]:
    over = row.valid_to is not None and row.valid_to <= now
    return {
        "id": row.pk,
        "post": {"id": row.post_id, "name": row.post.title},
        "organisation": named(row.post.organisation),
        "kind": row.kind,
        "rung": row.rung,
        "site": named(row.site) if row.site else None,
        "enterprise": named(row.organisation) if row.organisation else None,
        "territory": named(row.territory) if row.territory else None,
        "sectors": row.sectors,
        "matters": row.matters,
        "valid_from": row.valid_from,
        "valid_to": row.valid_to,
        "state": "ended" if over else "coming" if row.valid_from > now else "current",
        "backdated": backdated(row),
    }
