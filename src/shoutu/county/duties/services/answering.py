"""Answers that come from outside the application: by a link, a reply, a key pressed. Everything that comes is kept."""

from __future__ import annotations

import hashlib
import logging
import math
import re
import time
import unicodedata
import uuid
from datetime import datetime, timedelta

from django.db import OperationalError
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.duties.channels.base import same_phone
from shoutu.county.duties.models import OPEN, Call, CallState, Channel, Duty, Inbound, Notice, Step
from shoutu.county.duties.services import bundling
from shoutu.county.duties.services.acting import answer, decline
from shoutu.county.duties.services.delivering import about, hasten
from shoutu.county.duties.services.links import LIVES, code_of, notice_of
from shoutu.county.duties.services.locking import lock_before, lock_notices
from shoutu.county.duties.services.receipts import spare
from shoutu.county.duties.services.trials import answered as trial_answered
from shoutu.county.kit import events, steps
from shoutu.county.kit.actors import Actor, system
from shoutu.county.kit.errors import Conflict, NotAllowed, NotFound
from shoutu.county.kit.subjects import SubjectRef, ref
from shoutu.county.ledger.services import record, service, unchanged

log = logging.getLogger(__name__)
WORDS = {"1": "answer", "应答": "answer", "收到": "answer", "2": "decline", "不在岗": "decline"}
_REPLY = re.compile(r"^(1|2|应答|收到|不在岗)[\s,，.。、:：#]*(\d{4})?[。.!！]?$")
LEFT, GIVE_UP, HEADS = timedelta(seconds=5), timedelta(minutes=10), 50
"""The worker takes over after this; what it cannot do for so long it leaves to the chain; so many messages a run."""
RUN_S, AGAIN_S = 1.0, 30.0
"""A run of the worker's goes on for so long, for climbing waits for it; what failed is left alone for so long."""
ANSWER_S = 5.0
"""So long whoever answers waits for what goes along."""
_failed: dict[int, float] = {}
"""Messages the worker could not carry out lately, and when: those after them come first."""
RECEIPTS_FOR = timedelta(days=3)
"""A receipt later than this is about an older message of the same number."""


def meaning(text: str) -> tuple[str, str] | None:
    """What a reply says: (answer | decline, code or ""). None when it says neither."""
    plain = unicodedata.normalize("NFKC", text).strip().strip("“”\"'")
    found = _REPLY.match(plain)
    return (WORDS[found[1]], found[2] or "") if found else None


def called(notice: Notice) -> Actor:
    """The person a message called, acting by answering it and in no other way."""
    post = notice.call.post if notice.call is not None else None
    return Actor(
        kind="call",
        label=str(post) if post else _("被叫的人"),
        role="called",
        person_id=notice.person_id,
        permissions=frozenset({"duty.act"}),
    )


def look_up(token: str) -> Notice:
    """The notice a link names. Raises NotFound for one not made here, expired, or called off."""
    notice = notice_of(token)
    if notice is None:
        raise NotFound(_("应答链接"))
    return notice


@service
def opened(token: str) -> Notice:
    """Somebody opened the link and read: seen, and counted. Raises NotFound."""
    notice, now = look_up(token), timezone.now()
    lock_notices(Notice.objects.filter(Q(pk=notice.pk) | Q(carried_by=notice.pk)))
    notice.refresh_from_db(fields=["step", "delivered_at"])
    Notice.objects.filter(pk=notice.pk).update(opens=F("opens") + 1)
    if notice.step in (Step.QUEUED, Step.HANDED_OVER, Step.DELIVERED):
        Notice.objects.filter(pk=notice.pk).update(
            step=Step.SEEN, at=now, seen_at=now, delivered_at=notice.delivered_at or now, next_try_at=None
        )
        if notice.call_id is not None:
            spare([notice.call_id], now)
        record(called(notice), "duty.seen", about(notice), {"notice": notice.key})
        _tell(notice, Step.SEEN)
        along = bundling.follow(notice, Step.SEEN, seen_at=now, next_try_at=None)
        spare([one.call_id for one in along if one.call_id is not None], now)
        for one in along:
            record(called(one), "duty.seen", about(one), {"notice": one.key, "with": notice.key})
            _tell(one, Step.SEEN)
    else:
        unchanged()
    notice.refresh_from_db(fields=["step", "opens"])
    return notice


def answer_by(notice: Notice, verb: str) -> None:
    """Answer or decline the call this message made, and those that went along with it, each in a transaction of its
    own. Raises Conflict, NotAllowed, NotFound when all are over."""
    _answer_head(notice, verb)
    _finish(notice)


