"""The files on disk as one consistent set: opening, committing a change, deleting what nobody reads any more."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec
import pyarrow.parquet as pq

from shoutu.sensing.store import manifest as manifests
from shoutu.sensing.store.manifest import FOLDERS, Manifest, Quarantined, Rollup, Run
from shoutu.sensing.store.parts import check, describe
from shoutu.sensing.store.settings import StoreBlocked

T = TypeVar("T")


class Files:
    """Owner of the store's directory. ``manifest`` is replaced as a whole; a reader holds the one it has seen.

    Raises StoreBlocked when another process has the directory open or it cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = threading.Lock()
        self._committing = threading.Lock()
        self._readers: dict[int, int] = {}
        self._tokens = 0
        self._doomed: list[tuple[int, list[str]]] = []
        self.problems: list[str] = []
        try:
            for name in (*FOLDERS, "quarantine"):
                (folder / name).mkdir(parents=True, exist_ok=True)
            self._guard = self._only_one()
            self.manifest = self._open()
        except OSError as error:
            raise StoreBlocked(
                f"{folder}: {error.strerror or error}; the history store needs to write there"
            ) from error
        self._next = self.manifest.next_file

    def _only_one(self) -> int:
        descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise StoreBlocked(
                f"{self.folder}: another process has this history store open; stop it or use another directory"
            ) from None
        return descriptor

    def _open(self) -> Manifest:
        try:
            found = manifests.load(self.folder)
        except manifests.ManifestBroken as error:
            self.problems.append(str(error))
            os.replace(self.folder / manifests.MANIFEST, self.folder / f"manifest.broken-{time.time_ns()}")
            found = None
        names = {f"{name}/{path.name}" for name in FOLDERS for path in (self.folder / name).glob("*.parquet")}
        start = found or self._rebuild(names)
        bad = {file: why for file, size in start.files().items() if (why := check(self.folder / file, size))}
        opened = self._without(start, bad)
        if found is None or bad:
            manifests.save(self.folder, opened)
        for orphan in names - opened.files().keys():
            (self.folder / orphan).unlink(missing_ok=True)
        (self.folder / f"{manifests.MANIFEST}.new").unlink(missing_ok=True)
        return opened

    def _rebuild(self, names: Iterable[str]) -> Manifest:
        """A manifest made from the files alone. Inputs of an unfinished merge may be beside its outputs: equal
        readings then meet again and are judged repeats."""
        runs, bad, number = [], [], 0
        for file in sorted(names):
            told = manifests.parse_name(file)
            if told is None:
                continue
            bucket, lo, hi, at = told
            number = max(number, at)
            why = check(self.folder / file, None, deep=True)
            if why:
                bad.append(self._set_aside(file, why, 0))
            else:
                run = describe(self.folder / file, file, bucket, lo, hi)
                runs.append(self._with_aside(run) if manifests.aside_name(file) in names else run)
        runs.sort(key=lambda run: (run.lo, run.hi))
        rollups, highest = self._rollups_left(names, runs)
        return Manifest(
            stored_through=max((run.hi for run in runs), default=0),
            next_file=max(number, highest) + 1,
            runs=tuple(runs),
            rollups=rollups,
            quarantined=tuple(bad),
        )

    def _rollups_left(self, names: Iterable[str], runs: Iterable[Run]) -> tuple[tuple[Rollup, ...], int]:
        """Rollups that tell of more than the raw readings still there, and the highest number any has.

        All others are made again of their readings; these tell what is gone.
        """
        rows = Counter[str]()
        for run in runs:
            rows[run.bucket] += run.rows
        newest: dict[str, int] = {}
        for told in filter(None, map(manifests.parse_rollup, names)):
            newest[told[0]] = max(newest.get(told[0], 0), told[1])
        found = []
        for bucket, number in sorted(newest.items()):
            minute, hour = (
                file if not check(self.folder / file, None, deep=True) else ""
                for file in manifests.rollup_names(bucket, number)
            )
            if not minute and not hour:
                continue
            told_of = pq.read_table(self.folder / (minute or hour), columns=["n"]).column("n").to_numpy().sum()
            if told_of > rows[bucket]:
                sizes = tuple((self.folder / file).stat().st_size if file else 0 for file in (minute, hour))
                found.append(Rollup(bucket, "", minute, hour, (sizes[0], sizes[1])))
        return tuple(found), max(newest.values(), default=0)

    def _with_aside(self, run: Run) -> Run:
        file = manifests.aside_name(run.file)
        path = self.folder / file
        if check(path, None, deep=True):
            return run  # half-written, or broken: the orphans' fate
        rows = int(pq.read_metadata(path).num_rows)
        return msgspec.structs.replace(run, aside=file, aside_rows=rows, aside_size=path.stat().st_size)

    def _set_aside(self, file: str, why: str, rows: int) -> Quarantined:
        self.problems.append(f"{file}: {why}; {rows} readings are not served (see quarantine/)")
        path = self.folder / file
        if path.exists():
            os.replace(path, self.folder / "quarantine" / f"{time.time_ns()}-{path.name}")
        return Quarantined(file, why, rows, int(time.time() * 1000))

    def _without(self, manifest: Manifest, bad: dict[str, str]) -> Manifest:
        """The manifest without files that cannot be used, each reported and moved to quarantine."""
        if not bad:
            return manifest
        for run in manifest.runs:
            if run.file in bad and run.aside:
                bad.setdefault(run.aside, f"belongs to {run.file}")
        rows = {file: n for r in manifest.runs for file, n in ((r.file, r.rows), (r.aside, r.aside_rows))}
        aside = tuple(self._set_aside(file, why, rows.get(file, 0)) for file, why in bad.items())
        rollups = []
        for rollup in manifest.rollups:
            if rollup.minute in bad or rollup.hour in bad:
                if rollup.source and rollup.source not in bad:
                    continue  # made again from the day's readings
                rollup = msgspec.structs.replace(
                    rollup,
                    minute="" if rollup.minute in bad else rollup.minute,
                    hour="" if rollup.hour in bad else rollup.hour,
                )
            if rollup.source in bad:
                rollup = msgspec.structs.replace(rollup, source="")
            if rollup.minute or rollup.hour:
                rollups.append(rollup)
        return msgspec.structs.replace(
            manifest,
            runs=tuple(
                msgspec.structs.replace(run, aside="", aside_rows=0, aside_size=0) if run.aside in bad else run
                for run in manifest.runs
                if run.file not in bad
            ),
            rollups=tuple(rollups),
            quarantined=manifest.quarantined + aside,
        )

    def number(self) -> int:
        """A number for a new file, never used twice in this store."""
        with self.lock:
            self._next += 1
            return self._next - 1

    def commit(self, change: Callable[[Manifest], Manifest], swapped: Callable[[], None] | None = None) -> None:
        """Make a change of the manifest durable, then visible, together with ``swapped``. Raises OSError."""
        with self._committing:
            old = self.manifest
            new = change(old)
            new = msgspec.structs.replace(new, generation=old.generation + 1, next_file=self._next)
            manifests.save(self.folder, new)
            with self.lock:
                self.manifest = new
                if swapped is not None:
                    swapped()
                gone = sorted(old.files().keys() - new.files().keys())
                if gone:
                    self._doomed.append((new.generation, gone))
        self._sweep()

    @contextmanager
    def hold(self, look: Callable[[], T]) -> Iterator[tuple[Manifest, T]]:
        """The manifest, and what ``look`` finds at the same instant; its files stay until the block ends."""
        with self.lock:
            manifest, seen = self.manifest, look()
            self._tokens += 1
            token = self._tokens
            self._readers[token] = manifest.generation
        try:
            yield manifest, seen
        finally:
            with self.lock:
                del self._readers[token]
            self._sweep()

    def _sweep(self) -> None:
        """Delete files dropped by a commit that every reader has seen."""
        if not self._doomed:
            return
        with self.lock:
            oldest = min(self._readers.values(), default=2**63)
            ready = [files for generation, files in self._doomed if generation <= oldest]
            self._doomed = [item for item in self._doomed if item[0] > oldest]
        for file in (file for files in ready for file in files):
            (self.folder / file).unlink(missing_ok=True)

    def quarantine(self, files: Iterable[str]) -> int:
        """Verify files in depth; set aside and report those that fail. Answers how many. Raises OSError."""
        sizes = self.manifest.files()
        suspects = {file: check(self.folder / file, sizes[file], deep=True) for file in files if file in sizes}
        bad = {file: why for file, why in suspects.items() if why}
        if bad:
            self.commit(lambda manifest: self._without(manifest, bad))
        return len(bad)

    def close(self) -> None:
        os.close(self._guard)
