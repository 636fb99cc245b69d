"""Signed tree heads as signed notes in the form transparency logs use (a "checkpoint"), so that others can read them.

shoutu.ledger/3f2a…          who: the log, named by its key
1204                         how many entries
base64 of the root
epoch 1 / time … / hash … / signature …    our own lines
                             (blank line)
— shoutu.ledger/3f2a… base64(key id ‖ signature over everything above the blank line)
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from shoutu.county.ledger.canonical import moment
from shoutu.ledger_keys import KeyFormError, PrivateKey, PublicKey, load_private, load_public

SAID: dict[str, Any] = {
    "unsigned": _("没有签名，或被截断"),
    "signature_line": _("签名行格式不对"),
    "changed": _("签名不符：签发之后被改过"),
    "other_kind": _("写的签名算法和公钥的不是一种"),
    "other_key": _("不是这把公钥签的"),
    "form": _("不是树头的格式"),
    "key_form": _("不是 PEM 格式的 Ed25519 或 SM2 公钥"),
}
"""What is wrong with a head or key, for its reader's language."""


class NoteError(ValueError):
    """A head is not readable or not signed by this log's key; the message says which and why, in English for the logs.

    `said` says it in the language of who is being answered.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    @property
    def said(self) -> str:
        return str(SAID[self.code])


class OtherKey(NoteError):
    """A head of the right form, signed by a key that is none of the trusted ones: nobody here can tell whether by the
    log itself, before its key was changed, or by another log."""


@dataclass(frozen=True)
class Head:
    """What a signed head says."""

    origin: str
    size: int
    root: bytes
    epoch: int
    time: str
    hash: str
    signature: str = "ed25519"

    def text(self) -> str:
        root = base64.b64encode(self.root).decode()
        own = f"epoch {self.epoch}\ntime {self.time}\nhash {self.hash}\nsignature {self.signature}\n"
        return f"{self.origin}\n{self.size}\n{root}\n{own}"


class Signer:
    """Signs with the installation's private key."""

    def __init__(self, key: PrivateKey) -> None:
        self.key = key
        self.public = key.public
        self.origin = origin(self.public)

    def sign(self, size: int, root: bytes, epoch: int, at: datetime, hash: str) -> str:
        """The note for a head."""
        body = Head(self.origin, size, root, epoch, moment(at), hash, self.key.kind).text()
        blob = key_id(self.public) + self.key.sign(body.encode())
        return f"{body}\n— {self.origin} {base64.b64encode(blob).decode()}\n"


def origin(public: PublicKey) -> str:
    """The log's name: it follows from its key."""
    return f"shoutu.ledger/{hashlib.sha256(public.raw).hexdigest()[:16]}"


def key_id(public: PublicKey) -> bytes:
    """Four bytes that name the key in a note: SHA-256(name ‖ LF ‖ type ‖ key)[:4].

    The type is 0x01 for Ed25519, 0xff and a name for SM2, which the signed-note form has no number for.
    """
    type_ = b"\x01" if public.kind == "ed25519" else b"\xffSM2-SM3"
    return hashlib.sha256(origin(public).encode() + b"\n" + type_ + public.raw).digest()[:4]


def read(note: str, *trusted: PublicKey) -> Head:
    """Parse a note and check that one of the `trusted` keys signed it. Raises NoteError."""
    # A damaged row may hold what is no text at all.
    if "\n\n" not in note or note.encode("utf-8", "replace").decode() != note:
        raise NoteError("unsigned", "not a signed head: it has no signature, or is cut off")
    body, found, tail = note.partition("\n\n")
    if not found or not tail.endswith("\n"):
        raise NoteError("unsigned", "not a signed head: it has no signature, or is cut off")
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
            raise NoteError("signature_line", "not a signed head: a signature line is not of the right form")
        public = next((key for key in trusted if name == origin(key) and blob[:4] == key_id(key)), None)
        if public is None:
            continue
        if not public.verify(blob[4:], body.encode()):
            raise NoteError("changed", "the signature does not fit: the head was changed after it was signed")
        head = _parse(body)
        if head.signature != public.kind:
            raise NoteError("other_kind", f"says it is signed with {head.signature}, its key is {public.kind}")
        return head
    _parse(body)
    raise OtherKey("other_key", "not signed by this log's key")


def signed(note: str, key: PublicKey) -> str:
    """A note that `read` has taken, with the signature of `key` alone: the one it checked, which is the first."""
    body, _blank, tail = note.partition("\n\n")
    named = f"— {origin(key)} "
    own = (line for line in tail.split("\n") if line.startswith(named))
    line = next(one for one in own if base64.b64decode(one.removeprefix(named))[:4] == key_id(key))
    return f"{body}\n\n{line}\n"


def _parse(body: str) -> Head:
    lines = body.splitlines()
    try:
        extra = dict(line.split(" ", 1) for line in lines[3:])
        root = base64.b64decode(lines[2], validate=True)
        signature = extra.get("signature", "ed25519")
        return Head(lines[0], int(lines[1]), root, int(extra["epoch"]), extra["time"], extra["hash"], signature)
    except (IndexError, KeyError, ValueError) as error:
        raise NoteError("form", f"not a head of this form: {error}") from error


@lru_cache(maxsize=4)
def _signer(path: Path, changed: int) -> Signer:
    try:
        return Signer(load_private(path.read_text("ascii")))
    except KeyFormError as error:
        raise NoteError("key_form", f"{path}: {error}") from error


def signer() -> Signer:
    """The installation's signer (`secrets/ledger.pem`)."""
    settings.CONFIG.secret("ledger.pem")
    path = settings.CONFIG.secrets / "ledger.pem"
    return _signer(path, path.stat().st_mtime_ns)


def public_key(pem: str | None = None) -> PublicKey:
    """A public key from PEM, by default the installation's own. Raises NoteError when it is of another kind."""
    if pem is None:
        return signer().public
    try:
        return load_public(pem)
    except KeyFormError as error:
        raise NoteError("key_form", str(error)) from error
