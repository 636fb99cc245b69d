"""Signed tree heads as signed notes in the form transparency logs use (a "checkpoint"), so that others can read them.

shoutu.ledger/3f2a…          who: the log, named by its key
1204                         how many entries
base64 of the root
epoch 1 / time … / hash …    our own lines
                             (blank line)
— shoutu.ledger/3f2a… base64(key id ‖ Ed25519 signature over everything above the blank line)
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from django.conf import settings

from shoutu.county.ledger.canonical import moment


class NoteError(ValueError):
    """A head is not readable or not signed by this log's key; the message says which and why."""


@dataclass(frozen=True)
class Head:
    """What a signed head says."""

    origin: str
    size: int
    root: bytes
    epoch: int
    time: str
    hash: str

    def text(self) -> str:
        root = base64.b64encode(self.root).decode()
        return f"{self.origin}\n{self.size}\n{root}\nepoch {self.epoch}\ntime {self.time}\nhash {self.hash}\n"


class Signer:
    """Signs with the installation's private key."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self.key = key
        self.public = key.public_key()
        self.origin = origin(self.public)

    def sign(self, size: int, root: bytes, epoch: int, at: datetime, hash: str) -> str:
        """The note for a head."""
        body = Head(self.origin, size, root, epoch, moment(at), hash).text()
        blob = key_id(self.public) + self.key.sign(body.encode())
        return f"{body}\n— {self.origin} {base64.b64encode(blob).decode()}\n"


def _raw(public: Ed25519PublicKey) -> bytes:
    return public.public_bytes(Encoding.Raw, PublicFormat.Raw)


def origin(public: Ed25519PublicKey) -> str:
    """The log's name: it follows from its key."""
    return f"shoutu.ledger/{hashlib.sha256(_raw(public)).hexdigest()[:16]}"


def key_id(public: Ed25519PublicKey) -> bytes:
    """Four bytes that name the key in a note: SHA-256(name ‖ LF ‖ 0x01 ‖ key)[:4]."""
    return hashlib.sha256(origin(public).encode() + b"\n\x01" + _raw(public)).digest()[:4]


def read(note: str, public: Ed25519PublicKey) -> Head:
    """Parse a note and check its signature. Raises NoteError."""
    body, found, tail = note.partition("\n\n")
    if not found or not tail.endswith("\n"):
        raise NoteError("not a signed head: it has no signature, or is cut off")
    body += "\n"
    for line in tail[:-1].split("\n"):
        dash, _space, rest = line.partition(" ")
        name, _space, text = rest.partition(" ")
        try:
            blob = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            blob = b""
        # One text for one signature: base64 could otherwise hide flipped bits in its padding.
        if dash != "—" or base64.b64encode(blob).decode() != text:
            raise NoteError("not a signed head: a signature line is not of the right form")
        if name != origin(public) or blob[:4] != key_id(public):
            continue
        try:
            public.verify(blob[4:], body.encode())
        except InvalidSignature:
            raise NoteError("the signature does not fit: the head was changed after it was signed") from None
        return _parse(body)
    raise NoteError("not signed by this log's key")


def _parse(body: str) -> Head:
    lines = body.splitlines()
    try:
        extra = dict(line.split(" ", 1) for line in lines[3:])
        root = base64.b64decode(lines[2], validate=True)
        return Head(lines[0], int(lines[1]), root, int(extra["epoch"]), extra["time"], extra["hash"])
    except (IndexError, KeyError, ValueError) as error:
        raise NoteError(f"not a head of this form: {error}") from error


@lru_cache(maxsize=4)
def _signer(path: Path, changed: int) -> Signer:
    key = load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise NoteError(f"{path}: expected an Ed25519 private key")
    return Signer(key)


def signer() -> Signer:
    """The installation's signer (`secrets/ledger.pem`)."""
    settings.CONFIG.secret("ledger.pem")
    path = settings.CONFIG.secrets / "ledger.pem"
    return _signer(path, path.stat().st_mtime_ns)


def public_key(pem: bytes | None = None) -> Ed25519PublicKey:
    """A public key from PEM, by default the installation's own. Raises NoteError when it is of another kind."""
    if pem is None:
        return signer().public
    try:
        key = load_pem_public_key(pem)
    except ValueError as error:
        raise NoteError(f"not a public key in PEM form: {error}") from error
    if not isinstance(key, Ed25519PublicKey):
        raise NoteError("expected an Ed25519 public key")
    return key