@service
def _answer_head(notice: Notice, verb: str) -> None:
    """Answer the first call that can be, and note what is still to be done for the others."""
    if notice.trial is not None:
        trial_answered(notice)
        return
    assert notice.call is not None
    unchanged()
    over: Exception | None = None
    aboard = bundling.aboard(notice)
    for place, one in enumerate(aboard, start=1):
        assert one.call is not None
        lock_before([one.call.duty])
        try:
            _answer_one(one, verb)
        except (Conflict, NotAllowed, NotFound) as error:
            over = over or error
            continue
        if place < len(aboard):
            Notice.objects.filter(pk=notice.pk).update(said=verb, said_at=timezone.now())
        return
    if over is not None:
        raise over


def _finish(head: Notice) -> None:
    """Carry out at once what a message was answered with; what cannot be done now, or soon, the worker does."""
    try:
        carry_out(head, ANSWER_S)
    except Exception:
        log.exception("what goes along with message %s is left to the worker", head.key)


def carry_out(head: Notice, seconds: float = math.inf) -> None:
    """What this message was answered with, for all that went along with it: each a transaction. Doing it again, or
    twice at once, changes nothing. The worker leaves it alone while this goes on, and goes on when the time is up."""
    told = time.monotonic()
    end = told + seconds
    failure: Exception | None = None
    verb = _said(head)
    for one in _left(head) if verb else ():
        if time.monotonic() - told >= RUN_S:
            _at_work(head, verb)
            told = time.monotonic()
        failure = _try_one(one, verb) or failure
        if time.monotonic() >= end:
            return
    if failure is not None:
        raise failure
    _carried_out(head, verb)


def _said(head: Notice) -> str:
    """What it was answered with and is still to be carried out; "" for nothing."""
    return Notice.objects.filter(pk=head.pk).values_list("said", flat=True).first() or ""


def _left(head: Notice) -> QuerySet[Notice]:
    return bundling.passengers(head).filter(call__state=CallState.CALLING, call__duty__state__in=OPEN)


def _try_one(one: Notice, verb: str) -> Exception | None:
    """Carry it out for one; the trouble, where it is this one's own."""
    assert one.call_id is not None
    # Looked at before a transaction is begun, which on SQLite holds up every other change.
    if not Call.objects.filter(pk=one.call_id, state=CallState.CALLING).exists():
        return None
    try:
        _follow(one, verb)
    except (Conflict, NotAllowed, NotFound):
        pass  # Over, or called for something worse meanwhile.
    except (OperationalError, steps.LeaseLost):
        raise
    except Exception as error:
        return error
    return None


@service
def _follow(one: Notice, verb: str) -> None:
    unchanged()
    steps.fence()
    assert one.call is not None
    lock_before([one.call.duty])
    Duty.objects.select_for_update(of=("self",), no_key=True).get(pk=one.call.duty_id)
    # Only the call it told of: declined already, the same person may be called on the next rung.
    if Call.objects.filter(pk=one.call.pk, state=CallState.CALLING).exists():
        _answer_one(one, verb)


@service
def _carried_out(head: Notice, verb: str) -> None:
    unchanged()
    steps.fence()
    Notice.objects.filter(pk=head.pk, said=verb).update(said="", said_at=None)


@service
def _at_work(head: Notice, verb: str) -> None:
    unchanged()
    Notice.objects.filter(pk=head.pk, said=verb).update(said_at=timezone.now())


def finish_answers() -> bool:
    """Carry out what a process that died, or a database that refused, has left, the worst first. True: there may be
    more.

    Run by the worker before it climbs: nobody further up is called for what was answered. Where much is left it stops
    after `RUN_S`, for what nobody answered must climb meanwhile, and goes on in its next turn.
    """
    end, now = time.monotonic() + RUN_S, timezone.now()
    for pk in [pk for pk, at in _failed.items() if time.monotonic() - at >= AGAIN_S]:
        del _failed[pk]
    # What is said to come was left before the clock was set back.
    left = Notice.objects.filter(Q(said_at__lte=now - LEFT) | Q(said_at__gt=now)).exclude(pk__in=list(_failed))
    heads = list(left.order_by("-level", "said_at", "id")[:HEADS])
    for head in heads:
        steps.each([head], lambda one: _carry_on(one, end))
        if time.monotonic() >= end:
            return True
    return len(heads) == HEADS


