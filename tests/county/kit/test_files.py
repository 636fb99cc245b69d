"""A face built while the web runs is served by it, and the pages already open keep their bundles."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from shoutu.county.kit.files import FaceFiles


def _built(face: Path, name: str, at: int) -> None:
    (face / "assets").mkdir(parents=True, exist_ok=True)
    (face / "assets" / name).write_text(f"// {name}\n")
    os.utime(face / "assets", (at, at))


@pytest.fixture
def face(tmp_path: Path, settings: object) -> Path:
    settings.FACE = tmp_path / "dist"  # type: ignore[attr-defined]
    settings.WHITENOISE_ROOT = None  # type: ignore[attr-defined]
    return tmp_path / "dist"


def _ask(files: FaceFiles, path: str) -> int:
    return files(RequestFactory().get(path)).status_code


def _beyond(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=418)


def test_bundle_built_after_the_start_is_served(face: Path) -> None:
    files = FaceFiles(_beyond)
    assert _ask(files, "/assets/index-AAAAAAAA.js") == 418
    _built(face, "index-AAAAAAAA.js", 1_000)
    assert _ask(files, "/assets/index-AAAAAAAA.js") == 200
    _built(face, "index-BBBBBBBB.js", 2_000)
    assert _ask(files, "/assets/index-BBBBBBBB.js") == 200
    assert _ask(files, "/assets/index-AAAAAAAA.js") == 200, "a page already open keeps its bundle"


def test_bundle_taken_away_is_not_there_instead_of_an_error(face: Path) -> None:
    _built(face, "index-AAAAAAAA.js", 1_000)
    files = FaceFiles(_beyond)
    files.add_files(str(face))
    (face / "assets" / "index-AAAAAAAA.js").unlink()
    assert _ask(files, "/assets/index-AAAAAAAA.js") == 404
    assert _ask(files, "/assets/index-AAAAAAAA.js") == 418


def test_unknown_bundle_does_not_list_the_files_each_time(face: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _built(face, "index-AAAAAAAA.js", 1_000)
    files = FaceFiles(_beyond)
    listed: list[str] = []
    monkeypatch.setattr(files, "add_files", listed.append)
    for _ in range(3):
        assert _ask(files, "/assets/nothing-CCCCCCCC.js") == 418
    assert listed == []


def test_bundles_of_a_new_build_asked_for_at_once_are_all_served(face: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = FaceFiles(_beyond)
    _built(face, "index-AAAAAAAA.js", 1_000)
    _built(face, "index-BBBBBBBB.js", 1_000)
    listing, go = threading.Event(), threading.Event()
    add = files.add_files

    def slowly(root: str) -> None:
        listing.set()
        assert go.wait(10)
        add(root)

    monkeypatch.setattr(files, "add_files", slowly)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(_ask, files, "/assets/index-AAAAAAAA.js")
        assert listing.wait(10)
        second = pool.submit(_ask, files, "/assets/index-BBBBBBBB.js")
        with pytest.raises(TimeoutError):
            second.result(timeout=0.2)  # it waits for the list
        go.set()
        assert (first.result(10), second.result(10)) == (200, 200)
