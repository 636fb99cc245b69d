"""信息上报: what a warning's level asks to be told upward, asked for as a duty, sent word for word, receipts noted.

The plan of a warning says what is to be told next and by when; it goes on until the last report (终报).
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import OperationalError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.duties import services as duties
from shoutu.county.duties.models import OPEN, Duty
from shoutu.county.duties.policy import Upward
from shoutu.county.kit import events, keys
from shoutu.county.kit.actors import SYSTEM, Actor, system
from shoutu.county.kit.errors import Conflict, Invalid, KeyReused, NotFound
from shoutu.county.kit.steps import fence
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.warnings import policies
from shoutu.county.warnings.models import Dispatch, Order, Report, ReportKind, ReportPlan, Result, Superior, Warning
from shoutu.county.warnings.services.grouping import keep_together
from shoutu.county.warnings.services.locking import lock_orders, lock_warnings, locked_warning

log = logging.getLogger(__name__)
REPORT, RETELL = "warning.report", "order.retell"
TEXT_MOST = 5000
AGAIN_AHEAD = timedelta(minutes=30)
"""A follow-up is asked for this long before it is due, or a quarter of its time where that is less."""
FAILED_WITHIN = timedelta(minutes=15)
"""A report that could not be handed over is to be told another way within this time."""


@dataclass(frozen=True)
class Target:
    """One office to be told: by its channel, or by hand, where `detail` says to whom and at which number."""

    superior: int
    way: str
    detail: str = ""


# --- the plan


def plan(warning: Warning, held: datetime | None = None) -> None:
    """See `_plan_anew`. Whatever fails here must keep nobody from being called: it is an alarm."""
    key = _alarm(warning)
    try:
        with transaction.atomic():
            _plan_anew(warning, held)
    except OperationalError:
        raise
    except Exception:
        log.exception("what warning %s asks to be told upward could not be noted", warning.number)
        message = f"{warning.number}：要上报什么没有记下，由人判断并上报"
        duties.raise_alarm(key, "report.unplanned", message, ref(warning))
    else:
        duties.clear_alarm(key)


def _alarm(warning: Warning) -> str:
    return f"report.plan:{warning.pk}"


def _plan_anew(warning: Warning, held: datetime | None) -> None:
    """The warning calls people at its level: note what that level asks to be told upward, and by when.

    Called in the transaction of the call. A level reached anew after a report is itself to be told. `held`: until
    when a silence holds back the calls; what nobody is called for yet is not asked to be told either.
    """
    rule = policies.reporting().levels.get(warning.level) if warning.category == "risk" else None
    if rule is None:
        return
    now = held or timezone.now()
    standing = ReportPlan.objects.select_for_update(of=("self",), no_key=True).filter(warning=warning).first()
    if standing is None:
        ReportPlan.objects.create(
            warning=warning, level=warning.level, to=list(rule.to), next_kind=ReportKind.FIRST,
            due_at=now + rule.first, asks_at=now + rule.ask,
        )  # fmt: skip
        return
    if standing.ended_at is not None:
        # It had proved false, and is back.
        standing.ended_at, standing.due_at = None, now + rule.first
    standing.level = max(standing.level, warning.level)
    standing.to = list(dict.fromkeys([*standing.to, *rule.to]))
    heard = Report.objects.filter(warning=warning).exists()
    standing.next_kind = ReportKind.FOLLOW if heard else ReportKind.FIRST
    standing.told = []
    standing.due_at = min(standing.due_at, now + rule.first)
    standing.asks_at = min(standing.asks_at or now + rule.ask, now + rule.ask)
    standing.why = ""
    standing.save()


def note_verified(actor: Actor, warning: Warning) -> None:
    """Proved false: what nobody above has heard of need not be told; what they have heard is to be taken back."""
    if warning.result == Result.REAL:
        return
    found = _plan(warning)
    if found is None:
        return
    if not warning.reports.exists():
        found.ended_at, found.asks_at, found.why = timezone.now(), None, str(Result(warning.result or "").label)
        found.save()
        _stop_asking(actor, warning, found.why)
    else:
        _final(found, _("核实为%(result)s") % {"result": Result(warning.result or "").label})


def note_closed(warning: Warning) -> None:
    """It is over: the last report, unless it was told as over already (and has not come back since), or never was to
    be told."""
    duties.clear_alarm(_alarm(warning))
    found = _plan(warning)
    if found is None:
        return
    if _told_as_over(warning) and _failed(warning):
        # The last report did not arrive: closing has ended the duty to tell it another way, so it is asked for anew.
        found.asks_at = timezone.now()
        found.save()
        return
    _final(found, _("预警已关闭"))


def calls_go_on(warning: Warning) -> None:
    """A silence that held its calls has ended before its time: the time to tell it upward starts now, too."""
    found = _plan(warning)
    if found is None or found.asks_at is None or warning.reports.exists():
        return
    rule, now = _rule(found), timezone.now()
    found.due_at, found.asks_at = min(found.due_at, now + rule.first), min(found.asks_at, now + rule.ask)
    found.save()


def real_after_all(warning: Warning) -> None:
    """What had been found false is real: it is to be told as when it began, from now on."""
    found = ReportPlan.objects.select_for_update(of=("self",), no_key=True).filter(warning=warning).first()
    if found is None:
        return
    rule, now = _rule(found), timezone.now()
    found.next_kind = ReportKind.FOLLOW if warning.reports.exists() else ReportKind.FIRST
    found.ended_at, found.due_at, found.asks_at, found.why = None, now + rule.first, now + rule.ask, ""
    found.told = []
    found.save()


def _told_as_over(warning: Warning) -> bool:
    last = warning.reports.order_by("-seq").first()
    return last is not None and last.kind == ReportKind.FINAL


def _plan(warning: Warning) -> ReportPlan | None:
    rows = ReportPlan.objects.select_for_update(of=("self",), no_key=True)
    rows = rows.filter(warning=warning, ended_at__isnull=True)
    found: ReportPlan | None = rows.first()
    return found


def _final(found: ReportPlan, why: str) -> None:
    now = timezone.now()
    if found.next_kind != ReportKind.FINAL:
        found.told = []
    found.next_kind, found.due_at, found.asks_at, found.why = ReportKind.FINAL, now + _rule(found).last, now, why
    found.save()


def _rule(found: ReportPlan) -> Upward:
    """What its level asks for; what the policy no longer names has the clocks of the nearest one it does."""
    levels = policies.reporting().levels
    near = min(levels, key=lambda level: abs(level - found.level), default=None)
    return levels[near] if near is not None else Upward(("city",), timedelta(hours=2), timedelta(days=1))


def _stop_asking(actor: Actor, warning: Warning, why: str) -> None:
    for duty in Duty.objects.filter(kind=REPORT, about_type="warning", about_id=warning.pk, state__in=OPEN):
        duties.cancel(system(actor.label), duty.pk, why)


@service
def ask_report(plan_id: int) -> None:
    """The time to ask has come: call those of the policy's chain, with the time that is left."""
    fence()
    lock_warnings(list(ReportPlan.objects.filter(pk=plan_id).values_list("warning_id", flat=True)))
    plans = ReportPlan.objects.select_for_update(of=("self",), no_key=True)
    found = plans.select_related("warning__site").get(pk=plan_id)
    if found.ended_at is not None or found.asks_at is None or found.asks_at > timezone.now():
        unchanged()
        return
    warning = found.warning
    found.asks_at, found.asked = None, found.asked + 1
    found.save()
    unchanged()
    open_ = Duty.objects.filter(kind=REPORT, about_type="warning", about_id=warning.pk, state__in=OPEN)
    title, why = title_of(warning, found.next_kind), found.why or _due_words(found)
    # Never at ease because it is late already: a minute is the least a clock can show.
    within = max((found.due_at - timezone.now()).total_seconds(), 60.0)
    if (standing := open_.first()) is not None:
        duties.raise_duty(SYSTEM, standing, _lane(within), max(warning.current_level, 1), title, why)
        return
    duties.open_duty(
        SYSTEM, REPORT, ref(warning), warning.site_id, _lane(within), warning.current_level, title, why,
        key=f"{REPORT}:{warning.pk}:{found.asked}",
    )  # fmt: skip
    # In a storm it goes out with the other calls, in one message.
    keep_together(warning)


