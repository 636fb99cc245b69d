"""Secrets that must be used again, sealed by a key of this installation. Each purpose has a key of its own."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

DEVICE = "device"
"""The purpose of passwords of devices: sealed by the county, opened where the device is called."""


def _box(purpose: str, key: str) -> Fernet:
    derived = HKDF(SHA256(), 32, None, f"shoutu {purpose}".encode()).derive(key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))


def seal(values: Mapping[str, str], purpose: str, key: str) -> str:
    """A text that opens by the same key and for the same purpose only; nothing for nothing."""
    return _box(purpose, key).encrypt(json.dumps(dict(values)).encode()).decode() if values else ""


def unseal(sealed: str, purpose: str, key: str) -> dict[str, str]:
    """Raises ValueError when it was sealed by another key (a restored database without its secrets)."""
    if not sealed:
        return {}
    try:
        found: dict[str, str] = json.loads(_box(purpose, key).decrypt(sealed.encode()))
    except InvalidToken:
        raise ValueError("sealed by another key") from None
    return found
