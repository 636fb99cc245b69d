"""The store: readings in order of the journal go in, become durable, and can be asked for at once."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeVar, overload

import duckdb
import msgspec
import numpy as np

from shoutu.sensing.model import Bytes8, Floats, Ints32, Ints64
from shoutu.sensing.store import compact, query, retention
from shoutu.sensing.store.buckets import FOREVER, INT64_MIN
from shoutu.sensing.store.columns import Columns, Conflicts, concat, first_wins, warm_up
from shoutu.sensing.store.files import Files
from shoutu.sensing.store.manifest import PART, Manifest
from shoutu.sensing.store.parts import read_conflicts
from shoutu.sensing.store.query import Coarse, Readings, Steps, View
from shoutu.sensing.store.retention import Kept
from shoutu.sensing.store.settings import StoreBlocked, StoreSettings
from shoutu.sensing.store.steps import coarse, steps
from shoutu.sensing.store.tail import Tail

T = TypeVar("T")

logger = logging.getLogger(__name__)


class ConflictRow(NamedTuple):
    """A reading set aside because its (point, ts) was taken: what came, when, and what was kept."""

    point: int
    ts: int
    received: int
    value: float
    quality: int
    kept_value: float
    kept_quality: int


@dataclass(frozen=True)
class Figure:
    """The store's numbers, for metrics. Counts of readings unless the name says otherwise."""

    stored_through: int
    pending: int
    rows: int
    files: int
    parts: int
    bytes: int
    repeats: int
    conflicts: int
    expired: int
    held: int
    ignored: int
    quarantined_files: int
    quarantined: int
    flushes: int
    failures: int
    flush_seconds: float
    merges: int
    merge_seconds: float
    queries: int
    error: str


