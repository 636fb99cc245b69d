"""Many change one site at once: nobody waits for ever, nothing is lost, nothing is done twice. On both databases.

On PostgreSQL none of these may even meet in a deadlock that is mended by running again: the order of locks
(docs/decisions/0047-order-of-locks.md) leaves none, and the database's own count of deadlocks says so.
"""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from shoutu.county.duties import services as duties
from shoutu.county.duties.auditor import audit
from shoutu.county.duties.models import Call, CallState, Duty, Notice
from shoutu.county.duties.models import State as DutyState
from shoutu.county.duties.services import findings
from shoutu.county.kit.errors import ShoutuError
from shoutu.county.ledger.models import Entry
from shoutu.county.people import proposals
from shoutu.county.people.models import Proposal
from shoutu.county.people.testing import actor
from shoutu.county.places.models import Site
from shoutu.county.places.services import lock_sites
from shoutu.county.screen.services import acknowledge
from shoutu.county.sites import services as sites
from shoutu.county.sites.models import Signal, SignalState
from shoutu.county.warnings import services
from shoutu.county.warnings.models import Evacuation, Event, Group, HeadCount, Membership, Warning
from shoutu.county.warnings.services import inbox
from tests.stack import until

pytestmark = pytest.mark.django_db(transaction=True)
ITEMS = [f"item_{i}" for i in range(5)]


class Crowd:
    """Threads that each do one thing again and again until the time is up; whatever they did not expect is kept."""

    def __init__(self, seconds: float) -> None:
        self.end = time.monotonic() + seconds
        self.errors: list[BaseException] = []
        self.done: Counter[str] = Counter()
        self.threads: list[threading.Thread] = []

    def join(self, name: str, act: Callable[[random.Random], object], seed: int = 0) -> None:
        self.threads.append(threading.Thread(target=self._go, args=(name, act, random.Random(seed)), name=name))

    def _go(self, name: str, act: Callable[[random.Random], object], chance: random.Random) -> None:
        try:
            while time.monotonic() < self.end and not self.errors:
                try:
                    act(chance)
                    self.done[name] += 1
                except ShoutuError:
                    # Right in itself, but not now: others have moved it on.
                    self.done[f"{name}, refused"] += 1
        except BaseException as error:
            self.errors.append(error)
        finally:
            connection.close()

    def run(self) -> None:
        for thread in self.threads:
            thread.start()
        for thread in self.threads:
            thread.join(120)
        assert not any(thread.is_alive() for thread in self.threads)
        if self.errors:
            raise self.errors[0]


@pytest.fixture
def no_deadlocks() -> Iterator[None]:
    """PostgreSQL's own count of the deadlocks it had to break must stand still."""
    if connection.vendor != "postgresql":
        yield
        return

    def count() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_force_next_flush()")
            cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
            return int(cursor.fetchone()[0])

    before = count()
    yield
    # A connection tells its counts at the latest when it ends.
    until(lambda: not others("TRUE"), 30, "the other connections to end")
    assert count() == before


