"""The folder door: files of mines whole or half, in either encoding, once or again; and what is made of them."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoutu.config import SettingError
from shoutu.sensing import metrics
from shoutu.sensing.folders import watch_folders
from shoutu.sensing.folders.parse import BadFile, Named, is_whole, moment, named, readings_of, records_of, text_of
from shoutu.sensing.folders.settings import Folder, Kind, read_folders
from shoutu.sensing.folders.watch import Watched
from shoutu.sensing.hj212.payload import ZoneInfo
from shoutu.sensing.model import GOOD, INVALID, SUSPECT
from shoutu.sensing.senders import SENDERS
from tests.sensing.memory import MemoryAcceptor, config

AT = 1_785_545_937_000  # 2026-08-01 08:58:57 in China
READINGS = Kind(address=[1], value=3, state=4, time=5, states={"正常": 0, "故障": 3}, values={"开": 1.0})
PEOPLE = Kind(count="RY-XJ")
NAME = "140001_CDSS_20260801085900.txt"
SHANGHAI = ZoneInfo("Asia/Shanghai")


def folder(path: Path | str = "/in", **more: Any) -> Folder:
    return Folder("jia", str(path), "mine-a", {"CDSS": READINGS, "RYSS": PEOPLE}, **more)


def record(address: str = "A-1", value: str = "6.5", state: str = "正常", at: str = "2026-08-01 08:58:57") -> str:
    return f"{address};主井口;{value};{state};{at}"


def batch(*records: str) -> str:
    return "KJ;140001;2026-08-01 08:59:00|" + "".join(f"{one}~" for one in records) + "‖"


def rows(content: bytes, kind: str = "CDSS", told: Folder | None = None) -> tuple[list[tuple[Any, ...]], list[str]]:
    columns = readings_of(told or folder(), Named(kind, "20260801085900"), content, "")
    values = zip(columns.addresses, columns.ts.tolist(), columns.value.tolist(), columns.quality.tolist(), strict=True)
    return list(values), [one.code for one in columns.refused]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_either_encoding_says_the_same(encoding: str) -> None:
    content = batch(record(), record("A-2", "开"), record("A-3", "9", "故障"), record("A-4", state="未知")).encode(
        encoding
    )
    assert rows(content) == (
        [("A-1", AT, 6.5, GOOD), ("A-2", AT, 1.0, GOOD), ("A-3", AT, 9.0, INVALID), ("A-4", AT, 6.5, SUSPECT)],
        [],
    )


@pytest.mark.parametrize(
    ("text", "ts"),
    [
        ("2026-08-01 08:58:57", AT),
        ("2026/8/1 8:58:57", AT),
        ("2026年8月1日 08:58:57", AT),
        ("20260801085857", AT),
        ("2026-08-01T08:58:57.25", AT + 250),
        ("2026-08-01 08:58", None),
        ("2026-13-01 08:58:57", None),
        ("", None),
    ],
)
def test_times_as_these_files_write_them(text: str, ts: int | None) -> None:
    assert moment(text, SHANGHAI) == ts


def test_a_record_that_cannot_be_read_is_refused_alone_by_its_name() -> None:
    bad = [record(value="x"), "A-9;short", record(at="soon"), record(address=" "), record()]
    assert rows(batch(*bad).encode())[1] == ["wrong_type", "file_columns", "file_time", "address_bad"]
    assert len(rows(batch(*bad).encode())[0]) == 1


def test_people_underground_are_counted_at_the_time_of_the_file() -> None:
    content = batch("张三;1", "李四;2", "王五;3").encode("gbk")
    assert rows(content, "RYSS") == ([("RY-XJ", AT + 3_000, 3.0, GOOD)], [])


def test_other_signs_columns_and_a_head_are_told() -> None:
    told = folder(field=",", record="\n", head="", ends=[])
    kind = Kind(address=[1, 2], value=3, prefix="x/")
    told = Folder("jia", "/in", "mine-a", {"AQSS": kind}, field=",", record="\n", head="", ends=[])
    assert rows(b"1,2,3.5\n1,3,4\n1,4,5", "AQSS", told)[0] == [
        ("x/1/2", AT + 3_000, 3.5, GOOD), ("x/1/3", AT + 3_000, 4.0, GOOD)
    ]  # fmt: skip


def test_batches_one_behind_the_other_are_all_read() -> None:
    content = (batch(record()) + batch(record("A-2")) + "\r\n" + batch(record("A-3")).replace("‖", "||")).encode("gbk")
    assert is_whole(folder(), content)
    assert [row[0] for row in rows(content)[0]] == ["A-1", "A-2", "A-3"]


def test_names_say_the_kind() -> None:
    assert named(folder(), NAME) == ("CDSS", "20260801085900")
    assert named(folder(), "140001_FDX_GJCZ_20260801085900.txt") == ("FDX_GJCZ", "20260801085900")
    assert named(folder(), "140001_CDSS_20260801085900.txt.tmp") is None


WORDS = st.text(st.characters(codec="gbk", exclude_characters=";~|‖\r\n\x00\ufeff"), min_size=1, max_size=6)
RECORDS = st.lists(
    st.builds(lambda a, v, s: record(a, f"{v:.3f}", s), WORDS, st.floats(-1e6, 1e6), WORDS), min_size=1, max_size=5
)


@given(RECORDS, st.sampled_from(["utf-8", "gbk"]), st.data())
def test_a_file_cut_anywhere_says_nothing_that_the_whole_does_not(
    records: list[str], encoding: str, data: st.DataObject
) -> None:
    """The worst of a half-written file is a value cut short: 63.5 that reads 6."""
    whole = batch(*records).encode(encoding)
    whole += data.draw(st.sampled_from([b"", whole]))
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    assert is_whole(folder(), whole)
    assert not is_whole(folder(), cut) or cut == whole[: len(whole) // 2]
    full = records_of(folder(), whole)
    try:
        part = records_of(folder(), cut)
    except BadFile:
        return
    assert part == full[: len(part)]


@given(st.binary(max_size=400))
def test_any_bytes_are_records_or_a_bad_file(content: bytes) -> None:
    try:
        columns = readings_of(folder(), Named("CDSS", "20260801085900"), content, "")
    except BadFile:
        return
    assert len(columns.ts) + len(columns.refused) == columns.total


def test_bytes_of_no_text_are_no_file() -> None:
    with pytest.raises(BadFile):
        text_of(b"\xff\xff\xff")


# The folder


@pytest.fixture
def acceptor() -> MemoryAcceptor:
    SENDERS.clear()
    return MemoryAcceptor()


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that pass only when told."""
    now = [time.monotonic()]
    monkeypatch.setattr("shoutu.sensing.folders.watch.monotonic", lambda: now[0])
    return now


