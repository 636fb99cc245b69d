"""Addresses of this room beside those of `api`: backups, looks at personal data."""

from __future__ import annotations

from shoutu.county.ledger import api_looks
from shoutu.county.ledger.api_backups import router

router.add_router("", api_looks.router)

__all__ = ["router"]
