"""What became of a report sent: received, told by hand, tried again, or not told and so to be told another way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.duties import services as duties
from shoutu.county.duties.models import Duty
from shoutu.county.kit import events
from shoutu.county.kit.actors import SYSTEM, Actor
from shoutu.county.kit.errors import Conflict, Invalid, NotFound
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service
from shoutu.county.warnings.models import Dispatch, Order, Report, ReportKind, ReportPlan
from shoutu.county.warnings.services.locking import lock_orders, lock_warnings
from shoutu.county.warnings.services.reports import (
    REPORT,
    failed,
    go_on,
    keep_follow_up,
    lane,
    left_of,
    not_told_words,
    note_left,
)
from shoutu.county.warnings.services.reports_sending import check_told, checked_text

RETELL = "order.retell"
FAILED_WITHIN = timedelta(minutes=15)
"""A report that could not be handed over is to be told another way within this time."""


def _take(actor: Actor, dispatch_id: int) -> Dispatch:
    actor.require("report.send")
    visible = Report.objects.visible_to(actor)
    lock_about(dispatch_id)
    rows = Dispatch.objects.select_for_update(of=("self",), no_key=True).select_related(
        "report__warning", "report__order", "superior"
    )
    found: Dispatch | None = rows.filter(pk=dispatch_id, report__in=visible).first()
    if found is None:
        raise NotFound("dispatch", dispatch_id)
    return found


def lock_about(dispatch_id: int) -> None:
    """What comes before the dispatch and everything that follows from it: the order, or the warning's site."""
    rows = Dispatch.objects.filter(pk=dispatch_id).values_list("report__order_id", "report__warning_id")
    for order, warning in rows:
        if order is not None:
            lock_orders([order])
        else:
            lock_warnings([warning])


def about(dispatch: Dispatch) -> Any:
    """What an entry about this dispatch is about: the warning or the order."""
    report = dispatch.report
    return ref(report.warning) if report.warning else ref(report.order)  # type: ignore[arg-type]


@service
def note_receipt(actor: Actor, dispatch_id: int, received_by: str, their_number: str = "") -> Dispatch:
    """签收: who received it there, and what they call it. Raises NotAllowed, NotFound, Conflict, Invalid."""
    received_by = checked_text("received_by", received_by, 80)
    if len(their_number) > 80:
        raise Invalid("their_number", _("不超过 %(limit)s 个字") % {"limit": 80})
    found = _take(actor, dispatch_id)
    if found.state == Dispatch.State.RECEIVED:
        raise Conflict(_("%(office)s已经签收") % {"office": found.superior.title})
    if found.state in (Dispatch.State.QUEUED, Dispatch.State.FAILED):
        raise Conflict(_("还没有发出，不能签收；人工报的先记人工报"))
    found.state, found.received_at = Dispatch.State.RECEIVED, timezone.now()
    found.received_by, found.their_number = received_by, their_number.strip() or found.their_number
    found.save()
    facts = {"number": found.report.number, "superior": found.superior.title, "their_number": found.their_number}
    record(actor, "report.received", about(found), facts, {"note": received_by})
    events.emit("report.changed", ref(found.report), {"number": found.report.number})
    return found


@service
def tell_by_hand(actor: Actor, dispatch_id: int, way: str, detail: str) -> Dispatch:
    """A person told what a channel did not take: how, to whom. Raises NotAllowed, NotFound, Conflict, Invalid."""
    if way not in Dispatch.Way.values or way == Dispatch.Way.CHANNEL:
        raise Invalid("way", _("其中之一：%(names)s") % {"names": "、".join(Dispatch.Way.values[1:])})
    check_told("detail", way, detail)
    found = _take(actor, dispatch_id)
    if found.state not in (Dispatch.State.QUEUED, Dispatch.State.FAILED):
        raise Conflict(_("已经报出，不用再报"))
    now = timezone.now()
    found.state, found.way, found.detail = Dispatch.State.BY_HAND, way, detail.strip()
    found.handed_over_at, found.next_try_at = now, None
    found.save()
    record(actor, "report.by_hand", about(found), {"number": found.report.number, "superior": found.superior.title,
                                                  "way": way}, {"note": detail.strip()})  # fmt: skip
    told_after_all(actor, found.report)
    events.emit("report.changed", ref(found.report), {"number": found.report.number})
    return found


