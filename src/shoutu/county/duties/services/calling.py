"""Placing calls: who is called on which rung, with what message. Everything of one pass is written set-wise."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.duties.chain import Seat, seats
from shoutu.county.duties.channels import ADAPTERS
from shoutu.county.duties.models import Call, CallState, Contact, Duty, Notice, State, Step
from shoutu.county.kit import events
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record_many
from shoutu.county.ledger.services.record import Draft
from shoutu.county.people.models import User

LEVEL_WORDS = {1: "蓝色", 2: "黄色", 3: "橙色", 4: "红色"}
APP, APPRISE, OTHER = "app", "apprise", "other"


class Calls:
    """Calls placed in one transaction: collected, then written with their notices, entries and events."""

    def __init__(self, actor: Actor, now: datetime) -> None:
        self.actor, self.now = actor, now
        self.placed: list[tuple[Duty, Call]] = []
        self.again: list[tuple[Duty, Call]] = []
        self.drafts: list[Draft] = []
        self._seats: dict[tuple[int | None, str], Mapping[str, Seat]] = {}

    def seats(self, duty: Duty) -> Mapping[str, Seat]:
        """Who stands where for this duty's site now; asked once per site."""
        key = (duty.site_id, duty.matter)
        if key not in self._seats:
            self._seats[key] = seats(duty.site_id, duty.matter, self.now)
        return self._seats[key]

    def place(self, duty: Duty, rung: int) -> Call:
        """Call the one on this rung of the present round; an empty post is noted and takes no time."""
        step = duty.policy["chain"][rung]
        seat = self.seats(duty)[step["who"]]
        empty, last = seat.person is None, rung + 1 >= len(duty.policy["chain"])
        wait = timedelta(0) if empty and not last else timedelta(seconds=step["answer_s"])
        call = Call(
            duty=duty,
            round=duty.round,
            rung=rung,
            who=step["who"],
            post=seat.post,
            person=seat.person,
            state=CallState.NOBODY if empty else CallState.CALLING,
            called_at=self.now,
            due_at=self.now + wait,
            ended_at=self.now if empty else None,
        )
        self.placed.append((duty, call))
        self.note(
            "duty.nobody" if empty else "duty.called",
            duty,
            {"rung": step["who"], "round": duty.round, "post": seat.post and str(seat.post), "due_at": call.due_at},
        )
        return call

    def repeat(self, duty: Duty, call: Call) -> None:
        """Call the same person once more for the same thing."""
        call.times += 1
        call.save(update_fields=["times"])
        self.again.append((duty, call))

    def note(self, verb: str, duty: Duty, payload: Mapping[str, Any]) -> None:
        """An entry about a duty, to be written with the rest."""
        self.drafts.append(Draft(self.actor, verb, ref(duty), {**payload, "about": duty.about, "level": duty.level}))

    def save(self) -> None:
        """Write calls, notices, entries and events. Raises IntegrityError when a call already stands."""
        Call.objects.bulk_create([call for _duty, call in self.placed], batch_size=500)
        Notice.objects.bulk_create(self._notices([*self.placed, *self.again]), batch_size=500)
        if self.drafts:
            record_many(self.drafts)
        for duty in {duty.pk: duty for duty, _call in (*self.placed, *self.again)}.values():
            events.emit("duty.called", ref(duty), {"level": duty.level, "about": duty.about.as_dict()})

    def _notices(self, reached: list[tuple[Duty, Call]]) -> list[Notice]:
        people = {call.person_id for _duty, call in reached if call.person_id is not None}
        users = set(User.objects.filter(person_id__in=people, is_active=True).values_list("person_id", flat=True))
        contacts: dict[int, list[Contact]] = defaultdict(list)
        for contact in Contact.objects.filter(person_id__in=people, enabled=True).select_related("channel"):
            contacts[contact.person_id].append(contact)
        notices = []
        for duty, call in reached:
            if call.person_id is None:
                continue
            account, own = call.person_id in users, contacts[call.person_id]
            starts = schedule(
                duty.policy.get("reach", ()), {medium(one) for one in own} | ({APP} if account else set())
            )
            text = message(duty, call)
            notices.append(in_app(call, text, account, self.now))
            notices += [outside(call, text, one, self.now, starts[medium(one)]) for one in own]
        return notices


