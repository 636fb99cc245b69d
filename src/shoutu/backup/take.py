"""Taking a backup: hold one consistent state, copy it, and only then give the archive its name."""

from __future__ import annotations

import fcntl
import os
import resource
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from shoutu import __version__
from shoutu.backup import BackupError, database
from shoutu.backup.archive import Contents, Writer
from shoutu.config import DRILL, SHIPPED_PACKS, Config
from shoutu.files import sync_folder
from shoutu.sensing.pins import CannotHold, Hold, Slipped, hold_first, hold_last

TRIES, PAUSE_S = 100, 0.1
"""An import changes the catalog a few times a second; so long the backup waits for a moment between two changes."""
KEPT_APART = "secrets/ledger.pem"
UNFINISHED = ".unfinished"
SPARE_BYTES = 64 << 20
PACKS = "packs"


@dataclass(frozen=True)
class Taken:
    """A finished backup: its file, bytes, the SHA-256 of its table, and that table."""

    path: Path
    size: int
    digest: str
    contents: Contents


def take(config: Config, target: Path, signing_key: Path | None = None) -> Taken:
    """Copy the installation into `target`: a folder (the file is then named by its time) or a new file.

    `signing_key`: a new file for the ledger's signing key, which is not in the archive. May run while everything else
    runs. Raises BackupError, also in a drill copy; then there is no file of either name.
    """
    if config.drill:
        # The mark is in no archive: what is restored from this one would be the county itself.
        raise BackupError(
            f"{config.data}: is a drill copy (its file {DRILL}, or SHOUTU_DRILL); what is restored from a backup of it "
            "would call real people; back up the county itself"
        )
    os.nice(10)
    begun = datetime.now(UTC)
    path = _path(target, begun)
    if signing_key is not None:
        signing_key = _outside(signing_key, path, config)
    _more_files()
    try:
        with ExitStack() as undo, _unfinished(path) as (file, copy), ExitStack() as stack:
            hold, held = _hold(config, stack)
            _room(path.parent, hold, held, config)
            writer = Writer(file, begun.isoformat())
            contents = _contents(begun, hold, held)
            _write(writer, config, hold, held, copy, contents)
            digest = writer.finish(contents)
            if signing_key is not None:
                undo.enter_context(_kept_apart(config.data / KEPT_APART, signing_key))
    except CannotHold as error:
        raise BackupError(str(error)) from error
    except OSError as error:
        raise BackupError(
            f"{error.filename or path}: {error.strerror or error}; the backup is not made, nothing half is left"
        ) from error
    return Taken(path, path.stat().st_size, digest, contents)


def _path(target: Path, begun: datetime) -> Path:
    path = target.expanduser().absolute()
    if path.is_dir():
        path = path / f"shoutu-{begun:%Y%m%dT%H%M%SZ}.tar"
    elif path.suffix != ".tar":
        raise BackupError(f"{target}: expected a folder that exists, or the name of a new file ending in .tar")
    if not path.parent.is_dir():
        raise BackupError(f"{path.parent}: no such folder; make it first")
    if path.exists():
        raise BackupError(f"{path}: is there already, and is not overwritten; choose another name")
    return path


def _outside(key: Path, archive: Path, config: Config) -> Path:
    place = key.expanduser().absolute()
    if place.exists():
        raise BackupError(f"{place}: is there already, and is not overwritten; choose another name")
    if not place.parent.is_dir():
        raise BackupError(f"{place.parent}: no such folder; make it first")
    if place.parent.samefile(archive.parent):
        raise BackupError(
            f"{place}: the signing key must not lie beside the backup: whoever has both can rewrite the ledger; "
            "choose another place, such as a stick kept in a safe"
        )
    for folder in (config.secrets, config.data / "files", config.packs):
        if place.resolve().is_relative_to(folder.resolve()):
            raise BackupError(
                f"{place}: what lies in {folder} is in every backup from now on, and the signing key must be in none; "
                "choose another place, such as a stick kept in a safe"
            )
    return place


@contextmanager
def _kept_apart(key: Path, to: Path) -> Iterator[None]:
    """The signing key copied to its place, on the disk; gone again when what follows fails."""
    descriptor = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(key.read_bytes())
            file.flush()
            os.fsync(file.fileno())
        sync_folder(to.parent)
        yield
    except BaseException:
        to.unlink(missing_ok=True)
        raise