class Store:
    """History of readings in a directory of its own.

    ``add``, ``mark`` and ``flush`` belong to one thread; everything else may be called from any thread.
    Journal numbers must only grow. Raises StoreBlocked when the directory cannot be used.
    """

    def __init__(self, folder: Path, settings: StoreSettings | None = None) -> None:
        self.settings = settings or StoreSettings()
        warm_up()
        self._files = Files(folder)
        self._engine = query.Engine(folder.resolve(), self.settings.query_memory_mb)
        self._tail = Tail()
        self._frozen: list[Tail] = []
        self._offered = self._files.manifest.stored_through
        self._flushing = threading.Lock()
        self._tidying = threading.Lock()
        self._settled: dict[str, int] = {}
        self._keeper: threading.Thread | None = None
        self._stop = threading.Event()
        self.ignored = 0
        self.flushes = 0
        self.failures = 0
        self.flush_seconds = 0.0
        self.merges = 0
        self.merge_seconds = 0.0
        self.queries = 0
        self.error = ""

    # Writing

    @property
    def stored_through(self) -> int:
        """The highest journal number such that everything up to it is durably in files."""
        return self._files.manifest.stored_through

    @property
    def pending(self) -> int:
        """Readings still only in memory (and in the journal)."""
        return self._tail.rows + sum(tail.rows for tail in self._frozen)

    def add(
        self,
        seq0: int,
        point: Ints32,
        ts: Ints64,
        received: Ints64 | int,
        value: Floats,
        quality: Bytes8,
    ) -> None:
        """Take readings numbered from ``seq0`` on; copied, visible to queries at once, durable after ``flush``.

        ``ts`` and ``received`` are UTC ms (``received`` may be one for all). Numbers already taken are ignored,
        so a replay may begin anywhere. Writes out itself when ``max_pending`` is reached; raises StoreBlocked if
        that fails, having taken nothing: repeat the call later.
        """
        count = len(point)
        known = self._offered - seq0 + 1
        if known > 0:
            if known >= count:
                self.ignored += count
                return
            self.ignored += known
            point, ts, value, quality = point[known:], ts[known:], value[known:], quality[known:]
            received = received[known:] if isinstance(received, np.ndarray) else received
        if self.pending and self.pending + len(point) > self.settings.max_pending:
            self.flush()
        self._tail.append(point, ts, received, value, quality)
        self._offered = max(self._offered, seq0 + count - 1)

    def mark(self, seq: int) -> None:
        """Say that every reading up to ``seq`` has been added (ticks and switches take numbers too)."""
        self._offered = max(self._offered, seq)

    def flush(self) -> None:
        """Make everything added so far durable. Raises StoreBlocked; what was pending stays so."""
        with self._flushing:
            offered = self._offered
            if offered == self.stored_through:
                return
            begun = time.perf_counter()
            with self._files.lock:
                if self._tail.rows:
                    self._frozen.append(self._tail)
                    self._tail = Tail()
                waiting = [view for tail in self._frozen for view in tail.views()]
            try:
                self._write(waiting, offered)
            except compact.READ_ERRORS as error:
                self.failures += 1
                self.error = f"{self._files.folder}: readings cannot be written ({error}); free space on this disk"
                raise StoreBlocked(self.error) from error
            self.error = ""
            self.flushes += 1
            self.flush_seconds += time.perf_counter() - begun

    def _write(self, waiting: Sequence[Columns], offered: int) -> None:
        with compact.working(self._files, self.settings) as work:
            if waiting:
                judged = first_wins(concat(waiting))
                lo = self.stored_through + 1
                out = work.run(PART, lo, offered)
                out.write(judged.kept, judged.conflicts)
                work.repeats += judged.repeats
                work.runs.append(out.close(PART, lo, offered))
            self._files.commit(
                lambda manifest: msgspec.structs.replace(compact.replace(manifest, (), work), stored_through=offered),
                self._frozen.clear,
            )

    # Asking

    @overload
    def query(
        self, point: int, start: int = ..., end: int = ..., limit: int = ..., step: None = ..., origin: int = ...
    ) -> Readings: ...
    @overload
    def query(self, point: int, start: int, end: int, limit: int, step: int, origin: int = ...) -> Steps: ...
    def query(
        self,
        point: int,
        start: int = INT64_MIN,
        end: int = FOREVER,
        limit: int = 10_000,
        step: int | None = None,
        origin: int = 0,
    ) -> Readings | Steps:
        """A point's readings with start ≤ ts < end (UTC ms) in order of time, at most ``limit``.

        With ``step`` (ms), figures per interval instead: intervals begin at ``origin`` + k·step, are told whole
        where they touch the range, and a step of a minute or more is rounded up to whole minutes.
        Raises ValueError for a limit or step below 1.
        """
        if limit < 1 or (step is not None and step < 1):
            raise ValueError(f"limit={limit}, step={step}: expected at least 1")
        if step is None:
            return self._ask(lambda view: query.collect(view, [point], start, end, limit))[point]
        chosen = step
        return self._ask(lambda view: steps(self._engine, view, point, start, end, limit, chosen, origin))

    def query_many(self, points: Sequence[int], start: int, end: int, limit: int = 10_000) -> dict[int, Readings]:
        """``query`` without step for many points at once, ``limit`` for each."""
        if limit < 1:
            raise ValueError(f"limit={limit}: expected at least 1")
        if not points:
            return {}
        return self._ask(lambda view: query.collect(view, points, start, end, limit))

    def conflicts(self, point: int | None = None, limit: int = 1_000) -> list[ConflictRow]:
        """Readings set aside because their (point, ts) was taken by another value; those filed last first.

        For one ``point`` all there are, ``kept_value`` being what ``query`` tells. For all points, those met so
        far: within one flush at once, else when files are merged, at the latest when their day is over.
        """
        pieces = self._ask(lambda view: self._conflicts(view, point, limit))
        columns = [(*piece.reading, piece.kept_value, piece.kept_quality) for piece in pieces]
        rows = [row for cs in columns for row in zip(*(c[::-1][:limit].tolist() for c in cs), strict=True)]
        return [ConflictRow(*row) for row in rows[:limit]]

    def _conflicts(self, view: View, point: int | None, limit: int) -> list[Conflicts]:
        if point is not None:
            return [query.conflicts_of(view, point)]
        pieces: list[Conflicts] = []
        for run in sorted(view.manifest.runs, key=lambda run: run.hi, reverse=True):
            if run.aside and sum(piece.rows for piece in pieces) < limit:
                pieces.append(read_conflicts(self._files.folder / run.aside))
        return pieces

    def _ask(self, answer: Callable[[View], T]) -> T:
        """Answer from one consistent view; a file found broken is set aside and the rest answers."""
        self.queries += 1
        while True:
            with self._files.hold(self._in_memory) as (manifest, tails):
                try:
                    return answer(View(self._engine, manifest, tails))
                except (duckdb.Error, *compact.READ_ERRORS):
                    if not self._files.quarantine(list(manifest.files())):
                        raise

    def _in_memory(self) -> list[Columns]:
        return [view for tail in (*self._frozen, self._tail) for view in tail.views()]

    # Tidying

    def maintain(self, now_ms: int, all_of_it: bool = False) -> bool:
        """Do one piece of tidying (a merge, or retention); answers whether more may be waiting.

        ``now_ms`` is the wall clock (UTC ms). ``all_of_it`` also merges what would not be worth it yet.
        Raises StoreBlocked when the disk refuses; the store is as before.
        """
        with self._tidying:
            begun = time.perf_counter()
            manifest = self._files.manifest
            task = compact.plan(manifest, self.settings, now_ms, self._settled, all_of_it)
            try:
                if task is None:
                    return self._retain(manifest, now_ms)
                compact.perform(self._files, self.settings, task)
            except compact.Stale:
                return True
            except compact.READ_ERRORS as error:
                if task is not None and self._files.quarantine([run.file for run in manifest.runs]):
                    return True
                self.failures += 1
                self.error = f"{self._files.folder}: files cannot be merged ({error}); free space on this disk"
                raise StoreBlocked(self.error) from error
            if task.kind == "settle":
                self._settled[task.bucket] = now_ms
            self.merges += 1
            self.merge_seconds += time.perf_counter() - begun
            return True

    def _retain(self, manifest: Manifest, now_ms: int) -> bool:
        if retention.without_expired(manifest, self.settings, now_ms) is manifest:
            return False
        self._files.commit(lambda current: retention.without_expired(current, self.settings, now_ms))
        return True

    def due(self, now_ms: int) -> tuple[int, int] | None:
        """From when to when raw readings are past their time (``raw_hours``); None: none are."""
        found = retention.due(self._files.manifest, self.settings, now_ms)
        return (found[0].start, max(one.end for one in found)) if found else None

    def forget(self, now_ms: int, kept: Kept) -> int:
        """Remove raw readings past their time but for what is evidence; rollups stay. Answers how many buckets wait.

        ``kept`` must speak of all the time that ``due`` told. Raises StoreBlocked when the disk refuses.
        """
        waiting = 0
        with self._tidying:
            for one in retention.due(self._files.manifest, self.settings, now_ms):
                try:
                    waiting += not retention.forget(self._files, self.settings, one, kept)
                except compact.Stale:
                    waiting += 1
                except compact.READ_ERRORS as error:
                    if self._files.quarantine([one.run.file]):
                        continue
                    self.failures += 1
                    self.error = f"{self._files.folder}: old readings cannot be removed ({error}); free space there"
                    raise StoreBlocked(self.error) from error
        return waiting

    def gone(self, start: int, end: int) -> list[Coarse]:
        """Stretches within start ≤ ts < end of which only rollups are left, but for what is kept as evidence."""
        return coarse(self._files.manifest, start, end)

    def whole_since(self, start: int, end: int) -> int:
        """From when on within start ≤ ts < end every reading is still there: what lies before looks like silence."""
        return max((one.end for one in self.gone(start, end)), default=start)

    def settle(self, now_ms: int) -> None:
        """Flush and merge everything there is to merge: one file a day, all repeats and conflicts found."""
        self.flush()
        while self.maintain(now_ms, all_of_it=True):
            pass

    def start_keeper(self, clock: Callable[[], int], every_s: float = 5.0) -> None:
        """Tidy in a thread of its own until ``close``; rests at least as long as it worked."""
        if self._keeper is None:
            self._keeper = threading.Thread(target=self._keep, args=(clock, every_s), name="store-keeper", daemon=True)
            self._keeper.start()

    def _keep(self, clock: Callable[[], int], every_s: float) -> None:
        pause = every_s
        while not self._stop.wait(pause):
            begun = time.perf_counter()
            try:
                more = self.maintain(clock())
            except StoreBlocked:
                more = False
            except Exception as error:  # the keeper must outlive whatever one task meets; it is counted and shown
                self.failures += 1
                self.error = f"{self._files.folder}: tidying failed ({error!r})"
                logger.exception("the history store could not be tidied")
                more = False
            worked = time.perf_counter() - begun
            pause = worked if more else max(every_s, worked)

    # Looking after it

    @property
    def problems(self) -> list[str]:
        """What was found broken since opening, one sentence each."""
        return list(self._files.problems)

    def figures(self) -> Figure:
        """The numbers at this moment."""
        m = self._files.manifest
        named = m.files()
        return Figure(
            stored_through=m.stored_through,
            pending=self.pending,
            rows=sum(run.rows for run in m.runs),
            files=len(named),
            parts=sum(run.bucket == PART for run in m.runs),
            bytes=sum(named.values()),
            repeats=m.repeats,
            conflicts=sum(run.aside_rows for run in m.runs),
            expired=m.expired,
            held=m.held,
            ignored=self.ignored,
            quarantined_files=len(m.quarantined),
            quarantined=sum(q.rows for q in m.quarantined),
            flushes=self.flushes,
            failures=self.failures,
            flush_seconds=self.flush_seconds,
            merges=self.merges,
            merge_seconds=self.merge_seconds,
            queries=self.queries,
            error=self.error,
        )

    def close(self) -> None:
        """Stop tidying, flush, let go of the directory. Raises StoreBlocked if the last flush fails (the journal
        still has what was pending); the directory is let go all the same."""
        self._stop.set()
        if self._keeper is not None:
            self._keeper.join()
        try:
            self.flush()
        finally:
            self._engine.close()
            self._files.close()
