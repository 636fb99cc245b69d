"""The text a report starts from. Always in Chinese, whatever the asker reads: it goes to offices above the county."""

from __future__ import annotations

from typing import Any

from django.utils import timezone, translation

from shoutu.county.kit.actors import Actor
from shoutu.county.places.selectors import county
from shoutu.county.warnings import facts
from shoutu.county.warnings.models import Order, Report, ReportKind, ReportPlan, Superior, Warning
from shoutu.county.warnings.services.reports import kinds_of, left_of
from shoutu.county.warnings.words import LEVELS

MOST_STEPS = 20
KINDS = {"first": "初报", "follow": "续报", "final": "终报"}


def of_warning(actor: Actor, warning: Warning, kind: str = "") -> dict[str, Any]:
    """What is to be told now, as far as the house knows it; the officer completes and corrects it."""
    last = warning.reports.order_by("-seq").first()
    plan = ReportPlan.objects.filter(warning=warning).first()
    going = plan if plan is not None and plan.ended_at is None else None
    over = warning.closed_at is not None
    if not kind and going is not None:
        kind = going.next_kind
    kind = kind or (ReportKind.FINAL if over else ReportKind.FOLLOW if last else ReportKind.FIRST).value
    n = warning.reports.filter(kind=ReportKind.FOLLOW).count() + 1
    heading = KINDS[kind] + (f"{n}" if kind == ReportKind.FOLLOW else "")
    place = warning.site.name if warning.site else "全县"
    with translation.override("zh-hans"):
        steps = _steps(warning, last if kind != ReportKind.FIRST else None)
    parts = [_happened(warning), facts.state(warning), facts.people(warning), facts.verified(warning), steps]
    return {
        "kind": kind,
        "title": f"关于{place}{LEVELS.get(warning.peak_level, '')}预警的信息（{heading}）",
        "text": "\n".join([*filter(None, parts), _signed(actor)]),
        "to": _offices(_still(going, warning, kind) or (plan.to if plan else [])),
        "due_at": going.due_at if going else None,
        "kinds": [one.value for one in kinds_of(warning)],
        "facts": facts.of_warning(warning),
    }


def _still(plan: ReportPlan | None, warning: Warning, kind: str) -> list[str]:
    """The ranks not told yet what others have been told already."""
    return left_of(plan, warning) if plan is not None and plan.told and plan.next_kind == kind else []


def _offices(ranks: list[str]) -> list[int]:
    rows = Superior.objects.filter(enabled=True)
    return list(rows.filter(rank__in=ranks).order_by("rank", "id").values_list("pk", flat=True))


def _happened(warning: Warning) -> str:
    root, site = county(), warning.site
    where = f"{root.name if root else ''}{site.territory.name}{site.name}" if site else (root.name if root else "")
    of = f"（{site.organisation.name}）" if site and site.organisation.name not in site.name else ""
    level = LEVELS.get(warning.peak_level, "")
    at = facts.long_time(warning.started_at)
    return f"{at}，{where}{of}{warning.title}，发布{level}预警（编号 {warning.number}）。"


def _steps(warning: Warning, last: Report | None) -> str:
    # Its opening and the last report itself are told above.
    told = [f"预警：{warning.title}", *([last.number] if last else [])]
    lines = facts.steps(warning, last.at if last else None, told, MOST_STEPS)
    if not lines:
        return f"上次报告（{last.number}）以来没有新情况。" if last else ""
    return "\n".join(["上次报告以来：" if last else "已采取的措施：", *lines])


def _signed(actor: Actor) -> str:
    return f"报告：{actor.label}　{facts.long_time(timezone.now())}"


def of_order(actor: Actor, order: Order) -> dict[str, Any]:
    """The answer to an order: who did what of it."""
    mark = f"（{order.their_number}）" if order.their_number else ""
    taken = f"{order.sender}《{order.title}》{mark}已于{facts.long_time(order.received_at)}收到。"
    body = [taken, "落实情况：", *facts.carried_out(order)]
    return {
        "kind": ReportKind.REPLY.value,
        "title": f"关于《{order.title}》落实情况的反馈"[:160],
        "text": "\n".join([*body, _signed(actor)]),
        "to": [order.superior_id] if order.superior_id else [],
        "due_at": order.due_at,
        "kinds": [ReportKind.REPLY.value],
        "facts": facts.of_order(order),
    }
