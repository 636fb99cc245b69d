"""A file of events: CSV or YAML; what is wrong in it is said by its line."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from shoutu.known_events import Known, UnreadableEvents, read_events

CHINA = ZoneInfo("Asia/Shanghai")


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def test_csv_and_yaml_say_the_same(tmp_path: Path) -> None:
    sheet, list_ = tmp_path / "e.csv", tmp_path / "e.yaml"
    sheet.write_text(
        "site,start,end,kind\n甲矿,2026-11-20 08:00,2026-11-20T03:00:00Z,滑坡\n,2026-11-21 09:00,,\n", "utf-8-sig"
    )
    list_.write_text(
        "events:\n- {site: 甲矿, start: 2026-11-20 08:00:00, end: '2026-11-20T03:00:00Z', kind: 滑坡}\n"
        "- {start: '2026-11-21 09:00'}\n", "utf-8",
    )  # fmt: skip
    second = ms("2026-11-21T01:00:00+00:00")
    expected = [
        Known(ms("2026-11-20T00:00:00+00:00"), ms("2026-11-20T03:00:00+00:00"), "滑坡", "甲矿"),
        Known(second, second, "", ""),
    ]
    assert read_events(sheet, CHINA) == expected
    assert read_events(list_, CHINA) == expected


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("e.csv", "start\n1", "line 1 lacks end"),
        ("e.csv", "start,end\nmorgen,\n", "line 2: start “morgen”"),
        ("e.csv", "start,end\n2026-11-20,2026-11-19\n", "end is before start"),
        ("e.yaml", "a: 1", "a list of events"),
        ("e.yaml", "- {end: 2026-11-20 08:00}", "entry 1: start"),
        ("e.yaml", "- [", "not readable"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, name: str, text: str, why: str) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    with pytest.raises(UnreadableEvents, match=why):
        read_events(tmp_path / name, CHINA)
