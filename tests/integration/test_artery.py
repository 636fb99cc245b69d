"""The artery, end to end on a real installation: from a reading to a person's duty, on the ledger, across kills."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from shoutu.demo.county import PASSWORD
from tests.integration.gauge import POND, Gauge
from tests.stack import Api, Promise, Stack, until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]


def sign_in(demo: Stack, username: str) -> Api:
    return demo.login(username, PASSWORD)


def verbs(demo: Stack, subject: str) -> list[str]:
    return [row["verb"] for row in sign_in(demo, "auditor").get("/ledger", subject=subject, limit=500)["items"]]


def test_reading_becomes_a_duty_that_is_answered_climbs_and_closes(demo: Stack) -> None:
    gauge = Gauge(demo, "G1")
    officer, keeper, principal = (sign_in(demo, name) for name in ("duty", "mine2", "head2"))
    with Promise(5):
        gauge.send(41.0)
        (warning,) = until(lambda: gauge.warnings(officer), 10, "the warning is on the open list")
    assert (warning["level"], warning["value"], warning["threshold"]) == (4, 41.0, 40.0)
    assert "41" in warning["sentence"]
    path = f"/warnings/{warning['id']}"

    # Called first: the pond keeper. Nobody answers, so the principal is called too, once.
    def duty_of(api: Api) -> dict[str, Any] | None:
        mine = api.get("/duties", view="mine", limit=500)["items"]
        return next((d for d in mine if d["subject"]["id"] == warning["id"] and d["kind"] != "warning.withdraw"), None)

    assert until(lambda: duty_of(keeper), 5)["state"] == "called"
    duty = until(lambda: duty_of(principal), 20, "the ladder climbs to the principal")
    rows = [r for r in officer.get(path)["chain"] if r["duty_id"] == duty["id"] and r["post"] == "矿长"]
    assert [r["state"] for r in rows] == ["calling"]

    principal.post(f"/duties/{duty['id']}/answer", note="已到库")
    rows = [r for r in officer.get(path)["chain"] if r["duty_id"] == duty["id"] and r["post"] == "矿长"]
    assert [r["state"] for r in rows] == ["answered"]

    # Order of law: it cannot be closed before it is verified, disposed of, reported and the danger has gone.
    refused = officer.try_post(f"{path}/close", {"note": "关"})
    assert refused.status_code == 409
    assert refused.json()["detail"]
    officer.post(f"{path}/verify", result="real", note="与视频一致")
    principal.post(f"{path}/dispose", note="停产撤人，开启降水井", withdraw=True)
    principal.post(f"{path}/feedback", note="已撤 14 人")
    assert officer.try_post(f"{path}/close", {"note": "关"}).status_code == 409
    gauge.send(1.0)
    until(lambda: officer.get(path)["current_level"] == 0, 10, "the level has fallen back")
    stop = officer.get(path)["evacuation"]["id"]
    principal.post(f"/evacuations/{stop}/count", amount=14, source="调度室", key="in")
    assert officer.try_post(f"{path}/close", {"note": "关"}).status_code == 409
    principal.post(f"/evacuations/{stop}/out", count=14, group="坝下", key="out")
    assert officer.post(f"{path}/close", note="现场复核正常")["state"] == "closed"
    assert gauge.warnings(officer) == []

    texts = [row["text"] for row in officer.get(f"{path}/timeline")["items"]]
    assert len(texts) >= 6
    until(lambda: all(r["sealed"] for r in officer.get("/ledger", limit=50)["items"]), 10, "the ledger is sealed")
    assert "不能排除尾部被截断" in demo.cli("ledger", "verify")


def test_ledger_is_verified_by_a_program_that_imports_nothing_of_ours(demo: Stack, tmp_path: Path) -> None:
    demo.cli("ledger", "export", str(tmp_path / "export"))
    verifier = Path(__file__).resolve().parents[2] / "src/shoutu/verify_ledger.py"
    alone = tmp_path / "alone" / "verify_ledger.py"
    alone.parent.mkdir()
    alone.write_bytes(verifier.read_bytes())
    ended = subprocess.run(
        [sys.executable, "-S", "-c", "print()"], capture_output=True, text=True, check=False, cwd=alone.parent
    )
    assert ended.returncode == 0
    ended = subprocess.run(
        [sys.executable, str(alone), "log", str(tmp_path / "export")],
        capture_output=True, text=True, check=False, cwd=alone.parent, env={"PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "truncation not excluded" in ended.stdout


def test_killing_every_process_loses_and_doubles_nothing(demo: Stack) -> None:
    gauge = Gauge(demo, "G2")
    officer = sign_in(demo, "duty")
    for round_, name in enumerate(("pipeline", "worker", "web", "pipeline")):
        before = demo.pid(name)
        gauge_value = 41.0 + round_
        answered = gauge.send(gauge_value)
        assert answered.get("accepted") == 1
        demo.kill(name)
        until(lambda before=before, name=name: demo.pid(name) not in (0, before), 20, f"{name} is started again")
        assert f"{name} killed by SIGKILL" in demo.console()
        until(lambda: _accepted(gauge, 1.0), 30, "the door is open again")
        until(lambda: _count(demo, gauge) >= 1, 30, "a warning stands")
    (warning,) = until(lambda: _fallen(demo, gauge), 30, "one warning that has fallen back")
    events = [(e["level_from"], e["level_to"]) for e in officer.get(f"/warnings/{warning['id']}")["events"]]
    # Every rise is followed by its fall: no signal lost, none twice.
    assert events.count((0, 4)) == events.count((4, 0)) == 4, events
    calls = [r for r in officer.get(f"/warnings/{warning['id']}")["chain"] if r["post"] == "尾矿库库长"]
    assert [r["times"] for r in calls] == [1]
    stored = officer.get("/readings", point=gauge.point, limit=1000)["items"]
    assert {r["value"] for r in stored} >= {41.0, 42.0, 43.0, 44.0}
    assert len({r["ts"] for r in stored}) == len(stored)


def _accepted(gauge: Gauge, value: float) -> bool:
    try:
        return gauge.send(value).get("accepted") == 1
    except httpx.HTTPError:
        return False


def _count(demo: Stack, gauge: Gauge) -> int:
    try:
        return len(gauge.warnings(sign_in(demo, "duty")))
    except httpx.HTTPError:
        return 0


def _fallen(demo: Stack, gauge: Gauge) -> list[dict[str, Any]]:
    found = gauge.warnings(sign_in(demo, "duty"))
    return found if found and found[0]["current_level"] == 0 and found[0]["count"] >= 4 else []


def test_status_names_a_stalled_pipeline_until_it_goes_on(demo: Stack) -> None:
    import os
    import signal

    officer = sign_in(demo, "duty")
    until(lambda: officer.get("/status")["watching"]["ok"], 30, "watching")
    pid = demo.pid("pipeline")
    os.kill(pid, signal.SIGSTOP)
    try:
        watching = until(lambda: _not_watching(officer), 30, "the stall is seen")
        assert watching["since"]
        assert [p["name"] for p in watching["parts"] if not p["ok"]] == ["pipeline"]
    finally:
        os.kill(pid, signal.SIGCONT)
    until(lambda: officer.get("/status")["watching"]["ok"], 30, "watching again")


def _not_watching(api: Api) -> dict[str, Any] | None:
    watching = api.get("/status")["watching"]
    return None if watching["ok"] else watching


def test_unknown_address_waits_to_be_claimed_and_foreign_point_is_refused(demo: Stack) -> None:
    gauge = Gauge(demo, "G3")
    other = Gauge(demo, "G4")
    answer = httpx.post(
        f"{demo.ingest_url}/ingest/v1/readings",
        json=[
            {"point": "never-seen", "ts": int(time.time() * 1000), "value": 3.5},
            {"point": other.name, "ts": int(time.time() * 1000), "value": 3.5},
            {"point": str(other.point), "ts": int(time.time() * 1000), "value": 3.5},
        ],
        headers={"Authorization": f"Bearer {gauge.token}"}, timeout=60, trust_env=False,
    ).json()  # fmt: skip
    assert answer["accepted"] == 0
    assert [r["code"] for r in answer["rejected"]] == ["unknown_point", "foreign_point", "unknown_point"]
    admin = sign_in(demo, "admin")
    row = until(lambda: next((u for u in admin.get("/unclaimed")["items"] if u["address"] == "never-seen"), None), 20)
    site = next(s for s in admin.get("/sites")["items"] if s["name"] == POND)
    adopted = admin.try_post(
        f"/unclaimed/{row['id']}/adopt", {"site": site["id"], "name": "新测点", "item": "gauge_new", "unit": "mm"}
    )
    assert adopted.is_success, adopted.text
    until(
        lambda: httpx.post(
            f"{demo.ingest_url}/ingest/v1/readings",
            json=[{"point": "never-seen", "ts": int(time.time() * 1000), "value": 3.5}],
            headers={"Authorization": f"Bearer {gauge.token}"}, timeout=60, trust_env=False,
        ).json()["accepted"] == 1, 10, "the adopted address is accepted"
    )  # fmt: skip


@pytest.mark.full
def test_token_works_within_two_seconds_and_is_dead_two_seconds_after_revocation(demo: Stack) -> None:
    gauge = Gauge(demo, "G5")
    token = demo.cli("token", "create", "short-lived", "--scope", "ingest", "--source", "G5网关")

    def status() -> int:
        return httpx.post(
            f"{demo.ingest_url}/ingest/v1/readings", json=[], headers={"Authorization": f"Bearer {token}"},
            timeout=60, trust_env=False,
        ).status_code  # fmt: skip

    with Promise(2.5):
        until(lambda: status() == 202, what="a new token works")
    demo.cli("token", "revoke", "short-lived", "--source", "G5网关")
    with Promise(2.5):
        until(lambda: status() == 401, what="a revoked token is refused")
    assert gauge.send(2.0)["accepted"] == 1
