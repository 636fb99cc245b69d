"""A copy's hold on the sensing directory: every file that belongs to one consistent state, held open.

A file that is open stays readable though the pipeline removes it meanwhile, so holding takes milliseconds and the
copying may take its time. Nothing here writes. In which order the parts must be held, and why, is
docs/decisions/0049-backup-while-running.md; `hold_first` and `hold_last` are its two halves, with the county's
database held between them.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from . import checkpoint
from .catalog import KEPT, KEPT_BEFORE
from .journal_segments import Segment, list_segments, read_head
from .store import manifest as manifests

TRIES = 50
"""A store that merges replaces a file every few seconds; the second try succeeds."""


class CannotHold(Exception):
    """The files cannot be held as one state; the message says which and what to do."""


class Slipped(CannotHold):
    """The pipeline was faster than the holding: beginning again helps."""


@dataclass(slots=True)
class Held:
    """An open file: its name within the data directory, and how much of it counts (bytes).

    `grows`: a log; shorter now than when it was measured means that an unacknowledged tail was cut off.
    """

    name: str
    descriptor: int
    size: int
    grows: bool = False


@dataclass
class Hold:
    """The files held so far, by name. Closing lets go of them."""

    data: Path
    files: dict[str, Held] = field(default_factory=dict)
    stored_through: int = 0
    """The journal number up to which the held store has everything."""

    def __enter__(self) -> Hold:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        for held in self.files.values():
            os.close(held.descriptor)
        self.files.clear()

    def name(self, path: Path) -> str:
        return path.relative_to(self.data).as_posix()

    def take(self, path: Path, grows: bool = False) -> bool:
        """Hold a file as it is now; False when it is gone. A log held already is measured anew."""
        name = self.name(path)
        if grows and name in self.files:
            # A log is only added to; whether it is still there under its name does not matter.
            self.files[name].size = os.fstat(self.files[name].descriptor).st_size
            return True
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            os.close(descriptor)
            return False
        self._drop(name)
        self.files[name] = Held(name, descriptor, found.st_size, grows)
        return True

    def _drop(self, name: str) -> None:
        if (old := self.files.pop(name, None)) is not None:
            os.close(old.descriptor)

    def let_go(self, names: Iterable[str]) -> None:
        for name in list(names):
            self._drop(name)


def hold_first(hold: Hold, sensing: Path) -> None:
    """Before the county's database: journal as it stands, checkpoints, spool, store, catalog, certificates.

    Raises CannotHold.
    """
    _journal(hold, sensing / "journal")
    _checkpoints(hold, sensing / "checkpoint")
    _spool(hold, sensing / "spool")
    _store(hold, sensing / "store")
    for path in (sensing / KEPT, sensing / KEPT_BEFORE, *_inside(sensing / "mqtt")):
        hold.take(path)


def hold_last(hold: Hold, sensing: Path) -> None:
    """After the county's database: whatever the journal has gained. Raises Slipped when a segment came and went."""
    folder = sensing / "journal"
    begun = any(_logs(hold, folder))
    if gone := _journal(hold, folder):
        raise Slipped(f"{gone[0]}: gone before it could be held; take the backup again")
    for path in (*_inside(folder / "quarantine"), *_inside(sensing / "spool" / "quarantine")):
        hold.take(path)
    _unbroken(hold, folder, begun)


def _journal(hold: Hold, folder: Path) -> list[Path]:
    hold.take(folder / "salt")
    return _log(hold, folder)


def _log(hold: Hold, folder: Path) -> list[Path]:
    """The segments of a log. Those held before stay held though they are removed, and are measured anew.

    Measured after the folder was listed: what is not there any more was whole before its successor began, so that no
    records are missing between the two. Returns those that went between listing and holding.
    """
    listed = [segment.path for segment in _segments(folder)]
    for path in (hold.data / name for name in _logs(hold, folder)):
        hold.take(path, grows=True)
    return [path for path in listed if not hold.take(path, grows=True)]


def _logs(hold: Hold, folder: Path) -> list[str]:
    """The segments of that log held so far."""
    prefix = f"{hold.name(folder)}/"
    return [name for name in hold.files if name.startswith(prefix) and name.endswith(".log")]


def _segments(folder: Path) -> list[Segment]:
    if not folder.is_dir():
        return []
    for _ in range(TRIES):
        with contextlib.suppress(FileNotFoundError):
            return list_segments(folder)
    raise CannotHold(f"{folder}: its segments change all the time; try again")


def _unbroken(hold: Hold, folder: Path, begun: bool) -> None:
    """Every segment is the successor of the one before it, or continues after a jump of numbers.

    The first one as well, unless a segment was held before the store and the checkpoints were (`begun`): what came
    before that one they have.
    """
    held = sorted(_logs(hold, folder))
    names = {Path(name).name for name in held}
    for name in held[1:] if begun else held:
        head = read_head(Path(f"/proc/self/fd/{hold.files[name].descriptor}"))
        if head is None or head.previous == (0, 0):
            continue  # torn or damaged: the journal itself says so when it is opened
        before = f"{head.previous[0]:020d}-{head.previous[1]:06d}.log"
        if before not in names:
            raise Slipped(f"{name}: the segment before it, {before}, is gone; take the backup again")


def _checkpoints(hold: Hold, folder: Path) -> None:
    for _ in range(TRIES):
        newest = sorted(folder.glob("*.ckpt"), reverse=True)[: checkpoint.KEEP]
        if all(hold.take(path) for path in newest):
            return
    raise CannotHold(f"{folder}: its checkpoints change all the time; try again")


def _spool(hold: Hold, folder: Path) -> None:
    """Signals, then the place of delivery, then signals again: whatever the place has not passed is held.

    The file of refused signals comes after the place, which passes a signal only once it is in there.
    """
    _log(hold, folder)
    hold.take(folder / "delivered")
    hold.take(folder / "refused.jsonl", grows=True)
    hold.take(folder / "salt")
    _log(hold, folder)


def _store(hold: Hold, folder: Path) -> None:
    """The manifest, then the files it names, from the start again when one has been replaced meanwhile."""
    for _ in range(TRIES):
        manifest = _manifest(hold, folder)
        if manifest is None:
            return
        paths = [folder / name for name in manifest.files()]
        if all(hold.take(path) for path in paths):
            hold.stored_through = manifest.stored_through
            for path in _inside(folder / "quarantine"):
                hold.take(path)
            return
        hold.let_go(hold.name(path) for path in paths)
    raise CannotHold(f"{folder}: a file its manifest names cannot be opened; see the pipeline's /readyz for damage")


def _manifest(hold: Hold, folder: Path) -> manifests.Manifest | None:
    path = folder / manifests.MANIFEST
    if not hold.take(path):
        return None
    held = hold.files[hold.name(path)]
    try:
        return manifests.parse(os.pread(held.descriptor, held.size, 0), path)
    except manifests.ManifestBroken as error:
        raise CannotHold(f"{error}; restart the pipeline, which makes it anew from the files") from error


def _inside(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.endswith(".new")) if folder.is_dir() else []