def told_after_all(actor: Actor, report: Report) -> None:
    """What a channel had not taken is told, by hand or by the channel: nobody need be called for it any more.

    Whoever is called to tell something else (a follow-up that has fallen due) stays called.
    """
    if report.order is not None and not failed(report.order):
        duties.complete(actor, ref(report.order), [RETELL], "report")
    warning = report.warning
    if warning is None or failed(warning):
        return
    found = ReportPlan.objects.select_for_update(of=("self",), no_key=True).filter(warning=warning).first()
    if found is None:
        duties.complete(actor, ref(warning), [REPORT], "report")
        return
    last = warning.reports.order_by("-seq").first()
    # Its own reason to tell the last report (proved false, closed) is no failure of an earlier one.
    final_waits = found.next_kind == ReportKind.FINAL and last is not None and last.kind != ReportKind.FINAL
    if found.ended_at is not None or not found.why or final_waits:
        return
    if found.told and left_of(found, warning):
        # It failed while others were not told at all: they still are not.
        note_left(found, warning)
    else:
        duties.complete(actor, ref(warning), [REPORT], "report")
        go_on(found, warning, last.kind if last else report.kind, timezone.now())


@service
def send_again(actor: Actor, dispatch_id: int) -> Dispatch:
    """Try the channel once more. Raises NotAllowed, NotFound, Conflict."""
    found = _take(actor, dispatch_id)
    if found.state != Dispatch.State.FAILED:
        raise Conflict(_("没有发送失败，不用再发"))
    found.state, found.tries, found.next_try_at = Dispatch.State.QUEUED, 0, timezone.now()
    found.save()
    facts = {"number": found.report.number, "superior": found.superior.title}
    record(actor, "report.again", about(found), facts)
    events.emit("report.changed", ref(found.report), {"number": found.report.number})
    return found


def not_told(dispatch: Dispatch, problem: str) -> None:
    """A report could not be handed over for good: somebody must tell it another way, soon."""
    report = dispatch.report
    why = not_told_words(dispatch, problem)[:200]
    found = ReportPlan.objects.select_for_update(of=("self",), no_key=True).filter(warning=report.warning).first()
    if report.warning is None or found is None:
        _call_to_retell(dispatch, why)
        return
    now = timezone.now()
    keep_follow_up(found, dispatch)
    found.ended_at, found.asks_at, found.due_at, found.why = None, now, now + FAILED_WITHIN, why
    found.save()


def _call_to_retell(dispatch: Dispatch, why: str) -> None:
    """No plan asks for it: an answer to an order, or a report nobody had to make. It is to arrive all the same."""
    report, kind = dispatch.report, REPORT if dispatch.report.warning else RETELL
    key = f"{kind}:failed:{dispatch.pk}"
    site = report.warning.site_id if report.warning else report.order.site_id  # type: ignore[union-attr]
    level = report.warning.current_level if report.warning else report.order.level  # type: ignore[union-attr]
    duties.open_duty(
        SYSTEM, kind, about(dispatch), site, lane(FAILED_WITHIN.total_seconds()), level, report.title, why,
        key=f"{key}:{Duty.objects.filter(key__startswith=f'{key}:').count()}",
    )  # fmt: skip


def still_failed(order: Order) -> None:
    """The order is ended, and with it whoever was called to tell its answer another way: that is asked for anew."""
    rows = Dispatch.objects.filter(report__order=order, state=Dispatch.State.FAILED)
    for one in rows.select_related("report__warning", "report__order", "superior").order_by("id"):
        not_told(one, one.detail)