def title_of(warning: Warning, kind: str) -> str:
    """「甲铁矿尾矿库：红色预警初报」."""
    from shoutu.county.warnings.words import LEVELS

    place = f"{warning.site.name}：" if warning.site else ""
    return f"{place}{LEVELS.get(warning.peak_level, '')}{_('预警')}{ReportKind(kind).label}"


def _due_words(found: ReportPlan) -> str:
    return _("报%(ranks)s，%(at)s 前") % {
        "ranks": _ranks(found.to),
        "at": timezone.localtime(found.due_at).strftime("%m-%d %H:%M"),
    }


def _lane(within_s: float) -> dict[str, Any]:
    policy, told = policies.in_force(), policies.reporting()
    return {
        "policy": f"{policy.id}@{policy.version}",
        "verified": told.verified,
        "chain": [{"who": rung.who, "answer_s": rung.answer.total_seconds()} for rung in told.chain],
        "due_s": {"report": within_s},
        "orders": [],
        "retry_s": [pause.total_seconds() for pause in policy.retry],
        "reach": [{"by": one.by, "wait_s": one.wait.total_seconds()} for one in policy.reach],
    }


# --- sending


@service
def send_report(
    actor: Actor, key: str, kind: str, title: str, text: str, targets: Sequence[Target], *,
    warning_id: int | None = None, order_id: int | None = None, signer: str = "",
) -> Report:  # fmt: skip
    """Send one report, word for word, to some offices. Sent again with the same key it is the same report.

    Raises NotAllowed, NotFound, Conflict after the last report, KeyReused for other words under the same key, Invalid.
    """
    actor.require("report.send")
    if not 1 <= len(key) <= 64:
        raise Invalid("key", _("1 到 %(limit)s 个字") % {"limit": 64})
    asked = keys.digest(
        kind=kind, title=title.strip(), text=text.strip(), signer=signer.strip(), warning=warning_id, order=order_id,
        to=sorted((one.superior, one.way, one.detail.strip()) for one in targets),
    )  # fmt: skip
    before: Report | None = Report.objects.filter(key=key).first()
    if before is not None:
        unchanged()
        if keys.differs(before.content_sha256, asked):
            seen = Report.objects.visible_to(actor).filter(pk=before.pk).exists()
            raise KeyReused(f"{before.number} {before.title}" if seen else "…", ref(before).as_dict() if seen else None)
        return before
    title, text, signer = _text("title", title, 160), _text("text", text, TEXT_MOST), signer.strip()[:80]
    warning, order = _about(actor, kind, warning_id, order_id)
    offices = _offices(targets)
    seq = (warning.reports if warning else order.replies).count() + 1  # type: ignore[union-attr]
    rows = ReportPlan.objects.select_for_update(of=("self",), no_key=True)
    found = rows.filter(warning=warning).first() if warning else None
    now = timezone.now()
    report = Report.objects.create(
        number=f"{(warning or order).number}-R{seq}",  # type: ignore[union-attr]
        key=key, content_sha256=asked, kind=kind, warning=warning, order=order, seq=seq, title=title, text=text,
        signer=signer,
        sha256=hashlib.sha256(text.encode()).hexdigest(), at=now, by=actor.label[:120],
        due_at=found.due_at if found and found.ended_at is None else None,
    )  # fmt: skip
    for target in targets:
        _dispatch(report, offices[target.superior], target, now)
    facts = {
        "number": report.number, "kind": kind, "sha256": report.sha256, "due_at": report.due_at,
        "to": [{"superior": one.superior, "way": one.way} for one in targets],
    }  # fmt: skip
    about = ref(warning) if warning else ref(order)  # type: ignore[arg-type]
    record(actor, "report.sent", about, facts)
    if warning is not None and not _some_left(found, warning, kind, {one.rank for one in offices.values()}):
        duties.complete(actor, ref(warning), [REPORT], "report")
        _go_on(found, warning, kind, now)
    events.emit("report.changed", ref(report), {"number": report.number})
    return report


