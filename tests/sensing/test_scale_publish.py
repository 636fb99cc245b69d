"""Following a journal that another writes, and publishing its parts: nothing unacknowledged, nothing left out."""

from __future__ import annotations

import errno
import itertools
import logging
import shutil
import tempfile
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shoutu.sensing.catalog import KEPT, Catalog, read_delta
from shoutu.sensing.journal import Item, Journal, NewSwitch, NewTick
from shoutu.sensing.journal_records import Readings, Record, Switch, Tick
from shoutu.sensing.model import Batch, NotDurable
from shoutu.sensing.scale import Part, ShardEngine, Splitter
from shoutu.sensing.scale.follow import Follower
from shoutu.sensing.scale.publish import READINGS, Publisher

SWITCH = msgspec.json.encode({
    "version": 1, "full": True,
    "points": [{"id": n, "source": 1, "site": n, "item": "co", "interval_s": 20} for n in (1, 2)],
    "rules": [
        {"id": n, "version": 1, "point": n, "kind": "no_data", "params": {"after_s": 60, "level": 1}} for n in (1, 2)
    ],
})  # fmt: skip
MINUTE = 60_000


def batch(n: int, ts: int = 1_000) -> Batch:
    k = np.arange(n)
    return Batch(
        (1 + k % 2).astype(np.int32), ts + k.astype(np.int64), k / 7.0, np.zeros(n, np.uint8), ts + n, 1, "http"
    )  # fmt: skip


class Disk:
    """A disk whose next sync fails when told to."""

    fails = False

    def sync(self, _: int) -> None:
        if self.fails:
            self.fails = False
            raise OSError(errno.EIO, "made to fail")


def flat(records: list[Record]) -> list[tuple[Any, ...]]:
    """Every number with what it is, however readings are put together."""
    found: list[tuple[Any, ...]] = []
    for record in records:
        if isinstance(record, Readings):
            rows = zip(record.point.tolist(), record.ts.tolist(), record.value.tolist(), strict=True)
            found += [(record.seq + at, *row) for at, row in enumerate(rows)]
        else:
            found.append((record.seq, record.now if isinstance(record, Tick) else record.delta))
    return found


def acknowledged(journal: Journal) -> list[tuple[Any, ...]]:
    reader = journal.reader(1)
    found: list[Record] = []
    while read := reader.read():
        found += read
    reader.close()
    return flat(found)


DEEDS = ("readings", "readings", "tick", "tick", "tick", "switch", "fails", "opened", "read", "read", "again")
deeds = st.lists(st.sampled_from(DEEDS), max_size=40)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(deeds)
def test_only_what_was_acknowledged_is_given_and_all_of_it(deeds: list[str]) -> None:
    """Over failed syncs, which give a segment up, journals opened again, and followers begun again."""
    with tempfile.TemporaryDirectory() as name:
        folder, keep, disk, clock = Path(name) / "journal", Path(name) / "keep", Disk(), itertools.count(1)
        journal = Journal(folder, segment_bytes=400, sync=disk.sync)
        journal.commit([NewTick(0)])
        follower, given = Follower(folder, keep), []
        for deed in [*deeds, "tick"]:
            if deed in ("readings", "tick", "switch", "fails"):
                # A tick is never on its way together with another: the clock waits for it.
                item: Item = NewSwitch(SWITCH) if deed == "switch" else NewTick(next(clock))
                disk.fails = deed == "fails"
                try:
                    journal.commit({"fails": [batch(3), item], "readings": [batch(5)]}.get(deed, [item]))
                except NotDurable:
                    assert deed == "fails"
            elif deed == "opened":
                journal.close()
                journal = Journal(folder, segment_bytes=400, sync=disk.sync)
            elif deed == "read":
                given += follower.read()
                assert flat(given) == acknowledged(journal)[: len(flat(given))]
            else:
                follower = Follower(folder, keep, follower.seq)
        given += follower.read()
        given += follower.read(whole=True)
        assert flat(given) == acknowledged(journal)
        journal.close()


