"""The journal gives back what was committed, in one order, and never a record that was not."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shoutu.sensing.journal import Journal, NewSwitch, NewTick
from shoutu.sensing.journal_records import Readings, Record, Switch, Tick
from shoutu.sensing.model import Batch, NotDurable


def batch(n: int, start: int = 0, received: int = 1_000, source: int = 3) -> Batch:
    ids = np.arange(start, start + n)
    return Batch(
        (ids % 50 + 1).astype(np.int32),
        (1_793_500_000_000 + ids * 1000).astype(np.int64),
        ids * 0.5,
        (ids % 4).astype(np.uint8),
        received,
        source,
        "http",
    )


def flat(records: list[Record]) -> list[tuple[object, ...]]:
    """Each number's content, so that journals compare whatever their framing."""
    rows: list[tuple[object, ...]] = []
    for record in records:
        if isinstance(record, Tick):
            rows.append((record.seq, "tick", record.now))
        elif isinstance(record, Switch):
            rows.append((record.seq, "switch", bytes(record.delta)))
        else:
            columns = (record.point, record.ts, record.received, record.value, record.quality)
            for i, row in enumerate(zip(*(c.tolist() for c in columns), strict=True)):
                rows.append((record.seq + i, "reading", *row))
    return rows


def read_all(journal: Journal, seq: int = 1) -> list[Record]:
    reader = journal.reader(seq)
    records: list[Record] = []
    while more := reader.read():
        records += more
    reader.close()
    return records


def test_gives_back_what_was_committed_in_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    made = journal.commit([batch(3), batch(2, 10, received=2_000), NewTick(5), NewSwitch(b"{}"), batch(1)])
    made += journal.commit([NewTick(6)])
    assert [r.seq for r in made] == [1, 6, 7, 8, 9]
    assert flat(read_all(journal)) == flat(made)
    assert read_all(journal)[0].received.tolist() == [1000] * 3 + [2000] * 2
    journal.close()
    again = Journal(tmp_path)
    assert again.next_seq == 10
    assert flat(read_all(again)) == flat(made)
    assert flat(read_all(again, 4)) == flat(made)[3:]


def test_reader_follows_a_journal_that_grows_over_segments(tmp_path: Path) -> None:
    journal = Journal(tmp_path, segment_bytes=2_000)
    reader = journal.reader(1)
    seen: list[Record] = []
    made: list[Record] = []
    for i in range(40):
        made += journal.commit([batch(10, i * 10), NewTick(i)])
        if i % 3 == 0:
            seen += reader.read()
    seen += reader.read()
    assert flat(seen) == flat(made)
    assert len(journal.log.segments) > 5
    journal.drop_below(200)
    assert flat(read_all(journal, 200)) == flat(made)[199:]
    assert journal.log.missing == 0


class Medium:
    """The sync of a disk that can be told to fail, as a broken one does."""

    def __init__(self) -> None:
        self.error: int | None = None

    def sync(self, descriptor: int) -> None:
        os.fdatasync(descriptor)
        if self.error is not None:
            raise OSError(self.error, os.strerror(self.error))


def test_failed_sync_gives_the_segment_up_and_keeps_nothing_of_it(tmp_path: Path) -> None:
    medium = Medium()
    journal = Journal(tmp_path, sync=medium.sync)
    first = journal.commit([batch(5)])
    medium.error = errno.EIO
    for _ in range(3):
        with pytest.raises(NotDurable, match=r"cannot be synced|no new segment"):
            journal.commit([batch(5, 100)])
    medium.error = None
    second = journal.commit([batch(5, 200)])
    assert second[0].seq == 6, "numbers of refused readings are free again"
    assert len(journal.log.segments) == 2
    assert flat(read_all(journal)) == flat(first + second)
    journal.close()
    assert flat(read_all(Journal(tmp_path))) == flat(first + second)


def test_long_torn_tail_is_cut_once_and_never_met_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    first = journal.commit([batch(5)])
    journal.close()
    path = next(tmp_path.glob("*.log"))
    size = path.stat().st_size
    with path.open("ab") as file:
        file.write(b"\xf5SJ\x1a" * 5_000)
    again = Journal(tmp_path)
    assert path.stat().st_size == size
    assert len(again.log.damaged) == 1
    assert (tmp_path / "quarantine" / f"{path.stem}-{size}.bad").stat().st_size == 20_000
    second = again.commit([NewTick(3)])
    again.close()
    third = Journal(tmp_path)
    assert third.log.damaged == {}
    assert flat(read_all(third)) == flat(first + second)
    assert third.log.damaged == {}


