"""Signals set aside over the interface: who sees them, what they say, trying them again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shoutu.county.duties.models import Alarm
from shoutu.county.ledger.models import Entry
from shoutu.county.sites import services as sites
from shoutu.county.sites.models import Signal
from shoutu.county.warnings import services
from shoutu.county.warnings.models import Warning
from shoutu.engine.layout import KIND_NAMES


@pytest.fixture
def aside(signal):
    """A red that cannot be taken in: its time makes no sense."""
    told = signal(4)
    sites.receive([{**told, "event_ts": "yesterday"}])
    for _ in range(3):
        services.take_in()
    return Signal.objects.get(uid=told["id"], state="aside"), told


def test_the_list_says_where_and_why(aside, login):
    row, told = aside
    page = login("duty_officer").get("/api/v1/signals").json()
    assert page["count"] == 1
    item = page["items"][0]
    assert (item["id"], item["level"], item["tries"], item["event_at"]) == (row.pk, 4, 3, None)
    assert item["point"]["id"] == told["point"]
    assert "Error" in item["error"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        "text",
        {"to": "red", "value": "x", "site": [1], "point": True},
        {"to": 9, "event_ts": 2**70, "point": 2**70},
        {"to": 10**400, "event_ts": 10**400, "value": 10**400, "point": -(10**400)},
    ],
)
def test_a_signal_of_any_form_is_listed(aside, login, body):
    row, _told = aside
    Signal.objects.filter(pk=row.pk).update(body=body)
    item = login("duty_officer").get("/api/v1/signals").json()["items"][0]
    assert (item["level"], item["value"], item["site"]) == (None, None, None)


def test_its_alarm_says_what_to_do_and_keeps_what_the_program_said_apart(aside):
    alarm = Alarm.objects.get(kind="signal.aside")
    assert alarm.raw == aside[0].error != ""
    assert alarm.raw not in alarm.message
    assert "重试" in alarm.message


def test_tried_again_it_warns_and_its_alarm_ends(aside, login):
    row, told = aside
    officer = login("duty_officer")
    assert officer.post(f"/api/v1/signals/{row.pk}/retry").status_code == 204
    for _ in range(3):
        services.take_in()
    row.refresh_from_db()
    assert row.state == "aside", "still of a form that makes no sense"
    Signal.objects.filter(pk=row.pk).update(body=told)
    assert officer.post(f"/api/v1/signals/{row.pk}/retry").status_code == 204
    services.take_in()
    assert Warning.objects.get().level == 4
    assert Alarm.objects.get(kind="signal.aside").cleared_at is not None
    entry = Entry.objects.filter(verb="signal.retried").latest("id")
    assert "值班" in entry.actor or entry.body["actor"]["role"] == "duty_officer"
    assert officer.post(f"/api/v1/signals/{row.pk}/retry").status_code == 404


def test_who_may_not(aside, login):
    row, _told = aside
    assert login("enterprise").get("/api/v1/signals").status_code == 403
    assert login("leader").post(f"/api/v1/signals/{row.pk}/retry").status_code == 403


def test_the_face_has_words_for_every_kind_of_signal():
    words = Path(__file__).resolve().parents[3] / "web" / "src" / "i18n"
    for tongue in ("zh", "en"):
        told = json.loads((words / f"{tongue}.json").read_text("utf-8"))
        assert [kind for kind in KIND_NAMES if kind and f"signal.kind.{kind}" not in told] == []
