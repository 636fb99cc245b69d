"""Addresses of this room beside those of `api`: backups."""

from __future__ import annotations

from shoutu.county.ledger.api_backups import router

__all__ = ["router"]
