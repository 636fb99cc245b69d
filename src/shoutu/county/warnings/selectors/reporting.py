"""What may be asked about reports upward and orders from above: lists, one of each, what is still to be told."""

from __future__ import annotations

import functools
import itertools
import operator
from typing import Any

from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.duties import selectors as duty_selectors
from shoutu.county.duties.models import OPEN, Duty
from shoutu.county.duties.selectors.lists import whole
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Invalid
from shoutu.county.kit.selectors import get_visible
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.places.models import Site
from shoutu.county.warnings import policies
from shoutu.county.warnings.models import Dispatch, Order, OrderVersion, Report, ReportPlan, Superior, Warning
from shoutu.county.warnings.services.orders import DO
from shoutu.county.warnings.services.reports import all_told, back, still_missed

UNCONFIRMED = (Dispatch.State.QUEUED, Dispatch.State.HANDED_OVER, Dispatch.State.BY_HAND, Dispatch.State.FAILED)


def plans_to_ask() -> list[int]:
    """Whose next report is to be asked for now: for the worker."""
    now = timezone.now()
    due = ReportPlan.objects.filter(Q(asks_at__lte=now) | Q(then_asks_at__lte=now), ended_at__isnull=True)
    return list(due.order_by(Coalesce("asks_at", "then_asks_at")).values_list("pk", flat=True)[:100])


def plans_left_off() -> list[int]:
    """Those that wait for nobody who can be told: for the worker."""
    begun = ReportPlan.objects.filter(ended_at__isnull=True).exclude(told=[]).select_related("warning")
    return [plan.pk for plan in begun.order_by("due_at") if all_told(plan)]


def plans_missed() -> list[int]:
    """Those of which a rank missed a report and has an office again: for the worker."""
    return [plan.pk for plan, _ranks in itertools.islice(back(still_missed(timezone.now())), 100)]


# --- offices


def superiors(*, every: bool = False) -> list[dict[str, Any]]:
    """The offices above, the city's first."""
    rows = Superior.objects.select_related("channel").order_by("rank", "id")
    return [superior_row(one) for one in (rows if every else rows.filter(enabled=True))]


def superior_row(office: Superior) -> dict[str, Any]:
    return {
        "id": office.pk,
        "title": office.title,
        "rank": office.rank,
        "phone": office.phone,
        "channel": {"id": office.channel.pk, "title": office.channel.title} if office.channel else None,
        "address": office.address,
        "enabled": office.enabled,
    }


# --- reports


def reports_for(
    actor: Actor, *, warning: int | None = None, order: int | None = None, state: str = "", q: str = ""
) -> Any:
    """Reports the actor sees; `state` unconfirmed: some office has not received it. Raises Invalid."""
    rows = whole_reports(Report.objects.visible_to(actor))
    if state not in ("", "unconfirmed"):
        raise Invalid("state", _("其中之一：%(names)s") % {"names": "、".join(["unconfirmed"])})
    if state == "unconfirmed":
        rows = rows.filter(dispatches__state__in=UNCONFIRMED).distinct()
    if warning is not None:
        rows = rows.filter(warning_id=warning)
    if order is not None:
        rows = rows.filter(order_id=order)
    return rows.filter(title__icontains=q) | rows.filter(number__icontains=q) if q else rows


def whole_reports(rows: Any) -> Any:
    sent = Dispatch.objects.select_related("superior").order_by("superior__rank", "id")
    return rows.select_related("warning__site", "order").prefetch_related(Prefetch("dispatches", queryset=sent))


def report_row(report: Report) -> dict[str, Any]:
    """One report with where it went. Needs `whole_reports`."""
    copied = ("number", "kind", "seq", "title", "signer", "sha256", "at", "by", "due_at")
    return {
        "id": report.pk,
        **{name: getattr(report, name) for name in copied},
        "late": report.due_at is not None and report.at > report.due_at,
        "warning": {"id": report.warning.pk, "number": report.warning.number, "level": report.warning.peak_level}
        if report.warning
        else None,
        "order": {"id": report.order.pk, "number": report.order.number} if report.order else None,
        "dispatches": [dispatch_row(one) for one in report.dispatches.all()],
    }


def dispatch_row(one: Dispatch) -> dict[str, Any]:
    copied = (
        "way", "state", "at", "detail", "tries", "next_try_at", "handed_over_at", "received_at", "received_by",
        "their_number",
    )  # fmt: skip
    office = {"id": one.superior.pk, "title": one.superior.title, "rank": one.superior.rank}
    return {"id": one.pk, "superior": office, **{name: getattr(one, name) for name in copied}}


