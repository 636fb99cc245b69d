"""Calls of one bundle go out as one message an address; each keeps its row, and follows what became of the message."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from shoutu.county.duties import services
from shoutu.county.duties.auditor import audit
from shoutu.county.duties.channels.operator import SMS
from shoutu.county.duties.models import Call, Channel, Duty, Notice
from shoutu.county.duties.services import answering, bundling, delivering, links
from shoutu.county.duties.services.delivering import Outcome
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Conflict
from shoutu.county.ledger.models import Entry
from shoutu.county.people.testing import actor

T0 = datetime(2026, 7, 21, 6, 2, 18, tzinfo=UTC)
NUMBER = "13800000001"


@pytest.fixture
def clock():
    with time_machine.travel(T0, tick=False) as traveller:
        yield traveller


@pytest.fixture
def called(clock, county, open_duty, lane):
    """Call the mine for things of these levels, all of one bundle; its person has a number on an operator's gateway."""
    channel = Channel.objects.create(title="短信网关", kind=SMS.kind, settings={"url": "https://sms.example/"})
    services.allow_endpoint(SYSTEM, "json", "127.0.0.1")
    contact = services.set_contact(SYSTEM, county.persons["enterprise"], "手机", "json://127.0.0.1:9/call")
    contact.channel, contact.address, contact.url = channel, NUMBER, ""
    contact.save()
    numbers = iter(range(1, 1000))

    def call(*levels):
        duties = [
            open_duty(next(numbers), level, title=f"第 {level} 级的事", policy={**lane(level), "reach": []})
            for level in levels
        ]
        services.bundle("thing", [duty.about_id for duty in duties], "event:1")
        return duties

    return call


def send(problem=None, final=False):
    """What the step does, but for the wire: claim, and book what came of it."""
    claimed = delivering._claim()
    if claimed:
        delivering._book([Outcome(notice, problem, final) for notice in claimed])
    return claimed


def outside():
    return Notice.objects.filter(contact__isnull=False).order_by("id")


def steps():
    return set(outside().values_list("step", flat=True))


def test_fifty_calls_are_one_message_that_names_the_worst_and_counts_the_rest(called):
    called(*[4 if i == 30 else 1 + i % 3 for i in range(50)])
    (head,) = send()
    assert (head.level, head.call.duty.level) == (4, 4)
    assert "第 4 级的事。同一事件共 50 起：红色 1 起、橙色 16 起、黄色 17 起、蓝色 16 起，一次全部应答" in links.words(
        head
    )
    assert send() == []
    assert steps() == {"handed_over"}
    assert outside().filter(carried_by=head).count() == 49
    assert Entry.objects.filter(verb="duty.notice_sent").count() == 50
    assert audit() == []


def test_without_a_bundle_each_goes_out_by_itself(called, open_duty):
    called(2, 2)
    services.bundle("thing", [1, 2], "")
    assert len(send()) == 2
    assert not outside().filter(carried_by__isnull=False).exists()


def test_the_soonest_limit_of_all_stands_in_the_message(called, clock):
    early = called(1)[0]
    clock.shift(timedelta(seconds=1))
    called(2)
    (head,) = send()
    due = min(call.due_at for call in Call.objects.all())
    assert timezone.localtime(due).strftime("%H:%M:%S 前应答") in links.words(head)
    assert head.call.duty_id != early.pk


def test_one_answer_by_link_answers_all_it_told_of_and_nothing_that_came_later(called, clock):
    told = called(3, 2, 2)
    (head,) = send()
    (later,) = called(2)
    view = services.opened(links.token_of(head))
    assert steps() == {"seen", "queued"}
    services.answer_by(view, "answer")
    assert set(Duty.objects.filter(pk__in=[one.pk for one in told]).values_list("state", flat=True)) == {"answered"}
    assert Duty.objects.get(pk=later.pk).state == "called"
    assert Entry.objects.filter(verb="duty.answered").count() == 3
    clock.shift(timedelta(seconds=60))
    (second,) = send()
    assert second.call.duty_id == later.pk


