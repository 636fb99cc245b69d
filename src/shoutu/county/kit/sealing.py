"""Keeping secrets that must be used again: sealed by a key of this installation, so that a copy of the database alone
gives nothing away, and never shown back. Each purpose has a key of its own: sealed for one, it opens for no other."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings

from shoutu import sealing


def seal(values: Mapping[str, str], purpose: str) -> str:
    return sealing.seal(values, purpose, settings.SECRET_KEY)


def unseal(sealed: str, purpose: str) -> dict[str, str]:
    """Raises ValueError when it was sealed by another installation's key (a restored database without its secrets)."""
    return sealing.unseal(sealed, purpose, settings.SECRET_KEY)
