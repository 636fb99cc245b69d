"""Every alarm leads to the page of what it is about, where that has one; and every such page is one of the face's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from shoutu.county.duties.models import Duty
from shoutu.county.duties.services.alarms import raise_alarm
from shoutu.county.kit import status, subjects
from shoutu.county.kit.models import StepState
from shoutu.county.kit.steps import title_of
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.ledger.models import Witness

APP = Path(__file__).resolve().parents[3] / "web" / "src" / "App.tsx"
ROUTES = [
    re.compile("^" + re.sub(r":[A-Za-z]+", "[^/]+", path) + "$")
    for path in re.findall(r'<Route path="([^"*]+)"', APP.read_text("utf-8"))
]


def urls(client):
    return {alarm["kind"]: alarm["url"] for alarm in client.get("/api/v1/status").json()["alarms"]}


def is_page(url):
    return any(route.match(url.split("?")[0]) for route in ROUTES)


def test_an_alarm_leads_to_its_subject(watched, raise_to, login):
    warning = raise_to(4)
    duty = Duty.objects.filter(about_type="warning").first()
    raise_alarm("a", "warning.uncalled", "没有叫任何人", SubjectRef("warning", warning.pk))
    raise_alarm("b", "duty.missed", "该叫的没有叫", SubjectRef("duty", duty.pk))
    raise_alarm("c", "site.odd", "场所", SubjectRef("site", watched.site.pk))
    raise_alarm("d", "point.odd", "测点", SubjectRef("point", watched.points[0].pk))
    raise_alarm("e", "source.odd", "数据源", SubjectRef("source", watched.source.pk))
    raise_alarm("f", "rule.odd", "规则", SubjectRef("rule", watched.rules[0].pk))
    found = urls(login("leader"))
    assert found == {
        "warning.uncalled": f"/warnings/{warning.pk}",
        # A duty is shown on the page of what it is about.
        "duty.missed": f"/warnings/{warning.pk}",
        "site.odd": f"/sites/{watched.site.pk}",
        "point.odd": f"/points/{watched.points[0].pk}",
        "source.odd": f"/sites/{watched.site.pk}",
        "rule.odd": f"/points/{watched.points[0].pk}",
    }
    assert all(is_page(url) for url in found.values())


def test_one_about_no_single_thing_leads_to_the_page_of_its_kind(county, login):
    raise_alarm("a", "notice.stuck", "有 3 条通知到点没有发出")
    raise_alarm("b", "signal.aside", "有一条预警信号无法处理")
    raise_alarm("c", "clock.set_back", "系统时钟被拨慢")
    Witness.objects.create(name="市局", kind="folder", target="/x", last_error="x", last_at=timezone.now())
    assert urls(login("duty_officer")) == {
        "notice.stuck": "/channels", "signal.aside": "/signals", "ledger.witness": "/ledger",
        # No page sets a machine's clock.
        "clock.set_back": "",
    }  # fmt: skip


def test_who_may_not_read_that_page_is_not_led_to_it(county, login):
    raise_alarm("a", "notice.stuck", "有 3 条通知到点没有发出")
    assert urls(login("enterprise")) == {"notice.stuck": ""}


def test_a_failing_step_leads_to_where_its_work_is_seen(county, login):
    names = ("duties.deliver", "outbox.number")
    for name in names:
        StepState.objects.create(name=name, failing=3, failures=3, last_error="x", last_error_at=timezone.now())
    alarms = login("leader").get("/api/v1/status").json()["alarms"]
    leads = {name: [a["url"] for a in alarms if title_of(name) in a["message"]] for name in names}
    assert leads == {"duties.deliver": ["/channels"], "outbox.number": [""]}


def test_twenty_alarms_about_duties_cost_no_more_queries_than_two(watched, raise_to, login):
    raise_to(4)
    duties = list(Duty.objects.values_list("pk", flat=True))
    client, counts = login("leader"), []
    for n in range(20):
        raise_alarm(f"a{n}", "duty.missed", f"{n}", SubjectRef("duty", duties[n % len(duties)]))
        if n in (1, 19):
            with CaptureQueriesContext(connection) as captured:
                assert client.get("/api/v1/status").status_code == 200
            counts.append(len(captured))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("name", sorted(status._doors))
def test_every_door_is_a_page_of_the_face(name):
    assert is_page(status._doors[name][0])


@pytest.mark.parametrize("kind", sorted(subjects.kinds()))
def test_every_subjects_page_is_a_page_of_the_face(county, kind):
    url = subjects.url(SubjectRef(kind, county.site.pk))
    assert url == "" or is_page(url), url
