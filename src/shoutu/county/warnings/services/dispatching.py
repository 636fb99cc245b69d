"""Reports that leave by a channel: tried at least once outside any transaction, each try on the record."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from shoutu.county.duties.channels import Message, SendFailed
from shoutu.county.duties.services.sending import allowed_endpoints, sender
from shoutu.county.kit import events
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.steps import each, fence
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.warnings import policies
from shoutu.county.warnings.models import Dispatch
from shoutu.county.warnings.services.reports_receipts import about, lock_about, not_told, told_after_all

log = logging.getLogger(__name__)
CLAIM = timedelta(seconds=60)
"""A claimed one is left to its sender this long; a sender that died is followed by another try."""
AT_ONCE = 8


def dispatch_due() -> bool:
    """Send what is due, the oldest first. True: more may be waiting."""
    claimed = _claim()
    each(claimed, _try)
    return len(claimed) == AT_ONCE


def _claim() -> list[Dispatch]:
    now = timezone.now()
    with transaction.atomic():
        fence()
        # One that somebody tells by hand just now is passed over.
        rows = Dispatch.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
        rows = rows.filter(next_try_at__lte=now)
        found = list(rows.select_related("report", "superior__channel").order_by("next_try_at")[:AT_ONCE])
        for one in found:
            one.tries, one.next_try_at = one.tries + 1, now + CLAIM
        Dispatch.objects.bulk_update(found, ["tries", "next_try_at"])
    return found


def _try(one: Dispatch) -> None:
    channel, report = one.superior.channel, one.report
    try:
        if channel is None:
            raise SendFailed("no channel", retryable=False)
        message = Message(
            one.superior.address, f"{report.title}\n{report.number}\n{report.text}", f"report:{report.pk}:{one.pk}",
            title=report.title,
        )  # fmt: skip
        reference = sender(channel, message, allowed_endpoints())()
    except SendFailed as failure:
        _book_failed(one.pk, str(failure), final=not failure.retryable)
    except Exception as error:
        # The text of a strange error may carry an address with its token: only its kind is kept.
        log.error("report %s could not be sent: %s", report.number, type(error).__name__)
        _book_failed(one.pk, type(error).__name__, final=False)
    else:
        _book_sent(one.pk, reference)


def _taken(dispatch_id: int) -> Dispatch | None:
    """The dispatch, locked, while it still waits: told by hand meanwhile, nothing is left to be noted."""
    lock_about(dispatch_id)
    rows = Dispatch.objects.select_for_update(of=("self",), no_key=True).select_related(
        "report__warning", "report__order", "superior"
    )
    found: Dispatch | None = rows.filter(pk=dispatch_id, state=Dispatch.State.QUEUED).first()
    return found


@service
def _book_sent(dispatch_id: int, reference: str) -> None:
    found = _taken(dispatch_id)
    if found is None:
        unchanged()
        return
    found.state, found.handed_over_at, found.next_try_at = Dispatch.State.HANDED_OVER, timezone.now(), None
    found.their_number, found.detail = reference[:80], ""
    found.save()
    facts = {"number": found.report.number, "superior": found.superior.title, "tries": found.tries}
    record(SYSTEM, "report.handed_over", about(found), {**facts, "reference": reference[:80]})
    told_after_all(SYSTEM, found.report)
    events.emit("report.changed", ref(found.report), {"number": found.report.number})


@service
def _book_failed(dispatch_id: int, problem: str, *, final: bool) -> None:
    """After the last pause of the policy it has failed for good, and somebody is called to tell it another way."""
    found = _taken(dispatch_id)
    if found is None:
        unchanged()
        return
    pauses = policies.in_force().retry
    found.detail = problem[:200]
    over = final or found.tries > len(pauses)
    if over:
        found.state, found.next_try_at = Dispatch.State.FAILED, None
    else:
        found.next_try_at = timezone.now() + pauses[found.tries - 1]
    found.save()
    facts = {"number": found.report.number, "superior": found.superior.title, "tries": found.tries, "problem": problem}
    record(SYSTEM, "report.failed" if over else "report.retry", about(found), facts)
    if over:
        not_told(found, problem)
    events.emit("report.changed", ref(found.report), {"number": found.report.number})