def medium(contact: Contact) -> str:
    """What a policy calls this way of reaching somebody."""
    adapter = ADAPTERS.get(contact.channel.kind) if contact.channel is not None else None
    return adapter.medium if adapter is not None else OTHER


def schedule(reach: Sequence[Mapping[str, Any]], media: Collection[str]) -> dict[str, timedelta]:
    """When each medium a person has starts, after the call: each waits for those before it in the policy's chain.

    A medium the person lacks takes no time; one the policy does not name starts at once, so that none is forgotten.
    """
    starts, at = dict.fromkeys(media, timedelta(0)), timedelta(0)
    for step in reach:
        if step["by"] in media:
            starts[step["by"]] = at
            at += timedelta(seconds=step["wait_s"])
    return starts


def in_app(call: Call, text: str, account: bool, now: datetime) -> Notice:
    notice = _notice(call, text, APP, f"{call.pk}:{call.times}:{APP}", now)
    notice.starts_at = now
    if account:
        # The event goes out with this very transaction: it is handed over when the call stands.
        notice.step, notice.handed_over_at = Step.HANDED_OVER, now
    else:
        notice.step, notice.failed_at, notice.detail = Step.FAILED, now, _("没有可用的账号")
    return notice


def outside(call: Call, text: str, contact: Contact, now: datetime, start: timedelta) -> Notice:
    channel = contact.channel.kind if contact.channel is not None else APPRISE
    notice = _notice(call, text, channel, f"{call.pk}:{call.times}:{contact.pk}", now)
    notice.contact, notice.detail = contact, contact.title
    notice.starts_at = notice.next_try_at = now + start
    return notice


def _notice(call: Call, text: str, channel: str, key: str, now: datetime) -> Notice:
    assert call.person_id is not None
    return Notice(
        call=call, person_id=call.person_id, channel=channel, key=key, text=text, step=Step.QUEUED, at=now,
        queued_at=now, level=call.duty.level,
    )  # fmt: skip


def message(duty: Duty, call: Call, *, due_at: datetime | None = None, more: str = "") -> str:
    """What the called person reads: how bad, what, until when, how often called. No names; how to answer is added when
    it is sent (`delivering.words`), for it differs by channel. `more`: of what else it tells; `due_at`: the soonest
    limit of all that."""
    due = timezone.localtime(due_at or call.due_at).strftime("%H:%M:%S")
    head = f"【{LEVEL_WORDS[duty.level]}】" if duty.level in LEVEL_WORDS else ""
    often = f"第 {call.times} 次叫你，" if call.times > 1 else ""
    more = f"{more}。" if more else ""
    return f"{head}{duty.title}。{more}{often}{due} 前应答"[:600]


def climb(duty: Duty, calls: Calls) -> None:
    """Call every rung that has fallen due by ``calls.now``, in order; sets the duty's next climb.

    After an outage the rungs that would have been called meanwhile are all called at once, each once, and the
    last of them gets its full time. A spent chain starts again from the bottom, in a pass of its own, unless
    somebody holds the duty and those above were only told that a stage of it is late.
    """
    due, chain, placed = duty.climb_at, duty.policy["chain"], False
    while due is not None and due <= calls.now:
        if duty.rung_next >= len(chain):
            if duty.state == State.ANSWERED:
                duty.climb_at = None
                break
            if placed:
                break
            due = calls.now
            calls.note("duty.unanswered", duty, {"round": duty.round})
            duty.round, duty.rung_next = duty.round + 1, 0
        call = calls.place(duty, duty.rung_next)
        placed = True
        duty.rung_next += 1
        duty.climb_at = call.due_at
        if call.state == CallState.NOBODY and duty.rung_next < len(chain):
            continue
        due += timedelta(seconds=chain[call.rung]["answer_s"])
