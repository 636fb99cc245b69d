"""What a backup takes along while others add and remove files."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

from shoutu.backup.take import _below, _size


def test_files_and_folders_that_go_meanwhile_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "stays").mkdir()
    (tmp_path / "stays" / "photo").write_bytes(b"x" * 100)
    stop = threading.Event()

    def churn() -> None:
        while not stop.is_set():
            for name in "abcdefgh":
                (tmp_path / name / name).mkdir(parents=True)
                (tmp_path / name / name / "upload").write_bytes(b"x")
            for name in "abcdefgh":
                shutil.rmtree(tmp_path / name)

    other = threading.Thread(target=churn)
    other.start()
    try:
        for _ in range(300):
            found = list(_below(tmp_path))
            assert tmp_path / "stays" / "photo" in found
            assert _size(found) >= 100
    finally:
        stop.set()
        other.join()
    assert _size([tmp_path / "gone", tmp_path / "stays" / "photo"]) == 100


def test_a_folder_that_is_none_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "files").write_text("not a folder")
    with pytest.raises(NotADirectoryError):
        list(_below(tmp_path / "files"))
    assert list(_below(tmp_path / "never made")) == []