def _text(field: str, text: str, most: int) -> str:
    if not text.strip():
        raise Invalid(field, _("不能空着"))
    if len(text) > most:
        raise Invalid(field, _("不超过 %(limit)s 个字") % {"limit": most})
    return text.strip()


def _about(
    actor: Actor, kind: str, warning_id: int | None, order_id: int | None
) -> tuple[Warning | None, Order | None]:
    """What the report is of, locked, so that two reports at once get two numbers."""
    if order_id is not None:
        order = Order.objects.visible_to(actor).filter(pk=order_id).first()
        if order is None:
            raise NotFound("order", order_id)
        if kind != ReportKind.REPLY:
            raise Invalid("kind", ReportKind.REPLY.value)
        return None, Order.objects.select_for_update(of=("self",), no_key=True).get(pk=order_id)
    if not Warning.objects.visible_to(actor).filter(pk=warning_id or 0).exists():
        raise NotFound("warning", warning_id or 0)
    warning = locked_warning(warning_id or 0)
    right = kinds_of(warning)
    if kind not in right:
        raise Invalid("kind", _("其中之一：%(names)s") % {"names": "、".join(str(one.label) for one in right)})
    waits = ReportPlan.objects.filter(warning=warning, ended_at__isnull=True, next_kind=ReportKind.FINAL).exists()
    if _told_as_over(warning) and warning.closed_at is not None and not waits:
        raise Conflict(_("终报已经报过"))
    return warning, None