def get_report(actor: Actor, id: int) -> Report:
    """Raises NotFound("report", id)."""
    return get_visible(whole_reports(Report.objects.all()), actor, id, "report")


def report_of(actor: Actor, dispatch: Dispatch) -> dict[str, Any]:
    """The whole report a dispatch belongs to."""
    return report_detail(get_report(actor, dispatch.report_id))


def report_detail(report: Report) -> dict[str, Any]:
    return {**report_row(report), "text": report.text}


def plan_of(warning: Warning) -> dict[str, Any] | None:
    """What is still to be told of this warning, by when; None where its level asks for nothing."""
    found = ReportPlan.objects.filter(warning=warning).first()
    if found is None:
        return None
    told = policies.reporting()
    return {
        "next": found.next_kind if found.ended_at is None else None,
        "to": found.to,
        "due_at": found.due_at,
        "asks_at": found.asks_at,
        "ended_at": found.ended_at,
        "why": found.why,
        "verified": told.verified,
        "cite": told.cite,
    }


PLANS = 200
"""So many of what is still to be told are listed; `count` counts all."""


def open_plans(actor: Actor) -> tuple[list[dict[str, Any]], int]:
    """What is still to be told of all warnings the actor sees, the soonest first and at most PLANS; and how many."""
    rows = ReportPlan.objects.visible_to(actor).filter(ended_at__isnull=True).select_related("warning__site")
    told = [
        {
            "warning": {"id": one.warning.pk, "number": one.warning.number, "level": one.warning.peak_level},
            "title": one.warning.title,
            "site": one.warning.site.name if one.warning.site else "",
            "next": one.next_kind,
            "to": one.to,
            "due_at": one.due_at,
            "asks_at": one.asks_at,
            "why": one.why,
        }
        for one in rows.order_by("due_at", "id")[:PLANS]
    ]
    return told, len(told) if len(told) < PLANS else rows.count()


# --- orders


ORDER_STATES = ("open", "all", *Order.State.values)


def orders_for(
    actor: Actor,
    state: str = "open",
    q: str = "",
    warning: int | None = None,
    *,
    site: int | None = None,
    organisation: int | None = None,
) -> QuerySet[Order]:
    """Orders the actor sees; `site`: about it, or about its enterprise as a whole.

    Raises Invalid for an unknown state.
    """
    if state not in ORDER_STATES:
        raise Invalid("state", _("其中之一：%(names)s") % {"names": "、".join(ORDER_STATES)})
    rows = whole_orders(Order.objects.visible_to(actor))
    if state == "open":
        rows = rows.exclude(state=Order.State.ENDED)
    elif state != "all":
        rows = rows.filter(state=state)
    if warning is not None:
        rows = rows.filter(warning_id=warning)
    if site is not None:
        # Not through organisation__sites, which would give an order once for each of its enterprise's sites.
        whose = Site.objects.filter(pk=site).values("organisation_id")
        rows = rows.filter(Q(site_id=site) | Q(site__isnull=True, organisation_id__in=whose))
    if organisation is not None:
        rows = rows.filter(Q(organisation_id=organisation) | Q(site__organisation_id=organisation))
    if q:
        told = ("title", "their_number", "number", "site__name", "organisation__name")
        rows = rows.filter(functools.reduce(operator.or_, (Q(**{f"{name}__icontains": q}) for name in told)))
    return rows


def whole_orders(rows: QuerySet[Order]) -> QuerySet[Order]:
    """With what `order_row` reads."""
    rows = rows.select_related("superior", "site", "organisation", "warning")
    versions = OrderVersion.objects.filter(order=OuterRef("pk")).order_by().values("order").annotate(n=Count("pk"))
    return rows.annotate(differing=Coalesce(Subquery(versions.values("n")), 0))


def orders_differing() -> int:
    """How many other contents came under the id of an order: for the figures."""
    return OrderVersion.objects.count()


def _theirs(actor: Actor, ids: list[int]) -> QuerySet[Duty]:
    """The duties of these orders; of one given to several, an enterprise sees its own part."""
    rows = Duty.objects.visible_to(actor) if actor.outside else Duty.objects.all()
    return rows.filter(about_type="order", about_id__in=ids)  # type: ignore[no-any-return]


def duties_of_orders(actor: Actor, ids: list[int]) -> dict[int, tuple[int, int]]:
    """Order → (duties done, duties given), of those the actor sees."""
    found = dict.fromkeys(ids, (0, 0))
    rows = _theirs(actor, ids).filter(kind=DO).exclude(state="cancelled")
    for about, state in rows.values_list("about_id", "state"):
        done, given = found[about]
        found[about] = (done + (state not in OPEN), given + 1)
    return found