def test_whoever_answers_for_hundreds_waits_no_longer_than_a_limit_and_the_worker_goes_on(called, clock, monkeypatch):
    told = called(3, 2, 2, 2)
    (head,) = send()
    monkeypatch.setattr(answering, "ANSWER_S", 0.0)
    services.answer_by(links.notice_of(links.token_of(head)), "answer")
    states = Duty.objects.filter(pk__in=[one.pk for one in told])
    assert states.filter(state="answered").count() == 2, "its own, and one along with it"
    clock.shift(timedelta(seconds=6))
    services.finish_answers()
    assert set(states.values_list("state", flat=True)) == {"answered"}


def test_one_reply_without_a_code_answers_all(called):
    called(3, 2, 2)
    send()
    channel = Channel.objects.get()
    assert services.take(channel, "reply", NUMBER, "1", event="a") == "answered"
    assert set(Duty.objects.values_list("state", flat=True)) == {"answered"}
    assert services.take(channel, "reply", NUMBER, "1", event="b") == "over"


def test_a_reply_to_an_old_message_does_not_answer_what_got_worse_since(called, lane):
    called(2, 2)
    (head,) = send()
    services.raise_duty(SYSTEM, Duty.objects.get(pk=head.call.duty_id), {**lane(4), "reach": []}, 4, "变红了", "更坏")
    services.answer_by(links.notice_of(links.token_of(head)), "answer")
    states = dict(Duty.objects.values_list("level", "state"))
    assert states == {4: "called", 2: "answered"}
    assert [one.level for one in send()] == [4]


def test_declining_calls_the_next_for_all(called):
    called(3, 2)
    (head,) = send()
    services.answer_by(links.notice_of(links.token_of(head)), "decline")
    assert Call.objects.filter(state="declined").count() == 2
    assert Call.objects.filter(rung=1, state="calling").count() == 2


@pytest.mark.parametrize(("first", "then", "wait_s"), [(2, 2, 60), (3, 1, 60), (2, 3, 0), (4, 4, 0), (3, 4, 0)])
def test_a_later_message_waits_only_behind_one_as_bad(called, clock, first, then, wait_s):
    called(first)
    send()
    called(then)
    assert len(send()) == (0 if wait_s else 1)
    clock.shift(timedelta(seconds=30))
    called(then)
    send()
    clock.shift(timedelta(seconds=30))
    send()
    assert steps() == {"handed_over"}
    late = max(one.handed_over_at - one.queued_at for one in outside().filter(carried_by__isnull=True))
    assert late <= timedelta(seconds=60)


def test_what_is_called_again_by_hand_does_not_wait(called, county, clock):
    called(2, 2)
    send()
    clock.shift(timedelta(seconds=31))
    services.recall(actor(county.users["duty_officer"]), Duty.objects.first().pk)
    assert len(send()) == 1


def test_a_dead_address_fails_for_all_that_went_along(called):
    called(3, 2, 2)
    send("停机", final=True)
    assert steps() == {"failed"}
    assert send() == []


def test_after_the_last_try_what_joined_later_is_tried_itself(called, clock):
    called(2)
    send("忙")
    clock.shift(timedelta(seconds=1))
    called(1)
    for _ in range(8):
        send("忙")
        clock.shift(timedelta(minutes=11))
    assert steps() == {"failed"}
    assert set(outside().values_list("tries", flat=True)) == {5}


def test_what_goes_along_with_a_message_called_off_is_sent_itself(called, county):
    duties = called(3, 2)
    claimed = delivering._claim()
    services.answer(actor(county.users["enterprise"]), duties[0].pk)
    delivering._book([Outcome(notice, "忙") for notice in claimed])
    assert [one.call.duty_id for one in send()] == [duties[1].pk]


def test_a_sender_killed_sends_the_whole_message_again(called, clock):
    called(3, 2)
    delivering._claim()
    clock.shift(timedelta(seconds=61))
    assert len(send()) == 1
    assert steps() == {"handed_over"}