def kinds_of(warning: Warning) -> list[ReportKind]:
    """What the next report may be: the first one as long as somebody has not been told it."""
    found = ReportPlan.objects.filter(warning=warning, ended_at__isnull=True).first()
    if not warning.reports.exists():
        return [ReportKind.FIRST, ReportKind.FINAL]
    others = [ReportKind.FOLLOW, ReportKind.FINAL]
    return [ReportKind.FIRST, *others] if found is not None and found.next_kind == ReportKind.FIRST else others


def _offices(targets: Sequence[Target]) -> dict[int, Superior]:
    ids = [target.superior for target in targets]
    if not ids or len(set(ids)) != len(ids):
        raise Invalid("to", _("至少一个上级单位，每个一次"))
    offices = Superior.objects.filter(enabled=True).in_bulk(ids)
    for i, target in enumerate(targets):
        office = offices.get(target.superior)
        if office is None:
            raise Invalid(f"to[{i}].superior", _("一个在用的上级单位的 id"))
        if target.way not in Dispatch.Way.values:
            raise Invalid(f"to[{i}].way", _("其中之一：%(names)s") % {"names": "、".join(Dispatch.Way.values)})
        if target.way == Dispatch.Way.CHANNEL and office.channel is None:
            raise Invalid(f"to[{i}].way", _("%(office)s没有通道，电话或书面报后记下") % {"office": office.title})
        _told(f"to[{i}].detail", target.way, target.detail)
    return offices


def _told(field: str, way: str, detail: str) -> None:
    if way != Dispatch.Way.CHANNEL and not detail.strip():
        raise Invalid(field, _("写明报给谁、号码，如：市应急管理局值班室，电话号码"))
    if len(detail) > 200:
        raise Invalid(field, _("不超过 %(limit)s 个字") % {"limit": 200})


