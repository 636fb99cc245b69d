"""Watches the folders: a file is read once it is whole, taken once it is durable, and only then put away."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from pathlib import Path
from time import monotonic
from typing import Any

from shoutu.config import Config, SettingError
from shoutu.sensing import metrics
from shoutu.sensing.decode import say
from shoutu.sensing.decode.model import Columns
from shoutu.sensing.doors import settle, take
from shoutu.sensing.folders import files
from shoutu.sensing.folders.files import Found, Shelf
from shoutu.sensing.folders.parse import BadFile, is_whole, readings_of
from shoutu.sensing.folders.settings import Folder, read_folders
from shoutu.sensing.model import Acceptor, NotDurable, Overloaded, Source
from shoutu.sensing.senders import SENDERS

log = logging.getLogger("shoutu.sensing.folders")
DOOR = "folder"
LOOK_SECONDS = 2.0
CLEAR_SECONDS = 3_600.0


class Watched:
    """One folder and where its files go."""

    def __init__(self, folder: Folder, home: Path, acceptor: Acceptor) -> None:
        self.folder, self.acceptor = folder, acceptor
        self.shelf = Shelf(home)
        self.failing = ""
        self.sizes: dict[str, tuple[int, float]] = {}
        self.half: dict[str, int] = {}
        self.files = self.accepted = self.refused = self.bad = 0
        self._cleared = 0.0

    async def round(self) -> None:
        """Look once, and take what is whole. What stands in the way is said and tried again."""
        try:
            source = self.acceptor.directory.named(self.folder.source)
            if source is None:
                raise LookupError(f"no source {self.folder.source!r} in use; its files wait")
            found = await asyncio.to_thread(files.look, self.folder)
            await self._clear()
            await self._all(source, found)
        except (OSError, LookupError) as error:
            self._fail(str(error))
        except NotDurable as error:
            self._fail(f"readings cannot be made durable now ({error}); the files wait")
        except Overloaded:
            return
        else:
            self.failing = ""

    def _fail(self, words: str) -> None:
        if self.failing != words:
            log.warning("%s: %s", self.folder.path, words)
        self.failing = words

    async def _clear(self) -> None:
        if monotonic() - self._cleared >= CLEAR_SECONDS or not self._cleared:
            self._cleared = monotonic()
            await asyncio.to_thread(self.shelf.clear, self.folder.keep_days)

    async def _all(self, source: Source, found: list[Found]) -> None:
        here = {one.name for one in found}
        self.sizes = {name: seen for name, seen in self.sizes.items() if name in here}
        self.half = {name: size for name, size in self.half.items() if name in here}
        for one in found:
            if one.size <= files.LARGEST:
                await self._file(source, one)
        large = [one.name for one in found if one.size > files.LARGEST]
        if large:
            raise OSError(f"{large[0]} is over {files.LARGEST} bytes and is left where it is; take it away")

    async def _file(self, source: Source, one: Found) -> None:
        """One file. Raises OSError, Overloaded, NotDurable; it lies where it lay then."""
        still = self._still(one)
        if one.told is None or one.told.kind in self.folder.ignore or one.told.kind not in self.folder.kinds:
            if still >= self.folder.patience_s:
                await self._aside(one, "kind" if one.told else "name")
            return
        if not one.size or (not self.folder.ends and still < self.folder.settle_s):
            if not one.size and still >= self.folder.patience_s:
                await self._aside(one, "empty")
            return
        if self.half.get(one.name) == one.size and still < self.folder.patience_s:
            return None
        content = await asyncio.to_thread(files.read, self.folder, one.name)
        whole = is_whole(self.folder, content) if self.folder.ends else True
        if not whole and still < self.folder.patience_s:
            self.half[one.name] = len(content)
            return None
        if files.digest(content) in self.shelf.known:
            self._count("repeat")
            await asyncio.to_thread(self.shelf.put, self.folder, one.name, content, self.shelf.done)
            return None
        try:
            columns = await asyncio.to_thread(readings_of, self.folder, one.told, content, source.zone)
        except BadFile as bad:
            return await self._aside(one, bad.code)
        await self._take(source, one, columns)
        place = self.shelf.done if whole else self.shelf.bad
        await asyncio.to_thread(self.shelf.put, self.folder, one.name, content, place)
        self._count("taken" if whole else "half")
        return None

    def _still(self, one: Found) -> float:
        """For how many seconds the file has had this size: by our own clock, for a sender may set the file's time."""
        size, since = self.sizes.get(one.name, (-1, 0.0))
        if size != one.size:
            since = monotonic()
            self.sizes[one.name] = (one.size, since)
        return monotonic() - since

    async def _take(self, source: Source, one: Found, columns: Columns) -> None:
        now = time.time_ns() // 1_000_000
        settled = await asyncio.to_thread(settle, self.acceptor.directory, source, columns, DOOR, now)
        taken = await take(self.acceptor, settled)
        self.files += 1
        self.accepted += taken.accepted
        self.refused += len(taken.refused)
        SENDERS.heard(source.id, DOOR, self.folder.name, taken.accepted, len(taken.refused))
        if taken.refused:
            first = taken.refused[0]
            words = say(first.code, first.params, english=True)
            log.warning("%s: %d of %d records refused: %s", one.name, len(taken.refused), columns.total, words)

    async def _aside(self, one: Found, code: str) -> None:
        """Nothing of it can be read: it is kept for whoever looks after this."""
        self._count(code)
        self.bad += 1
        log.warning("%s in %s is put aside (%s)", one.name, self.folder.path, code)
        content = await asyncio.to_thread(files.read, self.folder, one.name)
        await asyncio.to_thread(self.shelf.put, self.folder, one.name, content, self.shelf.bad)

    def _count(self, outcome: str) -> None:
        metrics.DOOR_REQUESTS.labels(DOOR, outcome).inc()


class FoldersHandle:
    """The open door."""

    port = 0

    def __init__(self, watched: list[Watched], seconds: float) -> None:
        self.watched = watched
        self._task = asyncio.create_task(self._run(seconds), name="folders")

    async def _run(self, seconds: float) -> None:
        while True:
            for one in self.watched:
                try:
                    await one.round()
                except Exception:
                    log.exception("%s", one.folder.path)
                    one.failing = "internal error, logged"
            await asyncio.sleep(seconds)

    @property
    def failing(self) -> str:
        """What keeps files from being taken, if anything."""
        return "; ".join(f"{one.folder.path}: {one.failing}" for one in self.watched if one.failing)

    def stats(self) -> dict[str, Any]:
        """Figures for the beat."""
        names = ("files", "accepted", "refused", "bad")
        sums = {name: sum(getattr(one, name) for one in self.watched) for name in names}
        return {"folders": len(self.watched), **sums, "failing": self.failing}

    async def close(self) -> None:
        """Take nothing new. A file half done with lies where it lay, and is known by (point, time) when read again."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task


async def watch_folders(acceptor: Acceptor, config: Config, seconds: float = LOOK_SECONDS) -> FoldersHandle:
    """Watch the folders of ``config.folders``. Raises SettingError naming what is wrong in that file."""
    folders = read_folders(config.folders)
    home = config.sensing / "folders"
    try:
        watched = [Watched(one, home / one.name, acceptor) for one in folders]
    except OSError as error:
        raise SettingError(f"SHOUTU_DATA: {home}: cannot be written ({error.strerror})") from error
    return FoldersHandle(watched, seconds)