def test_the_auditor_notices_what_went_along_with_nothing(called, clock):
    called(3, 2)
    (head,) = delivering._claim()
    Notice.objects.filter(pk=head.pk).update(next_try_at=None)
    clock.shift(timedelta(seconds=160))
    assert "notice.stuck" in {one.kind for one in audit()}


def test_answering_when_all_is_over_says_so(called):
    called(2, 2)
    (head,) = send()
    for duty in Duty.objects.all():
        services.cancel(SYSTEM, duty.pk, "了结")
    with pytest.raises(Conflict):
        services.answer_by(links.notice_of(links.token_of(head)), "answer")


def test_a_duty_called_off_while_it_goes_along_is_not_sent_after_all(called, county):
    duties = called(3, 2)
    claimed = delivering._claim()
    services.cancel(SYSTEM, duties[1].pk, "了结")
    services.answer(actor(county.users["enterprise"]), duties[0].pk)
    delivering._book([Outcome(notice, "忙") for notice in claimed])
    assert send() == []
    assert not outside().filter(step="queued").exists()


@pytest.mark.parametrize("verb", ["answer", "decline"])
def test_a_link_of_an_old_message_does_not_answer_what_got_worse_since(called, lane, verb):
    called(2)
    (head,) = send()
    services.raise_duty(SYSTEM, Duty.objects.get(), {**lane(4), "reach": []}, 4, "变红了", "更坏")
    with pytest.raises(Conflict, match="看新的消息"):
        services.answer_by(links.notice_of(links.token_of(head)), verb)
    assert Duty.objects.get().state == "called"
    assert [one.level for one in send()] == [4]


def test_a_call_made_anew_is_told_with_its_new_limit(called, lane, clock):
    called(2)
    clock.shift(timedelta(minutes=30))
    services.raise_duty(SYSTEM, Duty.objects.get(), {**lane(4), "reach": []}, 4, "变红了", "更坏")
    (head,) = send()
    due = Call.objects.get(state="calling", person=head.person).due_at
    assert timezone.localtime(due).strftime("%H:%M:%S 前应答") in head.text


def test_what_waits_for_a_slow_channel_is_not_written_at_every_look(called):
    called(3, 2, 1)
    bundling.gather(Notice.objects.filter(next_try_at__lte=timezone.now(), contact__isnull=False), timezone.now())
    with CaptureQueriesContext(connection) as looked:
        bundling.gather(Notice.objects.filter(next_try_at__lte=timezone.now(), contact__isnull=False), timezone.now())
    assert not [query for query in looked.captured_queries if query["sql"].startswith("UPDATE")]


def test_who_answers_the_red_is_not_rung_for_the_yellow_it_was(called, county, lane):
    called(2)
    services.raise_duty(SYSTEM, Duty.objects.get(), {**lane(4), "reach": []}, 4, "变红了", "更坏")
    services.answer(actor(county.users["enterprise"]), Duty.objects.get().pk)
    assert send() == []


def test_nobody_is_rung_for_what_is_done(called, county):
    (duty,) = called(2)
    services.complete(actor(county.users["leader"]), duty.about, [duty.kind], "dispose")
    assert Duty.objects.get().state == "done"
    assert send() == []


def test_what_was_said_before_the_clock_was_set_back_holds_nothing_up(called, clock):
    called(2)
    send()
    clock.shift(timedelta(hours=-1))
    called(2)
    assert len(send()) == 1


def test_called_off_under_way_a_failed_try_takes_nobody_with_it(called):
    called(4, 2, 2)
    (head,) = delivering._claim()
    services.cancel(SYSTEM, head.call.duty_id, "误报")
    delivering._book([Outcome(head, "timeout", False)])
    assert set(outside().exclude(pk=head.pk).values_list("step", flat=True)) == {"queued"}
    (again,) = delivering._claim()
    assert again.pk != head.pk
    assert outside().filter(carried_by=again).count() == 1


