"""The archive: whole or refused, with the part that is wrong named."""

from __future__ import annotations

import io
import json
import os
import random
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoutu.backup import BackupError
from shoutu.backup.archive import ABOUT, SEAL, TABLE, Contents, Reader, Writer

PARTS = {
    "county.sqlite3": random.Random(1).randbytes(70_000),
    "sensing/journal/00000000000000000001-000000.log": random.Random(2).randbytes(3_000),
    "files/evidence/ab/empty": b"",
}


def made(folder: Path) -> Path:
    path = folder / "made.tar"
    with path.open("w+b") as file:
        writer = Writer(file, "2026-11-26T00:00:00+00:00")
        for number, (name, content) in enumerate(PARTS.items()):
            source = folder / f"source{number}"
            source.write_bytes(content)
            with source.open("rb") as part:
                writer.add(name, part.fileno(), len(content))
        writer.finish(
            Contents("2026-11-26T00:00:00+00:00", "2026-11-26T00:00:01+00:00", "0", {"engine": "sqlite"}, {}, {})
        )
    return path


def test_archive_gives_back_every_part_and_says_what_it_holds(tmp_path: Path) -> None:
    contents = Reader(made(tmp_path)).unpack(tmp_path / "out")
    assert [part.name for part in contents.parts] == list(PARTS)
    assert {name: (tmp_path / "out" / name).read_bytes() for name in PARTS} == PARTS
    assert contents.size == sum(map(len, PARTS.values()))


def test_archive_can_be_read_by_any_tar(tmp_path: Path) -> None:
    with tarfile.open(made(tmp_path)) as tar:
        assert tar.getnames() == [ABOUT, *PARTS, TABLE, SEAL]
        told = tar.extractfile(TABLE)
        assert told is not None
        assert json.load(told)["format"] == "shoutu-backup-1"


@settings(max_examples=60, deadline=None)
@given(cut=st.floats(0, 1, exclude_max=True))
def test_archive_cut_off_anywhere_is_refused(tmp_path_factory: pytest.TempPathFactory, cut: float) -> None:
    folder = tmp_path_factory.mktemp("cut")
    path = made(folder)
    with tarfile.open(path) as tar:
        seal = tar.getmember(SEAL)
    end = seal.offset_data + seal.size
    os.truncate(path, int(cut * end))
    with pytest.raises(BackupError, match=r"not a whole backup|not a backup|not readable"):
        Reader(path).unpack(None)


@settings(max_examples=60, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_archive_with_one_bit_flipped_is_refused_or_gives_the_very_same_parts(
    tmp_path_factory: pytest.TempPathFactory, place: float, bit: int
) -> None:
    folder = tmp_path_factory.mktemp("flip")
    path = made(folder)
    raw = bytearray(path.read_bytes())
    raw[int(place * len(raw))] ^= 1 << bit
    path.write_bytes(raw)
    try:
        Reader(path).unpack(folder / "out")
    except BackupError:
        return
    assert {name: (folder / "out" / name).read_bytes() for name in PARTS} == PARTS


def test_damaged_part_is_named_with_both_digests(tmp_path: Path) -> None:
    path = made(tmp_path)
    with tarfile.open(path) as tar:
        at = tar.getmember("county.sqlite3").offset_data
    with path.open("r+b") as file:
        file.seek(at + 5)
        file.write(b"\0\0\0")
    with pytest.raises(BackupError, match=r"damaged at county\.sqlite3: SHA-256 [0-9a-f]{64}, expected [0-9a-f]{64}"):
        Reader(path).unpack(None)


def tar_of(path: Path, members: dict[str, bytes], kind: bytes = tarfile.REGTYPE) -> Path:
    with tarfile.open(path, "w") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            info.type = kind if name != ABOUT else tarfile.REGTYPE
            tar.addfile(info, io.BytesIO(content))
    return path


def test_foreign_files_are_refused(tmp_path: Path) -> None:
    text = tmp_path / "a.tar"
    text.write_text("not a tar at all" * 100)
    for foreign in (text, tar_of(tmp_path / "b.tar", {"photo.jpg": b"x"})):
        with pytest.raises(BackupError, match="not a"):
            Reader(foreign).unpack(tmp_path / "out")
    other = tar_of(tmp_path / "c.tar", {ABOUT: b'{"format": "shoutu-backup-9"}'})
    with pytest.raises(BackupError, match="'shoutu-backup-9'"):
        Reader(other).unpack(tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["../outside", "/outside", "a/../../outside", "./county.sqlite3"])
def test_names_that_lead_outside_are_refused(tmp_path: Path, name: str) -> None:
    path = tar_of(tmp_path / "a.tar", {ABOUT: b'{"format": "shoutu-backup-1"}', name: b"x"})
    with pytest.raises(BackupError, match="not made by"):
        Reader(path).unpack(tmp_path / "out")
    assert not (tmp_path / "outside").exists()


def test_links_are_refused(tmp_path: Path) -> None:
    path = tar_of(tmp_path / "a.tar", {ABOUT: b'{"format": "shoutu-backup-1"}', "link": b""}, tarfile.SYMTYPE)
    with pytest.raises(BackupError, match="not made by"):
        Reader(path).unpack(tmp_path / "out")


def test_log_cut_back_meanwhile_is_filled_with_zeros_and_another_file_refused(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"abc")
    with (tmp_path / "out.tar").open("w+b") as file, (tmp_path / "log").open("rb") as log:
        writer = Writer(file, "now")
        part = writer.add("log", log.fileno(), 5, grows=True)
        assert part.size == 5
        with pytest.raises(BackupError, match="became shorter"):
            writer.add("other", log.fileno(), 5)