def order_row(order: Order, done: tuple[int, int]) -> dict[str, Any]:
    copied = (
        "number",
        "door",
        "sender",
        "their_number",
        "title",
        "state",
        "level",
        "received_at",
        "due_at",
        "taken_by",
    )
    return {
        "id": order.pk,
        **{name: getattr(order, name) for name in copied},
        "site": {"id": order.site.pk, "name": order.site.name} if order.site else None,
        "organisation": {"id": order.organisation.pk, "name": order.organisation.name} if order.organisation else None,
        "warning": {"id": order.warning.pk, "number": order.warning.number} if order.warning else None,
        "done": done[0],
        "given": done[1],
        "ended_at": order.ended_at,
        "versions": order.differing,  # type: ignore[attr-defined]
    }


def get_order(actor: Actor, id: int) -> Order:
    """Raises NotFound("order", id)."""
    return get_visible(whole_orders(Order.objects.all()), actor, id, "order")  # type: ignore[arg-type]


def order_detail(actor: Actor, id: int) -> dict[str, Any]:
    """One order with who carries it out, what was told back, and its course."""
    order = get_order(actor, id)
    duties = list(whole(_theirs(actor, [order.pk])).order_by("id"))
    replies = whole_reports(Report.objects.visible_to(actor).filter(order=order)).order_by("-id")
    told = Report.objects.filter(order=order).exists()
    return {
        **order_row(order, duties_of_orders(actor, [order.pk])[order.pk]),
        "text": order.text,
        "superior": order.superior_id,
        "chain": duty_selectors.chain_rows(duties, actor),
        "duties": [_duty(one) for one in duties if one.kind == DO],
        "replies": [report_row(one) for one in replies] if actor.may("report.read") else [],
        "unmatched": order.unmatched,
        "other_versions": [] if actor.outside else [_version(order, one) for one in order.versions.order_by("number")],
        "actions": _actions(order, actor, duties, told),
        "timeline": duty_selectors.timeline([*_whole(actor, order), *(SubjectRef("duty", one.pk) for one in duties)]),
    }


def _version(order: Order, one: OrderVersion) -> dict[str, Any]:
    """Beside the order as it came, whatever it has been given for since."""
    same = ("title", "text", "their_number")
    changed = [name for name in same if getattr(one, name) != getattr(order, name)]
    if one.due_at != order.came_due_at:
        changed.append("due_at")
    # What an older order named was not kept, but digested: where nothing else differs, it is that.
    if not changed if order.named is None else one.named != order.named:
        changed.append("named")
    copied = ("number", "named", "received_at", "last_at", "times", "due_at", *same)
    return {**{name: getattr(one, name) for name in copied}, "changed": changed}


def _whole(actor: Actor, order: Order) -> list[SubjectRef]:
    """The order's own course names all it was given to: whoever sees only their part is told of that alone."""
    return [] if actor.outside else [SubjectRef("order", order.pk)]


def _duty(one: Duty) -> dict[str, Any]:
    calls = [call for call in one.calls.all() if call.round == one.round]
    post = one.post or (calls[0].post if calls else None)
    clock = next(iter(one.clocks.all()), None)
    return {
        "id": one.pk,
        "post": post.title if post else "",
        "organisation": post.organisation.name if post else "",
        "state": one.state,
        "due_at": clock.due_at if clock else None,
        "done_at": one.done_at,
        "note": one.note,
    }


def _actions(order: Order, actor: Actor, duties: list[Duty], replied: bool) -> list[dict[str, Any]]:
    """Every verb, whether allowed now, and if not, why. The next step is primary: once given, giving it again is none.

    While people still carry out what has been told back already, the next step is theirs.
    """
    going = sum(one.kind == DO and one.state in OPEN for one in duties)
    ended = _("指令已经办结") if order.state == Order.State.ENDED else None
    not_mine = None if actor.may("order.enter") else _("由县领导、县值班员办")
    not_done = _("还没有分派到人") if order.state == Order.State.NEW else None
    still = _("还有 %(n)d 人没有落实") % {"n": going} if going else None
    told = {
        "give": ended or not_mine,
        "reply": not_mine or not_done,
        "end": ended or not_mine or not_done or still,
    }
    following = "give" if order.state == Order.State.NEW else "end" if replied else "reply"
    if ended:  # telling more is allowed, and nobody waits for it
        following = ""
    return [
        {"verb": verb, "allowed": why is None, "why": why, "primary": verb == following and why is None}
        for verb, why in told.items()
    ]
