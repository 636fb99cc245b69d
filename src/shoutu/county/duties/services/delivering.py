"""Sending what waits in the outbox of notices, outside any transaction, at least once, each try on the record.

Each channel has its own few threads and its own rate, so that one that hangs holds up no other. Threads only send;
what to send is read and what came of it written by the step itself.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import OperationalError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.duties.addresses import Endpoint, Refused, check_url
from shoutu.county.duties.channels import ADAPTERS, Message, SendFailed
from shoutu.county.duties.channels.mail import notify as send_apprise
from shoutu.county.duties.models import Channel, Notice, Step
from shoutu.county.duties.services import bundling
from shoutu.county.duties.services.links import code_of, words
from shoutu.county.duties.services.sending import allowed_endpoints, sender
from shoutu.county.kit import drill, events, steps
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.subjects import SubjectRef, ref
from shoutu.county.ledger.services import record_many, service
from shoutu.county.ledger.services.record import Draft

log = logging.getLogger(__name__)
AT_ONCE = 16
"""Messages under way at once to addresses of no channel."""
CLAIM = timedelta(seconds=60)
"""A claimed notice is left to its sender this long; a sender that died is followed by another try."""
PATIENCE_S, HURRY_S = 3.0, 0.2
"""How long one pass waits for what it sent; while older ones hang, only a moment."""
TRIAL_RETRY_S = (30.0, 120.0)


@dataclass
class Outcome:
    """What came of one try: the other side's reference, or the problem and whether trying again is of no use."""

    notice: Notice
    problem: str | None = None
    final: bool = False
    reference: str = ""


@dataclass
class _Underway:
    """What this process is sending, and what it sent in the last minute by channel (None: addresses of no channel)."""

    futures: dict[Future[Outcome], Notice] = field(default_factory=dict)
    # What came of some tries and is not written down yet: kept when the database refuses, else it is sent again.
    outcomes: list[Outcome] = field(default_factory=list)
    sent: dict[int | None, deque[float]] = field(default_factory=lambda: defaultdict(deque))
    pool: ThreadPoolExecutor | None = None

    def busy(self, channel: int | None) -> int:
        return sum(1 for notice in self.futures.values() if _channel_id(notice) == channel)

    def room(self, channel: Channel | None) -> int:
        """How many more messages may be given to this channel now."""
        id_ = channel.pk if channel else None
        adapter = ADAPTERS.get(channel.kind) if channel else None
        room = (adapter.at_once if adapter else AT_ONCE) - self.busy(id_)
        if channel and channel.per_minute:
            recent = self.sent[id_]
            while recent and recent[0] < time.monotonic() - 60:
                recent.popleft()
            room = min(room, channel.per_minute - len(recent))
        return max(room, 0)


_underway = _Underway()


def _channel_id(notice: Notice) -> int | None:
    return notice.contact.channel_id if notice.contact else None


def deliver() -> bool:
    """Send what is due. True: more may be waiting, or some is still under way."""
    _write_down()
    claimed = _claim()
    if not claimed and not _underway.futures:
        return False
    hanging = bool(_underway.futures)
    _submit(claimed)
    done, _rest = wait(_underway.futures, timeout=HURRY_S if hanging else PATIENCE_S)
    for future in done:
        _underway.outcomes.append(future.result())
        del _underway.futures[future]
    _write_down()
    return bool(claimed or _underway.futures)


def _write_down() -> None:
    """Book what is known; one that cannot be booked holds up no other. What the database refuses is kept."""
    outcomes = _underway.outcomes
    if not outcomes:
        return
    try:
        _book(outcomes)
    except OperationalError:
        raise
    except Exception:
        log.exception("%s outcomes could not be booked together", len(outcomes))
        steps.each(list(outcomes), lambda one: _book([one]))
    _underway.outcomes = []


def _claim() -> list[Notice]:
    """Take what is due, the worst level first, as much as each channel has room for."""
    now = timezone.now()
    notices: list[Notice] = []
    with transaction.atomic():
        steps.fence()
        due = Notice.objects.filter(next_try_at__lte=now, contact__isnull=False)
        due = due.filter(step=Step.QUEUED).exclude(pk__in=[notice.pk for notice in _underway.futures.values()])
        bundling.gather(due, now)
        channels = Channel.objects.in_bulk(list(due.values_list("contact__channel_id", flat=True).distinct()))
        for channel in (None, *channels.values()):
            room = _underway.room(channel)
            if room:
                waiting = due.select_for_update(of=("self",), no_key=True, skip_locked=True).filter(
                    contact__channel=channel
                )
                waiting = waiting.select_related("contact__channel", "call__duty", "trial")
                notices += waiting.order_by(F("call__duty__level").desc(nulls_last=True), "next_try_at", "id")[:room]
        for notice in notices:
            notice.tries += 1
            notice.next_try_at = now + CLAIM
        Notice.objects.bulk_update(notices, ["tries", "next_try_at"])
    return notices


