"""动态口令: time-based one-time passwords (RFC 6238) as every authenticator app knows them: SHA-1, 6 digits, 30 s."""

from __future__ import annotations

import base64
import hmac
import secrets

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

STEP_S = 30
DIGITS = 6
TOLERANCE = 1
"""Steps a telephone's clock may be ahead or behind (RFC 6238 §5.2)."""


def new_secret() -> str:
    """160 random bits (RFC 4226 §4, R6) in base 32, as it is typed where no picture can be taken."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def _totp(secret: str) -> TOTP:
    return TOTP(base64.b32decode(secret), DIGITS, SHA1(), STEP_S)


def code_at(secret: str, step: int) -> str:
    """The six digits of a time step (`now // STEP_S`)."""
    return _totp(secret).generate(step * STEP_S).decode()


def step_of(secret: str, code: str, now: float, after: int) -> int | None:
    """The step whose code this is, within the tolerance around `now` (s since 1970) and later than `after`.

    `after` is the last step that was used: a code never works twice, nor an older one after a newer (RFC 6238 §5.2).
    """
    here = int(now) // STEP_S
    found = None
    for step in range(here - TOLERANCE, here + TOLERANCE + 1):
        same = hmac.compare_digest(code_at(secret, step).encode(), code.encode())
        if same and step > after and found is None:
            found = step
    return found


def uri(secret: str, account: str, issuer: str) -> str:
    """What the picture says (`otpauth://totp/…`)."""
    return _totp(secret).get_provisioning_uri(account, issuer)
