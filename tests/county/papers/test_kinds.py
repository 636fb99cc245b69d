"""The list of kinds: the county's own where there is one that can be read, else the default."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shoutu.config import SHIPPED_PACKS
from shoutu.county.papers import kinds


@pytest.fixture
def own(tmp_path: Path, settings: Any) -> Path:
    """Where the county's own list lies, beside the default one."""
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / kinds.DEFAULT).write_bytes((SHIPPED_PACKS / "papers" / kinds.DEFAULT).read_bytes())
    settings.CONFIG = replace(settings.CONFIG, packs=tmp_path)
    return folder / kinds.OWN


def test_the_default_marks_what_is_not_proved() -> None:
    found = kinds.kinds()
    assert found["safety_permit"].verified is False
    assert found["special_operation"].personal is True
    assert (found["mining_right"].lead_days, found["mining_right"].capacity) == (180, True)


def test_the_countys_own_list_holds(own: Path) -> None:
    own.write_text("{pack: x, title: x, version: 1, lead_days: 30, kinds: [{id: a, title: 甲证}]}", "utf-8")
    assert {one.id: one.lead_days for one in kinds.kinds().values()} == {"a": 30}
    assert kinds.fault() == ""


def test_one_changed_in_size_and_date_unseen_is_read_anew(own: Path) -> None:
    """A copy keeps its date (`cp -p`, `rsync -t`, a restore), and one digit for another its size."""
    own.write_text("{pack: x, title: x, version: 1, lead_days: 30, kinds: [{id: a, title: 甲证}]}", "utf-8")
    assert kinds.kinds()["a"].lead_days == 30
    date, copy = own.stat().st_mtime_ns, own.with_suffix(".new")
    copy.write_text(own.read_text("utf-8").replace("30", "60"), "utf-8")
    os.utime(copy, ns=(date, date))
    copy.replace(own)
    assert kinds.kinds()["a"].lead_days == 60


@pytest.mark.parametrize(
    "text", ["{", "{pack: x, title: x, version: 1, kinds: []}", "[]",
             "{pack: x, title: x, version: 1, kinds: [{id: a, title: 甲}, {id: a, title: 乙}]}",
             "{pack: x, title: x, version: 1, kinds: [{id: a, title: 甲, lead_days: 0}]}",
             "{pack: x, title: x, version: 1, kinds: [{id: a, title: 甲, required_of: [煤矿]}]}"]
)  # fmt: skip
def test_one_that_cannot_be_read_is_said_and_the_default_holds(own: Path, text: str) -> None:
    own.write_text(text, "utf-8")
    assert kinds.fault() != ""
    assert "safety_permit" in kinds.kinds()
