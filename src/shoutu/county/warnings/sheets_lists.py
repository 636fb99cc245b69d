"""Withdrawals, reports upward, orders from above, silences and signals set aside as tables that go out."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from shoutu.county.kit.paging import ListQuery, Page
from shoutu.county.kit.sheets.columns import named, out, spoken
from shoutu.county.kit.sheets.listed import listed
from shoutu.county.warnings import schemas
from shoutu.county.warnings.api_evacuations import EvacuationQuery, list_evacuations
from shoutu.county.warnings.api_reports import OrderQuery, ReportQuery, list_orders, list_reports, shapes
from shoutu.county.warnings.api_signals import AsideOut, list_asides
from shoutu.county.warnings.api_silences import SilenceOut, SilenceQuery, list_silences
from shoutu.county.warnings.models import EvacuationState, Order, ReportKind, Silence
from shoutu.county.warnings.models_reports import Dispatch
from shoutu.county.warnings.sheets import LEVELS

WAYS, DISPATCHES = named(Dispatch.Way.choices), named(Dispatch.State.choices)
SILENCES = {"planned": _("还没开始"), "running": _("静默中"), "ended": _("到时结束"), "revoked": _("已解除")}
SIGNALS = {
    "threshold": _("超限值"),
    "rate": _("变化过快"),
    "accumulation": _("累计超限"),
    "quota": _("超限额"),
    "forecast": _("走势指向险情"),
    "anomaly": _("异于以往"),
    "stuck": _("读数卡死"),
    "implausible": _("超量程"),
    "no_data": _("测点断传"),
    "source_silence": _("整个来源断传"),
    "site_silence": _("多个测点同时断传"),
    "clock": _("时钟不准"),
    "composite": _("综合预警"),
}


def _receipts(row: Any) -> str:
    """市应急管理局：电话，已签收（值班室）; the next office."""
    told = []
    for one in row.dispatches:
        by = f"（{one.received_by}）" if one.received_by else ""
        told.append(f"{one.superior.title}：{spoken(one.way, WAYS)}，{spoken(one.state, DISPATCHES)}{by}")
    return "；".join(told)


listed(
    "evacuations",
    _("停产撤人记录"),
    (
        out("site.name", _("场所"), 26),
        out("site.territory", _("行政区"), 16),
        out("warnings.number", _("预警"), 24),
        out("level", _("级别"), 8, LEVELS),
        out("state", _("状态"), 18, named(EvacuationState.choices)),
        out("ordered_at", _("下令"), 18),
        out("ordered_by", _("谁下令"), 24),
        out("total", _("井下人数"), 10),
        out("out", _("已出"), 8),
        out("missing", _("未出"), 8),
        out("source", _("人数从哪里来"), 24),
        out("counted_at", _("点数"), 18),
        out("cleared_at", _("撤清时间"), 18),
        out("resumed_at", _("复工"), 18),
    ),
    view=list_evacuations,
    page=Page[schemas.Evacuation],
    query=EvacuationQuery,
    read="warning.read",
    personal=("name",),
)

listed(
    "reports",
    _("信息上报"),
    (
        out("number", _("编号"), 18),
        out("kind", _("报别"), 12, named(ReportKind.choices)),
        out("title", _("标题"), 40),
        out("warning.number", _("预警"), 18),
        out("order.number", _("指令"), 18),
        out("signer", _("签发人"), 20),
        out("by", _("谁报的"), 24),
        out("at", _("报出"), 18),
        out("due_at", _("时限"), 18),
        out("late", _("迟报"), 8),
        out("dispatches", _("签收"), 60),
        out("sha256", _("摘要"), 68),
    ),
    view=list_reports,
    page=Page[shapes.ReportOut],
    query=ReportQuery,
    read="report.read",
    personal=("name",),
    made={"dispatches": _receipts},
)

listed(
    "orders",
    _("上级指令"),
    (
        out("number", _("编号"), 18),
        out("their_number", _("文号"), 20),
        out("sender", _("谁的指令"), 24),
        out("title", _("标题"), 40),
        out("state", _("状态"), 12, named(Order.State.choices)),
        out("organisation.name", _("单位"), 26),
        out("site.name", _("场所"), 24),
        out("warning.number", _("预警"), 18),
        out("door", _("怎样来的"), 12, named(Order.Door.choices)),
        out("received_at", _("收到"), 18),
        out("due_at", _("落实时限"), 18),
        out("taken_by", _("谁收下"), 24),
        out("given", _("分派几件"), 10),
        out("done", _("办结几件"), 10),
        out("ended_at", _("办结"), 18),
    ),
    view=list_orders,
    page=Page[shapes.OrderOut],
    query=OrderQuery,
    read="order.read",
    personal=("name",),
)

listed(
    "silences",
    _("静默与维护"),
    (
        out("kind", _("种类"), 10, named(Silence.Kind.choices)),
        out("where", _("哪里"), 40),
        out("state", _("状态"), 12, SILENCES),
        out("reason", _("原因"), 40),
        out("starts_at", _("从何时"), 18),
        out("ends_at", _("到何时"), 18),
        out("ended_at", _("实际结束"), 18),
        out("alone", _("一人单独定的"), 12),
        out("asked_by", _("谁提出"), 24),
        out("agreed_by", _("复核人"), 24),
        out("ended_by", _("谁解除"), 24),
        out("held", _("压下几起"), 10),
        out("broken", _("红色打破几次"), 14),
        out("withheld", _("触发几次未告警"), 16),
    ),
    view=list_silences,
    page=Page[SilenceOut],
    query=SilenceQuery,
    read="silence.read",
    personal=("name",),
)

listed(
    "signals",
    _("搁置的信号"),
    (
        out("received_at", _("收到"), 18),
        out("event_at", _("起始"), 18),
        out("kind", _("类别"), 16, SIGNALS),
        out("level", _("级别"), 8, LEVELS),
        out("value", _("读数"), 12),
        out("site.name", _("场所"), 26),
        out("point.name", _("测点"), 24),
        out("error", _("为什么搁置"), 60),
        out("tries", _("试过几次"), 10),
    ),
    view=list_asides,
    page=Page[AsideOut],
    query=ListQuery,
    read="signal.read",
)
