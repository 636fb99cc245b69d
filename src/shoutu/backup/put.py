"""A data directory made of a backup: beside its place, under a mark that keeps it from being started, then renamed."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from shoutu import config as installation
from shoutu import ledger_keys
from shoutu.backup import BackupError, database
from shoutu.backup.archive import Contents, Reader
from shoutu.backup.take import KEPT_APART, PACKS
from shoutu.config import DRILL, RESTORING, SettingError
from shoutu.files import sync_folder

SPARE_BYTES = 64 << 20
PUBLIC = "secrets/ledger.pub.pem"
FILLED = "; the database given with --database is filled by now: drop it and create it anew (dropdb, createdb) first"


@dataclass(frozen=True)
class Source:
    """What is restored, whereto. `database_url` is for a backup of PostgreSQL: an empty database.

    `signing_key` is the file `shoutu backup --signing-key` wrote; without it a new key is made. `known_head` is the
    newest signed head kept elsewhere ("": the newest in the backup). `reason` goes into the ledger. `drill`: the copy
    reaches nobody outside, for good.
    """

    archive: Path
    data: Path
    database_url: str = ""
    signing_key: Path | None = None
    known_head: str = ""
    reason: str = ""
    drill: bool = False


@dataclass(frozen=True)
class Restored:
    """`epoch` is the ledger's new one (0: it was empty); `findings` what its check found; `new_key`: whether the ledger
    is signed with another key from now on; `packs`: whether packs of its own came with it."""

    contents: Contents
    epoch: int
    findings: list[str]
    new_key: bool
    packs: bool


def check(archive: Path) -> Contents:
    """Read every byte of an archive and write nothing. Raises BackupError naming what is wrong."""
    try:
        return Reader(_file(archive)).unpack(None)
    except OSError as error:
        raise BackupError(f"{error.filename or archive}: {error.strerror or error}") from error


def restore(source: Source) -> Restored:
    """Make the data directory. Raises BackupError; then there is none of that name.

    A PostgreSQL database may be filled by then: the message says so.
    """
    archive = _file(source.archive)
    data = source.data.expanduser().absolute()
    filled = ""
    try:
        _place(data)
        _room(data.parent, archive)
        with _beside(data) as staging:
            reader = Reader(archive)
            contents = reader.unpack(staging)
            url = _database_url(source, contents)
            new_key = _keys(staging, source.signing_key, int(contents.ledger["epoch"]))
            _settings(staging / "shoutu.toml")
            if source.drill:
                (staging / DRILL).write_text("shoutu restore --drill\n", "ascii")
            installation.use(staging, url).ensure()
            _known(contents.database["migrations"])
            if url:
                _fill(url, staging / contents.database["part"])
                filled = FILLED
            epoch, findings = _county(contents, source, reader.digest)
            packs = (staging / PACKS).is_dir()
    except OSError as error:
        raise BackupError(
            f"{error.filename or data}: {error.strerror or error}; nothing was restored{filled}"
        ) from error
    except (BackupError, SettingError) as error:
        raise BackupError(f"{error}{filled}") from error
    return Restored(contents, epoch, findings, new_key, packs)


def _room(folder: Path, archive: Path) -> None:
    free, needed = shutil.disk_usage(folder).free, archive.stat().st_size + SPARE_BYTES
    if free < needed:
        raise BackupError(
            f"{folder}: {needed / 1e9:.1f} GB are needed and {free / 1e9:.1f} GB are free; choose another disk"
        )


def _file(archive: Path) -> Path:
    path = archive.expanduser().absolute()
    if path.is_dir():
        newest = max(path.glob("shoutu-*.tar"), default=None)
        raise BackupError(f"{path}: is a folder; name one backup" + (f", such as {newest}" if newest else ""))
    if not path.is_file():
        raise BackupError(f"{path}: no such file")
    return path


def _place(data: Path) -> None:
    if not data.parent.is_dir():
        raise BackupError(f"{data.parent}: no such folder; make it first")
    if data.is_symlink() or (data.exists() and not data.is_dir()):
        raise BackupError(f"{data}: expected a new or an empty folder")
    if data.exists() and any(data.iterdir()):
        raise BackupError(f"{data}: is not empty, and nothing in it is touched; name a new folder")


@contextmanager
def _beside(data: Path) -> Iterator[Path]:
    """A folder beside `data` that becomes it when the block ends well, and is gone when it does not."""
    prefix = f".{data.name}.restoring."
    for left in data.parent.glob(f"{prefix}*"):
        _remove_if_dead(left)
    staging = data.parent / f"{prefix}{os.getpid()}"
    staging.mkdir(mode=0o700)
    try:
        with (staging / RESTORING).open("w") as mark:
            fcntl.flock(mark, fcntl.LOCK_EX)
            mark.write(str(os.getpid()))
            mark.flush()
            os.fsync(mark.fileno())
            yield staging
            _place(data)
            (staging / RESTORING).unlink()
            for folder, _names, _files in os.walk(staging):
                sync_folder(Path(folder))
            staging.rename(data)
            sync_folder(data.parent)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _remove_if_dead(left: Path) -> None:
    mark = left / RESTORING
    if mark.exists():
        with mark.open("r") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
    shutil.rmtree(left)


def _database_url(source: Source, contents: Contents) -> str:
    """Where the county's database goes: "" for SQLite in the directory itself."""
    engine, part = contents.database["engine"], contents.database["part"]
    if engine == "sqlite" and part == database.SQLITE_PART:
        if source.database_url:
            raise BackupError(
                f"{source.archive}: holds a SQLite database, which comes to lie in the directory itself; "
                "leave --database (and SHOUTU_DATABASE_URL) away"
            )
        return ""
    if engine != "postgresql" or part != database.POSTGRESQL_PART:
        raise BackupError(f"{source.archive}: holds a database of the kind {engine!r}; this program knows no such kind")
    if not database.is_postgresql(source.database_url):
        raise BackupError(
            f"{source.archive}: holds a PostgreSQL database; name an empty one with "
            "--database postgresql://user:password@host:5432/name"
        )
    _empty(source.database_url)
    return source.database_url


