"""Which response policy people are called by, and what happens when its file cannot be read."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

from shoutu.county.warnings import policies

PACK = Path(__file__).resolve().parents[3] / "packs/response/default.yaml"


@pytest.fixture
def folder(settings, tmp_path):
    """A response folder and a data directory of this test alone."""
    settings.CONFIG = dataclasses.replace(settings.CONFIG, packs=tmp_path / "packs", data=tmp_path / "var")
    place = tmp_path / "packs/response"
    place.mkdir(parents=True)
    shutil.copy(PACK, place / "default.yaml")
    policies._keep.cache_clear()
    return place


def own(folder: Path, title: str) -> None:
    text = PACK.read_text("utf-8").replace("预警响应时限（默认）", title)
    (folder / policies.OWN).write_text(text, "utf-8")


def test_the_countys_own_policy_goes_before_the_default(folder):
    assert policies.in_force().title == "预警响应时限（默认）"
    own(folder, "本县")
    assert policies.in_force().title == "本县"
    assert policies.fault() == ""


def test_the_default_serves_while_the_countys_own_is_unreadable(folder):
    (folder / policies.OWN).write_text("levels: [", "utf-8")
    assert policies.in_force().title == "预警响应时限（默认）"
    assert policies.OWN in policies.fault()


def test_the_last_one_in_force_serves_while_neither_is_readable(folder):
    own(folder, "本县")
    assert policies.in_force().title == "本县"
    (folder / policies.OWN).write_bytes(b"\xff\xfe broken")
    (folder / "default.yaml").unlink()
    assert policies.in_force().title == "本县"
    assert policies.fault()


def test_with_nothing_ever_readable_it_says_so(folder):
    (folder / "default.yaml").unlink()
    with pytest.raises(OSError, match=r"response-last\.yaml"):
        policies.in_force()
