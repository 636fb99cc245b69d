"""Events of one cause: merged by hand and split, storms that begin and end; every member keeps its own calls."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
from django.utils import timezone

from shoutu.county.duties.auditor import audit
from shoutu.county.duties.models import Call, Duty
from shoutu.county.kit.errors import Conflict, Invalid, NotAllowed
from shoutu.county.ledger.models import Entry
from shoutu.county.people.testing import actor
from shoutu.county.places.models import Site
from shoutu.county.sites import services as sites
from shoutu.county.warnings import selectors_groups, services
from shoutu.county.warnings.models import Group, Warning
from shoutu.county.warnings.services import grouping

pytestmark = pytest.mark.django_db
NUMBERS = itertools.count(10_000)


def storm(county, levels, site=None):
    """A warning of each level, one an item of one site."""
    now, told = round(timezone.now().timestamp() * 1000), []
    for level in levels:
        i = next(NUMBERS)
        told.append(
            {
                "id": f"{i:032x}", "shard": 0, "seq": i, "ordinal": 0, "rule": None, "rule_version": None,
                "point": None, "source": None, "site": (site or county.site).pk, "item": f"item_{i}",
                "kind": "site_silence", "category": "risk", "type": "level", "from": 0, "to": level, "event_ts": now,
                "received_ts": now, "value": None, "threshold": 3.0, "window_start": now, "aux": 3.0, "flags": [],
            }
        )  # fmt: skip
    sites.receive(told)
    while services.take_in():
        pass
    return list(Warning.objects.order_by("-id")[: len(told)][::-1])


def everybody_called(warnings):
    """No warning without a call that covers it at its level."""
    for warning in warnings:
        duties = Duty.objects.filter(about_type="warning", about_id=warning.pk, kind="warning.dispose")
        assert duties.get().level == warning.level
        assert Call.objects.filter(duty__in=duties, state__in=("calling", "answered")).exists()


def test_fifty_warnings_of_one_site_become_one_event_and_each_is_called_at_its_level(county):
    levels = [4 if i % 10 == 0 else 1 + i % 3 for i in range(50)]
    warnings = storm(county, levels)
    group = Group.objects.get()
    assert (group.kind, group.cause) == ("storm", f"site:{county.site.pk}")
    assert group.memberships.count() == 50
    assert group.lead.level == 4
    everybody_called(warnings)
    assert Entry.objects.filter(verb="group.begun").count() == 1
    assert Entry.objects.filter(verb="warning.gathered").count() == 50
    assert audit() == []


@pytest.mark.parametrize("n", [1, 9, 10, 11])
def test_a_storm_begins_at_its_number(county, n):
    storm(county, [2] * n)
    assert Group.objects.exists() == (n >= 10)


def neighbours(county, n):
    """So many further sites of the same township."""
    found = []
    for i in range(n):
        site = Site.objects.get(pk=county.site.pk)
        site.pk, site.name, site.code = None, f"邻矿 {i}", f"N{i}"
        site.save(force_insert=True)
        found.append(site)
    return found


def test_a_township_needs_several_sites_and_one_mine_draws_in_no_neighbour(county):
    one, *others = neighbours(county, 3)
    storm(county, [2] * 9)
    storm(county, [3], one)
    assert not Group.objects.exists()
    storm(county, [2] * 3, others[0])
    storm(county, [2] * 2, others[1])
    assert not Group.objects.exists()
    storm(county, [2], others[1])
    group = Group.objects.get()
    assert group.cause == f"territory:{county.east.pk}"
    assert group.memberships.count() == 16


def test_slow_warnings_make_no_storm(county, clock):
    for _ in range(12):
        storm(county, [2])
        clock.shift(timedelta(minutes=11))
    assert not Group.objects.exists()


def test_one_answer_answers_all_of_mine_and_nobody_elses(county):
    warnings = storm(county, [2] * 10)
    group = Group.objects.get()
    assert services.answer_all(actor(county.users["enterprise"]), group.pk, "收到") == (10, 0)
    assert set(Duty.objects.filter(kind="warning.dispose").values_list("state", flat=True)) == {"answered"}
    assert set(Duty.objects.filter(kind="warning.verify").values_list("state", flat=True)) == {"called"}
    assert Entry.objects.filter(verb="duty.answered").count() == 10
    with pytest.raises(Conflict):
        services.answer_all(actor(county.users["enterprise"]), group.pk)
    everybody_called(warnings)
    late = storm(county, [3])
    assert services.answer_all(actor(county.users["enterprise"]), group.pk) == (1, 0)
    everybody_called(late)


def test_an_answer_to_hundreds_says_in_time_how_many_are_left_and_goes_on(county, login):
    storm(county, [2] * 10)
    group, mine = Group.objects.get(), actor(county.users["enterprise"])
    assert services.answer_all(mine, group.pk, seconds=0) == (1, 9)
    assert services.answer_all(mine, group.pk, seconds=0) == (1, 8)
    answer = login("enterprise").post(f"/api/v1/warning-groups/{group.pk}/answer", {}, content_type="application/json")
    assert answer.json() == {"answered": 8, "left": 0}


def test_what_was_held_when_the_storm_took_it_in_is_joined_later_and_let_go_of_at_its_end(county, clock):
    storm(county, [2] * 10)
    group = Group.objects.get()
    held = Duty.objects.filter(bundle=f"warning_group:{group.pk}").earliest("id")
    alone = Duty.objects.exclude(pk=held.pk).filter(bundle=held.bundle).earliest("id")
    Duty.objects.filter(pk=held.pk).update(bundle="")
    Duty.objects.filter(pk=alone.pk).update(bundle="warning_group:999")
    services.end_groups()
    assert set(Duty.objects.exclude(kind="warning.withdraw").values_list("bundle", flat=True)) == {held.bundle}
    clock.shift(timedelta(minutes=31))
    services.end_groups()
    Duty.objects.filter(pk=held.pk).update(bundle=held.bundle)
    services.end_groups()
    assert set(Duty.objects.values_list("bundle", flat=True)) == {""}


def test_a_storm_ends_when_nobody_joins_and_its_members_stand_alone(county, clock):
    storm(county, [2] * 10)
    clock.shift(timedelta(minutes=29))
    services.end_groups()
    assert Group.objects.get().ended_at is None
    clock.shift(timedelta(minutes=2))
    services.end_groups()
    group = Group.objects.get()
    assert group.ended_at is not None
    assert not group.memberships.filter(left_at__isnull=True).exists()
    assert Warning.objects.filter(closed_at__isnull=True).count() == 10
    assert Entry.objects.filter(verb="group.ended").count() == 1


def test_a_storm_somebody_joined_since_it_was_found_quiet_goes_on(county, clock):
    storm(county, [2] * 10)
    clock.shift(timedelta(minutes=31))
    storm(county, [3])
    grouping._end_one(Group.objects.get().pk, timezone.now())
    assert Group.objects.get().ended_at is None


def test_merged_by_hand_and_split_again_they_keep_their_calls(county):
    first, second, third = storm(county, [3, 2, 1])
    officer = actor(county.users["duty_officer"])
    before = set(Call.objects.values_list("pk", "state"))
    group = services.merge(officer, first.pk, [second.pk, third.pk], "同一次断电")
    assert group.memberships.count() == 3
    assert set(Call.objects.values_list("pk", "state")) == before
    assert Entry.objects.filter(verb="warning.merged").count() == 2
    services.split(officer, first.pk, "不是一回事")
    group.refresh_from_db()
    assert group.lead_id == second.pk
    services.split(officer, third.pk, "不是一回事")
    group.refresh_from_db()
    assert group.ended_at is not None
    with pytest.raises(Conflict):
        services.split(officer, second.pk, "再拆")


def test_what_may_not_be_merged_says_why(county):
    first, second = storm(county, [3, 2])
    (other,) = storm(county, [2], county.site_b)
    officer = actor(county.users["duty_officer"])
    with pytest.raises(Invalid):
        services.merge(officer, first.pk, [other.pk], "同因")
    with pytest.raises(Invalid):
        services.merge(officer, first.pk, [first.pk], "同因")
    with pytest.raises(Invalid):
        services.merge(officer, first.pk, [second.pk], " ")
    with pytest.raises(NotAllowed):
        services.merge(actor(county.users["enterprise"]), first.pk, [second.pk], "同因")
    assert not Group.objects.exists()


def test_the_api_lists_events_with_every_red_first(county, login):
    storm(county, [2] * 9 + [4])
    row = login("enterprise").get("/api/v1/warning-groups").json()["items"][0]
    assert (row["count"], row["red"], row["level"], row["waiting_for_me"]) == (10, 1, 4, 10)
    assert row["members"][0]["level"] == 4
    assert login("enterprise_b").get("/api/v1/warning-groups").json()["items"] == []
    told = login("enterprise").post(f"/api/v1/warning-groups/{row['id']}/answer", {}, content_type="application/json")
    assert told.json() == {"answered": 10, "left": 0}


def test_a_storm_is_counted_by_level_though_few_of_its_members_are_sent(county, login, monkeypatch):
    monkeypatch.setattr("shoutu.county.warnings.selectors_groups.SHOWN", 3)
    warnings = storm(county, [2] * 6 + [4, 1, 1, 1])
    Warning.objects.filter(pk=warnings[6].pk).update(closed_at=timezone.now(), state="closed")
    row = login("enterprise").get("/api/v1/warning-groups").json()["items"][0]
    assert row["levels"] == {"1": 3, "2": 6, "3": 0, "4": 0}
    assert (row["count"], row["red"], row["level"]) == (10, 0, 2)
    # A closed red does not take the place of one that goes on.
    assert [one["level"] for one in row["members"]] == [2, 2, 2]


def test_of_more_events_than_are_listed_all_are_counted(watched, raise_to, login, monkeypatch):
    warning, now = raise_to(2), timezone.now()
    for n in range(3):
        Group.objects.create(kind="merged", title=f"{n}", lead=warning, begun_at=now, last_at=now)
    monkeypatch.setattr(selectors_groups, "GROUPS", 2)
    told = login("leader").get("/api/v1/warning-groups").json()
    assert (len(told["items"]), told["count"]) == (2, 3)