def test_two_hundred_that_fail_for_good_cost_no_query_each(called):
    def queries(n):
        called(*[2] * n)
        (head,) = delivering._claim()
        with CaptureQueriesContext(connection) as seen:
            delivering._book([Outcome(head, "off", True)])
        assert outside().filter(carried_by=head, step="failed").count() == n - 1
        return [one["sql"] for one in seen if 'FROM "duties_notice"' in one["sql"]]

    assert len(queries(4)) == len(queries(40))


# --- one answer for all, each in a transaction of its own


@pytest.fixture
def killed(called, monkeypatch):
    """Five called in one message; its answer is taken and the process dies before the others are answered."""
    duties = called(3, 2, 2, 2, 2)
    (head,) = send()
    monkeypatch.setattr(answering, "_finish", lambda head: None)
    services.answer_by(head, "answer")
    monkeypatch.undo()
    return duties, head


def states(duties):
    return [one.state for one in Duty.objects.filter(pk__in=[duty.pk for duty in duties]).order_by("id")]


def test_the_worker_answers_the_rest_of_what_a_process_that_died_has_left(killed, clock):
    duties, head = killed
    assert states(duties) == ["answered", "called", "called", "called", "called"]
    assert delivering._claim() == [], "nothing answered is sent again"
    services.finish_answers()
    assert states(duties).count("called") == 4, "the process that took it has a few seconds"
    clock.shift(timedelta(seconds=6))
    services.finish_answers()
    assert states(duties) == ["answered"] * 5
    head.refresh_from_db()
    assert (head.said, head.said_at) == ("", None)
    before = Entry.objects.count()
    services.finish_answers()
    assert Entry.objects.count() == before


def test_what_was_not_answered_yet_is_sent_to_nobody_again_and_climbs_if_it_is_never_done(killed, clock, monkeypatch):
    duties, head = killed

    real = answering._follow

    def broken(one, verb):
        if one.call.duty_id == duties[1].pk:
            raise RuntimeError("odd")
        real(one, verb)

    monkeypatch.setattr(answering, "_follow", broken)
    clock.shift(timedelta(seconds=6))
    services.finish_answers()
    assert states(duties) == ["answered", "called", "answered", "answered", "answered"]
    head.refresh_from_db()
    assert head.said == "answer"
    clock.shift(timedelta(minutes=31))
    answering._failed.clear()  # no longer lately: the travelling clock leaves the monotonic one where it is
    services.finish_answers()
    services.climb_due()
    assert Call.objects.filter(duty=duties[1], rung=1).exists(), "nothing unanswered is taken as answered"
    head.refresh_from_db()
    assert head.said == "", "given up, or it would be tried for ever"


@pytest.fixture
def left_behind(called, clock, open_duty):
    """A message for each group of levels, each answered for its first alone when the process died."""

    def leave(monkeypatch, *groups):
        heads = []
        monkeypatch.setattr(answering, "_finish", lambda head: None)
        for levels in groups:
            duties = called(*levels)
            services.bundle("thing", [duty.about_id for duty in duties], f"event:{len(heads)}")
            (head,) = send()
            services.answer_by(head, "answer")
            heads.append((duties, head))
            clock.shift(timedelta(seconds=6))
        monkeypatch.undo()
        return heads

    return leave


class Watch:
    """The time that passes while one is answered."""

    def __init__(self, monkeypatch, seconds):
        self.now, self.took, self.real, self.done = 1000.0, seconds, answering._follow, []
        self.poisoned: set[int] = set()
        monkeypatch.setattr(answering, "time", self)
        monkeypatch.setattr(answering, "_follow", self.follow)

    def monotonic(self):
        return self.now

    def follow(self, one, verb):
        self.now += self.took
        self.done.append(one.call.duty_id)
        if one.call.duty_id in self.poisoned:
            raise RuntimeError("odd")
        self.real(one, verb)


