"""The ledger's signing keys: Ed25519, or SM2 with SM3 (GB/T 32918.2 over the curve of GB/T 32918.5).

Both are kept as PEM in the standard forms (PKCS#8, SubjectPublicKeyInfo), so that `openssl pkey` reads them too.
"""

from __future__ import annotations

import base64
import textwrap
from dataclasses import dataclass

import gmalg
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from shoutu.verify_ledger import SM2_SPKI, sm2_verify

# What may be chosen at the first start: (hash of the tree, kind of signature).
SUITES = {"sha256-ed25519": ("sha256", "ed25519"), "sm3-sm2": ("sm3", "sm2")}
DEFAULT_SUITE = "sha256-ed25519"
# The signer's identity that SM2 mixes into what it signs; the value GB/T 35276 prescribes where none is agreed.
SM2_ID = b"1234567812345678"
# PKCS#8 of an SM2 key up to the number, and between the number and the uncompressed point.
_SM2_PKCS8 = bytes.fromhex("308187020100301306072a8648ce3d020106082a811ccf5501822d046d306b0201010420")
_SM2_MIDDLE = bytes.fromhex("a144034200")


class KeyFormError(ValueError):
    """Not a key of a kind the ledger knows."""


@dataclass(frozen=True)
class PublicKey:
    """`raw`: 32 bytes (Ed25519), or 04 ‖ x ‖ y (SM2)."""

    kind: str
    raw: bytes

    def verify(self, signature: bytes, message: bytes) -> bool:
        """Whether `signature` (64 bytes; SM2: r ‖ s) is this key's over `message`."""
        if self.kind == "sm2":
            return sm2_verify(self.raw, signature, message)
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def pem(self) -> str:
        if self.kind == "sm2":
            return _pem("PUBLIC KEY", SM2_SPKI + self.raw)
        public = Ed25519PublicKey.from_public_bytes(self.raw)
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@dataclass(frozen=True)
class PrivateKey:
    """`secret`: 32 bytes, for either kind."""

    kind: str
    secret: bytes

    @property
    def public(self) -> PublicKey:
        if self.kind == "sm2":
            return PublicKey("sm2", gmalg.SM2().generate_pk(self.secret))
        public = Ed25519PrivateKey.from_private_bytes(self.secret).public_key()
        return PublicKey("ed25519", public.public_bytes(Encoding.Raw, PublicFormat.Raw))

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""
        if self.kind == "sm2":
            r, s = gmalg.SM2(self.secret, SM2_ID).sign(message)
            return r.rjust(32, b"\0") + s.rjust(32, b"\0")
        return Ed25519PrivateKey.from_private_bytes(self.secret).sign(message)

    def pem(self) -> str:
        if self.kind == "sm2":
            return _pem("PRIVATE KEY", _SM2_PKCS8 + self.secret + _SM2_MIDDLE + self.public.raw)
        key = Ed25519PrivateKey.from_private_bytes(self.secret)
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def generate(kind: str) -> PrivateKey:
    """A new key of `kind` (ed25519 or sm2)."""
    if kind == "sm2":
        return PrivateKey("sm2", gmalg.SM2().generate_keypair()[0].rjust(32, b"\0"))
    raw = Ed25519PrivateKey.generate().private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    return PrivateKey("ed25519", raw)


def load_private(pem: str) -> PrivateKey:
    """Raises KeyFormError."""
    der = _der(pem)
    if der.startswith(_SM2_PKCS8):
        return PrivateKey("sm2", der[len(_SM2_PKCS8) :][:32])
    try:
        key = load_pem_private_key(pem.encode(), None)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyFormError(f"not a private key in PEM form: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFormError("expected an Ed25519 or SM2 private key")
    return PrivateKey("ed25519", key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()))


def load_public(pem: str) -> PublicKey:
    """Raises KeyFormError."""
    der = _der(pem)
    if der.startswith(SM2_SPKI) and len(der) == len(SM2_SPKI) + 65:
        return PublicKey("sm2", der[len(SM2_SPKI) :])
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyFormError(f"not a public key in PEM form: {error}") from error
    if not isinstance(key, Ed25519PublicKey):
        raise KeyFormError("expected an Ed25519 or SM2 public key")
    return PublicKey("ed25519", key.public_bytes(Encoding.Raw, PublicFormat.Raw))


def _pem(label: str, der: bytes) -> str:
    body = "\n".join(textwrap.wrap(base64.b64encode(der).decode(), 64))
    return f"-----BEGIN {label}-----\n{body}\n-----END {label}-----\n"


def _der(pem: str) -> bytes:
    lines = [line.strip() for line in pem.strip().splitlines()]
    try:
        return base64.b64decode("".join(line for line in lines if not line.startswith("-----")), validate=True)
    except ValueError as error:
        raise KeyFormError(f"not a key in PEM form: {error}") from error