def _empty(url: str) -> None:
    question = "SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            row = connection.execute(question).fetchone()
    except psycopg.Error as error:
        raise BackupError(f"--database: cannot be reached ({str(error).strip()})") from error
    if row is None or row[0]:
        raise BackupError("--database: is not empty, and nothing in it is touched; create a new one (createdb)")


def _fill(url: str, dump: Path) -> None:
    database.run_client(
        url, "pg_restore", "--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges", str(dump)
    )
    dump.unlink()


def _keys(staging: Path, signing_key: Path | None, epoch: int) -> bool:
    """Put the signing key in its place, or make a new one of the same kind. Whether it is another than before."""
    public = staging / PUBLIC
    try:
        before = ledger_keys.load_public(public.read_text("ascii"))
    except (OSError, UnicodeError, ledger_keys.KeyFormError) as error:
        raise BackupError(f"{PUBLIC}: not in the backup, or not a public key ({error})") from error
    if signing_key is None:
        _write(staging / KEPT_APART, ledger_keys.generate(before.kind).pem())
        # Who doubts the time before needs the key of that time.
        public.rename(public.with_name(f"ledger.pub.epoch-{epoch}.pem"))
        _write(public, ledger_keys.load_private((staging / KEPT_APART).read_text("ascii")).public.pem())
        return True
    try:
        key = ledger_keys.load_private(signing_key.expanduser().read_text("ascii"))
    except (OSError, UnicodeError, ledger_keys.KeyFormError) as error:
        raise BackupError(f"--signing-key {signing_key}: {error}") from error
    if key.public != before:
        raise BackupError(
            f"--signing-key {signing_key}: is not the key this backup's ledger is signed with; take the one kept with "
            "it, or leave the option away: then a new one is made, and the new epoch names both"
        )
    _write(staging / KEPT_APART, key.pem())
    return False


def _write(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _settings(toml: Path) -> None:
    """Never may what is restored go on with the database of where it came from."""
    if not toml.exists():
        return
    text = toml.read_bytes()
    told = re.sub(rb"(?mi)^(\s*[\"']?database_url[\"']?\s*=.*)$", rb"# before the restore: \1", text)
    if told != text:
        toml.write_bytes(told)


def _county(contents: Contents, source: Source, digest: str) -> tuple[int, list[str]]:
    """What only the county itself can do: its version, the new epoch, every follower from the start; and its check."""
    from django.db import DatabaseError, connections

    from shoutu.county.kit.errors import ShoutuError
    from shoutu.county.ledger.selectors.verify import verify
    from shoutu.county.ledger.services.backups import begin_again
    from shoutu.county.ledger.services.seal import seal_all
    from shoutu.county.setup import migrate

    try:
        migrate()
        epoch = begin_again(
            source.reason or f"恢复备份 {contents.taken_at}",
            source.known_head,
            {
                "file": source.archive.name,
                "bytes": source.archive.stat().st_size,
                "sha256": digest,
                "taken_at": contents.taken_at,
                "size": contents.ledger["size"],
            },
        )
        seal_all()
        heads = [source.known_head] if source.known_head else []
        findings = [str(finding) for finding in verify(heads).findings]
    except (ShoutuError, DatabaseError) as error:
        detail = error.detail if isinstance(error, ShoutuError) else str(error).strip()
        raise BackupError(f"{source.archive}: its county cannot be started anew: {detail}") from error
    finally:
        connections.close_all()
    return epoch, findings


def _known(applied: list[str]) -> None:
    from shoutu.county.setup import ready

    ready()
    from django.db.migrations.loader import MigrationLoader

    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    known |= {f"{app}.{name}" for app, name in MigrationLoader(None).replacements}
    if newer := [name for name in applied if name not in known]:
        raise BackupError(f"the backup was made by a newer version of Shoutu (it knows {newer[0]}); install that one")
