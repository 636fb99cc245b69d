"""The text a report starts from. Always in Chinese, whatever the asker reads: it goes to offices above the county."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone, translation

from shoutu.county.duties.models import Duty
from shoutu.county.duties.selectors import timeline
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.places.selectors import county
from shoutu.county.warnings.models import Order, Report, ReportKind, ReportPlan, Result, Superior, Warning
from shoutu.county.warnings.services.orders import DO
from shoutu.county.warnings.services.reports import kinds_of, left_of
from shoutu.county.warnings.words import LEVELS, number

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
        steps = _steps(actor, warning, last if kind != ReportKind.FIRST else None)
    parts = [_happened(warning), _now(warning), _people(warning), _verified(warning), steps, "下一步："]
    return {
        "kind": kind,
        "title": f"关于{place}{LEVELS.get(warning.peak_level, '')}预警的信息（{heading}）",
        "text": "\n".join([*filter(None, parts), _signed(actor)]),
        "to": _offices(_still(going, warning, kind) or (plan.to if plan else [])),
        "due_at": going.due_at if going else None,
        "kinds": [one.value for one in kinds_of(warning)],
    }


def _still(plan: ReportPlan | None, warning: Warning, kind: str) -> list[str]:
    """The ranks not told yet what others have been told already."""
    return left_of(plan, warning) if plan is not None and plan.told and plan.next_kind == kind else []


def _offices(ranks: list[str]) -> list[int]:
    rows = Superior.objects.filter(enabled=True)
    return list(rows.filter(rank__in=ranks).order_by("rank", "id").values_list("pk", flat=True))


def _time(at: datetime) -> str:
    return timezone.localtime(at).strftime("%Y年%m月%d日%H时%M分")


def _clock(at: datetime) -> str:
    return timezone.localtime(at).strftime("%m月%d日%H:%M")


def _happened(warning: Warning) -> str:
    root, site = county(), warning.site
    where = f"{root.name if root else ''}{site.territory.name}{site.name}" if site else (root.name if root else "")
    of = f"（{site.organisation.name}）" if site and site.organisation.name not in site.name else ""
    level = LEVELS.get(warning.peak_level, "")
    return f"{_time(warning.started_at)}，{where}{of}{warning.title}，发布{level}预警（编号 {warning.number}）。"


def _now(warning: Warning) -> str:
    at = _time(timezone.now())
    if warning.closed_at is not None:
        return f"{_time(warning.closed_at)}预警关闭。"
    if warning.unknown_now:
        return f"截至{at}，监测数据中断，现状不明。"
    if warning.current_level == 0:
        return f"截至{at}，监测值已回到正常，预警尚未关闭。"
    # The signal's own value, not a guess of now: the newest reading stands in the body the officer completes.
    figure = ""
    if warning.value is not None and warning.point:
        figure = f"，最近一次越限值 {number(warning.value, warning.point.unit, limit=warning.threshold)}"
    return f"截至{at}，为{LEVELS[warning.current_level]}{figure}。"


def _people(warning: Warning) -> str:
    stop = warning.evacuations.order_by("-id").first()
    if stop is None:
        return "未下令停产撤人。"
    begun = f"{_clock(stop.ordered_at)}下令停产撤人"
    if stop.total is None:
        return f"{begun}，井下和危险区人数尚未报清。"
    if stop.missing == 0:
        return f"{begun}，{stop.total}人全部撤出。"
    return f"{begun}，共{stop.total}人，已出{stop.out}人，还有{stop.missing}人未出。"


def _verified(warning: Warning) -> str:
    if warning.result is None:
        return "真假尚在核实。"
    words = {Result.REAL: "核实为真警", Result.FALSE_ALARM: "核实为误报", Result.DEVICE_FAULT: "核实为设备故障"}
    return f"{words[Result(warning.result)]}{f'（{warning.reason}）' if warning.reason else ''}。"


def _steps(actor: Actor, warning: Warning, last: Report | None) -> str:
    """What was done since the last report, in the words of the ledger."""
    stops = warning.evacuations.values_list("pk", flat=True)
    about = [SubjectRef("warning", warning.pk), *(SubjectRef("evacuation", pk) for pk in stops)]
    rows = [row for row in timeline(about) if last is None or row["at"] > last.at]
    # Its opening and the last report itself are told above.
    told = [f"预警：{warning.title}", *([last.number] if last else [])]
    own = [row for row in rows if not any(words in row["text"] for words in told)][:MOST_STEPS]
    lines = [f"{_clock(row['at'])} {row['text']}" for row in reversed(own)]
    if not lines:
        return f"上次报告（{last.number}）以来没有新情况。" if last else ""
    return "\n".join(["上次报告以来：" if last else "已采取的措施：", *lines])


def _signed(actor: Actor) -> str:
    return f"报告：{actor.label}　{_time(timezone.now())}"


def of_order(actor: Actor, order: Order) -> dict[str, Any]:
    """The answer to an order: who did what of it."""
    duties = Duty.objects.filter(kind=DO, about_type="order", about_id=order.pk).select_related("post__organisation")
    lines = [
        f"{one.post.organisation.name if one.post else ''}{one.post.title if one.post else ''}："
        f"{'已落实' if one.state in ('done', 'verified') else '正在落实'}{f'，{one.note}' if one.note else ''}"
        for one in duties.exclude(state="cancelled").order_by("id")
    ]
    mark = f"（{order.their_number}）" if order.their_number else ""
    body = [f"{order.sender}《{order.title}》{mark}已于{_time(order.received_at)}收到。", "落实情况：", *lines]
    return {
        "kind": ReportKind.REPLY.value,
        "title": f"关于《{order.title}》落实情况的反馈"[:160],
        "text": "\n".join([*body, _signed(actor)]),
        "to": [order.superior_id] if order.superior_id else [],
        "due_at": order.due_at,
        "kinds": [ReportKind.REPLY.value],
    }