def _submit(claimed: list[Notice]) -> None:
    if not claimed:
        return
    if _underway.pool is None:
        _underway.pool = ThreadPoolExecutor(max_workers=64, thread_name_prefix="notice")
    allowed = allowed_endpoints()
    for notice in claimed:
        send, problem = _sender(notice, allowed)
        _underway.sent[_channel_id(notice)].append(time.monotonic())
        _underway.futures[_underway.pool.submit(_try, notice, send, problem)] = notice


def _sender(notice: Notice, allowed: list[Endpoint]) -> tuple[Callable[[], str], str | None]:
    """What sends this notice; or why it must not be sent."""
    contact = notice.contact
    assert contact is not None
    text = words(notice)
    if drill.drilling():
        return str, drill.words()
    if not contact.enabled:
        return str, _("联系方式已停用")
    try:
        if contact.channel is None:
            check_url(contact.url, allowed)

            def by_url() -> str:
                send_apprise(contact.url, text, notice.key)
                return ""

            return by_url, None
        return sender(contact.channel, Message(contact.address, text, notice.key, code_of(notice)), allowed), None
    except (Refused, SendFailed) as refused:
        return str, str(refused)
    except Exception as error:
        # A channel set up wrongly must not keep the others from being sent.
        log.error("notice %s cannot be sent: %s", notice.key, type(error).__name__)
        return str, type(error).__name__


def _try(notice: Notice, send: Callable[[], str], problem: str | None) -> Outcome:
    if problem is not None:
        return Outcome(notice, problem, True)
    try:
        return Outcome(notice, reference=send())
    except SendFailed as failure:
        return Outcome(notice, str(failure), not failure.retryable)
    except Exception as error:
        # The text of a strange error may carry an address with its token: only its kind is kept.
        log.error("notice %s could not be sent: %s", notice.key, type(error).__name__)
        return Outcome(notice, type(error).__name__)


@service
def _book(outcomes: list[Outcome]) -> None:
    """Write down what came of some tries; after the last pause of the policy a notice has failed for good."""
    by_id = {outcome.notice.pk: outcome for outcome in outcomes}
    rows = Notice.objects.select_for_update(of=("self",), no_key=True).select_related(
        "contact__channel", "call__duty", "trial"
    )
    found = list(rows.filter(pk__in=by_id).order_by("id"))
    heads = set(Notice.objects.filter(carried_by__in=by_id).values_list("carried_by", flat=True))
    drafts, told, failed = [], {}, []
    for notice in found:
        outcome, waited = by_id[notice.pk], notice.step == Step.QUEUED
        verb = _sent(notice, outcome) if outcome.problem is None else _not_sent(notice, outcome)
        facts = {"notice": notice.key, "channel": notice.channel, "tries": notice.tries}
        if outcome.problem is not None:
            facts["problem"] = outcome.problem
        drafts.append(Draft(SYSTEM, verb, about(notice), facts))
        if notice.call is not None:
            told[notice.call.duty_id] = (notice.call.duty, notice.step)
        # One that was called off while it was under way has not failed by this: what goes along is let off and sent.
        fell = waited and notice.step == Step.FAILED
        if fell:
            failed.append(notice)
        for one in _along(notice, verb, outcome, fell) if notice.pk in heads else ():
            failed += [one] if one.step == Step.FAILED else []
            drafts.append(Draft(SYSTEM, verb, about(one), {**facts, "notice": one.key, "with": notice.key}))
            if one.call is not None:
                told[one.call.duty_id] = (one.call.duty, one.step)
    Notice.objects.bulk_update(
        found, ["step", "at", "detail", "handed_over_at", "failed_at", "next_try_at", "reference"]
    )
    hasten(failed)
    _count(outcomes)
    record_many(drafts)
    receipts = [(ref(duty), {"step": step, "about": duty.about.as_dict()}) for duty, step in told.values()]
    events.emit_many("duty.receipt", receipts)