def test_what_stands_after_the_last_tick_but_one_waits(tmp_path: Path) -> None:
    """It could be taken back: its sync may still fail."""
    journal = Journal(tmp_path / "journal")
    journal.commit([NewSwitch(SWITCH), NewTick(1), batch(2)])
    follower = Follower(tmp_path / "journal", tmp_path / "keep")
    assert follower.read() == []
    journal.commit([batch(1), NewTick(2), batch(1)])
    assert [record.seq for record in follower.read()] == [1, 2]
    assert follower.read() == []
    assert [record.seq for record in follower.read(whole=True)] == [3, 5, 6, 7]


def test_segments_the_pipeline_drops_are_kept_as_long_as_they_are_needed(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal", segment_bytes=200)
    follower = Follower(made(journal, 10), tmp_path / "keep")
    follower.read()
    journal.drop_below(journal.next_seq)
    assert len(list((tmp_path / "journal").glob("*.log"))) == 1
    again = Follower(tmp_path / "journal", tmp_path / "keep")
    assert [record.seq for record in again.read(whole=True)] == list(range(1, 11))
    again.let_go(again.seq)
    assert len(list((tmp_path / "keep").glob("*.log"))) == 1
    made(journal, 3)
    assert [record.seq for record in again.read(whole=True)] == [11, 12, 13]


def made(journal: Journal, ticks: int) -> Path:
    for at in range(ticks):
        journal.commit([NewTick(MINUTE * (journal.next_seq + at))])
    return journal.log.directory


def test_a_folder_without_a_journal_and_one_begun_anew_are_refused(tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir()
    with pytest.raises(FileNotFoundError, match="no segment there; expected the folder `sensing/journal`"):
        Follower(tmp_path / "journal", tmp_path / "keep")
    folder = made(Journal(tmp_path / "journal"), 1)
    follower = Follower(folder, tmp_path / "keep")
    follower.read()
    shutil.rmtree(folder)
    journal = Journal(folder)
    journal.log.next_seq = 5  # its segment has another name
    made(journal, 1)
    with pytest.raises(ValueError, match="is of another journal, begun anew since"):
        follower.read()


class Kafka:
    """Keeps parts as bytes; what is sent since the last ``settle`` may be cut off, as a kill cuts it."""

    def __init__(self) -> None:
        self.kept: list[Part] = []
        self.waiting: list[Part] = []
        self.settles_before_kill = -1

    def settle(self) -> None:
        if self.settles_before_kill == 0:
            raise ConnectionError("killed")
        self.settles_before_kill -= 1
        self.kept += self.waiting
        self.waiting = []

    def said(self) -> list[bytes]:
        engines: dict[int, ShardEngine] = {}
        found = []
        for part in self.kept:
            engine = engines.setdefault(part.shard, ShardEngine(part.identity, part.shard))
            found += engine.take(part)
        assert {engine.missed for engine in engines.values()} == {0}
        return sorted(map(msgspec.json.encode, found))


def publisher(tmp_path: Path, kafka: Kafka, shards: int = 2) -> Publisher:
    return Publisher(tmp_path / "journal", tmp_path / "place", shards, kafka.waiting.append, kafka.settle)


def hours(journal: Journal) -> None:
    journal.commit([NewSwitch(SWITCH)])
    for minute in range(8):
        journal.commit([batch(4, MINUTE * minute)] if minute in (0, 4) else [])
        journal.commit([NewTick(MINUTE * (minute + 1))])


@pytest.mark.parametrize("noted", [True, False])
def test_killed_at_any_step_the_shards_say_the_same(tmp_path: Path, noted: bool) -> None:
    """Before or after Kafka has what was sent; the place is not noted then."""
    journal = Journal(tmp_path / "journal", segment_bytes=300)
    kafka, calm = Kafka(), Kafka()
    hours(journal)
    whole = Publisher(journal.log.directory, tmp_path / "calm", 2, calm.waiting.append, calm.settle)
    whole.run_through()
    for _ in range(3):
        one = publisher(tmp_path, kafka)
        kafka.settles_before_kill = 0
        with pytest.raises(ConnectionError):
            one.step()
        kafka.kept += kafka.waiting if noted else []
        kafka.waiting.clear()
        kafka.settles_before_kill = -1
    publisher(tmp_path, kafka).run_through()
    assert len(kafka.kept) > len(calm.kept) or not noted
    assert kafka.said() == calm.said() != []


def test_it_goes_on_where_it_was(tmp_path: Path) -> None:
    journal, kafka = Journal(tmp_path / "journal"), Kafka()
    hours(journal)
    publisher(tmp_path, kafka).run_through()
    before = len(kafka.kept)
    publisher(tmp_path, kafka).run_through()
    assert len(kafka.kept) == before
    made(journal, 1)
    publisher(tmp_path, kafka).run_through()
    assert [part.seq for part in kafka.kept[before:]] == [journal.next_seq - 1] * 2


def test_it_goes_on_between_the_parts_of_a_long_change(tmp_path: Path) -> None:
    """Of which nothing is in force before the last, for any shard."""
    journal, kafka, whole = Journal(tmp_path / "journal"), Kafka(), Kafka()
    told = list(read_delta(SWITCH).cut(100))
    for part in told:
        journal.commit([NewSwitch(part), NewTick(MINUTE)])
        publisher(tmp_path, kafka).run_through()
    hours(journal)
    publisher(tmp_path, kafka).run_through()
    Publisher(journal.log.directory, tmp_path / "once", 2, whole.waiting.append, whole.settle).run_through()
    assert len(told) > 1
    assert [part.seq for part in kafka.kept if isinstance(part.record, Switch)][:2] == [2 * len(told) - 1] * 2
    assert [part.encode() for part in kafka.kept] == [part.encode() for part in whole.kept]


def test_where_the_start_is_gone_the_catalog_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A publisher set up beside a pipeline that has run for long."""
    journal, kafka = Journal(tmp_path / "journal", segment_bytes=200), Kafka()
    hours(journal)
    journal.drop_below(9)
    first = journal.log.segments[0].first
    with pytest.raises(FileNotFoundError, match=f"{KEPT}: not there"):
        publisher(tmp_path, kafka).run_through()
    Catalog().merged(read_delta(SWITCH)).save(tmp_path / KEPT)
    kafka.waiting.clear()
    with caplog.at_level(logging.ERROR):
        publisher(tmp_path, kafka).run_through()
    assert f"the journal has no records 1 to {first - 1}" in caplog.text
    told = [part for part in kafka.kept if isinstance(part.record, Switch)]
    assert [(part.seq, part.shard) for part in told] == [(first - 1, 0), (first - 1, 1)]
    assert [[p["id"] for p in read_delta(part.record.delta).points] for part in told] == [[2], [1]]
    assert kafka.said() != []


def test_a_place_of_another_journal_or_number_of_shards_is_refused(tmp_path: Path) -> None:
    hours(Journal(tmp_path / "journal"))
    publisher(tmp_path, Kafka()).run_through()
    with pytest.raises(ValueError, match=r"shards: 3, but .* was begun with 2, for good"):
        publisher(tmp_path, Kafka(), shards=3)
    shutil.rmtree(tmp_path / "journal")
    hours(Journal(tmp_path / "journal"))
    with pytest.raises(ValueError, match=r"is the place in another journal .* remove that folder"):
        publisher(tmp_path, Kafka())


def test_many_readings_become_parts_that_fit(tmp_path: Path) -> None:
    journal, kafka = Journal(tmp_path / "journal"), Kafka()
    journal.commit([NewSwitch(SWITCH), batch(2 * READINGS + 5)])
    publisher(tmp_path, kafka).run_through()
    readings = [part for part in kafka.kept if isinstance(part.record, Readings)]
    assert sum(part.record.count for part in readings) == 2 * READINGS + 5
    assert max(len(part.encode()) for part in readings) < 700_000
    whole = Splitter(readings[0].identity, 2)
    assert whole.take(Switch(1, SWITCH))[0].encode() == kafka.kept[0].encode()
