"""Sending what waits in the outbox of notices, outside any transaction, at least once, each try on the record."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import apprise
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.duties.addresses import Endpoint, Refused, check_url
from shoutu.county.duties.models import AllowedEndpoint, Notice, Step
from shoutu.county.kit import events, steps
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.ledger.services import record, service

log = logging.getLogger(__name__)
AT_ONCE = 8
CLAIM = timedelta(seconds=60)
"""A claimed notice is left to its sender this long; a sender that died is followed by another try."""

Sender = Callable[[str, str, str], None]


class SendFailed(RuntimeError):
    """The channel did not take the message; it may be tried again."""


def send_apprise(url: str, text: str, key: str) -> None:
    """Hand one message to one address. Raises SendFailed. The key goes along so that a receiver knows a repetition."""
    service_ = apprise.Apprise.instantiate(url, suppress_exceptions=True)
    if service_ is None:
        raise SendFailed(_("地址无法识别"))
    if not service_.notify(body=f"{text}\n#{key}", title=_("守土叫应")):
        raise SendFailed(_("对方没有收下"))


def deliver(send: Sender = send_apprise) -> bool:
    """Send what is due, a few at a time side by side. True: more are waiting."""
    claimed = _claim()
    if not claimed:
        return False
    allowed = [Endpoint(row.scheme, row.host) for row in AllowedEndpoint.objects.all()]
    with ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="notice") as pool:
        outcomes = list(pool.map(lambda notice: _try(notice, allowed, send), claimed))
    for notice, problem, final in outcomes:
        _book(notice.pk, problem, final)
    return len(claimed) == AT_ONCE


def _claim() -> list[Notice]:
    now = timezone.now()
    with transaction.atomic():
        steps.fence()
        waiting = Notice.objects.select_for_update(of=("self",)).filter(next_try_at__lte=now, contact__isnull=False)
        notices = list(waiting.select_related("contact", "call__duty").order_by("next_try_at", "id")[:AT_ONCE])
        for notice in notices:
            notice.tries += 1
            notice.next_try_at = now + CLAIM
        Notice.objects.bulk_update(notices, ["tries", "next_try_at"])
    return notices


def _try(notice: Notice, allowed: list[Endpoint], send: Sender) -> tuple[Notice, str | None, bool]:
    """What came of one try: the problem, if any, and whether trying again is of no use."""
    assert notice.contact is not None
    if not notice.contact.enabled:
        return notice, _("联系方式已停用"), True
    try:
        check_url(notice.contact.url, allowed)
        send(notice.contact.url, notice.text, notice.key)
    except Refused as refused:
        return notice, str(refused), True
    except SendFailed as failure:
        return notice, str(failure), False
    except Exception as error:
        log.exception("notice %s could not be sent", notice.key)
        return notice, f"{type(error).__name__}: {error}", False
    return notice, None, False


@service
def _book(pk: int, problem: str | None, final: bool) -> None:
    """Write down what came of a try; after the last pause of the policy the notice has failed for good."""
    notice = Notice.objects.select_for_update(of=("self",)).select_related("contact", "call__duty").get(pk=pk)
    now, duty = timezone.now(), notice.call.duty
    title = notice.contact.title if notice.contact else ""
    facts = {"notice": notice.key, "channel": notice.channel, "tries": notice.tries}
    if problem is None:
        notice.next_try_at, notice.handed_over_at, notice.detail = None, now, title
        if notice.step in (Step.QUEUED, Step.FAILED):
            notice.step, notice.at = Step.HANDED_OVER, now
        verb = "duty.notice_sent"
    else:
        pauses = duty.policy.get("retry_s", [])
        notice.detail = f"{title}：{problem}"[:400]
        facts["problem"] = problem
        if final or notice.tries > len(pauses):
            notice.next_try_at, notice.failed_at, notice.step, notice.at = None, now, Step.FAILED, now
            verb = "duty.notice_failed"
        else:
            notice.next_try_at = now + timedelta(seconds=pauses[notice.tries - 1])
            verb = "duty.notice_retry"
    notice.save()
    record(SYSTEM, verb, SubjectRef("duty", duty.pk), facts)
    events.emit("duty.receipt", SubjectRef("duty", duty.pk), {"step": notice.step, "about": duty.about.as_dict()})