def others(condition: str) -> int:
    """How many other connections to this database PostgreSQL knows, of those that fit."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
            f"AND backend_type = 'client backend' AND {condition}"
        )
        return int(cursor.fetchone()[0])


@pytest.fixture
def signal(county) -> Callable[..., dict[str, object]]:
    numbers = itertools.count(1)

    def make(item: str, to: int, frm: int, site=None) -> dict[str, object]:
        n, now = next(numbers), round(time.time() * 1000)
        return {
            "id": f"{n:032x}", "shard": 0, "seq": n, "ordinal": 0, "rule": None, "rule_version": None, "point": None,
            "source": None, "site": (site or county.site).pk, "item": item, "kind": "site_silence", "category": "risk",
            "type": "level", "from": frm, "to": to, "event_ts": now, "received_ts": now, "value": None,
            "threshold": 3.0, "window_start": now, "aux": 3.0, "flags": [],
        }  # fmt: skip

    return make


def pick(chance, rows):
    ids = list(rows.values_list("pk", flat=True))
    return chance.choice(ids) if ids else None


def settle() -> None:
    while services.take_in():
        pass
    while duties.climb_due():
        pass


def intake(signal, county):
    """Levels go up and down at two sites, in any order, as the pipeline delivers them."""
    stands: dict[tuple[int, str], int] = {}

    def act(chance):
        told = []
        for _ in range(chance.randint(1, 4)):
            site, item = chance.choice([county.site, county.site_b]), chance.choice(ITEMS)
            to = chance.choice([level for level in range(5) if level != stands.get((site.pk, item), 0)])
            told.append(signal(item, to, stands.get((site.pk, item), 0), site))
            stands[site.pk, item] = to
        sites.receive(told)
        services.take_in()

    return act


def head_count(user, site):
    who, keys = actor(user), itertools.count(1)

    def act(chance):
        found = Evacuation.objects.filter(site=site, resumed_at__isnull=True).first()
        if found is None:
            warning = pick(chance, Warning.objects.filter(site=site, closed_at__isnull=True))
            if warning is not None:
                services.order_withdrawal(who, warning)
            return
        key = f"{user.username}-{next(keys)}"
        if found.total is None:
            services.set_head_count(who, found.pk, 50, "调度室", key)
        else:
            step = chance.choice(["out", "out", "more", "back"])
            if step == "out":
                services.confirm_out(who, found.pk, key, count=1)
            elif step == "more":
                services.add_people(who, found.pk, 1, "漏登记", key)
            else:
                services.take_back(who, found.pk, 1, "看错", key)

    return act


def desk(user):
    """Answers, verifies, disposes, calls again; looks at the list, which notes receipts."""
    who = actor(user)

    def act(chance):
        mine = Duty.objects.filter(calls__person_id=who.person_id, calls__state=CallState.CALLING)
        what = chance.choice(["answer", "answer", "verify", "dispose", "recall", "sound", "seen"])
        warning = pick(chance, Warning.objects.filter(closed_at__isnull=True))
        if what == "answer":
            duty = pick(chance, mine.filter(state=DutyState.CALLED).distinct())
            if duty is not None:
                duties.answer(who, duty)
        elif what == "seen":
            from shoutu.county.duties.models import Step
            from shoutu.county.duties.services.receipts import note_fetched

            note_fetched(who, list(mine.distinct()[:20]), Step.SEEN)
        elif what == "sound" and who.may("screen.acknowledge"):
            acknowledge(who, Warning.objects.filter(closed_at__isnull=True).values_list("pk", flat=True)[:6])
        elif warning is not None and what == "verify":
            services.verify(who, warning, chance.choice(["real", "real", "device_fault"]))
        elif warning is not None and what == "dispose":
            services.dispose(who, warning, "已处置", withdraw=chance.random() < 0.2)
        elif warning is not None:
            services.recall(who, warning)

    return act


def merges(user, site):
    who = actor(user)

    def act(chance):
        ids = list(Warning.objects.filter(site=site, closed_at__isnull=True).values_list("pk", flat=True))
        if len(ids) >= 2 and chance.random() < 0.6:
            lead, *rest = chance.sample(ids, min(len(ids), 3))
            services.merge(who, lead, rest, "同一原因")
        else:
            joined = pick(chance, Warning.objects.filter(memberships__left_at__isnull=True, site=site))
            if joined is not None:
                services.split(who, joined, "不是同一原因")

    return act


def quiet(user, second, site):
    """Silences by two persons; 复工 asked for and agreed to."""
    who, other = actor(user), actor(second)

    def act(chance):
        what = chance.choice(["ask", "agree", "agree", "resume", "revoke"])
        if what == "ask":
            services.ask_silence(
                who, kind="silence", reason="检修", starts_at=None, ends_at=timezone.now() + timedelta(hours=2),
                site=site.pk,
            )  # fmt: skip
        elif what == "agree":
            found = Proposal.objects.filter(state="waiting").order_by("?").first()
            if found is not None:
                proposals.agree(other, found)
        elif what == "revoke":
            from shoutu.county.warnings.models_silences import Silence

            silence = pick(chance, Silence.objects.filter(ended_at__isnull=True))
            if silence is not None:
                services.revoke_silence(other, silence)
        else:
            stop = pick(chance, Evacuation.objects.filter(site=site, resumed_at__isnull=True))
            if stop is not None:
                services.resume_work(who, stop, "验收通过")

    return act


def lane_of_duties(chance):
    time.sleep(0.1)
    duties.climb_due()
    duties.overdue_due()
    services.end_groups()
    services.keep_silences()
    services.blasting_over()


def lane_of_findings(chance):
    time.sleep(0.3)
    findings.sweep()
    findings.look()


def nothing_lost(done: Counter[str]) -> None:
    settle()
    assert not Signal.objects.exclude(state=SignalState.DONE).exists()
    # Each signal that raised or moved a warning stands in its course once.
    events = Event.objects.exclude(signal=None).values_list("signal_id", flat=True)
    assert max(Counter(events).values()) == 1
    rises = {row.pk for row in Signal.objects.all() if row.body["to"] > 0}
    assert rises <= set(events)
    # One open warning a site and item, in the stage its facts put it in.
    open_ = Warning.objects.filter(closed_at__isnull=True)
    assert max(Counter(open_.values_list("key", flat=True)).values(), default=1) == 1
    for evacuation in Evacuation.objects.all():
        counts = Counter()
        for kind, amount in evacuation.counts.values_list("kind", "amount"):
            counts[kind] += amount
        if evacuation.total is not None:
            assert evacuation.total == counts["set"] + counts["more"] - counts["fewer"]
        assert evacuation.out == counts["out"] + counts["positioning"] - counts["back"]
    told = HeadCount.objects.count()
    assert Entry.objects.filter(verb="evacuation.counted").count() == told
    assert Evacuation.objects.filter(resumed_at__isnull=True).count() <= 2
    assert (
        max(Counter(Membership.objects.filter(left_at=None).values_list("warning_id", flat=True)).values(), default=1)
        == 1
    )
    for duty in Duty.objects.filter(state=DutyState.ANSWERED):
        assert duty.calls.filter(state=CallState.ANSWERED).exists()
    assert Call.objects.filter(state=CallState.ANSWERED).count() == Entry.objects.filter(verb="duty.answered").count()
    # An answered message never goes back to one that was merely seen.
    back = Notice.objects.filter(answered_at__isnull=False).exclude(step="answered")
    assert not back.exists()
    assert [found for found in audit() if not found.key.startswith("audit:step")] == []


def test_intake_head_count_desks_silences_and_merges_at_one_site(county, signal, no_deadlocks, record_property):
    crowd = Crowd(seconds=12)
    users, site = county.users, county.site
    crowd.join("intake", intake(signal, county), 1)
    crowd.join("head count, mine", head_count(users["enterprise"], site), 2)
    crowd.join("head count, county", head_count(users["duty_officer"], site), 3)
    crowd.join("desk, mine", desk(users["enterprise"]), 4)
    crowd.join("desk, county", desk(users["duty_officer"]), 5)
    crowd.join("desk, leader", desk(users["leader"]), 6)
    crowd.join("merges", merges(users["duty_officer"], site), 7)
    crowd.join("quiet", quiet(users["leader"], users["duty_officer"], site), 8)
    crowd.join("duties", lane_of_duties)
    crowd.join("findings", lane_of_findings)
    crowd.run()
    for name, n in sorted(crowd.done.items()):
        record_property(name, n)
        print(f"{name}: {n}")
    for name in ("intake", "head count, mine", "desk, county", "merges", "duties"):
        assert crowd.done[name] > 2, crowd.done
    nothing_lost(crowd.done)


class Holder:
    """Somebody who holds a site, and its duties where told so, until told to let go."""

    def __init__(self, site: int, duties: bool = False) -> None:
        self.duties = duties
        self.site, self.has, self.go = site, threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._hold)

    def _hold(self) -> None:
        try:
            with transaction.atomic():
                lock_sites([self.site])
                if self.duties:
                    list(Duty.objects.select_for_update(of=("self",), no_key=True).filter(site_id=self.site))
                self.has.set()
                self.go.wait(60)
        finally:
            connection.close()

    def __enter__(self) -> Holder:
        self.thread.start()
        assert self.has.wait(10)
        return self

    def __exit__(self, *_error: object) -> None:
        self.go.set()
        self.thread.join(20)


on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one lock for everything")


@pytest.fixture
def patience(monkeypatch) -> None:
    """No site was met busy before."""
    monkeypatch.setattr(inbox, "_patience", inbox.Patience())


def came(site) -> list[int]:
    """The levels of what was taken in at this site, in the order it was."""
    return list(Event.objects.filter(warning__site=site).order_by("id").values_list("level_to", flat=True))


@on_postgresql
def test_a_site_somebody_holds_holds_up_no_other(county, signal, no_deadlocks, patience):
    """More wait of the busy site than one run looks at, and all of them before the other's."""
    course = [n % 4 + 1 for n in range(260)]
    busy = [signal("item_0", to, frm) for frm, to in zip([0, *course], course, strict=False)]
    with Holder(county.site.pk) as holder:
        sites.receive([*busy, signal("item_1", 3, 0, county.site_b)])
        began = time.monotonic()
        assert services.take_in() is False, "nothing else can be done just now"
        assert time.monotonic() - began < 1
        assert (came(county.site), came(county.site_b)) == ([], [3])
        for n in range(30):
            sites.receive([signal("item_2", n % 4 + 1, (n - 1) % 4 + 1 if n else 0, county.site_b)])
            services.take_in()
            time.sleep(0.05)
            assert len(came(county.site_b)) == n + 2
        assert came(county.site) == []
        assert Signal.objects.filter(state=SignalState.NEW).count() == 260
        holder.go.set()
    settle()
    assert came(county.site) == course, "all of them, once, in their order"
    nothing_lost(Counter())