def test_much_that_is_left_is_done_a_second_at_a_time_the_worst_first(left_behind, monkeypatch):
    (low, _low), (high, _high) = left_behind(monkeypatch, [2, 2, 2, 2, 2], [3, 3, 3, 3, 3])
    watch = Watch(monkeypatch, 0.3)
    assert services.finish_answers() is True, "climbing gets its turn, and then this goes on"
    assert watch.done == [duty.pk for duty in high[1:]]
    assert states(low) == ["answered"] + ["called"] * 4
    turns = 1
    while services.finish_answers():
        turns += 1
    assert states(low) == states(high) == ["answered"] * 5
    assert turns <= 3
    assert not Notice.objects.exclude(said="").exists()


def test_what_fails_does_not_keep_its_place_before_the_others(left_behind, monkeypatch, clock):
    (low, _low), (high, _high) = left_behind(monkeypatch, [2, 2, 2], [3, 3, 3, 3])
    watch = Watch(monkeypatch, 1.1)
    watch.poisoned = {duty.pk for duty in high[1:3]}
    for _turn in range(6):
        services.finish_answers()
    assert states(high) == ["answered", "called", "called", "answered"]
    assert states(low) == ["answered"] * 3
    tried = len(watch.done)
    services.finish_answers()
    assert len(watch.done) == tried, "left alone for a while"
    watch.now += 40
    watch.poisoned = set()
    for _turn in range(3):
        services.finish_answers()
    assert states(high) == ["answered"] * 4, "tried again, and done"
    assert not Notice.objects.exclude(said="").exists()


def test_the_worker_leaves_alone_what_a_request_still_works_at(left_behind, monkeypatch, clock):
    ((duties, head),) = left_behind(monkeypatch, [3, *[2] * 8])
    watch = Watch(monkeypatch, 2.0)
    real, turns = watch.follow, []

    def slowly(one, verb):
        clock.shift(timedelta(seconds=2))
        if len(watch.done) >= 1:
            monkeypatch.setattr(answering, "_follow", lambda one, verb: pytest.fail("the worker joined in"))
            turns.append(services.finish_answers())
            monkeypatch.setattr(answering, "_follow", slowly)
        real(one, verb)

    monkeypatch.setattr(answering, "_follow", slowly)
    answering.carry_out(head)
    assert len(turns) == 7
    assert states(duties) == ["answered"] * 9


def test_what_is_over_already_takes_no_transaction(killed, clock):
    _duties, head = killed
    ones = list(bundling.passengers(head))
    answering.carry_out(head)
    with CaptureQueriesContext(connection) as seen:
        assert [answering._try_one(one, "answer") for one in ones] == [None] * 4
    assert len(seen) == 4
    assert all(query["sql"].startswith("SELECT") for query in seen)


def test_what_got_worse_meanwhile_is_not_answered_by_it(killed, clock, lane):
    duties, _head = killed
    services.raise_duty(SYSTEM, duties[1], {**lane(4), "reach": []}, 4, "更重了", "")
    clock.shift(timedelta(seconds=6))
    services.finish_answers()
    assert states(duties) == ["answered", "called", "answered", "answered", "answered"]


def test_the_clock_set_back_holds_no_answer_up(killed, clock):
    clock.shift(timedelta(hours=-1))
    services.finish_answers()
    assert states(killed[0]) == ["answered"] * 5


def test_declined_twice_at_once_the_next_is_called_once(called, county):
    duties = called(3, 2, 2)
    (head,) = send()
    services.answer_by(head, "decline")
    calls = Call.objects.count()
    Notice.objects.filter(pk=head.pk).update(said="decline", said_at=timezone.now() - timedelta(minutes=1))
    services.finish_answers()
    assert Call.objects.count() == calls
    assert states(duties) == ["called"] * 3


def test_each_of_them_is_a_transaction_of_its_own(called, monkeypatch):
    duties = called(3, *[2] * 30)
    (head,) = send()
    with CaptureQueriesContext(connection) as seen:
        answering._answer_head(head, "answer")
    assert len(seen) < 60, "the first, whatever the number of the others"
    assert states(duties).count("answered") == 1
    answering._finish(head)
    assert states(duties) == ["answered"] * 31
