"""Findings: raised, named in one duty, changed, cleared; looked at by the worker when touched and by the sweep."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from shoutu.county.duties.models import Call, Duty, Finding
from shoutu.county.duties.services import answer, cancel, check_findings, done
from shoutu.county.duties.services import findings as worker
from shoutu.county.kit import findings
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Conflict
from shoutu.county.kit.findings import Gap
from shoutu.county.kit.models import Touched
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.models import Entry
from shoutu.county.people.testing import actor
from tests.county.base import ListTests

KIND = "test.lamp"
LANE = {
    "policy": "test@1", "verified": False, "chain": [{"who": "enterprise_principal", "answer_s": 600}],
    "due_s": {"dispose": 3600}, "orders": [], "retry_s": [60],
}  # fmt: skip


@pytest.fixture
def lamps(county):
    """A kind whose gaps are whatever the list says; registered for one test."""
    county.lacking = []
    kinds = findings.kinds()
    findings.register(
        findings.Kind(
            KIND, "缺灯", check=lambda _one: list(county.lacking), subjects=lambda: [ref(county.site)], lane=LANE
        )
    )
    yield county
    findings._kinds.clear()
    findings._kinds.update(kinds)


def check(lamps):
    return check_findings(SYSTEM, KIND, ref(lamps.site))


def test_all_gaps_of_a_subject_make_one_duty_that_is_settled_with_the_last(lamps):
    lamps.lacking = [Gap("a", "缺甲灯"), Gap("b", "缺乙灯"), Gap("c", "缺丙灯", optional=True)]
    check(lamps)
    duty = Duty.objects.get(kind=KIND)
    assert dict(Finding.objects.values_list("key", "duty_id")) == {"a": duty.pk, "b": duty.pk, "c": None}
    assert (duty.site_id, duty.title) == (lamps.site.pk, f"{lamps.site.name}：缺灯 2 项")
    assert Call.objects.filter(duty=duty).count() == 1
    lamps.lacking = [Gap("b", "缺乙灯")]
    check(lamps)
    duty.refresh_from_db()
    assert (duty.state, duty.why) == ("called", "缺乙灯")
    lamps.lacking = []
    check(lamps)
    duty.refresh_from_db()
    assert duty.state == "cancelled"
    assert not Finding.objects.filter(cleared_at__isnull=True).exists()


def test_looking_again_writes_nothing(lamps):
    lamps.lacking = [Gap("a", "缺甲灯")]
    check(lamps)
    before = Entry.objects.count()
    check(lamps)
    assert (Entry.objects.count(), Finding.objects.count(), Duty.objects.count()) == (before, 1, 1)


def test_what_comes_back_is_a_new_finding_with_a_new_duty(lamps):
    for lacking in ([Gap("a", "缺甲灯")], [], [Gap("a", "缺甲灯")]):
        lamps.lacking = lacking
        check(lamps)
    assert Finding.objects.filter(key="a").count() == 2
    assert Duty.objects.filter(kind=KIND, state="called").count() == 1
    verbs = Entry.objects.filter(subject_type="finding").order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["finding.raised", "finding.cleared", "finding.raised"]


def test_a_gap_that_joins_an_open_duty_calls_nobody_anew(lamps):
    lamps.lacking = [Gap("a", "缺甲灯")]
    check(lamps)
    lamps.lacking.append(Gap("b", "缺乙灯"))
    check(lamps)
    duty = Duty.objects.get(kind=KIND)
    assert (duty.round, Call.objects.filter(duty=duty).count(), duty.title[-4:]) == (1, 1, " 2 项")


def test_an_optional_gap_that_becomes_needed_calls(lamps):
    lamps.lacking = [Gap("a", "缺甲灯", optional=True)]
    check(lamps)
    assert not Duty.objects.filter(kind=KIND).exists()
    lamps.lacking = [Gap("a", "缺甲灯")]
    check(lamps)
    assert Duty.objects.get(kind=KIND).state == "called"
    lamps.lacking = [Gap("a", "缺甲灯", optional=True)]
    check(lamps)
    assert Duty.objects.get(kind=KIND).state == "cancelled"


def test_nobody_cancels_the_duty_while_anything_is_lacking(lamps):
    lamps.lacking = [Gap("a", "缺甲灯"), Gap("b", "缺乙灯")]
    check(lamps)
    lamps.lacking = [Gap("b", "缺乙灯")]
    check(lamps)
    with pytest.raises(Conflict, match="缺项还在"):
        cancel(actor(lamps.users["administrator"]), Duty.objects.get(kind=KIND).pk, "不用了")


def test_nobody_finishes_the_duty_by_saying_so(lamps):
    lamps.lacking = [Gap("a", "缺甲灯")]
    check(lamps)
    duty = Duty.objects.get(kind=KIND)
    post = Call.objects.get(duty=duty).post_id
    who = next(one for one in map(actor, lamps.users.values()) if post in one.posts)
    answer(who, duty.pk)
    with pytest.raises(Conflict, match="自动了结"):
        done(who, duty.pk)


def test_a_touched_subject_is_looked_at_once_and_the_queue_is_empty(lamps):
    lamps.lacking = [Gap("a", "缺甲灯")]
    with transaction.atomic():
        findings.touch(KIND, ref(lamps.site), ref(lamps.site))
    worker.look()
    assert (Finding.objects.filter(kind=KIND).count(), Touched.objects.filter(kind=KIND).count()) == (1, 0)


@pytest.mark.django_db(transaction=True)
def test_touch_outside_a_transaction_is_refused(lamps):
    with pytest.raises(RuntimeError, match="@service"):
        findings.touch(KIND, ref(lamps.site))


def test_one_that_cannot_be_looked_at_holds_up_no_other(lamps):
    def broken(_subject):
        raise ValueError("broken")

    findings.register(findings.Kind("test.broken", "坏", check=broken, subjects=list, lane=None))
    lamps.lacking = [Gap("a", "缺甲灯")]
    findings.touch("test.broken", ref(lamps.site))
    findings.touch(KIND, ref(lamps.site))
    with pytest.raises(ValueError, match="broken"):
        worker.look()
    assert Finding.objects.filter(kind=KIND).exists()
    assert list(Touched.objects.values_list("kind", flat=True)) == ["test.broken"]


def test_the_sweep_finds_what_nobody_touched(lamps):
    lamps.lacking = [Gap("a", "缺甲灯")]
    worker.sweep()
    while worker.look():
        pass
    assert Finding.objects.filter(kind=KIND).exists()


def test_the_sweep_clears_what_stands_about_a_subject_that_is_none_any_more(lamps):
    lamps.lacking = [Gap("a", "缺甲灯")]
    check(lamps)
    lamps.lacking = []
    findings.register(replace(findings.kinds()[KIND], subjects=list))
    worker.sweep()
    while worker.look():
        pass
    assert not Finding.objects.filter(kind=KIND, cleared_at__isnull=True).exists()


class TestFindingList(ListTests):
    path = "/api/v1/findings"
    queries = 5
    sees = {"leader": True, "enterprise": True, "enterprise_b": False}

    @pytest.fixture(autouse=True)
    def _kind(self, lamps):
        self.lamps = lamps

    def make(self, county, n):
        start = len(self.lamps.lacking)
        self.lamps.lacking += [Gap(f"k{start + i}", f"缺 {start + i} 号灯") for i in range(n)]
        check(self.lamps)
        return list(Finding.objects.order_by("-id")[:n])


# --- many at once, and called anew for what came since


def test_many_are_written_a_few_at_a_time_and_make_one_duty(lamps):
    lamps.lacking = [Gap(f"{n}", f"缺灯 {n}") for n in range(60)]
    with CaptureQueriesContext(connection) as queries:
        assert len(check(lamps)) == 60
    assert sum(one["sql"].startswith("RELEASE SAVEPOINT") or one["sql"] == "COMMIT" for one in queries) > 3
    duty = Duty.objects.get(kind=KIND)
    assert duty.title.endswith("缺灯 60 项")
    assert Finding.objects.filter(duty=duty).count() == 60
    lamps.lacking = []
    assert check(lamps) == []
    duty.refresh_from_db()
    assert duty.state == "cancelled"


def test_killed_between_the_next_look_finishes_and_calls(lamps, monkeypatch):
    lamps.lacking = [Gap(f"{n}", f"缺灯 {n}") for n in range(60)]
    written, real = [], worker._write

    def killed(*args):
        if written:
            raise SystemExit
        written.append(real(*args))
        return written[0]

    monkeypatch.setattr(worker, "_write", killed)
    with pytest.raises(SystemExit):
        check(lamps)
    monkeypatch.undo()
    assert (Finding.objects.count(), Duty.objects.filter(kind=KIND).count()) == (worker.AT_ONCE, 0)
    # Even where the rest is mended meanwhile, somebody is called for what was written.
    lamps.lacking = lamps.lacking[: worker.AT_ONCE]
    check(lamps)
    assert Finding.objects.filter(duty=Duty.objects.get(kind=KIND)).count() == worker.AT_ONCE


@pytest.fixture
def again(lamps):
    """The same kind, with a call for what came since at most once a day."""
    findings.register(replace(findings.kinds()[KIND], again=timedelta(days=1)))
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield SimpleNamespace(lamps=lamps, clock=clock)


def test_what_joins_an_answered_duty_is_called_for_at_most_once_a_day(again):
    lamps, clock = again.lamps, again.clock
    lamps.lacking = [Gap("a", "缺甲灯")]
    check(lamps)
    duty = Duty.objects.get(kind=KIND)
    answer(actor(lamps.users["principal"]), duty.pk)
    clock.shift(timedelta(hours=2))
    lamps.lacking = [Gap("a", "缺甲灯"), Gap("b", "缺乙灯")]
    check(lamps)
    duty.refresh_from_db()
    assert (duty.state, duty.round, duty.title[-6:]) == ("answered", 1, "缺灯 2 项")
    # Nothing differs any more, and yet it is not forgotten.
    clock.shift(timedelta(hours=22))
    check(lamps)
    duty.refresh_from_db()
    assert (duty.state, duty.round, Duty.objects.filter(kind=KIND).count()) == ("called", 2, 1)
    assert Call.objects.filter(duty=duty, round=2).exists()
    entries = Entry.objects.count()
    clock.shift(timedelta(days=2))
    check(lamps)
    assert Entry.objects.count() == entries


def test_one_in_place_of_all_the_others_is_called_for_at_once(again):
    lamps = again.lamps
    lamps.lacking = [Gap("a", "缺甲灯")]
    check(lamps)
    duty = Duty.objects.get(kind=KIND)
    answer(actor(lamps.users["principal"]), duty.pk)
    again.clock.shift(timedelta(hours=1))
    lamps.lacking = [Gap("b", "缺乙灯")]
    check(lamps)
    duty.refresh_from_db()
    assert (duty.state, duty.round, duty.why) == ("called", 2, "缺乙灯")
