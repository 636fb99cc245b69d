"""误报: how often a rule was right, who owns it, and a review when it is due or false too often."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from shoutu.county.duties.models import Duty
from shoutu.county.kit.errors import Invalid, NotAllowed
from shoutu.county.people.testing import actor
from shoutu.county.warnings import noise, services, steps
from shoutu.county.warnings.models import Warning


@pytest.fixture
def inspector(watched):
    return actor(watched.users["inspector"])


@pytest.fixture
def judged(raise_to, officer, clock):
    def make(result, reason=""):
        warning = raise_to(2)
        services.verify(officer, warning.pk, result, reason)
        if result == "real":
            services.dispose(officer, warning.pk, "x")
            services.feedback(officer, warning.pk, "x")
        raise_to(0, 2)
        services.close(officer, warning.pk)
        clock.shift(60)

    return make


def test_rates_and_reasons_per_rule(judged, officer, raise_to):
    for result, reason in [("false_alarm", "blasting")] * 3 + [("false_alarm", "exhaust"), ("real", "")]:
        judged(result, reason)
    raise_to(2)
    told = noise.noise(officer, 30)
    one = told["items"][0]
    assert (one["raised"], one["real"], one["false_alarm"], one["unjudged"]) == (6, 1, 4, 1)
    assert (one["rate"], noise.noise(officer, 90)["items"][0]["rate"]) == (4.0, 1.33)
    assert list(told["reasons"].items()) == [("放炮", 3), ("车辆尾气", 1)]


def test_rules_of_one_pack_rule_share_their_points(judged, officer, watched):
    for rule in watched.rules:
        rule.origin = "tailings_pond/phreatic_depth"
        rule.save()
    judged("false_alarm", "blasting")
    [group] = noise.noise(officer, 30, "pack")["items"]
    assert (group["points"], group["false_alarm"], group["rate"]) == (2, 1, 0.5)


def test_outside_the_window_or_the_scope_is_not_counted(judged, officer, watched, clock):
    judged("false_alarm", "blasting")
    assert noise.noise(actor(watched.users["enterprise_b"]), 30)["items"] == []
    Warning.objects.update(opened_at=timezone.now() - timedelta(days=31))
    assert noise.noise(officer, 30)["items"] == []
    assert noise.noise(officer, 90)["count"] == 1


def test_too_many_false_alarms_call_the_owner_once_until_reviewed(judged, inspector, officer, watched, clock):
    rule, soon = watched.rules[0], timezone.localdate() + timedelta(days=90)
    services.set_care(inspector, rule.pk, watched.posts["duty_officer"].pk, soon, 1)
    judged("false_alarm", "blasting")
    steps.rule_review()
    assert not Duty.objects.filter(kind="rule.review").exists()
    judged("false_alarm", "blasting")
    steps.rule_review()
    steps.rule_review()
    duty = Duty.objects.get(kind="rule.review")
    assert (duty.state, duty.why) == ("called", "2 次误报，超过每月 1 次")
    assert duty.calls.get().post == watched.posts["duty_officer"]
    services.review_rule(officer, rule.pk, "改成放炮时段外计", soon)
    steps.rule_review()
    assert [one.state for one in Duty.objects.filter(kind="rule.review")] == ["done"]


def test_the_day_of_review_calls_the_owner(inspector, watched, clock):
    tomorrow = timezone.localdate() + timedelta(days=1)
    services.set_care(inspector, watched.rules[0].pk, watched.posts["township"].pk, tomorrow, None)
    steps.rule_review()
    assert not Duty.objects.filter(kind="rule.review").exists()
    clock.shift(86_400)
    steps.rule_review()
    assert Duty.objects.get(kind="rule.review").why.startswith("到了复查日")


def test_bad_input_names_the_field(inspector, watched):
    rule, post, today = watched.rules[0].pk, watched.posts["township"].pk, timezone.localdate()
    for field, owner, day, limit in [
        ("owner", 999_999, today + timedelta(days=3), None),
        ("review_on", post, today, None),
        ("limit", post, today + timedelta(days=3), -1),
    ]:
        with pytest.raises(Invalid) as told:
            services.set_care(inspector, rule, owner, day, limit)
        assert told.value.field == field
    with pytest.raises(NotAllowed):
        services.set_care(actor(watched.users["enterprise"]), rule, post, today + timedelta(days=3), None)


def test_over_http(login, judged, watched):
    judged("false_alarm", "blasting")
    told = login("leader").get("/api/v1/noise?days=90&by=rule").json()
    assert (told["count"], told["items"][0]["reasons"]) == (1, {"放炮": 1})
    assert login("leader").get("/api/v1/noise?days=7").status_code == 422
