"""The archive: a plain tar whose first member says what it is and whose last ones are the table of its parts.

A copy that broke off has no table, so it can never be taken for a whole one; every byte of every part is under the
table's SHA-256, and the table under that of the last member.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import tarfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

from shoutu.backup import BackupError

FORMAT = "shoutu-backup-1"
ABOUT, TABLE, SEAL = "shoutu-backup.json", "manifest.json", "manifest.sha256"
CHUNK = 1 << 20
SYNC_BYTES = 4 << 20
"""Synced so often: a reading's own sync waits for whatever the disk was given before it."""
MOST_TABLE = 64 << 20


@dataclass(frozen=True)
class Part:
    """One file of the installation: its name in the data directory, bytes, SHA-256 in hex."""

    name: str
    size: int
    sha256: str


@dataclass
class Contents:
    """The archive's table: what was copied, when (RFC 3339, UTC), from which version, at which head of the ledger.

    `taken_at` is the moment the county's database is of; everything acknowledged before `begun_at` is inside.
    """

    begun_at: str
    taken_at: str
    version: str
    database: dict[str, Any]
    ledger: dict[str, Any]
    sensing: dict[str, Any]
    left_out: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    format: str = FORMAT

    def encode(self) -> bytes:
        return json.dumps(asdict(self), ensure_ascii=False, indent=1).encode()

    @classmethod
    def decode(cls, raw: bytes) -> Contents:
        """Raises ValueError, TypeError or KeyError for what is none."""
        told = json.loads(raw)
        return cls(**{**told, "parts": [Part(**part) for part in told["parts"]]})

    @property
    def size(self) -> int:
        return sum(part.size for part in self.parts)


class _Source:
    """What tarfile copies from: so many bytes of an open file, hashed, with the archive synced as it grows."""

    def __init__(self, part: str, descriptor: int, size: int, grows: bool, out: IO[bytes]) -> None:
        self.digest = hashlib.sha256()
        self._part, self._descriptor, self._size, self._grows, self._out = part, descriptor, size, grows, out
        self._at = self._synced = 0

    def read(self, size: int = CHUNK, /) -> bytes:
        size = min(size, self._size - self._at)
        chunk = os.pread(self._descriptor, size, self._at)
        while len(chunk) < size:
            more = os.pread(self._descriptor, size - len(chunk), self._at + len(chunk))
            if not more and not self._grows:
                raise BackupError(f"{self._part}: became shorter while it was copied; take the backup again")
            # A log's tail nobody was told of has been cut off: zeros take its place, and are cut off on opening.
            chunk += more or bytes(size - len(chunk))
        self.digest.update(chunk)
        self._at += len(chunk)
        if self._at - self._synced >= SYNC_BYTES:
            self._out.flush()
            os.fdatasync(self._out.fileno())
            self._synced = self._at
        return chunk


class Writer:
    """Writes parts one after another into `file`, open for binary writing at its start."""

    def __init__(self, file: IO[bytes], begun_at: str) -> None:
        self._file = file
        self._tar = tarfile.TarFile(fileobj=file, mode="w", format=tarfile.PAX_FORMAT, copybufsize=CHUNK)
        self.parts: list[Part] = []
        self._text(ABOUT, json.dumps({"format": FORMAT, "begun_at": begun_at}).encode())

    def add(self, name: str, descriptor: int, size: int, grows: bool = False) -> Part:
        """Copy the first `size` bytes of an open file.

        Raises BackupError when it has become shorter, unless it is a log that `grows`; OSError as the disk does.
        """
        source = _Source(name, descriptor, size, grows, self._file)
        self._tar.addfile(_info(name, size), source)
        _forget(self._tar)
        part = Part(name, size, source.digest.hexdigest())
        self.parts.append(part)
        return part

    def finish(self, contents: Contents) -> str:
        """Write the table and its seal, everything synced. Returns the table's SHA-256."""
        contents.parts = self.parts
        table = contents.encode()
        digest = hashlib.sha256(table).hexdigest()
        self._text(TABLE, table)
        self._text(SEAL, digest.encode())
        self._tar.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        return digest

    def _text(self, name: str, content: bytes) -> None:
        self._tar.addfile(_info(name, len(content)), io.BytesIO(content))


def _forget(tar: tarfile.TarFile) -> None:
    """tarfile remembers every member; of a hundred thousand photographs that is a lot of memory for nothing."""
    tar.members.clear()  # type: ignore[attr-defined]