@on_postgresql
def test_a_storm_across_sites_waits_for_no_duty_somebody_holds(county, signal, no_deadlocks, patience, settings):
    """The one too many opens at a free site; a member's site is held, as by somebody who answers there."""
    settings.CONFIG = replace(settings.CONFIG, storm_count=3)
    sites.receive([signal("item_0", 2, 0), signal("item_1", 2, 0)])
    settle()
    neighbour = Site.objects.get(pk=county.site.pk)
    neighbour.pk, neighbour.name = None, "邻矿"
    neighbour.save(force_insert=True)
    with Holder(county.site.pk, duties=True):
        sites.receive([signal("item_2", 3, 0, neighbour)])
        began = time.monotonic()
        services.take_in()
        assert time.monotonic() - began < 2
        assert came(neighbour) == [3]
        group = Group.objects.get()
        assert group.memberships.count() == 3
        assert set(Duty.objects.filter(site=county.site).values_list("bundle", flat=True)) == {""}
    services.end_groups()
    apart = Duty.objects.exclude(kind="warning.withdraw")
    assert set(apart.values_list("bundle", flat=True)) == {f"warning_group:{group.pk}"}
    nothing_lost(Counter())


@on_postgresql
def test_freed_in_the_midst_of_a_run_none_of_a_site_overtakes_those_passed_over(county, signal, patience, monkeypatch):
    course = [n % 4 + 1 for n in range(60)]
    told = [signal("item_0", to, frm) for frm, to in zip([0, *course], course, strict=False)]
    with Holder(county.site.pk) as holder:
        sites.receive([*told[:30], *(signal(f"item_{n}", 2, 0, county.site_b) for n in range(5)), *told[30:]])
        real = inbox._take

        def take(pk: int) -> None:
            real(pk)
            holder.go.set()
            holder.thread.join(10)

        monkeypatch.setattr(inbox, "_take", take)
        services.take_in()
        assert (len(came(county.site)), len(came(county.site_b))) == (0, 5)
        monkeypatch.setattr(inbox, "_take", real)
    settle()
    assert came(county.site) == course