def _dispatch(report: Report, office: Superior, target: Target, now: datetime) -> None:
    by_channel = target.way == Dispatch.Way.CHANNEL
    Dispatch.objects.create(
        report=report, superior=office, way=target.way, at=now, detail=target.detail.strip(),
        state=Dispatch.State.QUEUED if by_channel else Dispatch.State.BY_HAND,
        next_try_at=now if by_channel else None, handed_over_at=None if by_channel else now,
    )  # fmt: skip


def _some_left(found: ReportPlan | None, warning: Warning, kind: str, ranks: Collection[str]) -> bool:
    """Whether offices the policy names have not been told what is to be told now: they stay to be told, by the same
    time, and whoever is called for it stays called. Notes those of `ranks` as told.
    """
    if found is None or found.ended_at is not None:
        return False
    if found.next_kind == ReportKind.FINAL and kind != ReportKind.FINAL:
        return False
    if kind == ReportKind.FINAL and found.next_kind != ReportKind.FINAL:
        found.next_kind, found.told = ReportKind.FINAL, []
    found.told = sorted({*found.told, *ranks})
    if not left_of(found, warning):
        return False
    _note_left(found, warning)
    return True


def left_of(found: ReportPlan, warning: Warning) -> list[str]:
    """The ranks still to be told. One without an office cannot be, which is an alarm; nor need one that never heard of
    what has proved false."""
    wanted = set(Superior.objects.filter(enabled=True).values_list("rank", flat=True)) - set(found.told)
    if found.next_kind == ReportKind.FINAL and warning.result in (Result.FALSE_ALARM, Result.DEVICE_FAULT):
        wanted &= set(Dispatch.objects.filter(report__warning=warning).values_list("superior__rank", flat=True))
    return [rank for rank in found.to if rank in wanted]


def _note_left(found: ReportPlan, warning: Warning) -> None:
    """Say who is still to be told, to whoever is called for it; with nobody called or to be called, call."""
    found.why = _("还没有报%(ranks)s") % {"ranks": _ranks(left_of(found, warning))}
    open_ = list(Duty.objects.filter(kind=REPORT, about_type="warning", about_id=warning.pk, state__in=OPEN))
    for duty in open_:
        Duty.objects.filter(pk=duty.pk).update(why=found.why)
        events.emit("duty.changed", ref(duty), {"state": duty.state, "level": duty.level})
    if not open_ and found.asks_at is None:
        found.asks_at = timezone.now()
    found.save()


def _ranks(ranks: Collection[str]) -> str:
    return "、".join(str(Superior.Rank(rank).label) for rank in ranks)


def _go_on(found: ReportPlan | None, warning: Warning, kind: str, now: datetime) -> None:
    """What is to be told after this one."""
    if found is None or found.ended_at is not None:
        return
    rule = _rule(found)
    found.why, found.asks_at, found.told = "", None, []
    if kind == ReportKind.FINAL:
        # Told as over; closing it ends the plan, and it is asked for again should it get worse.
        found.ended_at = now
    elif warning.closed_at is not None or warning.result in (Result.FALSE_ALARM, Result.DEVICE_FAULT):
        found.next_kind, found.due_at, found.asks_at = ReportKind.FINAL, now + rule.last, now + rule.last / 2
    else:
        again = rule.again or rule.last
        found.next_kind, found.due_at = ReportKind.FOLLOW, now + again
        found.asks_at = found.due_at - min(again / 4, AGAIN_AHEAD)
    found.save()


# --- receipts


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
    received_by = _text("received_by", received_by, 80)
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
    _told("detail", way, detail)
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


def _failed(about: Warning | Order) -> bool:
    of = Q(report__warning=about) if isinstance(about, Warning) else Q(report__order=about)
    return Dispatch.objects.filter(of, state=Dispatch.State.FAILED).exists()