def _carry_on(head: Notice, end: float) -> None:
    """Go on with what went along with this message until the time is up. What fails stays out of the way for a while,
    and after `GIVE_UP` is left to the chain."""
    try:
        verb = _said(head)
        for one in _left(head).exclude(pk__in=list(_failed)) if verb else ():
            error = _try_one(one, verb)
            if error is not None:
                log.error("message %s could not be answered along with %s", one.key, head.key, exc_info=error)
                _failed[one.pk] = time.monotonic()
            if time.monotonic() >= end:
                return
        if verb and _left(head).filter(pk__in=list(_failed)).exists():
            _hold_off(head)
        else:
            _carried_out(head, verb)
    except (OperationalError, steps.LeaseLost):
        raise
    except Exception:
        _hold_off(head)
        raise


def _hold_off(head: Notice) -> None:
    _failed[head.pk] = time.monotonic()
    if head.said_at is not None and timezone.now() - head.said_at > GIVE_UP:
        # Those not answered go on being called for, up the chain.
        _carried_out(head, head.said)


def _answer_one(notice: Notice, verb: str) -> None:
    assert notice.call is not None
    actor = called(notice)
    if verb == "decline":
        decline(actor, notice.call.duty_id, via=notice)
    else:
        answer(actor, notice.call.duty_id, via=notice)


def take(
    channel: Channel, what: str, sender: str, text: str, *, id: str = "", status: str = "", event: str = ""
) -> str:
    """Something came in by a channel: keep it, and do what it says. Returns the outcome's word.

    `what`: reply, keys or receipt. `event` tells a repetition; without one each is taken as new. Outcomes: answered,
    declined, delivered, failed, over (the call is no more), unclear (no or several calls fit), unknown (no such
    message).
    """
    row = _take(channel, what, sender, text, id, status, event)
    if row.notice is not None and what in ("reply", "keys"):
        _finish(row.notice)
    return row.outcome


@service
def _take(channel: Channel, what: str, sender: str, text: str, id: str, status: str, event: str) -> Inbound:
    """Kept with what it does for the first call it answers: the rest of the calls have transactions of their own."""
    key = hashlib.sha256(event.encode()).hexdigest() if event else uuid.uuid4().hex
    standing = Inbound.objects.filter(channel=channel, key=key).first()
    if standing is not None:
        unchanged()
        return standing
    notice: Notice | None = None
    if what == "unread":
        outcome = "unclear"
    elif what == "receipt":
        notice = _by_id(channel, id)
        outcome = _receipt(notice, status) if notice is not None else "unknown"
    elif what == "keys":
        notice, said = _by_id(channel, id), meaning(text)
        outcome = "unknown" if notice is None else "unclear" if said is None else _act(notice, said[0])
    else:
        notice, outcome = _reply(sender, text)
    row = Inbound.objects.create(
        channel=channel, key=key, what=what, sender=sender[:60], text=text[:1000], received_at=timezone.now(),
        outcome=outcome, notice=notice,
    )  # fmt: skip
    facts = {"what": what, "outcome": outcome, "notice": notice.key if notice else ""}
    record(system(channel.title), "channel.received", about(notice) if notice else ref(channel), facts)
    events.emit("channel.received", ref(row), {"outcome": outcome})
    return row


def _act(notice: Notice, verb: str) -> str:
    try:
        _answer_head(notice, verb)
    except (Conflict, NotAllowed, NotFound):
        return "over"
    return "declined" if verb == "decline" else "answered"


def _reply(sender: str, text: str) -> tuple[Notice | None, str]:
    said = meaning(text)
    reached = _reached(sender)
    if said is None:
        return (reached[0] if len(reached) == 1 else None), "unclear"
    verb, code = said
    fitting = [notice for notice in reached if not code or code_of(notice) == code]
    open_ = [notice for notice in fitting if _is_open(notice)]
    meant = _tells_of_all(open_)
    if meant is not None:
        return meant, _act(meant, verb)
    if not open_ and fitting:
        return fitting[0], "over"
    return None, "unclear"


def _tells_of_all(open_: list[Notice]) -> Notice | None:
    """The newest of these messages that tells of all they ask for: a chain that began again asks for the same in a
    second one. None where they ask for different things, and nobody can know which is meant."""
    asked = [_asks(notice) for notice in open_]
    every = frozenset().union(*asked)
    return next((notice for notice, what in zip(open_, asked, strict=True) if what == every), None)


def _is_open(notice: Notice) -> bool:
    return bool(_asks(notice))