@on_postgresql
def test_a_site_that_is_never_free_for_long_gets_its_turn(county, signal, patience):
    """One holder after another, without a gap: whoever only takes what is free would wait for ever."""
    crowd = Crowd(seconds=4)

    def hold(chance):
        with transaction.atomic():
            lock_sites([county.site.pk])
            time.sleep(0.02)

    for n in range(3):
        crowd.join("hold", hold, n)
    sites.receive([signal("item_0", 4, 0)])
    taken: list[float] = []
    began = time.monotonic()

    def intake(chance):
        services.take_in()
        if not taken and came(county.site):
            taken.append(time.monotonic() - began)
        time.sleep(0.05)

    crowd.join("intake", intake)
    crowd.run()
    assert taken
    assert taken[0] < 3
    nothing_lost(crowd.done)


@on_postgresql
def test_who_waits_for_a_site_does_not_hold_the_storms_meanwhile(county, signal, patience, no_deadlocks):
    """Two of a held site are being merged: the intake goes on at the others."""
    sites.receive([signal("item_0", 2, 0), signal("item_1", 2, 0)])
    settle()
    lead, other = Warning.objects.order_by("id").values_list("pk", flat=True)
    crowd = Crowd(seconds=0)

    def merging() -> None:
        try:
            services.merge(actor(county.users["duty_officer"]), lead, [other], "同一原因")
        except BaseException as error:
            crowd.errors.append(error)
        finally:
            connection.close()

    merger = threading.Thread(target=merging)
    with Holder(county.site.pk):
        merger.start()
        until(lambda: others("wait_event_type = 'Lock'"), 30, "the merging to wait for the site")
        sites.receive([signal("item_0", 3, 0, county.site_b)])
        began = time.monotonic()
        services.take_in()
        assert came(county.site_b) == [3]
        assert time.monotonic() - began < 1
        assert merger.is_alive()
    merger.join(20)
    assert crowd.errors == []
    assert Membership.objects.filter(left_at=None).count() == 2


def test_the_same_step_sent_twice_at_the_same_moment_is_done_once(county, signal):
    """The mine's telephone sends each step again when no answer comes: both may arrive at once."""
    sites.receive([signal("item_0", 4, 0)])
    settle()
    evacuation = Evacuation.objects.get()
    who = actor(county.users["enterprise"])
    services.set_head_count(who, evacuation.pk, 40, "调度室", "set")
    for step in range(12):
        barrier, errors = threading.Barrier(3), []

        def send(step=step, barrier=barrier, errors=errors):
            try:
                barrier.wait(10)
                services.confirm_out(who, evacuation.pk, f"step-{step}", count=1)
            except BaseException as error:
                errors.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=send) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert errors == []
    evacuation.refresh_from_db()
    assert (evacuation.out, evacuation.counts.filter(kind="out").count()) == (12, 12)
