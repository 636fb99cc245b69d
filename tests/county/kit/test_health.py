"""What `GET /health` says: the worst first, never well by default, and nothing a second time."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from shoutu import __version__
from shoutu.county.kit import health, machine, steps
from shoutu.county.kit.actors import system
from shoutu.county.kit.health import Line, Part, State
from shoutu.county.kit.models import Beat, OutboxEvent, StepState
from shoutu.county.ledger.services.backups import note_taken
from shoutu.county.people.testing import actor
from shoutu.county.sites.models import Signal, SignalState, Source, Unclaimed

pytestmark = pytest.mark.django_db


def lines(login: Any, name: str = "administrator", **headers: str) -> dict[str, dict[str, Any]]:
    answer = login(name).get("/api/v1/health", headers=headers)
    assert answer.status_code == 200, answer.content
    return {line["key"]: line for line in answer.json()["lines"]}


def pipeline_says(**more: Any) -> None:
    # A little ahead, so that a slow machine does not make it old before it is asked about.
    now = timezone.now() + timedelta(seconds=5)
    told = {
        "live": True, "failing": {}, "spool_pending": 0, "signals_refused": 0, "rules_refused": [],
        "damage": {"quarantined": 0, "missing": 0, "skipped": []}, "version": __version__,
        "clock": {"ahead_of_wall_ms": 0, "jumps_back": 0, "jumps_ahead": 0, "last_jump_ms": 0},
        "now": int(now.timestamp() * 1000),
    }  # fmt: skip
    steps.beat("pipeline", tick_at=now, detail=told | more, started_at=now - timedelta(minutes=5))
    Beat.objects.filter(name="pipeline").update(at=now)


def grow_old(name: str, **ago: float) -> None:
    at = timezone.now() - timedelta(**ago)
    Beat.objects.filter(name=name).update(at=at, tick_at=at)


def test_worst_comes_first_and_is_the_whole(county: SimpleNamespace, login: Any) -> None:
    answer = login("auditor").get("/api/v1/health").json()
    order = [State(line["state"]) for line in answer["lines"]]
    assert order == sorted(order, key=list(State).index)
    assert answer["state"] == order[0] == State.WRONG  # no process of this county runs


def test_only_administrators_and_auditors_ask(county: SimpleNamespace, login: Any) -> None:
    assert login("leader").get("/api/v1/health").status_code == 403


def test_a_process_is_well_while_it_beats_and_wrong_after(county: SimpleNamespace, login: Any) -> None:
    assert lines(login)["process.pipeline"]["state"] == "wrong"
    pipeline_says()
    found = lines(login)["process.pipeline"]
    assert (found["state"], found["todo"]) == ("well", "")
    assert found["since"] is not None
    assert __version__ in found["words"]
    grow_old("pipeline", seconds=11)
    found = lines(login)["process.pipeline"]
    assert found["state"] == "wrong"
    assert "没有心跳" in found["words"]
    assert found["todo"]


def test_starts_of_a_day_are_counted_and_many_of_an_hour_are_to_be_watched(county: SimpleNamespace, login: Any) -> None:
    now = timezone.now()
    for hours in (30, 5, 0.5, 0.4, 0.3):
        for _beats in range(2):
            steps.beat("worker", detail={"version": __version__}, started_at=now - timedelta(hours=hours))
    found = lines(login)["process.worker"]
    assert found["state"] == "well"
    assert "启动 4 次" in found["words"]
    steps.beat("worker", detail={"version": __version__}, started_at=now)
    assert lines(login)["process.worker"]["state"] == "watch"


def test_another_version_than_the_web_process_is_to_be_watched(county: SimpleNamespace, login: Any) -> None:
    pipeline_says(version="0.0.1")
    found = lines(login)["process.pipeline"]
    assert found["state"] == "watch"
    assert __version__ in found["todo"]


@pytest.mark.parametrize(
    ("told", "key"),
    [
        ({"failing": {"journal": "no space"}}, "pipeline.stages"),
        ({"failing": {"delivery": "refused"}, "spool_pending": 3}, "pipeline.spool"),
        ({"signals_refused": 1}, "pipeline.refused"),
        ({"rules_refused": ["rule 7"]}, "pipeline.rules"),
        ({"damage": {"quarantined": 1, "missing": 4, "skipped": []}}, "pipeline.damage"),
    ],
)
def test_what_the_pipeline_says_is_wrong_is_wrong(county: Any, login: Any, told: dict[str, Any], key: str) -> None:
    pipeline_says()
    assert lines(login)[key]["state"] == "well"
    pipeline_says(**told)
    assert lines(login)[key]["state"] == "wrong"


def test_without_a_fresh_beat_nothing_of_the_pipeline_is_known(county: SimpleNamespace, login: Any) -> None:
    pipeline_says()
    grow_old("pipeline", minutes=2)
    found = [line for key, line in lines(login).items() if key.startswith("pipeline.")]
    assert len(found) >= 6
    assert {line["state"] for line in found} == {"unknown"}
    assert all(line["todo"] for line in found)
    assert all(datetime.fromisoformat(line["as_of"]) < timezone.now() - timedelta(minutes=1) for line in found)


def test_what_a_beat_tells_beside_its_fields_is_kept(county: SimpleNamespace, login: Any) -> None:
    now = int(timezone.now().timestamp() * 1000)
    told = {"wing": "sensing", "tick_ts": now, "started_ms": now, "signals_refused": 2, "failing": {"store": "full"}}
    headers = {"authorization": f"Bearer {settings.CONFIG.secret('wing.token')}"}
    answer = Client().post("/internal/v1/beats", told, content_type="application/json", headers=headers)
    assert answer.status_code == 204
    found = lines(login)
    assert found["pipeline.refused"]["figure"] == 2
    assert "full" in found["pipeline.stages"]["words"]


def test_what_an_older_pipeline_does_not_say_is_unknown(county: SimpleNamespace, login: Any) -> None:
    steps.beat("pipeline", tick_at=timezone.now(), detail={"wing": "sensing"})
    found = lines(login)
    assert {found[key]["state"] for key in ("pipeline.spool", "pipeline.refused", "pipeline.clock")} == {"unknown"}


def test_clock_set_back_and_clocks_apart_are_to_be_watched(county: SimpleNamespace, login: Any) -> None:
    pipeline_says()
    assert lines(login)["pipeline.clock"]["state"] == "well"
    clock = {"ahead_of_wall_ms": 9000, "jumps_back": 1, "jumps_ahead": 0, "last_jump_ms": -9000}
    pipeline_says(clock=clock, now=int(timezone.now().timestamp() * 1000) + 9000)
    assert lines(login)["pipeline.clock"]["state"] == "watch"
    pipeline_says(now=int(timezone.now().timestamp() * 1000) - 60_000)
    assert lines(login)["pipeline.clock"]["state"] == "watch"


def test_queues_are_as_bad_as_their_oldest(county: SimpleNamespace, login: Any) -> None:
    assert lines(login)["signals.new"]["state"] == "well"
    Signal.objects.create(uid="a", body={}, received_at=timezone.now() + timedelta(minutes=1))
    assert (lines(login)["signals.new"]["figure"], lines(login)["signals.new"]["state"]) == (1, "well")
    Signal.objects.create(uid="b", body={}, received_at=timezone.now() - timedelta(seconds=30))
    found = lines(login)["signals.new"]
    assert (found["figure"], found["state"], found["url"]) == (2, "wrong", "/signals")
    event = OutboxEvent.objects.create(topic="t", subject_type="county", subject_id=0, at=timezone.now())
    OutboxEvent.objects.exclude(pk=event.pk).update(seq=None)
    OutboxEvent.objects.filter(seq__isnull=True).update(at=timezone.now() - timedelta(minutes=1))
    assert lines(login)["outbox"]["state"] == "wrong"


def test_signals_set_aside_and_addresses_nobody_took_are_shown(county: SimpleNamespace, login: Any) -> None:
    Signal.objects.create(uid="a", body={}, received_at=timezone.now(), state=SignalState.ASIDE)
    source = Source.objects.create(name="甲矿网关")
    at = timezone.now()
    Unclaimed.objects.create(source=source, address="X-9", first_at=at, last_at=at, reason="unknown")
    found = lines(login)
    assert (found["signals.aside"]["state"], found["signals.aside"]["url"]) == ("wrong", "/signals")
    assert (found["unclaimed"]["state"], found["unclaimed"]["url"]) == ("watch", "/unclaimed")


def test_a_step_that_has_just_failed_is_watched_and_one_that_often_did_is_the_alarm(
    county: SimpleNamespace, login: Any
) -> None:
    state = StepState.objects.create(name="ledger.seal", failing=1, last_error="boom", last_error_at=timezone.now())
    assert lines(login)["worker.steps"]["state"] == "watch"
    StepState.objects.filter(pk=state.pk).update(failing=3)
    found = lines(login)
    assert found["worker.steps"]["state"] == "well"
    alarm = next(line for key, line in found.items() if key.startswith("alarm.worker.step"))
    assert alarm["state"] == "wrong"
    assert "boom" in alarm["words"]


def test_never_backed_up_is_said_and_a_backup_is_shown(county: SimpleNamespace, login: Any) -> None:
    found = lines(login)["backup"]
    assert (found["state"], found["since"]) == ("watch", None)
    at = timezone.now()
    facts = {"file": "shoutu-1.tar", "bytes": 3 * 1024**2, "sha256": "ab", "taken_at": at.isoformat(), "size": 3}
    note_taken(system("命令行"), facts)
    found = lines(login)["backup"]
    assert (found["state"], found["words"], found["figure"]) == ("well", "shoutu-1.tar", 3)
    assert datetime.fromisoformat(found["since"]) == at.replace(microsecond=at.microsecond // 1000 * 1000)


def test_a_late_backup_is_one_line_not_an_alarm_beside_it(county: SimpleNamespace, login: Any) -> None:
    at = timezone.now() - timedelta(days=40)
    note_taken(system("命令行"), {"file": "a", "bytes": 1, "sha256": "ab", "taken_at": at.isoformat(), "size": 3})
    found = lines(login)
    assert found["backup"]["state"] == "wrong"
    assert not [key for key in found if key.startswith("alarm.backup.old")]


def test_ledger_check_that_is_too_long_ago_is_unknown(county: SimpleNamespace, login: Any) -> None:
    assert lines(login)["ledger.check"]["state"] == "unknown"
    steps.beat("ledger.check", detail={"size": 5, "count": 0, "findings": []})
    assert lines(login)["ledger.check"]["state"] == "well"
    Beat.objects.filter(name="ledger.check").update(at=timezone.now() - timedelta(hours=13))
    assert lines(login)["ledger.check"]["state"] == "unknown"
    steps.beat("ledger.check", detail={"size": 5, "count": 2, "findings": ["leaf 3", "leaf 4"]})
    found = lines(login)
    assert found["ledger.check"]["state"] == "wrong"
    assert not [key for key in found if key.startswith("alarm.ledger.check")]


def test_contribution_that_fails_hides_no_other(county: Any, login: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(now: datetime) -> Any:
        raise RuntimeError("no answer")

    monkeypatch.setattr(health, "_contributions", [broken, *health._contributions])
    found = lines(login)
    mine = next(line for key, line in found.items() if key.startswith("failed."))
    assert mine["state"] == "unknown"
    assert "no answer" in mine["words"]
    assert "disk" in found
    assert "backup" in found


def test_nothing_to_say_is_not_well(county: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_contributions", [])
    assert health.health(actor(county.users["administrator"]))["state"] == State.UNKNOWN


def test_all_well_only_when_every_line_is(county: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    def fine(now: datetime) -> list[Line]:
        return [Line("a", Part.QUEUE, "a", State.WELL, ""), Line("b", Part.MACHINE, "b", State.WELL, "")]

    monkeypatch.setattr(health, "_contributions", [fine])
    assert health.health(actor(county.users["administrator"]))["state"] == State.WELL
    one = Line("c", Part.MACHINE, "c", State.UNKNOWN, "")
    monkeypatch.setattr(health, "_contributions", [fine, lambda now: [one]])
    answer = health.health(actor(county.users["administrator"]))
    assert (answer["state"], answer["lines"][0]["key"]) == (State.UNKNOWN, "c")


@pytest.mark.parametrize(("free", "state"), [(900 * 1024**2, "wrong"), (3 * 1024**3, "watch"), (50 * 1024**3, "well")])
def test_disk_by_what_is_free(county: Any, login: Any, monkeypatch: Any, free: int, state: str) -> None:
    monkeypatch.setattr(machine, "disk_free", lambda folder: free)
    assert lines(login)["disk"]["state"] == state


@pytest.mark.parametrize(
    ("care", "state"),
    [
        (None, "unknown"),
        (machine.ClockCare(False, 16_000.0), "watch"),
        (machine.ClockCare(True, 12.0), "well"),
        (machine.ClockCare(True, 1_500.0), "watch"),
    ],
)
def test_clock_by_what_the_kernel_knows(county: Any, login: Any, monkeypatch: Any, care: Any, state: str) -> None:
    monkeypatch.setattr(machine, "clock_care", lambda: care)
    assert lines(login)["clock.ntp"]["state"] == state


def test_machine_answers_for_itself(tmp_path: Path) -> None:
    assert machine.disk_free(tmp_path) > 0
    with pytest.raises(OSError, match="No such file"):
        machine.disk_free(tmp_path / "none")
    care = machine.clock_care()
    assert care is None or care.error_ms >= 0


def test_words_come_in_the_askers_language(county: SimpleNamespace, login: Any) -> None:
    assert lines(login, **{"accept-language": "en"})["backup"]["words"] == "never backed up"