def told_after_all(actor: Actor, report: Report) -> None:
    """What a channel had not taken is told, by hand or by the channel: nobody need be called for it any more.

    Whoever is called to tell something else (a follow-up that has fallen due) stays called.
    """
    if report.order is not None and not _failed(report.order):
        duties.complete(actor, ref(report.order), [RETELL], "report")
    warning = report.warning
    if warning is None or _failed(warning):
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
        _note_left(found, warning)
    else:
        duties.complete(actor, ref(warning), [REPORT], "report")
        _go_on(found, warning, last.kind if last else report.kind, timezone.now())


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
    why = (_("没有报到%(office)s：%(why)s") % {"office": dispatch.superior.title, "why": problem})[:200]
    found = ReportPlan.objects.select_for_update(of=("self",), no_key=True).filter(warning=report.warning).first()
    if report.warning is None or found is None:
        _call_to_retell(dispatch, why)
        return
    now = timezone.now()
    found.ended_at, found.asks_at, found.due_at, found.why = None, now, now + FAILED_WITHIN, why
    found.save()


def _call_to_retell(dispatch: Dispatch, why: str) -> None:
    """No plan asks for it: an answer to an order, or a report nobody had to make. It is to arrive all the same."""
    report, kind = dispatch.report, REPORT if dispatch.report.warning else RETELL
    key = f"{kind}:failed:{dispatch.pk}"
    site = report.warning.site_id if report.warning else report.order.site_id  # type: ignore[union-attr]
    level = report.warning.current_level if report.warning else report.order.level  # type: ignore[union-attr]
    duties.open_duty(
        SYSTEM, kind, about(dispatch), site, _lane(FAILED_WITHIN.total_seconds()), level, report.title, why,
        key=f"{key}:{Duty.objects.filter(key__startswith=f'{key}:').count()}",
    )  # fmt: skip


def still_failed(order: Order) -> None:
    """The order is ended, and with it whoever was called to tell its answer another way: that is asked for anew."""
    rows = Dispatch.objects.filter(report__order=order, state=Dispatch.State.FAILED)
    for one in rows.select_related("report__warning", "report__order", "superior").order_by("id"):
        not_told(one, one.detail)


# --- offices


@service
def set_superior(
    actor: Actor, title: str, rank: str, *, id: int | None = None, channel: int | None = None, address: str = "",
    phone: str = "", enabled: bool = True,
) -> Superior:  # fmt: skip
    """Add or change an office that is reported to. Raises NotAllowed, NotFound, Invalid, Conflict."""
    from shoutu.county.duties.channels import ADAPTERS, BadSetting
    from shoutu.county.duties.models import Channel

    actor.require("superior.edit")
    title = _text("title", title, 80)
    if rank not in Superior.Rank.values:
        raise Invalid("rank", _("其中之一：%(names)s") % {"names": "、".join(Superior.Rank.values)})
    office = Superior.objects.select_for_update(no_key=True).filter(pk=id).first() if id is not None else Superior()
    if office is None:
        raise NotFound("superior", id or 0)
    if Superior.objects.filter(title=title).exclude(pk=office.pk).exists():
        raise Conflict(_("已有同名的上级单位，换一个名称"))
    line = Channel.objects.filter(pk=channel).first() if channel is not None else None
    if channel is not None and line is None:
        raise Invalid("channel", _("一个通道的 id"))
    if line is not None:
        try:
            address = ADAPTERS[line.kind].check_address(address)
        except BadSetting as bad:
            raise Invalid("address", bad.expected) from bad
    if line is None and not phone.strip():
        raise Invalid("phone", _("没有通道时填值班电话"))
    office.title, office.rank, office.channel, office.address = title, rank, line, address.strip() if line else ""
    office.phone, office.enabled = phone.strip()[:60], enabled
    office.save()
    facts = {"title": title, "rank": rank, "channel": line.title if line else None, "enabled": enabled}
    record(actor, "superior.set", ref(office), facts)
    return office
