"""The whole demo county, loaded as `shoutu demo` does it into an empty directory."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from tests.demo.conftest import load, on_disk, rows

pytestmark = pytest.mark.integration


def test_history_ends_in_every_way_a_warning_can(county: sqlite3.Connection) -> None:
    ends = set(rows(county, "SELECT state, result FROM warnings_warning"))
    assert ends >= {("closed", "real"), ("closed", "false_alarm"), ("closed", "device_fault")}
    assert ends >= {("closable", "real"), ("feedback", "real")}
    reasons = {reason for (reason,) in rows(county, "SELECT reason FROM warnings_warning WHERE result='false_alarm'")}
    assert len(reasons) >= 6


def test_a_warning_stands_at_a_level_its_rule_has(county: sqlite3.Connection) -> None:
    for level, params in rows(
        county,
        "SELECT w.level, v.params FROM warnings_warning w JOIN sites_ruleversion v"
        " ON v.rule_id = w.rule_id AND v.number = w.rule_version WHERE w.category = 'risk'",
    ):
        assert str(level) in json.loads(str(params))["levels"]


def test_everybody_withdrawn_came_out(county: sqlite3.Connection) -> None:
    withdrawn = rows(county, 'SELECT state, total, "out" FROM warnings_evacuation')
    assert withdrawn
    assert [row for row in withdrawn if row[0] != "resumed" or row[1] != row[2]] == []


def test_nothing_was_missed_or_set_aside(county: sqlite3.Connection) -> None:
    assert rows(county, "SELECT message FROM duties_alarm WHERE cleared_at IS NULL") == []
    assert rows(county, "SELECT error FROM sites_signal WHERE state = 'aside'") == []


def test_every_change_is_on_the_ledger_in_the_order_of_time(county: sqlite3.Connection) -> None:
    times = [at for (at,) in rows(county, "SELECT at FROM ledger_entry ORDER BY id")]
    assert times == sorted(times)
    (sites,) = rows(county, "SELECT count(*) FROM places_site")[0]
    assert rows(county, "SELECT count(*) FROM ledger_entry WHERE verb = 'site.created'") == [(sites,)]
    (points,) = rows(county, "SELECT count(*) FROM sites_point")[0]
    assert rows(county, "SELECT count(*) FROM ledger_entry WHERE verb = 'point.created'") == [(points,)]


def test_every_simulated_sensor_has_its_point(county: sqlite3.Connection, data: Path) -> None:
    plan = json.loads((data / "run" / "simulate.json").read_text("utf-8"))
    addresses = {address for (address,) in rows(county, "SELECT address FROM sites_point")}
    assert {sensor["address"] for sensor in plan["sensors"]} == addresses


def test_what_is_missing_is_found_and_somebody_called(county: sqlite3.Connection) -> None:
    (open_,) = rows(county, "SELECT count(*) FROM duties_duty WHERE kind='site.gap' AND state='answered'")[0]
    assert open_ == 11


def test_what_was_grave_and_real_was_told_upward_and_received(county: sqlite3.Connection) -> None:
    told = rows(county, "SELECT warning_id, kind FROM warnings_report ORDER BY warning_id, seq")
    grave = rows(county, "SELECT id FROM warnings_warning WHERE peak_level >= 3 AND result = 'real' ORDER BY id")
    assert grave
    assert told == [(pk, kind) for (pk,) in grave for kind in ("first", "final")]
    assert rows(county, "SELECT id FROM warnings_dispatch WHERE state <> 'received'") == []
    assert rows(county, "SELECT id FROM warnings_reportplan WHERE ended_at IS NULL") == []


@pytest.mark.full
def test_loaded_again_nothing_is_there_twice(tmp_path: Path) -> None:
    load(tmp_path / "var")
    first = on_disk(tmp_path / "var")
    load(tmp_path / "var")
    assert on_disk(tmp_path / "var") == first
