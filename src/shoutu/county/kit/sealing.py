"""Keeping secrets that must be used again: sealed by a key of this installation, so that a copy of the database alone
gives nothing away, and never shown back. Each purpose has a key of its own: sealed for one, it opens for no other."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


def _box(purpose: str) -> Fernet:
    derived = HKDF(SHA256(), 32, None, f"shoutu {purpose}".encode()).derive(settings.SECRET_KEY.encode())
    return Fernet(base64.urlsafe_b64encode(derived))


def seal(values: Mapping[str, str], purpose: str) -> str:
    return _box(purpose).encrypt(json.dumps(dict(values)).encode()).decode() if values else ""


def unseal(sealed: str, purpose: str) -> dict[str, str]:
    """Raises ValueError when it was sealed by another installation's key (a restored database without its secrets)."""
    if not sealed:
        return {}
    try:
        found: dict[str, str] = json.loads(_box(purpose).decrypt(sealed.encode()))
    except InvalidToken:
        raise ValueError("sealed by another key") from None
    return found
