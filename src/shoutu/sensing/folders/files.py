"""Files of one folder: found, read without following links, put away once they are done with."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import time
from pathlib import Path
from typing import NamedTuple

from shoutu.sensing.folders.parse import Named, named
from shoutu.sensing.folders.settings import Folder

LARGEST = 16 * 1024 * 1024


class Found(NamedTuple):
    """A file as it lay there; times in s."""

    name: str
    told: Named | None
    size: int
    changed: float


def look(folder: Folder) -> list[Found]:
    """Its files, those first whose names tell the earlier time. Raises OSError when it cannot be looked into."""
    found = []
    with os.scandir(folder.path) as entries:
        for entry in entries:
            if entry.name.startswith(".") or not entry.is_file(follow_symlinks=False):
                continue
            facts = entry.stat(follow_symlinks=False)
            found.append(Found(entry.name, named(folder, entry.name), facts.st_size, facts.st_mtime))
    found.sort(key=lambda one: (one.told.time if one.told else "", one.changed, one.name))
    return found


def read(folder: Folder, name: str) -> bytes:
    """Raises OSError; a link put there by whoever may write is not followed, a pipe not waited for."""
    descriptor = os.open(Path(folder.path) / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(f"{name}: not a file")
        return file.read()


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]


class Shelf:
    """Where files of one folder go: ``done`` for some days, by which one that comes again is known, and ``bad``."""

    def __init__(self, home: Path) -> None:
        self.done, self.bad = home / "done", home / "bad"
        for place in (self.done, self.bad):
            place.mkdir(parents=True, exist_ok=True)
        self.known = {path.name.partition(".")[0] for path in self.done.iterdir()} - {""}

    def put(self, folder: Folder, name: str, content: bytes, place: Path) -> None:
        """Keep a copy here, on disk, and take the file away from where it lay. Raises OSError.

        One that has grown since it was read stays: what came to it is read next time, and the rest known again.
        """
        key = digest(content)
        safe = "".join(sign if sign.isalnum() or sign in "._-" else "_" for sign in name)[-100:]
        target = place / f"{key}.{safe}"
        if not target.exists():
            draft = place / f".{key}.new"
            with draft.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(target)
        if place == self.done:
            self.known.add(key)
        source = Path(folder.path) / name
        with contextlib.suppress(FileNotFoundError):
            if source.stat(follow_symlinks=False).st_size == len(content):
                source.unlink()

    def clear(self, days: int) -> None:
        """Let go of what was done with longer ago; what could not be read stays until somebody looks at it."""
        before = time.time() - days * 86_400
        for path in self.done.iterdir():
            if path.stat().st_mtime < before:
                path.unlink(missing_ok=True)
                self.known.discard(path.name.partition(".")[0])
