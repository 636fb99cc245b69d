"""Photographs on their way: the pieces that have come lie here until the whole is sealed. No database.

A broken line costs one piece: the sender asks how much is here and goes on from there. What lies here is not taken
yet, and nobody is told it was: whoever sends keeps the photograph until it is sealed under its own hash.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Conflict, Invalid, TooLarge
from shoutu.county.warnings.pictures import MOST_BYTES

MOST_PIECE = 1024 * 1024
"""The longest piece taken at once, in bytes."""
MOST_OPEN = 60
"""So many photographs one sender may have begun and not sealed."""
KEEP_DAYS = 7


def _folder() -> Path:
    return Path(settings.CONFIG.data) / "files" / "pieces"


def _sender(actor: Actor) -> str:
    return f"{actor.kind}-{actor.user_id or 0}-{actor.token_id or 0}"


def _file(actor: Actor, warning_id: int, sha256: str) -> Path:
    if not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise Invalid("sha256", _("照片原件的 SHA-256，64 位小写十六进制"))
    return _folder() / f"{_sender(actor)}-{int(warning_id)}-{sha256}"


def received(actor: Actor, warning_id: int, sha256: str) -> int:
    """How many bytes of this photograph are here, from its beginning. Raises Invalid."""
    try:
        return _file(actor, warning_id, sha256).stat().st_size
    except FileNotFoundError:
        return 0


def add(actor: Actor, warning_id: int, sha256: str, offset: int, data: bytes) -> int:
    """Keep a piece that begins at `offset`; on the disk when this returns how much is here.

    A piece that begins beyond what is here is not kept, and one that came before is kept once: the answer is where
    to go on. Raises Invalid, TooLarge, Conflict where too many are begun.
    """
    file = _file(actor, warning_id, sha256)
    if not data or len(data) > MOST_PIECE:
        raise Invalid("body", _("1 到 %(limit)d 字节的一段") % {"limit": MOST_PIECE})
    if offset + len(data) > MOST_BYTES:
        raise TooLarge(_("照片不能超过 %(limit)d MB") % {"limit": MOST_BYTES // 1024 // 1024})
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists() and sum(1 for _one in file.parent.glob(f"{_sender(actor)}-*")) >= MOST_OPEN:
        raise Conflict(_("没传完的照片最多 %(limit)d 张，先把它们传完") % {"limit": MOST_OPEN})
    with os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT, 0o640), "r+b") as out:
        fcntl.flock(out, fcntl.LOCK_EX)  # the same sender in two windows
        here = os.fstat(out.fileno()).st_size
        if offset > here or offset + len(data) <= here:
            return here
        out.seek(offset)
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
        return offset + len(data)


def whole(actor: Actor, warning_id: int, sha256: str, size: int) -> bytes:
    """The photograph, when all of it is here and is what it was called. Raises Invalid, Conflict.

    Pieces that make something else are thrown away: the sender has the original, and begins again.
    """
    file = _file(actor, warning_id, sha256)
    here = received(actor, warning_id, sha256)
    if here < size:
        raise Conflict(_("照片还没传全：%(here)d / %(size)d 字节，接着传") % {"here": here, "size": size})
    data = file.read_bytes()
    if len(data) != size or hashlib.sha256(data).hexdigest() != sha256:
        drop(actor, warning_id, sha256)
        raise Conflict(_("收到的照片和原件的哈希不一样，从头再传"))
    return data


def drop(actor: Actor, warning_id: int, sha256: str) -> None:
    """What was sealed, or is not wanted, needs no pieces any more."""
    _file(actor, warning_id, sha256).unlink(missing_ok=True)


def sweep(now: float | None = None) -> int:
    """Throw away what nobody went on with for a week; how many."""
    oldest = (time.time() if now is None else now) - KEEP_DAYS * 86400
    old = [file for file in _begun() if file.stat().st_mtime < oldest]
    for file in old:
        file.unlink(missing_ok=True)
    return len(old)


def _begun() -> Iterator[Path]:
    folder = _folder()
    return folder.iterdir() if folder.is_dir() else iter(())


def begun() -> tuple[int, float | None]:
    """How many photographs have begun to come, and when (Unix seconds) the one was last added to that waits longest."""
    times = []
    for file in _begun():
        try:
            times.append(file.stat().st_mtime)
        except FileNotFoundError:
            continue  # sealed meanwhile
    return len(times), min(times, default=None)
