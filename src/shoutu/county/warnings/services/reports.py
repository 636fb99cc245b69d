"""信息上报: what a warning's level asks to be told upward and by when; asked for as a duty, until the last report."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import OperationalError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.duties import services as duties
from shoutu.county.duties.models import OPEN, Duty
from shoutu.county.duties.policy import Upward
from shoutu.county.kit import events
from shoutu.county.kit.actors import SYSTEM, Actor, system
from shoutu.county.kit.steps import fence
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.warnings import policies
from shoutu.county.warnings.models import Dispatch, Order, Report, ReportKind, ReportPlan, Result, Superior, Warning
from shoutu.county.warnings.services.grouping import keep_together
from shoutu.county.warnings.services.locking import lock_warnings

log = logging.getLogger(__name__)
REPORT = "warning.report"
NOT_REAL = (Result.FALSE_ALARM, Result.DEVICE_FAULT)
LIVE_FIRST = (F("ended_at").desc(nulls_first=True), "due_at", "pk")
AGAIN_AHEAD = timedelta(minutes=30)
"""A follow-up is asked for this long before it is due, or a quarter of its time where that is less."""
MISSED_FOR = timedelta(days=7)
"""What a rank missed is told it this long after the last report; then it is only on the record."""


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
        message = _("%(number)s：要上报什么没有记下，由人判断并上报") % {"number": warning.number}
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
    standing.told = standing.missed = []
    standing.then_due_at = standing.then_asks_at = None
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
    if told_as_over(warning) and failed(warning):
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
    found.told = found.missed = []
    found.then_due_at = found.then_asks_at = None
    found.save()


def told_as_over(warning: Warning) -> bool:
    last = warning.reports.order_by("-seq").first()
    return last is not None and last.kind == ReportKind.FINAL


def failed(about: Warning | Order) -> bool:
    """Whether something sent of it did not arrive and is still to be told another way."""
    if isinstance(about, Warning):
        return bool(unheard(about))
    return Dispatch.objects.filter(report__order=about, state=Dispatch.State.FAILED).exists()


def unheard(warning: Warning) -> dict[str, Dispatch]:
    """Rank → what failed for good of the newest report sent to it. A newer one to that rank, or the same told by hand
    or sent again, puts it right; a rank without an office cannot be told at all, which is an alarm.
    """
    known = _known()
    return {rank: dispatch for rank, dispatch in _lost(warning).items() if rank in known}


def _lost(warning: Warning) -> dict[str, Dispatch]:
    """`unheard`, of ranks without an office as well."""
    rows = Dispatch.objects.filter(report__warning=warning).select_related("superior")
    newest: dict[str, int] = {}
    found: dict[str, Dispatch] = {}
    for one in rows.order_by("report__seq", "id"):
        rank = one.superior.rank
        if newest.get(rank) != one.report_id:
            newest[rank] = one.report_id
            found.pop(rank, None)
        if one.state == Dispatch.State.FAILED:
            found.setdefault(rank, one)
    return found


def not_told_words(dispatch: Dispatch, problem: str) -> str:
    return _("没有报到%(office)s：%(why)s") % {"office": dispatch.superior.title, "why": problem}


def _known() -> set[str]:
    """The ranks of which an office in use is known."""
    return set(Superior.objects.filter(enabled=True).values_list("rank", flat=True))


def _plan(warning: Warning) -> ReportPlan | None:
    rows = ReportPlan.objects.select_for_update(of=("self",), no_key=True)
    rows = rows.filter(warning=warning, ended_at__isnull=True)
    found: ReportPlan | None = rows.first()
    return found


def _final(found: ReportPlan, why: str) -> None:
    now = timezone.now()
    if found.next_kind != ReportKind.FINAL:
        found.told = []
    found.missed = []
    found.then_due_at = found.then_asks_at = None
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
    now = timezone.now()
    if found.ended_at is None and found.then_asks_at is not None and found.then_asks_at <= now:
        _follow_up_to_all(found)
    if found.ended_at is not None or found.asks_at is None or found.asks_at > now:
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
        duties.raise_duty(SYSTEM, standing, lane(within), max(warning.current_level, 1), title, why)
        return
    duties.open_duty(
        SYSTEM, REPORT, ref(warning), warning.site_id, lane(within), warning.current_level, title, why,
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


def lane(within_s: float) -> dict[str, Any]:
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


def kinds_of(warning: Warning) -> list[ReportKind]:
    """What the next report may be: the first one as long as somebody has not been told it."""
    found = ReportPlan.objects.filter(warning=warning, ended_at__isnull=True).first()
    if not warning.reports.exists():
        return [ReportKind.FIRST, ReportKind.FINAL]
    others = [ReportKind.FOLLOW, ReportKind.FINAL]
    return [ReportKind.FIRST, *others] if found is not None and found.next_kind == ReportKind.FIRST else others


def some_left(found: ReportPlan | None, warning: Warning, kind: str, ranks: Collection[str]) -> bool:
    """Whether offices the policy names have not been told what is to be told now: they stay to be told, by the same
    time, and whoever is called for it stays called; so does whoever is called for what did not arrive. Notes those of
    `ranks` as told.
    """
    if found is None or found.ended_at is not None:
        return failed(warning)
    if found.next_kind == ReportKind.FINAL and kind != ReportKind.FINAL:
        return failed(warning)
    if kind == ReportKind.FINAL and found.next_kind != ReportKind.FINAL:
        found.next_kind, found.told = ReportKind.FINAL, []
        found.then_due_at = found.then_asks_at = None
    if found.then_due_at is not None and kind == ReportKind.FOLLOW and set(found.told) & _known() <= set(ranks):
        # The others were told anew before their time.
        found.then_due_at, found.then_asks_at = _follow_up(found, timezone.now())
    found.told = sorted({*found.told, *ranks})
    if not left_of(found, warning):
        return False
    note_left(found, warning)
    return True


def left_of(found: ReportPlan, warning: Warning) -> list[str]:
    """The ranks still to be told, with those a report was sent to and did not reach. One without an office cannot be,
    which is an alarm; nor need one that never heard of what has proved false."""
    lost = unheard(warning)
    wanted = _known() - (set(found.told) - set(lost))
    if found.next_kind == ReportKind.FINAL and warning.result in NOT_REAL:
        wanted &= _ever_told(warning)
    return [rank for rank in dict.fromkeys([*found.to, *lost]) if rank in wanted]


def _ever_told(warning: Warning) -> set[str]:
    return set(Dispatch.objects.filter(report__warning=warning).values_list("superior__rank", flat=True))


def note_left(found: ReportPlan, warning: Warning) -> None:
    """Say who is still to be told, to whoever is called for it; with nobody called or to be called, call."""
    left, lost = left_of(found, warning), unheard(warning)
    never = [rank for rank in left if rank not in lost]
    words = [_("还没有报%(ranks)s") % {"ranks": _ranks(never)}] if never else []
    words += [not_told_words(lost[rank], lost[rank].detail) for rank in left if rank in lost]
    found.why = "；".join(words)[:200]
    open_ = list(Duty.objects.filter(kind=REPORT, about_type="warning", about_id=warning.pk, state__in=OPEN))
    for duty in open_:
        Duty.objects.filter(pk=duty.pk).update(why=found.why)
        events.emit("duty.changed", ref(duty), {"state": duty.state, "level": duty.level})
    if not open_ and found.asks_at is None:
        found.asks_at = timezone.now()
    found.save()


def all_told(found: ReportPlan) -> bool:
    """Whether some have been told and nobody is left who can be, though no report said so: the office of who was left
    is in use no more. What is on its way by a channel may fail yet, and is waited for."""
    if found.ended_at is not None or not found.told or left_of(found, found.warning):
        return False
    return not Dispatch.objects.filter(report__warning=found.warning, state=Dispatch.State.QUEUED).exists()


@service
def leave_off(plan_id: int) -> None:
    """Who was left to be told has no office any more: nobody need be called for it, and what comes next has its time.

    That the rank has no office stays an alarm.
    """
    fence()
    lock_warnings(list(ReportPlan.objects.filter(pk=plan_id).values_list("warning_id", flat=True)))
    found = ReportPlan.objects.select_for_update(of=("self",), no_key=True).select_related("warning").get(pk=plan_id)
    unchanged()
    if not all_told(found):
        return
    known = _known()
    gone = _ranks([rank for rank in found.to if rank not in known and rank not in found.told])
    note = _("没有在用的%(rank)s级上级单位，其余的都已报到") % {"rank": gone} if gone else ""
    duties.complete(SYSTEM, ref(found.warning), [REPORT], "report", note)
    go_on(found, found.warning, found.next_kind, timezone.now())


def _ranks(ranks: Collection[str]) -> str:
    return "、".join(str(Superior.Rank(rank).label) for rank in ranks)


def go_on(found: ReportPlan | None, warning: Warning, kind: str, now: datetime) -> None:
    """What is to be told after this one."""
    if found is None or found.ended_at is not None:
        return
    rule = _rule(found)
    _note_missed(found, warning)
    found.why, found.asks_at, found.told = "", None, []
    if kind == ReportKind.FINAL:
        # Told as over; closing it ends the plan, and it is asked for again should it get worse.
        found.ended_at = now
    elif warning.closed_at is not None or warning.result in NOT_REAL:
        found.next_kind, found.due_at, found.asks_at = ReportKind.FINAL, now + rule.last, now + rule.last / 2
    else:
        found.next_kind = ReportKind.FOLLOW
        found.due_at, found.asks_at = _follow_up(found, now)
        if found.then_due_at is not None:
            found.due_at, found.asks_at = found.then_due_at, found.then_asks_at
    found.then_due_at = found.then_asks_at = None
    found.save()


def _follow_up(found: ReportPlan, told_at: datetime) -> tuple[datetime, datetime]:
    """By when those told then are told again, and when that is asked for."""
    rule = _rule(found)
    again = rule.again or rule.last
    return told_at + again, told_at + again - min(again / 4, AGAIN_AHEAD)


def _follow_up_to_all(found: ReportPlan) -> None:
    """The follow-up is to be asked for, and one rank has not heard yet what the others have: all are told now."""
    found.next_kind, found.told, found.why = ReportKind.FOLLOW, [], ""
    found.due_at, found.asks_at = found.then_due_at or found.due_at, found.then_asks_at
    found.then_due_at = found.then_asks_at = None


def keep_follow_up(found: ReportPlan, dispatch: Dispatch) -> None:
    """A report did not arrive at one rank: the follow-up to the others, who heard, keeps its time."""
    to = {dispatch.superior.rank}
    running = found.ended_at is None and found.next_kind == ReportKind.FOLLOW and found.asks_at is not None
    if running and found.then_due_at is None and set(found.to) & _known() > to:
        found.then_due_at, found.then_asks_at = found.due_at, found.asks_at
        found.told = [rank for rank in found.to if rank not in found.missed]


def _note_missed(found: ReportPlan, warning: Warning) -> None:
    """Who could not be told what the others were, since no office of that rank is in use: on the record, and kept."""
    heard = set(found.told) - set(_lost(warning))
    gone = {*found.missed, *found.to} - _known() - heard
    if warning.result in NOT_REAL:
        gone &= _ever_told(warning)
    if new := sorted(gone - set(found.missed)):
        facts = {"ranks": new, "kind": found.next_kind, "because": "no_office"}
        record(SYSTEM, "report.passed_over", ref(warning), facts)
    found.missed = sorted(gone)


def named(found: ReportPlan) -> tuple[str, ...]:
    """The ranks the policy in force names at its level."""
    return _rule(found).to


def still_missed(now: datetime) -> QuerySet[ReportPlan]:
    """Those of which a rank missed a report and is still to be told it: live ones first, of the others the newest."""
    rows = ReportPlan.objects.exclude(missed=[]).filter(Q(ended_at__isnull=True) | Q(ended_at__gte=now - MISSED_FOR))
    return rows.order_by(*LIVE_FIRST)


def back(plans: Iterable[ReportPlan]) -> Iterator[tuple[ReportPlan, list[str]]]:
    """Those of them of which ranks that missed a report have an office again, with these ranks."""
    known = _known()
    for found in plans:
        if ranks := [rank for rank in found.missed if rank in known]:
            yield found, ranks


@service
def ask_missed(plan_id: int) -> None:
    """A rank that could not be told has an office again: what it missed is asked for now, whatever comes when.

    A rank that has heard nothing yet is told the first report; after the last one, the last, until MISSED_FOR is over.
    Where a report is being asked for already the rank is told with it.
    """
    fence()
    lock_warnings(list(ReportPlan.objects.filter(pk=plan_id).values_list("warning_id", flat=True)))
    rows = ReportPlan.objects.select_for_update(of=("self",), no_key=True)
    found = rows.select_related("warning__site").get(pk=plan_id)
    unchanged()
    now, rule = timezone.now(), _rule(found)
    ranks = next((ranks for _plan, ranks in back([found])), [])
    if not ranks or (found.ended_at is not None and found.ended_at < now - MISSED_FOR):
        return
    warning = found.warning
    found.missed = [rank for rank in found.missed if rank not in ranks]
    if warning.result in NOT_REAL:
        ranks = [rank for rank in ranks if rank in _ever_told(warning)]
    if ranks and found.ended_at is not None:
        found.ended_at, found.next_kind = None, ReportKind.FINAL
        _ask_only(found, ranks, now + rule.last)
    elif ranks and found.then_due_at is not None:
        # Another rank is being told what it has not heard.
        _first_unless_heard(found, ranks)
        found.told = [rank for rank in found.told if rank not in ranks]
        note_left(found, warning)
    elif ranks and found.asks_at is not None:
        if found.next_kind == ReportKind.FINAL or found.asks_at <= now + rule.first:
            # The others are to be told before long anyway: all are told now.
            found.asks_at, found.due_at = now, min(found.due_at, now + rule.first)
        else:
            found.then_due_at, found.then_asks_at = found.due_at, found.asks_at
            _first_unless_heard(found, ranks)
            _ask_only(found, ranks, now + rule.first)
    found.save()


def _first_unless_heard(found: ReportPlan, ranks: Collection[str]) -> None:
    if not set(ranks) <= _ever_told(found.warning) - set(_lost(found.warning)):
        found.next_kind = ReportKind.FIRST


def _ask_only(found: ReportPlan, ranks: Collection[str], due_at: datetime) -> None:
    found.told = [rank for rank in found.to if rank not in ranks and rank not in found.missed]
    found.asks_at, found.due_at = timezone.now(), due_at
    found.why = _("补报%(ranks)s：当时没有在用的上级单位") % {"ranks": _ranks(ranks)}