def _along(notice: Notice, verb: str, outcome: Outcome, fell: bool) -> list[Notice]:
    """What became of the messages that went along with this one: those that moved."""
    if verb == "duty.notice_sent":
        came = {"handed_over_at": notice.handed_over_at, "detail": notice.detail}
        return bundling.follow(notice, Step.HANDED_OVER, **came)
    return bundling.part(notice, final=outcome.final) if fell else []


def about(notice: Notice) -> SubjectRef:
    """What an entry about this notice is about: the duty called for, or the trial."""
    if notice.call is not None:
        return SubjectRef("duty", notice.call.duty_id)
    assert notice.trial_id is not None
    return SubjectRef("trial", notice.trial_id)


def _sent(notice: Notice, outcome: Outcome) -> str:
    now = timezone.now()
    notice.next_try_at, notice.handed_over_at, notice.detail = None, now, notice.contact.title if notice.contact else ""
    notice.reference = outcome.reference[:120]
    if notice.step in (Step.QUEUED, Step.FAILED, Step.SPARED):
        notice.step, notice.at = Step.HANDED_OVER, now
    return "duty.notice_sent"


def _not_sent(notice: Notice, outcome: Outcome) -> str:
    now = timezone.now()
    pauses = notice.call.duty.policy.get("retry_s", []) if notice.call is not None else TRIAL_RETRY_S
    title = notice.contact.title if notice.contact else ""
    if notice.step != Step.QUEUED:
        # Answered or called off while it was under way: nothing is left to be tried.
        notice.next_try_at = None
        return "duty.notice_failed"
    notice.detail = f"{title}：{outcome.problem}"[:400]
    if outcome.final or notice.tries > len(pauses):
        notice.next_try_at, notice.failed_at, notice.step, notice.at = None, now, Step.FAILED, now
        return "duty.notice_failed"
    notice.next_try_at = now + timedelta(seconds=pauses[notice.tries - 1])
    return "duty.notice_retry"


def hasten(failed: Iterable[Notice]) -> None:
    """A channel has failed for good: unless another of the same turn still may do, the next one starts now.

    Two queries for each 500 calls, however many messages failed.
    """
    lost = [one for one in failed if one.call_id is not None and one.starts_at is not None]
    calls = sorted({one.call_id for one in lost if one.call_id is not None})
    mates: dict[str, list[Notice]] = defaultdict(list)
    for start in range(0, len(calls), 500):
        for mate in Notice.objects.filter(call__in=calls[start : start + 500]).order_by("starts_at", "id"):
            mates[_turns(mate)].append(mate)
    now, moved = timezone.now(), []
    for one in lost:
        moved += _next_now(one, mates[_turns(one)], now)
    if moved:
        Notice.objects.bulk_update(moved, ["starts_at", "next_try_at"], batch_size=500)


def _turns(notice: Notice) -> str:
    """One calling of one person, by whatever channels: the key is call:times:channel."""
    return notice.key.rsplit(":", 1)[0]


def _next_now(failed: Notice, mates: list[Notice], now: datetime) -> list[Notice]:
    """Move what is still to come of this calling, in place, so that the next begins now. Returns what was moved."""
    if any(mate.starts_at == failed.starts_at and mate.step != Step.FAILED for mate in mates):
        return []
    later = [
        one for one in mates if one.step == Step.QUEUED and one.tries == 0 and one.starts_at and one.starts_at > now
    ]
    if not later:
        return []
    assert later[0].starts_at is not None
    sooner = later[0].starts_at - now
    for mate in later:
        assert mate.starts_at is not None
        mate.starts_at = mate.next_try_at = mate.starts_at - sooner
    return later


def _count(outcomes: Iterable[Outcome]) -> None:
    """How the channels do, beside them: the last success, the failures since. In a drill none was tried."""
    if drill.drilling():
        return
    by_channel: dict[int, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        if (id_ := _channel_id(outcome.notice)) is not None:
            by_channel[id_].append(outcome)
    now = timezone.now()
    for id_, some in by_channel.items():
        failed = [one for one in some if one.problem is not None]
        changes: dict[str, object] = {}
        if failed:
            changes |= {"last_failed_at": now, "last_problem": (failed[-1].problem or "")[:400]}
            changes["failures"] = F("failures") + len(failed)
            real = sum(one.notice.call_id is not None and not one.final for one in failed)
            changes["call_failures"] = F("call_failures") + real
        if len(failed) < len(some):
            changes |= {"last_ok_at": now, "failures": 0, "call_failures": 0}
        Channel.objects.filter(pk=id_).update(**changes)