def _info(name: str, size: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = size, 0o600, int(time.time())
    return info


class Reader:
    """Reads an archive once, front to back. Raises BackupError for one that is foreign, partial or damaged."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.digest = ""
        """SHA-256 of the table, once it has been read."""

    def unpack(self, folder: Path | None) -> Contents:
        """Check every byte; with `folder`, write the parts there, each synced. Returns the table.

        Raises OSError as the disks do.
        """
        try:
            with tarfile.open(self.path, mode="r:") as tar:
                return self._read(tar, folder)
        except tarfile.TarError as error:
            raise self._partial(f"not readable as an archive ({error})") from error
        except OSError as error:
            if error.strerror is not None:
                raise
            raise self._partial(f"it ends in the middle of a part ({error})") from error

    def _read(self, tar: tarfile.TarFile, folder: Path | None) -> Contents:
        self._about(tar)
        found: dict[str, Part] = {}
        while (member := tar.next()) is not None:
            _forget(tar)
            if member.name == TABLE:
                return self._table(tar, member, found)
            name = self._safe(member)
            if name in found:
                raise BackupError(f"{self.path}: {name} is there twice; not an archive `shoutu backup` made")
            found[name] = self._part(tar, member, folder)
        last = next(reversed(found), "nothing")
        raise self._partial(f"it ends after {last}, before the table of its parts")

    def _about(self, tar: tarfile.TarFile) -> None:
        first = tar.next()
        if first is None or first.name != ABOUT or first.size > CHUNK:
            raise BackupError(f"{self.path}: not a backup made by `shoutu backup` (its first part is not {ABOUT})")
        try:
            form = json.loads(self._small(tar, first))["format"]
        except (ValueError, KeyError, TypeError) as error:
            raise self._damaged(ABOUT, "not readable") from error
        if form != FORMAT:
            raise BackupError(f"{self.path}: a backup of the form {form!r}; this program reads {FORMAT!r}")

    def _safe(self, member: tarfile.TarInfo) -> str:
        path = PurePosixPath(member.name)
        if not member.isreg() or path.is_absolute() or ".." in path.parts or str(path) != member.name:
            raise BackupError(f"{self.path}: {member.name!r} is not a part a backup has; not made by `shoutu backup`")
        return member.name

    def _part(self, tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path | None) -> Part:
        source = tar.extractfile(member)
        assert source is not None
        digest, left = hashlib.sha256(), member.size
        with contextlib.ExitStack() as stack:
            out = stack.enter_context(_new(folder / member.name)) if folder else None
            while left:
                chunk = source.read(min(CHUNK, left))
                if not chunk:
                    raise self._partial(f"it ends in the middle of {member.name}")
                digest.update(chunk)
                left -= len(chunk)
                if out:
                    out.write(chunk)
            if out:
                out.flush()
                os.fsync(out.fileno())
        return Part(member.name, member.size, digest.hexdigest())

    def _table(self, tar: tarfile.TarFile, member: tarfile.TarInfo, found: dict[str, Part]) -> Contents:
        if member.size > MOST_TABLE:
            raise self._damaged(TABLE, f"{member.size} bytes long")
        raw = self._small(tar, member)
        seal = tar.next()
        if seal is None or seal.name != SEAL:
            raise self._partial("it ends before the seal of its table")
        self.digest = hashlib.sha256(raw).hexdigest()
        if self._small(tar, seal) != self.digest.encode():
            raise self._damaged(TABLE, "its SHA-256 is not that of its seal")
        try:
            contents = Contents.decode(raw)
        except (ValueError, TypeError, KeyError) as error:
            raise BackupError(
                f"{self.path}: its table is of another form ({error}); made by another version?"
            ) from error
        listed = {part.name: part for part in contents.parts}
        for name, part in listed.items():
            if name not in found:
                raise self._damaged(name, "it is missing")
            if found[name] != part:
                raise self._damaged(name, f"SHA-256 {found[name].sha256}, expected {part.sha256}")
        if extra := found.keys() - listed.keys():
            raise self._damaged(min(extra), "its table does not name it")
        return contents

    def _small(self, tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
        source = tar.extractfile(member)
        raw = source.read() if source else b""
        if len(raw) != member.size:
            raise self._partial(f"it ends in the middle of {member.name}")
        return raw

    def _partial(self, why: str) -> BackupError:
        return BackupError(f"{self.path}: not a whole backup: {why}; copy it again, or take another one")

    def _damaged(self, name: str, why: str) -> BackupError:
        return BackupError(f"{self.path}: damaged at {name}: {why}; copy it again, or take another one")


def _new(path: Path) -> IO[bytes]:
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