def watched(inbox: Path, acceptor: MemoryAcceptor, **more: Any) -> Watched:
    return Watched(folder(inbox, **more), inbox.parent / "home", acceptor)


def shelf(inbox: Path, place: str) -> list[str]:
    return sorted(path.name.partition(".")[2] for path in (inbox.parent / "home" / place).iterdir())


def look(one: Watched, times: int = 1) -> None:
    async def go() -> None:
        for _ in range(times):
            await one.round()

    asyncio.run(go())


def count(outcome: str) -> float:
    found = metrics.REGISTRY.get_sample_value("shoutu_door_requests_total", {"door": "folder", "outcome": outcome})
    return found or 0.0


def test_a_whole_file_is_taken_and_put_away_and_its_source_was_heard(inbox: Path, acceptor: MemoryAcceptor) -> None:
    (inbox / NAME).write_bytes(batch(record(), record("X-9")).encode("gbk"))
    look(watched(inbox, acceptor))
    assert acceptor.rows() == [(1, AT, 6.5, GOOD)]
    assert [(one.address, one.reason) for one in acceptor.rejected] == [("X-9", "unknown")]
    assert list(inbox.iterdir()) == []
    assert shelf(inbox, "done") == [NAME]
    (told,) = SENDERS.of([1])["1"]
    assert (told["door"], told["device"], told["accepted"], told["refused"]) == ("folder", "jia", 1, 1)


def test_a_half_written_file_waits_until_it_is_whole(inbox: Path, acceptor: MemoryAcceptor, clock: list[float]) -> None:
    whole = batch(record(), record("A-2", "63.5")).encode()
    one = watched(inbox, acceptor)
    for size in (0, 10, len(whole) - 30, len(whole) - 1):
        (inbox / NAME).write_bytes(whole[:size])
        clock[0] += 100
        look(one, 2)
        assert acceptor.rows() == []
    (inbox / NAME).write_bytes(whole)
    look(one)
    assert [row[2] for row in acceptor.rows()] == [6.5, 63.5]


