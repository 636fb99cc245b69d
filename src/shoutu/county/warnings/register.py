"""What warnings tells the rest: its subject, its kinds of duty, what it listens to, its figures, its audit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shoutu.county.duties import auditor, kinds
from shoutu.county.duties.models import OPEN, Duty
from shoutu.county.kit import events, status, subjects
from shoutu.county.kit.actors import Actor, system
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.sites import hooks
from shoutu.county.sites.models import Signal, SignalState
from shoutu.county.warnings import (  # entries, metrics: register words and figures
    entries,  # noqa: F401
    metrics,  # noqa: F401
    policies,
    sheets,  # noqa: F401
    sheets_lists,  # noqa: F401
)
from shoutu.county.warnings.evacuations import held
from shoutu.county.warnings.health import LATE
from shoutu.county.warnings.models import (
    Evacuation,
    EvacuationState,
    Group,
    Order,
    Report,
    ReportPlan,
    State,
    Superior,
    Warning,
)
from shoutu.county.warnings.models_silences import Silence
from shoutu.county.warnings.selectors import course, kept, of_point, repairs, up_during  # noqa: F401  (kept registers)
from shoutu.county.warnings.selectors.drawn import blind, drawn
from shoutu.county.warnings.selectors.standing import points_standing, sites_standing
from shoutu.county.warnings.selectors_silences import care, pauses
from shoutu.county.warnings.services import follow_duties, note_answered, rule_changed
from shoutu.county.warnings.services.circumstance import windows_changed
from shoutu.county.warnings.services.course_of import STANDBY
from shoutu.county.warnings.services.evacuation_end import site_works_again
from shoutu.county.warnings.services.locking import lock_orders, lock_warnings
from shoutu.county.warnings.services.marks import overdue
from shoutu.county.warnings.services.reports import LIVE_FIRST, named, still_missed
from shoutu.county.warnings.services.setback import clock_set_back
from shoutu.county.warnings.services.silencing import held_without_silence


def evacuation_url(id: int) -> str:
    """A withdrawal is shown on the page of a warning that asked for it."""
    warning = Warning.objects.filter(evacuations=id).order_by("-level", "id").values_list("pk", flat=True).first()
    return f"/warnings/{warning}" if warning else ""


subjects.register(
    "warning",
    title="预警",
    label=subjects.name_in(Warning, "number"),
    labels=subjects.names_in(Warning, "number"),
    url=lambda id: f"/warnings/{id}",
    visible=lambda actor: Warning.objects.visible_to(actor),
    seen_by=subjects.by_scope,
    lock=lock_warnings,
    course=course,
    search=subjects.either(subjects.numbered(Warning), subjects.words_in(Warning, "site__name")),
)
subjects.register(
    "signal",
    title="信号",
    label=subjects.name_in(Signal, "uid"),
    labels=subjects.names_in(Signal, "uid"),
    url=lambda _id: "",
    visible=lambda actor: Signal.objects.visible_to(actor),
    seen_by=subjects.by_scope,
)

subjects.register(
    "evacuation",
    title="停产撤人",
    label=subjects.name_in(Evacuation, "site__name"),
    labels=subjects.names_in(Evacuation, "site__name"),
    url=evacuation_url,
    visible=lambda actor: Evacuation.objects.visible_to(actor),
    seen_by=subjects.by_scope,
    search=subjects.words_in(Evacuation, "site__name"),
)
subjects.register(
    "order",
    title="上级指令",
    label=subjects.name_in(Order, "number"),
    labels=subjects.names_in(Order, "number"),
    url=lambda id: f"/orders/{id}",
    visible=lambda actor: Order.objects.visible_to(actor),
    lock=lock_orders,
    search=subjects.words_in(Order, "number", "site__name", "organisation__name"),
)
subjects.register(
    "report",
    title="信息上报",
    label=subjects.name_in(Report, "number"),
    labels=subjects.names_in(Report, "number"),
    url=lambda id: f"/reports/{id}",
    visible=lambda actor: Report.objects.visible_to(actor),
    search=subjects.words_in(Report, "number", "warning__site__name"),
)
subjects.register(
    "superior",
    title="上级单位",
    label=subjects.name_in(Superior, "title"),
    labels=subjects.names_in(Superior, "title"),
    url=lambda _id: "/reports?tab=superiors",
    visible=None,
    search=subjects.words_in(Superior, "title"),
)
subjects.register(
    "warning_group",
    title="事件",
    label=subjects.name_in(Group, "title"),
    labels=subjects.names_in(Group, "title"),
    url=lambda _id: "/warnings",
    visible=lambda actor: Group.objects.visible_to(actor),
    seen_by=subjects.by_scope,
    search=subjects.words_in(Group, "title"),
)
subjects.register(
    "silence",
    title="静默",
    label=lambda id: next((one.where() for one in Silence.objects.filter(pk=id)), f"{id}"),
    url=lambda id: f"/silences?open={id}",
    visible=lambda actor: Silence.objects.visible_to(actor),
    seen_by=subjects.by_scope,
    search=subjects.either(
        subjects.words_in(Silence, "site__name", "point__name"), subjects.numbered(Silence, "warning__number")
    ),
)

hooks.briefs_by(of_point)
hooks.during_by(up_during)
hooks.holds_by(held)
hooks.drawn_by(drawn)
hooks.blind_by(blind)
hooks.pauses_by(pauses)
hooks.cared_by(care)
hooks.repairs_by(hooks.Repairs(repairs.faulty, repairs.late, repairs.of_points, repairs.of_organisations))
hooks.standing_by("site", sites_standing)
hooks.standing_by("point", points_standing)


@events.on("site.changed")
def _site_works_again(topic: str, subject: SubjectRef, payload: Mapping[str, Any]) -> None:
    # Two persons have agreed; a withdrawal that is not yet over refuses, and then nothing of it happens.
    if payload.get("operating") == "producing":
        site_works_again(system(payload["by"]), subject.id)


@events.on("site.changed")
def _windows_changed(topic: str, subject: SubjectRef, payload: Mapping[str, Any]) -> None:
    if "blasting" in payload:
        windows_changed(subject.id)


def _still_open(warning_id: int) -> str | None:
    """Why a duty about this warning may not be cancelled: nobody would be called for a live warning any more."""
    if Warning.objects.filter(pk=warning_id, closed_at__isnull=True).exists():
        return gettext("预警还没有关闭，叫应不能撤销；误报在预警里核实为误报，结束后在预警里关闭")
    return None


kinds.register(
    kinds.Kind("warning.dispose", _("处置反馈"), _("处置"), finished_in=_("在预警里处置、反馈"), needed=_still_open)
)
kinds.register(
    kinds.Kind("warning.verify", _("核实真假"), _("核实"), finished_in=_("在预警里核实"), needed=_still_open)
)
kinds.register(
    kinds.Kind("warning.review", _("复核关闭"), _("复核"), finished_in=_("在预警里关闭或退回"), needed=_still_open)
)
kinds.register(kinds.Kind("rule.review", _("复查规则"), _("复查"), finished_in=_("在误报页写复查结果")))
kinds.register(kinds.Kind("warning.answer", _("领导知情"), _("应答"), answer_only=True, needed=_still_open))
# In place (到位待命), the team waits for orders until the warning is closed; going in is another's order.
kinds.register(kinds.Kind(STANDBY, _("救援待命"), _("到位"), needed=_still_open, stays=True))


def _still_to_tell(warning_id: int) -> str | None:
    """Why the duty to report may not be cancelled: something is still to be told upward."""
    if ReportPlan.objects.filter(warning=warning_id, ended_at__isnull=True).exists():
        return gettext("还要上报，不能撤销；在预警里上报，误报在预警里核实为误报")
    return None


kinds.register(
    kinds.Kind("warning.report", _("信息上报"), _("上报"), finished_in=_("在预警里上报"), needed=_still_to_tell)
)
kinds.register(kinds.Kind("order.assign", _("分派上级指令"), _("分派"), finished_in=_("在指令里分派"), covert=True))
kinds.register(kinds.Kind("order.changed", _("核对指令改动"), _("核对"), covert=True))
kinds.register(
    kinds.Kind("order.retell", _("指令反馈没有报到"), _("另行报出"), finished_in=_("在指令里另行报出"), covert=True)
)
kinds.register(kinds.Kind("order.carry_out", _("落实上级指令"), _("落实"), covert=True))
kinds.register(kinds.Kind("silence.begun", _("静默开始"), _("知道了"), answer_only=True))
kinds.register(kinds.Kind("silence.ended", _("静默结束"), _("知道了"), answer_only=True))


def _someone_missing(warning_id: int) -> str | None:
    """Why a withdrawal may not be called off: it ends with nobody missing, or by an order to resume."""
    if Evacuation.objects.filter(warnings=warning_id, resumed_at__isnull=True).exists():
        return gettext("撤人还没有了结，不能撤销；在预警里清点到零，或由有权的人下令复工")
    return None


kinds.register(
    kinds.Kind(
        "warning.withdraw",
        _("停产撤人"),
        _("撤人"),
        finished_in=_("在预警里清点到零"),
        needed=_someone_missing,
    )
)


@events.on("duty.answered")
def _answered(topic: str, subject: SubjectRef, payload: Mapping[str, Any]) -> None:
    # A leader who knows of it, or a team that stands by, does not make the mine or the county's officer know of it.
    about = payload["about"]
    if about["type"] == "warning" and payload["kind"] not in ("warning.answer", "warning.report", STANDBY):
        note_answered(about["id"])


@events.on("duty.changed")
def _moved(topic: str, subject: SubjectRef, payload: Mapping[str, Any]) -> None:
    about = payload.get("about") or {}
    if about.get("type") == "order":
        follow_duties(about["id"])


@events.on("rule.changed")
def _rule_changed(topic: str, subject: SubjectRef, payload: Mapping[str, Any]) -> None:
    rule_changed(subject.id, payload["version"], payload["enabled"])


@events.on("clock.set_back")
def _clock_set_back(topic: str, subject: SubjectRef, payload: Mapping[str, Any]) -> None:
    clock_set_back(timedelta(seconds=payload["seconds"]))


status.door(
    "/warnings", "warning.read", "warning.uncalled", "evacuation.uncalled", "warnings.inbox", "warnings.head_count",
    "warnings.groups", "warnings.blasting",
)  # fmt: skip
status.door("/signals", "signal.read", "signal.aside", "signal.waiting", "warnings.clean_out")
status.door(
    "/reports", "report.read", "report.uncalled", "report.unplanned", "warnings.ask_reports", "warnings.send_reports"
)
status.door("/silences", "silence.read", "duty.held", "signal.withheld", "warnings.silences")
status.door("/noise", "warning.read", "warnings.rule_review")


@status.contribute
def _figures(actor: Actor) -> dict[str, Any]:
    # A device fault is no level of danger: the four counts are of risks alone.
    open_ = Warning.objects.visible_to(actor).filter(category="risk").exclude(state=State.CLOSED)

    def by_level(rows: Any) -> dict[int, int]:
        found = dict(rows.order_by().values_list("level").annotate(n=Count("id")))
        return {level: found.get(level, 0) for level in range(1, 5)}

    return {"levels": by_level(open_), "unanswered": by_level(open_.filter(state=State.CALLING))}


@auditor.check
def _inbox_waits(now: datetime) -> Iterator[auditor.Finding]:
    """Signals that nobody makes warnings of."""
    late = Signal.objects.filter(state=SignalState.NEW, received_at__lt=now - LATE).count()
    if late:
        yield auditor.Finding(
            "audit:inbox",
            "signal.waiting",
            gettext("有 %(count)d 条预警信号超过 10 秒没有处理，预警可能停了") % {"count": late},
        )


@auditor.check
def _nobody_called(now: datetime) -> Iterator[auditor.Finding]:
    """Warnings that wait for an answer nobody is asked for: in this episode no duty is open.

    Asked per episode: a warning that got worse or came back waits for an answer again, and what people were called
    for before does not count. One that was answered needs nobody called.
    """
    calling = Duty.objects.filter(about_type="warning", state__in=OPEN).exclude(
        kind__in=("warning.answer", "warning.withdraw", "warning.report", STANDBY)
    )
    waiting = Warning.objects.filter(closed_at__isnull=True, state=State.CALLING, opened_at__lt=now - LATE)
    silent = waiting.exclude(pk__in=calling.values("about_id"))
    for pk, number, title in silent.values_list("pk", "number", "title")[:50]:
        yield auditor.Finding(
            f"audit:warning:{pk}",
            "warning.uncalled",
            gettext("%(what)s：没有叫任何人") % {"what": f"{number} {title}"},
            SubjectRef("warning", pk),
        )


@auditor.check
def _nobody_withdraws(now: datetime) -> Iterator[auditor.Finding]:
    """People are missing and nobody is called to get them out."""
    going = Evacuation.objects.filter(state=EvacuationState.GOING, ordered_at__lt=now - LATE)
    called = Duty.objects.filter(kind="warning.withdraw", about_type="warning", state__in=OPEN)
    for evacuation in going.exclude(warnings__in=called.values("about_id")).select_related("site")[:50]:
        message = gettext("%(site)s 停产撤人：还有人未出，却没有叫任何人") % {"site": evacuation.site.name}
        yield auditor.Finding(
            f"audit:evacuation:{evacuation.pk}", "evacuation.uncalled", message, SubjectRef("evacuation", evacuation.pk)
        )


@auditor.check
def _nobody_reports(now: datetime) -> Iterator[auditor.Finding]:
    """Something is to be told upward by now, and nobody was asked to, or who was need not any more."""
    open_, since = ReportPlan.objects.filter(ended_at__isnull=True), now - timedelta(minutes=1)
    asked = Duty.objects.filter(kind="warning.report", about_type="warning", state__in=OPEN).values("about_id")
    unasked = Q(asks_at__lt=since) | Q(then_asks_at__lt=since)
    late = open_.filter(unasked | (Q(due_at__lt=since) & ~Q(warning__in=asked)))
    for plan in late.select_related("warning").order_by("due_at", "pk")[:50]:
        message = gettext("%(number)s：到了上报的时候，却没有叫任何人") % {"number": plan.warning.number}
        yield auditor.Finding(
            f"audit:report:{plan.pk}", "report.uncalled", message, SubjectRef("warning", plan.warning_id)
        )


NO_OFFICE_MOST = 50


@auditor.check
def _no_office(now: datetime) -> Iterator[auditor.Finding]:
    """Somebody is, or has been, asked to tell a rank above the county, of which no office is known; or it was passed
    over for that, not long ago, and nothing else will ask for it. What is still to be told comes first."""
    known = set(Superior.objects.filter(enabled=True).values_list("rank", flat=True))
    told = Report.objects.filter(warning__isnull=False).values("warning")
    begun = Q(asks_at__isnull=True) | Q(asked__gt=0) | Q(warning__in=told)
    missed = Q(pk__in=still_missed(now).order_by().values("pk"))
    asked = ReportPlan.objects.filter(Q(begun, ended_at__isnull=True) | missed).select_related("warning")
    for plan in asked.order_by(*LIVE_FIRST)[:NO_OFFICE_MOST]:
        over = plan.ended_at is not None
        for rank in [one for one in plan.missed if one in named(plan)] if over else plan.to:
            if rank not in known:
                label = Superior.Rank(rank).label
                words = gettext("%(number)s：要报%(rank)s，却没有在用的%(rank)s级上级单位，在上报页添上")
                if over:
                    words = gettext("%(number)s：没有报到%(rank)s，当时没有在用的%(rank)s级上级单位；启用后催补报")
                message = words % {"number": plan.warning.number, "rank": label}
                about = SubjectRef("warning", plan.warning_id)
                yield auditor.Finding(f"audit:report_office:{plan.pk}:{rank}", "report.no_office", message, about)


@auditor.check
def _held_for_nothing(now: datetime) -> Iterator[auditor.Finding]:
    """Calls held back that no silence accounts for, or red ones, which no silence may hold."""
    for duty in held_without_silence(now):
        yield auditor.Finding(
            f"audit:held:{duty.pk}",
            "duty.held",
            gettext("%(what)s：没有静默，却压着没有呼叫") % {"what": duty.title},
            SubjectRef("duty", duty.pk),
        )


@auditor.check
def _withheld_past_the_end(now: datetime) -> Iterator[auditor.Finding]:
    """A mark is over, and what its point would have raised still waits: it may stand unseen."""
    for one in overdue(now):
        yield auditor.Finding(
            f"audit:withheld:{one['silence']}",
            "signal.withheld",
            gettext("%(where)s：标校或维护已经结束，其间的触发还没有处理；先看现场") % {"where": one["where"]},
            SubjectRef("silence", one["silence"]),
        )


@auditor.check
def _policy_unreadable(now: datetime) -> Iterator[auditor.Finding]:
    """The response policy on disk cannot be read: people are called by the one agreed to meanwhile."""
    fault = policies.fault()
    if fault:
        words = gettext("响应方案文件读不了，仍按原来同意的叫应；让管理员改正这个文件")
        yield auditor.Finding("audit:policy", "policy.fault", words, raw=fault)
