"""A backup's hold on a pipeline at work: whatever happens between two of its steps, the copies fit each other."""

from __future__ import annotations

import contextlib
import os
import random
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shoutu.sensing.checkpoint import Checkpoints, Facts
from shoutu.sensing.journal import Journal
from shoutu.sensing.journal_records import Readings
from shoutu.sensing.model import Batch
from shoutu.sensing.pins import CannotHold, Hold, Slipped, hold_first, hold_last
from shoutu.sensing.spool import Spool
from shoutu.sensing.store import Store


def raises(seq: int) -> bool:
    """Which readings raise a signal."""
    return seq % 3 == 0


class Pipeline:
    """The real journal, checkpoints, spool and store, moved a step at a time; `county` has the signals it was told."""

    def __init__(self, data: Path, chance: random.Random) -> None:
        sensing = data / "sensing"
        self.journal = Journal(sensing / "journal", segment_bytes=400)
        self.spool = Spool(sensing / "spool", segment_bytes=300)
        self.checkpoints = Checkpoints(sensing / "checkpoint")
        self.store = Store(sensing / "store")
        self.county: set[int] = set()
        self.readings: set[int] = set()
        self.evaluated = self.added = 1
        self.chance = chance
        self.moves = [
            self.take,
            self.take,
            self.evaluate,
            self.checkpoint,
            self.deliver,
            self.add,
            self.flush,
            self.merge,
        ]

    def move(self, most: int = 3) -> None:
        for _ in range(self.chance.randint(0, most)):
            self.chance.choice(self.moves)()
            self.journal.drop_below(min(self.checkpoints.oldest_seq(), self.store.stored_through + 1))

    def take(self) -> None:
        n = self.chance.randint(1, 4)
        at = np.arange(self.journal.next_seq, self.journal.next_seq + n, dtype=np.int64)
        batch = Batch(np.ones(n, np.int32), at, at.astype(float), np.zeros(n, np.uint8), 1, 1, "http")
        self.journal.commit([batch])
        self.readings |= set(at.tolist())

    def evaluate(self) -> None:
        for record in records(self.journal, self.evaluated):
            self.spool.append([{"seq": seq} for seq in signals(record)])
            self.evaluated = record.seq + record.count

    def checkpoint(self) -> None:
        if self.evaluated > 1:
            self.checkpoints.write(Facts(self.evaluated, 0, self.spool.next_index), [b"engine"], b"", [])

    def deliver(self) -> None:
        told, end = self.spool.peek(2)
        self.county |= {int(one["seq"]) for one in told}
        if self.chance.random() < 0.8:
            self.spool.taken(end)

    def add(self) -> None:
        for r in records(self.journal, self.added):
            self.store.add(r.seq, r.point, r.ts, r.received, r.value, r.quality)
            self.added = r.seq + r.count
        self.store.mark(self.added - 1)

    def flush(self) -> None:
        self.store.flush()

    def merge(self) -> None:
        self.store.maintain(10**15, all_of_it=True)

    def all_of_it(self) -> None:
        """A reading goes all the way between two steps."""
        for move in (self.take, self.evaluate, self.checkpoint, self.add, self.flush):
            move()

    def close(self) -> None:
        self.journal.close()
        self.spool.close()
        self.store.close()


def records(journal: Journal, start: int) -> list[Readings]:
    reader = journal.reader(start)
    try:
        return [record for record in reader.read() if isinstance(record, Readings)]
    finally:
        reader.close()


def signals(record: Readings) -> list[int]:
    return [seq for seq in range(record.seq, record.seq + record.count) if raises(seq)]


@dataclass
class Disturbed(Hold):
    """Between any two files it holds, the pipeline goes on."""

    pipeline: Pipeline | None = field(default=None)

    def take(self, path: Path, grows: bool = False) -> bool:
        if self.pipeline is not None:
            self.pipeline.move(2)
        found = super().take(path, grows)
        if self.pipeline is not None:
            self.pipeline.move(2)
        return found


