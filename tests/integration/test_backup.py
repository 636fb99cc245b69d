"""A backup of a county at work, restored elsewhere: nothing acknowledged is missing, nothing is judged twice."""

from __future__ import annotations

import itertools
import json
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from shoutu.demo.county import PASSWORD
from tests.integration.gauge import Gauge
from tests.stack import Stack, running, until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]
FIRST, SAFE, HIGH = 0.0, 1.0, 41.0


class Sender(threading.Thread):
    """Sends one reading after another, five low and five high by turns; remembers what was acknowledged when."""

    def __init__(self, gauge: Gauge) -> None:
        super().__init__(daemon=True)
        self.gauge = gauge
        self.sent: list[tuple[int, float, float]] = []
        self.refused: list[str] = []
        self.slowest = 0.0
        self.ending = threading.Event()

    def run(self) -> None:
        url, headers = (
            f"{self.gauge.demo.ingest_url}/ingest/v1/readings",
            {"Authorization": f"Bearer {self.gauge.token}"},
        )
        at, number = int(time.time() * 1000), 0
        with httpx.Client(timeout=60, trust_env=False, headers=headers) as client:
            while not self.ending.is_set():
                at, value = max(at + 1, int(time.time() * 1000)), HIGH if number // 5 % 2 else SAFE
                begun = time.monotonic()
                answer = client.post(url, json=[{"point": self.gauge.name, "ts": at, "value": value}])
                self.slowest = max(self.slowest, time.monotonic() - begun)
                if answer.status_code == 202 and answer.json()["accepted"] == 1:
                    self.sent.append((at, value, time.monotonic()))
                else:
                    self.refused.append(answer.text)
                number += 1
                time.sleep(0.01)

    def acknowledged(self, before: float) -> dict[int, float]:
        return {at: value for at, value, told in list(self.sent) if told < before}

    def end(self) -> None:
        self.ending.set()
        self.join(60)