def test_of_a_file_that_stays_half_the_whole_records_are_taken(
    inbox: Path, acceptor: MemoryAcceptor, clock: list[float]
) -> None:
    (inbox / NAME).write_bytes(batch(record(), record("A-2", "63.5")).encode()[:-25])
    one = watched(inbox, acceptor)
    look(one)
    clock[0] += 299
    look(one)
    assert acceptor.rows() == []
    clock[0] += 2
    look(one)
    assert [row[2] for row in acceptor.rows()] == [6.5]
    assert (shelf(inbox, "bad"), list(inbox.iterdir())) == ([NAME], [])


def test_a_file_that_comes_again_is_not_read_again_even_after_a_restart(inbox: Path, acceptor: MemoryAcceptor) -> None:
    before = count("repeat")
    for name in (NAME, NAME, "140001_CDSS_20260801090000.txt"):
        (inbox / name).write_bytes(batch(record()).encode())
        look(watched(inbox, acceptor))
    assert len(acceptor.rows()) == 1
    assert list(inbox.iterdir()) == []
    assert count("repeat") == before + 2


def test_nothing_is_put_away_that_is_not_durable(inbox: Path, acceptor: MemoryAcceptor) -> None:
    (inbox / NAME).write_bytes(batch(record()).encode())
    one = watched(inbox, acceptor)
    acceptor.broken = 1
    look(one)
    assert "cannot be made durable" in one.failing
    acceptor.full = 1
    look(one)
    assert [path.name for path in inbox.iterdir()] == [NAME]
    look(one)
    assert (one.failing, len(acceptor.rows()), list(inbox.iterdir())) == ("", 1, [])


