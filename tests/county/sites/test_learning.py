"""Until when a rule of the unlike learns: seen at its point; its next version goes on; off and on it begins anew."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from shoutu.county.kit.actors import SYSTEM
from shoutu.county.sites import services, shaping, trying
from shoutu.county.sites.learning import learning_until
from shoutu.county.sites.models import Rule, RuleVersion
from shoutu.county.sites.selectors import rules_for

WEEK = timedelta(days=7)
UNLIKE = {"levels": {"1": 3000}}


@pytest.fixture
def point(county):
    source = services.create_source(SYSTEM, "甲矿网关", county.site)
    return services.create_point(SYSTEM, county.site, source, "YS-01", item="inflow", unit="m³/h", interval_s=300)


@pytest.fixture
def rule(point):
    return services.create_rule(SYSTEM, point, "anomaly", UNLIKE, "新情况早知道")


def begun(rule: Rule, ago: timedelta) -> None:
    RuleVersion.objects.filter(rule=rule).update(decided_at=timezone.now() - ago)


def test_it_learns_a_week_and_says_so(rule):
    told = shaping.point_rule(rules_for(SYSTEM).get(pk=rule.pk))
    assert abs(told["learning_until"] - timezone.now() - WEEK) < timedelta(minutes=1)
    assert told["sentence"] == ("3000 个读数一遇 蓝（平静时约每月 2.9 次）；先学 7 天、500 个读数，其间不报")
    assert (told["levels_unit"], told["on_value"]) == ("个读数一遇", False)
    begun(rule, WEEK)
    assert learning_until(rule) is None


def test_readings_enough_take_longer_where_they_are_rare(rule, point):
    point.interval_s = 3600
    point.save()
    begun(rule, WEEK)
    left = learning_until(Rule.objects.get(pk=rule.pk)) - timezone.now()
    assert abs(left - timedelta(hours=500) + WEEK) < timedelta(minutes=1)


def test_a_stricter_version_goes_on_learning_and_one_switched_on_again_begins_anew(rule):
    begun(rule, timedelta(days=6))
    services.propose(SYSTEM, rule, "早些知道", {"levels": {"1": 2000}})
    rule.refresh_from_db()
    assert rule.version == 2
    assert learning_until(rule) - timezone.now() < timedelta(days=1)
    services.propose(SYSTEM, rule, "先停", enabled=False, agreed=True)
    rule.refresh_from_db()
    assert learning_until(rule) is None
    services.propose(SYSTEM, rule, "再开", enabled=True)
    rule.refresh_from_db()
    assert learning_until(rule) - timezone.now() > timedelta(days=6)


def test_no_other_kind_learns(point):
    other = services.create_rule(SYSTEM, point, "threshold", {"levels": {"1": 30}}, "设计")
    assert learning_until(other) is None


def test_a_trial_begins_so_early_that_what_it_tries_has_learnt():
    day, week = 86_400_000, 7 * 86_400_000
    assert trying._lead([{"kind": "threshold", "params": {}}], 300) == day
    assert trying._lead([{"kind": "anomaly", "params": UNLIKE}], 300) == week
    assert trying._lead([{"kind": "anomaly", "params": {**UNLIKE, "min_samples": 1000}}], 3600) == 1000 * 3_600_000