def rows(database: Path, question: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(database, timeout=30)
    try:
        return connection.execute(question).fetchall()
    finally:
        connection.close()


def shoutu(*arguments: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "shoutu.cli", *arguments],
        env=environment, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


def nothing_underway(stack: Stack) -> bool:
    """Whether every record of the journal has been judged and every signal has reached the county."""
    told = httpx.get(f"{stack.ingest_url}/readyz", timeout=60, trust_env=False).json()
    return bool(told["evaluated_seq"] == told["journal_seq"] and told["spool_pending"] == 0)


WARNINGS = "SELECT number, key, site_id, item, opened_at, point_id, rule_id FROM warnings_warning ORDER BY number"
DUTIES = "SELECT key, kind, about_type, about_id, site_id, opened_at, policy FROM duties_duty ORDER BY key"
ENTRIES = "SELECT uid, canonical FROM ledger_entry ORDER BY id"


@pytest.mark.full
def test_backup_under_load_restores_every_reading_once_and_the_whole_record(
    demo: Stack, hurried_packs: Path, tmp_path: Path
) -> None:
    gauge = Gauge(demo, "B1")
    sender = Sender(gauge)
    sender.start()
    until(lambda: len(sender.sent) > 300, 60, "readings come in")
    kept = tmp_path / "kept.note"
    kept.write_text(demo.cli("ledger", "head", "--seal") + "\n", "utf-8")
    database = demo.data / "county.sqlite3"
    before = {question: rows(database, question) for question in (WARNINGS, DUTIES, ENTRIES)}
    begun, first = time.monotonic(), len(sender.sent)
    sender.slowest = 0.0
    demo.cli("backup", str(tmp_path))
    assert len(sender.sent) > first, "readings went on coming in"
    assert sender.slowest < 20, "and none was held up: a reading waits for the disk, not for the archive"
    until(lambda: len(sender.sent) > first + 100, 60)
    sender.end()
    assert sender.refused == []
    (archive,) = tmp_path.glob("shoutu-*.tar")
    assert archive.stat().st_mode & 0o777 == 0o600
    assert json.loads(demo.login("admin", PASSWORD).client.get("/ledger?verb=backup.taken").text)["items"]

    place = tmp_path / "elsewhere" / "var"
    place.parent.mkdir()
    told = shoutu("restore", str(archive), "--data", str(place), "--head", str(kept), environment=demo_free(demo))
    assert told.returncode == 0, told.stdout + told.stderr
    assert "第 2 纪元" in told.stdout

    packs = {"SHOUTU_PACKS": str(hurried_packs), "SHOUTU_DEMO": "1"}
    with running(place, **packs) as restored:
        must = sender.acknowledged(begun)
        assert len(must) > 300
        admin = restored.login("admin", PASSWORD)
        stored = until(lambda: readings_with(admin, gauge.point, must), 60, "every acknowledged reading is there")
        sent = {at: value for at, value, _told in sender.sent}
        assert {at: value for at, value in stored.items() if sent.get(at) != value and value != FIRST} == {}

        expected = changes([stored[at] for at in sorted(stored)])
        found = until(lambda: signals_of(place, gauge.point, len(expected)), 60, "every change of level is there")
        until(lambda: nothing_underway(restored), 60, "everything is judged and delivered")
        assert signals_of(place, gauge.point, 0) == found == expected

        for question, was in before.items():
            now = set(rows(place / "county.sqlite3", question))
            assert [row for row in was if row not in now] == []
        numbers = [row[0] for row in rows(place / "county.sqlite3", WARNINGS)]
        assert len(numbers) == len(set(numbers))

        public, old = place / "secrets/ledger.pub.pem", place / "secrets/ledger.pub.epoch-1.pem"
        assert old.read_bytes() == (demo.data / "secrets/ledger.pub.pem").read_bytes()
        assert (place / "secrets/ledger.pem").read_bytes() != (demo.data / "secrets/ledger.pem").read_bytes()
        restored.cli("ledger", "verify", "--head", str(kept), "--key", str(old), "--key", str(public))
        restored.cli("ledger", "export", str(tmp_path / "export"))
        alone = tmp_path / "verify_ledger.py"
        shutil.copy(Path(__file__).resolve().parents[2] / "src/shoutu/verify_ledger.py", alone)
        ended = subprocess.run(
            [sys.executable, str(alone), "log", str(tmp_path / "export"), "--key", str(old), "--key", str(public),
             "--head", str(kept)],
            capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin"},
        )  # fmt: skip
        assert ended.returncode == 0, ended.stdout + ended.stderr

        # It works on: a new reading by the old token is taken, judged and reaches the open warning.
        gauge.demo = restored
        assert gauge.send(SAFE if found[-1][1] else HIGH)["accepted"] == 1
        until(lambda: signals_of(place, gauge.point, len(expected) + 1), 30, "and is judged")


def demo_free(stack: Stack) -> dict[str, str]:
    """The environment of another machine's shell."""
    return {name: value for name, value in stack.environment.items() if not name.startswith("SHOUTU_")}


def readings_with(api: Any, point: int, must: dict[int, float]) -> dict[int, float]:
    """All readings of the point, once those that must be there are."""
    found: dict[int, float] = {}
    query: dict[str, Any] = {"point": point, "limit": 10000}
    for row in api.get("/readings", **query)["items"]:
        at = row["ts"] if isinstance(row["ts"], int) else _ms(row["ts"])
        assert at not in found
        found[at] = row["value"]
    return found if must.items() <= found.items() else {}


def _ms(text: str) -> int:
    from datetime import datetime

    return round(datetime.fromisoformat(text).timestamp() * 1000)


def changes(values: list[float]) -> list[list[int]]:
    """The changes of level a point with these values goes through."""
    levels = [0, *(4 if value == HIGH else 0 for value in values)]
    return [[a, b] for a, b in itertools.pairwise(levels) if a != b]


def signals_of(data: Path, point: int, at_least: int) -> list[list[int]]:
    """Changes of level of a point, as the county has them, in the order of the journal."""
    bodies = [json.loads(body) for (body,) in rows(data / "county.sqlite3", "SELECT body FROM sites_signal")]
    mine = [b for b in bodies if b.get("point") == point and b["kind"] == "threshold"]
    mine.sort(key=lambda b: (b["seq"], b["ordinal"]))
    assert len({(b["seq"], b["ordinal"]) for b in mine}) == len(mine)
    found = [[b["from"], b["to"]] for b in mine]
    return found if len(found) >= at_least else []