def test_segment_whose_name_may_not_be_durable_takes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(directory: Path) -> None:
        raise OSError(errno.EIO, "broken")

    journal = Journal(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr("shoutu.sensing.journal_log.sync_folder", broken)
        with pytest.raises(NotDurable, match="no new segment"):
            journal.commit([batch(5)])
    assert list(tmp_path.glob("*.log")) == []
    made = journal.commit([batch(5)])
    assert made[0].seq == 1
    assert flat(read_all(journal)) == flat(made)


def test_room_is_proved_and_given_back(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    first = journal.commit([batch(5)])
    path = next(tmp_path.glob("*.log"))
    size = path.stat().st_size
    journal.room(1 << 20)
    assert (path.stat().st_size, path.stat().st_blocks <= 16) == (size, True)
    with pytest.raises(NotDurable, match="no room for 4611686018427387904 bytes"):
        journal.room(1 << 62)
    assert path.stat().st_size == size
    second = journal.commit([NewTick(7)])
    assert flat(read_all(journal)) == flat(first + second)
    journal.close()
    assert flat(read_all(Journal(tmp_path))) == flat(first + second)


def test_floor_skips_numbers_that_were_used_elsewhere(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.commit([batch(5)])
    journal.close()
    again = Journal(tmp_path, floor=100)
    assert again.commit([NewTick(1)])[0].seq == 100
    records = read_all(again)
    assert [r.seq for r in records] == [1, 100]
    assert again.log.missing == 94


def test_file_that_may_not_grow_refuses_and_recovers(tmp_path: Path) -> None:
    """RLIMIT_FSIZE in a child: a real short write, cut back, then room again."""
    import subprocess
    import sys

    code = """
import resource, sys
from pathlib import Path
from tests.sensing.test_journal import batch, flat, read_all
from shoutu.sensing.journal import Journal
from shoutu.sensing.model import NotDurable
journal = Journal(Path(sys.argv[1]))
made = journal.commit([batch(10)])
size = journal.log.segments[-1].path.stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 1000, resource.RLIM_INFINITY))
refused = 0
for _ in range(5):
    try:
        journal.commit([batch(500)])
    except NotDurable:
        refused += 1
assert refused == 5, refused
assert journal.log.segments[-1].path.stat().st_size == size, "the partial frame is cut back"
made += journal.commit([batch(2, 30)])
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
made += journal.commit([batch(500, 50)])
assert flat(read_all(journal)) == flat(made)
journal.close()
assert flat(read_all(Journal(Path(sys.argv[1])))) == flat(made)
print("ok")
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.strip() == "ok", done.stderr


items = st.lists(
    st.one_of(
        st.integers(1, 40).map(lambda n: ("batch", n)),
        st.integers(0, 10**13).map(lambda n: ("tick", n)),
        st.binary(max_size=60).map(lambda b: ("switch", b)),
    ),
    min_size=1,
    max_size=6,
)


def build(directory: Path, commits: list[list[tuple[str, object]]], segment_bytes: int) -> list[Record]:
    journal = Journal(directory, segment_bytes=segment_bytes)
    made: list[Record] = []
    start = 0
    for commit in commits:
        real: list[object] = []
        for kind, what in commit:
            if kind == "batch":
                real.append(batch(int(what), start))  # type: ignore[call-overload]
                start += int(what)  # type: ignore[call-overload]
            else:
                real.append(NewTick(what) if kind == "tick" else NewSwitch(what))  # type: ignore[arg-type]
        made += journal.commit(real)  # type: ignore[arg-type]
    journal.close()
    return made


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), commits=st.lists(items, min_size=1, max_size=6), small=st.booleans())
def test_damage_never_gives_a_wrong_record_nor_costs_one_before_it(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, commits: list, small: bool
) -> None:
    directory = tmp_path_factory.mktemp("journal")
    made = build(directory, commits, 1_500 if small else 1 << 20)
    truth = {row[0]: row for row in flat(made)}
    segments = sorted(directory.glob("*.log"))
    which = data.draw(st.integers(0, len(segments) - 1))
    raw = bytearray(segments[which].read_bytes())
    at = data.draw(st.integers(0, len(raw) - 1))
    how = data.draw(st.sampled_from(["truncate", "flip", "zero", "noise"]))
    if how == "truncate":
        del raw[at:]
    elif how == "flip":
        raw[at] ^= 1 << data.draw(st.integers(0, 7))
    elif how == "zero":
        raw[at : at + 40] = bytes(len(raw[at : at + 40]))
    else:
        noise = data.draw(st.binary(min_size=1, max_size=60))
        raw[at : at + len(noise)] = noise[: len(raw) - at]
    before = offsets(directory)
    segments[which].write_bytes(raw)
    journal = Journal(directory)
    rows = flat(read_all(journal))
    assert all(truth[row[0]] == row for row in rows), "a record that was never committed"
    assert [row[0] for row in rows] == sorted({row[0] for row in rows})
    safe = {
        seq
        for (segment, end), seqs in before.items()
        if segment < segments[which].name or (segment == segments[which].name and end <= at)
        for seq in seqs
    }
    assert safe <= {row[0] for row in rows}, "a record before the damage is lost"
    if how in ("flip", "zero") or which < len(segments) - 1:
        touched = {
            seq
            for (segment, end), seqs in before.items()
            if segment == segments[which].name and (end > at if how == "truncate" else at < end <= at + 4_000)
            for seq in seqs
        }
        others = {s for (segment, _), seqs in before.items() if segment > segments[which].name for s in seqs}
        assert others <= {row[0] for row in rows}, "a whole later segment is lost"
        assert set(truth) - {row[0] for row in rows} <= touched
    new = journal.commit([NewTick(77)])
    assert flat(read_all(journal))[-1] == (new[0].seq, "tick", 77)


@pytest.mark.parametrize("left", [0, 1, 32, 200])
def test_closed_segment_cut_short_costs_only_what_it_held(tmp_path: Path, left: int) -> None:
    made = build(tmp_path, [[("batch", 40)] for _ in range(8)], 1_500)
    segments = sorted(tmp_path.glob("*.log"))
    assert len(segments) >= 3
    cut = segments[1]
    lost = {seq for (name, _), seqs in offsets(tmp_path).items() if name == cut.name for seq in seqs}
    cut.write_bytes(cut.read_bytes()[:left])
    rows = flat(read_all(Journal(tmp_path)))
    assert rows == [row for row in flat(made) if row[0] not in lost]


def offsets(directory: Path) -> dict[tuple[str, int], list[int]]:
    """(segment, end offset of a frame) → the numbers it holds."""
    from shoutu.sensing.journal_frames import Damage, scan
    from shoutu.sensing.journal_segments import SEGMENT_HEAD, log_salt

    salt = log_salt(directory)
    found = {}
    for path in sorted(directory.glob("*.log")):
        for item in scan(path.read_bytes()[SEGMENT_HEAD:], salt):
            assert not isinstance(item, Damage)
            at, frame = item
            found[path.name, SEGMENT_HEAD + at + frame.size] = list(range(frame.seq, frame.end_seq))
    return found


def test_bytes_a_sender_chose_never_pass_for_a_record(tmp_path: Path) -> None:
    """A frame of another journal, sent as values, is not read when the frame around it is damaged."""
    other = Journal(tmp_path / "other")
    other.commit([NewTick(666)])
    raw = other.log.segments[0].path.read_bytes()
    forged = raw[-40:] + bytes(-len(raw[-40:]) % 8)
    journal = Journal(tmp_path / "mine")
    values = np.frombuffer(forged, "<f8").copy()
    n = len(values)
    evil = Batch(np.ones(n, np.int32), np.zeros(n, np.int64), values, np.zeros(n, np.uint8), 0, 3, "http")
    journal.commit([evil])
    journal.commit([NewTick(1)])
    path = journal.log.segments[0].path
    journal.close()
    damaged = bytearray(path.read_bytes())
    damaged[70] ^= 1
    path.write_bytes(damaged)
    again = Journal(tmp_path / "mine")
    assert [type(r) for r in read_all(again)] == [Tick]
    assert again.log.missing == n
    assert list((tmp_path / "mine" / "quarantine").iterdir())


def test_readings_after_a_number_inside_a_batch(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    (record,) = journal.commit([batch(10)])
    assert isinstance(record, Readings)
    (rest,) = read_all(journal, 7)
    assert isinstance(rest, Readings)
    assert (rest.seq, rest.count) == (7, 4)
    assert rest.value.tolist() == record.value[6:].tolist()