def _asks(notice: Notice) -> frozenset[tuple[str, int]]:
    """What a message still waits for an answer about: duties, or a trial."""
    if notice.trial is not None:
        return frozenset() if notice.trial.answered_at else frozenset({("trial", notice.trial.pk)})
    calls = [one.call for one in bundling.aboard(notice) if one.call is not None]
    open_ = [call for call in calls if call.state == CallState.CALLING and call.duty.state in OPEN]
    return frozenset(("duty", call.duty_id) for call in open_)


def _reached(sender: str) -> list[Notice]:
    """The messages sent to this number lately, one a call, newest first."""
    tail = re.sub(r"\D", "", sender)[-8:]
    if len(tail) < 5:
        return []
    lately = Notice.objects.filter(
        Q(call__isnull=False) | Q(trial__isnull=False),
        queued_at__gt=timezone.now() - LIVES, handed_over_at__isnull=False, contact__address__endswith=tail,
        carried_by__isnull=True,
    )  # fmt: skip
    found: dict[tuple[int | None, int | None], Notice] = {}
    for notice in lately.select_related("contact", "trial", "call__duty", "call__post__organisation").order_by("-id"):
        if notice.contact is not None and same_phone(notice.contact.address, sender):
            found.setdefault((notice.call_id, notice.trial_id), notice)
    return list(found.values())


def _by_id(channel: Channel, id: str) -> Notice | None:
    """The message of this key, or of this reference on the channel."""
    rows = Notice.objects.select_related("contact", "trial", "call__duty", "call__post__organisation")
    rows = rows.filter(contact__channel=channel)
    if not id:
        return None
    recent = rows.filter(reference=id, queued_at__gt=timezone.now() - RECEIPTS_FOR).order_by("-id")
    return rows.filter(key=id).first() or recent.first()


def _receipt(notice: Notice, status: str) -> str:
    """A receipt moves a message on, never back."""
    now = timezone.now()
    row = Notice.objects.select_for_update(of=("self",), no_key=True).get(pk=notice.pk)
    if status == "delivered" and row.delivered_at is None:
        row.delivered_at = now
        if row.step in (Step.QUEUED, Step.HANDED_OVER, Step.FAILED):
            row.step, row.at, row.next_try_at = Step.DELIVERED, now, None
        row.save()
        record(system("回执"), "duty.delivered", about(notice), {"notice": row.key})
        _tell(notice, Step.DELIVERED)
        for one in bundling.follow(notice, Step.DELIVERED, delivered_at=now):
            record(system("回执"), "duty.delivered", about(one), {"notice": one.key, "with": row.key})
            _tell(one, Step.DELIVERED)
    elif status == "failed" and row.step == Step.HANDED_OVER:
        row.step, row.at, row.failed_at = Step.FAILED, now, now
        row.detail = f"{row.detail}：{_('对方没有收到')}"[:400]
        row.save()
        along = bundling.part(row, final=True)
        hasten([row, *along])
        facts = {"notice": row.key, "channel": row.channel, "problem": "receipt"}
        record(system("回执"), "duty.notice_failed", about(notice), facts)
        _tell(notice, Step.FAILED)
        for one in along:
            record(system("回执"), "duty.notice_failed", about(one), {**facts, "notice": one.key, "with": row.key})
            _tell(one, Step.FAILED)
    return status


@service
def take_report(channel: Channel, reference: int, recipient: str, state: str, at: datetime) -> str:
    """A modem's delivery report for one part of a message: delivered when every part is. Returns the outcome's word."""
    unchanged()
    if state == "trying":
        return "unknown"
    rows = Notice.objects.select_for_update(of=("self",), no_key=True).filter(
        contact__channel=channel, handed_over_at__gt=at - RECEIPTS_FOR
    )
    for notice in rows.exclude(reference="").select_related("contact", "call__duty", "trial").order_by("-id")[:2000]:
        parts = notice.reference.split(",")
        if str(reference) not in parts or not same_phone(notice.contact.address if notice.contact else "", recipient):
            continue
        if state == "delivered":
            parts[parts.index(str(reference))] = f"{reference}+"
            Notice.objects.filter(pk=notice.pk).update(reference=",".join(parts))
            if not all(part.endswith("+") for part in parts):
                return "unknown"
        return take(channel, "receipt", recipient, state, id=notice.key, status=state)
    return "unknown"


def _tell(notice: Notice, step: Step) -> None:
    if notice.call is not None:
        duty = SubjectRef("duty", notice.call.duty_id)
        events.emit("duty.receipt", duty, {"step": step.value, "about": notice.call.duty.about.as_dict()})