def copied(hold: Hold, to: Path) -> Path:
    for held in hold.files.values():
        path = to / held.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.pread(held.descriptor, held.size, 0))
    return to / "sensing"


def check(sensing: Path, county: set[int], acknowledged: set[int], all_readings: set[int]) -> None:
    """What a restored pipeline and county make of the copies."""
    spool = Spool(sensing / "spool")
    newest = next(Checkpoints(sensing / "checkpoint").load(), None)
    start, spooled = (newest.facts.seq, newest.facts.spool) if newest else (1, 1)
    assert spooled <= spool.next_index, "the checkpoint is ahead of the spool"
    store = Store(sensing / "store")
    journal = Journal(sensing / "journal", floor=1)
    end = journal.next_seq
    assert max(county, default=0) < end, "the county knows of records the journal does not have"
    assert max(start, store.stored_through + 1, spool.high_seq + 1) <= end
    within = {seq for seq in all_readings if seq < end}
    assert acknowledged <= within

    kept = set(store.query(1, limit=10**6).ts.tolist())
    for record in records(journal, store.stored_through + 1):
        kept |= set(range(record.seq, record.seq + record.count))
    assert kept == within

    told, _end = spool.peek(10**6)
    replayed = [seq for record in records(journal, start) for seq in signals(record) if seq > spool.high_seq]
    assert journal.log.missing == spool.log.missing == 0
    assert len(replayed) == len(set(replayed))
    assert county | {int(one["seq"]) for one in told} | set(replayed) == {seq for seq in within if raises(seq)}
    for part in (journal, spool, store):
        part.close()


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32))
@example(86)  # a segment of the spool grew, was followed and dropped between the two looks at the folder
@example(496)  # so did all that was new of the journal
@example(2395670)  # a first journal began and went while the rest was held
def test_copies_fit_each_other_whatever_happens_between_the_steps(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    folder = tmp_path_factory.mktemp("pins")
    chance = random.Random(seed)
    pipeline = Pipeline(folder / "var", chance)
    for _ in range(chance.randint(0, 12)):
        pipeline.move(4)
    acknowledged = set(pipeline.readings)
    for attempt in range(100):
        # One that outruns every attempt has more files each time, and is outrun by none: at last it rests in between.
        beside = pipeline if attempt < 90 else None
        with contextlib.suppress(Slipped), Disturbed(folder / "var", pipeline=beside) as hold:
            hold_first(hold, folder / "var" / "sensing")
            pipeline.move()
            county = set(pipeline.county)
            pipeline.move()
            hold_last(hold, folder / "var" / "sensing")
            for _ in range(5):
                pipeline.move(4)
            sensing = copied(hold, folder / "copy")
            break
    check(sensing, county, acknowledged, pipeline.readings)
    pipeline.close()


def test_nothing_there_yet_is_held_as_nothing(tmp_path: Path) -> None:
    with Hold(tmp_path) as hold:
        hold_first(hold, tmp_path / "sensing")
        hold_last(hold, tmp_path / "sensing")
        assert hold.files == {}


def test_broken_manifest_is_named(tmp_path: Path) -> None:
    store = tmp_path / "sensing" / "store"
    store.mkdir(parents=True)
    (store / "manifest.json").write_bytes(b"00000000\n{}")
    with Hold(tmp_path) as hold, pytest.raises(CannotHold, match=r"manifest\.json"):
        hold_first(hold, tmp_path / "sensing")


def test_store_file_that_is_missing_is_told(tmp_path: Path) -> None:
    pipeline = Pipeline(tmp_path, random.Random(1))
    pipeline.take()
    pipeline.add()
    pipeline.flush()
    next((tmp_path / "sensing/store/raw").iterdir()).unlink()
    with Hold(tmp_path) as hold, pytest.raises(CannotHold, match="cannot be opened"):
        hold_first(hold, tmp_path / "sensing")
    pipeline.close()