def test_a_kill_between_taking_and_putting_away_gives_the_same_readings_again(
    inbox: Path, acceptor: MemoryAcceptor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key of every reading is (point, time): the store keeps the first and counts the repeat."""
    (inbox / NAME).write_bytes(batch(record()).encode())
    one = watched(inbox, acceptor)
    monkeypatch.setattr(one.shelf, "put", lambda *_: (_ for _ in ()).throw(OSError("killed")))
    look(one)
    look(watched(inbox, acceptor))
    assert acceptor.rows() == [(1, AT, 6.5, GOOD)] * 2


def test_what_is_written_behind_a_batch_while_it_is_taken_is_read_next(
    inbox: Path, acceptor: MemoryAcceptor, monkeypatch: pytest.MonkeyPatch
) -> None:
    (inbox / NAME).write_bytes(batch(record()).encode())
    one = watched(inbox, acceptor)
    accept = acceptor.accept

    async def meanwhile(taken: Any) -> None:
        await accept(taken)
        if len(acceptor.rows()) == 1:
            with (inbox / NAME).open("ab") as file:
                file.write(batch(record("A-2", "63.5")).encode())

    monkeypatch.setattr(acceptor, "accept", meanwhile)
    look(one, 2)
    assert {row[2] for row in acceptor.rows()} == {6.5, 63.5}
    assert list(inbox.iterdir()) == []


def test_earlier_files_are_taken_first(inbox: Path, acceptor: MemoryAcceptor) -> None:
    for minute in (3, 1, 2):
        text = batch(record(value=str(minute), at=f"2026-08-01 09:0{minute}:00"))
        (inbox / f"140001_CDSS_20260801090{minute}00.txt").write_text(text)
    look(watched(inbox, acceptor))
    assert [row[2] for row in acceptor.rows()] == [1.0, 2.0, 3.0]


def test_what_is_of_no_known_kind_or_no_text_is_put_aside_for_somebody_to_look_at(
    inbox: Path, acceptor: MemoryAcceptor, clock: list[float]
) -> None:
    (inbox / "readme.txt").write_text("x")
    (inbox / "140001_YCBJ_20260801085900.txt").write_text(batch(record()))
    (inbox / "140001_GJSJ_20260801085900.txt").write_text(batch(record()))
    (inbox / "140001_CDSS_20260801085900.txt").write_bytes(b"\xff\xff\xff\xff")
    (inbox / ".upload").write_text("x")
    one = watched(inbox, acceptor, ignore=["GJSJ"])
    look(one)
    clock[0] += 301
    look(one)
    assert [path.name for path in inbox.iterdir()] == [".upload"]
    assert len(shelf(inbox, "bad")) == 4
    assert acceptor.rows() == []


def test_a_link_to_another_file_is_not_followed(inbox: Path, acceptor: MemoryAcceptor, clock: list[float]) -> None:
    secret = inbox.parent / "secret"
    secret.write_text(batch(record()))
    (inbox / NAME).symlink_to(secret)
    os.mkfifo(inbox / "140001_CDSS_20260801085901.txt")
    one = watched(inbox, acceptor)
    look(one)
    clock[0] += 301
    look(one)
    assert acceptor.rows() == []
    assert secret.exists()


def test_a_folder_that_is_gone_or_a_source_that_is_stopped_is_said_and_loses_nothing(
    inbox: Path, acceptor: MemoryAcceptor
) -> None:
    (inbox / NAME).write_bytes(batch(record()).encode())
    one = watched(inbox, acceptor)
    kept = dict(acceptor.directory.tokens)
    acceptor.directory.tokens.clear()
    look(one)
    assert "mine-a" in one.failing
    acceptor.directory.tokens.update(kept)
    moved = inbox.rename(inbox.parent / "away")
    look(one)
    assert "in" in one.failing
    moved.rename(inbox)
    look(one)
    assert (one.failing, len(acceptor.rows())) == ("", 1)


def test_a_file_too_large_is_left_and_the_others_are_taken(
    inbox: Path, acceptor: MemoryAcceptor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shoutu.sensing.folders.files.LARGEST", 500)
    (inbox / "140001_CDSS_20260801085800.txt").write_text(batch(*[record()] * 50))
    (inbox / NAME).write_text(batch(record()))
    one = watched(inbox, acceptor)
    look(one)
    assert "140001_CDSS_20260801085800.txt" in one.failing
    assert [path.name for path in inbox.iterdir()] == ["140001_CDSS_20260801085800.txt"]
    assert len(acceptor.rows()) == 1


def test_what_was_done_with_is_let_go_after_its_days(inbox: Path, acceptor: MemoryAcceptor) -> None:
    (inbox / NAME).write_bytes(batch(record()).encode())
    one = watched(inbox, acceptor, keep_days=3)
    look(one)
    (kept,) = (inbox.parent / "home" / "done").iterdir()
    old = time.time() - 4 * 86_400
    os.utime(kept, (old, old))
    one.shelf.clear(3)
    assert shelf(inbox, "done") == []
    assert one.shelf.known == set()


# Settings

GOOD_FILE = """
[[folder]]
name = "jia"
path = "{inbox}"
source = "mine-a"
[folder.kinds.CDSS]
address = [1]
value = 3
state = 4
time = 5
states = {{ "正常" = 0 }}
"""


@pytest.mark.anyio
async def test_the_door_watches_what_its_file_says(tmp_path: Path, inbox: Path, acceptor: MemoryAcceptor) -> None:
    told = tmp_path / "folders.toml"
    told.write_text(GOOD_FILE.format(inbox=inbox))
    handle = await watch_folders(acceptor, config(tmp_path, folders=str(told)), seconds=0.01)
    (inbox / NAME).write_bytes(batch(record()).encode("gbk"))
    async with asyncio.timeout(30):
        while not handle.stats()["files"]:
            await asyncio.sleep(0.002)
    await handle.close()
    assert acceptor.rows() == [(1, AT, 6.5, GOOD)]
    assert (handle.stats()["accepted"], handle.failing) == (1, "")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("address = [1]", "address = [0]"), "address"),
        (("value = 3", ""), "address and value, or count"),
        (("value = 3", 'value = 3\ncount = "x"'), "either count"),
        (("name = ", "nam = "), "nam"),
        (('name = "jia"', 'name = "../x"'), "name"),
        (('path = "', 'path = "in'), "absolute"),
        (("source = ", "pattern = '('\nsource = "), "pattern"),
        (("source = ", "pattern = 'x'\nsource = "), "kind"),
        (
            ("time = 5", "\n[[folder]]\nname='a'\npath='/a'\nsource='b'\n[folder.kinds.X]\nvalue=1\naddress=[1]"),
            "nothing",
        ),
        (("[[folder]]", "["), "TOML|Expected|Invalid"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, change: tuple[str, str], words: str) -> None:
    told = tmp_path / "folders.toml"
    told.write_text(GOOD_FILE.format(inbox="/in").replace(*change))
    if words == "nothing":
        assert [one.name for one in read_folders(str(told))] == ["jia", "a"]
        return
    with pytest.raises(SettingError, match=f"SHOUTU_FOLDERS.*({words})"):
        read_folders(str(told))