def _more_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextmanager
def _unfinished(path: Path) -> Iterator[tuple[IO[bytes], Path]]:
    """A file under another name until it is whole and on the disk, and a place for the copy of the database.

    What others have left unfinished in this folder, killed, goes.
    """
    _sweep(path.parent)
    draft = path.with_name(f".{path.name}.{os.getpid()}{UNFINISHED}")
    copy = draft.with_name(f".{path.name}.{os.getpid()}.database{UNFINISHED}")
    try:
        with os.fdopen(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file, copy
            if path.exists():
                raise BackupError(f"{path}: was made by somebody else meanwhile; take the backup again")
            draft.rename(path)
            sync_folder(path.parent)
    finally:
        for left in (draft, copy, copy.with_name(f"{copy.name}-journal")):
            left.unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Remove what killed backups have left. A backup that runs locks its file."""
    for left in folder.glob(f".*.tar.*{UNFINISHED}"):
        if ".database." in left.name:
            continue
        with left.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            stem = left.name.removesuffix(UNFINISHED)
            for other in (left, *folder.glob(f"{stem}.database{UNFINISHED}*")):
                other.unlink(missing_ok=True)


def _hold(config: Config, stack: ExitStack) -> tuple[Hold, database.Database]:
    """Everything of one state. Begun again while the catalog changes under it: then the journal may already speak of
    what the database held does not know."""
    for _ in range(TRIES):
        with suppress(Slipped), ExitStack() as attempt:
            hold = attempt.enter_context(Hold(config.data))
            hold_first(hold, config.sensing)
            held = database.hold(config.database_url, config.data / database.SQLITE_PART)
            attempt.callback(held.close)
            hold_last(hold, config.sensing)
            if held.catalog_now() == held.catalog:
                stack.enter_context(attempt.pop_all())
                return hold, held
        time.sleep(PAUSE_S)
    raise BackupError(
        f"sources, points or rules, or the journal, change all the time (for {TRIES * PAUSE_S:.0f} s now); "
        "take the backup when the import is done"
    )


def _room(folder: Path, hold: Hold, held: database.Database, config: Config) -> None:
    files = _size(_kept(config))
    # The database twice: as it is copied, and in the archive.
    needed = sum(file.size for file in hold.files.values()) + files + 2 * held.size() + SPARE_BYTES
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise BackupError(
            f"{folder}: {needed / 1e9:.1f} GB are needed and {free / 1e9:.1f} GB are free; choose another disk"
        )


def _size(paths: list[Path]) -> int:
    size = 0
    for path in paths:
        with suppress(FileNotFoundError):  # gone meanwhile
            size += path.stat().st_size
    return size


def _contents(begun: datetime, hold: Hold, held: database.Database) -> Contents:
    return Contents(
        begun_at=begun.isoformat(),
        taken_at=datetime.now(UTC).isoformat(),
        version=__version__,
        database={
            "engine": held.engine,
            "part": held.part,
            "catalog": held.catalog,
            "migrations": database.migrations(held),
        },
        ledger=database.facts(held),
        sensing={"stored_through": hold.stored_through},
        left_out=[KEPT_APART],
    )


def _write(writer: Writer, config: Config, hold: Hold, held: database.Database, copy: Path, contents: Contents) -> None:
    held.copy(copy)
    with copy.open("rb") as file:
        copy.unlink()
        writer.add(held.part, file.fileno(), os.fstat(file.fileno()).st_size)
    held.close()
    for file_ in sorted(hold.files.values(), key=lambda held_: held_.name):
        writer.add(file_.name, file_.descriptor, file_.size, file_.grows)
    for path in _kept(config):
        try:
            with path.open("rb") as file:
                part = writer.add(
                    path.relative_to(config.data).as_posix(), file.fileno(), os.fstat(file.fileno()).st_size
                )
        except FileNotFoundError:
            continue  # an upload that was given up, or an import that is done
        if path.suffix == ".original" and part.sha256 != path.stem:
            contents.damaged.append(part.name)
    if config.packs != SHIPPED_PACKS:
        for path in sorted(path for path in config.packs.rglob("*") if path.is_file()):
            with path.open("rb") as file:
                writer.add(f"{PACKS}/{path.relative_to(config.packs).as_posix()}", file.fileno(), path.stat().st_size)


def _kept(config: Config) -> list[Path]:
    """Settings, keys but the signing key, uploaded files: what was written before the database spoke of it, and is
    not changed afterwards."""
    single = [config.data / "shoutu.toml", config.run / "response-last.yaml"]
    folders = [*config.secrets.glob("*"), *_below(config.data / "files")]
    found = (path for path in (*single, *folders) if path.is_file() and not path.name.endswith(".new"))
    return sorted(path for path in found if path.relative_to(config.data).as_posix() != KEPT_APART)


def _below(folder: Path) -> Iterator[Path]:
    """Every file below a folder; what goes while it is looked at is passed over, what cannot be read raises OSError."""

    def unless_gone(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            raise error

    for at, _folders, names in os.walk(folder, onerror=unless_gone):
        yield from (Path(at, name) for name in names)
