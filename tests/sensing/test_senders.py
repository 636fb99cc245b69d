"""Who sends: connections counted, last heard kept over a restart, bounded."""

from __future__ import annotations

from pathlib import Path

import pytest

from shoutu.sensing import senders
from shoutu.sensing.senders import PER_SOURCE, Senders, keep_senders, restore_senders


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    now = [1_000]
    monkeypatch.setattr(senders, "_now", lambda: now[0])
    return now


def test_a_device_is_connected_until_its_last_connection_ends(clock: list[int]) -> None:
    table = Senders()
    table.opened(1, "mqtt", "pit", "10.0.0.7")
    clock[0] = 2_000
    table.opened(1, "mqtt", "pit", "10.0.0.8")
    table.heard(1, "mqtt", "pit", 5, 1)
    table.closed(1, "mqtt", "pit")
    told = {"door": "mqtt", "device": "pit", "peer": "10.0.0.8", "heard": 2_000, "accepted": 5, "refused": 1,
            "reason": "", "detail": ""}  # fmt: skip
    assert table.of([1, 2]) == {"1": [{**told, "connections": 1, "since": 1_000}]}
    table.closed(1, "mqtt", "pit")
    table.closed(1, "mqtt", "pit")
    assert table.of([1]) == {"1": [{**told, "connections": 0, "since": None}]}


def test_the_connected_come_first_then_the_last_heard(clock: list[int]) -> None:
    table = Senders()
    for at, device in enumerate(("a", "b", "c")):
        clock[0] = at
        table.heard(1, "hj212", device)
    table.opened(1, "hj212", "a", "")
    assert [one["device"] for one in table.of([1])["1"]] == ["a", "c", "b"]


def test_why_one_that_is_called_is_away_is_told_until_it_comes_and_not_over_a_restart(clock: list[int]) -> None:
    table, after = Senders(), Senders()
    table.trouble(1, "modbus", "plc", "refused", "x" * 300)
    ((one,),) = table.of([1]).values()
    assert (one["reason"], len(one["detail"]), one["heard"]) == ("refused", 200, None)
    after.restore(table.dump())
    assert after.of([1])["1"][0]["reason"] == ""
    table.heard(1, "modbus", "plc", 0, 3, new=False)
    table.opened(1, "modbus", "plc", "10.0.0.7:502")
    ((one,),) = table.of([1]).values()
    assert (one["reason"], one["heard"], one["refused"]) == ("", None, 3)
    table.forget(1, "modbus", "plc")
    assert table.of([1]) == {}


def test_of_too_many_devices_the_longest_unheard_is_forgotten_and_no_connected_one(clock: list[int]) -> None:
    table = Senders()
    table.opened(1, "mqtt", "held", "")
    for at in range(PER_SOURCE + 20):
        clock[0] = at
        table.heard(1, "mqtt", f"d{at}")
    kept = [one["device"] for one in table.of([1])["1"]]
    assert len(kept) == PER_SOURCE
    assert kept[0] == "held"
    assert "d0" not in kept


def test_what_was_heard_outlives_a_restart_and_connections_do_not(
    clock: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = Senders()
    table.opened(1, "hj212", "M1", "10.0.0.7")
    table.heard(1, "hj212", "M1", 3, 0)
    path = tmp_path / "senders.json"
    keep_senders(path, table.dump())
    after = Senders()
    monkeypatch.setattr(senders, "SENDERS", after)
    restore_senders(path)
    assert [(one["connections"], one["since"], one["heard"]) for one in after.of([1])["1"]] == [(0, None, 1_000)]


@pytest.mark.parametrize("content", [b"", b"{", b'{"x": 1}', b'{"1": [{"door": 7}]}'])
def test_a_damaged_table_is_no_reason_not_to_start(
    content: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "senders.json"
    restore_senders(path)
    assert not caplog.records
    path.write_bytes(content)
    restore_senders(path)
    assert "not read" in caplog.text
    keep_senders(tmp_path / "no" / "folder" / "senders.json", b"{}")
