"""Holes in who answers for what: kept as findings, called for once they have stood too long, without names."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import time_machine
from django.utils import timezone

from shoutu.county.duties import holes
from shoutu.county.duties.holes import HOLE
from shoutu.county.duties.holes import county as whole
from shoutu.county.duties.models import Duty, Finding
from shoutu.county.duties.services import answer, check_findings
from shoutu.county.duties.services import findings as worker
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.ledger.models import Entry
from shoutu.county.people import findings as people
from shoutu.county.people import services
from shoutu.county.people.models import Holding
from shoutu.county.people.testing import actor
from shoutu.county.places.models import Site

DAY = timedelta(days=1)


def look():
    check_findings(SYSTEM, HOLE, whole()[0])
    rows = Finding.objects.filter(kind=HOLE, cleared_at__isnull=True).select_related("duty").order_by("id")
    return {row.detail["kind"]: row for row in rows}


def test_an_empty_post_calls_at_once_and_is_settled_when_filled(county):
    assert "post.nobody" not in look()
    seat = Holding.objects.get(post=county.posts["leader"])
    services.leave_post(SYSTEM, seat)
    row = look()["post.nobody"]
    assert (row.optional, row.duty.state, row.organisation_id) == (False, "called", seat.post.organisation_id)
    services.hold_post(SYSTEM, county.posts["leader"], seat.person)
    assert "post.nobody" not in look()
    row.refresh_from_db()
    assert row.cleared_at is not None


def test_a_missing_kind_is_listed_first_and_called_for_a_day_later(county):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        first = look()["site.no_kind"]
        assert (first.optional, first.duty) == (True, None)
        clock.shift(DAY)
        rows = Finding.objects.filter(kind=HOLE, detail__kind="site.no_kind")
        look()
        assert [row.optional for row in rows] == [False, False]
        assert Duty.objects.filter(kind=HOLE, state="called").count() == 1


def test_looking_again_writes_nothing_as_time_goes_on(county):
    services.create_post(SYSTEM, county.bureau, "夜班值班员", on_shift=True)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        look()
        assert Finding.objects.filter(kind=HOLE, message__contains="夜班值班员”现在起没有排班").exists()
        before = Entry.objects.count()
        clock.shift(timedelta(minutes=90))
        look()
        assert Entry.objects.count() == before


def test_no_name_stands_in_what_is_kept(county):
    services.start_leave(SYSTEM, county.persons["township"], "sick", timezone.now() + DAY)
    row = look()["leave.no_deputy"]
    assert county.persons["township"].name not in row.message
    told = [bytes(entry.canonical).decode() for entry in Entry.objects.filter(verb="finding.raised")]
    assert told
    assert not [one for one in told if county.persons["township"].name in one]


def test_a_change_is_looked_at_by_the_worker(county):
    seat = Holding.objects.get(post=county.posts["leader"])
    services.leave_post(SYSTEM, seat)
    while worker.look():
        pass
    assert Finding.objects.filter(kind=HOLE, detail__kind="post.nobody", cleared_at__isnull=True).count() == 1


def test_an_enterprise_sees_its_own_alone(county):
    look()
    seen = Finding.objects.visible_to(actor(county.users["enterprise_b"])).filter(kind=HOLE)
    assert {row.site_id for row in seen} == {county.site_b.pk}
    assert Finding.objects.visible_to(actor(county.users["leader"])).filter(kind=HOLE).count() > seen.count()


def test_a_new_hole_joins_the_duty_and_calls_anew(county):
    services.create_post(SYSTEM, county.bureau, "岗一", on_shift=True)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        look()
        duty = Duty.objects.get(kind=HOLE)
        answer(actor(county.users["duty_officer"]), duty.pk)
        clock.shift(DAY)
        services.create_post(SYSTEM, county.bureau, "岗二", on_shift=True)
        look()
        duty.refresh_from_db()
        assert (duty.state, Duty.objects.filter(kind=HOLE).count()) == ("called", 1)
        assert duty.calls.filter(round=2, state="calling").exists()


def test_more_than_can_be_kept_none_is_recorded_as_mended_while_it_stands(county, monkeypatch):
    monkeypatch.setattr(holes, "MOST", 3)
    base = county.site
    for n in range(6):
        Site.objects.create(
            name=f"矿{n}", kind=base.kind, organisation=base.organisation, territory=base.territory
        )  # fmt: skip
    look()
    before = set(Finding.objects.filter(kind=HOLE).exclude(key="more").values_list("key", flat=True))
    assert len(before) == 3
    # Worse than those: it comes first, and is kept beside them.
    services.create_post(SYSTEM, county.bureau, "新岗", on_shift=True)
    look()
    open_ = Finding.objects.filter(kind=HOLE, cleared_at__isnull=True)
    assert before < set(open_.values_list("key", flat=True))
    assert open_.filter(detail__kind="post.nobody").exists() or open_.filter(detail__kind="roster.gap").exists()
    assert not Entry.objects.filter(verb="finding.cleared").exists()
    more = open_.get(key="more")
    assert more.message == f"另有 {_all() - open_.count() + 1} 项责任漏洞，在责任矩阵里看"


def _all():
    """Every hole there is now, however few are kept."""
    told = people.findings(replace(SYSTEM, permissions=SYSTEM.permissions - {"person.read_phone"}), timezone.now())
    return len({holes._key(one) for one in told if one.kind != "person.unreachable"})
